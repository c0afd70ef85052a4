"""A recipient's way: link, consent, code, document, signature; and what hostile hands try."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.ceremonies import adopting, filling, identifying
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.steps import Step, open_ceremony
from dealwright.signing.consent.services import current_consent
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import NewDocument, NewField, NewRecipient
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.services import unlock_recipient, void_envelope
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.identity.models import OneTimeCode
from make import acting, make_user
from signing.make import (
    SQUIGGLE,
    a_visit,
    code_of,
    enter,
    identify,
    make_pdf,
    make_sent_envelope,
    recipient_of,
    sign_all,
    token_of,
)

pytestmark = pytest.mark.django_db

ADA = NewRecipient(name="Ada Lovelace", email="ada@buyer.test")


def wrong_code(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"


@pytest.fixture
def ada() -> Recipient:
    return recipient_of(make_sent_envelope(), "Ada")


class TestTheWay:
    def test_it_goes_step_by_step(self, ada: Recipient) -> None:
        visit = a_visit()
        assert enter(ada, visit).step == Step.CONSENT
        ceremonies.view_envelope(enter(ada, visit))
        ceremonies.give_consent(enter(ada, visit), current_consent().pk)
        assert enter(ada, visit).step == Step.CODE
        identifying.request_code(enter(ada, visit))
        identifying.confirm_code(enter(ada, visit), code_of(ada))
        assert enter(ada, visit).step == Step.DOCUMENT
        adopting.adopt_signature(enter(ada, visit), strokes=SQUIGGLE)
        for field in ada.fields.filter(kind="signature"):
            filling.fill_field(enter(ada, visit), field.pk, "on")
        ceremonies.sign(enter(ada, visit))
        assert enter(ada, visit).step == Step.DONE

    def test_the_log_tells_the_whole_way(self, ada: Recipient) -> None:
        sign_all(ada)
        kinds = EvidenceEntry.objects.filter(chain_id=ada.envelope.chain).order_by("seq")
        assert list(kinds.values_list("kind", flat=True)) == [
            "envelope.sent",
            "recipient.sent",
            "recipient.viewed",
            "recipient.consented",
            "recipient.code_sent",
            "recipient.authenticated",
            "recipient.adopted",
            "recipient.signed",
            "recipient.sent",
        ]

    def test_the_chain_names_nobody(self, ada: Recipient) -> None:
        sign_all(ada)
        told = " ".join(
            EvidenceEntry.objects.filter(chain_id=ada.envelope.chain, via="public").values_list(
                "canonical", flat=True
            )
        )
        assert "Signer 1" in told
        for personal in ("Ada", "ada@buyer.test", "203.0.113.7", "Mozilla"):
            assert personal not in told
        row = EvidenceDetail.objects.get(envelope=ada.envelope, kind="recipient.signed")
        assert row.details["ip"] == "203.0.113.7"

    def test_the_next_in_order_is_invited_after_the_first_signed(self) -> None:
        envelope = make_sent_envelope()
        grace = recipient_of(envelope, "Grace")
        assert grace.token_hash == ""
        sign_all(recipient_of(envelope, "Ada"))
        grace.refresh_from_db()
        assert grace.status == "sent"
        envelope.refresh_from_db()
        assert envelope.status == "in_progress"
        event = OutboxEvent.objects.get(name="recipient.signed")
        assert event.payload["role"] == "signer"

    def test_an_approver_approves_without_a_signature(self) -> None:
        envelope = make_sent_envelope(
            recipients=[
                NewRecipient(name="Boss", email="boss@x.test", role="approver", order=1),
                NewRecipient(name="Ada", email="ada@x.test", order=2),
                NewRecipient(name="File", email="file@x.test", role="cc"),
            ]
        )
        boss = recipient_of(envelope, "Boss")
        ceremonies.sign(identify(boss))
        boss.refresh_from_db()
        assert boss.status == "approved"
        assert recipient_of(envelope, "Ada").status == "sent"
        assert recipient_of(envelope, "File").status == "waiting"


class TestConsent:
    def test_it_names_the_version_and_hash_of_the_text(self, ada: Recipient) -> None:
        ceremonies.give_consent(enter(ada), current_consent().pk)
        ada.refresh_from_db()
        entry = EvidenceEntry.objects.get(kind="recipient.consented")
        assert ada.consent is not None
        assert entry.payload["sha256"] == ada.consent.sha256
        assert entry.payload["consent_version"] == ada.consent.version

    def test_only_the_text_in_force_counts(self, ada: Recipient) -> None:
        with pytest.raises(Conflict, match="text has changed"):
            ceremonies.give_consent(enter(ada), "0197f0c0-0000-7000-8000-000000000000")
        ada.refresh_from_db()
        assert ada.consented_at is None

    def test_the_same_text_is_one_version(self) -> None:
        assert current_consent().pk == current_consent().pk
        assert current_consent("xx").language == "en"


class TestCodes:
    def ready(self, recipient: Recipient) -> Any:
        visit = a_visit()
        ceremonies.give_consent(enter(recipient, visit), current_consent().pk)
        identifying.request_code(enter(recipient, visit))
        return visit

    def test_a_wrong_code_is_counted(self, ada: Recipient) -> None:
        visit = self.ready(ada)
        with pytest.raises(Invalid, match="4 more tries"):
            identifying.confirm_code(enter(ada, visit), wrong_code(code_of(ada)))
        assert OneTimeCode.objects.get().attempts == 1

    def test_the_fifth_wrong_try_ends_the_code(self, ada: Recipient) -> None:
        visit = self.ready(ada)
        right = code_of(ada)
        for _ in range(5):
            with pytest.raises(Invalid):
                identifying.confirm_code(enter(ada, visit), wrong_code(right))
        with pytest.raises(Invalid, match="expired"):
            identifying.confirm_code(enter(ada, visit), right)

    def test_three_used_up_codes_lock_until_the_sender_unlocks(self) -> None:
        sender = acting(make_user())
        envelope = make_sent_envelope(sender)
        ada = recipient_of(envelope, "Ada")
        visit = a_visit()
        ceremonies.give_consent(enter(ada, visit), current_consent().pk)
        for number in range(3):
            identifying.request_code(enter(ada, visit))
            right = code_of(ada)
            for _ in range(4):
                with pytest.raises(Invalid):
                    identifying.confirm_code(enter(ada, visit), wrong_code(right))
            with pytest.raises((Invalid, Conflict)) as refused:
                identifying.confirm_code(enter(ada, visit), wrong_code(right))
            assert isinstance(refused.value, Conflict) is (number == 2)
        assert enter(ada, visit).step == Step.LOCKED
        unlock_recipient(sender, envelope.pk, ada.pk)
        assert enter(ada, visit).step == Step.CODE

    def test_a_code_works_in_the_browser_that_asked(self, ada: Recipient) -> None:
        self.ready(ada)
        with pytest.raises(Invalid):
            identifying.confirm_code(enter(ada, a_visit()), code_of(ada))

    def test_another_browser_must_confirm_again(self, ada: Recipient) -> None:
        identify(ada)
        assert enter(ada, a_visit()).step == Step.CODE

    def test_a_confirmation_lasts_half_a_day(self, ada: Recipient) -> None:
        visit = a_visit()
        identify(ada, visit)
        Recipient.objects.filter(pk=ada.pk).update(verified_at=timezone.now() - timedelta(hours=13))
        assert enter(ada, visit).step == Step.CODE

    def test_the_fourth_code_in_a_quarter_of_an_hour_is_refused(self, ada: Recipient) -> None:
        visit = self.ready(ada)
        for _ in range(2):
            identifying.request_code(enter(ada, visit))
        with pytest.raises(Conflict, match="15 minutes"):
            identifying.request_code(enter(ada, visit))
        assert OutboundMessage.objects.filter(purpose="signing.code").count() == 3

    @pytest.mark.slow
    def test_an_address_gets_ten_codes_a_day_over_all_envelopes(self, ada: Recipient) -> None:
        self.ready(ada)
        known = OneTimeCode.objects.get()
        for _ in range(9):
            known.pk = None
            OneTimeCode.objects.create(
                recipient=recipient_of(make_sent_envelope(), "Ada"),
                destination_hash=known.destination_hash,
                session_hash="x",
                code_hash="x",
                expires_at=known.expires_at,
            )
        other = recipient_of(make_sent_envelope(), "Ada")
        ceremonies.give_consent(enter(other), current_consent().pk)
        with pytest.raises(Conflict, match="tomorrow"):
            identifying.request_code(enter(other))

    def test_a_code_expires_after_ten_minutes(self, ada: Recipient) -> None:
        visit = self.ready(ada)
        OneTimeCode.objects.update(expires_at=timezone.now())
        with pytest.raises(Invalid, match="expired"):
            identifying.confirm_code(enter(ada, visit), code_of(ada))

    def test_the_code_is_kept_as_a_keyed_hash(self, ada: Recipient) -> None:
        self.ready(ada)
        assert code_of(ada) not in str(vars(OneTimeCode.objects.get()))
        assert OutboundMessage.objects.get(purpose="signing.code").is_sensitive


class TestFields:
    def place(self, *fields: NewField) -> Recipient:
        return recipient_of(make_sent_envelope(recipients=[ADA], fields=fields), "Ada")

    def field(self, kind: str, y: float = 0.3, **values: Any) -> NewField:
        return NewField(recipient=1, kind=kind, box=Box(0.1, y, 0.3, 0.05), **values)

    def test_what_is_missing_is_named(self) -> None:
        ada = self.place(self.field("signature"), self.field("text", 0.5, label="Job title"))
        ceremony = identify(ada)
        with pytest.raises(Invalid) as refused:
            ceremonies.sign(ceremony)
        assert refused.value.message == (
            "Signature on page 1 is missing. Job title on page 1 is missing."
        )
        ada.refresh_from_db()
        assert ada.signed_at is None

    def test_values_are_kept_for_later(self) -> None:
        ada = self.place(self.field("signature"), self.field("text", 0.5))
        text = ada.fields.get(kind="text")
        filling.fill_field(identify(ada), text.pk, "Chief of staff")
        text.refresh_from_db()
        assert text.value == "Chief of staff"

    def test_a_signature_needs_an_adopted_one(self) -> None:
        ada = self.place(self.field("signature"))
        with pytest.raises(Invalid, match="Choose your signature first"):
            filling.fill_field(identify(ada), ada.fields.get().pk, "on")

    def test_name_and_mail_are_filled_in_and_can_be_corrected(self) -> None:
        ada = self.place(self.field("signature"), self.field("name", 0.5), self.field("email", 0.6))
        assert ada.fields.get(kind="name").value == "Ada Lovelace"
        sign_all(ada, values={str(ada.fields.get(kind="name").pk): "A. Lovelace"})
        assert ada.fields.get(kind="name").value == "A. Lovelace"

    def test_the_date_is_that_of_signing_whatever_is_sent(self) -> None:
        ada = self.place(self.field("signature"), self.field("date_signed", 0.5))
        date = ada.fields.get(kind="date_signed")
        sign_all(ada, values={str(date.pk): "1999-01-01"})
        date.refresh_from_db()
        assert date.value == f"{timezone.now():%Y-%m-%d}"

    def test_another_s_field_is_not_there(self) -> None:
        envelope = make_sent_envelope(
            recipients=[ADA, NewRecipient(name="Grace", email="grace@x.test")]
        )
        foreign = EnvelopeField.objects.filter(recipient=recipient_of(envelope, "Grace")).first()
        assert foreign is not None
        with pytest.raises(NotFound):
            filling.fill_field(identify(recipient_of(envelope, "Ada")), foreign.pk, "on")

    def test_after_signing_nothing_changes(self, ada: Recipient) -> None:
        from django.db import IntegrityError, transaction

        visit = a_visit()
        ceremony = identify(ada, visit)
        adopting.adopt_signature(ceremony, text="Ada Lovelace")
        field = ada.fields.get(kind="signature")
        filling.fill_field(ceremony, field.pk, "on")
        ceremonies.sign(ceremony)
        for act in (
            lambda: filling.fill_field(enter(ada, visit), field.pk, ""),
            lambda: adopting.adopt_signature(enter(ada, visit), text="Other"),
            lambda: ceremonies.sign(enter(ada, visit)),
            lambda: ceremonies.decline(enter(ada, visit), reason="Changed my mind"),
        ):
            with pytest.raises(Conflict):
                act()
        with pytest.raises(IntegrityError), transaction.atomic():
            EnvelopeField.objects.filter(pk=field.pk).update(value="forged")


class TestDeclining:
    def test_it_ends_the_envelope_for_all(self) -> None:
        envelope = make_sent_envelope(
            recipients=[ADA, NewRecipient(name="Grace", email="grace@x.test")]
        )
        ceremonies.decline(enter(recipient_of(envelope, "Ada")), reason="The price is wrong.")
        envelope.refresh_from_db()
        assert envelope.status == "declined"
        assert enter(recipient_of(envelope, "Grace")).step == Step.CLOSED
        assert OutboxEvent.objects.get(name="envelope.declined").payload["reason"] == (
            "The price is wrong."
        )
        # Why, is for the sender alone.
        told = OutboundMessage.objects.get(purpose="signing.declined", to="grace@x.test")
        assert "price" not in told.text

    def test_it_needs_a_reason(self, ada: Recipient) -> None:
        with pytest.raises(Invalid, match="Say why"):
            ceremonies.decline(enter(ada), reason="  ")

    def test_asking_for_paper_withdraws_the_consent(self, ada: Recipient) -> None:
        visit = a_visit()
        identify(ada, visit)
        ceremonies.decline(enter(ada, visit), reason="", wants_paper=True)
        ada.refresh_from_db()
        assert ada.consent_withdrawn_at is not None
        assert EvidenceEntry.objects.filter(kind="recipient.consent_withdrawn").exists()


class TestLinks:
    @pytest.mark.parametrize("token", ["", "x", "a" * 43, "../../etc/passwd", "a" * 500])
    def test_an_unknown_link_says_nothing(self, token: str) -> None:
        with pytest.raises(NotFound, match="This link is not valid"):
            open_ceremony(token, a_visit())

    def test_a_link_to_a_voided_envelope_acts_no_more(self) -> None:
        sender = acting(make_user())
        envelope = make_sent_envelope(sender)
        ada = recipient_of(envelope, "Ada")
        visit = a_visit()
        ceremony = identify(ada, visit)
        void_envelope(sender, envelope.pk, reason="Wrong document")
        for act in (
            lambda: ceremonies.sign(ceremony),
            lambda: adopting.adopt_signature(ceremony, text="Ada"),
            lambda: ceremonies.decline(ceremony, reason="Late"),
        ):
            with pytest.raises(Conflict):
                act()

    def test_a_binned_envelope_has_no_links(self, ada: Recipient) -> None:
        token = token_of(ada)
        Envelope.objects.filter(pk=ada.envelope_id).update(deleted_at=timezone.now())
        with pytest.raises(NotFound):
            open_ceremony(token, a_visit())

    def test_a_link_alone_suffices_where_the_sender_said_so(self) -> None:
        envelope = make_sent_envelope(
            recipients=[NewRecipient(name="Ada", email="a@x.test", identity_method="email_link")]
        )
        ada = recipient_of(envelope, "Ada")
        ceremonies.give_consent(enter(ada), current_consent().pk)
        assert enter(ada).step == Step.DOCUMENT


def test_the_code_mail_says_how_long_it_is_valid(ada: Recipient) -> None:
    visit = a_visit()
    ceremonies.give_consent(enter(ada, visit), current_consent().pk)
    identifying.request_code(enter(ada, visit))
    text = OutboundMessage.objects.get(purpose="signing.code").text
    assert re.search(r"Your code is \d{6}\. It is valid for 10 minutes\.", text)


def test_a_document_of_several_pages_and_anchors_is_signed_by_both() -> None:
    envelope = make_sent_envelope(
        documents=[
            NewDocument(
                name="A.pdf", content=make_pdf("{{sign:1}} {{date:1}}", "{{sign:2}} {{initials:2}}")
            ),
            NewDocument(name="B.pdf", content=make_pdf("{{initials:1}}", pages=1)),
        ]
    )
    sign_all(recipient_of(envelope, "Ada"))
    sign_all(recipient_of(envelope, "Grace"), typed="Grace Hopper")
    envelope.refresh_from_db()
    assert envelope.status == "sealing"
