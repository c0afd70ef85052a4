"""Correcting closed periods, and the common case of one deal: seconds, peak memory, and the ratio
to a calibration query in the same run (a busy machine slows both).

    python -m bench.compensation_close [LINES] [--json FILE]

In a scratch database a plan with bands of a yearly quota and a roll-up over four levels of managers
comes to about LINES lines in six periods, which are then closed. Some deals turn out to be worth
more; the plan is calculated again, and what differs is found and posted into the next period.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

CHECKOUT = Path(__file__).resolve().parents[1]
FIRST, LAST = date(2027, 1, 1), date(2027, 6, 30)
ROLL_UP = """
plan: bench
currency: EUR
calendar: month
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
OWN = """
plan: own
currency: EUR
calendar: month
components:
  - tiered:
      id: commission
      quota: bookings
      cumulate: ytd
      bands: [[0, 4.25%], [50%, 8.15%], [100%, 12.25%], [125%, 16.35%]]
"""
CALIBRATION = (
    "SELECT sum(running) FROM (SELECT sum(n % 977) OVER (PARTITION BY n % 5000 ORDER BY n) "
    "AS running FROM range(1000000) AS t(n))"
)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=int, nargs="?", default=100_000)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--step", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.step:
        print(json.dumps(_step(options.step)))
        return
    with tempfile.TemporaryDirectory(prefix="dealwright-bench-") as folder:
        figures = measure(Path(folder), options.lines)
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


@contextmanager
def scratch_database(data_dir: Path) -> Iterator[None]:
    """Django on an embedded database of its own, with all tables."""
    os.environ["DEALWRIGHT_DATA_DIR"] = str(data_dir)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dealwright.site.settings"
    os.environ.pop("DATABASE_URL", None)
    from dealwright.base.database.server import EmbeddedServer

    with EmbeddedServer(data_dir):
        _set_up(data_dir)
        from django.db import connections

        from dealwright.base.database.migrate import migrate_tables

        migrate_tables()
        try:
            yield
        finally:
            connections.close_all()


def measure(data_dir: Path, lines: int) -> dict[str, Any]:
    with scratch_database(data_dir):
        load_company(lines)
        calibration = _calibrate()
        found: dict[str, Any] = {"calibration": round(calibration, 3)}
        found["first"] = _in_process("first", calibration)
        close_periods()
        found["corrected_deals"] = correct_deals()
        found["again"] = _in_process("again", calibration)
        check_books(found["again"]["changed_lines"])
        found["one_deal"] = one_deal()
        return found


def _set_up(data_dir: Path) -> None:
    import logging

    import django

    django.setup()
    logging.disable(logging.INFO)
    (data_dir / "static").mkdir(exist_ok=True)


def _calibrate() -> float:
    connection = duckdb.connect(":memory:", config={"threads": 2})
    return min(_timed(lambda: connection.execute(CALIBRATION).fetchall()) for _ in range(5))


