"""Incentives beside commission: objectives, profit pools, contests."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dealwright.compensation.plans.pieces import Amount, Band, Basis, Component, Lookup, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """One goal of an MBO: what is measured, and which fraction of it counts as achieved.

    ``at_least`` and ``at_most`` are all or nothing; ``points`` interpolate between values of
    the measure (fractions of ``quota`` where there is one). Without any of them the fraction
    is the attainment of the quota, or else the measure's own value (a score of 0.9 is 90 %).
    ``maximum`` is the most that counts. Where a ``required`` objective comes to nothing, so
    does the whole.
    """

    name: str
    label: str
    weight: Decimal
    test: Lookup
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    points: tuple[Band, ...] = ()
    maximum: Decimal | None = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mbo(Component):
    """The target times the weighted sum of achieved objectives (management by objectives).

    Below ``threshold`` of the weighted sum nothing is paid; else it counts at least as
    ``minimum`` and at most as ``maximum``.
    """

    target: Amount
    cumulate: Window
    objectives: tuple[Objective, ...]
    threshold: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfitPool(Component):
    """A sum that the eligible payees share when a window is over.

    It is ``amount``, or ``share`` of what the measure of all events exceeds ``above``. Each
    gets a part in proportion to ``by``: the window's salary or target, days on the plan,
    credits of ``basis``, or all the same. What rounding leaves over goes to the largest
    remainders, so that parts sum to the pool. With ``leavers`` those who left before the last
    day share as well.
    """

    cumulate: Window
    amount: Decimal | None = None
    share: Decimal = Decimal(0)
    measure: str = ""
    above: Decimal = Decimal(0)
    by: Literal["salary", "target", "equal", "days", "credits"]
    basis: Basis | None = None
    leavers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest(Component):
    """Prizes by rank among those with credits, when the window is over.

    The window is the basis' days, or recurs by ``cumulate``. Contestants are payees, or teams
    by a field of theirs or their manager (``group``), whose prize members ``share``, ``each``
    get in full, or the ``manager`` gets. Equal scores ``share`` the prizes of their places,
    ``all`` get that of their place, or the ``earliest`` to have the score stands before. Where
    prizes exceed ``budget`` all are cut in proportion. With ``quota`` the score is the sum as a
    fraction of the payee's own; whoever has none does not compete.
    """

    basis: Basis
    cumulate: Window
    rank_by: Literal["sum", "average", "count"]
    best: Literal["highest", "lowest"]
    minimum: Decimal | None
    prizes: tuple[Decimal, ...]
    ties: Literal["share", "all", "earliest"]
    group: str = ""
    pays: Literal["share", "each", "manager"] = "share"
    budget: Decimal | None = None
    quota: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks(Component):
    """``quantity`` for each full ``each`` of a deal, or of what piles up over a window."""

    basis: Basis
    cumulate: Window
    each: Decimal
    quantity: Decimal
