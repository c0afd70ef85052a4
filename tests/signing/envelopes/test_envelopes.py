"""Envelopes: drafts, sending, order, voiding, expiry, reminders, and who may see them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.make import make_opportunity
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.files.services import read_file
from dealwright.base.jobs.due import run_pollers
from dealwright.base.messaging.models import Notice, OutboundMessage
from dealwright.base.people.models import Profile
from dealwright.base.records.services import delete_record, update_record
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.reading import all_text
from dealwright.signing.envelopes.drafts import NewDocument, NewField, NewRecipient
from dealwright.signing.envelopes.models import Envelope, EnvelopeDocument
from dealwright.signing.envelopes.services import (
    remind_recipients,
    send_envelope,
    unlock_recipient,
    void_envelope,
)
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.make import (
    enter,
    make_envelope,
    make_pdf,
    make_sent_envelope,
    recipient_of,
    sign_all,
    token_of,
)

pytestmark = pytest.mark.django_db

ADA = NewRecipient(name="Ada Lovelace", email="ada@buyer.test")


def wrong(**fields: Any) -> Invalid:
    with pytest.raises(Invalid) as refused:
        make_envelope(**fields)
    return refused.value


def mails(purpose: str) -> list[str]:
    return list(
        OutboundMessage.objects.filter(purpose=purpose).order_by("id").values_list("to", flat=True)
    )


class TestDrafts:
    def test_a_draft_keeps_the_original_and_what_will_be_shown(self) -> None:
        content = make_pdf("The order.")
        envelope = make_envelope(documents=[NewDocument(name="Order.pdf", content=content)])
        document = envelope.documents.get()
        assert envelope.status == "draft"
        assert read_file(document.original) == content
        assert "The order." in all_text(read_file(document.prepared))[0]
        assert document.original_sha256 != document.prepared_sha256

    def test_every_wrong_place_is_named_at_once(self) -> None:
        error = wrong(
            title=" ",
            recipients=[
                NewRecipient(name="", email="nobody"),
                NewRecipient(name="B", email="b@x.test", role="king"),
            ],
        )
        assert set(error.fields) == {"title", "recipients.1", "recipients.2"}
        assert "is not an e-mail address" in " ".join(error.fields["recipients.1"])

    def test_a_document_that_is_none_is_named(self) -> None:
        error = wrong(documents=[NewDocument(name="plan.pdf", content=b"hello")])
        assert error.message.startswith("plan.pdf: This is not a PDF file.")
        assert Envelope.objects.count() == 0

    def test_it_needs_a_document_and_someone_who_acts(self) -> None:
        error = wrong(
            documents=[], recipients=[NewRecipient(name="C", email="c@x.test", role="cc")]
        )
        assert set(error.fields) == {"documents", "recipients"}

    def test_fields_off_the_page_are_refused(self) -> None:
        error = wrong(
            recipients=[ADA],
            fields=[
                NewField(recipient=1, kind="signature", box=Box(0.9, 0.5, 0.3, 0.1)),
                NewField(recipient=2, kind="text", box=Box(0.1, 0.5, 0.3, 0.1)),
                NewField(recipient=1, kind="text", page=7, box=Box(0.1, 0.5, 0.3, 0.1)),
            ],
        )
        assert error.fields == {
            "fields.1": ["Field 1 does not lie on its page."],
            "fields.2": ["Field 2 belongs to recipient 2, who is not there."],
            "fields.3": ["Field 3 is on page 7, which is not there."],
        }

    def test_anchors_in_the_document_place_fields(self) -> None:
        envelope = make_envelope(
            documents=[
                NewDocument(
                    name="Order.pdf",
                    content=make_pdf("{{sign:1}} {{date:1}}", "{{sign:2}} {{text?:2:Job title}}"),
                )
            ]
        )
        placed = [
            (field.recipient.name.split()[0], field.kind, field.required)
            for field in EnvelopeField.objects.order_by("position").select_related("recipient")
        ]
        assert placed == [
            ("Ada", "signature", True),
            ("Ada", "date_signed", True),
            ("Grace", "signature", True),
            ("Grace", "text", False),
        ]
        document = envelope.documents.get()
        assert document.page_count == 1

    def test_an_anchor_for_nobody_is_refused(self) -> None:
        error = wrong(documents=[NewDocument(name="Order.pdf", content=make_pdf("{{sign:3}}"))])
        assert "asks for signer 3 on page 1, but 2 sign" in error.message

    def test_a_subject_must_be_visible_to_the_sender(self) -> None:
        deal = make_opportunity(owner=make_user())
        with pytest.raises(NotFound):
            make_envelope(acting(make_user()), subject=("opportunity", deal.pk))
        envelope = make_envelope(acting(deal.owner), subject=("opportunity", deal.pk))
        assert (envelope.subject_object, envelope.subject_id) == ("opportunity", deal.pk)

    def test_a_draft_can_be_changed_and_binned_but_not_what_was_sent(self) -> None:
        actor = acting(make_user())
        draft = make_envelope(actor)
        update_record(actor, "envelope", draft.pk, {"title": "Better title"})
        delete_record(actor, "envelope", draft.pk)
        sent = make_sent_envelope(actor)
        with pytest.raises(Conflict):
            update_record(actor, "envelope", sent.pk, {"title": "Other"})
        with pytest.raises(Conflict):
            delete_record(actor, "envelope", sent.pk)

    def test_a_read_only_user_sends_nothing(self) -> None:
        with pytest.raises(NotAllowed):
            make_envelope(acting(make_user(profile=Profile.READ_ONLY)))


class TestSending:
    def test_those_without_a_place_to_sign_get_a_page_for_signatures(self) -> None:
        envelope = make_sent_envelope()
        document = envelope.documents.get()
        assert document.page_count == 2
        assert [
            (field.recipient.name, field.kind, field.page)
            for field in document.fields.select_related("recipient").order_by("position")
        ] == [
            ("Ada Lovelace", "signature", 1),
            ("Ada Lovelace", "date_signed", 1),
            ("Grace Hopper", "signature", 1),
            ("Grace Hopper", "date_signed", 1),
        ]
        assert "Signatures" in all_text(read_file(document.prepared))[1]

    def test_the_first_in_order_is_invited_alone(self) -> None:
        envelope = make_sent_envelope()
        assert mails("signing.invitation") == ["ada@buyer.test"]
        assert envelope.status == "sent"
        assert [each.status for each in envelope.recipients.all()] == ["sent", "waiting"]

    def test_equal_order_is_invited_together(self) -> None:
        make_sent_envelope(recipients=[ADA, NewRecipient(name="Grace", email="grace@seller.test")])
        assert mails("signing.invitation") == ["ada@buyer.test", "grace@seller.test"]

    def test_it_is_sent_once(self) -> None:
        actor = acting(make_user())
        envelope = make_sent_envelope(actor)
        with pytest.raises(Conflict, match="sent already"):
            send_envelope(actor, envelope.pk)

    def test_the_link_is_kept_as_a_hash_alone(self) -> None:
        recipient = recipient_of(make_sent_envelope(), "Ada")
        token = token_of(recipient)
        assert len(token) >= 43
        assert token not in str(vars(recipient))
        assert len(recipient.token_hash) == 64

    def test_a_title_with_line_breaks_makes_no_header(self) -> None:
        make_sent_envelope(title="Order\nBcc: all@x.test")
        message = OutboundMessage.objects.get(purpose="signing.invitation")
        assert "\n" not in message.subject
        assert message.cc == []

    def test_the_event_names_the_subject(self) -> None:
        deal = make_opportunity(owner=make_user())
        envelope = make_sent_envelope(acting(deal.owner), subject=("opportunity", deal.pk))
        event = OutboxEvent.objects.get(name="envelope.sent")
        assert event.payload["subject_id"] == str(deal.pk)
        assert event.record_id == envelope.pk

    def test_the_database_keeps_what_was_sent(self) -> None:
        document = make_sent_envelope().documents.get()
        with pytest.raises(IntegrityError), transaction.atomic():
            EnvelopeDocument.objects.filter(pk=document.pk).update(prepared_sha256="0" * 64)
        with pytest.raises(IntegrityError), transaction.atomic():
            EnvelopeDocument.objects.filter(pk=document.pk).delete()


class TestEnding:
    def test_voiding_tells_who_was_invited(self) -> None:
        actor = acting(make_user())
        envelope = make_sent_envelope(actor)
        void_envelope(actor, envelope.pk, reason="The price changed.")
        envelope.refresh_from_db()
        assert envelope.status == "voided"
        assert mails("signing.voided") == ["ada@buyer.test"]
        assert enter(recipient_of(envelope, "Ada")).step == Step.CLOSED
        assert OutboxEvent.objects.get(name="envelope.voided").payload["reason"]

    def test_voiding_needs_a_reason_and_an_open_envelope(self) -> None:
        actor = acting(make_user())
        envelope = make_envelope(actor)
        with pytest.raises(Invalid):
            void_envelope(actor, envelope.pk, reason=" ")
        with pytest.raises(Conflict):
            void_envelope(actor, envelope.pk, reason="Never sent.")

    def test_a_reminder_brings_a_new_link_and_ends_the_old_one(self) -> None:
        actor = acting(make_user())
        envelope = make_sent_envelope(actor)
        recipient = recipient_of(envelope, "Ada")
        first = token_of(recipient)
        assert remind_recipients(actor, envelope.pk) == 1
        assert mails("signing.reminder") == ["ada@buyer.test"]
        assert token_of(recipient) != first
        from dealwright.signing.ceremonies.steps import open_ceremony
        from signing.make import a_visit

        with pytest.raises(NotFound, match="was replaced"):
            open_ceremony(first, a_visit())

    def test_reminders_go_out_by_themselves(self) -> None:
        envelope = make_sent_envelope(remind_every_days=3)
        run_pollers()
        assert mails("signing.reminder") == []
        Envelope.objects.filter(pk=envelope.pk).update(remind_at=timezone.now())
        run_pollers()
        run_pollers()
        assert mails("signing.reminder") == ["ada@buyer.test"]
        envelope.refresh_from_db()
        assert envelope.remind_at is not None
        assert envelope.remind_at > timezone.now() + timedelta(days=2)

    def test_it_expires_by_itself_and_says_so(self) -> None:
        envelope = make_sent_envelope()
        Envelope.objects.filter(pk=envelope.pk).update(expires_at=timezone.now())
        assert enter(recipient_of(envelope, "Ada")).step == Step.CLOSED
        run_pollers()
        envelope.refresh_from_db()
        assert envelope.status == "expired"
        assert mails("signing.expired") == ["ada@buyer.test"]
        assert Notice.objects.filter(user=envelope.owner, title__contains="expired").exists()
        assert verify_envelope(envelope).ok


class TestAccess:
    def test_envelopes_are_seen_by_the_registry_s_rules(self) -> None:
        owner, other, legal = make_user(), make_user(), make_user(profile=Profile.LEGAL)
        envelope = make_envelope(acting(owner))
        assert get_visible(acting(owner), "envelope", envelope.pk) == envelope
        assert get_visible(acting(legal), "envelope", envelope.pk) == envelope
        with pytest.raises(NotFound):
            get_visible(acting(other), "envelope", envelope.pk)

    def test_another_s_envelope_is_neither_sent_nor_voided_nor_reminded(self) -> None:
        stranger = acting(make_user())
        draft, sent = make_envelope(), make_sent_envelope()
        for act in (
            lambda: send_envelope(stranger, draft.pk),
            lambda: void_envelope(stranger, sent.pk, reason="Mine"),
            lambda: remind_recipients(stranger, sent.pk),
            lambda: unlock_recipient(stranger, sent.pk, recipient_of(sent, "Ada").pk),
        ):
            with pytest.raises(NotFound):
                act()

    def test_the_mails_with_links_are_for_administrators_alone(self) -> None:
        from dealwright.base.messaging.outbox import visible_messages

        owner = make_user()
        make_sent_envelope(acting(owner))
        assert not visible_messages(acting(owner)).filter(purpose="signing.invitation").exists()


def test_the_evidence_verifies_and_a_changed_detail_is_found() -> None:
    from dealwright.signing.evidence.models import EvidenceDetail

    envelope = make_sent_envelope()
    sign_all(recipient_of(envelope, "Ada"))
    assert verify_envelope(envelope).ok
    row = EvidenceDetail.objects.get(envelope=envelope, kind="recipient.signed")
    EvidenceDetail.objects.filter(pk=row.pk).update(details={**row.details, "ip": "198.51.100.1"})
    result = verify_envelope(envelope)
    assert not result.ok
    assert result.problems[0].seq == row.seq
