"""What was signed against what is shown, page by page: PDFium's text and picture of both."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pikepdf

from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.normalising import page_geometry
from dealwright.signing.documents.reading import opened

_SCALE = 0.75  # pixels per point: enough to see a changed digit
_MOST_FIELDS = 0.6  # of a page: where input fields cover more, “beside them” says too little
_MOST_WORDS = 60  # letters and digits beneath a field for a signature
_EXCERPT = 600


@dataclass(frozen=True, slots=True)
class Difference:
    """One page (from 1) that reads or looks otherwise than when it was signed."""

    page: int
    signed_text: str
    shown_text: str

    def as_json(self) -> dict[str, Any]:
        return {
            "page": self.page,
            "signed_text": self.signed_text[:_EXCERPT],
            "shown_text": self.shown_text[:_EXCERPT],
        }


def differences(signed: bytes, shown: bytes, *, beside_fields: bool = False) -> list[Difference]:
    """The pages that differ between the signed revision and the whole file.

    Args:
        beside_fields: look only outside form fields (of the whole file), where filling in
            a form may have changed the page lawfully.
    """
    fields = _fields_of(shown) if beside_fields else {}
    known = _fields_of(signed) if beside_fields else {}
    found = []
    with opened(signed) as before, opened(shown) as after:
        # Without this, what stands in form fields is neither drawn nor compared.
        before.init_forms()
        after.init_forms()
        for number in range(max(len(before), len(after))):
            was = before[number] if number < len(before) else None
            is_now = after[number] if number < len(after) else None
            old, new = _text(was), _text(is_now)
            if beside_fields:
                places = {each.box for each in known.get(number, [])}
                same = _same_beside(was, is_now, fields.get(number, []), places)
            else:
                same = old == new and _picture(was, []) == _picture(is_now, [])
            if not same:
                found.append(Difference(number + 1, old, new))
    return found


def same_beneath_comments(signed: bytes, shown: bytes) -> bool:
    """Whether all pages are the same without what lies on them: comments, fields, stamps."""
    with opened(signed) as before, opened(shown) as after:
        return len(before) == len(after) and all(
            _text(before[number]) == _text(after[number])
            and _picture(before[number], [], bare=True) == _picture(after[number], [], bare=True)
            for number in range(len(before))
        )


def _same_beside(was: Any, is_now: Any, fields: list[_Field], places: set[Box]) -> bool:
    """``places`` are where fields stood when the page was signed."""
    if was is None or is_now is None:
        return False
    masks = [field.box for field in fields if not _hides(was, field, field.box in places)]
    if _picture(was, masks) != _picture(is_now, masks):
        return False
    covered = sum(field.box.w * field.box.h for field in fields if not field.is_signature)
    return covered <= _MOST_FIELDS or _picture(was, []) == _picture(is_now, [])


def _hides(was: Any, field: _Field, was_there: bool) -> bool:
    """Whether a signature's look lies over what was signed before (the attack SSA): it may then
    say something else in its place. A field that was there may lie over a few words that ask to
    sign in it."""
    if not field.is_signature:
        return False
    words = was.get_textpage()
    try:
        text = words.get_text_bounded(*field.user)
    finally:
        words.close()
    beneath = sum(character.isalnum() for character in str(text))
    return beneath > (_MOST_WORDS if was_there else 0)


def _text(page: Any) -> str:
    if page is None:
        return ""
    words = page.get_textpage()
    try:
        return str(words.get_text_range())
    finally:
        words.close()


def _picture(page: Any, masks: list[Box], *, bare: bool = False) -> bytes:
    if page is None:
        return b""
    image = page.render(scale=_SCALE, may_draw_forms=not bare, draw_annots=not bare).to_pil()
    for box in masks:
        image.paste(
            (255, 255, 255),
            (
                int(box.x * image.width) - 2,
                int(box.y * image.height) - 2,
                int((box.x + box.w) * image.width) + 3,
                int((box.y + box.h) * image.height) + 3,
            ),
        )
    return bytes(image.tobytes())


@dataclass(frozen=True, slots=True)
class _Field:
    box: Box
    user: tuple[float, float, float, float]  # left, bottom, right, top in user space
    is_signature: bool


def _fields_of(content: bytes) -> dict[int, list[_Field]]:
    """The form fields of each page (from 0)."""
    found: dict[int, list[_Field]] = {}
    with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
        for number, page in enumerate(pdf.pages):
            geometry = page_geometry(page)
            for annotation in page.obj.get("/Annots", []):
                if annotation.get("/Subtype") == "/Widget" and "/Rect" in annotation:
                    a, b, c, d = (float(value) for value in annotation.Rect)
                    user = (min(a, c), min(b, d), max(a, c), max(b, d))
                    box = geometry.from_user(*user)
                    parent: Any = annotation.get("/Parent", {})
                    kind = annotation.get("/FT") or parent.get("/FT")
                    found.setdefault(number, []).append(_Field(box, user, kind == "/Sig"))
    return found
