"""Sound signatures by strangers, in every form that the standards allow, raise no alarm."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pikepdf
import pytest
from asn1crypto import cms
from cryptography import x509 as c_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import pkcs7
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dealwright.base.loops import complete
from dealwright.signing.verification.policy import verify_pdf
from signing.verification.attacks import base as attacks
from signing.verification.attacks.on_certified import with_note
from signing.verification.outsider import (
    Person,
    authority,
    body_of,
    by_hand,
    clock,
    expired,
    form,
    hybrid,
    number_of,
    person,
    plain,
    proof,
    revocations,
    saved,
    self_signed,
    sign,
    sign_by_hand,
    trailer_of,
    update,
    web_server,
)

PASSED, FAILED, UNKNOWN = "TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"
ADOBE, PADES = SigSeedSubFilter.ADOBE_PKCS7_DETACHED, SigSeedSubFilter.PADES
FULL = {"embed_validation_info": True, "subfilter": PADES, "stamped": True}


def verdicts(pdf: bytes, trust: bytes = b"") -> tuple[str, str]:
    report = verify_pdf(pdf, trust=trust or authority().pem)
    return report["integrity"]["verdict"], report["trust"]["verdict"]


def codes(pdf: bytes, part: str, trust: bytes = b"") -> set[str]:
    report = verify_pdf(pdf, trust=trust or authority().pem)
    return {reason["code"] for reason in report[part]["reasons"]}


def changed(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@cache
def prepared(*names: str, box: tuple[int, int, int, int] | None = None) -> bytes:
    """Fields for signatures, there before anyone signs."""

    def add(writer: IncrementalPdfFileWriter) -> None:
        for name in names:
            append_signature_field(writer, SigFieldSpec(name, box=box))

    return changed(plain("Text"), add)


def stamp(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    return bytes(complete(PdfTimeStamper(clock()).async_timestamp_pdf(writer, "sha256")).getvalue())


def renewed(pdf: bytes) -> bytes:
    """A further archive time stamp, with proof for the one before."""
    out = io.BytesIO()
    complete(
        PdfTimeStamper(clock()).async_update_archival_timestamp_chain(
            PdfFileReader(io.BytesIO(pdf)), proof(), output=out, in_place=False
        )
    )
    return out.getvalue()


def filed_later(pdf: bytes, *, lists: Any = ()) -> bytes:
    """Validation data for the first signature, in an update of its own."""
    out = io.BytesIO(pdf)
    signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    DocumentSecurityStore.add_dss(
        out,
        signature.pkcs7_content.hex().upper().encode(),
        certs=[authority().asn1],
        crls=list(lists) or [revocations()],
    )
    return out.getvalue()


def fill(pdf: bytes, text: str, at: int = 0) -> bytes:
    """A field of the form filled in as a viewer does it."""
    look = number_of(pdf, "/AcroForm", "/Fields", at, "/AP", "/N")
    field = number_of(pdf, "/AcroForm", "/Fields", at)
    return update(
        pdf,
        {
            look: body_of(pdf, look).replace(b"100 EUR", text.encode()),
            field: body_of(pdf, field).replace(b"100 EUR", text.encode()),
        },
    )


def detached(data: bytes, who: Person | None = None) -> bytes:
    """PKCS#7 by cryptography (OpenSSL), without any attribute of PAdES."""
    who = who or person("rsa")
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(data)
        .add_signer(who.certificate, who.key, hashes.SHA256())
        .sign(
            serialization.Encoding.DER,
            [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary],
        )
    )


def locked(*names: str) -> SigFieldSpec:
    return SigFieldSpec("First", field_mdp_spec=FieldMDPSpec(FieldMDPAction.INCLUDE, list(names)))


