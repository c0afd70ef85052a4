"""From the word in a cell to one of the choices of a field: the same, meant, or proposed."""

from __future__ import annotations

from collections.abc import Mapping

from rapidfuzz import fuzz, process

from dealwright.base.objects.fields import Field
from dealwright.base.transfer.matching import plain

SUGGEST_FROM = 85
_words: dict[tuple[str, str], dict[str, str]] = {}


def register_words(object_key: str, field_key: str, words: Mapping[str, str]) -> None:
    """What other products write for the choices of a field: their word to our stored value."""
    known = _words.setdefault((object_key, field_key), {})
    known.update({plain(word): value for word, value in words.items()})


class Choices:
    """The choices of one field, asked once for each distinct text of a column."""

    def __init__(self, object_key: str, field: Field) -> None:
        self.labels = {str(stored): str(label) for stored, label in field.options}
        self._same = {plain(stored): stored for stored in self.labels}
        self._same |= {plain(label): stored for stored, label in self.labels.items()}
        self._exact = {stored: stored for stored in self.labels}
        self._exact |= {label.casefold(): stored for stored, label in self.labels.items()}
        self._meant = _words.get((object_key, field.key), {})

    def find(self, text: str) -> tuple[str, bool]:
        """The stored value, "" for none, and whether the text had to be translated."""
        exact = self._exact.get(text) or self._exact.get(text.casefold())
        if exact:
            return exact, False
        key = plain(text)
        if not key:
            return "", False
        if key in self._same:
            return self._same[key], False
        meant = self._meant.get(key, "")
        return (meant, True) if meant in self.labels else ("", False)

    def suggest(self, text: str) -> str:
        """The stored value of the label most like the text, or ""."""
        names = {plain(label): stored for stored, label in self.labels.items()}
        best = process.extractOne(
            plain(text), names.keys(), scorer=fuzz.ratio, score_cutoff=SUGGEST_FROM
        )
        return names[best[0]] if best else ""
