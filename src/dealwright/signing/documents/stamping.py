"""Writing signatures and values into a document, right on turned, cropped and mixed pages."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pikepdf

from dealwright.signing.documents import fonts
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.normalising import page_geometry
from dealwright.signing.documents.reading import region_pixels, text_inside
from dealwright.signing.documents.strokes import Strokes
from dealwright.signing.documents.typesetting import typeset
from dealwright.signing.documents.words import is_rtl

_TEMPLATE = Path(__file__).with_name("marks.typ")
_DRAWN = ("check", "radio", "image", "strike", "crossed", "caret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing to write on a page (counted from 0).

    A ``signature`` is drawn (``strokes``) or typed (``text`` in ``font``) with a small
    ``caption`` under it, or shown as its ``picture`` (PNG); ``text`` is plain; ``check`` is a
    tick, ``radio`` a dot, ``image`` a picture; ``cover`` paints white over an anchor in the
    source document. Of a redline, ``strike`` is a line through words (``down`` a column),
    ``crossed`` a frame crossed out, ``caret`` the place of an insertion at the middle of the foot
    of its box, and ``inserted`` its ``text``, ``size`` points high, as a paragraph; a
    ``caption`` is the number by which caret and text find each other.
    """

    page: int
    box: Box
    kind: Literal[
        "signature", "text", "check", "radio", "image", "cover", "strike", "crossed", "caret",
        "inserted",
    ]  # fmt: skip
    text: str = ""
    caption: str = ""
    font: str = fonts.HANDWRITTEN
    strokes: Strokes | None = None
    picture: bytes = b""
    size: float = 0.0
    down: bool = False

    @property
    def written(self) -> str:
        """The text that a reader must find; nothing where it is drawn."""
        drawn = self.kind in _DRAWN
        if drawn or self.strokes is not None or self.picture:
            return ""
        return self.text


def place_marks(pdf: bytes, marks: Sequence[Mark]) -> bytes:
    """The document with every mark written into its page. No marks: the document as it is."""
    if not marks:
        return pdf
    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = sorted({mark.page for mark in marks})
        geometry = {number: page_geometry(document.pages[number]) for number in pages}
        layer = typeset(
            _TEMPLATE,
            {
                "pages": [
                    {
                        "width": geometry[number].width,
                        "height": geometry[number].height,
                        "marks": [_as_data(mark) for mark in marks if mark.page == number],
                    }
                    for number in pages
                ]
            },
        )
        with pikepdf.open(io.BytesIO(layer)) as overlay:
            for number, sheet in zip(pages, overlay.pages, strict=True):
                _lay_over(document, document.pages[number], sheet, geometry[number])
            out = io.BytesIO()
            document.save(
                out,
                deterministic_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
            )
    return out.getvalue()


def page_with_marks(pdf: bytes, page: int, marks: Sequence[Mark]) -> bytes:
    """A document of this one page (from 0) with the marks that belong on it."""
    with pikepdf.open(io.BytesIO(pdf)) as document, pikepdf.Pdf.new() as single:
        single.pages.append(document.pages[page])
        out = io.BytesIO()
        single.save(out)
    return place_marks(
        out.getvalue(), [replace(mark, page=0) for mark in marks if mark.page == page]
    )


def missing_marks(before: bytes, after: bytes, marks: Sequence[Mark]) -> list[Mark]:
    """The marks that a reader of ``after`` would not find; empty when all is there.

    Text must come back from the page where it was written; ink must have changed the
    pixels of its box. Asked before sealing, so that no sealed document lacks a value.
    """
    with pikepdf.open(io.BytesIO(after)) as document:
        geometry = [page_geometry(page) for page in document.pages]
    missing = []
    for mark in marks:
        if mark.kind == "cover":
            continue
        found = (
            _same_letters(
                mark.written, text_inside(after, mark.page, geometry[mark.page], mark.box)
            )
            if mark.written
            else region_pixels(before, mark.page, mark.box)
            != region_pixels(after, mark.page, mark.box)
        )
        if not found:
            missing.append(mark)
    return missing


def _same_letters(written: str, found: str) -> bool:
    """Whether all letters of ``written`` were found; order is the shaper's (right-to-left)."""
    rest = list(_letters(found))
    for letter in _letters(fonts.drawable(written)):
        if letter not in rest:
            return False
        rest.remove(letter)
    return True


def _letters(text: str) -> str:
    return "".join(
        char
        for char in unicodedata.normalize("NFKD", text)
        if not char.isspace() and unicodedata.category(char) not in ("Cf", "Cc", "Mn")
    )


def _as_data(mark: Mark) -> dict[str, Any]:
    data: dict[str, Any] = {
        "kind": mark.kind,
        "x": mark.box.x,
        "y": mark.box.y,
        "w": mark.box.w,
        "h": mark.box.h,
        "text": fonts.drawable(mark.text),
        "caption": fonts.drawable(mark.caption),
        "font": mark.font,
        "size": mark.size,
        "down": mark.down,
        "rtl": is_rtl(mark.text),
    }
    if mark.picture:
        data["picture"] = list(mark.picture)
    if mark.strokes is not None:
        data["bounds"] = mark.strokes.bounds
        data["segments"] = mark.strokes.segments()
    return data


def _lay_over(
    document: pikepdf.Pdf, page: pikepdf.Page, sheet: pikepdf.Page, geometry: PageGeometry
) -> None:
    """Draw ``sheet``, made in the size a person sees, over the page in the page's own axes."""
    form = document.copy_foreign(sheet.as_form_xobject())
    name = page.add_resource(form, pikepdf.Name.XObject)
    page.contents_add(b"q\n", prepend=True)
    numbers = " ".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in geometry.matrix)
    page.contents_add(f"\nQ\nq {numbers} cm {name} Do Q\n".encode())
