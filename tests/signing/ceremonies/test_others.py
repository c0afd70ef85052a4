"""Who acts later sees what those before have filled in and signed, as it will be sealed."""

from __future__ import annotations

import hashlib

import pytest
from django.test import Client

from dealwright.base.errors import Conflict
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.signing.ceremonies import adopting, filling
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.others import standing_fields
from dealwright.signing.ceremonies.seen import digest_of
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.reading import all_text
from dealwright.signing.envelopes.correcting import Correction, correct_envelope
from dealwright.signing.envelopes.drafts import NewField, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.checking import wrong_definition
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.fields.test_filling import make_picture
from signing.make import (
    SQUIGGLE,
    identify,
    make_sent_envelope,
    recipient_of,
    sign_all,
    token_of,
)

from .test_pages import walk_to_document

pytestmark = pytest.mark.django_db


def row(number: int) -> Box:
    return Box(0.1, 0.15 + 0.05 * number, 0.4, 0.03)


def small(number: int) -> Box:
    return Box(0.6, 0.15 + 0.05 * number, 0.03, 0.02)


def make_order(grace: int = 2, *, private: bool = False, **fields: object) -> Envelope:
    """Ada fills and signs, Grace at the order ``grace``, with a price the sender gave her."""
    return make_sent_envelope(
        recipients=[
            NewRecipient(name="Ada Lovelace", email="ada@buyer.test", order=1),
            NewRecipient(name="Grace Hopper", email="grace@seller.test", order=grace),
        ],
        fields=[
            NewField(recipient=1, kind="signature", box=Box(0.1, 0.7, 0.3, 0.06)),
            NewField(recipient=1, kind="number", label="Seats", box=row(1)),
            NewField(recipient=1, kind="text", label="Note", box=row(2), required=False),
            NewField(recipient=1, kind="text", label="Hidden", box=row(3),
                     condition="seats > 9999"),
            NewField(recipient=1, kind="radio", label="Pays", option="Monthly", box=small(1)),
            NewField(recipient=1, kind="radio", label="Pays", option="Yearly", box=small(2)),
            NewField(recipient=1, kind="checkbox", label="Has PO", box=small(3), required=False),
            NewField(recipient=1, kind="attachment", label="Licence", box=row(4),
                     checks={"private": True} if private else {}),
            NewField(recipient=1, kind="stamp", label="Chop", box=Box(0.6, 0.5, 0.2, 0.1)),
            NewField(recipient=2, kind="signature", box=Box(0.55, 0.8, 0.4, 0.08)),
            NewField(recipient=2, kind="number", label="Price", box=row(6), value="1500",
                     read_only=True),
        ],
        **fields,
    )  # fmt: skip


def of(envelope: Envelope, title: str) -> EnvelopeField:
    fields = EnvelopeField.objects.filter(document__envelope=envelope)
    return next(each for each in fields if each.title == title)


def ada_signs(envelope: Envelope) -> None:
    ceremony = identify(recipient_of(envelope, "Ada"))
    for title, value in (("Seats", "1234"), ("Note", "Net 30 <b>"), ("Pays: Yearly", "on")):
        filling.fill_field(ceremony, of(envelope, title).pk, value)
    filling.attach_file(
        ceremony, of(envelope, "Licence").pk, name="licence.png", content=make_picture()
    )
    filling.attach_file(ceremony, of(envelope, "Chop").pk, name="chop.png", content=make_picture())
    adopting.adopt_signature(ceremony, strokes=SQUIGGLE)
    filling.fill_field(ceremony, of(envelope, "Signature").pk, "on")
    ceremonies.sign(ceremony)


