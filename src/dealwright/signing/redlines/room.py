"""Where inserted text finds room on its page: nothing that stands there is covered.

Beside its place or right above it where a line has room; else in the margin or another free
strip of the page, as near as can be, with a number that leads there.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.reading import page_shades

LARGEST, SMALLEST = 24.0, 6.25  # points, of the letters
_SIZES_AWAY = (8.0, 7.0, SMALLEST)  # in a margin; larger ones beside large writing
_LINE = 1.42  # height of a line, in sizes
_EDGE = 10.0  # points left free at the edge of the page
_NARROWEST = 34.0  # points, of a margin that is written into
_GAP = 3.0
_STEP = 4.0
_PLAIN = 40  # shades by which the paper of a free place may differ
_SLACK = 1.08


@dataclass(frozen=True, slots=True)
class Room:
    """A place for inserted text: letters of ``size`` points; ``away`` from where it belongs, so
    that a number leads to it."""

    box: Box
    size: float
    away: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page as it is searched: in points, with the boxes that stand on it."""

    geometry: PageGeometry
    shades: Image.Image
    taken: Sequence[Box]
    text: Sequence[Box]

    def is_free(self, x: float, y: float, w: float, h: float) -> bool:
        """Whether nothing stands in a rectangle of points, and it lies on the page."""
        width, height = self.geometry.width, self.geometry.height
        if x < 2 or y < 2 or x + w > width - 2 or y + h > height - 2:
            return False
        box = Box(x / width, y / height, w / width, h / height)
        if any(overlaps(box, other) for other in (*self.taken, *self.text)):
            return False
        across, along = self.shades.width / width, self.shades.height / height
        cut = self.shades.crop(
            (
                math.floor(x * across),
                math.floor(y * along),
                math.ceil((x + w) * across),
                math.ceil((y + h) * along),
            )
        )
        darkest, lightest = cut.getextrema()
        return bool(lightest - darkest <= _PLAIN)  # type: ignore[operator]

    def as_box(self, x: float, y: float, w: float, h: float) -> Box:
        width, height = self.geometry.width, self.geometry.height
        return Box(x / width, y / height, w / width, h / height).inside()


def look_at(
    pdf: bytes, page: int, geometry: PageGeometry, *, text: Sequence[Box], taken: Sequence[Box]
) -> Page:
    """The page with its words (``text``) and what else must not be covered (``taken``)."""
    return Page(geometry=geometry, shades=page_shades(pdf, page), text=text, taken=taken)


def find_room(page: Page, *, line: Box, caret: float, text: str, rtl: bool) -> Room | None:
    """Room for text that belongs at ``caret`` (a part of the page's width) of ``line``; None
    where the page has none."""
    width, height = page.geometry.width, page.geometry.height
    top, tall = line.y * height, line.h * height
    usual = min(max(tall * 0.85, SMALLEST), LARGEST)
    for size in (usual, max(usual * 0.75, SMALLEST)):
        w, h = width_of(text, size) + 2, size * _LINE
        x = caret * width - _GAP - w if rtl else caret * width + _GAP
        y = top + tall / 2 - h / 2
        if page.is_free(x, y, w, h):
            return Room(page.as_box(x, y, w, h), size, away=False)
    for size in (max(min(usual, 8.0), usual * 0.72), SMALLEST):
        w, h = width_of(text, size) + 2, size * _LINE
        x = min(max(caret * width - w / 2, _EDGE), width - _EDGE - w)
        if page.is_free(x, top - h, w, h):
            return Room(page.as_box(x, top - h, w, h), size, away=False)
    for size in sorted({max(usual * 0.72, 8.0), *_SIZES_AWAY}, reverse=True):
        for x, y, w, h in _away(page, text, size, (caret * width, top)):
            if page.is_free(x, y, w, h):
                return Room(page.as_box(x, y, w, h), size, away=True)
    return None


def fitting_size(geometry: PageGeometry, box: Box, text: str) -> float | None:
    """The size of letters with which a paragraph fits into a box; None where it cannot be read."""
    w, h = box.w * geometry.width, box.h * geometry.height
    size = min(max(h / _LINE, SMALLEST), LARGEST)
    while size >= SMALLEST - 0.25:
        if _height_of(text, size, w) <= h:
            return size
        size -= 0.25
    return None


def width_of(text: str, size: float) -> float:
    """About how wide a line of text becomes, in points; rather more than less."""
    return sum(map(_share, text)) * size * _SLACK


def overlaps(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


def _away(
    page: Page, text: str, size: float, at: tuple[float, float]
) -> Iterator[tuple[float, float, float, float]]:
    """Places for a paragraph with its number, the nearest first."""
    width, height = page.geometry.width, page.geometry.height
    left = min((box.x for box in page.text), default=0.1) * width
    right = max((box.x + box.w for box in page.text), default=0.9) * width
    columns = [(right + 5, width - _EDGE, 0.0), (_EDGE, left - 5, 0.0)]
    columns.append((max(left, _EDGE), min(right, width - _EDGE), 12.0))
    said = f"000 {text}"
    widest = max(width_of(part, size) for part in said.split(" ")) + 2
    found = []
    for start, end, further in columns:
        if end - start < max(_NARROWEST, min(widest, width)):
            continue
        w = min(end - start, width_of(said, size) + 4)
        h = _height_of(said, size, w)
        for step in range(int((height - h) / _STEP) + 1):
            y = step * _STEP
            x = start if start > _EDGE else end - w  # beside the text, not at the edge
            far = abs(y - at[1]) + abs(x + w / 2 - at[0]) / 50 + further
            found.append((far, x, y, w, h))
    yield from (place for _far, *place in sorted(found))  # type: ignore[misc]


def _height_of(text: str, size: float, width: float) -> float:
    """About how high a paragraph becomes in a column of this width, in points."""
    lines, filled = 1, 0.0
    blank = width_of(" ", size)
    for part in text.split(" "):
        w = width_of(part, size)
        if filled and filled + blank + w > width:
            lines, filled = lines + 1, 0.0
        if w > width:  # letters of scripts without blanks go on on the next line
            lines += math.ceil(w / width) - 1
            w %= width
        filled += w + (blank if filled else 0)
    return lines * size * _LINE + 1


def _share(char: str) -> float:
    """The width of a character, in sizes."""
    if unicodedata.category(char) in ("Mn", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in ("W", "F"):
        return 1.0
    if char in " ilj.,;:'|!()[]":
        return 0.32
    if char in "mwMW@%—":
        return 0.9
    if char.isupper():
        return 0.7
    return 0.52 if ord(char) < 0x250 else 0.65
