"""The change feed: in order, complete, and only what one may see."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.make import make_account, make_contact
from dealwright.base.access.actor import Actor, change, system
from dealwright.base.access.visibility import visible_records
from dealwright.base.errors import Conflict
from dealwright.base.events import RecordChanged, record_event
from dealwright.base.events.feed import changes_since, describe_event, place_events
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.retention import forget_old_events
from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token
from dealwright.base.records.services import delete_record, restore_record, update_record
from make import acting, make_administrator, make_user


def names(actor: Actor, cursor: int, *objects: str, **options: Any) -> list[str]:
    return [event.name for event in changes_since(actor, cursor, objects, **options).events]


@pytest.mark.django_db
def test_a_record_tells_its_life() -> None:
    actor = acting(make_administrator())
    account = make_account(actor=actor, name="Ada Ltd")
    update_record(actor, "account", account.pk, {"name": "Ada Limited", "website": "ada.example"})
    delete_record(actor, "account", account.pk)
    restore_record(actor, "account", account.pk)
    changes = changes_since(actor, 0)
    assert [event.name for event in changes.events] == [
        "account.created", "account.updated", "account.deleted", "account.restored",
    ]  # fmt: skip
    updated = changes.events[1]
    assert updated.payload["changed"] == ["name", "website"]
    assert (updated.object, updated.record_id) == ("account", account.pk)
    assert not changes.more
    assert changes_since(actor, changes.cursor).events == []


@pytest.mark.django_db
def test_saving_the_same_values_tells_nothing() -> None:
    actor = acting(make_administrator())
    account = make_account(actor=actor, name="Same")
    update_record(actor, "account", account.pk, {"name": "Same"})
    assert names(actor, 0) == ["account.created"]


@pytest.mark.django_db
def test_without_a_cursor_one_gets_the_place_of_now() -> None:
    actor = acting(make_administrator())
    make_account(actor=actor)
    now = changes_since(actor)
    assert (now.events, now.more) == ([], False)
    make_contact(actor=actor)
    assert "contact.created" in names(actor, now.cursor)


@pytest.mark.django_db
def test_pages_hold_together_without_gap_or_repeat() -> None:
    actor = acting(make_administrator())
    accounts = [make_account(actor=actor).pk for _ in range(7)]
    seen: list[uuid.UUID | None] = []
    cursor, more = 0, True
    while more:
        page = changes_since(actor, cursor, ["account"], 3)
        seen += [event.record_id for event in page.events]
        cursor, more = page.cursor, page.more
    assert seen == accounts


@pytest.mark.django_db
def test_only_what_one_may_see_is_in_it() -> None:
    rep, other = acting(make_user()), acting(make_user())
    hers = make_account(actor=rep)
    make_account(actor=other)
    assert [event.record_id for event in changes_since(rep, 0, ["account"]).events] == [hers.pk]
    delete_record(rep, "account", hers.pk)
    assert names(rep, 0, "account") == ["account.created", "account.deleted"]
    assert len(names(acting(make_administrator()), 0, "account")) == 3
    assert len(names(system("test"), 0, "account")) == 3


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(0, 2), min_size=1, max_size=6))
def test_the_feed_and_the_list_agree_on_access(owners: list[int]) -> None:
    with transaction.atomic():
        users = [make_user() for _ in range(3)]
        for owner in owners:
            make_account(actor=acting(users[owner]))
        for user in users:
            fresh = User.objects.get(pk=user.pk)
            listed = set(visible_records(acting(fresh), "account").values_list("pk", flat=True))
            events = changes_since(acting(fresh), 0, ["account"], 500).events
            assert {event.record_id for event in events} == listed
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_token_gets_what_its_scopes_reach() -> None:
    user = make_administrator()
    make_account(actor=acting(user))
    for scope, count in [("crm:read", 1), ("crm:write", 1), ("signing:read", 0)]:
        token = Actor(user=user, via="api", scopes=frozenset({scope}))
        assert len(names(token, 0, "account")) == count


@pytest.mark.django_db
def test_names_and_objects_narrow_it() -> None:
    actor = acting(make_administrator())
    account = make_account(actor=actor)
    make_contact(actor=actor)
    update_record(actor, "account", account.pk, {"name": "New"})
    assert set(names(actor, 0, names=["account.*"])) == {"account.created", "account.updated"}
    assert names(actor, 0, names=["account.updated"]) == ["account.updated"]
    assert "account.created" not in names(actor, 0, "contact")


@pytest.mark.django_db
def test_events_of_no_object_are_for_administrators_and_ones_own_for_oneself() -> None:
    user, administrator = make_user(), acting(make_administrator())
    with change(system("test")):
        told = RecordChanged("mystery", "updated")
        record_event(system("test"), told, object="mystery", record_id=uuid.uuid4())
        record_event(system("test"), told)
        told = RecordChanged("user", "updated")
        record_event(system("test"), told, object="user", record_id=user.pk)
        record_event(system("test"), told, object="user", record_id=uuid.uuid4())
    assert names(acting(user), 0) == ["user.updated"]
    assert len(names(administrator, 0)) == 4


@pytest.mark.django_db
def test_a_cursor_from_before_the_feed_begins_is_refused() -> None:
    actor = acting(make_administrator())
    for _ in range(3):
        make_account(actor=actor)
    place_events()
    OutboxEvent.objects.filter(position__lte=2).delete()
    with pytest.raises(Conflict) as refusal:
        changes_since(actor, 0)
    assert refusal.value.code == "cursor_expired"


@pytest.mark.django_db
def test_old_events_are_forgotten_but_none_that_someone_still_waits_for() -> None:
    actor = acting(make_administrator())
    make_account(actor=actor)
    make_account(actor=actor)
    waiting, _ = OutboxEvent.objects.filter(name="account.created").order_by("seq")
    EventDelivery.objects.filter(done_at=None).update(done_at=timezone.now())
    EventDelivery.objects.create(event=waiting, subscriber="x", record_id=waiting.record_id)
    OutboxEvent.objects.update(occurred_at=timezone.now() - timedelta(days=91))
    forget_old_events()
    assert list(OutboxEvent.objects.all()) == [waiting]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_not_missed() -> None:
    """It was written first and committed last: by its number alone a reader would be past it."""
    actor = acting(make_administrator())
    wrote, go = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with change(actor):
                make_account(actor=actor, name="Slow")
                wrote.set()
                go.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(30)
    make_account(actor=actor, name="Quick")
    first = changes_since(actor, 0, ["account"])
    assert len(first.events) == 1
    go.set()
    thread.join()
    second = changes_since(actor, first.cursor, ["account"])
    assert len(second.events) == 1
    quick, slowly = first.events[0], second.events[0]
    assert (
        OutboxEvent.objects.get(position=quick.position).seq
        > OutboxEvent.objects.get(position=slowly.position).seq
    )


@pytest.mark.django_db(transaction=True)
def test_readers_at_once_give_each_event_one_place() -> None:
    actor = acting(make_administrator())
    for _ in range(30):
        make_account(actor=actor)

    def read() -> None:
        try:
            changes_since(actor, 0)
        finally:
            connection.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    places = list(OutboxEvent.objects.order_by("seq").values_list("position", flat=True))
    assert places == list(range(1, len(places) + 1))


@pytest.mark.django_db
def test_the_feed_on_the_api() -> None:
    user = make_user()
    secret = create_token(acting(user), name="Feed", scopes=["crm:read"]).secret

    def get(query: str = "") -> Any:
        return Client().get(f"/api/v1/changes{query}", HTTP_AUTHORIZATION=f"Bearer {secret}")

    cursor = get().json()["cursor"]
    account = make_account(actor=acting(user))
    answer = get(f"?cursor={cursor}&object=account").json()
    assert [(each["type"], each["record_id"]) for each in answer["events"]] == [
        ("account.created", str(account.pk))
    ]
    assert answer["events"][0]["actor"] == user.name
    assert get(f"?cursor={answer['cursor']}").json()["events"] == []
    for wrong in ("?cursor=x", "?cursor=-1", f"?cursor={10**30}", "?limit=0", "?limit=x"):
        assert get(wrong).status_code == 422, wrong
    assert Client().get("/api/v1/changes").status_code == 401


def test_every_event_is_described() -> None:
    described = describe_event("account.updated")
    assert described["data"][2] == {"name": "changed", "type": "list of text"}
    assert described["about"].startswith("A record of any object was created")
