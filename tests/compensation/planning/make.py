"""A small company whose quotas are planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from compensation.make import TEST, book, make_payee, make_plan
from dealwright.base.access.actor import Actor
from dealwright.base.people.models import Profile, User
from dealwright.compensation.planning.models import PlanningRow, PlanningScenario
from dealwright.compensation.planning.services import ScenarioValues, create_scenario
from make import acting, make_user

YEAR = (date(2028, 1, 1), date(2028, 12, 31))
BEFORE = (date(2027, 1, 1), date(2027, 12, 31))


@dataclass
class House:
    """Mia leads Ann and Bob, Nils leads Cem; Fay is finance. In 2027 Ann sold 600, Bob 300 and
    Cem 300."""

    fay: User
    mia: User
    nils: User
    ann: User
    bob: User
    cem: User

    @property
    def finance(self) -> Actor:
        return acting(self.fay)


def make_house() -> House:
    plan = make_plan()
    mia = make_payee(plan, "Mia", quota=None, profile=Profile.MANAGER)
    nils = make_payee(plan, "Nils", quota=None, profile=Profile.MANAGER)
    ann = make_payee(plan, "Ann", quota=None, manager=mia, salary=Decimal(60), target=Decimal(40))
    bob = make_payee(plan, "Bob", quota=None, manager=mia)
    cem = make_payee(plan, "Cem", quota=None, manager=nils)
    for user, amount, month in ((ann, 600, 1), (bob, 300, 2), (cem, 300, 2)):
        book(
            amount,
            (user, "1"),
            on=date(2027, month, 10),
            title=f"Deal of {user.name}",
            attributes={"region": f"of {user.name}", "account": f"Account of {user.name}"},
        )
    return House(make_user("Fay", profile=Profile.FINANCE), mia, nils, ann, bob, cem)


def values(**changed: Any) -> ScenarioValues:
    return ScenarioValues(
        **{
            "name": "Plan 2028",
            "measure": "bookings",
            "currency": "EUR",
            "starts_on": YEAR[0],
            "ends_on": YEAR[1],
            "target": Decimal(2400),
            "history_starts_on": BEFORE[0],
            "history_ends_on": BEFORE[1],
            **changed,
        }
    )


def make_scenario(**changed: Any) -> PlanningScenario:
    more = {key: changed.pop(key) for key in ("build", "plan_id", "copy_of") if key in changed}
    return create_scenario(TEST, values(**changed), **more)


def row(scenario: PlanningScenario, name: str) -> PlanningRow:
    return PlanningRow.objects.get(scenario=scenario, name=name)


def amounts(scenario: PlanningScenario) -> dict[str, str]:
    """Name -> amount, without needless zeros."""
    return {each.name: f"{each.amount.normalize():f}" for each in scenario.rows.order_by("name")}
