"""The compensation engine on a year of transactions: seconds, peak memory, and the ratio to a
calibration query just before (a busy machine slows both), in a process of its own as each program.

    python -m bench.compensation_engine [TRANSACTIONS] [--programs duckdb,pandas,polars,spark]

Beside it, in the same run, the same plan as plain programs in pandas and Polars; all must come to
the same sum. Each transaction of 30 percent is split in two; 5,000 payees under four levels of
managers; four marginal bands of a yearly quota per payee; a roll-up with bands of its own; the
engines keep all lines.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dealwright.compensation.engine.inputs import Inputs, open_inputs
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import run_stages
from dealwright.compensation.engine.spark import run_stages_on_spark
from dealwright.compensation.plans.reading import read_plan

PLAN = """
plan: bench
currency: EUR
effective: 2027-01-01
until: 2027-12-31
components:
  - tiered:
      id: commission
      quota: bookings
      cumulate: ytd
      bands: [[0, 4.25%], [50%, 8.15%], [100%, 12.25%], [125%, 16.35%]]
  - override:
      id: lead
      detail: report
      cumulate: ytd
      bands: [[0, 0.5%], [5000000, 0.75%]]
"""
PAYEES = 5000
CALIBRATION = (
    "SELECT sum(running) FROM (SELECT sum(amount) OVER "
    "(PARTITION BY payee ORDER BY date, event_id) AS running FROM input_events)"
)


def fill(inputs: Inputs, transactions: int) -> None:
    """A year of transactions, the same for the same number."""
    run = inputs.connection.execute
    run(
        "INSERT INTO input_events (event_id, kind, date, payee, amount, currency, quantity, cost, "
        "reference, row) SELECT 'E' || lpad(n::VARCHAR, 9, '0'), 'booking', "
        "DATE '2027-01-01' + CAST(hash(n) % 365 AS INTEGER), "
        "CASE WHEN n % 10 < 3 THEN '' "
        f"ELSE 'P' || lpad((hash(n * 7) % {PAYEES})::VARCHAR, 5, '0') END, "
        "CAST((hash(n * 13) % 2000000) AS DECIMAL(28, 6)) / 100, 'EUR', 1, 0, '', n + 2 "
        f"FROM range({transactions}) AS t(n)"
    )
    run(
        "INSERT INTO input_splits (event_id, payee, share, role, kind, row) "
        "SELECT 'E' || lpad(n::VARCHAR, 9, '0'), "
        f"'P' || lpad(((hash(n * 7) + k * 17) % {PAYEES})::VARCHAR, 5, '0'), "
        "CASE k WHEN 0 THEN 0.7 ELSE 0.3 END, '', 'direct', 0 "
        f"FROM range({transactions}) AS t(n), range(2) AS s(k) WHERE n % 10 < 3"
    )
    payees = f"FROM range({PAYEES}) AS t(n)"
    run(
        "INSERT INTO input_quotas (payee, position, team, measure, starts, ends, amount, per, "
        "period, row) "
        "SELECT 'P' || lpad(n::VARCHAR, 5, '0'), '', '', 'bookings', DATE '2027-01-01', "
        f"DATE '2027-12-31', {transactions} * 2 + n * 10, 'range', '', 0 {payees}"
    )
    run(
        "INSERT INTO input_hierarchy (payee, manager, relation, starts, ends, row) "
        "SELECT 'P' || lpad(n::VARCHAR, 5, '0'), 'P' || lpad((n // 8)::VARCHAR, 5, '0'), "
        "'reporting', "
        f"DATE '1900-01-01', DATE '2200-12-31', 0 {payees} WHERE n > 0"
    )


def timed(what: Callable[[], Any]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def as_numbers(inputs: Inputs) -> dict[str, Any]:
    """The input for the plain programs: payees as numbers, amounts in cents, as Arrow tables."""
    payee = "CAST(substr(payee, 2) AS BIGINT)"
    queries = {
        "events": "SELECT CAST(substr(event_id, 2) AS BIGINT) AS event, month(date) AS month, "
        "CAST(date - DATE '2027-01-01' AS BIGINT) AS day, "
        f"CASE WHEN payee = '' THEN -1 ELSE {payee} END AS payee, "
        "CAST(amount * 100 AS BIGINT) AS cents FROM input_events",
        "splits": f"SELECT CAST(substr(event_id, 2) AS BIGINT) AS event, {payee} AS payee, "
        "CAST(share * 100 AS BIGINT) AS share FROM input_splits",
        "quotas": f"SELECT {payee} AS payee, CAST(amount * 100 AS BIGINT) AS cents "
        "FROM input_quotas",
    }
    return {name: inputs.connection.sql(sql).to_arrow_table() for name, sql in queries.items()}


def measure(program: str, transactions: int) -> dict[str, Any]:
    """One program in this process: seconds without the loading, peak memory, the sum."""
    inputs = open_inputs(read_plan(PLAN), ["events", "splits", "quotas", "hierarchy"])
    inputs.connection.execute("SET threads = 2")
    fill(inputs, transactions)
    found: dict[str, Any] = {"program": program}
    if program == "calibration":
        timed(lambda: inputs.rows(CALIBRATION))
        return {"seconds": min(timed(lambda: inputs.rows(CALIBRATION)) for _ in range(3))}
    if program in ("pandas", "polars"):
        from bench import plain_programs

        tables = as_numbers(inputs)
        inputs.close()
        run = getattr(plain_programs, f"with_{program}")
        cents = []
        found["seconds"] = round(timed(lambda: cents.append(run(tables, PAYEES))), 2)
        found["total"] = f"{cents[0] / 100:.2f}"
    else:
        prepared = timed(lambda: prepare_inputs(inputs))
        stages = run_stages if program == "duckdb" else run_stages_on_spark
        calculated = timed(lambda: stages(inputs))
        ((lines, total),) = inputs.rows("SELECT count(*), sum(payout) FROM line")
        found["seconds"] = round(prepared + calculated, 2)
        found |= {"total": f"{total:.2f}", "lines": lines}
    found["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def apart(program: str, transactions: int) -> dict[str, Any]:
    """``measure`` in a process of its own, so that its memory is its own."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench.compensation_engine"),
            *(str(transactions), "--one", program),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    if done.returncode:
        return {"program": program, "failed": True}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transactions", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--programs", default="duckdb,pandas,polars", help="also: spark")
    parser.add_argument("--one", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(measure(options.one, options.transactions)))
        return
    found = []
    for program in options.programs.split(","):
        calibration = apart("calibration", options.transactions)
        result = apart(program, options.transactions)
        if "seconds" in result and "seconds" in calibration:
            result["calibration"] = round(calibration["seconds"], 3)
            result["ratio"] = round(result["seconds"] / calibration["seconds"], 1)
        found.append(result)
    totals = {each["total"] for each in found if "total" in each}
    print(
        json.dumps(
            {"transactions": options.transactions, "programs": found, "same_sum": len(totals) == 1},
            indent=2,
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
