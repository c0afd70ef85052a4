"""Whether someone you trust vouches for a signer, by the roots that you give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asn1crypto import pem, x509  # type: ignore[import-untyped]
from pyhanko.sign.ades.report import AdESSubIndic
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko_certvalidator import ValidationContext

from dealwright.base.errors import Invalid
from dealwright.signing.verification.report import Finding

_TEXTS = {
    "NO_CERTIFICATE_CHAIN_FOUND": (
        "No chain leads from the signer's certificate to a root you trust."
    ),
    "EXPIRED": "The signer's certificate has expired, and no trusted time shows it signed before.",
    "OUT_OF_BOUNDS_NO_POE": (
        "The signer's certificate has expired, and no trusted time shows it signed before."
    ),
    "OUT_OF_BOUNDS_NOT_REVOKED": "The signer's certificate is outside its period of validity.",
    "NOT_YET_VALID": "The signer's certificate is not valid yet.",
    "REVOKED": "The signer's certificate was revoked.",
    "REVOKED_NO_POE": "The signer's certificate was revoked.",
    "REVOKED_CA_NO_POE": "A certificate in the signer's chain was revoked.",
    "CHAIN_CONSTRAINTS_FAILURE": (
        "The signer's certificate, or its chain, was not issued for signing documents."
    ),
    "CRYPTO_CONSTRAINTS_FAILURE": "A certificate of the chain uses a weak algorithm.",
    "TRY_LATER": "Whether the certificate was revoked could not be learned offline.",
}


def read_roots(given: bytes) -> list[x509.Certificate]:
    """Certificates from a PEM file (one or several) or one DER; raises Invalid."""
    try:
        if pem.detect(given):
            blocks = [der for _, _, der in pem.unarmor(given, multiple=True)]
        else:
            blocks = [given]
        roots = [x509.Certificate.load(der, strict=True) for der in blocks]
        for root in roots:
            root.subject.human_friendly  # noqa: B018  parses; a broken one raises here
    except (ValueError, TypeError) as error:
        raise Invalid(
            "The trust file holds no readable certificate. Give one or several in PEM form.",
            code="bad_trust_file",
        ) from error
    return roots


async def check_trust(
    signature: EmbeddedPdfSignature, roots: Sequence[x509.Certificate]
) -> Finding:
    """The chain of the signer, at the time of a trusted timestamp where there is one, else now."""
    finding = Finding()
    if not roots:
        finding.doubt(
            "NO_CERTIFICATE_CHAIN_FOUND",
            "No trust roots were given, so nothing is said about who the signer is.",
        )
        return finding
    status = await _status(signature, roots, None)
    if not (status.intact and status.valid):
        finding.doubt("NO_CERTIFICATE_CHAIN_FOUND", "An unsound signature cannot be attributed.")
        return finding
    stamp = getattr(status, "timestamp_validity", None)
    if not status.trusted and stamp is not None and stamp.valid and stamp.trusted:
        status = await _status(signature, roots, stamp.timestamp)
    if status.trusted:
        anchor = status.validation_path.first.subject.human_friendly
        finding.note("TRUSTED", f"A chain leads to the root “{anchor}”.")
        return finding
    problem: AdESSubIndic | None = status.trust_problem_indic
    code = problem.standard_name if problem else "NO_CERTIFICATE_CHAIN_FOUND"
    text = _TEXTS.get(code, "The chain of the signer's certificate could not be accepted.")
    if problem is not None and problem.status.name == "FAILED":
        finding.fail(code, text)
    else:
        finding.doubt(code, text)
    return finding


async def _status(
    signature: EmbeddedPdfSignature, roots: Sequence[x509.Certificate], moment: datetime | None
) -> Any:
    def context(at: datetime | None) -> ValidationContext:
        return ValidationContext(
            trust_roots=list(roots),
            allow_fetching=False,
            revocation_mode="soft-fail",
            moment=at,
            best_signature_time=at,
        )

    if signature.sig_object_type == "/DocTimeStamp":
        return await async_validate_pdf_timestamp(signature, context(moment), skip_diff=True)
    return await async_validate_pdf_signature(
        signature,
        signer_validation_context=context(moment),
        ts_validation_context=context(None),
        skip_diff=True,
    )
