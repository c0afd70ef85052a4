"""Signed messages of a payment provider: ``Stripe-Signature: t=<seconds>,v1=<hex>``.

``v1`` is HMAC-SHA256 with the endpoint's secret over ``<t>.<body>``; there may be several, while
a secret is replaced. A message that is more than five minutes old, or from the future, counts
for nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import time

TOLERANCE_SECONDS = 300
_MOST = 2_000  # characters of the header that are looked at


def sign_message(body: bytes, secret: str, *, at: int) -> str:
    """The header that a provider sends with a body."""
    return f"t={at},v1={_digest(body, secret, str(at))}"


def is_signed(body: bytes, header: str, secret: str, *, now: float | None = None) -> bool:
    """Whether the header shows that the holder of the secret sent this body just now."""
    if not secret or len(header) > _MOST:
        return False
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for key, _, value in pairs if key == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 15):
        return False
    if abs((time.time() if now is None else now) - int(times[0])) > TOLERANCE_SECONDS:
        return False
    wanted = _digest(body, secret, times[0]).encode()
    given = [value.encode() for key, _, value in pairs if key == "v1"]
    return any(hmac.compare_digest(wanted, each) for each in given)


def _digest(body: bytes, secret: str, at: str) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
