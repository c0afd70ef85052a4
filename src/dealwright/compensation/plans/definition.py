"""What a plan says, as values: measures, credit rules, components, settlement.

Everything is frozen and holds only decimals, dates and text. ``reading`` makes it from text,
``engine`` pays by it, ``english`` says it in sentences. A component's ``line`` is where it
stands in the text: statements link to that clause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from dealwright.compensation.plans.expressions import Expression
from dealwright.compensation.plans.incentives import Blocks, Contest, Mbo, Objective, ProfitPool
from dealwright.compensation.plans.lookup_tables import LookupTable
from dealwright.compensation.plans.pieces import (
    DIRECT,
    OVERLAY,
    REPORTING,
    ROLLUP,
    TEAM,
    TERRITORY,
    Amount,
    Band,
    Basis,
    Calendar,
    Component,
    CreditRule,
    FieldType,
    Lookup,
    Measure,
    Reward,
    Rounding,
    Unit,
    Window,
)

__all__ = [
    "DIRECT",
    "OVERLAY",
    "REPORTING",
    "ROLLUP",
    "TEAM",
    "TERRITORY",
    "Amount",
    "Band",
    "Basis",
    "Blocks",
    "Calendar",
    "Cap",
    "Clawback",
    "Component",
    "Contest",
    "CreditRule",
    "Curve",
    "Draw",
    "Earning",
    "FieldType",
    "Fixed",
    "Floor",
    "Gate",
    "Holdback",
    "Lookup",
    "Matrix",
    "Mbo",
    "Measure",
    "Milestones",
    "Modifier",
    "Multiplier",
    "Objective",
    "Plan",
    "ProfitPool",
    "Rated",
    "Reward",
    "Rounding",
    "Settlement",
    "Tiered",
    "Unit",
    "Window",
    "bases_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Component):
    """The same amount each period, by calendar or working days where the payee is not there
    all the time."""

    amount: Amount
    prorate: Literal["", "calendar", "working"] = "calendar"  # "": not at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated(Component):
    """One line per credit: a ``rate`` of it, a ``price`` for each unit, or an expression.

    The kinds flat, per_unit, margin, spif and a flat override are this.
    """

    basis: Basis
    rate: Decimal | None = None
    price: Decimal | None = None
    amount: Expression | None = None
    budget: Decimal | None = None  # of all payees together, first come first served


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiered(Component):
    """Rates by bands of the amount that piles up over ``cumulate``.

    With ``quota`` the thresholds are fractions of it, else amounts. ``marginal`` pays each
    part at its own band's rate; ``retroactive`` pays all at the rate of the band reached,
    and earlier periods of the window are topped up. With ``target`` the values multiply the
    target instead of being rates: the full quota at 1.0 pays the target once.
    """

    basis: Basis
    cumulate: Window
    mode: Literal["marginal", "retroactive"]
    boundary: Literal["upper", "lower"]
    bands: tuple[Band, ...]
    quota: str = ""
    target: Amount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones(Component):
    """A bonus for each step reached, or for the highest only; taken back where a later
    credit in the same window undoes it."""

    basis: Basis
    cumulate: Window
    steps: tuple[Band, ...]
    quota: str = ""
    pays: Literal["each", "highest"] = "each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve(Component):
    """The target times a factor interpolated between points of attainment.

    Below the first point nothing is paid, above the last its factor.
    """

    basis: Basis
    cumulate: Window
    quota: str
    target: Amount
    points: tuple[Band, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix(Component):
    """The target times the cell where two measures meet."""

    rows: Lookup
    columns: Lookup
    table: tuple[tuple[Decimal, ...], ...]
    target: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Component):
    """Pays components in ``on`` only where a measure reaches a threshold, or one of ``others``
    does; else ``otherwise`` (a fraction, most often 0) of them."""

    on: tuple[str, ...]
    test: Lookup
    otherwise: Decimal
    others: tuple[Lookup, ...] = ()

    @property
    def tests(self) -> tuple[Lookup, ...]:
        return (self.test, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplier(Component):
    """Multiplies components in ``on`` by the value of the step a measure has reached, or by
    one fixed ``factor``.

    Where ``is_curve`` the factor lies on a straight line between steps: nothing is paid below
    the first, and above the last its factor holds.
    """

    on: tuple[str, ...]
    test: Lookup | None
    factors: tuple[Decimal, ...]
    factor: Decimal | None = None
    is_curve: bool = False

    @property
    def points(self) -> tuple[Band, ...]:
        """Thresholds with their factors."""
        thresholds = self.test.thresholds if self.test is not None else ()
        return tuple(
            Band(threshold=threshold, value=value)
            for threshold, value in zip(thresholds, self.factors, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor(Component):
    """At least ``amount`` for the components in ``on``, per deal or per window; what is missing
    in a quarter or year is added in its last period."""

    on: tuple[str, ...]
    per: Literal["deal", "period", "quarter", "year"]
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Component):
    """At most ``amount`` for the components in ``on``. What is above is forfeited, or
    withheld until a later period has room for it."""

    on: tuple[str, ...]
    per: Literal["deal", "period", "quarter", "year", "plan"]
    amount: Amount
    excess: Literal["forfeit", "withhold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdback(Component):
    """Keeps ``share`` of each deal's pay until events of kind ``release`` bring in the money."""

    on: tuple[str, ...]
    share: Decimal
    release: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clawback(Component):
    """Takes back a deal's pay when an event of kind ``trigger`` refers to it.

    ``schedule`` says which fraction by full months since the deal: the first entry whose
    months are not yet over; ``months`` instead takes it back in equal parts that shrink
    each month. ``by_amount`` weighs it with the part of the deal's amount that the trigger
    names. With ``limit`` "paid" no more is taken than gates, caps and holdbacks left of it.
    With ``recover_share`` at most that part of a period's pay (without fixed pay) is taken;
    what it does not cover stays owed and is taken from the pay of later periods.
    """

    on: tuple[str, ...]
    trigger: tuple[str, ...]
    schedule: tuple[tuple[int, Decimal], ...]
    months: int
    by_amount: bool
    limit: Literal["paid", "earned"]
    recover_share: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw(Component):
    """Tops pay up to ``amount`` in the payee's first ``periods`` periods (0: always).

    A recoverable draw is taken back from what exceeds it, from period ``recover_from`` on
    and at most ``recover_share`` of the excess; what is open after the last draw period is
    forgiven or stays owed.
    """

    on: tuple[str, ...]
    amount: Amount
    periods: int
    recoverable: bool
    recover_from: int
    recover_share: Decimal
    at_end: Literal["forgive", "owe"]