SOUND: dict[str, Callable[[], bytes]] = {
    **{
        f"{kind} {digest}": lambda kind=kind, digest=digest: sign(  # type: ignore[misc]
            plain("Text"), person(kind), md_algorithm=digest, subfilter=PADES
        )
        for kind in ("p256", "p384", "p521", "rsa")
        for digest in ("sha256", "sha384", "sha512")
    },
    "ed25519": lambda: sign(plain("Text"), person("ed25519"), md_algorithm="sha512"),
    "rsa pss": lambda: sign(plain("Text"), person("rsa", pss=True), subfilter=PADES),
    "adbe.pkcs7.detached": lambda: sign(plain("Text"), subfilter=ADOBE),
    "adbe.pkcs7.detached, stamped": lambda: sign(plain("Text"), subfilter=ADOBE, stamped=True),
    "adbe.pkcs7.detached, proof in it": lambda: sign(
        plain("Text"),
        subfilter=ADOBE,
        stamped=True,
        embed_validation_info=True,
        validation_context=proof(),
    ),
    "B-T": lambda: sign(plain("Text"), subfilter=PADES, stamped=True),
    "B-LT": attacks.filed,
    "B-LTA": attacks.archived,
    "B-LTA, renewed": lambda: renewed(attacks.archived()),
    "B-LTA, renewed twice": lambda: renewed(renewed(attacks.archived())),
    "proof added later": lambda: filed_later(sign(by_hand(), subfilter=PADES, stamped=True)),
    "proof added later, then a time stamp": lambda: stamp(
        filed_later(sign(by_hand(), subfilter=PADES, stamped=True))
    ),
    "proof after no changes": lambda: filed_later(attacks.certified()),
    "time stamp after no changes": lambda: stamp(attacks.certified()),
    "two time stamps": lambda: stamp(stamp(attacks.signed())),
    **{
        f"certified, {level.name}": lambda level=level: attacks.certified(level)  # type: ignore[misc]
        for level in MDPPerm
    },
    "certified, another approves in a field made before": lambda: sign(
        sign(prepared("First", "Second"), certify=True), person(name="Two"), name="Second"
    ),
    "certified for comments, another approves": lambda: sign(
        sign(prepared("First", "Second"), certify=True, docmdp_permissions=MDPPerm.ANNOTATE),
        person(name="Two"),
        name="Second",
    ),
    "two approve": lambda: sign(attacks.signed(), person("rsa", "Two"), name="Second"),
    "three approve, one of them visibly, two stamped": lambda: sign(
        sign(sign(plain("Text")), person("rsa", "Two"), name="Second", stamped=True),
        person("p384", "Three"),
        name="Third",
        field=SigFieldSpec("Third", box=(60, 60, 200, 100)),
        stamped=True,
    ),
    "visible": lambda: sign(plain("Text"), field=SigFieldSpec("First", box=(60, 60, 200, 100))),
    "visible over a few words, in a field made before": lambda: sign(
        sign(prepared("First", "Second", box=(55, 740, 200, 790))),
        person(name="Two"),
        name="Second",
    ),
    "a form": lambda: sign(form()),
    "a form, filled in, then approved": lambda: sign(
        fill(attacks.filled_form(), "250 EUR"), person(name="Two"), name="Second"
    ),
    "certified, filled in, then approved": lambda: sign(
        fill(
            sign(
                changed(form(), lambda w: append_signature_field(w, SigFieldSpec("Second"))),
                certify=True,
            ),
            "250 EUR",
        ),
        person(name="Two"),
        name="Second",
    ),
    "all fields locked": lambda: sign(
        form(), field=SigFieldSpec("First", field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL))
    ),
    "one field locked, the other filled in, then approved": lambda: sign(
        fill(sign(form("amount", "place"), field=locked("amount")), "Berlin", at=1),
        person(name="Two"),
        name="Second",
    ),
    "streams of objects": lambda: sign(plain("Text", tables=False)),
    "linearised": lambda: sign(saved(plain("Text"), linearize=True)),
    "linearised, streams of objects": lambda: sign(
        saved(
            plain("Text"),
            linearize=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    ),
    "hybrid tables": lambda: sign(hybrid(), strict=False),
    **{
        f"encrypted, revision {r}, no password": lambda r=r: sign(  # type: ignore[misc]
            saved(
                plain("Text"),
                encryption=pikepdf.Encryption(
                    owner="owner", user="", R=r, aes=r >= 4, metadata=r >= 4
                ),
            ),
            password="",
        )
        for r in (2, 3, 4, 6)
    },
    "saved twice before it was signed": lambda: sign(
        update(update(by_hand(), {8: b"<< /A 1 >>"}), {8: b"<< /A 2 >>"})
    ),
    "much room kept for the value": lambda: sign(plain("Text"), reserved=60_000),
    "no library for PDF, PKCS#7 by OpenSSL": lambda: sign_by_hand(by_hand(), detached),
    "a blank line at the end": lambda: attacks.signed() + b"\r\n",
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_signature_passes_and_is_trusted_by_its_root(name: str) -> None:
    pdf = SOUND[name]()
    report = verify_pdf(pdf, trust=authority().pem)
    assert report["integrity"]["verdict"] == PASSED, report["integrity"]
    assert report["trust"]["verdict"] == PASSED, report["trust"]
    assert verify_pdf(pdf)["trust"]["verdict"] == UNKNOWN


def test_a_value_of_indefinite_length_passes() -> None:
    """BER, as some programs write it against the rules."""

    def indefinite(data: bytes) -> bytes:
        value = cms.ContentInfo.load(detached(data))
        inner = value["content"].contents
        kind = value["content_type"].dump()
        return b"\x30\x80" + kind + b"\xa0\x80\x30\x80" + inner + b"\0" * 6

    assert verdicts(sign_by_hand(by_hand(), indefinite)) == (PASSED, PASSED)


# What is sound but old, unknown or locked is not proven, and says why.


def test_a_password_is_named() -> None:
    encryption = pikepdf.Encryption(owner="owner", user="user", R=6)
    pdf = sign(saved(plain("Text"), encryption=encryption), password="user")
    report = verify_pdf(pdf)
    assert report["integrity"]["verdict"] == UNKNOWN
    assert "locked with a password" in report["integrity"]["reasons"][0]["text"]


def test_signatures_of_old_forms_are_named() -> None:
    who = person("rsa")

    def sha1_of(data: bytes) -> bytes:
        digest = hashes.Hash(hashes.SHA1())
        digest.update(data)
        return detached(digest.finalize())

    def bare(data: bytes) -> bytes:
        signed = who.key.sign(data, padding.PKCS1v15(), hashes.SHA1())
        return b"\x04\x82" + len(signed).to_bytes(2) + signed

    for subfilter, value in ((b"adbe.pkcs7.sha1", sha1_of), (b"adbe.x509.rsa_sha1", bare)):
        report = verify_pdf(sign_by_hand(by_hand(), value, subfilter=subfilter))
        assert report["integrity"]["verdict"] == UNKNOWN
        assert subfilter.decode() in str(report["integrity"]["reasons"])


def test_a_weak_digest_is_named() -> None:
    pdf = sign(plain("Text"), person("rsa"), md_algorithm="sha1")
    assert verdicts(pdf)[0] == UNKNOWN
    assert "CRYPTO_CONSTRAINTS_FAILURE" in codes(pdf, "integrity")


def test_time_stamps_alone_are_no_signature() -> None:
    assert codes(stamp(plain("Text")), "integrity") == {"NO_SIGNATURE"}


def test_a_form_filled_in_after_the_last_signature_is_not_proven() -> None:
    """Allowed by whoever certified it, and signed by nobody."""
    pdf = fill(sign(form(), certify=True), "100 EUR")
    assert verdicts(pdf)[0] == UNKNOWN


def test_a_comment_where_comments_are_allowed_is_not_proven() -> None:
    pdf = with_note(attacks.certified(MDPPerm.ANNOTATE))
    report = verify_pdf(pdf)
    assert report["integrity"]["verdict"] == UNKNOWN
    assert "Comments were added" in report["integrity"]["reasons"][0]["text"]


# Who vouches for the signer.


def test_a_certificate_of_one_s_own_making_is_not_trusted() -> None:
    assert verdicts(sign(plain("Text"), self_signed())) == (PASSED, UNKNOWN)


def test_a_certificate_for_something_else_is_not_trusted() -> None:
    pdf = sign(plain("Text"), web_server())
    assert verdicts(pdf) == (PASSED, UNKNOWN)
    assert codes(pdf, "trust") == {"CHAIN_CONSTRAINTS_FAILURE"}


def test_an_expired_certificate_needs_a_time_stamp_from_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert verdicts(sign(plain("Text"), expired())) == (PASSED, UNKNOWN)
    assert verdicts(sign(plain("Text"), expired(), stamped=True)) == (PASSED, UNKNOWN)
    then = DummyTimeStamper(
        clock().tsa_cert,
        clock().tsa_key,
        SimpleCertificateStore.from_certs([authority().asn1]),
        fixed_dt=datetime(2020, 6, 1, tzinfo=UTC),
    )
    monkeypatch.setattr("signing.verification.outsider.clock", lambda: then)
    assert verdicts(sign(plain("Text"), expired(), stamped=True)) == (PASSED, PASSED)


def test_roots_for_time_do_not_vouch_for_signers() -> None:
    assert verify_pdf(attacks.signed(), clocks=authority().pem)["trust"]["verdict"] == UNKNOWN
    stamped = verify_pdf(stamp(sign(by_hand())), clocks=authority().pem)
    assert [each["trust"]["verdict"] for each in stamped["signatures"]] == [UNKNOWN, PASSED]


def test_a_revoked_certificate_is_not_trusted() -> None:
    """By the list that the file itself brings along."""
    who = person(name="Revoked")
    pdf = filed_later(sign(by_hand(), who, subfilter=PADES, stamped=True), lists=[revocations(who)])
    assert verdicts(pdf)[0] == PASSED
    assert verdicts(pdf)[1] != PASSED
    assert codes(pdf, "trust") & {"REVOKED", "REVOKED_NO_POE"}


def with_other_token(pdf: bytes, other: bytes) -> bytes:
    """The time stamp in a signature's value exchanged for that of another."""

    def value_of(content: bytes) -> cms.ContentInfo:
        start, after, _ = attacks.gap_of(content)
        return cms.ContentInfo.load(bytes.fromhex(content[start + 1 : after - 1].decode()))

    mine, theirs = value_of(pdf), value_of(other)
    theirs_signer = theirs["content"]["signer_infos"][0]
    mine["content"]["signer_infos"][0]["unsigned_attrs"] = theirs_signer["unsigned_attrs"]
    start, after, _ = attacks.gap_of(pdf)
    text = mine.dump(force=True).hex().encode().ljust(after - start - 2, b"0")
    return pdf[: start + 1] + text + pdf[after - 1 :]


def test_a_time_stamp_of_something_else_is_found() -> None:
    pdf = with_other_token(
        sign(by_hand(), stamped=True, reserved=20_000), sign(by_hand("Else"), stamped=True)
    )
    assert verdicts(pdf)[0] == UNKNOWN
    assert codes(pdf, "integrity") == {"TIMESTAMP_ORDER_FAILURE"}


def test_a_document_time_stamp_of_something_else_is_found() -> None:
    pdf, other = stamp(attacks.signed()), stamp(sign(by_hand("Else")))

    def last_gap(content: bytes) -> tuple[int, int]:
        start = content.rindex(b"/Contents <") + len(b"/Contents ")
        return start, content.index(b">", start) + 1

    (start, after), (from_, to) = last_gap(pdf), last_gap(other)
    assert after - start == to - from_
    assert verdicts(pdf[:start] + other[from_:to] + pdf[after:])[0] == FAILED


def test_hybrid_tables_in_an_update_are_not_proven() -> None:
    """Old readers would see the table, newer ones the stream that it names."""
    pdf = attacks.signed()
    number = attacks.new_number(pdf)
    place = len(pdf)
    rows = bytes([1, 0, 0, 0])
    packed = b"%d 0 obj\n<< /Type /XRef /Size %d /W [ 1 2 1 ] /Index [ 0 1 ] /Root 1 0 R " % (
        number,
        number + 1,
    )
    body = packed + b"/Length 4 >>\nstream\n" + rows + b"\nendstream\nendobj\n"
    start = place + len(body)
    former = trailer_of(pdf)["start"]
    pdf += body + b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root 1 0 R " % (
        number,
        place,
        number + 1,
    )
    pdf += b"/Prev %d /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n" % (former, place, start)
    assert verdicts(pdf)[0] != PASSED


def test_the_signer_is_told_from_the_certificate() -> None:
    report = verify_pdf(attacks.signed(), trust=authority().pem)
    (signature,) = report["signatures"]
    certificate: c_x509.Certificate = person().certificate
    assert signature["signer"] == "Common Name: Foreign Signer"
    assert signature["serial"] == f"{certificate.serial_number:x}"


def test_fields_keep_what_they_say_beside_the_look() -> None:
    """A look that is changed back and forth leaves its mark even where it ends as it began."""

    def twice(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field["/TU"] = generic.pdf_string("Another label")
        writer.update_container(field)

    assert verdicts(changed(attacks.filled_form(), twice))[0] != PASSED
