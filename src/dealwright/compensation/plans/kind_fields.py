"""How a key of a plan's component is asked for in a form, and the keys that many kinds have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_noop as _

Asked = Literal["text", "number", "expression", "day", "choice", "flag", "names", "pairs", "lines"]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a component. ``columns`` are the headings of a list of pairs, ``options`` the
    words of a choice (the first is what holds without one)."""

    key: str
    label: str
    asked: Asked = "text"
    help: str = ""
    options: Sequence[str] = ()
    columns: tuple[str, str] = ("", "")
    required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of component as a person chooses it. ``more`` are keys that few plans need;
    ``begins`` are the values that a new one starts with."""

    key: str
    label: str
    says: str
    group: str
    keys: Sequence[Key]
    more: Sequence[Key] = ()
    begins: Mapping[str, str] | None = None

    @property
    def all_keys(self) -> Sequence[Key]:
        return (*self.keys, *self.more)


EARNS, CHANGES, SETTLES = _("Pays"), _("Changes what is paid"), _("Settles")

WINDOWS = ("period", "quarter", "ytd", "plan", "transaction")

LABEL = Key("label", _("Name on statements"))
FOR = Key("for", _("Only for"), "expression", _("Such as payee.grade = 'senior'."))
MEASURE = Key("measure", _("Measure"), help=_("What counts; needed where the plan has several."))
QUOTA = Key(
    "quota", _("Quota"), help=_("Its name in the quotas. Steps are then parts of it: 100%.")
)
TARGET = Key(
    "target",
    _("Target pay"),
    help=_("A sum, “target” or “salary” of the person, a quota's name, or 15% of one of them."),
)
CUMULATE = Key("cumulate", _("Adds up over"), "choice", options=WINDOWS)
PAID = Key(
    "paid",
    _("Paid"),
    "choice",
    _("Each period, or with the last period of the quarter or year."),
    ("period", "quarter", "year"),
)
PER = Key("per", _("Divided by"), help=_("Another measure; steps are then parts of it: 30%."))
ON = Key(
    "on", _("Acts on"), "names", _("Names of components, with commas; “all” for all before it.")
)
CREDITS = (
    Key("when", _("Only credits where"), "expression", _("Such as product = 'GTX Pro'.")),
    Key("from", _("From day"), "day"),
    Key("to", _("To day"), "day"),
    Key("credit", _("Credit rules"), "names", _("direct, overlay or rollup; direct unless given.")),
    Key("detail", _("Lines by"), "choice", options=("event", "report")),
)
OF = Key("of", _("Kinds of events"), "names", _("booking unless given."))
GIVEN = (
    Key("unit", _("Given in place of money"), help=_("Such as trip; empty for money.")),
    Key("value", _("Taxable value of one"), "number"),
)
WITH_PAY = (MEASURE, *CREDITS, FOR)
PAYS = (*WITH_PAY, PAID)


def rate(label: str, help: str = "") -> Key:
    return Key("rate", label, "number", help or _("Such as 5% or 0.05."), required=True)
