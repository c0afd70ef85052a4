"""The page for signatures that a document gets where it has no places for them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import orjson
import pikepdf

from dealwright.signing.documents import fonts
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.typesetting import typeset

_TEMPLATE = Path(__file__).with_name("signature_page.typ")
_MARGIN, _FIRST, _STEP = 54.0, 120.0, 124.0  # points


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """Where one signer signs and dates, on which page of the whole document (from 0)."""

    signer: int
    page: int
    signature: Box
    date: Box


def add_signature_page(
    pdf: bytes, *, title: str, signers: Sequence[tuple[str, str]]
) -> tuple[bytes, list[SignatureBlock]]:
    """Append as many pages as the signers (name, e-mail) need, in the size of the last page.

    Returns the document and one block per signer, in their order.
    """
    with pikepdf.open(io.BytesIO(pdf)) as document:
        width, height = _sheet_size(document)
        per_sheet = max(int((height - _FIRST - _MARGIN) // _STEP), 1)
        signature_width = min(250.0, (width - 2 * _MARGIN) * 0.6)
        date_left = _MARGIN + signature_width + 24
        date_width = min(110.0, width - _MARGIN - date_left)
        first_page = len(document.pages)
        sheets: list[dict[str, object]] = []
        blocks: list[SignatureBlock] = []
        for start in range(0, len(signers), per_sheet):
            drawn = []
            for offset, (name, email) in enumerate(signers[start : start + per_sheet]):
                top = _FIRST + offset * _STEP
                drawn.append(
                    {
                        "name": fonts.drawable(name),
                        "email": fonts.drawable(email),
                        "top": top,
                        "signature_width": signature_width,
                        "date_left": date_left,
                        "date_width": date_width,
                    }
                )
                blocks.append(
                    SignatureBlock(
                        signer=start + offset,
                        page=first_page + len(sheets),
                        signature=Box(
                            _MARGIN / width,
                            (top + 32) / height,
                            signature_width / width,
                            51 / height,
                        ),
                        date=Box(
                            date_left / width, (top + 64) / height, date_width / width, 19 / height
                        ),
                    )
                )
            sheets.append(
                {
                    "title": "Signatures",
                    "subtitle": fonts.drawable(f"Signed electronically: {title}"),
                    "blocks": drawn,
                }
            )
        values = {"width": width, "height": height, "margin": _MARGIN, "sheets": sheets}
        return append_pages(pdf, _drawn(orjson.dumps(values))), blocks


@lru_cache(maxsize=32)
def _drawn(values: bytes) -> bytes:
    """The pages by what stands on them, kept for the next envelope with the same signers."""
    return typeset(_TEMPLATE, orjson.loads(values))


def append_pages(pdf: bytes, more: bytes) -> bytes:
    """The document with the other's pages after its own."""
    with pikepdf.open(io.BytesIO(pdf)) as document, pikepdf.open(io.BytesIO(more)) as tail:
        document.pages.extend(tail.pages)
        out = io.BytesIO()
        document.save(
            out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable
        )
        return out.getvalue()


def _sheet_size(document: pikepdf.Pdf) -> tuple[float, float]:
    """The visible size of the last page, at least 420 by 480 points (about A5)."""
    from dealwright.signing.documents.normalising import page_geometry

    last: PageGeometry = page_geometry(document.pages[-1])
    return max(last.width, 420.0), max(last.height, 480.0)
