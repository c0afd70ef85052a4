"""Anchors: places for fields written into the text of a document, such as ``{{sign:1}}``.

    {{sign:1}}  {{initials:2}}  {{name:1}}  {{email:1}}  {{date:1}}
    {{text:1:Job title}}  {{check:1:I have read the annex}}  {{text?:2:PO number}}
    {{number:1:Seats}}  {{day:1:Start}}  {{file:1:Trade licence}}  {{stamp:1}}
    {{choose:1:Plan:Basic|Team|Firm}}  {{several:1:Extras:Support|Training}}
    {{option:1:Payment:Monthly}}  {{option:1:Payment:Yearly}}  {{formula:1:Total:seats * 12}}
    {{pay:1:Deposit:500}}  {{pay:1:First year:seats * 12}}

The number is the signer (the order in which signers are listed); a question mark makes the
field optional; what follows the second colon is its label; after a third stand the choices of a
list, the option of a radio button, the formula, or the amount in the company's currency. Anchors
are painted over when the document is prepared, so black text works as well as white.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pypdfium2.raw as pdfium_raw  # type: ignore[import-untyped]

from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.reading import characters, opened

_ANCHOR = re.compile(
    r"\{\{\s*(?P<kind>sign|initials|name|email|date|text|check|number|day"
    r"|file|stamp|choose|several|option|formula|pay)(?P<optional>\?)?"
    r"\s*:\s*(?P<signer>\d{1,2})\s*(?::(?P<label>[^{}:]{1,80})(?::(?P<more>[^{}]{1,500}))?)?\}\}",
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
    "number": "number",
    "day": "date",
    "file": "attachment",
    "stamp": "stamp",
    "choose": "dropdown",
    "several": "multi_select",
    "option": "radio",
    "formula": "formula",
    "pay": "payment",
}
_USING_MORE = ("dropdown", "multi_select", "radio", "formula", "payment")
# Width and height in points that a field of the kind gets around its anchor.
SIZES = {
    "signature": (170.0, 44.0),
    "initials": (60.0, 30.0),
    "name": (170.0, 18.0),
    "email": (190.0, 18.0),
    "date_signed": (100.0, 18.0),
    "text": (170.0, 18.0),
    "checkbox": (14.0, 14.0),
    "number": (90.0, 18.0),
    "date": (100.0, 18.0),
    "radio": (14.0, 14.0),
    "dropdown": (140.0, 18.0),
    "multi_select": (190.0, 18.0),
    "attachment": (230.0, 22.0),
    "stamp": (120.0, 60.0),
    "formula": (100.0, 18.0),
    "payment": (230.0, 28.0),
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
    options: tuple[str, ...] = ()
    option: str = ""
    formula: str = ""


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


def find_words(pdf: bytes, pages: tuple[PageGeometry, ...], words: str) -> list[tuple[int, Box]]:
    """Where the words stand: page (from 0) and box, in reading order. Upper and lower case are
    the same, and so is any run of blanks; words broken over two lines are not found."""
    wanted = re.compile(r"[ \t\u00a0]+".join(map(re.escape, words.split())), re.IGNORECASE)
    found: list[tuple[int, Box]] = []
    with opened(pdf) as document:
        for number, geometry in enumerate(pages):
            text, characters_ = characters(document[number])
            try:
                for match in wanted.finditer(text):
                    box = _box_of(characters_, match.start(), match.end(), geometry)
                    if box is not None:
                        found.append((number, box))
            finally:
                characters_.close()
    return found


def without_anchors(text: str) -> str:
    """Page text as a person should hear it."""
    return _ANCHOR.sub("", text)


def anchor_spans(text: str) -> list[tuple[int, int]]:
    """Where anchors begin and end in the text, which are painted over on the page."""
    return [match.span() for match in _ANCHOR.finditer(text)]


def _anchor(match: re.Match[str], page: int, covers: Box, geometry: PageGeometry) -> Anchor:
    kind = KINDS[match["kind"].lower()]
    width, height = SIZES[kind]
    w, h = width / geometry.width, height / geometry.height
    bottom = covers.y + covers.h
    more = (match["more"] or "").strip()
    choices = tuple(part.strip() for part in more.split("|") if part.strip())
    return Anchor(
        kind=kind,
        signer=int(match["signer"]),
        required=not match["optional"],
        label=_label(match, uses_more=kind in _USING_MORE),
        page=page,
        box=Box(covers.x, bottom - h, w, h).inside(),
        covers=covers,
        options=choices if kind in ("dropdown", "multi_select") else (),
        option=more[:80] if kind == "radio" else "",
        formula=more if kind in ("formula", "payment") else "",
    )


def _label(match: re.Match[str], *, uses_more: bool) -> str:
    """What follows the second colon; a further colon is part of it where nothing else uses it."""
    label, more = match["label"] or "", match["more"] or ""
    return (label if uses_more or not more else f"{label}:{more}").strip()[:80]


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
