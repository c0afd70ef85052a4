"""House and bare program side by side, round by round, and the table of it."""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.house.clients import drive
from bench.house.requests import Case, Request, make_cases

PROCESSES = os.environ.get("DEALWRIGHT_WEB_PROCESSES") or "2"  # as bin/up starts them
THREADS = os.environ.get("DEALWRIGHT_WEB_THREADS") or "4"
CLIENTS = (1, 8)
MOST_STATEMENTS = 15
HEAD = (
    "| Who | What | SQL | p50, 1 client | p95 | p50, 8 clients | p95 | bare p50, 1 / 8 | "
    "house / bare | budget |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of one case with one number of clients."""

    p50: float
    p95: float
    bare_p50: float
    bare_p95: float
    ratio: float  # of the sums of time: what a client's share of work costs


def measure_house(data_dir: Path, company: Mapping[str, Any], options: argparse.Namespace) -> None:
    """Measures every case, prints the table, and writes it where ``--json`` says."""
    cases = make_cases(company["people"], options.only)
    if options.explain:
        _explain(cases)
    statements = {case.key: list(zip(case.fresh, case.sql, strict=True)) for case in cases}
    path = data_dir / "bench-statements.json"
    path.write_bytes(orjson.dumps(statements))
    with _servers(data_dir, path) as (house, bare):
        print(HEAD, flush=True)
        found = {}
        for case in cases:
            drive(house, case.requests, clients=4, each=2)  # each process has seen the page once
            figures = {
                clients: _measure(case, house, bare, clients, options) for clients in CLIENTS
            }
            found[case.key] = _told(case, figures)
    if options.json:
        facts = {"scale": company["scale"], "seconds_to_load": company["seconds"], "cases": found}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(facts, indent=2))


def _measure(
    case: Case, house: int, bare: int, clients: int, options: argparse.Namespace
) -> Figures:
    """Rounds of both in turn, so that what else the machine does slows both."""
    plain = [
        Request(f"/{case.key}/{at}", request.method, request.body)
        for at, request in enumerate(case.requests)
    ]
    each = options.requests if clients == 1 else max(options.requests // 2, 1)
    times: dict[str, list[float]] = {"house": [], "bare": []}
    for _ in range(options.rounds):
        times["bare"] += drive(bare, plain, clients=clients, each=each)
        times["house"] += drive(house, case.requests, clients=clients, each=each)
    return Figures(
        p50=statistics.median(times["house"]),
        p95=percentile(times["house"], 0.95),
        bare_p50=statistics.median(times["bare"]),
        bare_p95=percentile(times["bare"], 0.95),
        ratio=sum(times["house"]) / sum(times["bare"]),
    )


def _told(case: Case, figures: Mapping[int, Figures]) -> dict[str, Any]:
    one, many = (figures[clients] for clients in CLIENTS)
    verdict = "–"
    if case.budget:
        over = [f"{n} cl." for n, each in figures.items() if each.p95 > case.budget]
        over += [f"{case.statements} SQL"] if case.statements > MOST_STATEMENTS else []
        verdict = f"{case.budget} ms {'over: ' + ', '.join(over) if over else 'OK'}"
    print(
        f"| {case.person} | {case.name} | {case.statements} | {one.p50:.0f} | {one.p95:.0f} "
        f"| {many.p50:.0f} | {many.p95:.0f} | {one.bare_p50:.1f} / {many.bare_p50:.0f} "
        f"| {one.ratio:.1f} / {many.ratio:.1f} | {verdict} |",
        flush=True,
    )
    return {
        "sql": case.statements,
        "budget_ms": case.budget,
        **{
            f"clients_{clients}": {
                name: round(getattr(each, name), 2) for name in Figures.__dataclass_fields__
            }
            for clients, each in figures.items()
        },
    }


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


@contextmanager
def _servers(data_dir: Path, statements: Path) -> Iterator[tuple[int, int]]:
    """Both servers with the same number of processes and threads; their ports."""
    house, bare = free_port(), free_port()
    own = os.environ | {"DEALWRIGHT_URL": f"http://127.0.0.1:{house}"}
    commands = [
        [
            sys.executable, "-m", "dealwright.site.serve", "web", "--host", "127.0.0.1",
            "--port", str(house), "--processes", PROCESSES, "--threads", THREADS,
        ],
        [sys.executable, "-m", "bench.house.bare", str(statements), str(bare), PROCESSES, THREADS],
    ]  # fmt: skip
    log = (data_dir / "logs" / "bench.log").open("ab")
    started = [subprocess.Popen(command, env=own, stdout=log, stderr=log) for command in commands]
    try:
        for port in (house, bare):
            wait_for(port, started)
        yield house, bare
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()
        log.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, started: Sequence[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline or any(each.poll() is not None for each in started):
                raise SystemExit("A server did not start: see logs/bench.log.") from None
            time.sleep(0.05)


def _explain(cases: Sequence[Case]) -> None:
    """The plan of the longest statement of each request."""
    from django.db import connection

    for case in cases:
        if any(request.method != "GET" for request in case.requests):
            continue
        for request, statements in zip(case.requests, case.sql, strict=True):
            longest = max(statements, key=len)
            with connection.cursor() as cursor:
                cursor.execute("explain (analyze, buffers) " + longest.replace("%", "%%"), [])
                plan = "\n".join(line for (line,) in cursor.fetchall())
            print(f"\n{case.key} {request.path[:160]}\n{longest}\n{plan}")
