"""Many scenarios in one calculation: every payee and event stands once per scenario.

Tiers, caps and milestones are not additive, so what uncertain deals pay cannot be summed from
deal to deal. Instead the prepared input is copied inside DuckDB, each copy under the number of
its scenario and with the deals that are won in it, and the plan runs once over all copies. A
payee's lines never look at another key than the payee's own and those below, which carry the
same number: so each copy gives what a calculation of its own would give. Plans of which this is
not so are calculated scenario by scenario.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any

from dealwright.compensation.engine.inputs import Inputs, insert_columns
from dealwright.compensation.engine.lines import LINE_COLUMNS, Attainment, Line, line_from_row
from dealwright.compensation.engine.oracle import calculate_with_oracle
from dealwright.compensation.engine.results import run_stages
from dealwright.compensation.plans.definition import TERRITORY, Plan, bases_of
from dealwright.compensation.plans.expressions import Expression

_DIGITS = 6
_PEOPLE, _EVENTS = ("payee", "manager", "via"), ("event_id", "reference", "cause")
FEW_ROWS = 1200  # events times scenarios up to which row by row is quicker than tables


def spread(inputs: Inputs, happens: Mapping[str, Collection[int]], numbers: Sequence[int]) -> None:
    """Copy a prepared input once per scenario number (0 to 999,999).

    ``happens`` are the uncertain events with the scenarios in which they happen; every other
    event happens in all. Only for plans in which nobody's pay hangs on everybody's.
    """
    _tables(inputs, happens, numbers)
    found = inputs.rows(
        "SELECT table_name, list(column_name) FROM duckdb_columns() "
        "WHERE NOT internal AND database_name = current_database() "
        "AND table_name NOT LIKE 'scenario%' GROUP BY table_name ORDER BY table_name"
    )
    for table, columns in found:
        people = [each for each in _PEOPLE if each in columns]
        events = [each for each in _EVENTS if each in columns]
        if not people and not events:
            continue
        tagged = ", ".join(
            f"CASE WHEN t.{each} = '' THEN '' ELSE s.tag || t.{each} END AS {each}"
            for each in (*people, *events)
        )
        inputs.connection.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT t.* REPLACE ({tagged}) "
            f"FROM {table} AS t CROSS JOIN scenario AS s{_happening(events, 's.number')}"
        )


def _tables(inputs: Inputs, happens: Mapping[str, Collection[int]], numbers: Sequence[int]) -> None:
    inputs.connection.execute(
        "CREATE OR REPLACE TABLE scenario (number INTEGER, tag VARCHAR);"
        "CREATE OR REPLACE TABLE scenario_event (event_id VARCHAR);"
        "CREATE OR REPLACE TABLE scenario_happens (event_id VARCHAR, number INTEGER)"
    )
    tags = [f"{number:0{_DIGITS}d}|" for number in numbers]
    insert_columns(
        inputs.connection,
        "scenario",
        {"number": ("INTEGER", list(numbers), "NULL"), "tag": ("VARCHAR", tags, "NULL")},
    )
    insert_columns(
        inputs.connection, "scenario_event", {"event_id": ("VARCHAR", list(happens), "NULL")}
    )
    pairs = [(event, number) for event, chosen in happens.items() for number in chosen]
    insert_columns(
        inputs.connection,
        "scenario_happens",
        {
            "event_id": ("VARCHAR", [event for event, _ in pairs], "NULL"),
            "number": ("INTEGER", [number for _, number in pairs], "NULL"),
        },
    )


def _happening(columns: Sequence[str], number: str) -> str:
    """The condition that a row's event happens in a scenario."""
    if "event_id" not in columns:
        return ""
    return (
        " WHERE t.event_id NOT IN (SELECT event_id FROM scenario_event) OR (t.event_id, "
        f"{number}) IN (SELECT event_id, number FROM scenario_happens)"
    )


