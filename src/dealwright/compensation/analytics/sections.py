"""The analyses there are, by name; one way to ask for any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.compensation.analytics import (
    attainment,
    cost,
    fairness,
    leverage,
    mechanisms,
    operations,
    performance,
)
from dealwright.compensation.analytics.report import Report, Table
from dealwright.compensation.analytics.scope import Scope, choose_scope


@dataclass(frozen=True, slots=True)
class Section:
    """One analysis; ``groups`` says whether people are grouped by choice, ``settings`` which
    thresholds it reads."""

    label: str
    report: Callable[[Scope], Report]
    groups: bool = False
    settings: tuple[str, ...] = ()


SECTIONS: Mapping[str, Section] = {
    "attainment": Section(
        gettext_noop("Attainment"), attainment.report, True, ("below", "excellence")
    ),
    "performance": Section(gettext_noop("Pay and performance"), performance.report),
    "cost": Section(gettext_noop("Cost of sales"), cost.report, settings=("budget",)),
    "fairness": Section(gettext_noop("Quota fairness"), fairness.report, True),
    "leverage": Section(gettext_noop("Leverage"), leverage.report, settings=("windfall",)),
    "mechanisms": Section(gettext_noop("Mechanisms"), mechanisms.report, settings=("small",)),
    "operations": Section(gettext_noop("Operations"), operations.report),
}


def section_named(key: str) -> Section:
    """An analysis; raises NotFound."""
    section = SECTIONS.get(key)
    if section is None:
        raise NotFound("There is no such analysis.")
    return section


def analyse(actor: Actor, key: str, given: Mapping[str, str]) -> tuple[Scope | None, Report | None]:
    """An analysis for a choice of periods, plans and people; (scope, None) where the choice
    leaves nobody, (None, None) where there are no periods.

    Raises NotFound for an unknown analysis and for those who have nobody below them.
    """
    section = section_named(key)
    scope = choose_scope(actor, given)
    if scope is None or not scope.people:
        return scope, None
    return scope, section.report(scope)


def table_of(report: Report, key: str, opens: str) -> Table:
    """A table of a report, or as "rows" what lies behind one of its numbers; raises NotFound."""
    if key == "rows":
        make = report.behind.get(opens)
        if make is not None:
            return make()
    found = report.table(key)
    if found is None:
        raise NotFound("There is no such table.")
    return found
