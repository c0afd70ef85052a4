"""Explanation lines: the rows a calculation consists of. Their payouts sum to every result."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dealwright.compensation.engine.narrow import as_text
from dealwright.compensation.engine.tables import AMOUNT
from dealwright.compensation.plans.definition import Plan

# What a line's kind says; ``explain`` has a sentence for each.
EARNING_KINDS = (
    "fixed",
    "rate",
    "unit",
    "formula",
    "budget",
    "band",
    "target",
    "uplift",
    "milestone",
    "curve",
    "cell",
    "objective",
    "limit",
    "pool",
    "prize",
    "blocks",
    "rounding",
)
DEAL_KINDS = ("rate", "unit", "formula", "budget", "band", "target", "uplift", "cap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step of a calculation.

    ``event`` is the deal it belongs to, ``cause`` another event that made it (a payment, a
    termination), ``via`` the report whose credit rolled up. ``credit`` is the credited
    amount, ``base`` the part of it (or the total, quantity, days) that ``rate`` applies to,
    from ``low`` to ``high`` the band. ``balance`` is what stays open after the line.
    """

    component: str
    payee: str
    period: int
    kind: str
    payout: Decimal
    event: str = ""
    cause: str = ""
    via: str = ""
    role: str = ""
    credit: Decimal | None = None
    band: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    base: Decimal | None = None
    rate: Decimal | None = None
    balance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What a payee is credited for an event under a measure."""

    measure: str
    rule: str
    event: str
    payee: str
    period: int
    role: str
    via: str
    depth: int
    share: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Attainment:
    """What a payee has reached of a quota in a component's window, up to a period."""

    component: str
    payee: str
    period: int
    reached: Decimal
    quota: Decimal


# Column -> type and the literal that stands for "none", in the order of every line table.
LINE_COLUMNS: Mapping[str, tuple[str, str]] = {
    "component": ("VARCHAR", "''"),
    "payee": ("VARCHAR", "''"),
    "period": ("INTEGER", "0"),
    "kind": ("VARCHAR", "''"),
    "payout": (AMOUNT, "0"),
    "event_id": ("VARCHAR", "''"),
    "cause": ("VARCHAR", "''"),
    "via": ("VARCHAR", "''"),
    "role": ("VARCHAR", "''"),
    "credit": (AMOUNT, "NULL"),
    "band": ("INTEGER", "NULL"),
    "low": (AMOUNT, "NULL"),
    "high": (AMOUNT, "NULL"),
    "base": (AMOUNT, "NULL"),
    "rate": (AMOUNT, "NULL"),
    "balance": (AMOUNT, "NULL"),
}
_NAMES = tuple(each.name for each in fields(Line))


def line_select(**columns: str) -> str:
    """The select list of a line table; columns that are not given are none."""
    return ", ".join(
        f"CAST({columns.get(name, default)} AS {type_}) AS {name}"
        for name, (type_, default) in LINE_COLUMNS.items()
    )


def line_from_row(row: tuple[Any, ...]) -> Line:
    """A line from a row in the order of LINE_COLUMNS."""
    return Line(**dict(zip(_NAMES, row, strict=True)))


def taxable_value(plan: Plan, name: str, payout: Decimal) -> Decimal:
    """What a line of a component is worth as a reward to whoever taxes it, in the plan's
    currency; of money 0.

    Rounded line by line, so that what is added or taken back later sums to the same.
    """
    component = plan.component(name)
    if component is None or component.reward is None:
        return Decimal(0)
    unit = Decimal(1).scaleb(-plan.rounding.scale)
    return (payout * component.reward.value).quantize(unit, rounding=ROUND_HALF_UP)


def sort_key(line: Line) -> tuple[Any, ...]:
    """The one order of lines, whatever engine made them."""
    none = Decimal("-1e30")
    return (
        line.payee,
        line.period,
        line.component,
        line.kind,
        line.event,
        line.cause,
        line.via,
        line.role,
        -1 if line.band is None else line.band,
        none if line.base is None else line.base,
        line.payout,
    )


def hash_sql() -> str:
    """DuckDB's expression for the content address of a line, equal to ``line_hash``."""
    parts = ", ".join(
        f"coalesce({as_text(name, type_)}, '')" for name, (type_, _) in LINE_COLUMNS.items()
    )
    return f"sha256(concat_ws(chr(31), {parts}))"


def line_hash(line: Line) -> str:
    """The content address of a line: SHA-256 over its columns, decimals with six places."""
    return hashlib.sha256(
        "\x1f".join(_hashed(getattr(line, name)) for name in _NAMES).encode()
    ).hexdigest()


def _hashed(value: Any) -> str:
    if value is None:
        return ""
    return f"{value + 0:.6f}" if isinstance(value, Decimal) else str(value)
