"""Fonts for what is written into documents, and which characters they can draw."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

import typst

FOLDER = Path(__file__).parent
HANDWRITTEN = "Caveat"
FORMAL = "Libertinus Serif"
PLAIN = "Libertinus Serif"


def drawable(text: str) -> str:
    """The text with each character that no font here can draw spelled as its code point.

    ``你`` becomes ``⟨U+4F60⟩`` where no Chinese font is installed: readable evidence rather
    than an empty box. Installing a font (Debian: fonts-noto-core, fonts-noto-cjk) makes it
    appear.
    """
    return "".join(char if _can_draw(char) else f"⟨U+{ord(char):04X}⟩" for char in text)


def isolated(text: str) -> str:
    """The text so that its direction does not reorder what stands around it (UAX #9)."""
    return f"\u2068{text}\u2069"


@lru_cache(maxsize=50_000)
def _can_draw(char: str) -> bool:
    code = ord(char)
    if unicodedata.category(char) == "Cf":  # marks of direction: shaped, never drawn
        return True
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
        return char in "\n\t"
    if code < 0x180 or char in "⟨⟩":
        return True
    return code in _covered()


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    """Every code point that some font of this machine has; read once per process."""
    from fontTools.ttLib import TTFont, TTLibError  # type: ignore[import-untyped]

    covered: set[int] = set(_EMBEDDED)
    seen: set[tuple[str, int]] = set()
    for font in typst.Fonts(font_paths=[str(FOLDER)]).fonts():
        key = (str(font.path), font.index)
        if not font.path or key in seen:
            continue
        seen.add(key)
        try:
            with TTFont(font.path, fontNumber=font.index, lazy=True) as face:
                covered.update(face.getBestCmap() or {})
        except (TTLibError, OSError, KeyError, AssertionError):
            continue
    return frozenset(covered)


# What Libertinus Serif, which the typesetter carries inside itself, surely has: Greek,
# Cyrillic, Hebrew letters, general punctuation and currency signs.
_EMBEDDED = frozenset(
    [
        *range(0x0386, 0x03CF),
        *range(0x0400, 0x0460),
        *range(0x05D0, 0x05EB),
        *range(0x2010, 0x2027),
        *range(0x20A0, 0x20AD),
        0x2212,
        0x2116,
        0x2122,
    ]
)
