"""The forms of a plan: for each kind of component its keys and how they are asked for.

The tables say how a key is asked for; what it means and whether it is right is for
``component_reading`` alone, whose complaints stand beside the form. A test holds that every kind
has a form and every key of a kind a field in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext_noop as _

from dealwright.compensation.plans.earning_kinds import EARNING
from dealwright.compensation.plans.kind_fields import Key, Kind
from dealwright.compensation.plans.settling_kinds import SETTLING

KINDS: Sequence[Kind] = (*EARNING, *SETTLING)

# Keys by their other names, which are read and kept but not asked for.
OTHER_NAMES: Mapping[str, frozenset[str]] = {
    "clawback": frozenset({"base", "rate"}),
    "draw": frozenset({"recover_pct"}),
}

# The words of choices as a person reads them.
WORDS: Mapping[str, str] = {
    "": _("as the other keys say"),
    "period": _("the pay period"),
    "quarter": _("the quarter"),
    "year": _("the year"),
    "ytd": _("the year so far"),
    "plan": _("the whole plan"),
    "transaction": _("each deal alone"),
    "deal": _("the deal"),
    "month": _("the month"),
    "event": _("each event"),
    "report": _("each report"),
    "marginal": _("each part at its own rate"),
    "retroactive": _("all at the rate reached"),
    "per_transaction": _("each deal by itself"),
    "upper": _("the upper one"),
    "lower": _("the lower one"),
    "each": _("each"),
    "highest": _("the highest"),
    "forfeit": _("is lost"),
    "withhold": _("waits for a period with room"),
    "paid": _("paid"),
    "earned": _("earned"),
    "recoverable": _("an advance, taken back"),
    "non_recoverable": _("a guarantee, kept"),
    "owe": _("stays owed"),
    "forgive": _("is forgiven"),
    "share": _("is divided"),
    "all": _("pays each in full"),
    "earliest": _("goes to the earliest"),
    "sum": _("sum"),
    "average": _("average"),
    "count": _("number"),
    "lowest": _("the lowest"),
    "manager": _("paid to the manager"),
    "true": _("yes"),
    "false": _("no"),
}

BY_KEY: Mapping[str, Kind] = {kind.key: kind for kind in KINDS}

HEAD: Sequence[Key] = (
    Key("title", _("Title")),
    Key("currency", _("Currency"), required=True),
    Key("calendar", _("Pay period"), "choice", options=("month", "quarter", "year")),
    Key("effective", _("Counts events from"), "day"),
    Key("until", _("to"), "day"),
)
