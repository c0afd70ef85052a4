"""Anchors: places for fields written into the text of a document, such as ``{{sign:1}}``.

    {{sign:1}}  {{initials:2}}  {{name:1}}  {{email:1}}  {{date:1}}
    {{text:1:Job title}}  {{check:1:I have read the annex}}  {{text?:2:PO number}}

The number is the signer (the order in which signers are listed); a question mark makes the
field optional; what follows the second colon is its label. Anchors are painted over when
the document is prepared, so black text works as well as white.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pypdfium2.raw as pdfium_raw  # type: ignore[import-untyped]

from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.reading import characters, opened

_ANCHOR = re.compile(
    r"\{\{\s*(?P<kind>sign|initials|name|email|date|text|check)(?P<optional>\?)?"
    r"\s*:\s*(?P<signer>\d{1,2})\s*(?::(?P<label>[^{}]{1,80}))?\}\}",
    re.IGNORECASE,
)
KINDS = {
    "sign": "signature",
    "initials": "initials",
    "name": "name",
    "email": "email",
    "date": "date_signed",
    "text": "text",
    "check": "checkbox",
}
# Width and height in points that a field of the kind gets around its anchor.
SIZES = {
    "signature": (170.0, 44.0),
    "initials": (60.0, 30.0),
    "name": (170.0, 18.0),
    "email": (190.0, 18.0),
    "date_signed": (100.0, 18.0),
    "text": (170.0, 18.0),
    "checkbox": (14.0, 14.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A field asked for in the text: which signer (from 1), where, and the text to paint over."""

    kind: str
    signer: int
    required: bool
    label: str
    page: int
    box: Box
    covers: Box


def find_anchors(pdf: bytes, pages: tuple[PageGeometry, ...]) -> list[Anchor]:
    """All anchors in reading order. An anchor broken over two lines is not one."""
    found: list[Anchor] = []
    with opened(pdf) as document:
        for number, geometry in enumerate(pages):
            text, words = characters(document[number])
            try:
                for match in _ANCHOR.finditer(text):
                    covers = _box_of(words, match.start(), match.end(), geometry)
                    if covers is not None:
                        found.append(_anchor(match, number, covers, geometry))
            finally:
                words.close()
    return found


def without_anchors(text: str) -> str:
    """Page text as a person should hear it."""
    return _ANCHOR.sub("", text)


def _anchor(match: re.Match[str], page: int, covers: Box, geometry: PageGeometry) -> Anchor:
    kind = KINDS[match["kind"].lower()]
    width, height = SIZES[kind]
    w, h = width / geometry.width, height / geometry.height
    bottom = covers.y + covers.h
    return Anchor(
        kind=kind,
        signer=int(match["signer"]),
        required=not match["optional"],
        label=(match["label"] or "").strip(),
        page=page,
        box=Box(covers.x, bottom - h, w, h).inside(),
        covers=covers,
    )


def _box_of(words: object, start: int, end: int, geometry: PageGeometry) -> Box | None:
    """The box around characters ``start`` to ``end``, or None where they have no place."""
    lefts, bottoms, rights, tops = [], [], [], []
    for index in range(start, end):
        left, right, bottom, top = (pdfium_raw.c_double() for _ in range(4))
        if pdfium_raw.FPDFText_GetCharBox(words, index, left, right, bottom, top):
            if left.value == right.value:
                continue
            lefts.append(left.value)
            rights.append(right.value)
            bottoms.append(bottom.value)
            tops.append(top.value)
    if not lefts:
        return None
    return geometry.from_user(min(lefts) - 1, min(bottoms) - 1, max(rights) + 1, max(tops) + 1)