Earning = Fixed | Rated | Tiered | Milestones | Curve | Matrix | Mbo | ProfitPool | Contest | Blocks
Modifier = Gate | Multiplier | Floor | Cap
Settlement = Holdback | Clawback | Draw


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """One version of a plan; compared by identity, since ``read_plan`` keeps one per text."""

    id: str
    title: str
    currency: str
    calendar: str  # month, quarter, year or weeks such as 4-4-5@2027-02-01
    fiscal_year_starts: int
    effective: date | None
    until: date | None
    rounding: Rounding
    fields: Mapping[str, FieldType]
    payee_fields: Mapping[str, FieldType]
    measures: Mapping[str, Measure]
    credits: Mapping[str, CreditRule]
    prorate: Literal[
        "calendar", "working", "months"
    ]  # which days count in parts of quotas and salaries
    holidays: frozenset[date]  # which are no working days
    ramps: Mapping[str, tuple[Decimal, ...]]  # quota -> fraction by months since the start
    tables: Mapping[str, LookupTable]
    components: tuple[Component, ...]
    text: str = field(repr=False)

    @property
    def earnings(self) -> tuple[Earning, ...]:
        return tuple(each for each in self.components if isinstance(each, Earning))

    @property
    def modifiers(self) -> tuple[Modifier, ...]:
        return tuple(each for each in self.components if isinstance(each, Modifier))

    @property
    def settlements(self) -> tuple[Settlement, ...]:
        """In the order they apply: holdbacks, clawbacks, then draws."""
        return tuple(
            each
            for kind in (Holdback, Clawback, Draw)
            for each in self.components
            if isinstance(each, kind)
        )

    @property
    def period_word(self) -> str:
        """What a pay period is called: month, quarter, year; in calendars of weeks period."""
        return "period" if "@" in self.calendar else self.calendar

    @property
    def rewards(self) -> tuple[str, ...]:
        """The components that earn something other than money."""
        return tuple(each.id for each in self.components if each.reward is not None)

    def component(self, component_id: str) -> Component | None:
        return next((each for each in self.components if each.id == component_id), None)

    def position(self, component_id: str) -> int:
        """Where a component stands: the order statements show it in."""
        return next(
            (place for place, each in enumerate(self.components) if each.id == component_id), 0
        )


def bases_of(plan: Plan) -> Iterator[Basis]:
    """Every set of credits that some component looks at."""
    for each in plan.components:
        if isinstance(each, Rated | Tiered | Milestones | Curve | Contest | Blocks):
            yield each.basis
        elif isinstance(each, Gate):
            yield from (basis for test in each.tests for basis in test.bases)
        elif isinstance(each, Multiplier) and each.test is not None:
            yield from each.test.bases
        elif isinstance(each, Matrix):
            yield from (*each.rows.bases, *each.columns.bases)
        elif isinstance(each, Mbo):
            yield from (basis for one in each.objectives for basis in one.test.bases)
        elif isinstance(each, ProfitPool):
            if each.measure:
                yield Basis(measure=each.measure)
            if each.basis is not None:
                yield each.basis
