"""Drafts with text to redline."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import typst
from PIL import Image

from dealwright.base.access.actor import Actor
from dealwright.base.files.services import read_file
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.reading import page_picture, text_inside
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.redlines.models import Redline
from dealwright.signing.redlines.services import ByText, NewRedline, add_at_text
from signing.make import make_envelope, make_pdf

PAYMENT = (
    "The Customer pays each invoice within thirty (30) days after receipt. Late payments bear "
    "interest at the statutory rate, and the Supplier may suspend the service."
)
TERM = "This agreement runs for two years and renews for one year."


def make_terms(actor: Actor, **fields: Any) -> Envelope:
    """A draft of two pages with the same two paragraphs on each."""
    terms = NewDocument(name="Terms.pdf", content=make_pdf(PAYMENT, TERM, pages=2))
    return make_envelope(actor, **{"documents": [terms], **fields})


def make_scan(*, pages: int = 1) -> bytes:
    """A page that is a picture of text: a grey bar on paper that is not quite white."""
    image = Image.new("L", (850, 1100), 245)
    image.paste(60, (100, 300, 700, 330))
    out = io.BytesIO()
    image.save(out, "PDF", save_all=True, append_images=[image] * (pages - 1), resolution=100)
    return out.getvalue()


def turned(
    pdf: bytes, rotation: int, *, cropped: bool = False, unit: float = 1.0, page: int = 0
) -> bytes:
    """The PDF with one page turned, cut, or in another unit."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        sheet = document.pages[page]
        sheet.rotate(rotation, relative=False)
        if cropped:
            sheet.obj.MediaBox = pikepdf.Array([-50, -80, 595, 842])
            sheet.obj.CropBox = pikepdf.Array([37, 351, 560, 807])
        if unit != 1:
            sheet.obj.UserUnit = unit
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def strike(actor: Actor, envelope: Envelope, find: str, **fields: Any) -> Redline:
    return add_at_text(actor, envelope.pk, ByText(find=find, **fields))


def prepared(envelope: Envelope, position: int = 1) -> bytes:
    return read_file(envelope.documents.get(position=position).prepared)


def text_at(pdf: bytes, page: int, geometry: PageGeometry, box: Box) -> str:
    return " ".join(text_inside(pdf, page, geometry, box).split())


def is_red(pdf: bytes, page: int, box: Box) -> float:
    """Which part of a box is in the colour of redlines."""
    image = Image.open(io.BytesIO(page_picture(pdf, page, width=1600))).convert("RGB")
    cut = image.crop(
        (
            round(box.x * image.width),
            round(box.y * image.height),
            round((box.x + box.w) * image.width),
            round((box.y + box.h) * image.height),
        )
    )
    pixels = list(cut.get_flattened_data())
    return sum(r > 140 and g < 90 and b < 100 for r, g, b in pixels) / max(len(pixels), 1)


def typed(source: str) -> bytes:
    return bytes(typst.compile(source.encode(), format="pdf"))


def at_words(envelope: Envelope, first: Any = 0, last: Any = 0, **values: Any) -> NewRedline:
    document = str(envelope.documents.get().pk)
    return NewRedline(**{"document": document, "page": 1, "first": first, "last": last, **values})
