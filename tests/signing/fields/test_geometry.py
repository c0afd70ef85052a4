"""Every kind of mark lands where a person put it, whatever the page's own axes."""

from __future__ import annotations

import io

import pikepdf
import pytest

from dealwright.signing.documents.anchors import find_words
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.normalising import normalise_pdf, read_pages
from dealwright.signing.documents.reading import region_pixels, text_inside
from dealwright.signing.documents.stamping import Mark, missing_marks, place_marks
from dealwright.signing.documents.strokes import read_strokes
from signing.fields.test_filling import make_picture
from signing.make import SQUIGGLE, make_pdf, with_changes

PICTURE = make_picture()
MARKS = [
    {"kind": "signature", "strokes": read_strokes(SQUIGGLE)},
    {"kind": "signature", "text": "Ada Lovelace", "caption": "Signed by Ada Lovelace"},
    {"kind": "signature", "picture": PICTURE},
    {"kind": "text", "text": "1,234.50"},
    {"kind": "text", "text": "Attached: licence.pdf · SHA-256 0123456789abcdef…"},
    {"kind": "check"},
    {"kind": "radio"},
    {"kind": "image", "picture": PICTURE},
]


def make_pages() -> bytes:
    """Mixed sizes: plain, turned three ways, cropped off the origin, and with a UserUnit."""

    def change(pdf: pikepdf.Pdf) -> None:
        for page, angle in zip(pdf.pages, (0, 90, 180, 270, 90, 0), strict=True):
            page.Rotate = angle
        pdf.pages[4].MediaBox = [-100, -50, 595, 842]
        pdf.pages[4].CropBox = [-60, 20, 500, 700]
        pdf.pages[5].UserUnit = 2

    return normalise_pdf(with_changes(make_pdf("Sign here", pages=6), change)).pdf


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: "-".join(mark))
def test_a_mark_is_in_its_box_and_nowhere_else(mark: dict[str, object]) -> None:
    before = make_pages()
    box, beside = Box(0.3, 0.55, 0.4, 0.06), Box(0.3, 0.63, 0.4, 0.06)
    marks = [Mark(page=page, box=box, **mark) for page in range(6)]
    after = place_marks(before, marks)
    assert missing_marks(before, after, marks) == []
    assert missing_marks(before, before, marks) == marks
    with pikepdf.open(io.BytesIO(after)) as document:
        pages = read_pages(document)
    for page in range(6):
        assert region_pixels(before, page, beside) == region_pixels(after, page, beside)
        if mark["kind"] == "text":
            assert str(mark["text"])[:8] in text_inside(after, page, pages[page], box)


def test_words_are_found_where_a_person_reads_them() -> None:
    pdf = make_pages()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = read_pages(document)
    found = find_words(pdf, pages, "sign HERE")
    assert [page for page, _ in found] == [0, 1, 2, 3, 4, 5]
    for page, box in found:
        assert "Sign" in text_inside(pdf, page, pages[page], box)
