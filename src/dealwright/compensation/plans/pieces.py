"""The pieces of which components are made: amounts, measures, credits, bands, lookups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from dealwright.compensation.plans.expressions import Expression

Calendar = Literal["month", "quarter", "year"]
Window = Literal["transaction", "period", "quarter", "year", "plan"]
Unit = Literal["money", "quantity"]
RatePolicy = Literal["event", "plan", "month", "month_end", "pay"]
FieldType = Literal["text", "number", "money", "date", "bool"]

DIRECT, OVERLAY, ROLLUP, TEAM = "direct", "overlay", "rollup", "team"
TERRITORY = "territory"
REPORTING = "reporting"  # the relation of a payee to the manager


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Where results are rounded, always half away from zero.

    Each component's amount per payee and period is rounded at the currency's minor units.
    With ``credit`` and ``line`` the credited amounts and the single lines are as well;
    without, those keep six decimals.
    """

    scale: int
    credit: bool = True
    line: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A sum of money: written in the plan, or looked up per payee by ``name``.

    A name is a measure of the quotas file, or ``salary`` or ``target`` of the people file;
    what holds for part of a window counts for that part. ``factor`` is the part of it that
    is meant: 2 for ``200% of target``.
    """

    value: Decimal | None = None
    name: str = ""
    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What counts: the events of ``kinds`` that fulfil ``when``, each with ``amount``.

    ``factors`` weighs kinds (order 0.60, invoice 0.20, cash 0.20). Money is converted to the
    plan's currency by ``rates``: "event" takes the rate of the event's day, "plan" the rate
    stated for the whole plan, "month" the stated average of the event's month, "month_end" the
    rate of that month's last day, "pay" that of the last day of the pay period.
    """

    id: str
    line: int
    kinds: tuple[str, ...]
    amount: Expression
    when: Expression | None = None
    unit: Unit = "money"
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    rates: RatePolicy = "event"
    aggregate: Literal["sum", "average", "last"] = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRule:
    """How an event's amount becomes credits of payees.

    ``direct`` and ``overlay`` come from the event's splits (or its payee); ``rollup`` gives
    each manager above the payee the whole credit, at the reporting line of the event's day;
    along another ``relation`` whoever stands in it, along "team" everybody in the team;
    ``territory`` whoever holds the territory that the event's field ``by`` names, on its day.
    """

    id: str
    line: int
    source: Literal["direct", "overlay", "rollup", "territory"]
    total: Decimal | None = None  # what the shares of an event must sum to; None: anything
    residual: Literal["first", "last", "largest"] = "last"
    depth: int = 0  # levels up the hierarchy; 0: all
    relation: str = REPORTING
    by: str = ""  # of a territory: the event's field


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The credits that a component looks at."""

    measure: str
    rules: tuple[str, ...] = (DIRECT,)
    when: Expression | None = None
    starts: date | None = None
    ends: date | None = None
    detail: Literal["event", "report"] = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """From ``threshold`` (a fraction of quota, or an amount) up to the next band's."""

    threshold: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What is given in place of money: points, a trip, a card; whole ones.

    ``value`` is what one is worth to whoever taxes it, in the plan's currency.
    """

    unit: str
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What every component has. ``payees`` keeps it to the people that fulfil it.

    With a ``reward`` what it earns is a number of that, which is no pay and stays apart. With
    ``paid`` what it earns in a quarter or year is paid with the last period of it.
    """

    id: str
    kind: str
    line: int
    label: str
    payees: Expression | None = None
    reward: Reward | None = None
    paid: Literal["", "quarter", "year"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Which step of a list of thresholds a measure has reached.

    With ``quota`` thresholds are fractions of that, with ``per`` of another measure: the
    margin per revenue. With ``at_most`` there is one threshold, and its step is reached while
    the measure does not exceed it.
    """

    basis: Basis
    cumulate: Window
    thresholds: tuple[Decimal, ...]
    quota: str = ""
    per: str = ""
    at_most: bool = False

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The credits of the measure, and of what it is divided by."""
        return (self.basis, replace(self.basis, measure=self.per)) if self.per else (self.basis,)
