"""Redlines of the sender in what is sent: words, log, certificate, fonts and pictures."""

from __future__ import annotations

import hashlib

import pytest

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.events.models import OutboxEvent
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.files.services import read_file
from dealwright.signing.documents import fonts
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.reading import all_text, page_text
from dealwright.signing.envelopes.certificate import evidence_rows
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.placing import add_field
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.redlines import services
from dealwright.signing.redlines.models import Redline
from dealwright.signing.redlines.queries import changes_of
from dealwright.signing.redlines.room import overlaps
from dealwright.signing.redlines.services import NewRedline
from signing.make import make_envelope, make_pdf, recipient_of, sign_all
from signing.redlines.make import (
    at_words,
    is_red,
    make_scan,
    make_terms,
    prepared,
    strike,
)

pytestmark = pytest.mark.django_db
UNKNOWN = "0197f2c0-0000-7000-8000-000000000000"


# ---- On sending ----


def test_what_is_sent_holds_the_redlines(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "thirty (30) days", replace="sixty (60) days")
    before = draft.documents.get()
    plain = read_file(before.prepared)
    send_envelope(actor, draft.pk)
    document = draft.documents.get()
    redlined = read_file(document.prepared)
    # Seen: red through the words, which stay legible, and red text where it was planned.
    assert is_red(plain, 0, row.lines[0]) == 0
    assert 0.05 < is_red(redlined, 0, row.lines[0]) < 0.4
    assert row.written_in is not None
    assert is_red(redlined, 0, row.written_in) > 0.03
    assert is_red(redlined, 1, Box(0, 0, 1, 1)) == 0
    # Found, struck and inserted alike.
    assert "thirty (30) days" in page_text(redlined, 0)
    assert "sixty (60) days" in page_text(redlined, 0)
    # Part of what is agreed to.
    assert document.prepared_sha256 == hashlib.sha256(redlined).hexdigest()
    assert document.prepared_sha256 != before.prepared_sha256
    assert document.original_sha256 == before.original_sha256
    # Heard.
    told = " ".join(document.texts[0].split())
    assert (
        "within [struck out: thirty (30) days] [inserted: sixty (60) days] after receipt." in told
    )
    assert "struck" not in document.texts[1]
    assert len(document.texts) == document.page_count == 3  # with the page for signatures


def test_what_is_heard_is_in_the_language_of_the_envelope(actor: Actor) -> None:
    envelope = make_terms(actor, language="de")
    strike(actor, envelope, "two years", replace="drei Jahre")
    strike(actor, envelope, "one year", insert_before="ein")
    send_envelope(actor, envelope.pk)
    told = " ".join(envelope.documents.get().texts[0].split())
    assert "runs for [gestrichen: two years] [eingefügt: drei Jahre] and" in told
    assert "renews for [eingefügt: ein] one year." in told


def test_the_log_tells_who_struck_and_inserted_what(actor: Actor, draft: Envelope) -> None:
    strike(actor, draft, "thirty (30) days", replace="sixty (60) days")
    strike(actor, draft, "two years", occurrence=2)
    send_envelope(actor, draft.pk)
    entries = list(EvidenceEntry.objects.filter(chain_id=draft.chain).order_by("seq")[:2])
    assert [each.kind for each in entries] == ["envelope.sent", "envelope.redlined"]
    sent_hashes = [each.prepared_sha256 for each in draft.documents.all()]
    assert entries[0].payload["documents"] == sent_hashes
    assert entries[1].payload["documents"] == sent_hashes
    assert entries[1].payload["count"] == 2
    assert "sixty" not in str(entries[1].payload)
    row = evidence_rows(draft)[1]
    plain = row["text"].translate({0x2068: None, 0x2069: None})
    assert plain == (
        "Words struck out and inserted by the sender: Terms.pdf, page 1, “thirty (30) days” struck "
        "out, “sixty (60) days” inserted, by Rita Rep; Terms.pdf, page 2, “two years” struck out, "
        "by Rita Rep"
    )
    told = OutboxEvent.objects.get(name="envelope.redlined").payload
    assert told["count"] == 2
    assert told["documents"] == [str(draft.documents.get().pk)]
    assert verify_envelope(draft).ok
    assert all(each.fixed_at for each in Redline.objects.all())


def test_without_redlines_nothing_is_told(actor: Actor, draft: Envelope) -> None:
    send_envelope(actor, draft.pk)
    assert not OutboxEvent.objects.filter(name="envelope.redlined").exists()
    assert changes_of(draft) == []


def test_the_sealed_file_and_the_certificate_hold_them(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "thirty (30) days", replace="sixty (60) days", note="As agreed")
    send_envelope(actor, draft.pk)
    sign_all(recipient_of(draft, "Ada"))
    sign_all(recipient_of(draft, "Grace"))
    assert seal_envelope(draft.pk)
    draft.refresh_from_db()
    document = draft.documents.get()
    assert document.sealed is not None and draft.certificate is not None
    sealed = read_file(document.sealed)
    assert is_red(sealed, 0, row.lines[0]) > 0.05
    assert "sixty (60) days" in page_text(sealed, 0)
    certificate = " ".join(" ".join(all_text(read_file(draft.certificate))).split())
    assert "Changes made by the sender before sending" in certificate
    assert "Terms.pdf, page 1: “thirty (30) days” struck out, “sixty (60) days” inserted" in (
        certificate.translate({0x2068: None, 0x2069: None})
    )
    assert "As agreed" in certificate


