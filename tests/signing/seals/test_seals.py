"""The seal is made once, kept encrypted, and found sound by validators that are not ours."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from base.evidence.authority import time_stamping_authority
from dealwright.base.errors import Unavailable
from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.seals import keys
from dealwright.signing.seals.keys import SealKey, ensure_seal_key, load_seal_key
from dealwright.signing.seals.sealing import seal_pdf
from dealwright.signing.seals.timestamps import HttpTimeStamper
from dealwright.signing.verification.policy import verify_pdf
from signing.foreign import openssl_accepts, pdfsig
from signing.make import make_pdf


@pytest.fixture
def key(tmp_path: Path) -> SealKey:
    return ensure_seal_key(tmp_path, organisation="Dealwright Ltd")


def sealed(key: SealKey, *, pages: int = 2) -> bytes:
    return seal_pdf(
        normalise_pdf(make_pdf(pages=pages)).pdf, key=key, reason="All parties have signed."
    )


def test_it_is_made_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: ensure_seal_key(tmp_path, organisation="Ours"), range(4)))
    assert len({each.root.serial_number for each in made}) == 1
    assert load_seal_key(tmp_path).organisation == "Ours"


def test_keys_lie_encrypted_and_for_the_owner_alone(tmp_path: Path, key: SealKey) -> None:
    files = sorted((tmp_path / "seal").rglob("key.pem"))
    assert len(files) == 2
    for path in files:
        assert path.stat().st_mode & 0o077 == 0
        assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
        with pytest.raises(TypeError):
            serialization.load_pem_private_key(path.read_bytes(), None)


def test_a_key_of_another_installation_does_not_open(tmp_path: Path, key: SealKey) -> None:
    (tmp_path / "secrets" / "seal").write_text("another secret")
    keys._loaded.cache_clear()
    with pytest.raises(Unavailable, match="same backup"):
        load_seal_key(tmp_path)


def test_it_is_renewed_before_it_expires(
    tmp_path: Path, key: SealKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "RENEW_BEFORE", timedelta(days=365 * 5 + 1))
    renewed = ensure_seal_key(tmp_path, organisation="Dealwright Ltd")
    assert renewed.certificate.serial_number != key.certificate.serial_number
    assert renewed.root == key.root
    assert len(list((tmp_path / "seal" / "keys").iterdir())) == 2


def test_the_certificate_says_what_it_is_for(key: SealKey) -> None:
    extensions = key.certificate.extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert key.certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1800)
    key.certificate.verify_directly_issued_by(key.root)


def test_the_seal_certifies_and_allows_no_changes(key: SealKey) -> None:
    import io

    (signature,) = PdfFileReader(io.BytesIO(sealed(key))).embedded_signatures
    assert signature.docmdp_level == MDPPerm.NO_CHANGES
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.sig_object["/Reason"] == "All parties have signed."


def test_poppler_finds_the_seal_sound(tmp_path: Path, key: SealKey) -> None:
    path = tmp_path / "sealed.pdf"
    path.write_bytes(sealed(key))
    said = pdfsig(path)
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said


def test_pdfium_and_openssl_find_the_seal_sound(tmp_path: Path, key: SealKey) -> None:
    assert openssl_accepts(sealed(key), key.root_pem, tmp_path)


def test_openssl_refuses_a_changed_document(tmp_path: Path, key: SealKey) -> None:
    content = bytearray(sealed(key))
    content[500] ^= 1
    assert not openssl_accepts(bytes(content), key.root_pem, tmp_path)


def test_pyhanko_finds_the_seal_sound_in_a_process_of_its_own(tmp_path: Path, key: SealKey) -> None:
    (tmp_path / "sealed.pdf").write_bytes(sealed(key))
    (tmp_path / "root.pem").write_bytes(key.root_pem)
    program = (
        "import sys\n"
        "from pyhanko.keys import load_cert_from_pemder\n"
        "from pyhanko.pdf_utils.reader import PdfFileReader\n"
        "from pyhanko.sign.validation import validate_pdf_signature\n"
        "from pyhanko_certvalidator import ValidationContext\n"
        "reader = PdfFileReader(open('sealed.pdf', 'rb'))\n"
        "context = ValidationContext(trust_roots=[load_cert_from_pemder('root.pem')])\n"
        "status = validate_pdf_signature(reader.embedded_signatures[0], context)\n"
        "print(status.bottom_line, status.coverage.name, status.trusted)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "ENTIRE_FILE", "True"]


def test_a_long_document_is_sealed_whole(key: SealKey, tmp_path: Path) -> None:
    assert openssl_accepts(sealed(key, pages=120), key.root_pem, tmp_path)


class TestTrustedTime:
    """Level B-T: a token of an RFC 3161 authority in the seal."""

    def stamped(self, key: SealKey, url: str) -> bytes:
        return seal_pdf(
            normalise_pdf(make_pdf()).pdf,
            key=key,
            reason="Test",
            timestamper=HttpTimeStamper([url]),
        )

    def test_the_seal_carries_a_token_that_others_find_sound(
        self, key: SealKey, tmp_path: Path
    ) -> None:
        with time_stamping_authority() as authority:
            content = self.stamped(key, authority.url)
        report = verify_pdf(content, trust=key.root_pem + authority.root_pem)
        assert report["integrity"]["verdict"] == "TOTAL-PASSED"
        assert report["trust"]["verdict"] == "TOTAL-PASSED"
        assert report["signatures"][0]["timestamp"] is not None
        assert openssl_accepts(content, key.root_pem, tmp_path)
        path = tmp_path / "stamped.pdf"
        path.write_bytes(content)
        assert "Signature is Valid" in pdfsig(path)

    def test_the_next_authority_is_asked_when_one_is_down(self, key: SealKey) -> None:
        with time_stamping_authority() as authority:
            stamper = HttpTimeStamper(["http://127.0.0.1:9/", authority.url])
            seal_pdf(normalise_pdf(make_pdf()).pdf, key=key, reason="Test", timestamper=stamper)
            assert authority.queries

    def test_a_clock_that_is_off_refuses_to_seal(self, key: SealKey) -> None:
        with time_stamping_authority() as authority:
            authority.clock = timedelta(seconds=90)
            with pytest.raises(Unavailable, match="Set the clock"):
                self.stamped(key, authority.url)

    @pytest.mark.parametrize("fault", ["reject", "wrong_nonce", "status"])
    def test_a_useless_answer_refuses_to_seal(self, key: SealKey, fault: str) -> None:
        with time_stamping_authority() as authority:
            setattr(authority, fault, 500 if fault == "status" else True)
            with pytest.raises(Unavailable, match="imestamp authority"):
                self.stamped(key, authority.url)
