"""The ways to records. Each gives the ids of an object's records that reach an actor.

Whoever builds a new way (the API, an export, events) adds a function here by ``@channel``; the
property test then holds it to the same answer as all the others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.test import Client

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import NotAllowed, NotFound
from dealwright.base.events.feed import last_position, place_events, read_changes
from dealwright.base.events.records import tell_record_changed
from dealwright.base.objects.registry import object_type
from dealwright.base.records.boards import board_columns
from dealwright.base.records.queries import get_row, get_rows, list_records
from dealwright.base.search.queries import search
from dealwright.base.transfer.export import export_rows

from .world import World

Channel = Callable[[Actor, str, World], set[UUID]]
CHANNELS: dict[str, Channel] = {}


def channel(function: Channel) -> Channel:
    """Hold a way to records to the same answer as all the others."""
    CHANNELS[function.__name__] = function
    return function


@channel
def listed(actor: Actor, object_key: str, world: World) -> set[UUID]:
    of = object_type(object_key)
    page = list_records(actor, of, columns=["name"], limit=3)
    found = [row["id"] for row in page.rows]
    while page.next_cursor:
        page = list_records(actor, of, columns=["name"], limit=3, cursor=page.next_cursor)
        found += [row["id"] for row in page.rows]
    assert len(found) == len(set(found))
    return set(found)


@channel
def opened(actor: Actor, object_key: str, world: World) -> set[UUID]:
    found = set()
    for row in _all(world, object_key):
        with _refused():
            found.add(get_visible(actor, object_key, row.pk).pk)
    return found


@channel
def read(actor: Actor, object_key: str, world: World) -> set[UUID]:
    found = set()
    for row in _all(world, object_key):
        with _refused():
            found.add(get_row(actor, object_type(object_key), row.pk)["id"])
    return found


@channel
def read_together(actor: Actor, object_key: str, world: World) -> set[UUID]:
    ids = [row.pk for row in _all(world, object_key)]
    return set(get_rows(actor, object_type(object_key), ids))


@channel
def searched(actor: Actor, object_key: str, world: World) -> set[UUID]:
    return {hit.id for hit in search(actor, "zed", objects=[object_key], limit=100)}


@channel
def searched_with_a_slip(actor: Actor, object_key: str, world: World) -> set[UUID]:
    word = {"account": "accoumt", "opportunity": "zedd deel"}[object_key]
    return {hit.id for hit in search(actor, word, objects=[object_key], limit=100)}


@channel
def narrowed(actor: Actor, object_key: str, world: World) -> set[UUID]:
    page = list_records(actor, object_type(object_key), search="zed", columns=["name"], limit=100)
    return {row["id"] for row in page.rows}


@channel
def exported(actor: Actor, object_key: str, world: World) -> set[UUID]:
    return {row["id"] for row in export_rows(actor, object_type(object_key), columns=["name"])}


@channel
def on_a_board(actor: Actor, object_key: str, world: World) -> set[UUID]:
    by = {"account": "kind", "opportunity": "stage"}[object_key]
    columns = board_columns(actor, object_type(object_key), by=by, with_sums=False)
    return {card["id"] for column in columns for card in column.cards}


@channel
def answered_by_the_api(actor: Actor, object_key: str, world: World) -> set[UUID]:
    of = object_type(object_key)
    return {UUID(row["id"]) for row in _json(actor, f"/api/v1/{of.slug}?limit=100&fields=name")}


@channel
def offered_for_a_relation(actor: Actor, object_key: str, world: World) -> set[UUID]:
    return {UUID(row["id"]) for row in _json(actor, f"/lookup/{object_key}?q=zed")}


@channel
def found_in_the_feed(actor: Actor, object_key: str, world: World) -> set[UUID]:
    """The feed, webhooks and the live stream ask alike: one event about each record."""
    before = last_position()
    with transaction.atomic():
        with change(system("test")):
            for row in world.records(object_key):
                tell_record_changed(system("test"), row, "updated")
        place_events()
        found = read_changes(actor, before, [object_key], 100)
        transaction.set_rollback(True)
    return {event.record_id for event in found.events if event.record_id}


def _json(actor: Actor, address: str) -> list[Any]:
    client = Client()
    client.force_login(actor.require_user(), backend=settings.AUTHENTICATION_BACKENDS[0])
    answer = client.get(address, headers={"Accept": "application/json"})
    if answer.status_code != 200:
        assert answer.status_code in (302, 401, 403, 404), answer
        return []
    found = answer.json()
    return list(found.get("items", found.get("results")))


def _all(world: World, object_key: str) -> list[Any]:
    return [*(world.accounts if object_key == "account" else world.opportunities)]


def _refused() -> AbstractContextManager[None]:
    return suppress(NotFound, NotAllowed)
