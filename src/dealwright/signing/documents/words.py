"""The words of a page, each with its place: what can be struck out, and beside which can be
inserted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import pypdfium2.raw as pdfium_raw  # type: ignore[import-untyped]

from dealwright.signing.documents.anchors import anchor_spans
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.reading import characters, opened

# A word without the stop that ends it; the stop stands alone, so that it may stay.
_WORD = re.compile(r"[^\s.,;:!?]+(?:[.,;:!?]+[^\s.,;:!?]+)*|[.,;:!?]+")
_DIVIDED = "\x02\ufffe\u00ad"  # how PDFium writes the hyphen of a word divided between lines
_WIDEST_GAP = 2.5  # heights of the line: beyond it another column begins
_SAME_LINE = 0.4  # of the height of a word that lies beside the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word, a stop, or one character of a script that writes without blanks.

    ``start`` and ``end`` are character numbers of PDFium's text page; ``spaced`` says that a
    blank stands before it, ``joined`` that it ends the word which the end of a line divides;
    ``line`` counts the lines of the page. The box is as high as its line. ``rtl`` is written from
    right to left, ``down`` in a column.
    """

    start: int
    end: int
    text: str
    spaced: bool
    line: int
    box: Box
    joined: bool = False
    rtl: bool = False
    down: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        return self.box.x + self.box.w / 2, self.box.y + self.box.h / 2


def words_of_page(pdf: bytes, page: int, geometry: PageGeometry) -> list[Word]:
    """The visible words of a page (from 0) in reading order; none where it is a picture.

    Anchors such as ``{{sign:1}}`` are painted over, and no words.
    """
    with opened(pdf) as document:
        text, sheet = characters(document[page])
        try:
            found = [
                (start, end, place)
                for start, end in _tokens(text)
                if (place := _place_of(sheet, start, end, geometry)) is not None
            ]
        finally:
            sheet.close()
    return _in_lines(text, found)


def text_of(words: Sequence[Word]) -> str:
    """What the words say, on one line."""
    said = "".join((" " if word.spaced else "") + word.text for word in words)
    return said.strip()


def boxes_of(words: Sequence[Word], page: Sequence[Word], geometry: PageGeometry) -> list[Box]:
    """One box for each line, and for each column of it, that the words lie on; ``page`` are all
    words of the page."""
    boxes = []
    for _line, group in groupby(words, key=lambda word: word.line):
        run: list[Word] = []
        for word in group:
            if run and _is_apart(run[-1], word, geometry):
                boxes.append(around(run))
                run = []
            run.append(word)
        boxes.append(around(run))
    return boxes


def words_in(words: Sequence[Word], boxes: Sequence[Box]) -> list[Word]:
    """The words whose middle lies in one of the boxes."""
    return [word for word in words if any(_holds(box, *word.middle) for box in boxes)]


def find_text(words: Sequence[Word], wanted: str) -> list[tuple[int, int]]:
    """First and last word of every place where the text stands, also over the end of a line.

    Upper and lower case are the same, and so is any run of blanks. What begins or ends within a
    word takes the whole of it.
    """
    needle = _folded(" ".join(wanted.split()))
    if not needle:
        return []
    hay, owners = "", []
    for at, word in enumerate(words):
        piece = (" " if word.spaced and hay else "") + _folded(word.text)
        hay += piece
        owners += [at] * len(piece)
    found, start = [], hay.find(needle)
    while start >= 0:
        end = start + len(needle) - 1
        found.append(whole_words(words, owners[start], owners[end]))
        start = hay.find(needle, end + 1)
    return found


def may_hold(text: str, wanted: str) -> bool:
    """Whether the text of a page can hold what is searched for: quicker than to read its words."""
    return _squeezed(wanted) in _squeezed(text)


def whole_words(words: Sequence[Word], first: int, last: int) -> tuple[int, int]:
    """The numbers of the first and last word, widened over words that a line's end divides."""
    while words[first].joined and first > 0:
        first -= 1
    while last + 1 < len(words) and words[last + 1].joined:
        last += 1
    return first, last


def around(words: Sequence[Word]) -> Box:
    """The box around words of one line."""
    left = min(word.box.x for word in words)
    top = min(word.box.y for word in words)
    right = max(word.box.x + word.box.w for word in words)
    bottom = max(word.box.y + word.box.h for word in words)
    return Box(left, top, right - left, bottom - top).inside()


