"""Pages of stored PDFs as images."""

from __future__ import annotations

import io
import threading

import pypdfium2  # type: ignore[import-untyped]

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import read_file

NARROWEST, WIDEST = 80, 2_000
MOST_PIXELS = 6_000_000

# PDFium is not safe to use from two threads at once.
_pdfium = threading.Lock()


def page_image(stored: StoredFile, number: int, *, width: int = 1_000) -> bytes:
    """A page of a PDF as PNG, ``number`` from 1, ``width`` in pixels within 80 and 2,000.

    Raises NotFound for a file that is no PDF or a page it does not have, Invalid for a PDF
    that cannot be opened.
    """
    if not stored.is_pdf:
        raise NotFound("Only PDF files have page previews.")
    content = read_file(stored)
    width = min(max(width, NARROWEST), WIDEST)
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError:
            raise Invalid("This PDF cannot be opened: it is damaged or protected.") from None
        try:
            if not 1 <= number <= len(document):
                raise NotFound(f"This PDF has no page {number}.")
            page = document[number - 1]
            points_wide, points_high = page.get_size()
            scale = width / max(points_wide, 1)
            # A page may claim any size; memory is bounded by the number of pixels.
            pixels = scale * scale * points_wide * points_high
            if pixels > MOST_PIXELS:
                scale *= (MOST_PIXELS / pixels) ** 0.5
            image = page.render(scale=scale).to_pil()
        except pypdfium2.PdfiumError:
            raise Invalid("This page cannot be drawn.") from None
        finally:
            document.close()
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
