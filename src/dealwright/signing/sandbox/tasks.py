"""What the limited process can be asked to do."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

Task = Callable[[bytes, Mapping[str, Any]], tuple[dict[str, Any], bytes]]


def normalise(content: bytes, options: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """``documents.normalising.normalise_pdf``, and the anchors and texts of the result."""
    from dealwright.signing.documents.anchors import find_anchors, without_anchors
    from dealwright.signing.documents.normalising import normalise_pdf
    from dealwright.signing.documents.reading import all_text

    document = normalise_pdf(content, accept_signed=bool(options.get("accept_signed")))
    return {
        "sha256": document.sha256,
        "pages": [page.as_json() for page in document.pages],
        "notes": list(document.notes),
        "texts": [without_anchors(text) for text in all_text(document.pdf)],
        "anchors": [asdict(anchor) for anchor in find_anchors(document.pdf, document.pages)],
    }, document.pdf


def verify(content: bytes, options: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """``verification.policy.verify_pdf``; ``trust`` is base64 of a PEM or DER file."""
    from dealwright.signing.verification.policy import verify_pdf

    return verify_pdf(content, trust=base64.b64decode(options.get("trust", ""))), b""


TASKS: dict[str, Task] = {"normalise": normalise, "verify": verify}


def load_parsers() -> None:
    """Load what the tasks use, before there is anything hostile to read."""
    from dealwright.signing.documents import anchors, normalising, reading  # noqa: F401
    from dealwright.signing.verification import policy  # noqa: F401