def test_what_was_signed_before_stands_on_the_pages(client: Client) -> None:
    envelope = make_order()
    ada_signs(envelope)
    link = walk_to_document(client, recipient_of(envelope, "Grace"))
    for view in ("pages", "text"):
        page = client.get(f"{link}?view={view}").content.decode()
        for said in (
            "Seats of Ada Lovelace", "1,234", "Net 30 &lt;b&gt;", "Attached: licence.png",
            "Signature of Ada Lovelace", 'aria-label="Signature of Ada Lovelace"',
        ):  # fmt: skip
            assert said in page, said
        assert "Hidden of" not in page
        assert "Has PO of" not in page
        assert page.count("Pays of Ada Lovelace") == 1
        assert f"field-{of(envelope, 'Pays: Yearly').pk}" in page
    layout = client.get(f"{link}/layout.css").content.decode()
    assert f"#field-{of(envelope, 'Seats').pk}{{left:10.0000%" in layout
    assert str(of(envelope, "Note").pk) in layout
    for path in ("form", "review"):
        listed = client.get(f"{link}/{path}").content.decode()
        assert "Filled in by others" in listed
        assert "1,234" in listed
        assert "Yearly" in listed


def downloads(envelope: Envelope) -> list[str]:
    """The SHA-256 of each thing that was taken along, in their order."""
    noted = EvidenceEntry.objects.filter(kind="document.downloaded", chain__key=envelope.chain)
    return [each.payload["document"] for each in noted.order_by("seq")]


def test_a_stamp_is_seen_and_an_attachment_of_those_before_is_opened_and_noted(
    client: Client,
) -> None:
    envelope = make_order()
    ada_signs(envelope)
    link = walk_to_document(client, recipient_of(envelope, "Grace"))
    assert client.get(f"{link}/fields/{of(envelope, 'Chop').pk}/file").status_code == 200
    licence = of(envelope, "Licence")
    address = f"{link}/fields/{licence.pk}/file"
    for view in ("", "/form", "/review"):
        page = client.get(link + view).content.decode()
        assert f'href="{address}" download' in page, view
        assert "Attached: licence.png" in page
    assert client.head(address).status_code == 200
    assert downloads(envelope) == []
    answer = client.get(address)
    assert answer.content == make_picture()
    assert answer["Content-Disposition"] == 'attachment; filename="licence.png"'
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert licence.file is not None
    assert downloads(envelope) == [licence.file.sha256]


def test_an_attachment_for_the_sender_alone_is_named_and_not_opened(client: Client) -> None:
    envelope = make_order(private=True)
    ada_signs(envelope)
    link = walk_to_document(client, recipient_of(envelope, "Grace"))
    address = f"{link}/fields/{of(envelope, 'Licence').pk}/file"
    for view in ("", "/form", "/review"):
        page = client.get(link + view).content.decode()
        assert "Attached, for the sender alone: licence.png" in page, view
        assert address not in page
    assert client.get(address).status_code == 404
    assert downloads(envelope) == []


def test_whoever_attaches_is_told_who_can_open_it(client: Client) -> None:
    for private, said in (
        (False, "The sender can open the file, and those who act after you."),
        (True, "Only the sender can open the file."),
    ):
        link = walk_to_document(client, recipient_of(make_order(private=private), "Ada"))
        for view in ("", "/form"):
            assert said in client.get(link + view).content.decode()


def test_an_attachment_opens_to_nobody_else(client: Client) -> None:
    envelope = make_order()
    ada_signs(envelope)
    path = f"/fields/{of(envelope, 'Licence').pk}/file"
    unknown = f"/sign/{token_of(recipient_of(envelope, 'Grace'))}"
    assert client.get(unknown + path).status_code == 404  # has not shown who they are
    other = make_order()
    ada_signs(other)
    link = walk_to_document(client, recipient_of(other, "Grace"))
    assert client.get(link + path).status_code == 404  # of another envelope
    assert client.get(f"/sign/{'x' * 43}{path}").status_code == 404
    assert client.post(link + path).status_code == 405
    assert downloads(envelope) == downloads(other) == []


