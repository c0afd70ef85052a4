"""Opening a statement among millions of lines: milliseconds of each page and of its queries, and
the ratio to a calibration query in the same database (a busy machine slows both).

    python -m bench.compensation_statements [LINES] [--explain] [--json FILE]

In a scratch database the lines of three years of a plan are stored as the runs of their periods
would have, with their events, postings and attainments; one payee in fifty has twenty times the
others'. Then finance, managers and payees open statements by chance. The size that the product is
to bear is 10000000 (8 GB on disk, a quarter of an hour).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bench.compensation_close import hire, scratch_database

CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
CALIBRATION = (
    "select sum(running) from (select sum(n % 977) over (partition by n % 50 order by n) "
    "as running from generate_series(1, 20000) as t(n)) as each"
)

DEALS = """
create temp table deal as
select %(before)s + row_number() over (order by payee.number, place) as n, payee.id as payee_id,
       place, ((hashint8(payee.number * 7919 + place * 31 + %(number)s) & 2147483647) %% 2000000)
       / 100.0 as amount
  from bench_payee payee
 cross join lateral generate_series(1, case when payee.number %% 50 = 7 then 40 * %(each)s
                                       else (%(each)s * 6 + 9) / 10 * 2 end) as t(place)
 where payee.number < %(payees)s
"""
ID = "('00000000-0000-7000-8000-' || lpad(to_hex((n + 1) / 2), 12, '0'))::uuid"
STORED_EVENTS = f"""
insert into compensation_creditevent
    (id, key, kind, date, title, amount, currency, quantity, cost, payee_id, object, attributes,
     version, created_at, updated_at)
select {ID}, 'H' || n, 'booking', %(starts)s::date + place %% 28, 'Deal ' || n, amount * 2, 'EUR',
       1, 0, payee_id, '', '{{}}', 1, now(), now()
  from deal where n %% 2 = 1
"""
STORED_LINES = f"""
insert into compensation_runline
    (run_id, sign, hash, plan_id, payee_id, earned_period_id, posted_period_id, component, kind,
     payout, event_id, role, credit, band, low, high, base, rate)
select %(run)s, 1, encode(sha256(('H' || n)::bytea), 'hex'), %(plan)s, payee_id, %(period)s,
       %(period)s, 'commission', 'band', round(amount * 0.0425, 2), {ID}, '', amount * 2, 1, 0,
       500000, amount, 0.0425
  from deal order by n
"""
STORED_POSTINGS = """
with earned as (
    select uuidv7() as entry, payee_id, sum(round(amount * 0.0425, 2)) as amount
      from deal group by payee_id)
insert into compensation_posting
    (id, entry, kind, run_id, payee_id, plan_id, component, earned_period_id, posted_period_id,
     account, amount, currency, memo)
select uuidv7(), entry, 'calculation', %(run)s, payee_id, %(plan)s, 'commission', %(period)s,
       %(period)s, account, sign * amount, 'EUR', ''
  from earned cross join (values ('expense', 1), ('payable', -1)) as leg (account, sign)
"""
STORED_ATTAINMENTS = """
insert into compensation_attainment (plan_id, payee_id, period_id, component, reached, quota)
select %(plan)s, payee_id, %(period)s, 'commission', sum(amount), 1000000 from deal
 group by payee_id
