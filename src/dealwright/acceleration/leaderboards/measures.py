"""What a leaderboard counts. Rooms above plug further measures in by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.people.models import User
from dealwright.crm.activities.models import Activity
from dealwright.crm.opportunities.models import Opportunity


@dataclass(frozen=True, slots=True)
class Score:
    """One person's figure; ``deals`` says how many records make it."""

    user_id: UUID
    value: Decimal
    deals: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure per user over days ``since``..``until`` (both included).

    ``kind`` says how it is shown: "money" (in ``currency``), "number" or "percent" (a
    fraction). ``source`` gives the address of the records behind one person's figure.
    ``allowed`` may hide a measure (pay) from a reader.
    """

    key: str
    label: str
    kind: str
    query: Callable[[Actor, date, date, str], Sequence[Score]]
    source: Callable[[User, date, date], str] = lambda user, since, until: ""
    allowed: Callable[[Actor], bool] = lambda actor: True


@dataclass(frozen=True, slots=True)
class Contest:
    """A contest that is over, and the address of its places and prizes."""

    label: str
    period: str
    winners: int
    url: str


_measures: dict[str, Measure] = {}
_contests: list[Callable[[Actor], Sequence[Contest]]] = []


def register_contests(query: Callable[[Actor], Sequence[Contest]]) -> None:
    """Let the board lead to contests that another room holds, as far as its reader may."""
    _contests.append(query)


def contests_for(actor: Actor) -> list[Contest]:
    """The contests a reader may see, as their rooms order them."""
    return [each for query in _contests for each in query(actor)]


def register_measure(measure: Measure) -> None:
    """Make a measure known; raises RuntimeError for a name taken already."""
    if measure.key in _measures:
        raise RuntimeError(f"Measure {measure.key!r} is registered twice.")
    _measures[measure.key] = measure


def measures_for(actor: Actor) -> list[Measure]:
    """The measures the reader may see."""
    return [each for each in _measures.values() if each.allowed(actor)]


def measure_named(actor: Actor, key: str) -> Measure:
    """One measure; raises NotFound alike for unknown and hidden."""
    for each in measures_for(actor):
        if each.key == key:
            return each
    raise NotFound("There is no such measure.")


def _won(since: date, until: date) -> Any:
    return Opportunity.objects.filter(
        status="won", closed_at__date__gte=since, closed_at__date__lte=until, owner__isnull=False
    )


def _won_value(actor: Actor, since: date, until: date, currency: str) -> list[Score]:
    rows = (
        _won(since, until)
        .filter(currency=currency)
        .values("owner_id")
        .annotate(total=Sum("amount"), deals=Count("id"))
    )
    return [Score(row["owner_id"], row["total"] or Decimal(0), row["deals"]) for row in rows]


def _won_deals(actor: Actor, since: date, until: date, currency: str) -> list[Score]:
    rows = _won(since, until).values("owner_id").annotate(deals=Count("id"))
    return [Score(row["owner_id"], Decimal(row["deals"]), row["deals"]) for row in rows]


def _win_rate(actor: Actor, since: date, until: date, currency: str) -> list[Score]:
    rows = (
        Opportunity.objects.filter(
            closed_at__date__gte=since, closed_at__date__lte=until, owner__isnull=False
        )
        .values("owner_id")
        .annotate(won=Count("id", filter=Q(status="won")), closed=Count("id"))
    )
    return [
        Score(row["owner_id"], Decimal(row["won"]) / Decimal(row["closed"]), row["closed"])
        for row in rows
    ]


def _calls(actor: Actor, since: date, until: date, currency: str) -> list[Score]:
    rows = (
        Activity.objects.filter(
            kind=Activity.Kind.CALL,
            status=Activity.Status.COMPLETED,
            happened_at__date__gte=since,
            happened_at__date__lte=until,
            owner__isnull=False,
        )
        .values("owner_id")
        .annotate(number=Count("id"))
    )
    return [Score(row["owner_id"], Decimal(row["number"]), row["number"]) for row in rows]


def _won_list(user: User, since: date, until: date) -> str:
    import json
    from urllib.parse import urlencode

    tree = {
        "all": [
            {"field": "owner", "op": "is", "value": str(user.pk)},
            {"field": "status", "op": "is", "value": "won"},
            {"field": "closed_at", "op": "gte", "value": since.isoformat()},
            {"field": "closed_at", "op": "lte", "value": f"{until.isoformat()}T23:59:59Z"},
        ]
    }
    return "/opportunities?" + urlencode({"filter": json.dumps(tree)})


register_measure(Measure("won_value", "Won value", "money", _won_value, _won_list))
register_measure(Measure("won_deals", "Won deals", "number", _won_deals, _won_list))
register_measure(Measure("win_rate", "Win rate", "percent", _win_rate))
register_measure(Measure("calls", "Calls", "number", _calls))
