"""A scenario with all its rows and what sharing out comes to: the one place that reckons it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any
from uuid import UUID

from dealwright.compensation.planning.allocation import (
    NOTHING,
    BottomUp,
    Node,
    Part,
    Placed,
    Shares,
    allocate,
    bottom_up,
    share_out,
)
from dealwright.compensation.planning.models import PlanningRow, PlanningScenario
from dealwright.compensation.planning.months import (
    Presence,
    Season,
    Slice,
    factor,
    make_season,
    month_factors,
    slices,
)


@dataclass
class Sheet:
    """The rows of a scenario, parents first and each followed by what is below it."""

    scenario: PlanningScenario
    rows: Sequence[PlanningRow]

    @cached_property
    def by_id(self) -> Mapping[UUID, PlanningRow]:
        return {row.pk: row for row in self.rows}

    @cached_property
    def depth(self) -> Mapping[UUID, int]:
        found: dict[UUID, int] = {}
        for row in self.rows:
            found[row.pk] = found[row.parent_id] + 1 if row.parent_id is not None else 0
        return found

    @cached_property
    def below(self) -> Mapping[UUID, Sequence[PlanningRow]]:
        """The rows right below each row that has some."""
        found: dict[UUID, list[PlanningRow]] = {}
        for row in self.rows:
            if row.parent_id is not None:
                found.setdefault(row.parent_id, []).append(row)
        return found

    @cached_property
    def season(self) -> Season:
        scenario = self.scenario
        return make_season(scenario.starts_on, scenario.ends_on, scenario.seasonality)

    def presence(self, row: PlanningRow) -> Presence:
        ramp = [Fraction(each) for each in self.scenario.ramp]
        return Presence(row.starts_on, row.ends_on, row.ramp_from, ramp)

    def over(self, row: PlanningRow) -> Decimal:
        """What the row over-assigns to those below, a fraction."""
        own: Decimal | None = row.over
        if own is not None:
            return own
        levels: list[Decimal] = self.scenario.over_assignment
        return levels[min(self.depth[row.pk], len(levels) - 1)] if levels else NOTHING

    @cached_property
    def nodes(self) -> Sequence[Node]:
        return [
            Node(
                row.pk,
                row.parent_id,
                method=row.method,
                over=self.over(row),
                locked=row.locked,
                factor=self.factors[row.pk],
                history=row.history,
                pipeline=row.pipeline,
                weight=row.weight,
            )
            for row in self.rows
        ]

    @cached_property
    def factors(self) -> Mapping[UUID, Fraction]:
        """The part of a full quota that each row can carry by days and ramp; a row with others
        below it the sum of theirs, so many full seats."""
        found: dict[UUID, Fraction] = {}
        for row in reversed(self.rows):
            below = self.below.get(row.pk)
            found[row.pk] = (
                sum((found[each.pk] for each in below), Fraction(0))
                if below
                else factor(self.season, self.presence(row))
            )
        return found

    @cached_property
    def placed(self) -> Mapping[Any, Placed]:
        scenario = self.scenario
        return allocate(self.nodes, scenario.target, scenario.method, scenario.step)

    @cached_property
    def against(self) -> Mapping[Any, BottomUp]:
        proposed: dict[object, Decimal] = {
            row.pk: row.proposed for row in self.rows if row.proposed is not None
        }
        return bottom_up(self.nodes, self.placed, proposed)

    def total(self, field: str) -> Mapping[UUID, Decimal]:
        """A figure of each row together with all below it."""
        found: dict[UUID, Decimal] = {}
        for row in reversed(self.rows):
            own: Decimal = getattr(row, field)
            found[row.pk] = sum((found[each.pk] for each in self.below.get(row.pk, ())), own)
        return found

    @cached_property
    def history(self) -> Mapping[UUID, Decimal]:
        return self.total("history")

    @cached_property
    def pipeline(self) -> Mapping[UUID, Decimal]:
        return self.total("pipeline")

    def descendants(self, row: PlanningRow) -> list[PlanningRow]:
        """Everything below a row."""
        found: list[PlanningRow] = []
        for each in self.below.get(row.pk, ()):
            found += [each, *self.descendants(each)]
        return found

    @property
    def leaves(self) -> Sequence[PlanningRow]:
        """The rows with nothing below: who sells. A tree of the whole alone has none."""
        return [row for row in self.rows if row.pk not in self.below and row.parent_id is not None]

    def by_month(self, row: PlanningRow) -> Shares:
        """The row's amount by month: in whole units, or finer where the scenario's step is. A
        row with others below it has all days."""
        season = self.season
        presence = self.quota_presence(row)
        parts = [Part(each) for each in month_factors(season, presence)]
        step = min(self.scenario.step, Decimal(1))
        return share_out(self.placed[row.pk].amount, parts, step)

    def quota_presence(self, row: PlanningRow) -> Presence:
        """When the row carries its quota; a manager's own ramp does not move the branch."""
        if row.pk in self.below:
            return Presence(row.starts_on, row.ends_on)
        return self.presence(row)

    def slices(self, row: PlanningRow) -> list[Slice]:
        """The dated parts in which the row's amount would be adopted."""
        shares = self.by_month(row)
        return slices(self.season, self.quota_presence(row), shares.amounts, self.scenario.grain)


@dataclass
class Branch(Sheet):
    """A row, the first, with all below it. ``above`` counts the rows over it, and ``method`` is
    that by which it was given its own amount, which stands.

    What a row gets hangs on the rows over and beside it, never on what is fixed below; so where
    only that changes, or how the row shares out, this comes to what the whole sheet would.
    """

    above: int = 0
    method: str = ""

    @cached_property
    def depth(self) -> Mapping[UUID, int]:
        found = {self.rows[0].pk: self.above}
        for row in self.rows[1:]:
            assert row.parent_id is not None
            found[row.pk] = found[row.parent_id] + 1
        return found

    @cached_property
    def nodes(self) -> Sequence[Node]:
        top, *others = super().nodes
        return [replace(top, parent=None, locked=self.rows[0].amount), *others]

    @cached_property
    def placed(self) -> Mapping[Any, Placed]:
        return allocate(self.nodes, self.rows[0].amount, self.method, self.scenario.step)


def load_branch(scenario: PlanningScenario, top: PlanningRow) -> Branch:
    """A row with all below it, level by level, and what it takes from above."""
    rows, level = [top], [top.pk]
    while level:
        found = list(scenario.rows.filter(parent__in=level).order_by("place", "id"))
        rows += found
        level = [row.pk for row in found]
    above, method, over = 0, "", top.parent_id
    while over is not None:
        over, its = scenario.rows.values_list("parent_id", "method").get(pk=over)
        above, method = above + 1, method or its
    return Branch(scenario, in_order(rows, top), above, method or scenario.method)


def load_sheet(scenario: PlanningScenario) -> Sheet:
    """The scenario with all its rows, in one statement."""
    return Sheet(
        scenario, in_order(scenario.rows.select_related("user", "team").order_by("place", "id"))
    )


def in_order(rows: Iterable[PlanningRow], top: PlanningRow | None = None) -> list[PlanningRow]:
    """Parents first, each row followed by all below it; ``top`` begins, if it is a branch."""
    below: dict[UUID | None, list[PlanningRow]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    found: list[PlanningRow] = []
    waiting = [top] if top is not None else list(reversed(below.get(None, [])))
    while waiting:
        row = waiting.pop()
        found.append(row)
        waiting += reversed(below.get(row.pk, []))
    return found
