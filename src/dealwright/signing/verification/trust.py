"""Whether someone you trust vouches for a signer, by the roots that you give."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import crl, ocsp, pem, x509  # type: ignore[import-untyped]
from pyhanko.sign.ades.report import AdESSubIndic
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
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


@dataclass(frozen=True, slots=True)
class Trusted:
    """Roots for signers, and further ones for time alone."""

    roots: Sequence[x509.Certificate]
    clocks: Sequence[x509.Certificate] = ()


async def check_trust(signature: EmbeddedPdfSignature, trusted: Trusted) -> Finding:
    """The chain of the signer, at the time of a trusted timestamp where there is one, else now."""
    finding = Finding()
    is_stamp = signature.sig_object_type == "/DocTimeStamp"
    roots = [*trusted.roots, *(trusted.clocks if is_stamp else ())]
    if not roots:
        finding.doubt(
            "NO_CERTIFICATE_CHAIN_FOUND",
            "No trust roots were given, so nothing is said about who the signer is.",
        )
        return finding
    moment: datetime | None = None
    problem: AdESSubIndic | None
    status = await _status(signature, trusted, moment)
    if not (status.intact and status.valid):
        finding.doubt("NO_CERTIFICATE_CHAIN_FOUND", "An unsound signature cannot be attributed.")
        return finding
    stamp = getattr(status, "timestamp_validity", None)
    if not status.trusted and stamp is not None and stamp.valid and stamp.trusted:
        moment = stamp.timestamp
        status = await _status(signature, trusted, moment)
    if status.trusted and _lists_of(signature):
        # What comes along is asked even where the certificate names no place to ask.
        asked = await _status(signature, trusted, moment, revocations="require")
        problem = asked.trust_problem_indic
        status = asked if problem and problem.standard_name.startswith("REVOKED") else status
    if status.trusted:
        anchor = status.validation_path.first.subject.human_friendly
        finding.note("TRUSTED", f"A chain leads to the root “{anchor}”.")
        return finding
    problem = status.trust_problem_indic
    code = problem.standard_name if problem else "NO_CERTIFICATE_CHAIN_FOUND"
    text = _TEXTS.get(code, "The chain of the signer's certificate could not be accepted.")
    if problem is not None and problem.status.name == "FAILED":
        finding.fail(code, text)
    else:
        finding.doubt(code, text)
    return finding


async def _status(
    signature: EmbeddedPdfSignature,
    trusted: Trusted,
    moment: datetime | None,
    *,
    revocations: str = "soft-fail",
) -> Any:
    brought = _brought_along(signature)

    def context(at: datetime | None, *, time: bool = False) -> ValidationContext:
        return ValidationContext(
            trust_roots=[*trusted.roots, *(trusted.clocks if time else ())],
            allow_fetching=False,
            revocation_mode=revocations,
            moment=at,
            best_signature_time=at,
            # What a file proves of a signature is made after it.
            retroactive_revinfo=True,
            **brought,
        )

    if signature.sig_object_type == "/DocTimeStamp":
        return await async_validate_pdf_timestamp(
            signature, context(moment, time=True), skip_diff=True
        )
    return await async_validate_pdf_signature(
        signature,
        signer_validation_context=context(moment),
        ts_validation_context=context(None, time=True),
        skip_diff=True,
    )


def _brought_along(signature: EmbeddedPdfSignature) -> dict[str, Any]:
    """Certificates, revocation lists and OCSP answers from the file (DSS) and from the signature
    itself (Adobe's attribute): they are signed by those who issued them."""
    found: dict[str, Any] = {"other_certs": [], "crls": [], "ocsps": []}
    with suppress(NoDSSFoundError):
        store = DocumentSecurityStore.read_dss(signature.reader)
        found["other_certs"] += store.load_certs()
        found["crls"] += [_der(each, crl.CertificateList) for each in store.crls]
        found["ocsps"] += [_der(each, ocsp.OCSPResponse) for each in store.ocsps]
    for attribute in signature.signer_info["signed_attrs"]:
        if attribute["type"].native == "adobe_revocation_info_archival":
            for archive in attribute["values"]:
                found["crls"] += list(archive["crl"] or ())
                found["ocsps"] += list(archive["ocsp"] or ())
    return found


def _lists_of(signature: EmbeddedPdfSignature) -> bool:
    brought = _brought_along(signature)
    return bool(brought["crls"] or brought["ocsps"])


def _der[T](reference: Any, kind: type[T]) -> T:
    return kind.load(reference.get_object().data)  # type: ignore[attr-defined, no-any-return]
