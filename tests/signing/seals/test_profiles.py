"""B-B to B-LTA with a real authority over HTTP, found sound by validators that are not ours."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext

from dealwright.base.errors import Unavailable
from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.seals import renewal
from dealwright.signing.seals.certificates import KeyKind, issue_seal_certificate, make_root
from dealwright.signing.seals.keys import SealKey, certify_signer, ensure_seal_key, revocation_list
from dealwright.signing.seals.renewal import archive_state, renew_stamp
from dealwright.signing.seals.sealing import PersonalSignature, Proof, as_asn1, seal_pdf
from dealwright.signing.seals.services import read_certificates
from dealwright.signing.seals.timestamps import HttpTimeStamper
from dealwright.signing.verification.policy import verify_pdf
from signing.authorities import Authorities, authorities
from signing.foreign import (
    mutool,
    openssl_accepts_signature,
    openssl_accepts_stamp,
    pdfsig,
    qpdf_complains,
    signatures_in,
)
from signing.make import make_pdf

LIST = "http://localhost:8000/signing/root.crl"


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


@pytest.fixture(scope="module")
def pki(
    tmp_path_factory: pytest.TempPathFactory, rsa_key: rsa.RSAPrivateKey
) -> Iterator[Authorities]:
    with authorities(tmp_path_factory.mktemp("pki"), {"seal": rsa_key}) as made:
        yield made


@pytest.fixture(autouse=True)
def _all_up(pki: Authorities) -> Iterator[None]:
    yield
    pki.down.clear()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with own keys of both kinds."""
    folder = tmp_path_factory.mktemp("data")
    for kind in KeyKind:
        ensure_seal_key(folder, organisation="Dealwright Ltd", kind=kind, list_url=LIST)
    return folder


@pytest.fixture(scope="module")
def document() -> bytes:
    return normalise_pdf(make_pdf()).pdf


def own(home: Path, kind: KeyKind) -> SealKey:
    return ensure_seal_key(home, organisation="Dealwright Ltd", kind=kind)


def foreign(pki: Authorities, name: str = "seal") -> SealKey:
    """A key that the test authority certified, by way of its issuing authority."""
    return SealKey(
        certificate=pki.certificate(name),
        root=pki.certificate("root"),
        private_key=pki.key(name),
        between=(pki.certificate("issuer"),),
    )


def proof(pki: Authorities, home: Path, **options: Any) -> Proof:
    return Proof(
        roots=(
            as_asn1(own(home, KeyKind.P256).root),
            *read_certificates(pki.root_pem),
        ),
        lists=(revocation_list(home, []),),
        **{"private_hosts": ("127.0.0.1",), **options},
    )


def stamper(pki: Authorities) -> HttpTimeStamper:
    return HttpTimeStamper([pki.tsa], roots=read_certificates(pki.root_pem))


def people(home: Path, count: int) -> list[PersonalSignature]:
    return [
        PersonalSignature(
            key=certify_signer(
                home,
                name=f"Signer {number}",
                email=f"signer{number}@buyer.test",
                statement="Issued by Dealwright Ltd for one signature.",
                list_url=LIST,
            ),
            name=f"Signer {number}",
            reason="Signed",
        )
        for number in range(1, count + 1)
    ]


# Pairwise: every level with each kind of key, and one to five persons.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "who", "persons"),
    [
        ("B-B", KeyKind.P256, 0),
        ("B-B", KeyKind.RSA3072, 0),
        ("B-T", KeyKind.P256, 5),
        ("B-T", "authority", 1),
        ("B-LT", KeyKind.RSA3072, 2),
        ("B-LT", "authority", 0),
        ("B-LTA", KeyKind.P256, 3),
        ("B-LTA", KeyKind.RSA3072, 0),
        ("B-LTA", "authority", 4),
    ],
)
def test_every_level_is_found_sound_by_all(
    profile: str,
    who: Any,
    persons: int,
    *,
    pki: Authorities,
    home: Path,
    document: bytes,
    tmp_path: Path,
) -> None:
    key = foreign(pki) if who == "authority" else own(home, who)
    sealed = seal_pdf(
        document,
        key=key,
        reason="Test",
        profile=profile,
        timestamper=None if profile == "B-B" else stamper(pki),
        proof=proof(pki, home),
        signatures=people(home, persons),
    )
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed)
    root = own(home, KeyKind.P256).root_pem

    found = signatures_in(sealed)
    proper = [each for each in found if each.subfilter == "ETSI.CAdES.detached"]
    stamps = [each for each in found if each.subfilter == "ETSI.RFC3161"]
    assert len(proper) == persons + 1
    assert len(stamps) == (profile == "B-LTA")
    assert all(openssl_accepts_signature(each, root + pki.root_pem, tmp_path) for each in proper)
    assert all(openssl_accepts_stamp(each, pki.root_pem, tmp_path) for each in stamps)

    assert pdfsig(path).count("Signature Validation: Signature is Valid.") == persons + 1
    assert mutool(path).count("digest check: The document is unchanged") or "invalid" not in (
        mutool(path).lower()
    )
    assert qpdf_complains(path) == ""
    _check_by_pyhanko(sealed, profile, pki, home)
    report = verify_pdf(sealed, trust=root + pki.root_pem)
    assert report["integrity"]["verdict"] == "TOTAL-PASSED", report["integrity"]
    assert report["trust"]["verdict"] == "TOTAL-PASSED", report["trust"]


