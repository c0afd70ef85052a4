"""Reading pages with PDFium: pictures, text, places of words.

PDFium is not safe for several threads, so everything here runs under one lock.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_raw  # type: ignore[import-untyped]
from PIL import Image

from dealwright.signing.documents.geometry import Box, PageGeometry

MAX_PIXELS = 24_000_000  # of a page's picture: two times 72 MB while it is drawn
_lock = threading.RLock()


@contextmanager
def opened(pdf: bytes) -> Iterator[pdfium.PdfDocument]:
    """The document while the lock is held; raises pdfium.PdfiumError where it is no PDF."""
    with _lock:
        document = pdfium.PdfDocument(pdf)
        try:
            yield document
        finally:
            document.close()


def count_pages(pdf: bytes) -> int:
    with opened(pdf) as document:
        return len(document)


def page_picture(pdf: bytes, page: int, *, width: int) -> bytes:
    """The page as PNG, ``width`` pixels wide, with its rotation and crop as a viewer shows it;
    narrower where a long page would come to more than ``MAX_PIXELS``."""
    with opened(pdf) as document:
        picture = document[page]
        across, along = max(picture.get_width(), 1), max(picture.get_height(), 1)
        scale = min(width / across, 20.0, math.sqrt(MAX_PIXELS / (across * along)))
        bitmap = picture.render(scale=scale)
        image = bitmap.to_pil().copy()
        bitmap.close()
    out = io.BytesIO()  # compressing takes as long as drawing: others may draw meanwhile
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def page_text(pdf: bytes, page: int) -> str:
    """The page's text in reading order, for screen readers and comparison."""
    with opened(pdf) as document:
        return _text_of(document[page])


def all_text(pdf: bytes) -> list[str]:
    """The text of every page."""
    with opened(pdf) as document:
        return [_text_of(document[number]) for number in range(len(document))]


def text_inside(pdf: bytes, page: int, geometry: PageGeometry, box: Box) -> str:
    """The text whose characters lie in the box."""
    left, bottom, right, top = geometry.to_user(box)
    with opened(pdf) as document:
        words = document[page].get_textpage()
        try:
            return str(words.get_text_bounded(left, bottom, right, top))
        finally:
            words.close()


def region_pixels(pdf: bytes, page: int, box: Box, *, width: int = 1200) -> bytes:
    """The raw pixels of one box of the page, to tell whether something was drawn there."""
    with opened(pdf) as document:
        sheet = document[page]
        image = sheet.render(scale=width / max(sheet.get_width(), 1)).to_pil()
        return bytes(
            image.crop(
                (
                    int(box.x * image.width),
                    int(box.y * image.height),
                    max(int((box.x + box.w) * image.width), int(box.x * image.width) + 1),
                    max(int((box.y + box.h) * image.height), int(box.y * image.height) + 1),
                )
            ).tobytes()
        )


def page_shades(pdf: bytes, page: int) -> Image.Image:
    """The page in shades of grey, about two pixels a point, as a person sees it turned."""
    with opened(pdf) as document:
        sheet = document[page]
        longest = max(sheet.get_width(), sheet.get_height(), 1)
        bitmap = sheet.render(scale=min(2.0, 3_000 / longest), grayscale=True)
        image: Image.Image = bitmap.to_pil().convert("L")
        bitmap.close()
        return image


def characters(sheet: Any) -> tuple[str, Any]:
    """One character per index of PDFium's text page, so that a match gives character numbers."""
    words = sheet.get_textpage()
    codes = (
        pdfium_raw.FPDFText_GetUnicode(words, index)
        for index in range(pdfium_raw.FPDFText_CountChars(words))
    )
    return "".join(chr(code) if 0 < code < 0x110000 else " " for code in codes), words


def _text_of(sheet: Any) -> str:
    words = sheet.get_textpage()
    try:
        return str(words.get_text_range())
    finally:
        words.close()