def is_rtl(text: str) -> bool:
    """Whether the first letter with a direction goes from right to left (UAX #9, P2)."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _tokens(text: str) -> Iterator[tuple[int, int]]:
    hidden = anchor_spans(text)
    for match in _WORD.finditer(text):
        for start, end in _pieces(text, match.start(), match.end()):
            if not any(left < end and start < right for left, right in hidden):
                yield start, end


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A run of letters, taken apart where a script sets no blanks between words, and where the end
    of a line divides a word."""
    begin = start
    for at in range(start, end):
        if text[at] in _DIVIDED:
            yield begin, at + 1
            begin = at + 1
        elif _stands_alone(text[at]):
            if begin < at:
                yield begin, at
            yield at, at + 1
            begin = at + 1
    if begin < end:
        yield begin, end


def _stands_alone(char: str) -> bool:
    return unicodedata.east_asian_width(char) == "W" and not "\uac00" <= char <= "\ud7a3"


def _in_lines(text: str, found: Sequence[tuple[int, int, _Place]]) -> list[Word]:
    words: list[Word] = []
    line = -1
    for start, end, place in found:
        before = words[-1] if words else None
        between = text[before.end : start] if before else ""
        if before is None or "\n" in between or not _beside(before, place):
            line += 1
        words.append(
            Word(
                start=start,
                end=end,
                text="".join(char for char in text[start:end] if char not in _DIVIDED),
                spaced=before is not None and _is_spaced(text, before.end, start),
                joined=before is not None and text[before.end - 1] in _DIVIDED,
                line=line,
                box=place.box,
                rtl=is_rtl(text[start:end]),
                down=place.down,
            )
        )
    return [word for run in _as_high(words) for word in run if word.text]


def _is_spaced(text: str, end: int, start: int) -> bool:
    """Whether a blank stands between what ends and what starts there; the end of a line is one,
    unless it divides a word or stands between characters that have none."""
    between = text[end:start]
    if text[end - 1] in _DIVIDED or any(char in _DIVIDED for char in between):
        return False
    if _stands_alone(text[end - 1]) and _stands_alone(text[start]):
        return " " in between
    return any(char.isspace() for char in between)


def _as_high(words: Sequence[Word]) -> Iterator[list[Word]]:
    """The words of each line with boxes as high as the line."""
    for _line, group in groupby(words, key=lambda word: word.line):
        run = list(group)
        if any(word.down for word in run):
            yield run
            continue
        top = min(word.box.y for word in run)
        bottom = max(word.box.y + word.box.h for word in run)
        yield [replace(word, box=Box(word.box.x, top, word.box.w, bottom - top)) for word in run]


def _beside(word: Word, place: _Place) -> bool:
    """Whether what follows a word stands on its line, or in its column of writing."""
    one, other = word.box, place.box
    if word.down and place.down:
        across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
        return across > _SAME_LINE * min(one.w, other.w)
    common = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    return common > _SAME_LINE * min(one.h, other.h)


def _is_apart(one: Word, other: Word, geometry: PageGeometry) -> bool:
    left, right = sorted((one.box, other.box), key=lambda box: box.x)
    gap = (right.x - left.x - left.w) * geometry.width
    return gap > _WIDEST_GAP * one.box.h * geometry.height


@dataclass(frozen=True, slots=True)
class _Place:
    box: Box
    down: bool


def _place_of(sheet: object, start: int, end: int, geometry: PageGeometry) -> _Place | None:
    """Where characters stand, or None where that is outside the visible page."""
    boxes: list[Box] = []
    for index in range(start, end):
        left, right, bottom, top = (pdfium_raw.c_double() for _ in range(4))
        if (
            pdfium_raw.FPDFText_GetCharBox(sheet, index, left, right, bottom, top)
            and left.value != right.value
        ):
            boxes.append(
                geometry.from_user(
                    left.value - 0.5, bottom.value - 0.5, right.value + 0.5, top.value + 0.5
                )
            )
    if not boxes:
        return None
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    right_edge = max(box.x + box.w for box in boxes)
    bottom_edge = max(box.y + box.h for box in boxes)
    box = Box(x, y, right_edge - x, bottom_edge - y)
    if not _holds(Box(0, 0, 1, 1), x + box.w / 2, y + box.h / 2):
        return None
    first, last = boxes[0], boxes[-1]
    across = abs(first.x + first.w / 2 - last.x - last.w / 2) * geometry.width
    along = abs(first.y + first.h / 2 - last.y - last.h / 2) * geometry.height
    return _Place(box.inside(), along > across and len(boxes) > 1)


def _holds(box: Box, x: float, y: float) -> bool:
    return box.x <= x <= box.x + box.w and box.y <= y <= box.y + box.h


def _squeezed(text: str) -> str:
    return "".join(char for char in _folded(text) if not char.isspace() and char not in _DIVIDED)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
