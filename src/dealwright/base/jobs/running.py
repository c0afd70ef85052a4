"""Running what is queued here and now, without a worker: for tests and short commands."""

from __future__ import annotations

from typing import Any

import orjson
from django.db import connection

from dealwright.base.jobs.queue import job_named


def run_jobs(*, limit: int = 10_000) -> int:
    """Run queued jobs one after the other, those they defer included; returns how many.

    Takes what is due now, in the worker's order. An exception goes to the caller and leaves
    the job marked as failed.
    """
    worker = _register()
    try:
        for count in range(limit):
            fetched = _fetch(worker)
            if fetched is None:
                return count
            _run(*fetched)
    finally:
        if not connection.needs_rollback:
            _unregister(worker)
    raise RuntimeError(f"After {limit} jobs there are still more: do they defer each other?")


def _run(number: int, name: str, values: dict[str, Any]) -> None:
    values.pop("timestamp", None)
    try:
        job_named(name).function(**values)
    except BaseException:
        if not connection.needs_rollback:
            _finish(number, "failed")
        raise
    _finish(number, "succeeded")


def _register() -> int:
    """A worker that really works must not look like one that took a job and died."""
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values returning id")
        return int(cursor.fetchone()[0])


def _unregister(worker: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_workers where id = %s", [worker])


def _fetch(worker: int) -> tuple[int, str, dict[str, Any]] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "update procrastinate_workers set last_heartbeat = now() where id = %s", [worker]
        )
        cursor.execute(
            "select id, task_name, args from procrastinate_fetch_job_v2(null, %s)", [worker]
        )
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    number, name, values = row
    return number, name, orjson.loads(values) if isinstance(values, str) else values


def _finish(number: int, status: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select procrastinate_finish_job_v1(%s, %s::procrastinate_job_status, true)",
            [number, status],
        )
