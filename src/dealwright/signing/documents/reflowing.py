"""The text of a page in paragraphs, so that it can be read at any width.

A PDF knows lines, not paragraphs: two lines are one where the first word of the second would not
have fitted on the first any more, or where a long line goes on in small letters. Nothing is left
out, so a wrong guess costs a line break and never a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

# "1.", "2.3", "(a)", "b)", "•": what begins an item, and so a paragraph.
_ITEM = re.compile(
    r"(?:\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivx]{1,4})[.)]|\d+(?:\.\d+)+|[•–▪◦*-])\s"
)
# How PDFium writes the hyphen of a word that is divided between lines, and the soft one itself.
_DIVIDED = ("\x02", "\ufffe", "\u00ad")
_WITHOUT = dict.fromkeys(map(ord, _DIVIDED))
# Letters differ in width: a line this long, with the next word, was full. After a full stop it
# has to be surer, since a paragraph may well end there.
_FULL, _FULL_AFTER_STOP = 0.88, 0.96
_MOST_KEPT, _LONGEST_KEPT = 1_000, 10_000  # pages, and characters of each
_NARROWEST = 70  # characters; a page whose lines are all shorter holds headings and names


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs of a page's text, in its order; those of pages read lately are at hand."""
    return list(_kept(text) if len(text) <= _LONGEST_KEPT else _paragraphs(text))


@lru_cache(maxsize=_MOST_KEPT)
def _kept(text: str) -> Sequence[str]:
    return _paragraphs(text)


def _paragraphs(text: str) -> Sequence[str]:
    lines = [line.strip() for line in text.splitlines()]
    width = max(_NARROWEST, *map(len, lines)) if lines else 0
    paragraphs: list[str] = []
    before = ""
    for line in lines:
        if before and line and _goes_on(before, line, width):
            divided = before.endswith(_DIVIDED)
            paragraphs[-1] += line if divided else f" {line}"
        elif line:
            paragraphs.append(line)
        before = line
    return tuple(one.translate(_WITHOUT) for one in paragraphs)


def _goes_on(line: str, following: str, width: int) -> bool:
    if line.endswith(_DIVIDED):
        return True
    if _ITEM.match(following):
        return False
    if following[0].islower() and len(line) > width / 2:
        return True
    first_word = following.split(maxsplit=1)[0]
    full = _FULL_AFTER_STOP if line.endswith((".", ":", ";", "!", "?")) else _FULL
    return len(line) + 1 + len(first_word) > width * full
