"""A new code or number after sending: given by the sender, or by who passes the part on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.messaging.models import Notice, OutboundMessage
from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token
from dealwright.signing.ceremonies import identifying, reassigning
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.identifying import Shown, confirm_identity
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.consent.services import current_consent
from dealwright.signing.delegation.services import delegate
from dealwright.signing.envelopes.asking import change_identity
from dealwright.signing.envelopes.correcting import (
    Correction,
    RecipientChange,
    correct_envelope,
)
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.queries import progress_panel
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.identity.choices import IdentityChoice
from dealwright.signing.identity.models import IdentityStep
from dealwright.signing.identity.policy import save_signing_settings
from make import acting, make_administrator
from signing.make import a_visit, enter, make_sent_envelope, recipient_of, token_of

pytestmark = pytest.mark.django_db
PHONE = "+49 151 23456789"


def sent(actor: Actor, *methods: str, **fields: Any) -> Envelope:
    given = {"name": "Ada", "email": "ada@buyer.test", "role": "approver", **fields}
    return make_sent_envelope(
        actor, recipients=[NewRecipient(**given, identity_methods=list(methods))]
    )


def agreed(recipient: Recipient) -> Any:
    recipient.refresh_from_db()
    visit = a_visit()
    if enter(recipient, visit).step == Step.CONSENT:
        ceremonies.give_consent(enter(recipient, visit), current_consent().pk)
    return visit


def opens(recipient: Recipient, code: str) -> bool:
    """Whether this access code opens the document."""
    visit = agreed(recipient)
    try:
        confirm_identity(enter(recipient, visit), Shown(secret=code))
    except Invalid:
        return False
    return enter(recipient, visit).step == Step.DOCUMENT


def locked(actor: Actor) -> Recipient:
    ada = recipient_of(sent(actor, "access_code", access_code="blue horse 7"), "Ada")
    visit = agreed(ada)
    for guess in range(5):
        with pytest.raises((Invalid, Conflict)):
            confirm_identity(enter(ada, visit), Shown(secret=f"guess {guess} wrong"))
    ada.refresh_from_db()
    assert ada.locked_at is not None
    return ada


class TestTheSender:
    def test_gives_a_locked_recipient_a_new_code(
        self, client: Client, rep: User, actor: Actor
    ) -> None:
        ada = locked(actor)
        client.force_login(rep)
        address = f"/envelopes/{ada.envelope_id}/identity/{ada.pk}"
        page = client.get(f"/envelopes/{ada.envelope_id}").content.decode()
        assert address in page
        assert "is locked after too many wrong tries" in client.get(address).content.decode()
        answer = client.post(address, {"identity": "access_code", "access_code": "green cow 8"})
        assert answer.status_code == 303, answer.content
        ada.refresh_from_db()
        assert ada.locked_at is None
        assert not opens(ada, "blue horse 7")
        assert opens(ada, "GREEN COW 8")
        kinds = EvidenceEntry.objects.filter(chain_id=ada.envelope.chain).values_list(
            "kind", flat=True
        )
        assert {"recipient.unlocked", "recipient.identity_changed"} <= set(kinds)
        changed = EvidenceEntry.objects.get(kind="recipient.identity_changed")
        assert changed.payload["new_access_code"] is True
        assert verify_envelope(ada.envelope).ok
        kept = json.dumps(list(EvidenceDetail.objects.values_list("details", flat=True)))
        assert "green cow" not in kept.lower()

    def test_too_short_a_code_is_refused_in_its_place(
        self, client: Client, rep: User, actor: Actor
    ) -> None:
        ada = locked(actor)
        client.force_login(rep)
        answer = client.post(
            f"/envelopes/{ada.envelope_id}/identity/{ada.pk}",
            {"identity": "access_code", "access_code": "abc"},
        )
        assert answer.status_code == 422
        assert "6 to 64 characters" in answer.content.decode()
        ada.refresh_from_db()
        assert ada.locked_at is not None

    def test_an_empty_code_keeps_the_one_that_was_given(self, actor: Actor) -> None:
        ada = locked(actor)
        change_identity(actor, ada.envelope_id, ada.pk, IdentityChoice(methods=["access_code"]))
        assert opens(ada, "blue horse 7")
        with pytest.raises(Invalid, match="Nothing was changed"):
            change_identity(actor, ada.envelope_id, ada.pk, IdentityChoice(methods=["access_code"]))

    def test_may_ask_in_another_way_and_what_was_shown_counts_no_more(self, actor: Actor) -> None:
        ada = recipient_of(sent(actor, "access_code", access_code="blue horse 7"), "Ada")
        assert opens(ada, "blue horse 7")
        change_identity(
            actor, ada.envelope_id, ada.pk, IdentityChoice(methods=["sms_otp"], phone=PHONE)
        )
        ada.refresh_from_db()
        assert ada.verified_at is None
        assert ada.identity_methods == ["sms_otp"]
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        message = OutboundMessage.objects.get(purpose="signing.code")
        assert message.to == "+4915123456789"

    def test_nothing_changes_for_who_has_acted_or_is_nobody_yet(self, actor: Actor) -> None:
        envelope = make_sent_envelope(
            actor,
            recipients=[
                NewRecipient(name="Ada", email="a@x.test", role="approver", identity_methods=[]),
                NewRecipient(named_by=1, role="approver", order=2),
            ],
        )
        ada = recipient_of(envelope, "Ada")
        later = envelope.recipients.get(order=2)
        choice = IdentityChoice(methods=["access_code"], access_code="blue horse 7")
        with pytest.raises(Invalid, match="no one person yet"):
            change_identity(actor, envelope.pk, later.pk, choice)
        visit = agreed(ada)
        Recipient.objects.filter(pk=later.pk).update(skipped_at="2026-01-01T00:00:00Z")
        ceremonies.sign(enter(ada, visit))
        with pytest.raises(Conflict):
            change_identity(actor, envelope.pk, ada.pk, choice)

    def test_puts_somebody_else_in_place_with_a_code_of_their_own(
        self, client: Client, rep: User, actor: Actor
    ) -> None:
        envelope = sent(actor, "access_code", access_code="blue horse 7")
        ada = recipient_of(envelope, "Ada")
        client.force_login(rep)
        address = f"/envelopes/{envelope.pk}/reassign/{ada.pk}"
        assert "New access code" in client.get(address).content.decode()
        given = {"name": "Bo", "email": "bo@buyer.test"}
        refused = client.post(address, given)
        assert refused.status_code == 422
        assert "An access code has 6 to 64 characters" in refused.content.decode()
        assert client.post(address, {**given, "access_code": "red bird 9"}).status_code == 303
        bo = recipient_of(envelope, "Bo")
        assert not opens(bo, "blue horse 7")
        assert opens(bo, "red bird 9")

    def test_another_person_in_a_correction_needs_a_number_of_their_own(self, actor: Actor) -> None:
        envelope = sent(actor, "sms_otp", phone=PHONE)
        ada = recipient_of(envelope, "Ada")
        other = {"id": ada.pk, "name": "Bo", "email": "bo@buyer.test"}
        with pytest.raises(Invalid) as refused:
            correct_envelope(actor, envelope.pk, Correction(recipients=[RecipientChange(**other)]))
        assert list(refused.value.fields) == [f"{ada.pk}.phone"]
        change = RecipientChange(**other, phone="+49 151 98765432")
        correct_envelope(actor, envelope.pk, Correction(recipients=[change]))
        step = IdentityStep.objects.get(recipient=recipient_of(envelope, "Bo"))
        assert step.destination == "+4915198765432"

    def test_by_the_api(self, client: Client, rep: User, actor: Actor) -> None:
        ada = locked(actor)
        token = create_token(acting(rep), name="Portal", scopes=["signing:read", "signing:write"])
        reader = create_token(acting(rep), name="Reader", scopes=["signing:read"])
        address = f"/api/v1/envelopes/{ada.envelope_id}/recipients/{ada.pk}/identity"

        def ask(secret: str, body: dict[str, Any]) -> int:
            return client.post(
                address,
                body,
                content_type="application/json",
                headers={"Authorization": f"Bearer {secret}"},
            ).status_code

        body = {"identity_methods": ["access_code"], "access_code": "green cow 8"}
        assert ask(reader.secret, body) == 403
        assert ask(token.secret, {**body, "access_code": "x"}) == 422
        assert ask(token.secret, body) == 200
        assert opens(ada, "green cow 8")


def test_a_stand_in_without_a_code_is_told_to_the_sender_who_gives_one(
    client: Client, rep: User, actor: Actor
) -> None:
    boss = acting(make_administrator())
    today = timezone.now().date()
    delegate(
        boss, email="ada@buyer.test", to_name="Stan", to_email="stan@buyer.test",
        starts_on=today, ends_on=today,
    )  # fmt: skip
    envelope = sent(actor, "access_code", access_code="blue horse 7")
    stan = recipient_of(envelope, "Stan")
    assert not opens(stan, "blue horse 7")
    told = Notice.objects.get(user=rep, title__startswith="Stan acts for Ada")
    panel = progress_panel(rep, envelope.pk)
    assert panel is not None
    row = next(each for each in panel["recipients"] if each["id"] == stan.pk)
    assert row["lacks_identity"] is True
    assert "access code or a number" in told.body
    client.force_login(rep)
    page = client.get(f"/envelopes/{envelope.pk}").content.decode()
    assert "Has no access code or number yet" in page
    assert "Give a code or number" in page
    client.post(
        f"/envelopes/{envelope.pk}/identity/{stan.pk}",
        {"identity": "access_code", "access_code": "green cow 8"},
    )
    assert opens(stan, "green cow 8")


def test_an_empty_code_opens_nothing_where_none_was_given(actor: Actor) -> None:
    boss = acting(make_administrator())
    today = timezone.now().date()
    delegate(
        boss, email="ada@buyer.test", to_name="Stan", to_email="stan@buyer.test",
        starts_on=today, ends_on=today,
    )  # fmt: skip
    envelope = sent(actor, "access_code", access_code="blue horse 7")
    assert not opens(recipient_of(envelope, "Stan"), "")


class TestWhoPassesThePartOn:
    def allow(self) -> None:
        save_signing_settings(
            acting(make_administrator()), countries="DE", sms_per_day="10", part11=False,
            consent_code=False, successor_codes=True,
        )  # fmt: skip

    def pass_on(self, ceremony: Any, **given: str) -> Recipient:
        return reassigning.reassign(
            ceremony, name="Bo", email="bo@buyer.test", reason="Away.", **given
        )

    def test_may_not_unless_the_company_allows_it(self, actor: Actor) -> None:
        ada = recipient_of(sent(actor, "access_code", access_code="blue horse 7"), "Ada")
        visit = agreed(ada)
        confirm_identity(enter(ada, visit), Shown(secret="blue horse 7"))
        with pytest.raises(Conflict, match="in person"):
            self.pass_on(enter(ada, visit), access_code="red bird 9")

    def test_gives_the_next_person_a_code_after_showing_their_own(self, actor: Actor) -> None:
        self.allow()
        envelope = sent(actor, "access_code", access_code="blue horse 7")
        ada = recipient_of(envelope, "Ada")
        visit = agreed(ada)
        # Whoever merely holds the link cannot name a code of their own.
        with pytest.raises(Conflict, match="in person"):
            self.pass_on(enter(ada, visit), access_code="red bird 9")
        confirm_identity(enter(ada, visit), Shown(secret="blue horse 7"))
        with pytest.raises(Invalid, match="6 to 64"):
            self.pass_on(enter(ada, visit))
        self.pass_on(enter(ada, visit), access_code="red bird 9")
        assert opens(recipient_of(envelope, "Bo"), "red bird 9")

    def test_on_a_page(self, client: Client, actor: Actor) -> None:
        self.allow()
        envelope = sent(actor, "access_code", access_code="blue horse 7")
        ada = recipient_of(envelope, "Ada")
        address = f"/sign/{token_of(ada)}"
        client.get(address)
        client.post(f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)})
        assert client.get(f"{address}/assign").status_code == 303
        client.post(f"{address}/confirm", {"code": "blue horse 7"})
        page = client.get(f"{address}/assign").content.decode()
        assert "New access code" in page
        form = {"name": "Bo", "email": "bo@buyer.test", "reason": "Away."}
        assert client.post(f"{address}/assign", form).status_code == 422
        answer = client.post(f"{address}/assign", {**form, "access_code": "red bird 9"})
        assert answer.status_code == 303
        assert opens(recipient_of(envelope, "Bo"), "red bird 9")

    def test_never_an_account_or_a_passkey(self, actor: Actor) -> None:
        self.allow()
        ada = recipient_of(sent(actor, "account"), "Ada")
        assert not reassigning.may_hand_over(ada.envelope, ada, has_shown=True)
