"""What the limited process can be asked to do."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

Task = Callable[[bytes, Mapping[str, Any]], tuple[dict[str, Any], bytes]]


def normalise(content: bytes, options: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """``documents.sources.to_pdf``, then ``documents.normalising.normalise_pdf``, and the
    anchors and texts of the result."""
    from dealwright.signing.documents.anchors import find_anchors, without_anchors
    from dealwright.signing.documents.normalising import normalise_pdf
    from dealwright.signing.documents.reading import all_text
    from dealwright.signing.documents.sources import to_pdf

    pdf, told = to_pdf(content, str(options.get("name", "")))
    document = normalise_pdf(pdf, accept_signed=bool(options.get("accept_signed")))
    return {
        "sha256": document.sha256,
        "pages": [page.as_json() for page in document.pages],
        "notes": [*told, *document.notes],
        "texts": [without_anchors(text) for text in all_text(document.pdf)],
        "anchors": [asdict(anchor) for anchor in find_anchors(document.pdf, document.pages)],
    }, document.pdf


def verify(content: bytes, options: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """``verification.policy.verify_pdf``; ``trust`` and ``clocks`` are base64 of PEM or DER."""
    from dealwright.signing.verification.policy import verify_pdf

    trust, clocks = (base64.b64decode(options.get(key, "")) for key in ("trust", "clocks"))
    return verify_pdf(content, trust=trust, clocks=clocks), b""


def picture(content: bytes, options: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """``documents.pictures.redraw``."""
    from dealwright.signing.documents.pictures import redraw

    return {}, redraw(content)


def signature_picture(content: bytes, options: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """``documents.pictures.ink_of``."""
    from dealwright.signing.documents.pictures import ink_of

    return {}, ink_of(content)


TASKS: dict[str, Task] = {
    "normalise": normalise,
    "verify": verify,
    "picture": picture,
    "signature_picture": signature_picture,
}


def load_parsers() -> None:
    """Load what the tasks use, before there is anything hostile to read."""
    from dealwright.signing.documents import (  # noqa: F401
        anchors,
        html,
        normalising,
        pictures,
        reading,
        sources,
        word,
    )
    from dealwright.signing.verification import policy  # noqa: F401
