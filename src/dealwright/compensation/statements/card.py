"""One's own pay of the newest periods, on the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.people.models import User
from dealwright.base.web.home import Card
from dealwright.compensation.plans.models import PlanAssignment
from dealwright.compensation.statements.overview import earned_by_period, periods_of

LOOKED_AT = 12
SHOWN = 3


def my_pay(user: User) -> Mapping[str, Any] | None:
    """What the newest statements of the person come to, as the statements say it; None for
    who is on no plan."""
    if not PlanAssignment.objects.filter(user=user).exists():
        return None
    periods = periods_of(user)[:LOOKED_AT]
    earned = earned_by_period(Actor(user, via="web"), user, periods)
    shown = [each for each in periods if each.pk in earned][:SHOWN]
    return {
        "payee": user.pk,
        "statements": [(each, earned[each.pk].items()) for each in shown],
    }


PAY_CARD = Card(
    key="pay",
    label="My pay",
    template="compensation/statements/card.html",
    query=my_pay,
    url="/compensation",
    position=25,
)
