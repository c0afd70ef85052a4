"""Trusted time from an RFC 3161 authority over HTTP; the next one is asked when one fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
from asn1crypto import tsp, x509  # type: ignore[import-untyped]
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from dealwright.base.errors import Unavailable

MAX_SKEW = timedelta(seconds=60)
TIMEOUT = 10.0  # seconds per authority


class HttpTimeStamper(TimeStamper):
    """Asks the addresses in order and takes the first good answer.

    A refusal, a token for another request and one whose signature does not hold count as no
    answer; with ``roots``, so does a token whose certificate does not lead to one of them. A
    seal whose stated time differs from the authority's by more than a minute is refused. All
    stamps of one object come from the authority that answered first, since the proof that goes
    into a seal is gathered about one of them.
    """

    def __init__(self, addresses: Sequence[str], *, roots: Sequence[x509.Certificate] = ()) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call]
        self.addresses = list(addresses)
        self.roots = list(roots)

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        reasons = []
        async with httpx.AsyncClient(
            timeout=TIMEOUT, follow_redirects=False, trust_env=False
        ) as client:
            for address in self.addresses:
                try:
                    answer = await client.post(
                        address,
                        content=req.dump(),
                        headers={"Content-Type": "application/timestamp-query"},
                    )
                    answer.raise_for_status()
                    response = tsp.TimeStampResp.load(answer.content, strict=True)
                    token = _info_of(response)
                    if token["nonce"].native != req["nonce"].native:
                        raise ValueError("the token answers another request")
                    await self._check_token(response, req, token["gen_time"].native)
                    _check_clock(token["gen_time"].native)
                except (
                    httpx.HTTPError,
                    httpx.InvalidURL,
                    SignatureValidationError,
                    ValueError,
                    KeyError,
                    TypeError,
                ) as error:
                    reasons.append(f"{address}: {type(error).__name__} {error}")
                else:
                    self.addresses = [address]
                    return response
        raise Unavailable(
            "No timestamp authority answered (" + "; ".join(reasons) + ").", code="no_timestamp"
        )

    async def _check_token(
        self, response: tsp.TimeStampResp, req: tsp.TimeStampReq, at: datetime
    ) -> None:
        """Raises ValueError where the signature does not hold or nobody trusted vouches for it."""
        asked = req["message_imprint"]

        def imprint(algorithm: str) -> bytes:
            if algorithm != asked["hash_algorithm"]["algorithm"].native:
                raise ValueError("the token rests on another digest")
            return bytes(asked["hashed_message"].native)

        context = ValidationContext(trust_roots=self.roots, moment=at, allow_fetching=False)
        found = await validate_tst_signed_data(
            response["time_stamp_token"]["content"], context, imprint
        )
        if not (found["intact"] and found["valid"]):
            raise ValueError("the token's signature does not hold")
        leads = found.get("validation_path") is not None and found["trust_problem_indic"] is None
        if self.roots and not leads:
            raise ValueError("the token's certificate does not lead to a trusted root")


def _info_of(response: tsp.TimeStampResp) -> tsp.TSTInfo:
    """What the token states; raises ValueError where the authority refused."""
    status = response["status"]["status"].native
    if status not in ("granted", "granted_with_mods"):
        raise ValueError(f"the authority answered “{status}”")
    return response["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed


def _check_clock(stated: datetime) -> None:
    skew = abs(datetime.now(UTC) - stated)
    if skew > MAX_SKEW:
        raise Unavailable(
            f"The clock of this machine differs from the timestamp authority's by "
            f"{int(skew.total_seconds())} seconds. Set the clock, then the seal is tried again.",
            code="clock_skew",
        )
