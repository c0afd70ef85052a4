"""Trusted time from an RFC 3161 authority over HTTP; the next one is asked when one fails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
from asn1crypto import tsp  # type: ignore[import-untyped]
from pyhanko.sign.timestamps import TimeStamper

from dealwright.base.errors import Unavailable

MAX_SKEW = timedelta(seconds=60)
TIMEOUT = 10.0  # seconds per authority


class HttpTimeStamper(TimeStamper):
    """Asks the addresses in order and takes the first good answer.

    A refusal or a token for another request counts as no answer. A seal whose stated time
    differs from the authority's by more than a minute is refused.
    """

    def __init__(self, addresses: Sequence[str]) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call]
        self.addresses = list(addresses)

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        reasons = []
        async with httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False) as client:
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
                    _check_clock(token["gen_time"].native)
                    return response
                except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                    reasons.append(f"{address}: {type(error).__name__} {error}")
        raise Unavailable(
            "No timestamp authority answered (" + "; ".join(reasons) + ").", code="no_timestamp"
        )


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
