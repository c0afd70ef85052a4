"""The compensation engine on a year of transactions: seconds, peak memory, and the ratio to a
calibration query in the same run (a busy machine slows both).

    python bench/compensation_engine.py [TRANSACTIONS]

Each transaction of 30 percent is split in two; 5,000 payees under four levels of managers; four
marginal bands of a yearly quota per payee; a roll-up with bands of its own; all lines kept.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from dealwright.compensation.engine.inputs import Inputs, open_inputs
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import run_stages
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
        "INSERT INTO input_quotas (payee, measure, starts, ends, amount, per, period, row) "
        "SELECT 'P' || lpad(n::VARCHAR, 5, '0'), 'bookings', DATE '2027-01-01', "
        f"DATE '2027-12-31', {transactions} * 2 + n * 10, 'range', '', 0 {payees}"
    )
    run(
        "INSERT INTO input_hierarchy (payee, manager, starts, ends, row) "
        "SELECT 'P' || lpad(n::VARCHAR, 5, '0'), 'P' || lpad((n // 8)::VARCHAR, 5, '0'), "
        f"DATE '1900-01-01', DATE '2200-12-31', 0 {payees} WHERE n > 0"
    )


def timed(what: Callable[[], Any]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def main(arguments: Sequence[str]) -> None:
    transactions = int(arguments[0]) if arguments else 1_000_000
    inputs = open_inputs(read_plan(PLAN), ["events", "splits", "quotas", "hierarchy"])
    inputs.connection.execute("SET threads = 2")
    fill(inputs, transactions)
    timed(lambda: inputs.rows(CALIBRATION))
    calibration = min(timed(lambda: inputs.rows(CALIBRATION)) for _ in range(3))
    prepared = timed(lambda: prepare_inputs(inputs))
    calculated = timed(lambda: run_stages(inputs))
    ((lines, total),) = inputs.rows("SELECT count(*), sum(payout) FROM line")
    print(
        json.dumps(
            {
                "transactions": transactions,
                "lines": lines,
                "total": str(total),
                "seconds_prepare": round(prepared, 2),
                "seconds_calculate": round(calculated, 2),
                "seconds_calibration": round(calibration, 3),
                "ratio_to_calibration": round((prepared + calculated) / calibration, 1),
                "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main(sys.argv[1:])