def test_each_signature_locks_itself_and_those_before_it(home: Path, document: bytes) -> None:
    sealed = seal_pdf(
        document, key=own(home, KeyKind.P256), reason="Test", signatures=people(home, 3)
    )
    reader = PdfFileReader(io.BytesIO(sealed))
    signatures = list(reader.embedded_regular_signatures)
    names = [each.field_name for each in signatures]
    assert names[:3] == ["Signature 1", "Signature 2", "Signature 3"]
    for at, signature in enumerate(signatures[:3], start=1):
        transforms = {
            str(each["/TransformMethod"]): each["/TransformParams"]
            for each in signature.sig_object["/Reference"]
        }
        assert transforms["/FieldMDP"]["/Action"] == "/Include"
        assert list(transforms["/FieldMDP"]["/Fields"]) == names[:at]
        assert list(signature.sig_field["/Lock"]["/Fields"]) == names[:at]
    assert signatures[3].sig_field["/Lock"]["/Action"] == "/All"
    context = ValidationContext(trust_roots=[as_asn1(own(home, KeyKind.P256).root)])
    assert all(
        validate_pdf_signature(each, context, context).bottom_line for each in signatures[:3]
    )

    # Somebody hides the first signature in a later revision: the lock of it and the seal tell.
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed), strict=True)
    field = writer.root["/AcroForm"]["/Fields"][0]
    field["/F"] = NumberObject(2)
    writer.update_container(field)
    out = io.BytesIO()
    writer.write(out)
    hidden = list(PdfFileReader(io.BytesIO(out.getvalue())).embedded_regular_signatures)
    assert not validate_pdf_signature(hidden[0], context, context).docmdp_ok
    assert verify_pdf(out.getvalue())["integrity"]["verdict"] == "TOTAL-FAILED"


def _check_by_pyhanko(sealed: bytes, profile: str, pki: Authorities, home: Path) -> None:
    """pyHanko's own verdict on each signature; for long terms with nothing but what is inside."""
    roots = list(proof(pki, home).roots)
    reader = PdfFileReader(io.BytesIO(sealed))
    for signature in reader.embedded_regular_signatures:
        known: dict[str, Any] = {"trust_roots": roots, "allow_fetching": False}
        if profile in ("B-LT", "B-LTA"):
            store = DocumentSecurityStore.read_dss(reader)
            context = store.as_validation_context({**known, "revocation_mode": "require"})
        else:
            context = ValidationContext(**known)
        status = validate_pdf_signature(signature, context, context)
        assert status.bottom_line, status.pretty_print_details()
        if profile != "B-B":
            assert status.timestamp_validity.valid
    if profile in ("B-LT", "B-LTA"):
        assert reader.root["/DSS"]


@pytest.mark.parametrize(
    ("who", "profile", "down", "said"),
    [
        ("seal", "B-LT", "ocsp", "revocation"),
        ("seal", "B-T", "tsa", "No timestamp authority answered"),
        ("revoked", "B-LT", "", "revoked"),
    ],
)
def test_what_cannot_be_had_is_refused_with_its_reason(
    who: str, profile: str, down: str, said: str, *, pki: Authorities, home: Path, document: bytes
) -> None:
    """Never a lower level instead."""
    if down:
        pki.down.add(f"{down}/")
    with pytest.raises(Unavailable, match=said):
        seal_pdf(
            document,
            key=foreign(pki, who),
            reason="Test",
            profile=profile,
            timestamper=stamper(pki),
            proof=proof(pki, home),
        )


