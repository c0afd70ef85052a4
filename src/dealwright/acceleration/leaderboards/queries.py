"""The board: people in order of a measure over a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext_noop

from dealwright.acceleration.leaderboards.measures import Measure, measure_named
from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.people.models import Profile, User

PERIODS = (
    ("week", gettext_noop("This week")),
    ("month", gettext_noop("This month")),
    ("quarter", gettext_noop("This quarter")),
    ("year", gettext_noop("This year")),
    ("last_quarter", gettext_noop("Last quarter")),
    ("last_year", gettext_noop("Last year")),
)


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the board; equal figures share a rank, the next one skips (1, 1, 3)."""

    rank: int
    user: User
    value: Decimal
    deals: int
    share: Decimal
    url: str


@dataclass(frozen=True, slots=True)
class Leaderboard:
    measure: Measure
    since: date
    until: date
    currency: str
    places: Sequence[Place]


def period_days(key: str, today: date | None = None) -> tuple[date, date]:
    """First and last day of a named period; raises Invalid."""
    today = today or timezone.localdate()
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    match key:
        case "week":
            start = today - timedelta(days=today.weekday())
            return start, start + timedelta(days=6)
        case "month":
            start = today.replace(day=1)
            return start, (start + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        case "quarter":
            return quarter, _quarter_end(quarter)
        case "last_quarter":
            before = (quarter - timedelta(days=1)).replace(day=1)
            start = date(before.year, (before.month - 1) // 3 * 3 + 1, 1)
            return start, quarter - timedelta(days=1)
        case "year":
            return date(today.year, 1, 1), date(today.year, 12, 31)
        case "last_year":
            return date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)
    raise Invalid("Choose a period.", fields={"period": ["There is no such period."]})


def _quarter_end(start: date) -> date:
    after = (start + timedelta(days=95)).replace(day=1)
    return after - timedelta(days=1)


def leaderboard(
    actor: Actor, measure_key: str, since: date, until: date, *, currency: str
) -> Leaderboard:
    """People ranked by a measure. Everyone who sells sees the board; figures count all deals of
    a person, so that the board is the same for all. Raises NotFound, Invalid."""
    if since > until:
        raise Invalid("The period ends before it begins.", fields={"until": ["Too early."]})
    measure = measure_named(actor, measure_key)
    scores = sorted(
        measure.query(actor, since, until, currency), key=lambda score: (-score.value, -score.deals)
    )
    sellers = User.objects.filter(is_active=True).exclude(profile=Profile.READ_ONLY)
    users = sellers.in_bulk([score.user_id for score in scores])
    most = max((score.value for score in scores), default=Decimal(0))
    places: list[Place] = []
    for score in scores:
        user = users.get(score.user_id)
        if user is None:
            continue
        same = places and places[-1].value == score.value
        places.append(
            Place(
                rank=places[-1].rank if same else len(places) + 1,
                user=user,
                value=score.value,
                deals=score.deals,
                share=score.value / most if most else Decimal(0),
                url=measure.source(user, since, until),
            )
        )
    return Leaderboard(measure, since, until, currency, places)
