"""The organisation's seal on a finished PDF: PAdES by ETSI EN 319 142-1, made by pyHanko.

Level B-B without, B-T with a timestamp authority. The seal certifies the document with
“no changes allowed” (DocMDP, ISO 32000-2, 12.8.2.2): only archive updates may follow.
"""

from __future__ import annotations

import io
from functools import lru_cache

from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dealwright.base.errors import Unavailable
from dealwright.base.loops import complete
from dealwright.signing.seals.keys import SealKey

FIELD = "Seal"
# Hex digits kept free for the signature. Given, so that pyHanko need not sign twice to
# learn the size (a third of the time); a token of a timestamp authority brings its chain.
RESERVED = 12_288
RESERVED_WITH_TIME = 36_864


class CachedKeySigner(Signer):
    """Signs with a key that is loaded already; pyHanko's own loads it anew for each operation."""

    def __init__(self, key: SealKey) -> None:
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register(_as_asn1(key.root.public_bytes(serialization.Encoding.DER)))
        super().__init__(
            signing_cert=_as_asn1(key.certificate.public_bytes(serialization.Encoding.DER)),
            cert_registry=registry,
        )
        self._key = key.private_key

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        if digest_algorithm.lower() != "sha256":
            raise ValueError(f"The seal signs SHA-256 digests, not {digest_algorithm}.")
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def seal_pdf(
    pdf: bytes,
    *,
    key: SealKey,
    reason: str,
    location: str = "",
    contact: str = "",
    timestamper: TimeStamper | None = None,
) -> bytes:
    """The sealed PDF: the given bytes and one incremental update with the seal.

    Raises dealwright's Unavailable where the timestamp authority does not answer; nothing
    was changed then and the call may be repeated.
    """
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=True)
    append_signature_field(writer, SigFieldSpec(sig_field_name=FIELD))
    signer = PdfSigner(
        PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            name=key.organisation,
            reason=reason,
            location=location or None,
            contact_info=contact or None,
        ),
        signer=_signer(key),
        timestamper=timestamper,
    )
    out = io.BytesIO()
    try:
        complete(
            signer.async_sign_pdf(
                writer,
                output=out,
                bytes_reserved=RESERVED_WITH_TIME if timestamper else RESERVED,
            )
        )
    except TimestampRequestError as error:
        raise Unavailable(
            f"The timestamp authority gave no usable token: {error}.", code="no_timestamp"
        ) from error
    return out.getvalue()


@lru_cache(maxsize=4)
def _signer(key: SealKey) -> CachedKeySigner:
    return CachedKeySigner(key)


def _as_asn1(der: bytes) -> asn1_x509.Certificate:
    certificate = asn1_x509.Certificate.load(der)
    assert isinstance(certificate, asn1_x509.Certificate)
    return certificate
