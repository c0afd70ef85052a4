"""What a plan's components look at: credits, named amounts, columns of expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dealwright.compensation.engine.sql import text
from dealwright.compensation.engine.tables import AMOUNT, EVENTS, RATE
from dealwright.compensation.plans.definition import (
    Amount,
    Cap,
    Contest,
    Curve,
    Draw,
    Fixed,
    Floor,
    Gate,
    Matrix,
    Mbo,
    Milestones,
    Multiplier,
    Plan,
    ProfitPool,
    Tiered,
    Window,
)
from dealwright.compensation.plans.expressions import PAYEE_COLUMNS, Expression, to_sql
from dealwright.compensation.plans.lookup_tables import LookupTable

PLAN_WINDOW = "CAST(0 AS INTEGER)"  # the one window of the whole plan; a bare 0 is a position
SPANS = {"period": "period", "quarter": "quarter", "year": "year", "plan": PLAN_WINDOW}


def named_amounts(plan: Plan) -> set[tuple[str, str]]:
    """(name, window) of every quota, target and salary that some component needs."""
    found: set[tuple[str, str]] = set()

    def need(name: str, span: str) -> None:
        if name:
            found.add((name, "period" if span in ("transaction", "deal") else span))

    def amount(given: Amount | None, span: str) -> None:
        if given is not None:
            need(given.name, span)

    for each in plan.components:
        if isinstance(each, Fixed | Draw):
            amount(each.amount, "period")
        elif isinstance(each, Tiered):
            need(each.quota, each.cumulate)
            amount(each.target, each.cumulate)
        elif isinstance(each, Milestones):
            need(each.quota, each.cumulate)
        elif isinstance(each, Curve):
            need(each.quota, each.cumulate)
            amount(each.target, each.cumulate)
        elif isinstance(each, Matrix):
            need(each.rows.quota, each.rows.cumulate)
            need(each.columns.quota, each.columns.cumulate)
            amount(each.target, each.rows.cumulate)
        elif isinstance(each, Mbo):
            amount(each.target, each.cumulate)
            for objective in each.objectives:
                need(objective.test.quota, objective.test.cumulate)
        elif isinstance(each, Contest):
            need(each.quota, each.cumulate)
        elif isinstance(each, ProfitPool):
            if each.by in ("salary", "target"):
                need(each.by, each.cumulate)
        elif isinstance(each, Gate):
            for test in each.tests:
                need(test.quota, test.cumulate)
        elif isinstance(each, Multiplier) and each.test is not None:
            need(each.test.quota, each.test.cumulate)
        elif isinstance(each, Floor | Cap):
            amount(each.amount, each.per)
    return found


def quotas_of(plan: Plan) -> Iterator[tuple[str, str, Window, str]]:
    """(component, basis, window, quota) of every component that earns by a quota."""
    for each in plan.earnings:
        if isinstance(each, Tiered | Milestones | Curve) and each.quota:
            yield each.id, each.id, each.cumulate, each.quota
        elif isinstance(each, Matrix):
            for name, lookup in (("rows", each.rows), ("columns", each.columns)):
                if lookup.quota:
                    yield f"{each.id}.{name}", f"{each.id}_{name}", lookup.cumulate, lookup.quota
        elif isinstance(each, Mbo):
            for place, objective in enumerate(each.objectives, 1):
                if quota := objective.test.quota:
                    yield f"{each.id}.{place}", f"{each.id}_{place}", objective.test.cumulate, quota


def event_columns(plan: Plan) -> tuple[str, ...]:
    """The columns of an event, declared fields included."""
    return tuple(each.name for each in EVENTS) + tuple(f'"f_{name}"' for name in plan.fields)


def event_names(plan: Plan, table: str) -> dict[str, str]:
    """Name in an expression -> column, for an event in ``table``."""
    names = {each.name: f"{table}.{each.name}" for each in EVENTS}
    names |= {
        each.name: f"CAST({table}.{each.name} AS {AMOUNT})"
        for each in EVENTS
        if each.type == "money"
    }
    names["id"] = f"{table}.event_id"
    names |= {name: f'{table}."f_{name}"' for name in plan.fields}
    return names | table_names(plan, names)


def table_names(plan: Plan, names: Mapping[str, str]) -> dict[str, str]:
    """``table.<name>`` -> the SQL that finds its value, for the tables whose names are there."""
    return {
        f"table.{each.id}": _table_sql(each, names)
        for each in plan.tables.values()
        if all(name in names for name in each.by)
    }


def _table_sql(table: LookupTable, names: Mapping[str, str]) -> str:
    """The rows of the version of the day, the newest first; then what it says otherwise."""
    type_ = RATE if table.is_small else "DECIMAL(19, 6)"
    cases = []
    for version in reversed(table.versions):
        since = [f"{names['date']} >= DATE '{version.starts}'"] if version.starts else []
        for key, value in version.rows.items():
            same = [
                f"{names[name]} = {text(part)}" for name, part in zip(table.by, key, strict=True)
            ]
            cases.append(f"WHEN {' AND '.join([*since, *same])} THEN CAST('{value:f}' AS {type_})")
        last = "NULL" if version.otherwise is None else f"'{version.otherwise:f}'"
        cases.append(f"WHEN {' AND '.join(since) or '1 = 1'} THEN CAST({last} AS {type_})")
    return f"CASE {' '.join(cases)} ELSE CAST(NULL AS {type_}) END"


def payee_names(plan: Plan, table: str) -> dict[str, str]:
    """Name in an expression -> column, for a payee in ``table``."""
    return {f"payee.{name}": f'{table}."{column}"' for name, column in payee_columns(plan).items()}


def payee_columns(plan: Plan) -> dict[str, str]:
    """Field of a payee -> its column among the people."""
    declared = {name: f"f_{name}" for name in plan.payee_fields}
    return {**{name: name for name in PAYEE_COLUMNS}, **declared}


def expression_sql(expression: Expression, names: Mapping[str, str]) -> str:
    return to_sql(expression, names)
