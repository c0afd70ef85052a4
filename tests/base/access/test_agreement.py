"""For random people and records, every way to records agrees with a naive reckoning."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from django.db import transaction

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import NotAllowed, NotFound
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User
from dealwright.base.records.queries import count_records, list_records
from dealwright.base.records.summaries import summarize_records

from .channels import CHANNELS
from .world import OBJECTS, World, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def actors(world: World) -> list[tuple[User, Actor]]:
    """Each person anew from the database, as a request would have them."""
    users = User.objects.filter(pk__in=[user.pk for user in world.users])
    return [(user, Actor(user, "web")) for user in users]


@pytest.mark.parametrize("seed", range(15))
def test_every_way_shows_the_same_records(seed: int) -> None:
    world = make_world(seed)
    for user, actor in actors(world):
        for object_key in OBJECTS:
            expected = world.visible(user, object_key)
            for name, channel in CHANNELS.items():
                found = channel(actor, object_key, world)
                assert found == expected, (seed, user.name, user.profile, object_key, name)
            _check_numbers(world, actor, object_key, expected)


def _check_numbers(world: World, actor: Actor, object_key: str, expected: set[UUID]) -> None:
    of = object_type(object_key)
    assert count_records(actor, of).count == len(expected)
    sums = ["amount"] if object_key == "opportunity" else []
    (total,) = summarize_records(actor, of, sums=sums)
    assert total.count == len(expected)
    if sums:
        amounts = [
            Decimal(deal.amount)
            for deal in world.opportunities
            if deal.pk in expected and deal.amount is not None
        ]
        assert total.sums["amount"].get("EUR", Decimal(0)) == sum(amounts)


@pytest.mark.parametrize("seed", range(40, 48))
def test_conditions_over_relations_look_only_at_what_is_seen(seed: int) -> None:
    world = make_world(seed)
    of = object_type("opportunity")
    steel = {"field": "account.industry", "op": "is", "value": "Steel"}
    grouped = {"field": "account.parent.name", "op": "contains", "value": "zed"}
    for user, actor in actors(world):
        deals, accounts = world.visible(user, "opportunity"), world.visible(user, "account")
        by_key = {account.pk: account for account in world.accounts}

        def found(tree: object, actor: Actor = actor) -> set[UUID]:
            page = list_records(actor, of, filter=tree, columns=["name"], limit=100)  # type: ignore[arg-type]
            return {row["id"] for row in page.rows}

        of_steel = {
            deal.pk
            for deal in world.opportunities
            if deal.pk in deals
            and deal.account_id in accounts
            and by_key[deal.account_id].industry == "Steel"
        }
        in_group = {
            deal.pk
            for deal in world.opportunities
            if deal.pk in deals
            and deal.account_id in accounts
            and by_key[deal.account_id].parent_id in accounts
        }
        assert found(steel) == of_steel
        assert found({"not": steel}) == deals - of_steel
        assert found(grouped) == in_group
        shown = {
            row["id"]: row
            for row in list_records(
                actor, of, columns=["account", "account.industry"], limit=100
            ).rows
        }
        for deal in world.opportunities:
            if deal.pk in deals:
                seen = by_key[deal.account_id] if deal.account_id in accounts else None
                assert shown[deal.pk]["account_title"] == (seen and seen.name)
                assert shown[deal.pk]["account.industry"] == (seen and seen.industry)


@pytest.mark.parametrize("seed", range(60, 68))
def test_what_may_be_changed_may_be_seen_and_agrees(seed: int) -> None:
    world = make_world(seed)
    for user, actor in actors(world):
        for object_key in OBJECTS:
            visible, changeable = set(), set()
            for row in world.records(object_key):
                try:
                    with transaction.atomic():
                        changeable.add(get_changeable(actor, object_key, row.pk).pk)
                        visible.add(row.pk)
                except NotAllowed:
                    visible.add(row.pk)
                except NotFound:
                    pass
            assert visible == world.visible(user, object_key)
            assert changeable == world.changeable(user, object_key)
            assert changeable <= visible
