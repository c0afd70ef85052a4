"""What one payee's what-if costs: milliseconds, and the ratio to a calibration query in the same
run (a busy machine slows both). No database: the snapshot's rows are made here.

    python bench/compensation_whatif.py [EVENTS]

A payee with EVENTS deals in the year (default 120) under a manager, four marginal bands of the
year's quota, a milestone, an override and a clawback. Measured: pay without and with one more
deal for payee and manager, from the rows to the lines; the same by two calculations in a new
DuckDB each, as a run does it; the pay curve of 57 scenarios in one calculation; and a forecast's
500 scenarios of 40 open deals in one calculation beside one calculation.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb

from dealwright.compensation.engine.inputs import Inputs, load_rows
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import run_stages
from dealwright.compensation.engine.scenarios import outcomes, spread
from dealwright.compensation.plans.reading import read_plan

PLAN = """
plan: bench
currency: EUR
components:
  - fixed: {id: salary, amount: salary}
  - tiered:
      id: commission
      quota: bookings
      cumulate: ytd
      bands: [[0, 4.25%], [50%, 8.15%], [100%, 12.25%], [125%, 16.35%]]
  - bonus_milestone: {id: bonus, quota: bookings, cumulate: ytd, milestones: [[100%, 2500]]}
  - override: {id: lead, rate: 1%}
clawback: {trigger: termination, schedule: [[3, 100%], [12, 50%]]}
"""
CALIBRATION = (
    "SELECT sum(running) FROM (SELECT sum(n % 977) OVER (PARTITION BY n % 500 ORDER BY n) "
    "AS running FROM range(200000) AS t(n))"
)
FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)
Tables = dict[str, list[dict[str, Any]]]


def make_tables(events: int, possible: int = 1) -> Tables:
    """A payee, a manager, deals of a year and ``possible`` ones that may be won."""
    random = Random(1)
    rows = [
        {
            "event_id": f"{'possible' if n >= events else 'deal'}:{n:05d}",
            "kind": "booking",
            "date": FIRST + timedelta(days=random.randrange(365)),
            "payee": "ann",
            "amount": Decimal(random.randrange(100_000, 5_000_000)) / 100,
            "currency": "EUR",
            "quantity": Decimal(1),
            "cost": Decimal(0),
            "reference": "",
        }
        for n in range(events + possible)
    ]
    return {
        "people": [
            {"payee": each, "name": each, "starts": FIRST, "ends": None, "salary": Decimal(48000)}
            for each in ("ann", "mia")
        ],
        "quotas": [
            {
                "payee": "ann",
                "measure": "bookings",
                "starts": FIRST,
                "ends": LAST,
                "amount": Decimal(1_000_000),
                "per": "year",
            }
        ],
        "hierarchy": [{"payee": "ann", "manager": "mia", "starts": FIRST, "ends": None}],
        "events": rows,
        "splits": [],
        "rates": [],
        "prior": [],
    }


def prepared(tables: Tables, *, small: bool) -> Inputs:
    plan = read_plan(PLAN)
    return prepare_inputs(
        load_rows(plan, tables, check_names=False, small=small), first=FIRST, last=LAST
    )


def what_if(tables: Tables, happens: Mapping[str, Sequence[int]], count: int) -> Decimal:
    """Scenarios from the rows to the lines; what the last pays more than the first."""
    inputs = prepared(tables, small=True)
    try:
        found = outcomes(inputs, happens, range(count))
    finally:
        inputs.close()
    first, last = (sum(line.payout for line in found[at].lines) for at in (0, count - 1))
    return Decimal(last - first)


def two_runs(tables: Tables) -> Decimal:
    """The same question by two calculations as a run makes them."""
    totals = []
    for chosen in (tables["events"][:-1], tables["events"]):
        inputs = prepared({**tables, "events": chosen}, small=False)
        run_stages(inputs)
        ((total,),) = inputs.rows("SELECT sum(payout) FROM line")
        totals.append(total)
        inputs.close()
    return Decimal(totals[1] - totals[0])


def scenarios(tables: Tables, happens: Mapping[str, Sequence[int]], count: int) -> None:
    inputs = prepared(tables, small=False)
    if count > 1:
        spread(inputs, happens, range(count))
    run_stages(inputs)
    inputs.rows("SELECT count(*), sum(payout) FROM line")
    inputs.close()


def milliseconds(what: Callable[[], Any], rounds: int = 9) -> float:
    """The median over the rounds after one to warm up."""
    what()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        what()
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[rounds // 2]


def main(arguments: Sequence[str]) -> None:
    events = int(arguments[0]) if arguments else 120
    connection = duckdb.connect(":memory:", config={"threads": 1})
    one = make_tables(events)
    key = one["events"][-1]["event_id"]
    curve = {each["event_id"]: range(n % 16, 57) for n, each in enumerate(one["events"])}
    many = make_tables(events, 40)
    random = Random(2)
    drawn = {
        each["event_id"]: [n for n in range(500) if random.random() < 0.4]
        for each in many["events"][events:]
    }
    assert what_if(one, {key: [1]}, 2) == two_runs(one)
    calibration = milliseconds(lambda: connection.execute(CALIBRATION).fetchall())
    measured = {
        "what_if": milliseconds(lambda: what_if(one, {key: [1]}, 2)),
        "two_runs": milliseconds(lambda: two_runs(one)),
        "pay_curve_57_scenarios": milliseconds(lambda: what_if(one, curve, 57)),
        "forecast_1_scenario": milliseconds(lambda: scenarios(many, {}, 1), 3),
        "forecast_500_scenarios": milliseconds(lambda: scenarios(many, drawn, 500), 3),
    }
    print(
        json.dumps(
            {
                "events": events,
                "milliseconds_calibration": round(calibration, 1),
                **{f"milliseconds_{name}": round(value, 1) for name, value in measured.items()},
                **{
                    f"ratio_{name}": round(value / calibration, 2)
                    for name, value in measured.items()
                },
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
