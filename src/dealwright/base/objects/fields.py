"""What the house knows of a field: enough to list, filter, edit, import and explain it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import get_language, gettext


class Kind(StrEnum):
    """How a value is typed, shown, edited and filtered."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    INTEGER = "integer"
    MONEY = "money"  # DecimalField; its currency stands in the record's `currency` column
    PERCENT = "percent"  # stored as a fraction, shown times 100
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "bool"
    CHOICE = "choice"
    CHOICES = "choices"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    RELATION = "relation"  # to another object, see `relation`
    USER = "user"
    JSON = "json"
    FORMULA = "formula"


Choice = tuple[str, str]  # stored value, label


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of an object.

    ``key`` is its public name (API, filters, imports, views). ``path`` is the ORM path and
    may cross relations (``account__name``); it defaults to the key. ``relation`` names the
    object that a RELATION points to; its id is written under the key and its title is read
    at ``title_path``. ``visible`` decides per user whether the field may be seen at all
    (pay, for one). ``aliases`` are header names that an import recognises. ``vocabulary``
    gives the usual values of a text field: others are allowed, but an import asks about near
    misses ("Philipines") and forms offer them. ``tones`` tells which values are good or bad
    news ("won": "success"), by the value of the field ``tone_by`` where it is another's: a
    stage is won when the status is. ``late_while`` names fields and the values they have as
    long as a date that has passed is overdue. ``is_year`` marks a whole number that is a
    year, which no language writes with a separator.
    """

    key: str
    label: str
    kind: Kind = Kind.TEXT
    path: str = ""
    choices: Sequence[Choice] | Callable[[], Sequence[Choice]] = ()
    relation: str = ""
    title_path: str = ""
    required: bool = False
    editable: bool = True
    on_create: bool = True
    filterable: bool = True
    sortable: bool = False
    listed: bool = True
    in_api: bool = True
    importable: bool = True
    aliases: Sequence[str] = ()
    vocabulary: Callable[[], Sequence[str]] | None = None
    help: str = ""
    visible: Callable[..., bool] | None = None
    custom: bool = False
    formula: str = ""
    tones: Mapping[str, str] = field(default_factory=dict)
    tone_by: str = ""
    late_while: Mapping[str, str | None] = field(default_factory=dict)
    is_year: bool = False

    @property
    def shown_label(self) -> str:
        """The label in the reader's language; that of a custom field as it was typed."""
        return self.label if self.custom or not self.label else gettext(self.label)

    @property
    def column(self) -> str:
        """The ORM path that reads it."""
        return self.path or (f"custom__{self.key}" if self.custom else self.key)

    @property
    def options(self) -> Sequence[Choice]:
        """The choices now; some come from the database."""
        return self.choices() if callable(self.choices) else self.choices


def in_sentence(label: str) -> str:
    """A label inside a sentence, in the reader's language: German keeps its capitals."""
    told = gettext(label) if label else ""
    return told if (get_language() or "en").startswith("de") else told.lower()
