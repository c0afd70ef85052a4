"""Shadow attacks: content prepared before signing and brought forward after it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream, String
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, append_signature_field

from dealwright.base.loops import complete
from dealwright.signing.seals.keys import SealKey, ensure_seal_key
from dealwright.signing.seals.sealing import CachedKeySigner
from dealwright.signing.verification.policy import verify_pdf
from signing.make import make_pdf, with_changes


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SealKey:
    return ensure_seal_key(tmp_path_factory.mktemp("data"), organisation="Signer")


def appearance(pdf: pikepdf.Pdf, text: str) -> Stream:
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    stream = Stream(pdf, f"1 g 0 0 200 30 re f 0 g BT /F1 14 Tf 4 8 Td ({text}) Tj ET".encode())
    stream.Type, stream.Subtype = Name.XObject, Name.Form
    stream.BBox = Array([0, 0, 200, 30])
    stream.Resources = Dictionary(Font=Dictionary(F1=font))
    return stream


def with_field(pdf: pikepdf.Pdf) -> None:
    """A text field over the amount, with its appearance."""
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T=String("amount"),
            V=String("100 EUR"),
            DA=String("/F1 14 Tf 0 g"),
            Rect=Array([60, 600, 260, 630]),
            F=4,
            AP=Dictionary(N=pdf.make_indirect(appearance(pdf, "100 EUR"))),
            P=pdf.pages[0].obj,
        )
    )
    pdf.pages[0].obj.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))


def signed(content: bytes, key: SealKey, name: str = "First", **options: Any) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    append_signature_field(writer, SigFieldSpec(name))
    signer = PdfSigner(
        PdfSignatureMetadata(field_name=name, md_algorithm="sha256", **options),
        signer=CachedKeySigner(key),
    )
    return bytes(complete(signer.async_sign_pdf(writer)).getvalue())


def set_amount(content: bytes, text: str) -> bytes:
    """An incremental update that changes what the field shows."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/V"] = generic.pdf_string(text)
    stream = field["/AP"]["/N"]
    stream._data = stream.data.replace(b"100 EUR", text.encode())
    stream._encoded_data = None
    writer.update_container(field)
    writer.update_container(stream)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def verdict(content: bytes) -> str:
    return str(verify_pdf(content)["integrity"]["verdict"])


@pytest.mark.parametrize(
    "options", [{}, {"certify": True, "docmdp_permissions": MDPPerm.FILL_FORMS}]
)
def test_an_amount_changed_after_the_last_signature_never_passes(
    key: SealKey, options: dict[str, Any]
) -> None:
    before = signed(with_changes(make_pdf("The price:"), with_field), key, **options)
    assert verdict(before) == "TOTAL-PASSED"
    after = set_amount(before, "900 EUR")
    report = verify_pdf(after)
    assert report["integrity"]["verdict"] != "TOTAL-PASSED"
    assert {reason["code"] for reason in report["integrity"]["reasons"]} >= {"SHOWN_DIFFERS"}


def test_content_uncovered_after_signing_never_passes(key: SealKey) -> None:
    """Hide: a picture over the text is there when signing and gone when shown."""

    def hide(pdf: pikepdf.Pdf) -> None:
        cover = Stream(pdf, b"1 g 0 0 400 200 re f")
        cover.Type, cover.Subtype, cover.BBox = Name.XObject, Name.Form, Array([0, 0, 400, 200])
        pdf.pages[0].add_resource(pdf.make_indirect(cover), Name.XObject, Name("/Cover"))
        pdf.pages[0].contents_add(b"q 1 0 0 1 40 600 cm /Cover Do Q")

    before = signed(with_changes(make_pdf("You owe 900 EUR", "a week"), hide), key)
    assert verdict(before) == "TOTAL-PASSED"
    writer = IncrementalPdfFileWriter(io.BytesIO(before))
    cover = writer.root["/Pages"]["/Kids"][0]["/Resources"]["/XObject"]["/Cover"]
    cover._data, cover._encoded_data = b" ", None
    writer.update_container(cover)
    out = io.BytesIO()
    writer.write(out)
    assert verdict(out.getvalue()) == "TOTAL-FAILED"


def test_a_page_added_after_signing_never_passes(key: SealKey) -> None:
    before = signed(make_pdf("One page"), key)
    writer = IncrementalPdfFileWriter(io.BytesIO(before))
    pages = writer.root["/Pages"]
    pages["/Kids"].append(pages["/Kids"].raw_get(0))
    pages["/Count"] = generic.NumberObject(2)
    writer.update_container(pages)
    out = io.BytesIO()
    writer.write(out)
    assert verdict(out.getvalue()) != "TOTAL-PASSED"


def test_two_signers_of_the_same_document_pass(key: SealKey, tmp_path: Path) -> None:
    other = ensure_seal_key(tmp_path, organisation="Other signer")
    twice = signed(signed(make_pdf("The price: 100 EUR"), key), other, name="Second")
    report = verify_pdf(twice, trust=key.root_pem + other.root_pem)
    assert report["integrity"]["verdict"] == "TOTAL-PASSED"
    assert report["trust"]["verdict"] == "TOTAL-PASSED"
    # One of the two is vouched for; the other is not, and so the whole is not.
    assert verify_pdf(twice, trust=key.root_pem)["trust"]["verdict"] == "INDETERMINATE"


def test_a_forger_s_own_signature_over_a_change_does_not_save_it(
    key: SealKey, tmp_path: Path
) -> None:
    forger = ensure_seal_key(tmp_path, organisation="Forger")
    before = signed(make_pdf("The price: 100 EUR"), key)
    writer = IncrementalPdfFileWriter(io.BytesIO(before))
    page = writer.root["/Pages"]["/Kids"][0]
    content = writer.add_object(generic.StreamObject(stream_data=b"BT ET 0 0 300 300 re f"))
    page["/Contents"] = content
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    assert verdict(signed(out.getvalue(), forger, name="Second")) == "TOTAL-FAILED"