def _timed(what: Callable[[], Any]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def _in_process(step: str, calibration: float) -> dict[str, Any]:
    """A calculation in a process of its own, so that its memory is its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.compensation_close", "--step", step],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["ratio"] = round(found["seconds"] / calibration, 1)
    return found


def _step(step: str) -> dict[str, Any]:
    """Calculate the whole plan; what is new or gone is posted."""
    _set_up(Path(os.environ["DEALWRIGHT_DATA_DIR"]))
    from django.db import connection

    from dealwright.base.access.actor import system
    from dealwright.compensation.calculation.models import CalculationRun
    from dealwright.compensation.calculation.services import Cause, recalculate_plan
    from dealwright.compensation.plans.models import CompensationPlan

    connection.ensure_connection()
    plan = CompensationPlan.objects.get(key="bench")
    runs: list[CalculationRun] = []
    seconds = _timed(
        lambda: runs.extend(
            recalculate_plan(system("bench"), plan, since=FIRST, until=LAST, cause=Cause(step))
        )
    )
    (run,) = runs
    return {
        "seconds": round(seconds, 2),
        "lines": run.line_count,
        "changed_lines": run.delta_count,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


# The company and its deals.

EVENTS = """
insert into compensation_creditevent
    (id, key, kind, date, title, amount, currency, quantity, cost, payee_id, object, attributes,
     version, created_at, updated_at)
select uuidv7(), 'E' || lpad(n::text, 9, '0'), 'booking',
       date '2027-01-01' + (hashint8(n) & 2147483647) %% 181, 'Deal ' || n,
       ((hashint8(n * 13) & 2147483647) %% 2000000) / 100.0, 'EUR', 1, 0,
       case when n %% 10 >= 3 then payee.id end, '', '{}', 1, now(), now()
  from generate_series(1, %s::bigint) as t(n)
  join bench_payee payee on payee.number = (hashint8(n * 7) & 2147483647) %% %s
"""
SPLITS = """
insert into compensation_creditsplit (id, event_id, user_id, share, role, kind)
select uuidv7(), event.id, payee.id, share, '', 'direct'
  from (select id, substr(key, 2)::bigint as n from compensation_creditevent
         where key like 'E%%' and payee_id is null) event
  cross join (values (0, 0.7), (17, 0.3)) as part (further, share)
  join bench_payee payee
    on payee.number = ((hashint8(n * 7) & 2147483647) %% %s + further) %% %s
"""


def hire(number: int) -> None:
    """So many payees under managers, eight to each, on both plans; ``bench_payee`` numbers them."""
    from django.db import connection

    from dealwright.base.access.actor import system
    from dealwright.base.people.models import Profile, User
    from dealwright.base.people.organization import update_organization
    from dealwright.compensation.plans.models import PlanAssignment
    from dealwright.compensation.plans.services import activate_version, create_plan
    from dealwright.compensation.quotas.services import sync_reporting_lines

    robot = system("bench")
    update_organization(robot, name="Bench", currency="EUR", timezone="UTC", language="en")
    payees: list[User] = []
    for each in range(number):
        payees.append(
            User(
                email=f"payee{each}@bench.example",
                name=f"Payee {each:05d}",
                profile=Profile.MANAGER if each * 8 < number else Profile.REP,
                manager=payees[each // 8] if each else None,
            )
        )
    User.objects.bulk_create(payees)
    for text, starts_on in ((ROLL_UP, FIRST), (OWN, date(2024, 1, 1))):
        version = create_plan(robot, text)
        activate_version(robot, version.pk, starts_on)
        PlanAssignment.objects.bulk_create(
            PlanAssignment(plan=version.plan, user=payee, starts_on=starts_on) for payee in payees
        )
    sync_reporting_lines()
    with connection.cursor() as cursor:
        cursor.execute("create table bench_payee (number integer primary key, id uuid not null)")
        with cursor.copy("copy bench_payee from stdin") as copy:
            for place, payee in enumerate(payees):
                copy.write_row((place, payee.pk))
        cursor.execute("drop index credit_event_key_search")  # slow to load, nothing reads it


def load_company(lines: int) -> None:
    """Payees with a quota of the year, and deals that come to about so many lines."""
    from django.db import connection

    from dealwright.compensation.quotas.models import Quota

    number = max(20, min(5000, lines // 200))
    hire(number)
    deals = int((lines - 24 * number) / 1.3)
    with connection.cursor() as cursor:
        cursor.execute("select number, id from bench_payee")
        Quota.objects.bulk_create(
            Quota(
                user_id=user_id,
                measure="bookings",
                starts_on=FIRST,
                ends_on=date(2027, 12, 31),
                amount=deals * 10_000 // number + place * 10,
            )
            for place, user_id in cursor.fetchall()
        )
        cursor.execute(EVENTS, [deals, number])
        cursor.execute(SPLITS, [number, number])
        cursor.execute("analyze")


def close_periods() -> None:
    from django.utils import timezone

    from dealwright.base.access.actor import system
    from dealwright.compensation.periods.models import PayPeriod
    from dealwright.compensation.periods.services import (
        approve_period,
        close_period,
        submit_period,
    )

    robot = system("bench")
    PayPeriod.objects.filter(ends_on__lte=LAST).update(calculated_at=timezone.now())
    for period in PayPeriod.objects.filter(ends_on__lte=LAST).order_by("number"):
        submit_period(robot, period.pk)
        approve_period(robot, period.pk)
        close_period(robot, period.pk)


def correct_deals() -> int:
    """One deal in a thousand was worth a fifth more; returns how many."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "update compensation_creditevent set amount = round(amount * 1.2, 2)"
            " where substr(key, 2)::bigint %% 997 = 1",
            [],
        )
        return cursor.rowcount


def check_books(changed: int) -> None:
    """What differed is posted after the closed periods, which stay as they were sealed."""
    from django.db.models import Sum

    from dealwright.compensation.calculation.models import RunLine
    from dealwright.compensation.ledger.models import Posting
    from dealwright.compensation.periods.models import PayPeriod
    from dealwright.compensation.periods.services import verify_period

    assert changed > 0
    later = RunLine.objects.filter(posted_period__starts_on__gt=LAST)
    assert later.count() == changed, "a closed period was posted into"
    assert Posting.objects.aggregate(sum=Sum("amount"))["sum"] == 0
    assert all(verify_period(each) for each in PayPeriod.objects.filter(closed_at__isnull=False))


def one_deal() -> dict[str, Any]:
    """The common case: a deal is won by somebody with 120 deals in the year whom nobody manages,
    from the booking to the postings; milliseconds."""
    from dealwright.base.access.actor import system
    from dealwright.base.people.models import User
    from dealwright.compensation.bookings.services import record_booking
    from dealwright.compensation.calculation.models import CalculationRun
    from dealwright.compensation.credits.models import CreditEvent
    from dealwright.compensation.credits.services import Share
    from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment
    from dealwright.compensation.quotas.models import Quota

    robot = system("bench")
    payee = User.objects.create(email="solo@bench.example", name="Solo")
    plan = CompensationPlan.objects.get(key="own")
    PlanAssignment.objects.create(plan=plan, user=payee, starts_on=FIRST)
    days = (date(2027, 1, 1), date(2027, 12, 31))
    Quota.objects.create(
        user=payee, measure="bookings", starts_on=days[0], ends_on=days[1], amount=1_000_000
    )
    CreditEvent.objects.bulk_create(
        CreditEvent(
            key=f"solo:{n}",
            kind="booking",
            date=date(2027, 1 + n % 6, 1 + n // 6),
            amount=Decimal(1000 + n * 97),
            currency="EUR",
            payee=payee,
        )
        for n in range(120)
    )

    def win(n: int) -> None:
        record_booking(
            robot,
            key=f"won:{n}",
            on=date(2027, 7, 1 + n),
            amount=Decimal(5000 + n),
            currency="EUR",
            splits=[Share(payee.pk, Decimal(1))],
        )

    win(0)
    times = sorted(_timed(lambda n=n: win(n)) for n in range(1, 12))  # type: ignore[misc]
    run = CalculationRun.objects.filter(version__plan=plan).latest("id")
    assert run.delta_count >= 1 and run.line_count > 120
    return {"milliseconds": round(times[len(times) // 2] * 1000), "lines": run.line_count}


if __name__ == "__main__":
    main(sys.argv[1:])
