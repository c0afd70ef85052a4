"""The verdict on a signed PDF, by the eight points of ``docs/signing/verification.md``.

Runs in the limited process (``signing.sandbox``). Whatever goes wrong while reading hostile
bytes is INDETERMINATE: never valid, never an error page.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any

from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import XRefSectionType
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from dealwright.base.loops import complete
from dealwright.signing.documents.reading import count_pages
from dealwright.signing.verification.changes import RULES
from dealwright.signing.verification.comparison import (
    Difference,
    differences,
    same_beneath_comments,
)
from dealwright.signing.verification.report import Finding, Verdict, together
from dealwright.signing.verification.structure import (
    Coverage,
    SecondOpinion,
    check_byte_range,
    check_header,
    second_opinion,
)
from dealwright.signing.verification.trust import Trusted, check_trust, read_roots
from dealwright.signing.verification.updates import judge_promise, judge_tail

MAX_SIGNATURES = 50
_WEAK = {"md2", "md4", "md5", "sha1"}
_KNOWN = {each.value for each in SigSeedSubFilter}


def verify_pdf(content: bytes, *, trust: bytes = b"", clocks: bytes = b"") -> dict[str, Any]:
    """The whole report, ready for JSON.

    ``integrity`` and ``trust`` each hold ``verdict`` and ``reasons``; ``signatures`` has one
    entry per signature and timestamp with the same two and who, when, what; ``changes``
    lists pages that are shown otherwise than they were signed. Both ``trust`` and ``clocks``
    are certificates (PEM or DER); the latter are trusted for time stamps alone.

    Raises Invalid only for a trust file that cannot be read.
    """
    roots = Trusted(
        roots=read_roots(trust) if trust else (), clocks=read_roots(clocks) if clocks else ()
    )
    report: dict[str, Any] = {
        "file": {
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "pages": None,
        },
        "signatures": [],
        "changes": [],
    }
    integrity, trusted = Finding(), Finding()
    try:
        integrity, trusted = complete(_verify(content, roots, report))
    except Exception as error:  # hostile input: any exception of three parsers
        integrity.doubt(
            "FORMAT_FAILURE",
            "The file is not built as a PDF should be and could not be examined to the end "
            f"({type(error).__name__}).",
        )
        trusted.doubt("NO_CERTIFICATE_CHAIN_FOUND", "Without sound structure nobody can be named.")
    report["integrity"] = integrity.as_json()
    report["trust"] = trusted.as_json()
    return report


async def _verify(
    content: bytes, roots: Trusted, report: dict[str, Any]
) -> tuple[Finding, Finding]:
    whole = check_header(content)
    reader = PdfFileReader(io.BytesIO(content), strict=True)
    if reader.encrypted and reader.decrypt(b"").status == AuthStatus.FAILED:
        whole.doubt("FORMAT_FAILURE", "The file is locked with a password and cannot be read.")
        return whole, together([whole])
    opinion = second_opinion(content)
    _name_unknown_forms(whole, opinion)
    signatures = list(reader.embedded_signatures)
    _judge_hybrid(whole, reader, signatures)
    report["file"]["pages"] = opinion.pages
    _compare_opinions(whole, reader, signatures, opinion, content)

    proper = [each for each in signatures if each.sig_object_type == "/Sig"]
    if not opinion.signed_fields and not signatures:
        whole.doubt("NO_SIGNATURE", "The file carries no signature.")
    elif not proper:
        whole.doubt(
            "NO_SIGNATURE", "The file carries timestamps only; a timestamp is no signature."
        )
    if len(signatures) > MAX_SIGNATURES:
        whole.doubt("SIGNATURES_SKIPPED", f"The file has {len(signatures)} signatures; too many.")
        signatures = signatures[:MAX_SIGNATURES]

    coverages = [
        check_byte_range(content, each.byte_range, each.pkcs7_content) for each in signatures
    ]
    last_end = max((each.end for each in coverages), default=0)
    findings, trusts = [], []
    for number, (signature, coverage) in enumerate(zip(signatures, coverages, strict=True)):
        later = any(
            other.sig_object_type == "/Sig"
            for other, place in zip(signatures, coverages, strict=True)
            if place.end > coverage.end
        )
        stamped = any(
            other.sig_object_type == "/DocTimeStamp" and place.end > coverage.end
            for other, place in zip(signatures, coverages, strict=True)
        )
        entry, finding = await _check_signature(
            content,
            signature,
            coverage,
            later=later,
            stamped=stamped,
            covered_to=last_end,
            report=report,
        )
        trust = await _guarded_trust(signature, roots)
        entry["number"] = number + 1
        entry["integrity"] = finding.as_json()
        entry["trust"] = trust.as_json()
        report["signatures"].append(entry)
        findings.append(finding)
        if signature.sig_object_type == "/Sig":
            trusts.append(trust)
    trusted = together(trusts)
    if not trusts:
        trusted.doubt("NO_SIGNATURE", "There is no signature whose signer could be trusted.")
    whole.take(together(findings))
    if whole.verdict == Verdict.PASSED:
        whole.note("OK", "Everything shown was signed and is unchanged.")
    return whole, trusted


def _name_unknown_forms(whole: Finding, opinion: SecondOpinion) -> None:
    """Old forms of signatures (ISO 32000-1, table 252) rest on SHA-1 and are not verified."""
    unknown = sorted(set(opinion.subfilters) - _KNOWN)
    if unknown:
        whole.doubt(
            "SIGNATURES_SKIPPED",
            f"The file has a signature of a form that is not verified here ({', '.join(unknown)}).",
        )


def _judge_hybrid(
    whole: Finding, reader: PdfFileReader, signatures: Sequence[EmbeddedPdfSignature]
) -> None:
    """Files with a table of objects for old readers and one for newer ones.

    Office programs write them, and signed as such they are sound. pyHanko refuses all, since
    an update could show old readers something else; so those only are refused here.
    """
    if not reader.xrefs.hybrid_xrefs_present:
        return
    first = min((each.signed_revision for each in signatures), default=0)
    kinds = [
        reader.xrefs.get_xref_container_info(number).xref_section_type
        for number in range(first + 1, reader.xrefs.total_revisions)
    ]
    if XRefSectionType.HYBRID_MAIN in kinds:
        whole.doubt(
            "FORMAT_FAILURE", "What was added after signing may look different in old readers."
        )
        return
    for each in signatures:
        each._enforce_hybrid_xref_policy = lambda: None  # type: ignore[method-assign]


def _compare_opinions(
    whole: Finding,
    reader: PdfFileReader,
    signatures: Sequence[EmbeddedPdfSignature],
    opinion: SecondOpinion,
    content: bytes,
) -> None:
    """Three parsers must see the same signatures and pages; where they differ, so may viewers."""
    if len(opinion.signed_fields) != len(signatures):
        whole.doubt(
            "SIGNATURES_SKIPPED",
            "The file has signature fields in a form that cannot be verified here.",
        )
    if opinion.shared:
        whole.doubt("FORMAT_FAILURE", "Several signature fields hold one and the same signature.")
    if opinion.orphans:
        whole.doubt("SIGNATURES_SKIPPED", "The file holds a signature that belongs to no field.")
    if opinion.complaints:
        whole.doubt(
            "FORMAT_FAILURE", "The structure of the file is damaged; viewers may differ on it."
        )
    pages = {opinion.pages, count_pages(content), int(reader.root["/Pages"]["/Count"])}
    if len(pages) > 1:
        whole.doubt("FORMAT_FAILURE", "PDF readers disagree on how many pages the file has.")


async def _check_signature(
    content: bytes,
    signature: EmbeddedPdfSignature,
    coverage: Coverage,
    *,
    later: bool,
    stamped: bool,
    covered_to: int,
    report: dict[str, Any],
) -> tuple[dict[str, Any], Finding]:
    finding = Finding()
    finding.take(coverage.finding)
    is_timestamp = signature.sig_object_type != "/Sig"
    entry: dict[str, Any] = {
        "field": str(signature.field_name),
        "kind": "timestamp" if is_timestamp else "signature",
        "subfilter": str(signature.sig_object.get("/SubFilter", "")),
        "covers": coverage.end,
        "whole_file": coverage.end == len(content),
    }
    try:
        status = await _crypto_status(signature)
        entry |= _describe(signature, status)
        _judge_crypto(finding, signature, status)
        judge_promise(finding, signature, stamped_later=stamped)
        commented = _judge_changes(finding, signature, status, content, coverage, later=later)
        if coverage.end == covered_to:
            judge_tail(finding, signature, status.modification_level, content, covered_to)
        if coverage.end and finding.verdict != Verdict.FAILED and coverage.end < len(content):
            changed = differences(content[: coverage.end], content, beside_fields=later)
            _judge_shown(finding, changed, allowed=later or commented)
            report["changes"] += [each.as_json() for each in changed]
    except Exception as error:  # as above: one broken signature must not hide the others
        finding.doubt(
            "FORMAT_FAILURE",
            f"The signature could not be examined to the end ({type(error).__name__}).",
        )
    return entry, finding


async def _crypto_status(signature: EmbeddedPdfSignature) -> Any:
    nobody = ValidationContext(trust_roots=[], allow_fetching=False)
    if signature.sig_object_type != "/Sig":
        return await async_validate_pdf_timestamp(signature, nobody, diff_policy=RULES)
    return await async_validate_pdf_signature(signature, nobody, diff_policy=RULES)


def _judge_crypto(finding: Finding, signature: EmbeddedPdfSignature, status: Any) -> None:
    if not status.intact:
        finding.fail("HASH_FAILURE", "The signed bytes were changed after signing.")
    if not status.valid:
        finding.fail("SIG_CRYPTO_FAILURE", "The signature does not match the signer's key.")
    digests = {str(status.md_algorithm).lower(), str(signature.md_algorithm).lower()}
    if (
        digests & _WEAK
        or status.trust_problem_indic == AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE
    ):
        finding.doubt(
            "CRYPTO_CONSTRAINTS_FAILURE",
            f"The signature rests on a combination that is not safe today "
            f"({status.md_algorithm}, {status.pkcs7_signature_mechanism}).",
        )
    if not getattr(status, "seed_value_ok", True):
        finding.doubt("SIG_CONSTRAINTS_FAILURE", "The signature breaks a rule its field sets.")
    stamp = getattr(status, "timestamp_validity", None)
    if stamp is not None and not (stamp.intact and stamp.valid):
        finding.doubt("TIMESTAMP_ORDER_FAILURE", "The timestamp in the signature is not sound.")


def _judge_changes(
    finding: Finding,
    signature: EmbeddedPdfSignature,
    status: Any,
    content: bytes,
    coverage: Coverage,
    *,
    later: bool,
) -> bool:
    """Coverage and what was added since; ``later`` tells that another signature follows.

    Returns whether comments were added that the signature allows.
    """
    if status.coverage is None or status.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        finding.fail("FORMAT_FAILURE", "The signature does not cover a whole version of the file.")
        return False
    level = status.modification_level
    # pyHanko sets no docmdp_ok for a document timestamp, which forbids nothing itself.
    forbidden = (
        level == ModificationLevel.OTHER if status.docmdp_ok is None else not status.docmdp_ok
    )
    if forbidden and _only_commented(signature, content, coverage):
        finding.doubt(
            "CHANGED_AFTER_SIGNING",
            "Comments were added after signing: the signature allows them, but they can hide or "
            "imitate what was signed.",
        )
        return True
    if forbidden:
        finding.fail(
            "CHANGED_AFTER_SIGNING", "The file was changed in a way the signature forbids."
        )
    elif level == ModificationLevel.FORM_FILLING and not later:
        finding.doubt(
            "CHANGED_AFTER_SIGNING",
            "Form fields were filled in after the last signature: allowed, but signed by nobody.",
        )
    return False


def _only_commented(signature: EmbeddedPdfSignature, content: bytes, coverage: Coverage) -> bool:
    """Whether a signature that allows comments (DocMDP, P 3) lies under changed ones alone."""
    return signature.docmdp_level == MDPPerm.ANNOTATE and same_beneath_comments(
        content[: coverage.end], content
    )


def _judge_shown(finding: Finding, changed: list[Difference], *, allowed: bool) -> None:
    """The pages as PDFium, which took no part in the verdict so far, reads and draws them."""
    if changed:
        pages = ", ".join(str(each.page) for each in changed[:10])
        (finding.doubt if allowed else finding.fail)(
            "SHOWN_DIFFERS", f"What is shown is not what was signed, on page {pages}."
        )


async def _guarded_trust(signature: EmbeddedPdfSignature, roots: Trusted) -> Finding:
    try:
        return await check_trust(signature, roots)
    except Exception as error:  # as above
        finding = Finding()
        finding.doubt(
            "CERTIFICATE_CHAIN_GENERAL_FAILURE",
            f"The signer's chain could not be examined ({type(error).__name__}).",
        )
        return finding


def _describe(signature: EmbeddedPdfSignature, status: Any) -> dict[str, Any]:
    certificate = status.signing_cert
    stated = getattr(status, "signer_reported_dt", None) or getattr(status, "timestamp", None)
    stamp = getattr(status, "timestamp_validity", None)
    permission = signature.docmdp_level
    return {
        "signer": certificate.subject.human_friendly,
        "issuer": certificate.issuer.human_friendly,
        "serial": f"{certificate.serial_number:x}",
        "fingerprint_sha256": certificate.sha256.hex(),
        "digest": status.md_algorithm,
        "mechanism": status.pkcs7_signature_mechanism,
        "stated_time": stated.isoformat() if stated else None,
        "timestamp": stamp.timestamp.isoformat() if stamp else None,
        "reason": str(signature.sig_object.get("/Reason", "")),
        "permits": permission.name.lower() if permission else None,
        "changes_since": status.modification_level.name.lower()
        if status.modification_level
        else None,
    }
