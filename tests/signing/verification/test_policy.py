"""No attacked file passes, no file crashes the verifier, and every change to ours is found."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko.sign.general import SigningError

from dealwright.base.errors import Invalid
from dealwright.base.loops import complete
from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.seals.keys import SealKey, ensure_seal_key
from dealwright.signing.seals.sealing import seal_pdf
from dealwright.signing.verification.policy import verify_pdf
from dealwright.signing.verification.services import verify_signed_pdf
from signing.make import make_pdf

SAMPLES = Path(
    os.environ.get("DEALWRIGHT_SIGNED_PDFS", "")
    or Path(__file__).resolve().parents[4] / "shared" / "data" / "signed-pdfs"
)
ATTACKS = sorted(SAMPLES.glob("insecurity/*.pdf"))
MIXED = sorted(SAMPLES.glob("pyhanko/*.pdf"))
PASSED, FAILED, UNKNOWN = "TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SealKey:
    return ensure_seal_key(tmp_path_factory.mktemp("data"), organisation="Dealwright Ltd")


@pytest.fixture(scope="module")
def sealed(key: SealKey) -> bytes:
    pdf = normalise_pdf(make_pdf("Price: 12 000 EUR", pages=2)).pdf
    return seal_pdf(pdf, key=key, reason="All parties have signed.")


def integrity(content: bytes) -> str:
    return str(verify_pdf(content)["integrity"]["verdict"])


def codes(report: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in report["integrity"]["reasons"]}


@pytest.mark.skipif(not ATTACKS, reason="the samples of attacks are not on this machine")
@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_no_attack_passes(path: Path) -> None:
    assert verify_pdf(path.read_bytes())["integrity"]["verdict"] in (FAILED, UNKNOWN)


EXPECTED = {
    "base": UNKNOWN,
    "certified-with-indirect-refs-in-dir": PASSED,
    "ed448-disallowed-hash": UNKNOWN,
    "form-update-ap-indirect-sneaky-trailer": FAILED,
    "form-update-no-override-appearance-stream-ap-indirect": PASSED,
    "form-update-override-appearance-stream-ap-indirect-sneaky": FAILED,
    "form-update-override-appearance-stream-sneaky": FAILED,
    "form-update-override-appearance-stream": PASSED,
    "minimal-signed-twice-both-created": PASSED,
    "minimal-signed-twice-second-created": PASSED,
    "minimal-two-fields-signed-twice": PASSED,
    "one-byterange": FAILED,
    "pades-lta-dss-indirect-arrs-test-2": PASSED,
    "pades-lta-dss-indirect-arrs-test": PASSED,
    "pades-with-old-style-signing-cert-attr": PASSED,
    "pdf-sig-with-econtent": UNKNOWN,
    "sig-no-signed-attrs": PASSED,
    "sig-with-ski-sid": PASSED,
    "signature-gap-too-big": FAILED,
    "tail-uncovered": FAILED,
    "weird-byterange": FAILED,
}


@pytest.mark.skipif(not MIXED, reason="the samples are not on this machine")
@pytest.mark.parametrize("path", MIXED, ids=lambda path: path.stem)
def test_files_of_mixed_validity_get_their_verdict(path: Path) -> None:
    assert integrity(path.read_bytes()) == EXPECTED[path.stem]


def test_our_seal_passes_and_is_trusted_by_its_root(sealed: bytes, key: SealKey) -> None:
    report = verify_signed_pdf(sealed, trust=key.root_pem)
    assert report["integrity"]["verdict"] == PASSED
    assert report["trust"]["verdict"] == PASSED
    (signature,) = report["signatures"]
    assert signature["field"] == "Seal"
    assert signature["permits"] == "no_changes"
    assert signature["whole_file"] is True


def test_without_roots_integrity_is_told_apart_from_trust(sealed: bytes) -> None:
    report = verify_pdf(sealed)
    assert report["integrity"]["verdict"] == PASSED
    assert report["trust"]["verdict"] == UNKNOWN


def test_a_foreign_root_does_not_vouch(sealed: bytes, tmp_path: Path) -> None:
    foreign = ensure_seal_key(tmp_path, organisation="Someone else")
    report = verify_pdf(sealed, trust=foreign.root_pem)
    assert report["integrity"]["verdict"] == PASSED
    assert report["trust"]["verdict"] == UNKNOWN


def test_a_trust_file_that_holds_no_certificate_is_refused(sealed: bytes) -> None:
    with pytest.raises(Invalid, match="no readable certificate"):
        verify_signed_pdf(sealed, trust=b"hello")


@pytest.mark.parametrize(
    "content", [b"", b"%PDF-1.7", b"hello", b"\x00" * 1000, make_pdf()], ids=range(5)
)
def test_what_is_not_signed_is_indeterminate(content: bytes) -> None:
    report = verify_signed_pdf(content)
    assert report["integrity"]["verdict"] == UNKNOWN
    assert report["trust"]["verdict"] == UNKNOWN


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_flipped_byte_is_found(sealed: bytes, data: st.DataObject) -> None:
    start = sealed.index(b"/Contents <") + len(b"/Contents <")
    end = sealed.index(b">", start)
    place = data.draw(st.integers(0, len(sealed) - 1).filter(lambda n: not start <= n < end))
    mask = data.draw(st.integers(1, 255))
    changed = bytearray(sealed)
    changed[place] ^= mask
    assert integrity(bytes(changed)) != PASSED


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_changed_signature_value_is_found(sealed: bytes, data: st.DataObject) -> None:
    start = sealed.index(b"/Contents <") + len(b"/Contents <")
    end = sealed.index(b">", start)
    place = data.draw(st.integers(start, end - 1))
    digit = data.draw(st.sampled_from(b"0123456789abcdef"))
    changed = bytearray(sealed)
    if bytes([changed[place]]).lower() == bytes([digit]):
        digit = b"0123456789abcdef"[(b"0123456789abcdef".index(digit) + 1) % 16]
    changed[place] = digit
    report = verify_pdf(bytes(changed))
    # What stands in the container beside the signature itself (a copy of the root, say) may
    # be damaged without touching what was signed; the signature and its certificate may not.
    if report["integrity"]["verdict"] == PASSED:
        assert report["signatures"][0]["signer"].startswith("Common Name: Dealwright Ltd Seal")
        assert report["signatures"][0]["integrity"]["verdict"] == PASSED


@pytest.mark.parametrize(
    "tail",
    [
        b"\nhello",
        b"\nxref\n0 0\ntrailer\n<< /Size 1 >>\nstartxref\n0\n%%EOF\n",
        b"%%EOF\n%%EOF",
        b"\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
    ],
)
def test_appended_bytes_are_found(sealed: bytes, tail: bytes) -> None:
    assert integrity(sealed + tail) != PASSED


def test_a_blank_line_at_the_end_does_no_harm(sealed: bytes) -> None:
    assert integrity(sealed + b"\n") == PASSED


def test_an_empty_table_after_the_signed_part_is_found(sealed: bytes) -> None:
    """The mechanism of ISA-B: readers that rebuild the table show what came after it."""
    last = int(sealed.rsplit(b"startxref", 1)[1].split()[0])
    root = sealed.rsplit(b"/Root ", 1)[1].split(b"R")[0] + b"R"
    size = sealed.rsplit(b"/Size ", 1)[1].split()[0]
    place = len(sealed) + 1
    table = b"\nxref\n0 0\ntrailer\n<< /Size %s /Root %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root,
        last,
        place,
    )
    assert integrity(sealed + table) == FAILED


def test_a_swapped_page_is_found(sealed: bytes) -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    pages = writer.root["/Pages"]
    kids = pages["/Kids"]
    kids[0], kids[1] = kids.raw_get(1), kids.raw_get(0)
    writer.update_container(pages)
    out = io.BytesIO()
    writer.write(out)
    assert integrity(out.getvalue()) == FAILED


def test_a_rewritten_file_is_found(sealed: bytes) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        pdf.save(out)
    assert integrity(out.getvalue()) == FAILED


def test_no_signature_can_be_added_behind_the_seal(sealed: bytes, key: SealKey) -> None:
    from dealwright.signing.seals.sealing import CachedKeySigner

    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    append_signature_field(writer, SigFieldSpec("Other"))
    signer = PdfSigner(PdfSignatureMetadata(field_name="Other"), signer=CachedKeySigner(key))
    # The seal forbids it, and the library that signs says so itself.
    with pytest.raises(SigningError):
        complete(signer.async_sign_pdf(writer))


def test_an_older_version_is_not_what_was_sealed(sealed: bytes) -> None:
    """A file cut back to before the seal carries no signature."""
    cut = sealed[: sealed.index(b"%%EOF") + 5]
    assert integrity(cut) == UNKNOWN
