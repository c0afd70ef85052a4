"""Verification as pages, API and command line ask for it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.signing.sandbox import TookTooMuch, run_limited

MAX_BYTES = 100 * 1024 * 1024


def verify_signed_pdf(content: bytes, *, trust: bytes = b"", clocks: bytes = b"") -> dict[str, Any]:
    """The report of ``verification.policy.verify_pdf``, made in the limited process.

    A file that takes too much time or memory gets INDETERMINATE, too. Raises Invalid for a
    file over 100 MB and for a trust file that cannot be read.
    """
    if len(content) > MAX_BYTES:
        raise Invalid("The file is larger than 100 MB.", code="too_large")
    try:
        given = {"trust": trust, "clocks": clocks}
        options = {key: base64.b64encode(value).decode() for key, value in given.items()}
        return run_limited("verify", content, options).data
    except TookTooMuch as error:
        reason = {"code": "TRY_LATER", "text": error.message}
        unknown = {"verdict": "INDETERMINATE", "reasons": [reason]}
        return {
            "file": {
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                "pages": None,
            },
            "signatures": [],
            "changes": [],
            "integrity": unknown,
            "trust": unknown,
        }
