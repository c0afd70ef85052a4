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
                same = _same_beside(was, is_now, fields.get(number, []))
            else:
                same = old == new and _picture(was, []) == _picture(is_now, [])
            if not same:
                found.append(Difference(number + 1, old, new))
    return found


def _same_beside(was: Any, is_now: Any, fields: list[_Field]) -> bool:
    masks = [field.box for field in fields]
    if was is None or is_now is None or _picture(was, masks) != _picture(is_now, masks):
        return False
    covered = sum(field.box.w * field.box.h for field in fields if not field.is_signature)
    return covered <= _MOST_FIELDS or _picture(was, []) == _picture(is_now, [])


def _text(page: Any) -> str:
    if page is None:
        return ""
    words = page.get_textpage()
    try:
        return str(words.get_text_range())
    finally:
        words.close()


def _picture(page: Any, masks: list[Box]) -> bytes:
    if page is None:
        return b""
    image = page.render(scale=_SCALE).to_pil()
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
                    box = geometry.from_user(min(a, c), min(b, d), max(a, c), max(b, d))
                    parent: Any = annotation.get("/Parent", {})
                    kind = annotation.get("/FT") or parent.get("/FT")
                    found.setdefault(number, []).append(_Field(box, kind == "/Sig"))
    return found