def test_a_list_at_an_ldap_address_is_named_as_unsupported(
    pki: Authorities, home: Path, document: bytes
) -> None:
    root, root_key = make_root("Ministry")
    certificate, key = issue_seal_certificate(
        "Ministry", root, root_key, list_url="ldap://ldap.test/cn=list"
    )
    with pytest.raises(Unavailable, match="LDAP address only, which is not supported"):
        seal_pdf(
            document,
            key=SealKey(certificate=certificate, root=root, private_key=key),
            reason="Test",
            profile="B-LTA",
            timestamper=stamper(pki),
            proof=proof(pki, home),
        )


def test_revocations_are_not_asked_in_the_own_network_unless_allowed(
    pki: Authorities, home: Path, document: bytes
) -> None:
    pki.asked.clear()
    with pytest.raises(Unavailable, match="revocation"):
        seal_pdf(
            document,
            key=foreign(pki),
            reason="Test",
            profile="B-LT",
            timestamper=stamper(pki),
            proof=proof(pki, home, private_hosts=()),
        )
    assert not [each for each in pki.asked if "/ocsp/" in each or "/crls/" in each]


def test_a_revoked_own_certificate_seals_no_more(
    pki: Authorities, home: Path, document: bytes
) -> None:
    key = own(home, KeyKind.P256)
    before = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    listed = revocation_list(home, [(key.certificate.serial_number, before)])
    with pytest.raises(Unavailable, match="revoked"):
        seal_pdf(
            document,
            key=key,
            reason="Test",
            profile="B-LT",
            timestamper=stamper(pki),
            proof=replace(proof(pki, home), lists=(listed,)),
        )


def test_a_time_stamp_of_somebody_else_is_refused(
    pki: Authorities, home: Path, document: bytes
) -> None:
    other = read_certificates(own(home, KeyKind.P256).root_pem)
    with pytest.raises(Unavailable, match="does not lead to a trusted root"):
        seal_pdf(
            document,
            key=own(home, KeyKind.P256),
            reason="Test",
            timestamper=HttpTimeStamper([pki.tsa], roots=other),
        )


@pytest.mark.slow
def test_an_archive_stamp_is_renewed_with_a_stronger_digest(
    pki: Authorities, home: Path, document: bytes, tmp_path: Path
) -> None:
    key = own(home, KeyKind.P256)
    sealed = seal_pdf(
        document,
        key=key,
        reason="Test",
        profile="B-LTA",
        timestamper=stamper(pki),
        proof=proof(pki, home),
    )
    state = archive_state(sealed)
    assert state is not None
    assert (state.due_at.year, state.digest) == (2059, "sha256")
    renewed = renew_stamp(sealed, timestamper=stamper(pki), proof=proof(pki, home), digest="sha512")
    assert renewed.startswith(sealed)
    newer = renewal.archive_state(renewed)
    assert newer is not None
    assert newer.digest == "sha512"
    stamps = [each for each in signatures_in(renewed) if each.subfilter == "ETSI.RFC3161"]
    assert len(stamps) == 2
    assert all(openssl_accepts_stamp(each, pki.root_pem, tmp_path) for each in stamps)
    _check_by_pyhanko(renewed, "B-LTA", pki, home)
    report = verify_pdf(renewed, trust=key.root_pem + pki.root_pem)
    assert report["integrity"]["verdict"] == "TOTAL-PASSED"


def test_a_renewal_without_authority_changes_nothing(
    pki: Authorities, home: Path, document: bytes
) -> None:
    sealed = seal_pdf(
        document,
        key=own(home, KeyKind.P256),
        reason="Test",
        profile="B-LTA",
        timestamper=stamper(pki),
        proof=proof(pki, home),
    )
    pki.down.add("tsa/")
    with pytest.raises(Unavailable):
        renew_stamp(sealed, timestamper=stamper(pki), proof=proof(pki, home))


def test_the_list_names_what_was_revoked(home: Path) -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    listed = x509.load_der_x509_crl(revocation_list(home, [(4711, at)]))
    root = own(home, KeyKind.P256).root
    assert listed.is_signature_valid(root.public_key())  # type: ignore[arg-type]
    entry = listed.get_revoked_certificate_by_serial_number(4711)
    assert entry is not None
    assert entry.revocation_date_utc == at
