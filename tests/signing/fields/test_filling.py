"""Fields of every kind from the draft to the sealed document."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from PIL import Image, ImageDraw

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.files.services import read_file
from dealwright.base.jobs.running import run_jobs
from dealwright.signing.ceremonies import adopting, filling
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.reading import all_text, region_pixels
from dealwright.signing.envelopes import placing
from dealwright.signing.envelopes.drafts import NewDocument, NewField, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.make import (
    SQUIGGLE,
    identify,
    make_envelope,
    make_pdf,
    make_sent_envelope,
    recipient_of,
    sign_all,
)

pytestmark = pytest.mark.django_db(transaction=True)


def make_picture(form: str = "PNG") -> bytes:
    """Dark ink on light paper."""
    picture = Image.new("RGB", (400, 160), "#f4f1e8")
    ImageDraw.Draw(picture).line([(40, 120), (120, 30), (200, 130), (340, 50)], "#101020", 7)
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def row(number: int) -> Box:
    return Box(0.1, 0.15 + 0.05 * number, 0.4, 0.03)


def make_form(**fields: object) -> Envelope:
    """Ada fills one field of every kind; Grace signs after her."""
    placed = [
        NewField(recipient=1, kind="signature", box=Box(0.1, 0.8, 0.4, 0.08)),
        NewField(recipient=1, kind="text", label="Company", box=row(0), required=False),
        NewField(recipient=1, kind="number", label="Seats", box=row(1), checks={"places": 0}),
        NewField(recipient=1, kind="number", label="Price", box=row(2), value="19.99",
                 read_only=True),
        NewField(recipient=1, kind="formula", label="Total", box=row(3), formula="seats * price"),
        NewField(recipient=1, kind="date", label="Start", box=row(4)),
        NewField(recipient=1, kind="dropdown", label="Plan", box=row(5),
                 options=["Basic", "Firm"]),
        NewField(recipient=1, kind="multi_select", label="Extras", box=row(6), required=False,
                 options=["Support", "Training"]),
        NewField(recipient=1, kind="radio", label="Pays", option="Monthly",
                 box=Box(0.6, 0.2, 0.03, 0.02)),
        NewField(recipient=1, kind="radio", label="Pays", option="Yearly",
                 box=Box(0.6, 0.25, 0.03, 0.02)),
        NewField(recipient=1, kind="checkbox", label="Has PO", required=False,
                 box=Box(0.6, 0.3, 0.03, 0.02)),
        NewField(recipient=1, kind="text", label="PO number", box=row(7), condition="has_po",
                 checks={"pattern": "PO-[0-9]{4}"}),
        NewField(recipient=1, kind="attachment", label="Licence", box=row(8)),
        NewField(recipient=1, kind="stamp", label="Company stamp", box=Box(0.6, 0.5, 0.2, 0.1)),
        NewField(recipient=2, kind="signature", box=Box(0.55, 0.8, 0.4, 0.08)),
    ]  # fmt: skip
    return make_sent_envelope(**{"fields": placed, **fields})


def values_of(envelope: Envelope) -> dict[str, str]:
    fields = EnvelopeField.objects.filter(document__envelope=envelope)
    return {each.title: each.value for each in fields}


def test_every_kind_is_filled_checked_and_written_into_the_document() -> None:
    envelope = make_form()
    ada = recipient_of(envelope, "Ada")
    ceremony = identify(ada)
    by_title = {each.title: each for each in ada.fields.all()}

    def put(title: str, value: str) -> None:
        filling.fill_field(ceremony, by_title[title].pk, value)

    with pytest.raises(Invalid) as caught:
        ceremonies.sign(ceremony)
    missing = set(caught.value.fields)
    assert missing == {
        str(by_title[title].pk)
        for title in ("Signature", "Seats", "Start", "Plan", "Licence", "Company stamp",
                      "Pays: Monthly")
    }  # fmt: skip

    put("Seats", "12")
    assert values_of(envelope)["Total"] == "239.88"
    put("Start", "2027-03-01")
    put("Plan", "Firm")
    put("Extras", "Training\nSupport")
    put("Pays: Yearly", "on")
    put("Has PO", "on")
    for title, wrong in (
        ("Price", "1"),
        ("Seats", "1.5"),
        ("Plan", "Gold"),
        ("Pays: Monthly", "Weekly"),
        ("Licence", "something"),
        ("PO number", "PO-12"),
    ):
        with pytest.raises(Invalid):
            put(title, wrong)
    with pytest.raises(Invalid, match="PO number on page 1 is missing"):
        ceremonies.sign(ceremony)
    put("PO number", "PO-1234")
    licence = make_pdf("A trade licence.")
    filling.attach_file(ceremony, by_title["Licence"].pk, name="licence.pdf", content=licence)
    filling.attach_file(
        ceremony, by_title["Company stamp"].pk, name="stamp.jpg", content=make_picture("JPEG")
    )
    adopting.adopt_signature(ceremony, picture=make_picture())
    put("Signature", "on")
    ceremonies.sign(ceremony)

    with pytest.raises(Conflict):
        put("Company", "Too late")
    sign_all(recipient_of(envelope, "Grace"))
    run_jobs()
    document = envelope.documents.get()
    sealed = read_file(document.sealed)
    text = " ".join(all_text(sealed)[0].split())
    for said in ("12", "239.88", "2027-03-01", "Firm", "Support, Training", "PO-1234"):
        assert said in text
    digest = hashlib.sha256(licence).hexdigest()
    assert f"Attached: licence.pdf · SHA-256 {digest[:16]}" in text
    before = read_file(document.prepared)
    drawn = {"Pays: Yearly": True, "Pays: Monthly": False, "Company stamp": True, "Signature": True}
    for title, is_drawn in drawn.items():
        field = by_title[title]
        box = Box(field.x, field.y, field.w, field.h)
        changed = region_pixels(before, 0, box) != region_pixels(sealed, 0, box)
        assert changed is is_drawn, title
    attached = EvidenceDetail.objects.filter(envelope=envelope, details__name="licence.pdf")
    assert attached.exists()
    assert digest in values_of(envelope)["Licence"]


def test_what_does_not_apply_is_neither_asked_nor_kept() -> None:
    envelope = make_sent_envelope(
        recipients=[NewRecipient(name="Ada Lovelace", email="ada@buyer.test")],
        fields=[
            NewField(recipient=1, kind="signature", box=Box(0.1, 0.8, 0.4, 0.08)),
            NewField(recipient=1, kind="checkbox", label="Other", required=False, box=row(0)),
            NewField(recipient=1, kind="text", label="Which", condition="other", box=row(1)),
        ],
    )
    ada = recipient_of(envelope, "Ada")
    ceremony = identify(ada)
    other, which = ada.fields.get(label="Other"), ada.fields.get(label="Which")
    filling.fill_field(ceremony, other.pk, "on")
    filling.fill_field(ceremony, which.pk, "A secret")
    filling.fill_field(ceremony, other.pk, "")
    adopting.adopt_signature(ceremony, strokes=SQUIGGLE)
    filling.fill_field(ceremony, ada.fields.get(kind="signature").pk, "on")
    ceremonies.sign(ceremony)
    assert values_of(envelope) == {"Signature": "on", "Other": "", "Which": ""}
    run_jobs()
    assert "A secret" not in all_text(read_file(envelope.documents.get().sealed))[0]


def test_a_hostile_or_wrong_picture_is_no_signature_and_no_stamp() -> None:
    envelope = make_form()
    ada = recipient_of(envelope, "Ada")
    ceremony = identify(ada)
    stamp = ada.fields.get(kind="stamp")
    blank = io.BytesIO()
    Image.new("RGB", (400, 160), "white").save(blank, "PNG")
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    for wrong in (b"", b"GIF89a", make_pdf(), b"\x89PNG\r\n\x1a\n" + b"\0" * 50, bomb.getvalue()):
        with pytest.raises(Invalid):
            adopting.adopt_signature(ceremony, picture=wrong)
        with pytest.raises(Invalid):
            filling.attach_file(ceremony, stamp.pk, name="stamp.png", content=wrong)
    with pytest.raises(Invalid, match="No signature can be seen"):
        adopting.adopt_signature(ceremony, picture=blank.getvalue())
    noted = io.BytesIO()
    secret = Image.Exif()
    secret[0x010E] = "taken at home"
    Image.new("RGB", (90, 60), "red").save(noted, "JPEG", exif=secret)
    filling.attach_file(ceremony, stamp.pk, name="stamp.jpg", content=noted.getvalue())
    stamp.refresh_from_db()
    assert b"taken at home" in noted.getvalue()
    assert b"taken at home" not in read_file(stamp.file)
    with pytest.raises(NotFound):
        grace = recipient_of(envelope, "Grace").fields.get()
        filling.attach_file(ceremony, grace.pk, name="x.png", content=noted.getvalue())


def test_anchors_of_every_kind_become_fields() -> None:
    words = (
        "{{sign:1}}", "{{number:1:Seats}}", "{{day:1:Start}}", "{{choose:1:Plan:Basic|Firm}}",
        "{{several?:1:Extras:Support|Training}}", "{{option:1:Pays:Monthly}}",
        "{{option:1:Pays:Yearly}}", "{{file:1:Licence}}", "{{stamp:1}}",
        "{{formula:1:Total:seats * 12}}", "{{text:1:Ratio 1:2}}",
    )  # fmt: skip
    envelope = make_envelope(documents=[NewDocument(name="a.pdf", content=make_pdf(*words))])
    fields = {
        each.title: each for each in EnvelopeField.objects.filter(document__envelope=envelope)
    }
    assert {title: each.kind for title, each in fields.items()} == {
        "Signature": "signature", "Seats": "number", "Start": "date", "Plan": "dropdown",
        "Extras": "multi_select", "Pays: Monthly": "radio", "Pays: Yearly": "radio",
        "Licence": "attachment", "Stamp": "stamp", "Total": "formula", "Ratio 1:2": "text",
    }  # fmt: skip
    assert fields["Plan"].options == ["Basic", "Firm"]
    assert fields["Total"].formula == "seats * 12"


def test_fields_are_placed_at_every_occurrence_of_some_words() -> None:
    actor = acting(make_user())
    envelope = make_envelope(
        actor,
        documents=[NewDocument(name="a.pdf", content=make_pdf("Sign  here please.", pages=3))],
    )
    ada = recipient_of(envelope, "Ada")
    place = {"words": "sign here", "recipient_id": ada.pk, "kind": "signature"}
    assert placing.place_at_words(actor, envelope.pk, **place, dx=20, dy=-10) == 3
    fields = list(ada.fields.all())
    assert [each.page for each in fields] == [0, 1, 2]
    assert fields[0].x == pytest.approx((60 + 20) / 595, abs=0.01)
    with pytest.raises(Invalid, match="does not occur"):
        placing.place_at_words(actor, envelope.pk, **{**place, "words": "sign there"})


class TestTheEditor:
    def given(self, envelope: Envelope, **values: object) -> dict[str, object]:
        return {
            "id": "0190a1b2-0000-7000-8000-000000000001",
            "document": str(envelope.documents.get().pk),
            "owner": str(recipient_of(envelope, "Ada").pk),
            "kind": "text", "page": 1, "x": 0.1, "y": 0.2, "w": 0.3, "h": 0.03,
            "label": "Company", "required": True, "checks": {"max_length": 20},
            **values,
        }  # fmt: skip

    def test_it_puts_changes_and_removes_and_may_repeat_itself(self) -> None:
        actor = acting(make_user())
        envelope = make_envelope(actor)
        given = self.given(envelope)
        for _ in range(2):
            made = placing.arrange_fields(actor, envelope.pk, put=[given], removed=[])
            assert made.warnings == []
        field = EnvelopeField.objects.get(document__envelope=envelope)
        kept = json.loads(json.dumps(field.as_json()))
        assert {key: kept[key] for key in given} == given
        moved = {**kept, "x": 0.9, "owner": str(recipient_of(envelope, "Grace").pk)}
        placing.arrange_fields(actor, envelope.pk, put=[moved], removed=[])
        field.refresh_from_db()
        assert (field.x, field.recipient.name) == (0.7, "Grace Hopper")
        for _ in range(2):
            placing.arrange_fields(actor, envelope.pk, put=[], removed=[kept["id"]])
        assert not EnvelopeField.objects.filter(document__envelope=envelope).exists()

    def test_a_rule_without_its_field_is_told_and_keeps_the_envelope_from_being_sent(self) -> None:
        actor = acting(make_user())
        envelope = make_envelope(actor)
        given = self.given(envelope, condition="vat > 0")
        told = placing.arrange_fields(actor, envelope.pk, put=[given], removed=[])
        assert "there is no field with the label “vat”" in told.warnings[0]
        with pytest.raises(Invalid, match="label “vat”"):
            send_envelope(actor, envelope.pk)

    def test_it_refuses_what_is_not_the_envelopes_and_what_cannot_be(self) -> None:
        actor = acting(make_user())
        envelope, other = make_envelope(actor), make_envelope(actor)
        placing.arrange_fields(actor, envelope.pk, put=[self.given(envelope)], removed=[])
        with pytest.raises(NotFound):  # the id of another envelope's field
            placing.arrange_fields(actor, other.pk, put=[self.given(other)], removed=[])
        for wrong in (
            {"kind": "payment"}, {"page": 2}, {"page": "1"}, {"x": "left"}, {"owner": "nobody"},
            {"options": ["a"]}, {"checks": {"pattern": "("}}, {"label": "x" * 81},
            {"label": 7}, {"kind": "dropdown", "checks": {}}, {"tab": -1}, {"h": 0},
        ):  # fmt: skip
            with pytest.raises(Invalid):
                given = self.given(envelope, **wrong)
                placing.arrange_fields(actor, envelope.pk, put=[given], removed=[])
        assert EnvelopeField.objects.get(document__envelope=envelope).kind == "text"
        with pytest.raises(NotFound):
            stranger = acting(make_user())
            placing.arrange_fields(stranger, envelope.pk, put=[], removed=[])
