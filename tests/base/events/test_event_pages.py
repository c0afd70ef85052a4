"""The pages and endpoints of events and webhooks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from crm.make import make_account
from dealwright.base.access.actor import system
from dealwright.base.events.documentation import events_document
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.registry import RECORD_ACTIONS, _events
from dealwright.base.events.webhooks.models import WebhookEndpoint, WebhookMessage
from dealwright.base.objects.registry import object_types
from dealwright.base.people.models import User
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db

URL = "https://example.com/hook"


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_an_administrator_sees_what_fails_and_tries_again() -> None:
    client = browser(make_administrator())
    assert "All is told" in text_of(client.get("/settings/events"))
    event = OutboxEvent.objects.create(name="test.gone")
    delivery = EventDelivery.objects.create(
        event=event, subscriber="gone.since", attempts=3, error="KeyError: <b>x</b>\n\ntrace"
    )
    page = text_of(client.get("/settings/events"))
    assert "gone.since" in page
    assert "KeyError: &lt;b&gt;x" in page
    assert client.post(f"/settings/events/{delivery.pk}/retry").status_code == 303
    assert client.post("/settings/events/999999/retry").status_code == 404
    assert "account.created" in text_of(client.get("/settings/events?show=listeners"))
    make_account(actor=system("test"))
    assert "account.created" in text_of(client.get("/settings/events?show=newest"))


def test_a_webhook_is_added_changed_tried_and_removed() -> None:
    client = browser(make_user())
    refused = client.post("/settings/webhooks", {"url": "http://x.example", "description": "Mine"})
    assert "must start with https://" in text_of(refused)
    assert 'value="Mine"' in text_of(refused)
    made = client.post("/settings/webhooks", {"url": URL, "events": ["account.created"]})
    assert "whsec_" in text_of(made)
    endpoint = WebhookEndpoint.objects.get()
    path = f"/settings/webhooks/{endpoint.pk}"
    assert "whsec_" not in text_of(client.get(path))
    assert client.post(path, {"url": URL, "description": "New"}).status_code == 303
    endpoint.refresh_from_db()
    assert (endpoint.events, endpoint.description) == ([], "New")
    assert client.post(f"{path}/test").status_code == 303
    message = WebhookMessage.objects.get()
    assert "webhook.test" in text_of(client.get(path))
    log = f"/settings/webhook-messages/{message.pk}"
    assert "It works." in text_of(client.get(log))
    assert client.post(log).status_code == 303
    assert "whsec_" in text_of(client.post(f"{path}/rotate"))
    assert client.post(f"{path}/disable").status_code == 303
    assert client.post(f"{path}/test").status_code == 409
    assert client.post(f"{path}/enable").status_code == 303

    stranger = browser(make_user())
    for address in (path, log):
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, {"url": URL}).status_code == 404
    for verb in ("test", "disable", "enable", "rotate", "delete"):
        assert stranger.post(f"{path}/{verb}").status_code == 404
    assert client.post(f"{path}/explode").status_code == 404
    assert client.post(f"{path}/delete").status_code == 303
    assert not WebhookEndpoint.objects.exists()


def test_webhooks_on_the_api() -> None:
    client = browser(make_user())

    def send(method: str, path: str, body: Any = None) -> Any:
        return getattr(client, method)(f"/api/v1{path}", data=body, content_type="application/json")

    wrong = send("post", "/webhooks", {"url": "ftp://x", "events": []})
    assert wrong.status_code == 422
    made = send("post", "/webhooks", {"url": URL, "events": ["account.*"]})
    assert made.status_code == 201
    webhook, secret = made.json()["webhook"], made.json()["secret"]
    assert secret.startswith("whsec_")
    path = f"/webhooks/{webhook['id']}"
    assert [each["id"] for each in send("get", "/webhooks").json()] == [webhook["id"]]
    assert send("patch", path, {"active": False}).json()["active"] is False
    assert send("post", f"{path}/test").status_code == 409
    assert send("patch", path, {"active": True, "description": "x"}).json()["active"] is True
    assert send("post", f"{path}/secret").json()["secret"] != secret
    message = send("post", f"{path}/test").json()
    assert (message["type"], message["status"]) == ("webhook.test", "waiting")
    assert len(send("get", f"{path}/messages").json()) == 1
    assert send("post", f"/webhook-messages/{message['id']}/replay").status_code == 202
    client = browser(make_user())
    assert send("get", path).status_code == 404
    assert send("delete", path).status_code == 404
    client = browser(make_administrator())
    assert send("delete", path).status_code == 204
    assert send("get", "/events").json()[0].keys() == {"name", "about", "data"}


def test_the_document_names_every_event_with_its_data() -> None:
    text = events_document()
    assert "### `user.invited`" in text
    assert re.search(r"\| `email` \| text \|", text)
    assert "`<object>.updated`" in text


def test_no_room_publishes_what_the_record_services_tell_already() -> None:
    generic = {f"{of.key}.{action}" for of in object_types() for action in RECORD_ACTIONS}
    assert not generic & set(_events)
