"""What can be asked about planning: the grid, a row and what made it, capacity, fairness,
two scenarios beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.compensation.access import payee_ids, require_pay_manager
from dealwright.compensation.analytics.statistics import gini, median, ratio
from dealwright.compensation.planning.access import branch_of, get_scenario, visible_scenarios
from dealwright.compensation.planning.allocation import BottomUp, Placed
from dealwright.compensation.planning.figures import target_pay
from dealwright.compensation.planning.models import (
    PlanningChange,
    PlanningRow,
    PlanningScenario,
)
from dealwright.compensation.planning.sheet import Sheet, load_sheet
from dealwright.compensation.planning.statistics import Capacity, Seat, capacity, variation

SHOWN_AT_ONCE = 400  # rows of a grid; more are opened branch by branch


def list_scenarios(
    actor: Actor, *, start: int = 0, limit: int = 50
) -> tuple[Sequence[PlanningScenario], bool]:
    """Scenarios that the actor may see with ``unplaced`` of the whole, the newest first, and
    whether there are more."""
    whole = PlanningRow.objects.filter(scenario=OuterRef("pk"), parent__isnull=True)
    rows = (
        visible_scenarios(actor)
        .select_related("created_by", "adopted_by")
        .annotate(unplaced=Subquery(whole.values("unplaced")[:1]))
        .order_by("-id")
    )
    found = list(rows[start : start + limit + 1])
    return found[:limit], len(found) > limit


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is shown. ``may_propose`` says whether the reader may change it from below;
    ``part`` is the part of a full quota by days and ramp (so many full seats for a branch)."""

    row: PlanningRow
    depth: int
    placed: Placed
    against: BottomUp
    part: Fraction
    history: Decimal
    pipeline: Decimal
    has_below: bool
    may_propose: bool

    @property
    def to_history(self) -> Decimal | None:
        """Quota over history, a fraction."""
        return ratio(self.placed.amount, self.history) if self.history > 0 else None


@dataclass(frozen=True, slots=True)
class Grid:
    """The lines of a scenario that somebody sees, in the order of the tree. ``closed`` are rows
    whose branch is left out for its size."""

    sheet: Sheet
    lines: Sequence[Line]
    closed: frozenset[UUID]
    above: Sequence[PlanningRow]


def read_grid(
    actor: Actor,
    scenario: PlanningScenario,
    *,
    under: UUID | None = None,
    all_rows: bool = False,
) -> Grid:
    """The grid, or the branch ``under`` a row; ``all_rows`` closes no branch for its size.
    Raises NotFound for a row that is not seen."""
    sheet = load_sheet(scenario)
    branch = branch_of(actor, sheet.rows)
    seen = _seen(actor, sheet, branch)
    rows = [row for row in sheet.rows if row.pk in seen]
    above: list[PlanningRow] = []
    if under is not None:
        top = sheet.by_id.get(under)
        if top is None or top.pk not in seen:
            raise NotFound("This row does not exist, or you may not see it.")
        inside = {top.pk, *(each.pk for each in sheet.descendants(top))}
        rows = [row for row in rows if row.pk in inside]
        at = top
        while at.parent_id is not None and at.parent_id in seen:
            at = sheet.by_id[at.parent_id]
            above.insert(0, at)
    base = min((sheet.depth[row.pk] for row in rows), default=0)
    closed: set[UUID] = set()
    if len(rows) > SHOWN_AT_ONCE and not all_rows:
        shown = [row for row in rows if sheet.depth[row.pk] <= base + 1]
        closed = {
            row.pk for row in shown if row.pk in sheet.below and sheet.depth[row.pk] == base + 1
        }
        rows = shown
    lines = [_line(sheet, row, base, branch) for row in rows]
    return Grid(sheet, lines, frozenset(closed), above)


def _seen(actor: Actor, sheet: Sheet, branch: set[UUID] | None) -> set[UUID]:
    if branch is None:
        return set(sheet.by_id)
    user = actor.require_user()
    own = {row.pk for row in sheet.rows if row.user_id == user.pk and row.pk in sheet.below}
    return branch | own


def _line(sheet: Sheet, row: PlanningRow, base: int, branch: set[UUID] | None) -> Line:
    return Line(
        row,
        sheet.depth[row.pk] - base,
        sheet.placed[row.pk],
        sheet.against[row.pk],
        sheet.factors[row.pk],
        sheet.history[row.pk],
        sheet.pipeline[row.pk],
        row.pk in sheet.below,
        row.parent_id is not None and (branch is None or row.pk in branch),
    )


def read_line(actor: Actor, scenario_id: Any, row_id: UUID) -> tuple[Sheet, Line]:
    """One row; raises NotFound for one that is not seen."""
    scenario = get_scenario(actor, scenario_id)
    sheet = load_sheet(scenario)
    branch = branch_of(actor, sheet.rows)
    row = sheet.by_id.get(row_id)
    if row is None or row.pk not in _seen(actor, sheet, branch):
        raise NotFound("This row does not exist, or you may not see it.")
    return sheet, _line(sheet, row, sheet.depth[row.pk], branch)