"""


def store_lines(lines: int) -> int:
    """Three years of lines, about so many; one payee in fifty has twenty times the others'.
    Returns how many there are."""
    from django.db import connection

    from bench.house.load import _set_aside
    from dealwright.compensation.calculation.models import CalculationRun
    from dealwright.compensation.engine.periods import pay_periods
    from dealwright.compensation.periods.services import ensure_periods
    from dealwright.compensation.plans.models import PlanVersion

    version = PlanVersion.objects.select_related("plan").get(plan__key="own")
    plan = version.plan
    months = pay_periods(date(2024, 1, 1), date(2026, 12, 31), plan.calendar, 1)
    periods = ensure_periods(plan, months)
    tables = ["compensation_creditevent", "compensation_runline", "compensation_posting"]
    stored = 0
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from bench_payee")
        (payees,) = cursor.fetchone()
        payees = min(payees, max(20, lines // 2000))
        with _set_aside(tables):
            for number, period in sorted(periods.items()):
                run = CalculationRun.objects.create(
                    version=version,
                    starts_on=period.starts_on,
                    ends_on=period.ends_on,
                    cause=f"{period.label} calculated by bench",
                    plan_hash=version.hash,
                    input_hash="",
                    engine="stored",
                    result_hash="",
                    line_count=0,
                    total=0,
                    delta_count=0,
                    delta=0,
                    currency="EUR",
                )
                values = {
                    "before": stored,
                    "each": -(-lines // (len(periods) * payees * 2)),
                    "payees": payees,
                    "number": number,
                    "starts": period.starts_on,
                    "run": run.pk,
                    "plan": plan.pk,
                    "period": period.pk,
                }
                cursor.execute(DEALS, values)
                stored += cursor.rowcount
                for statement in (
                    STORED_EVENTS,
                    STORED_LINES,
                    STORED_POSTINGS,
                    STORED_ATTAINMENTS,
                ):
                    cursor.execute(statement, values)
                cursor.execute("drop table deal")
        cursor.execute("analyze")
    return stored


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--requests", type=int, default=60, help="of each page")
    parser.add_argument("--data-dir", type=Path, help="kept and reused; else a scratch folder")
    parser.add_argument("--explain", action="store_true", help="print the slowest query's plan")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="dealwright-bench-") as folder:
        data_dir = (options.data_dir or Path(folder)).resolve()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        figures = measure(data_dir, options.lines, options.requests, explain=options.explain)
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def measure(data_dir: Path, lines: int, requests: int, *, explain: bool) -> dict[str, Any]:
    with scratch_database(data_dir):
        from django.db import connection

        from dealwright.compensation.calculation.models import RunLine

        if not RunLine.objects.exists():
            hire(max(20, min(5000, lines // 2000)))
            store_lines(lines)
        with connection.cursor() as cursor:
            times = sorted(_timed(lambda: cursor.execute(CALIBRATION)) for _ in range(9))
        calibration = times[len(times) // 2]
        found = {
            "lines": RunLine.objects.count(),
            "milliseconds_calibration": round(calibration, 1),
            "pages": [],
        }
        for page in pages(requests):
            found["pages"].append(page.measure(calibration, explain=explain))
        return found


def _timed(what: Callable[[], Any]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    what()
    return (time.perf_counter() - start) * 1000


@dataclass(slots=True)
class Watch:
    """What the database was asked."""

    asked: list[tuple[float, str, Any]] = field(default_factory=list)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            if not sql.startswith(CONTROL):
                self.asked.append(((time.perf_counter() - start) * 1000, sql, params))


@dataclass(slots=True)
class Page:
    """A page as somebody opens it; ``paths`` are asked for once each."""

    name: str
    client: Any
    paths: Sequence[str]

    def measure(self, calibration: float, *, explain: bool) -> dict[str, Any]:
        answers, queries, counts = [], [], []
        slowest: tuple[float, str, Any] = (0.0, "", None)
        self._open(self.paths[0])
        for path in self.paths:
            with watched() as watch:
                answers.append(_timed(lambda path=path: self._open(path)))  # type: ignore[misc]
            queries.append(sum(took for took, _, _ in watch.asked))
            counts.append(len(watch.asked))
            slowest = max(slowest, *watch.asked, key=lambda each: each[0])
        if explain:
            self._explain(slowest)
        return {
            "page": self.name,
            "queries": max(counts),
            "queries_p50": round(_at(queries, 0.5), 1),
            "queries_p95": round(_at(queries, 0.95), 1),
            "page_p50": round(_at(answers, 0.5), 1),
            "page_p95": round(_at(answers, 0.95), 1),
            "ratio_queries_p95": round(_at(queries, 0.95) / calibration, 2),
        }

    def _open(self, path: str) -> None:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    def _explain(self, slowest: tuple[float, str, Any]) -> None:
        from django.db import connection

        took, sql, params = slowest
        with connection.cursor() as cursor:
            cursor.execute(f"explain (analyze, buffers) {sql}", params)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        print(f"{self.name}: {took:.0f} ms\n{sql}\n{plan}\n", file=sys.stderr)


@contextmanager
def watched() -> Iterator[Watch]:
    from django.db import connection

    watch = Watch()
    with connection.execute_wrapper(watch):
        yield watch


def _at(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def pages(requests: int) -> Iterator[Page]:
    """Every page of a statement, for payees and periods by chance; a third of the payees are of
    those with many lines."""
    from django.db import connection
    from django.test import Client

    from dealwright.base.people.models import Profile, User
    from dealwright.compensation.periods.models import PayPeriod
    from dealwright.compensation.plans.models import CompensationPlan

    dice = random.Random(7)
    plan = CompensationPlan.objects.get(key="own")
    periods = list(PayPeriod.objects.order_by("number").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("select id, number % 50 = 7 from bench_payee order by number")
        people = cursor.fetchall()
    busy = [id_ for id_, is_busy in people if is_busy] or [people[0][0]]

    def chosen(number: int) -> list[Any]:
        everybody = [id_ for id_, _ in people]
        return [dice.choice(busy if n % 3 == 0 else everybody) for n in range(number)]

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    finance, _ = User.objects.get_or_create(
        email="finance@bench.example", defaults={"name": "Finance", "profile": Profile.FINANCE}
    )
    asked = [(payee, dice.choice(periods)) for payee in chosen(requests)]
    statements = [f"/compensation/statements/{payee}/{period}" for payee, period in asked]
    lines = f"{plan.pk}/commission"
    by_finance = signed_in(finance)
    yield Page("statement", by_finance, statements)
    yield Page(
        "statement as of a day", by_finance, [f"{each}?as_of=2099-01-01" for each in statements]
    )
    yield Page("its lines", by_finance, [f"{each}/{lines}" for each in statements])
    of_busy = [
        f"/compensation/statements/{dice.choice(busy)}/{dice.choice(periods)}"
        for _ in range(requests)
    ]
    yield Page(
        "lines of the busiest, further on",
        by_finance,
        [f"{each}/{lines}?start=100" for each in of_busy],
    )
    with connection.cursor() as cursor:
        cursor.execute("select min(id), max(id) from compensation_runline")
        first, last = cursor.fetchone()
    details = [f"/compensation/lines/{dice.randint(first, last)}" for _ in range(requests)]
    yield Page("one line", by_finance, details)
    yield Page(
        "all payees of a period",
        by_finance,
        [f"/compensation?period={dice.choice(periods)}" for _ in range(requests)],
    )
    top = User.objects.get(pk=people[1][0])
    yield Page(
        "a manager's payees of a period",
        signed_in(top),
        [f"/compensation?period={dice.choice(periods)}" for _ in range(requests)],
    )
    rep = User.objects.get(pk=busy[-1])
    yield Page("my statement", signed_in(rep), ["/compensation"] * requests)


if __name__ == "__main__":
    main(sys.argv[1:])
