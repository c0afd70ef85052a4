"""Uploads are flattened and rebuilt; what could show two faces is refused with one sentence."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from dealwright.base.errors import Invalid
from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.documents.reading import all_text, count_pages
from signing.make import make_pdf, with_changes


def refusal(content: bytes, **options: Any) -> Invalid:
    with pytest.raises(Invalid) as refused:
        normalise_pdf(content, **options)
    return refused.value


def test_a_plain_pdf_keeps_its_pages_and_text() -> None:
    document = normalise_pdf(make_pdf("Quantity: 12 licences", pages=3))
    assert count_pages(document.pdf) == 3
    assert "12 licences" in all_text(document.pdf)[2]
    assert [round(page.width) for page in document.pages] == [595, 595, 595]


def test_it_is_the_same_each_time() -> None:
    content = make_pdf()
    assert normalise_pdf(content).sha256 == normalise_pdf(content).sha256


def test_it_refuses_what_is_no_pdf() -> None:
    assert "not a PDF" in refusal(b"PK\x03\x04 a spreadsheet").message


def test_it_refuses_a_damaged_pdf() -> None:
    assert "damaged" in refusal(b"%PDF-1.7\n garbage").message


def test_it_refuses_a_password() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="open", owner="own"))
    assert refusal(out.getvalue()).code == "encrypted"


def test_it_refuses_restrictions_without_a_password_to_open() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(user="", owner="own"))
    assert refusal(out.getvalue()).code == "encrypted"


def add_script(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def add_named_script(pdf: Pdf) -> None:
    pdf.Root.Names = Dictionary(
        JavaScript=Dictionary(
            Names=Array([String("x"), Dictionary(S=Name.JavaScript, JS=String("1"))])
        )
    )


def add_launch(pdf: Pdf) -> None:
    pdf.pages[0].obj.Annots = Array(
        [
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=Array([0, 0, 9, 9]),
                A=Dictionary(S=Name.Launch, F=String("calc.exe")),
            )
        ]
    )


def add_attachment(pdf: Pdf) -> None:
    pdf.attachments["notes.txt"] = b"hello"


def add_xfa(pdf: Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=String("<xdp/>"))


def add_hidden_layer(pdf: Pdf) -> None:
    group = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("secret")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([group]), D=Dictionary(OFF=Array([group])))


def add_signature(pdf: Pdf) -> None:
    value = pdf.make_indirect(
        Dictionary(Type=Name.Sig, ByteRange=Array([0, 1, 2, 3]), Contents=String("x"))
    )
    field = pdf.make_indirect(Dictionary(FT=Name.Sig, T=String("s"), V=value))
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (add_script, "active_content", "JavaScript"),
        (add_named_script, "active_content", "JavaScript"),
        (add_launch, "active_content", "start a program"),
        (add_attachment, "embedded_file", "Other files"),
        (add_xfa, "xfa", "XFA"),
        (add_hidden_layer, "layers", "layers"),
        (add_signature, "already_signed", "already signed"),
    ],
)
def test_it_refuses_what_can_change_its_face(change: Any, code: str, words: str) -> None:
    error = refusal(with_changes(make_pdf(), change))
    assert error.code == code
    assert words in error.message


def test_a_signed_pdf_is_taken_when_chosen() -> None:
    signed = with_changes(make_pdf(), add_signature)
    document = normalise_pdf(signed, accept_signed=True)
    assert document.notes
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        assert "/AcroForm" not in pdf.Root


def test_form_fields_become_part_of_the_page() -> None:
    def add_field(pdf: Pdf) -> None:
        font = pdf.make_indirect(
            Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        )
        field = pdf.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T=String("amount"),
                V=String("12000 EUR"),
                DA=String("/F1 12 Tf 0 g"),
                Rect=Array([100, 300, 300, 330]),
                F=4,
            )
        )
        pdf.pages[0].obj.Annots = Array([field])
        pdf.Root.AcroForm = Dictionary(
            Fields=Array([field]),
            DR=Dictionary(Font=Dictionary(F1=font)),
            DA=String("/F1 12 Tf 0 g"),
            NeedAppearances=True,
        )

    document = normalise_pdf(with_changes(make_pdf(), add_field))
    assert "12000 EUR" in all_text(document.pdf)[0]
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        assert "/AcroForm" not in pdf.Root
        assert "/Annots" not in pdf.pages[0].obj


def test_objects_that_nothing_shows_fall_away() -> None:
    def hide(pdf: Pdf) -> None:
        pdf.Root.PieceInfo = pdf.make_indirect(Dictionary(Shadow=String("the other contract")))

    document = normalise_pdf(with_changes(make_pdf(), hide))
    assert b"the other contract" not in document.pdf


def test_links_stay_where_they_lead_to_the_web() -> None:
    def link(pdf: Pdf) -> None:
        pdf.pages[0].obj.Annots = Array(
            [
                Dictionary(
                    Type=Name.Annot,
                    Subtype=Name.Link,
                    Rect=Array([0, 0, 90, 9]),
                    A=Dictionary(S=Name.URI, URI=String(address)),
                )
                for address in ("https://example.com/", "file:///etc/passwd")
            ]
        )

    document = normalise_pdf(with_changes(make_pdf(), link))
    with pikepdf.open(io.BytesIO(document.pdf)) as pdf:
        assert [str(each.A.URI) for each in pdf.pages[0].obj.Annots] == ["https://example.com/"]
