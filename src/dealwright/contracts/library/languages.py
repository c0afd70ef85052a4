"""The languages that a contract, or one clause of it, may be written in. No Django here.

Each with its words for yes and no, which stand for the values of that kind; dates, amounts and
numbers come from CLDR. All are set in the typeface of the contract (Latin, Greek, Cyrillic).
"""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale

YES_AND_NO = {
    "bg": ("да", "не"),
    "cs": ("ano", "ne"),
    "da": ("ja", "nej"),
    "de": ("ja", "nein"),
    "el": ("ναι", "όχι"),
    "en": ("yes", "no"),
    "es": ("sí", "no"),
    "et": ("jah", "ei"),
    "fi": ("kyllä", "ei"),
    "fr": ("oui", "non"),
    "hu": ("igen", "nem"),
    "it": ("sì", "no"),
    "lt": ("taip", "ne"),
    "lv": ("jā", "nē"),
    "nb": ("ja", "nei"),
    "nl": ("ja", "nee"),
    "pl": ("tak", "nie"),
    "pt": ("sim", "não"),
    "ro": ("da", "nu"),
    "sk": ("áno", "nie"),
    "sl": ("da", "ne"),
    "sv": ("ja", "nej"),
    "uk": ("так", "ні"),
}


def is_language(code: object) -> bool:
    """Whether a text may be in this language (an ISO 639-1 code)."""
    return code in YES_AND_NO


def language_choices(reader: str) -> Sequence[tuple[str, str]]:
    """Code and name of each language, named in the reader's language and in its order."""
    named = [(code, language_name(code, reader)) for code in YES_AND_NO]
    return sorted(named, key=lambda each: each[1].casefold())


def language_name(code: str, reader: str) -> str:
    """The name of a language, such as "German", in the reader's language."""
    name = Locale.parse(code).get_display_name(reader.replace("-", "_"))
    return str(name or code)


def yes_or_no(value: bool, language: str) -> str:
    """The word for a value of that kind; English where the language has none here."""
    yes, no = YES_AND_NO.get(language, YES_AND_NO["en"])
    return yes if value else no
