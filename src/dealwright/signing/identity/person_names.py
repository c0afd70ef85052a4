"""Whether two writings of a person's name are the same person's: that of an ID document, and that
by which somebody was asked to sign. Case, accents, order, hyphens and titles do not count."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

# What NFKD does not take apart.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
# The same sounds as they are written where a keyboard or a passport lacks the letter.
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_TITLES = {"dr", "prof", "mr", "mrs", "ms", "mx", "sir", "herr", "frau", "dipl", "ing", "mag",
           "phd", "md"}  # fmt: skip


def is_same_person(name: str, *, given: str, family: str) -> bool:
    """Whether ``name`` names the person whose document says ``given`` and ``family``.

    All words must be the same, in any order; but further given names of the document may be
    missing in ``name``, as they are in daily life.
    """
    return any(
        _matches(words, given_words, family_words)
        for words in _writings(name)
        for given_words, family_words in zip(_writings(given), _writings(family), strict=True)
    )


def _matches(words: Counter[str], given: Counter[str], family: Counter[str]) -> bool:
    whole = given + family
    if not words or not whole:
        return False
    if words == whole:
        return True
    rest = words - family
    return bool(given) and bool(family) and family <= words and bool(rest) and rest <= given


def _writings(text: str) -> list[Counter[str]]:
    """The words of a name: with letters for accents dropped, and with them spelled out."""
    low = unicodedata.normalize("NFC", text).casefold()
    return [_words(low), _words(low.translate(_SPELLED))]


def _words(low: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKD", low.translate(_LETTERS))
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    bare = re.sub(r"['’ʼ`´]", "", bare)
    words = [each for each in re.split(r"[\W_]+", bare) if each]
    return Counter([each for each in words if each not in _TITLES] or words)
