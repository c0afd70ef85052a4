"""“To sign”: one's own parts, opened from the account, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Envelope, Recipient, Role
from dealwright.signing.envelopes.services import void_envelope
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.inbox import queries, services
from make import acting, make_user
from signing.make import code_of, make_sent_envelope, recipient_of, token_of

pytestmark = pytest.mark.django_db
DETAILS = {"ip": "127.0.0.1", "user_agent": "test"}


@pytest.fixture
def sender() -> Actor:
    return acting(make_user("Rosa Sender"))


@pytest.fixture
def envelope(sender: Actor) -> Envelope:
    return make_sent_envelope(sender)


@pytest.fixture
def part(envelope: Envelope) -> Recipient:
    return recipient_of(envelope, "Ada")


def make_holder(part: Recipient, *, verified: bool = True) -> Any:
    user = make_user("Ada Lovelace", email=part.email)
    EmailAddress.objects.update_or_create(
        user=user, email=part.email, defaults={"verified": verified, "primary": True}
    )
    return user


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_what_was_sent_to_ones_address_waits_in_the_account(part: Recipient) -> None:
    ada = make_holder(part)
    assert list(queries.waiting_for(ada)) == [part]
    client = browser(ada)
    listed = client.get("/to-sign").text
    assert part.envelope.title in listed
    assert f"/to-sign/{part.pk}" in listed
    home = client.get("/").text
    assert "Waiting for your signature" in home


def test_nobody_elses_part_is_shown_or_opened(sender: Actor, part: Recipient) -> None:
    for user in (sender.require_user(), make_user("Eve Other")):
        assert list(queries.waiting_for(user)) == []
        assert browser(user).post(f"/to-sign/{part.pk}").status_code == 404
        with pytest.raises(NotFound):
            services.open_part(acting(user), part.pk, details=DETAILS)
    assert Client().post(f"/to-sign/{part.pk}").status_code == 302  # to sign in


def test_an_address_that_was_never_confirmed_opens_nothing(part: Recipient) -> None:
    ada = make_holder(part, verified=False)
    client = browser(ada)
    page = client.get("/to-sign").text
    assert "is not confirmed yet" in page
    assert part.envelope.title not in page
    assert client.post(f"/to-sign/{part.pk}").status_code == 404


def test_a_get_opens_nothing(part: Recipient) -> None:
    client = browser(make_holder(part))
    assert client.get(f"/to-sign/{part.pk}").status_code == 405
    assert not part.embeddings.exists()


def test_signing_from_the_account_asks_for_all_that_the_link_asks(
    envelope: Envelope, part: Recipient
) -> None:
    mailed = token_of(part)
    client = browser(make_holder(part))
    address = client.post(f"/to-sign/{part.pk}").headers["Location"]
    assert address.startswith("/sign/e/")
    assert client.get(f"/sign/{mailed}").status_code == 200  # the link of the mail stays
    client.post(
        f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)}, follow=True
    )
    assert "code" in client.get(address).text  # the sender's steps are asked here as well
    client.post(f"{address}/confirm", {"code": code_of(part)})
    client.post(f"{address}/adopt?kind=signature", {"text": "Ada Lovelace", "font": "handwritten"})
    for field in part.fields.filter(kind="signature"):
        client.post(f"{address}/fields/{field.pk}", {"value": "on"})
    client.post(f"{address}/sign", {"agree": "on"})
    part.refresh_from_db()
    assert part.signed_at is not None
    back = client.get(address).headers["Location"]
    assert "/to-sign?event=signed" in back
    listed = client.get(back[back.index("/to-sign") :], follow=True).text
    assert "Done. The sender can go on." in listed
    assert "Nothing waits for your signature" in listed
    assert "Done in the last 30 days" in listed
    # What was signed can be looked at again, from the same place.
    again = client.post(f"/to-sign/{part.pk}").headers["Location"]
    assert client.get(again).status_code == 200
    entries = EvidenceEntry.objects.filter(chain_id=envelope.chain)
    opened = entries.filter(kind="recipient.account_opened")
    assert opened.count() == 2
    assert not entries.filter(kind="recipient.vouched_for").exists()
    assert verify_envelope(envelope).ok


def test_who_hosts_finds_whom_they_hand_the_device_to(sender: Actor) -> None:
    host = make_user("Hal Host")
    envelope = make_sent_envelope(
        sender,
        recipients=[
            NewRecipient(name="Ben Buyer", email="", role=Role.IN_PERSON_SIGNER, host=host.pk)
        ],
    )
    part = recipient_of(envelope, "Ben")
    page = browser(host).get("/to-sign").text
    assert f"/envelopes/{envelope.pk}/host/{part.pk}" in page
    assert list(queries.hosted_by(sender.require_user())) == []


def test_what_is_over_does_not_wait(sender: Actor, envelope: Envelope, part: Recipient) -> None:
    ada = make_holder(part)
    Envelope.objects.filter(pk=envelope.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert list(queries.waiting_for(ada)) == []
    Envelope.objects.filter(pk=envelope.pk).update(expires_at=None)
    assert list(queries.waiting_for(ada)) == [part]
    void_envelope(sender, envelope.pk, reason="Wrong price")
    assert list(queries.waiting_for(ada)) == []
    assert browser(ada).post(f"/to-sign/{part.pk}").status_code == 409


def test_a_turn_that_has_not_come_is_not_shown(sender: Actor) -> None:
    envelope = make_sent_envelope(sender)
    part = recipient_of(envelope, "Ada")
    Recipient.objects.filter(pk=part.pk).update(sent_at=None)
    ada = make_holder(part)
    assert list(queries.waiting_for(ada)) == []
    assert browser(ada).post(f"/to-sign/{part.pk}").status_code == 404
