"""Preparing and sending inside another site: one draft, one origin, one address that works once."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token, revoke_token
from dealwright.signing.embedding import sending
from dealwright.signing.embedding.models import EmbeddedSending
from dealwright.signing.embedding.services import allow_site
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_administrator, make_user
from signing.embedding.visiting import SITE, path_of, visit
from signing.fields.test_filling import make_picture
from signing.make import make_envelope, recipient_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(rep: User) -> Actor:
    allow_site(acting(make_administrator()), SITE)
    return acting(rep)


@pytest.fixture
def draft(actor: Actor) -> Envelope:
    return make_envelope(actor)


def a_field(envelope: Envelope, **values: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "document": str(envelope.documents.get().pk),
        "owner": str(recipient_of(envelope, "Ada").pk),
        "kind": "signature", "page": 1, "x": 0.1, "y": 0.5, "w": 0.3, "h": 0.06, **values,
    }  # fmt: skip


def arrange(client: Client, address: str, *fields: dict[str, Any]) -> Any:
    return client.post(
        f"{address}/arrange",
        {"put": list(fields), "removed": []},
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def test_a_draft_is_prepared_and_sent_in_the_frame(actor: Actor, draft: Envelope) -> None:
    client, address = visit(sending.create_sending_url(actor, draft.pk, origin=SITE))
    page = client.get(address)
    assert page.status_code == 200
    assert f"frame-ancestors {SITE}" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    text = page.content.decode()
    assert f'data-origin="{SITE}" data-event="opened" data-envelope="{draft.pk}"' in text
    assert "Ada Lovelace" in text
    document = draft.documents.get()
    assert client.get(f"{address}/pages/{document.pk}/1.png").headers["Content-Type"] == "image/png"
    assert client.get(f"{address}/pages/{document.pk}/9.png").status_code == 404
    placed = a_field(draft)
    stamp = a_field(draft, kind="stamp", y=0.7, picture=base64.b64encode(make_picture()).decode())
    answer = arrange(client, address, placed, stamp)
    assert answer.status_code == 200, answer.content
    assert answer.json()["without_place"] == ["Grace Hopper"]
    assert answer.json()["files"] == {stamp["id"]: "Stamp.png"}
    sent = client.post(f"{address}/send")
    assert f'data-origin="{SITE}" data-event="sent"' in sent.content.decode()
    assert f"frame-ancestors {SITE}" in sent.headers["Content-Security-Policy"]
    draft.refresh_from_db()
    assert draft.sent_at is not None
    noted = EvidenceEntry.objects.get(kind="envelope.embedded_sent")
    assert noted.payload["origin"] == SITE
    assert verify_envelope(draft).ok
    # The visit is over with it.
    assert client.get(address).status_code == 410
    assert arrange(client, address, a_field(draft)).status_code == 404


def test_it_is_closed_and_stays_a_draft(actor: Actor, draft: Envelope) -> None:
    client, address = visit(sending.create_sending_url(actor, draft.pk, origin=SITE))
    closed = client.post(f"{address}/close")
    assert 'data-event="closed"' in closed.content.decode()
    assert client.get(address).status_code == 410
    draft.refresh_from_db()
    assert draft.sent_at is None


def test_what_cannot_be_sent_is_told_and_the_page_stays(actor: Actor, draft: Envelope) -> None:
    client, address = visit(sending.create_sending_url(actor, draft.pk, origin=SITE))
    Envelope.objects.filter(pk=draft.pk).update(expires_at=timezone.now() - timedelta(days=1))
    answer = client.post(f"{address}/send")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'data-event="error"' in text
    assert "The envelope has expired" in text
    assert client.get(address).status_code == 200


def test_an_address_works_once_and_for_five_minutes(actor: Actor, draft: Envelope) -> None:
    made = sending.create_sending_url(actor, draft.pk, origin=SITE)
    client = Client()
    assert client.head(path_of(made)).status_code == 405
    assert client.post(path_of(made)).status_code == 405
    assert client.get(path_of(made)).status_code == 303
    again = client.get(path_of(made))
    assert again.status_code == 410
    assert "used already" in again.content.decode()
    # The site that asked is told, and may show it.
    assert f"frame-ancestors {SITE}" in again.headers["Content-Security-Policy"]
    late = sending.create_sending_url(actor, draft.pk, origin=SITE)
    EmbeddedSending.objects.update(url_expires_at=timezone.now() - timedelta(seconds=1))
    assert "has expired" in client.get(path_of(late)).content.decode()
    unknown = client.get("/embed/sending/nothing-of-ours")
    assert unknown.status_code == 404
    assert "frame-ancestors 'none'" in unknown.headers["Content-Security-Policy"]


def test_a_visit_ends_with_its_time_its_user_or_its_token(actor: Actor, draft: Envelope) -> None:
    token = create_token(actor, name="Portal", scopes=["signing:write"])
    made = sending.create_sending_url(actor, draft.pk, origin=SITE, token=token.token)
    client, address = visit(made)
    assert client.get(address).status_code == 200
    revoke_token(actor, token.token.pk)
    assert client.get(address).status_code == 410
    client, address = visit(sending.create_sending_url(actor, draft.pk, origin=SITE))
    User.objects.filter(pk=actor.require_user().pk).update(is_active=False)
    assert client.get(address).status_code == 410
    User.objects.filter(pk=actor.require_user().pk).update(is_active=True)
    assert client.get(address).status_code == 200
    EmbeddedSending.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    over = client.get(address)
    assert over.status_code == 410
    assert "frame-ancestors 'none'" in over.headers["Content-Security-Policy"]


def test_it_touches_only_its_own_draft(actor: Actor, draft: Envelope) -> None:
    other = make_envelope(actor)
    client, address = visit(sending.create_sending_url(actor, draft.pk, origin=SITE))
    theirs = a_field(other)
    assert arrange(client, address, theirs).status_code == 404
    assert arrange(client, address, {**a_field(draft), "owner": theirs["owner"]}).status_code == 422
    foreign = other.documents.get()
    assert client.get(f"{address}/pages/{foreign.pk}/1.png").status_code == 404
    assert not EnvelopeField.objects.exists()
    for path in (f"/envelopes/{draft.pk}/send", "/settings/signing", f"/envelopes/{other.pk}"):
        assert client.get(path).status_code == 302  # to the sign-in


def test_who_may_not_change_it_any_more_cannot_here(actor: Actor, draft: Envelope) -> None:
    client, address = visit(sending.create_sending_url(actor, draft.pk, origin=SITE))
    Envelope.objects.filter(pk=draft.pk).update(owner=make_user(), access_keys=[])
    assert client.get(address).status_code == 404
    assert arrange(client, address, a_field(draft)).status_code == 404
    assert client.post(f"{address}/send").status_code in (404, 422)
    draft.refresh_from_db()
    assert draft.sent_at is None


def test_one_that_was_sent_elsewhere_is_told(actor: Actor, draft: Envelope) -> None:
    client, address = visit(sending.create_sending_url(actor, draft.pk, origin=SITE))
    send_envelope(actor, draft.pk)
    assert 'data-event="sent"' in client.get(address).content.decode()
    assert arrange(client, address, a_field(draft)).status_code == 409


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("", "no origin"),
        ("https://evil.example", "not allowed"),
        ("javascript:alert(1)", "no origin"),
        ("http://portal.example.com", "no origin"),
        ("https://*.example.com", "no origin"),
        (f"{SITE}/path", "no origin"),
    ],
)
def test_a_wrong_site_is_refused(actor: Actor, draft: Envelope, origin: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        sending.create_sending_url(actor, draft.pk, origin=origin)
    assert words in str(refused.value)
    assert not EmbeddedSending.objects.exists()


def test_nobody_gets_an_address_who_may_not(actor: Actor, draft: Envelope) -> None:
    with pytest.raises(NotFound):
        sending.create_sending_url(acting(make_user()), draft.pk, origin=SITE)
    send_envelope(actor, draft.pk)
    with pytest.raises(Conflict, match="sent already"):
        sending.create_sending_url(actor, draft.pk, origin=SITE)


def test_by_the_api(client: Client, actor: Actor, draft: Envelope) -> None:
    token = create_token(actor, name="Portal", scopes=["signing:write"])
    reader = create_token(actor, name="Reader", scopes=["signing:read"])

    def ask(secret: str, **body: str) -> Any:
        return client.post(
            f"/api/v1/envelopes/{draft.pk}/embedded-sending",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    assert ask(reader.secret, origin=SITE).status_code == 403
    assert ask("dw_nothing", origin=SITE).status_code == 401
    assert ask(token.secret).status_code == 422
    assert ask(token.secret, origin="https://evil.example").status_code == 422
    made = ask(token.secret, origin=SITE)
    assert made.status_code == 201, made.content
    assert "/embed/sending/" in made.json()["url"]
    row = EmbeddedSending.objects.get()
    assert row.client.startswith("Portal (dw_")
    assert row.token == token.token


def test_a_site_of_one_client_serves_no_other(actor: Actor, draft: Envelope) -> None:
    boss = acting(make_administrator())
    mine = create_token(actor, name="Portal", scopes=["signing:write"])
    other = create_token(actor, name="Other", scopes=["signing:write"])
    allow_site(boss, "https://shop.example.com", token_id=mine.token.pk)
    with pytest.raises(Invalid, match="not allowed"):
        sending.create_sending_url(
            actor, draft.pk, origin="https://shop.example.com", token=other.token
        )
    sending.create_sending_url(actor, draft.pk, origin="https://shop.example.com", token=mine.token)