def changes_of(scenario: PlanningScenario, row_id: UUID | None = None) -> Sequence[PlanningChange]:
    """What was changed and said of a row, or of all, the newest first, at most a hundred."""
    rows = PlanningChange.objects.filter(scenario=scenario).select_related("by")
    if row_id is not None:
        rows = rows.filter(row_id=row_id)
    return list(rows[:100])


def commented(scenario: PlanningScenario) -> set[UUID]:
    """The rows of which somebody said why."""
    rows = PlanningChange.objects.filter(scenario=scenario, row_id__isnull=False)
    named = rows.exclude(reason="").values_list("row_id", flat=True)
    return {each for each in named if each is not None}


def capacity_of(sheet: Sheet) -> Capacity:
    """What those who sell will probably reach against the number. Rows with others below them
    do not count: what they have is what those below have."""
    scenario = sheet.scenario
    seats = [
        Seat(
            sheet.placed[row.pk].amount,
            sheet.factors[row.pk],
            scenario.expected_attainment
            if row.expected_attainment is None
            else row.expected_attainment,
        )
        for row in sheet.leaves
    ]
    return capacity(
        sheet.season,
        scenario.target,
        seats,
        attainment=scenario.expected_attainment,
        ramp=[Fraction(each) for each in scenario.ramp],
    )


@dataclass(frozen=True, slots=True)
class Fair:
    """A seller's quota beside what was sold, what is open and what is to be earned. ``pay`` is
    None where the reader may not see it or there are no terms."""

    line: Line
    full: Decimal
    to_history: Decimal | None
    to_pipeline: Decimal | None
    pay: Decimal | None
    coverage: Decimal | None


@dataclass(frozen=True, slots=True)
class Fairness:
    """The sellers, and how unequal quota to history (full quota over what was credited), and
    coverage (full quota over target pay) are."""

    rows: Sequence[Fair]
    gini: Decimal | None
    variation: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None
    middle: Decimal | None
    coverage: Decimal | None
    coverage_variation: Decimal | None


def fairness_of(actor: Actor, sheet: Sheet, grid: Grid) -> Fairness:
    """How fair the quotas are that the reader sees. A quota counts as that of a full seat, so
    that ramps and late starts do not look like favours."""
    lines = [each for each in grid.lines if not each.has_below and each.row.parent_id is not None]
    visible = payee_ids(actor)
    people = {
        each.row.user_id
        for each in lines
        if each.row.user_id and (visible is None or each.row.user_id in visible)
    }
    pays = target_pay(sheet.scenario, people)
    months = Decimal(len(sheet.season.months)) / 12
    rows = []
    for each in lines:
        full = each.placed.amount
        if each.part > 0:
            full = _cents(Fraction(full) / each.part)
        pay = pays.get(each.row.user_id) if each.row.user_id else None
        pay = None if pay is None else (pay * months).quantize(Decimal("0.01"))
        rows.append(
            Fair(
                each,
                full,
                ratio(full, each.history) if each.history > 0 else None,
                ratio(full, each.pipeline) if each.pipeline > 0 else None,
                pay,
                ratio(full, pay) if pay else None,
            )
        )
    ratios = [each.to_history for each in rows if each.to_history is not None]
    covers = [each.coverage for each in rows if each.coverage is not None]
    return Fairness(
        rows,
        gini(ratios),
        variation(ratios),
        min(ratios, default=None),
        max(ratios, default=None),
        median(ratios),
        median(covers),
        variation(covers),
    )


def _cents(value: Fraction) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Beside:
    """The same holder in two scenarios; None where one of them has no such row."""

    name: str
    kind: str
    first: PlanningRow | None
    second: PlanningRow | None

    @property
    def difference(self) -> Decimal:
        return (self.second.amount if self.second else Decimal(0)) - (
            self.first.amount if self.first else Decimal(0)
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two scenarios: their holders beside each other, the largest differences first, and what
    each comes to."""

    first: Sheet
    second: Sheet
    rows: Sequence[Beside]

    @property
    def capacities(self) -> tuple[Capacity, Capacity]:
        return capacity_of(self.first), capacity_of(self.second)


def compare_scenarios(actor: Actor, first_id: Any, second_id: Any) -> Comparison:
    """Raises NotFound for one that the actor may not see."""
    require_pay_manager(actor)
    sheets = [load_sheet(get_scenario(actor, each)) for each in (first_id, second_id)]
    keyed: list[Mapping[Any, PlanningRow]] = [
        {_holder_key(row): row for row in sheet.rows if row.parent_id is not None}
        for sheet in sheets
    ]
    rows = []
    for key in dict.fromkeys([*keyed[0], *keyed[1]]):
        first, second = keyed[0].get(key), keyed[1].get(key)
        row = first or second
        assert row is not None
        rows.append(Beside(row.name, kind_of(row), first, second))
    rows.sort(key=lambda each: (-abs(each.difference), each.name))
    return Comparison(sheets[0], sheets[1], rows)


def _holder_key(row: PlanningRow) -> tuple[str, Any]:
    if row.user_id:
        return "person", row.user_id
    if row.team_id:
        return "team", row.team_id
    if row.position:
        return "position", row.position
    return "hire" if row.is_hire else "group", row.name


def kind_of(row: PlanningRow) -> str:
    """person, team, position, hire, group or whole."""
    return "whole" if row.parent_id is None else _holder_key(row)[0]
