"""Marks land where a person sees them, whatever the page's rotation, crop or unit."""

from __future__ import annotations

import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dealwright.base.errors import Invalid
from dealwright.signing.documents.anchors import find_anchors, without_anchors
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.documents.reading import page_picture, text_inside
from dealwright.signing.documents.signature_page import add_signature_page
from dealwright.signing.documents.stamping import Mark, missing_marks, place_marks
from dealwright.signing.documents.strokes import read_strokes
from signing.make import SQUIGGLE, make_pdf, with_changes

INK = read_strokes(SQUIGGLE)


def turned(rotation: int, *, cropped: bool = False, unit: float = 1) -> bytes:
    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        page.rotate(rotation, relative=False)
        if cropped:
            page.obj.MediaBox = pikepdf.Array([-50, -80, 595, 842])
            page.obj.CropBox = pikepdf.Array([37, 51, 500, 777])
        if unit != 1:
            page.obj.UserUnit = unit

    return with_changes(make_pdf(), change)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize(("cropped", "unit"), [(False, 1), (True, 1), (True, 2.5)])
def test_ink_lands_in_its_box_and_nowhere_else(rotation: int, cropped: bool, unit: float) -> None:
    document = normalise_pdf(turned(rotation, cropped=cropped, unit=unit))
    box = Box(0.55, 0.7, 0.3, 0.1)
    after = place_marks(document.pdf, [Mark(page=0, box=box, kind="signature", strokes=INK)])
    before_image = Image.open(io.BytesIO(page_picture(document.pdf, 0, width=600))).convert("L")
    after_image = Image.open(io.BytesIO(page_picture(after, 0, width=600))).convert("L")
    changed = [
        (x / before_image.width, y / before_image.height)
        for x in range(before_image.width)
        for y in range(before_image.height)
        if abs(before_image.getpixel((x, y)) - after_image.getpixel((x, y))) > 40  # type: ignore[operator]
    ]
    assert len(changed) > 100
    assert all(0.54 <= x <= 0.86 and 0.69 <= y <= 0.81 for x, y in changed)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_text_is_read_back_from_its_box(rotation: int) -> None:
    document = normalise_pdf(turned(rotation, cropped=True))
    box = Box(0.1, 0.5, 0.5, 0.04)
    mark = Mark(page=0, box=box, kind="text", text="Grace Hopper, 12 000 €")
    after = place_marks(document.pdf, [mark])
    assert "12 000 €" in text_inside(after, 0, document.pages[0], box)
    assert missing_marks(document.pdf, after, [mark]) == []


def test_a_mark_that_is_not_there_is_missed() -> None:
    document = normalise_pdf(make_pdf())
    marks = [
        Mark(page=0, box=Box(0.1, 0.5, 0.3, 0.04), kind="text", text="12 000"),
        Mark(page=0, box=Box(0.1, 0.6, 0.3, 0.06), kind="signature", strokes=INK),
        Mark(page=0, box=Box(0.1, 0.8, 0.03, 0.02), kind="check"),
    ]
    assert missing_marks(document.pdf, document.pdf, marks) == marks
    assert missing_marks(document.pdf, place_marks(document.pdf, marks), marks) == []


@pytest.mark.parametrize(
    "text", ["محمد العربي", "שרה כהן", "Łukasz Żółć", "Ναυσικά", "Дмитрий", "你好世界", "José 🙂"]
)
def test_any_script_is_written_and_found(text: str) -> None:
    document = normalise_pdf(make_pdf())
    marks = [
        Mark(page=0, box=Box(0.1, 0.5, 0.5, 0.04), kind="text", text=text),
        Mark(page=0, box=Box(0.1, 0.6, 0.5, 0.06), kind="signature", text=text),
    ]
    assert missing_marks(document.pdf, place_marks(document.pdf, marks), marks) == []


def test_what_was_typed_is_never_markup() -> None:
    document = normalise_pdf(make_pdf())
    box = Box(0.1, 0.5, 0.8, 0.04)
    text = '#read("/etc/passwd") $x$ *bold* \\ "quoted"'
    after = place_marks(document.pdf, [Mark(page=0, box=box, kind="text", text=text)])
    assert "".join(text.split()) in "".join(text_inside(after, 0, document.pages[0], box).split())


@given(
    rotation=st.sampled_from([0, 90, 180, 270]),
    x=st.floats(0, 0.9),
    y=st.floats(0, 0.9),
    w=st.floats(0.01, 0.1),
    h=st.floats(0.01, 0.1),
    unit=st.floats(0.5, 4),
)
def test_geometry_goes_there_and_back(
    rotation: int, x: float, y: float, w: float, h: float, unit: float
) -> None:
    page = PageGeometry(left=-20, bottom=31, right=580, top=800, rotation=rotation, unit=unit)
    back = page.from_user(*page.to_user(Box(x, y, w, h)))
    assert (back.x, back.y, back.w, back.h) == pytest.approx((x, y, w, h), abs=1e-9)


def test_anchors_become_fields_and_vanish() -> None:
    document = normalise_pdf(
        make_pdf("Signed: {{sign:1}} on {{date:1}}", "Title: {{text?:2:Job title}}")
    )
    found = find_anchors(document.pdf, document.pages)
    assert [(each.kind, each.signer, each.required, each.label) for each in found] == [
        ("signature", 1, True, ""),
        ("date_signed", 1, True, ""),
        ("text", 2, False, "Job title"),
    ]
    covers = [Mark(page=0, box=each.covers, kind="cover") for each in found]
    covered = place_marks(document.pdf, covers)
    image = Image.open(io.BytesIO(page_picture(covered, 0, width=800))).convert("L")
    box = found[0].covers
    middle = int((box.y + box.h / 2) * image.height)
    row = [
        image.getpixel((x, middle))
        for x in range(int(box.x * 800) + 2, int((box.x + box.w) * 800) - 2)
    ]
    assert set(row) == {255}
    assert without_anchors("Signed: {{sign:1}} on") == "Signed:  on"


def test_a_page_for_signatures_has_a_place_for_each() -> None:
    pdf, blocks = add_signature_page(
        normalise_pdf(make_pdf()).pdf,
        title="Order",
        signers=[(f"Person {n}", f"p{n}@x.test") for n in range(7)],
    )
    assert [block.page for block in blocks] == [1, 1, 1, 1, 1, 2, 2]
    pages = normalise_pdf(pdf).pages
    assert len(pages) == 3
    for block in blocks:
        assert block.signature.y + block.signature.h < 1
        assert block.date.x + block.date.w < 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "could not be read"),
        ({"ratio": 0.4, "strokes": []}, "Draw your signature"),
        ({"ratio": 0.4, "strokes": [[[0.5, 0.2, 0]]]}, "Draw your signature"),
        ({"ratio": 0.4, "strokes": [[[0, 0, 0], [9, 9, 1]]]}, "outside its box"),
        ({"ratio": 0.4, "strokes": [[[0, 0, 0], [float("nan"), 0, 1]]]}, "outside its box"),
        ({"ratio": 1, "strokes": [[[0.1, 0.1, 0]]] * 400}, "too many strokes"),
    ],
)
def test_bad_strokes_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_strokes(given)
    assert words in refused.value.message


def test_the_picture_of_a_page_of_any_claimed_shape_needs_bounded_memory() -> None:
    tall = make_pdf(size=(150, 14_000))
    picture = Image.open(io.BytesIO(page_picture(tall, 0, width=3_200)))
    assert picture.width * picture.height < 25_000_000
    assert picture.height / picture.width == pytest.approx(14_000 / 150, rel=0.01)
