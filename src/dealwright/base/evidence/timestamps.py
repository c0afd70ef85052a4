"""RFC 3161 time stamps over anchors: somebody else's word for when the evidence was there.

Off until ``DEALWRIGHT_TSA_URL`` names a time-stamping authority. The imprint is the SHA-256
of the root's 32 bytes, so that ``openssl ts -verify -data root.bin -in token.tsr
-token_in`` checks it as well.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import ClassVar

import httpx
import structlog
from asn1crypto import algos, cms, core, pem, tsp, x509  # type: ignore[import-untyped]
from django.conf import settings
from django.utils import timezone
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from dealwright.base.errors import Unavailable
from dealwright.base.evidence.models import EvidenceAnchor, EvidenceTimestamp
from dealwright.base.evidence.verification import Problem
from dealwright.base.loops import complete

log = structlog.get_logger("dealwright.evidence")

SECONDS = 20
MOST_DRIFT = timedelta(seconds=60)
_LARGEST = 100_000


class _Reply(core.Sequence):  # type: ignore[misc]
    """TimeStampResp (RFC 3161, 2.4.2), whose token is missing in a refusal."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a checked token says. ``trusted`` tells whether its certificate leads to a root of
    ``DEALWRIGHT_TSA_ROOTS``; None where no roots are set."""

    token: bytes
    at: datetime
    serial: str
    trusted: bool | None


def stamp_anchors(*, limit: int = 10) -> int:
    """Have the newest anchors without a time stamp stamped; returns how many.

    An older anchor needs none of its own: its tree is the beginning of a stamped newer one.
    """
    if not settings.TSA_URL:
        return 0
    stamped = EvidenceTimestamp.objects.order_by("-anchor__size").values("anchor__size").first()
    anchors = EvidenceAnchor.objects.filter(size__gt=stamped["anchor__size"] if stamped else 0)
    count = 0
    for anchor in reversed(anchors.order_by("-size")[:limit]):
        try:
            stamp = request_timestamp(settings.TSA_URL, bytes.fromhex(anchor.root))
        except Unavailable as error:
            log.warning("time stamp not had", reason=error.message)
            break
        EvidenceTimestamp.objects.create(
            anchor=anchor,
            authority=settings.TSA_URL[:500],
            at=stamp.at,
            serial=stamp.serial[:80],
            token=stamp.token,
        )
        count += 1
    return count


def request_timestamp(url: str, data: bytes) -> Stamp:
    """Ask an authority to stamp data, and check what it answers (RFC 3161, 2.2).

    Status, nonce, imprint, signature, the certificate's purpose and the time (within 60
    seconds of ours) are checked. Raises Unavailable with what is wrong.
    """
    nonce = secrets.randbits(63)
    query = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {
                "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "hashed_message": sha256(data).digest(),
            },
            "nonce": core.Integer(nonce),
            "cert_req": True,
        }
    )
    try:
        answer = httpx.post(
            url,
            content=query.dump(),
            headers={
                "Content-Type": "application/timestamp-query",
                "Accept": "application/timestamp-reply",
            },
            timeout=SECONDS,
        )
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable(f"The time-stamping authority does not answer: {error}.") from None
    if len(answer.content) > _LARGEST:
        raise Unavailable("The time-stamping authority's answer is too long.")
    try:
        reply = _Reply.load(answer.content)
        status = reply["status"]["status"].native
        if status not in ("granted", "granted_with_mods"):
            words = " ".join(str(each) for each in reply["status"]["status_string"].native or [])
            raise Unavailable(
                f"The time-stamping authority refuses: {status} {words}".strip() + "."
            )
        token = reply["time_stamp_token"].dump()
        info = _info_of(reply["time_stamp_token"])
        if info["nonce"].native != nonce:
            raise Unavailable("The time stamp answers another question: its nonce is not ours.")
    except (ValueError, TypeError, KeyError) as error:
        raise Unavailable(f"The time-stamping authority's answer cannot be read: {error}") from None
    stamp = check_timestamp(token, data)
    if abs(stamp.at - timezone.now()) > MOST_DRIFT:
        raise Unavailable(
            f"Our clock and the time-stamping authority's differ by more than a minute "
            f"(theirs: {stamp.at:%Y-%m-%d %H:%M:%S} UTC)."
        )
    return stamp


def check_timestamp(token: bytes, data: bytes) -> Stamp:
    """Check a stored token against the data it stamps; raises Unavailable with what is wrong."""
    try:
        content = cms.ContentInfo.load(bytes(token))
        info = _info_of(content)
        context = _validation_context(info["gen_time"].native)
        found = complete(
            validate_tst_signed_data(
                content["content"], context, lambda algorithm: _imprint(algorithm, data)
            )
        )
    except (ValueError, TypeError, KeyError, SignatureValidationError) as error:
        raise Unavailable(f"The time stamp is not sound: {error}") from None
    if not (found["intact"] and found["valid"]):
        raise Unavailable("The time stamp is not sound: it does not match what it stamps.")
    # A path alone is no trust: it is given for one whose signatures do not fit as well.
    leads = found.get("validation_path") is not None and found["trust_problem_indic"] is None
    trusted = leads if settings.TSA_ROOTS else None
    if trusted is False:
        raise Unavailable("The time stamp's certificate does not lead to a trusted root.")
    return Stamp(
        token=bytes(token),
        at=info["gen_time"].native,
        serial=str(info["serial_number"].native),
        trusted=trusted,
    )


def verify_timestamps() -> list[Problem]:
    """Check every stored token against its anchor; ``seq`` of a problem is the anchor's size."""
    problems = []
    for row in EvidenceTimestamp.objects.select_related("anchor").order_by("anchor__size"):
        try:
            stamp = check_timestamp(bytes(row.token), bytes.fromhex(row.anchor.root))
        except Unavailable as error:
            problems.append(Problem(row.anchor.size, "timestamp", error.message))
        else:
            if stamp.at != row.at:
                problems.append(
                    Problem(row.anchor.size, "timestamp", "The token states another time.")
                )
    return problems


def _info_of(content: cms.ContentInfo) -> tsp.TSTInfo:
    info = content["content"]["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise ValueError("it holds no time stamp")
    return info


def _imprint(algorithm: str, data: bytes) -> bytes:
    if algorithm != "sha256":
        raise ValueError(f"its imprint uses {algorithm}")
    return sha256(data).digest()


def _validation_context(at: datetime) -> ValidationContext:
    """The roots that certificates must lead to at the time of stamping; no root, no trust."""
    roots = []
    if settings.TSA_ROOTS:
        for _, _, der in pem.unarmor(Path(settings.TSA_ROOTS).read_bytes(), multiple=True):
            roots.append(x509.Certificate.load(der))
    return ValidationContext(trust_roots=roots, moment=at, allow_fetching=False)
