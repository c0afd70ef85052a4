"""Webhooks against a real server: signed, retried, switched off, never to a private address."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from crm.make import make_account
from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events.webhooks import addresses
from dealwright.base.events.webhooks.models import WebhookEndpoint, WebhookMessage
from dealwright.base.events.webhooks.sending import WAITS, collect_messages, send_messages
from dealwright.base.events.webhooks.services import (
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    enable_endpoint,
    get_endpoint,
    replay_message,
    rotate_secret,
    send_test,
    update_endpoint,
)
from dealwright.base.records.services import update_record
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db


@dataclass
class Receiver:
    """An HTTP server that keeps what it got and answers as told."""

    url: str = ""
    status: int = 200
    answer_headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("DEALWRIGHT_WEBHOOKS_ALLOW_PRIVATE", "yes")
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(state.status)
            for name, value in state.answer_headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"thanks" * 1000)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/hook?key=1"
    yield state
    server.shutdown()
    server.server_close()


def administrator() -> Actor:
    return Actor(user=make_administrator(), via="web")


def deliver() -> None:
    while collect_messages():
        pass
    while send_messages():
        pass


def make_due() -> None:
    WebhookMessage.objects.filter(next_attempt_at__isnull=False).update(
        next_attempt_at=timezone.now()
    )


def test_an_event_arrives_signed_as_the_convention_has_it(receiver: Receiver) -> None:
    actor = administrator()
    made = create_endpoint(actor, url=receiver.url, events=["account.updated"])
    account = make_account(actor=actor, name="Ada Ltd")
    update_record(actor, "account", account.pk, {"name": "Ada Limited"})
    deliver()

    ((headers, body),) = receiver.requests
    payload = Webhook(made.secret).verify(body, headers)
    assert payload["type"] == "account.updated"
    assert payload["data"]["record_id"] == str(account.pk)
    assert payload["data"]["values"] == {
        "object": "account", "action": "updated", "changed": ["name"],
    }  # fmt: skip
    assert payload["data"]["actor"] == "Ada Admin"
    assert headers["content-type"] == "application/json"
    message = WebhookMessage.objects.get()
    assert headers["webhook-id"] == f"msg_{message.pk.hex}"
    assert (message.status, message.attempts_made) == ("delivered", 1)
    attempt = message.attempts.get()
    assert attempt.status == 200
    assert attempt.answer == ("thanks" * 1000)[:1000]


def test_another_secret_does_not_verify(receiver: Receiver) -> None:
    actor = administrator()
    create_endpoint(actor, url=receiver.url)
    make_account(actor=actor)
    deliver()
    headers, body = receiver.requests[0]
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 32).verify(body, headers)


def test_while_a_secret_is_rotated_both_verify(receiver: Receiver) -> None:
    actor = administrator()
    old = create_endpoint(actor, url=receiver.url)
    new = rotate_secret(actor, old.endpoint.pk)
    assert old.secret != new.secret
    make_account(actor=actor)
    deliver()
    headers, body = receiver.requests[0]
    Webhook(old.secret).verify(body, headers)
    Webhook(new.secret).verify(body, headers)

    WebhookEndpoint.objects.update(previous_secret_until=timezone.now())
    make_account(actor=actor)
    deliver()
    headers, body = receiver.requests[1]
    Webhook(new.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret).verify(body, headers)


def test_secrets_rest_encrypted(receiver: Receiver) -> None:
    made = create_endpoint(administrator(), url=receiver.url)
    assert made.secret.startswith("whsec_")
    assert made.secret[6:] not in made.endpoint.secret


def test_only_what_its_owner_may_see_is_sent(receiver: Receiver) -> None:
    rep = Actor(user=make_user("Rita Rep"), via="web")
    create_endpoint(rep, url=receiver.url, events=["account.*"])
    make_account(actor=administrator(), name="Hidden")
    seen = make_account(actor=rep, name="Hers")
    deliver()
    assert [json.loads(body)["data"]["record_id"] for _, body in receiver.requests] == [
        str(seen.pk)
    ]


def test_a_failed_message_is_tried_for_three_days_under_the_same_id(receiver: Receiver) -> None:
    receiver.status = 500
    actor = administrator()
    endpoint = create_endpoint(actor, url=receiver.url).endpoint
    make_account(actor=actor)
    deliver()
    message = WebhookMessage.objects.get()
    assert message.status == "retrying"
    assert message.next_attempt_at is not None
    assert timedelta(seconds=4) < message.next_attempt_at - timezone.now() < timedelta(seconds=6)
    for _ in WAITS:
        make_due()
        send_messages()
    message.refresh_from_db()
    assert (message.status, message.attempts_made) == ("failed", 10)
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "It has not answered for three days."


@pytest.mark.parametrize("said", ["9" * 5_000, "²", "soon", "-5"])
def test_a_senseless_retry_after_counts_as_absent(receiver: Receiver, said: str) -> None:
    receiver.status, receiver.answer_headers = 429, {"Retry-After": said}
    actor = administrator()
    create_endpoint(actor, url=receiver.url)
    make_account(actor=actor)
    deliver()
    message = WebhookMessage.objects.get()
    assert message.next_attempt_at is not None
    assert message.next_attempt_at - timezone.now() < timedelta(hours=1)


def test_retry_after_is_kept_to(receiver: Receiver) -> None:
    receiver.status, receiver.answer_headers = 429, {"Retry-After": "120"}
    actor = administrator()
    create_endpoint(actor, url=receiver.url)
    make_account(actor=actor)
    deliver()
    message = WebhookMessage.objects.get()
    assert message.next_attempt_at is not None
    wait = message.next_attempt_at - timezone.now()
    assert timedelta(seconds=118) < wait <= timedelta(seconds=120)


def test_gone_switches_the_endpoint_off(receiver: Receiver) -> None:
    receiver.status = 410
    actor = administrator()
    endpoint = create_endpoint(actor, url=receiver.url).endpoint
    make_account(actor=actor)
    deliver()
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "It answered 410 Gone."
    assert WebhookMessage.objects.get().status == "failed"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.answer_headers = 302, {"Location": receiver.url}
    actor = administrator()
    create_endpoint(actor, url=receiver.url)
    make_account(actor=actor)
    deliver()
    assert len(receiver.requests) == 1
    assert WebhookMessage.objects.get().status == "retrying"


def test_a_message_is_sent_again_by_hand(receiver: Receiver) -> None:
    actor = administrator()
    create_endpoint(actor, url=receiver.url)
    make_account(actor=actor)
    deliver()
    message = WebhookMessage.objects.get()
    replay_message(actor, message.pk)
    send_messages()
    assert [body for _, body in receiver.requests] == [message.body.encode()] * 2
    with pytest.raises(NotFound):
        replay_message(Actor(user=make_user(), via="web"), message.pk)


def test_a_test_message_can_be_sent(receiver: Receiver) -> None:
    actor = administrator()
    made = create_endpoint(actor, url=receiver.url)
    send_test(actor, made.endpoint.pk)
    send_messages()
    headers, body = receiver.requests[0]
    assert Webhook(made.secret).verify(body, headers)["type"] == "webhook.test"


def test_switched_off_it_is_told_nothing_and_switched_on_only_of_what_comes(
    receiver: Receiver,
) -> None:
    actor = administrator()
    endpoint = create_endpoint(actor, url=receiver.url).endpoint
    make_account(actor=actor)
    while collect_messages():
        pass
    disable_endpoint(actor, endpoint.pk)
    make_account(actor=actor)
    deliver()
    assert receiver.requests == []
    with pytest.raises(Conflict):
        send_test(actor, endpoint.pk)
    enable_endpoint(actor, endpoint.pk)
    later = make_account(actor=actor)
    deliver()
    assert [json.loads(body)["data"]["record_id"] for _, body in receiver.requests] == [
        str(later.pk)
    ]


def test_the_webhooks_of_a_person_who_left_are_switched_off(receiver: Receiver) -> None:
    user = make_user()
    endpoint = create_endpoint(Actor(user=user, via="web"), url=receiver.url).endpoint
    user.is_active = False
    user.save()
    make_account(actor=administrator())
    deliver()
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "Its owner is not active."


def test_an_unreachable_address_is_an_attempt_with_its_reason(receiver: Receiver) -> None:
    actor = administrator()
    create_endpoint(actor, url="http://127.0.0.1:9/nobody")
    make_account(actor=actor)
    deliver()
    attempt = WebhookMessage.objects.get().attempts.get()
    assert attempt.status is None
    assert attempt.error.startswith("ConnectError")


def test_another_persons_webhook_is_as_if_absent(receiver: Receiver) -> None:
    endpoint = create_endpoint(Actor(user=make_user(), via="web"), url=receiver.url).endpoint
    stranger = Actor(user=make_user(), via="web")
    for act in (get_endpoint, delete_endpoint, rotate_secret, disable_endpoint, send_test):
        with pytest.raises(NotFound):
            act(stranger, endpoint.pk)
    with pytest.raises(NotFound):
        update_endpoint(stranger, endpoint.pk, url=receiver.url)
    assert get_endpoint(administrator(), endpoint.pk) == endpoint
    with pytest.raises(NotFound):
        get_endpoint(stranger, uuid.uuid4())


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://example.com/", "must start with https://"),
        ("ftp://example.com/", "is not a web address"),
        ("https://", "is not a web address"),
        ("https://example.com:99999/", "is not a web address"),
        ("https://user:pw@example.com/", "may not hold a user name"),
        ("https://127.0.0.1/", "not a public one"),
        ("https://localhost/", "not a public one"),
        ("https://[::1]/", "not a public one"),
        ("https://169.254.169.254/latest/meta-data", "not a public one"),
        ("https://10.1.2.3/", "not a public one"),
        ("https://[::ffff:192.168.0.1]/", "not a public one"),
    ],
)
def test_addresses_that_cannot_serve_are_refused_with_the_reason(url: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refusal:
        create_endpoint(administrator(), url=url)
    assert list(refusal.value.fields) == ["url"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.1.1", False),
        ("192.168.1.1", False),
        ("172.16.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_only_public_addresses_count_as_public(address: str, public: bool) -> None:
    assert addresses.is_public(address) is public


def test_a_name_that_points_inside_is_refused_when_the_message_is_sent() -> None:
    actor = administrator()
    endpoint = create_endpoint(actor, url="https://example.com/").endpoint
    # The name of this machine resolves to loopback: as if someone had repointed theirs.
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url="https://localhost:8443/")
    make_account(actor=actor)
    deliver()
    attempt = WebhookMessage.objects.get().attempts.get()
    assert "which is not a public address" in attempt.error


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(Invalid, match=r"There is no event “account\.exploded”"):
        create_endpoint(administrator(), url="https://example.com", events=["account.exploded"])