def test_what_is_attached_after_one_signed_is_not_opened(client: Client) -> None:
    envelope = make_order(grace=1)
    grace = recipient_of(envelope, "Grace")
    link = walk_to_document(client, grace)
    address = f"{link}/fields/{of(envelope, 'Licence').pk}/file"
    assert client.get(address).status_code == 404  # Ada has not signed
    signature = grace.fields.get(kind="signature")
    for path, body in (
        ("/adopt", {"kind": "signature", "text": "Grace Hopper"}),
        (f"/fields/{signature.pk}", {"value": "on"}),
    ):
        told = client.post(
            link + path,
            body,
            content_type="application/json",
            headers={"Accept": "application/json"},
        )
        assert told.status_code == 200
    client.post(f"{link}/sign", {"agree": "on"})
    ada_signs(envelope)
    grace.refresh_from_db()
    assert grace.signed_at is not None
    assert client.get(address).status_code == 404
    assert client.get(f"{link}/fields/{of(envelope, 'Chop').pk}/file").status_code == 200


def test_whether_an_attachment_is_private_is_true_or_false() -> None:
    def wrong(kind: str, value: object) -> str:
        field = NewField(recipient=1, kind=kind, label="X", box=row(1), checks={"private": value})
        return wrong_definition(field)

    assert wrong("attachment", True) == wrong("attachment", False) == ""
    assert wrong("attachment", "yes") == wrong("attachment", 1) != ""
    assert wrong("text", True) == "A field of this kind has no check “private”."


def test_what_is_downloaded_before_the_seal_holds_it_and_the_log_says_which(
    client: Client,
) -> None:
    envelope = make_order()
    ada_signs(envelope)
    link = walk_to_document(client, recipient_of(envelope, "Grace"))
    document = envelope.documents.get()
    content = client.get(f"{link}/files/{document.pk}").content
    text = " ".join(all_text(content)[0].split())
    for said in ("1,234", "Net 30 <b>", "Signed by Ada Lovelace"):
        assert said in text, said
    noted = EvidenceEntry.objects.filter(kind="document.downloaded").latest("seq")
    assert hashlib.sha256(content).hexdigest() in str(noted.payload)


def test_what_somebody_is_still_filling_in_is_not_shown(client: Client) -> None:
    envelope = make_order(grace=1)
    ceremony = identify(recipient_of(envelope, "Ada"))
    filling.fill_field(ceremony, of(envelope, "Seats").pk, "1234")
    link = walk_to_document(client, recipient_of(envelope, "Grace"))
    page = client.get(link).content.decode()
    assert "1,234" not in page
    assert "Seats of" not in page
    chop = of(envelope, "Chop")
    filling.attach_file(ceremony, chop.pk, name="chop.png", content=make_picture())
    assert client.get(f"{link}/fields/{chop.pk}/file").status_code == 404


def test_values_of_the_sender_for_others_are_shown_and_a_change_is_looked_at_again() -> None:
    actor = acting(make_user())
    envelope = make_order(grace=1, actor=actor)
    ada = recipient_of(envelope, "Ada")
    assert [each.label for each in standing_fields(envelope, ada)] == ["Price"]
    seen = digest_of(envelope, ada)
    price = of(envelope, "Price")
    correct_envelope(
        actor, envelope.pk, Correction(arranged=[{**price.as_json(), "value": "9999"}])
    )
    assert digest_of(envelope, ada) != seen
    ceremony = identify(ada)
    with pytest.raises(Conflict, match="changed while you were looking"):
        ceremonies.sign(ceremony, seen=seen)


def test_who_signs_side_by_side_does_not_make_the_others_look_again() -> None:
    envelope = make_order(grace=1)
    ada = recipient_of(envelope, "Ada")
    seen = digest_of(envelope, ada)
    sign_all(recipient_of(envelope, "Grace"), typed="Grace Hopper")
    before = {each.label for each in standing_fields(envelope, ada)}
    assert before == {"", "Price"}
    assert digest_of(envelope, ada) == seen