def view_lines(inputs: Inputs) -> None:
    """After ``run_stages``: ``scenario_line``, the lines with their scenario's ``number`` and
    the keys as they were."""
    start = _DIGITS + 2
    plain = ", ".join(
        f"substr({each}, {start}) AS {each}" for each in ("payee", "event_id", "cause", "via")
    )
    inputs.connection.execute(
        "CREATE OR REPLACE VIEW scenario_line AS SELECT CAST(left(payee, "
        f"{_DIGITS}) AS INTEGER) AS number, line.* REPLACE ({plain}) FROM line"
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a calculation finds in one scenario."""

    lines: list[Line]
    attainments: list[Attainment]


def outcomes(
    inputs: Inputs,
    happens: Mapping[str, Collection[int]],
    numbers: Sequence[int],
    *,
    apart: bool = False,
) -> dict[int, Outcome]:
    """Lines and attainments of each scenario of a prepared input; the input is used up.

    ``apart`` calculates one scenario after the other, for plans in which one payee's pay hangs
    on others'. A small input is calculated row by row, which gives the same cents sooner.
    """
    ((events,),) = inputs.rows("SELECT count(*) FROM input_events")
    if apart or events * len(numbers) <= FEW_ROWS:
        found = {}
        for number in one_by_one(inputs, happens, numbers):
            if events <= FEW_ROWS:
                lines, _, attainments = calculate_with_oracle(inputs)
                found[number] = Outcome(list(lines), list(attainments))
            else:
                run_stages(inputs)
                found[number] = Outcome(
                    [line_from_row(row) for row in inputs.rows(_lines("line"))],
                    [_attainment(row) for row in inputs.rows(_attained())],
                )
        return found
    spread(inputs, happens, numbers)
    run_stages(inputs)
    view_lines(inputs)
    found = {number: Outcome([], []) for number in numbers}
    for number, *row in inputs.rows(_lines("scenario_line", "number, ")):
        found[number].lines.append(line_from_row(tuple(row)))
    start = _DIGITS + 2
    tagged = f"CAST(left(payee, {_DIGITS}) AS INTEGER), "
    for number, *row in inputs.rows(_attained(f"substr(payee, {start})", tagged)):
        found[number].attainments.append(_attainment(row))
    return found


def _lines(table: str, more: str = "") -> str:
    return f"SELECT {more}{', '.join(LINE_COLUMNS)} FROM {table}"


def _attained(payee: str = "payee", more: str = "") -> str:
    return f"SELECT {more}component, {payee}, period, reached, quota FROM attainment"


def _attainment(row: Sequence[Any]) -> Attainment:
    component, payee, period, reached, quota = row
    return Attainment(component=component, payee=payee, period=period, reached=reached, quota=quota)


def one_by_one(
    inputs: Inputs, happens: Mapping[str, Collection[int]], numbers: Sequence[int]
) -> Iterator[int]:
    """Bring the input from scenario to scenario, to be calculated at each."""
    _tables(inputs, happens, numbers)
    tables = [
        table
        for (table,) in inputs.rows(
            "SELECT DISTINCT table_name FROM duckdb_columns() WHERE NOT internal "
            "AND database_name = current_database() AND column_name = 'event_id' "
            "AND table_name NOT LIKE 'scenario%'"
        )
        if inputs.rows(
            f"SELECT 1 FROM {table} WHERE event_id IN (SELECT event_id FROM scenario_event) LIMIT 1"
        )
    ]
    for table in tables:
        inputs.connection.execute(f"CREATE OR REPLACE TABLE scenario_of_{table} AS FROM {table}")
    for number in numbers:
        drop_stages(inputs)
        for table in tables:
            inputs.connection.execute(
                f"CREATE OR REPLACE TABLE {table} AS SELECT t.* FROM scenario_of_{table} AS t"
                f"{_happening(['event_id'], str(int(number)))}"
            )
        yield number


def drop_stages(inputs: Inputs) -> None:
    """Take the views of an earlier calculation away: they keep tables from being replaced."""
    for (name,) in inputs.rows(
        "SELECT view_name FROM duckdb_views() WHERE NOT internal "
        "AND database_name = current_database()"
    ):
        inputs.connection.execute(f"DROP VIEW IF EXISTS {name}")


def reads_keys(plan: Plan) -> bool:
    """Whether a plan's expressions read the keys of events or payees, which are others in a
    copied input, or credits go by territory, a text that would lead from a scenario's deal to
    the holders of every scenario: such a plan's scenarios are calculated apart."""
    used = {rule for basis in bases_of(plan) for rule in basis.rules}
    return any(plan.credits[each].source == TERRITORY for each in used) or any(
        each.names & _KEYS for each in _expressions(plan)
    )


_KEYS = frozenset({"id", "event_id", "payee", "reference"})


def _expressions(part: Any) -> Iterator[Expression]:
    if isinstance(part, Expression):
        yield part
    elif is_dataclass(part):
        for each in fields(part):
            yield from _expressions(getattr(part, each.name))
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _expressions(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _expressions(value)


def component_totals(inputs: Inputs) -> dict[tuple[str, int, str], Decimal]:
    """(payee, period, component) -> amount, after ``run_stages``."""
    return {
        (payee, period, component): amount
        for payee, period, component, amount in inputs.rows(
            "SELECT payee, period, component, amount FROM component"
        )
    }
