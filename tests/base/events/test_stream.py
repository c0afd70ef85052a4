"""The live stream through a real server: who sees what, coming back, signing out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from base.committed import database_url
from crm.make import make_account
from dealwright.base.access.actor import Actor, change, system
from dealwright.base.events import RecordChanged, record_event
from dealwright.base.events.feed import last_position, place_events
from dealwright.base.people.models import User
from dealwright.base.records.services import delete_record, update_record
from make import make_administrator, make_user
from ports import free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def server(transactional_db: None) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1",
            "--port", str(port), "--workers", "1", "--log-level", "warning",
            "dealwright.site.asgi:application",
        ],
        env=os.environ | {"DATABASE_URL": database_url(), "PYTHONPATH": "src"},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 90
    while True:
        try:
            assert httpx.get(f"{address}/healthz").text == "ok"
            break
        except httpx.TransportError:
            assert time.monotonic() < end, "the server did not come up"
            time.sleep(0.05)
    yield address
    process.terminate()
    process.wait(timeout=60)


def signed_in(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {"sessionid": client.cookies["sessionid"].value}


class Reader:
    """Reads one stream message by message."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.last_id = ""

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next message with data: its event type and its data."""
        kind, data = "message", ""
        for line in self.lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.last_id = value
            elif name == "event":
                kind = value
            elif name == "data":
                data = value
            elif line == "" and data:
                return kind, json.loads(data)
        raise EOFError

    def opening(self) -> str:
        """The place of now, with which a stream begins."""
        for line in self.lines:
            if line.startswith("id: "):
                self.last_id = line.removeprefix("id: ")
                return self.last_id
        raise EOFError


@contextmanager
def stream(server: str, user: User, **headers: str) -> Iterator[Reader]:
    with (
        httpx.Client(cookies=signed_in(user), timeout=60) as client,
        client.stream("GET", f"{server}/events/stream", headers=headers) as response,
    ):
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield Reader(response.iter_lines())


def test_each_person_hears_of_what_they_may_see(server: str) -> None:
    administrator, rep = make_administrator(), make_user("Rita Rep")
    with stream(server, administrator) as for_administrator, stream(server, rep) as for_rep:
        for_administrator.opening(), for_rep.opening()
        hidden = make_account(actor=Actor(user=administrator, via="web"))
        hers = make_account(actor=Actor(user=rep, via="web"))

        kind, first = for_administrator.next()
        assert (kind, first["name"], first["object"]) == ("message", "account.created", "account")
        assert first["record_id"] == str(hidden.pk)
        assert first["actor_id"] == str(administrator.pk)
        assert for_administrator.next()[1]["record_id"] == str(hers.pk)
        assert for_rep.next()[1]["record_id"] == str(hers.pk)


def test_the_bin_does_not_hide_that_something_went_there(server: str) -> None:
    actor = Actor(user=make_administrator(), via="web")
    account = make_account(actor=actor)
    place_events()  # so that the stream begins after it
    with stream(server, actor.require_user()) as reader:
        reader.opening()
        delete_record(actor, "account", account.pk)
        assert reader.next()[1]["name"] == "account.deleted"


def test_who_comes_back_gets_what_was_missed(server: str) -> None:
    actor = Actor(user=make_administrator(), via="web")
    account = make_account(actor=actor)
    place_events()  # so that the stream begins after it
    with stream(server, actor.require_user()) as reader:
        place = reader.opening()
    update_record(actor, "account", account.pk, {"name": "Missed"})
    with stream(server, actor.require_user(), **{"Last-Event-ID": place}) as reader:
        assert reader.next()[1]["name"] == "account.updated"
        update_record(actor, "account", account.pk, {"name": "Live"})
        name = reader.next()[1]
        assert int(name["seq"]) == int(reader.last_id)


def test_who_missed_too_much_is_told_to_read_anew(server: str) -> None:
    actor = Actor(user=make_administrator(), via="web")
    account = make_account(actor=actor)
    place_events()
    place = str(last_position())
    for number in range(501):
        update_record(actor, "account", account.pk, {"name": f"Name {number}"})
    with stream(server, actor.require_user(), **{"Last-Event-ID": place}) as reader:
        assert reader.next() == ("reset", {})


def test_nobody_gets_no_stream(server: str) -> None:
    assert httpx.get(f"{server}/events/stream").status_code == 401
    made_up = {"sessionid": "a" * 32}
    assert httpx.get(f"{server}/events/stream", cookies=made_up).status_code == 401
    user = make_user()
    cookies = signed_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert httpx.get(f"{server}/events/stream", cookies=cookies).status_code == 401
    assert httpx.get(f"{server}/elsewhere").status_code == 404


def test_a_session_ends_with_the_password_it_was_made_with(server: str) -> None:
    user = make_user()
    cookies = signed_in(user)
    user.set_password("another good password")
    user.save()
    assert httpx.get(f"{server}/events/stream", cookies=cookies).status_code == 401
    assert Session.objects.exists()


def test_only_the_pages_origin_may_read_it(server: str) -> None:
    cookies = signed_in(make_user())
    foreign = httpx.get(
        f"{server}/events/stream", cookies=cookies, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    asked = httpx.options(f"{server}/events/stream", headers={"Origin": "http://127.0.0.1:8000"})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "http://127.0.0.1:8000"
    assert asked.headers["access-control-allow-credentials"] == "true"


def test_a_person_holds_a_bounded_number_of_streams(server: str) -> None:
    user = make_user()
    clients = [httpx.Client(cookies=signed_in(user), timeout=60) for _ in range(21)]
    try:
        answers = [
            client.send(client.build_request("GET", f"{server}/events/stream"), stream=True)
            for client in clients
        ]
        assert [answer.status_code for answer in answers] == [200] * 20 + [429]
        for answer in answers:
            answer.close()
    finally:
        for client in clients:
            client.close()


def test_a_stream_for_nobodys_record_stays_silent(server: str) -> None:
    """An event about a record that does not exist is for nobody but administrators' own kinds."""
    rep = make_user()
    actor = Actor(user=rep, via="web")
    with stream(server, rep) as reader:
        reader.opening()
        with change(system("test")):
            record_event(
                system("test"), RecordChanged("account", "updated"), object="account",
                record_id=uuid.uuid4(),
            )  # fmt: skip
        hers = make_account(actor=actor)
        assert reader.next()[1]["record_id"] == str(hers.pk)