def test_a_field_over_inserted_text_keeps_the_draft(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "two years", replace="three years")
    place = row.written_in
    assert place is not None
    field = add_field(
        actor,
        draft.pk,
        document_id=draft.documents.get().pk,
        recipient_id=recipient_of(draft, "Ada").pk,
        kind="text",
        page=1,
        x=(place.x + place.w / 2) * 100,
        y=(place.y + place.h / 2) * 100,
        label="PO number",
    )
    with pytest.raises(Invalid, match=r"page 1: the field “PO number” lies on text"):
        send_envelope(actor, draft.pk)
    field.delete()
    send_envelope(actor, draft.pk)


def test_inserted_text_makes_way_for_fields_that_are_there(actor: Actor, draft: Envelope) -> None:
    first = strike(actor, draft, "two years", replace="three years")
    place = first.written_in
    assert place is not None
    services.remove_redline(actor, draft.pk, first.pk)
    field = add_field(
        actor,
        draft.pk,
        document_id=draft.documents.get().pk,
        recipient_id=recipient_of(draft, "Ada").pk,
        kind="text",
        page=1,
        x=(place.x + place.w / 2) * 100,
        y=(place.y + place.h / 2) * 100,
    )
    again = strike(actor, draft, "two years", replace="three years").written_in
    assert again is not None
    assert not overlaps(again, Box(field.x, field.y, field.w, field.h))


def test_marks_in_struck_text_stay_fields(actor: Actor) -> None:
    text = "Signed by the customer: {{sign:1}} on {{date:1}} in the city of Berlin."
    terms = NewDocument(name="Terms.pdf", content=make_pdf(text))
    envelope = make_envelope(actor, documents=[terms])
    with pytest.raises(Invalid, match="does not occur"):
        strike(actor, envelope, "{{sign:1}}")
    row = strike(actor, envelope, "customer: on in the city")
    assert row.struck == "customer: on in the city"
    kinds = sorted(envelope.documents.get().fields.values_list("kind", flat=True))
    assert kinds == ["date_signed", "signature"]
    send_envelope(actor, envelope.pk)
    told = envelope.documents.get().texts[0]
    assert "[struck out: customer: on in the city]" in told
    assert "{{" not in told


@pytest.mark.parametrize(
    "text", ["ثلاثون يوما", "שלושים יום", "три месяца", "ενενήντα ημέρες", "ไทย"]
)
def test_any_script_with_a_font_is_inserted(actor: Actor, draft: Envelope, text: str) -> None:
    if fonts.drawable(text) != text:
        pytest.skip("no font for this script here")
    strike(actor, draft, "two years", replace=text)
    send_envelope(actor, draft.pk)
    assert f"[inserted: {text}]" in draft.documents.get().texts[0]


def test_characters_without_a_font_are_refused(actor: Actor, draft: Envelope) -> None:
    text = "三十天"
    if fonts.drawable(text) == text:
        strike(actor, draft, "two years", replace=text)
        send_envelope(actor, draft.pk)
        assert f"[inserted: {text}]" in draft.documents.get().texts[0]
        return
    with pytest.raises(Invalid, match="No font here can show “三十天”"):
        strike(actor, draft, "two years", replace=text)


# ---- Pictures ----


def test_a_scan_is_struck_as_a_picture(actor: Actor) -> None:
    scan = NewDocument(name="Scan.pdf", content=make_scan())
    envelope = make_envelope(actor, documents=[scan])
    document = str(envelope.documents.get().pk)
    with pytest.raises(Invalid, match="This page is a picture: draw a box over what is meant"):
        services.add_redline(actor, envelope.pk, at_words(envelope))
    for box in (
        [0.1, 0.2, 0.95, 0.05],
        [0.1, 0.2, 0, 0.05],
        [0.1, 0.2, "x", 1],
        [-0.1, 0, 0.5, 0.5],
    ):
        with pytest.raises(Invalid, match="The box must lie on the page"):
            services.add_redline(actor, envelope.pk, NewRedline(document=document, page=1, box=box))
    struck = services.add_redline(
        actor,
        envelope.pk,
        NewRedline(document=document, page=1, box=[0.1, 0.27, 0.75, 0.035], inserted="See annex"),
    )
    written = services.add_redline(
        actor,
        envelope.pk,
        NewRedline(
            document=document, page=1, box=[0.1, 0.6, 0.5, 0.04], strikes=False,
            inserted="Berlin is agreed",
        ),
    )  # fmt: skip
    assert struck.is_picture and written.is_picture
    with pytest.raises(Invalid, match="The text does not fit into the box"):
        services.change_redline(actor, envelope.pk, written.pk, {"inserted": "long " * 90})
    assert [each["said"] for each in changes_of(envelope)] == [
        "a part of the picture of the page struck out, “See annex” inserted",
        "“Berlin is agreed” written into the picture of the page",
    ]
    send_envelope(actor, envelope.pk)
    sent = prepared(envelope)
    assert is_red(sent, 0, struck.lines[0]) > 0.01
    assert "Berlin is agreed" in page_text(sent, 0)
    assert envelope.documents.get().texts[0] == (
        "[a part of the picture is struck out] [inserted: See annex]\n[inserted: Berlin is agreed]"
    )
