"""The worker process: jobs by queue, and pollers of what is due."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.db import close_old_connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.job_context import JobContext
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker

from dealwright.base.jobs import runs
from dealwright.base.jobs.due import Poller, pollers
from dealwright.base.jobs.queue import jobs
from dealwright.base.jobs.recovery import STALLED_SECONDS

log = structlog.get_logger("dealwright.worker")

LONG_QUEUE = "long"
HEARTBEAT_SECONDS = 5
GRACE_SECONDS = 20
POLLER_THREADS = 3


def run_worker(*, queues: Sequence[str] = (), concurrency: int = 4) -> None:
    """Work until SIGTERM or SIGINT; then finish what runs, at most 20 s, and return.

    Long jobs have a thread of their own, so that an import never holds up a mail. For more,
    run more such processes, on any machine.

    Args:
        queues: only these; empty means all there are.
        concurrency: how many short jobs run at once.
    """
    runs.stopping.clear()
    asyncio.run(_work(list(queues), concurrency))


async def _work(queues: list[str], concurrency: int) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(concurrency + 2, thread_name_prefix="job"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stop)
    known = {LONG_QUEUE, "default", *(each.queue for each in jobs())}
    chosen = set(queues) or known
    lanes = [(["long"], 1)] if LONG_QUEUE in chosen else []
    if short := sorted(chosen - {LONG_QUEUE}):
        lanes.append((short, concurrency))
    connector = PsycopgConnector(
        kwargs=connector_params("default"), min_size=1, max_size=len(lanes) + 2
    )
    with app.replace_connector(connector):
        async with app.open_async():
            work = [
                asyncio.create_task(_lane(names, threads), name=f"lane {names[0]}")
                for names, threads in lanes
            ]
            with ThreadPoolExecutor(POLLER_THREADS, thread_name_prefix="poller") as threads:
                asking = [asyncio.create_task(_ask(each, threads, stop)) for each in pollers()]
                log.info("worker started", queues=sorted(chosen), pollers=len(asking))
                await asyncio.wait(
                    [*work, asyncio.create_task(stop.wait())],
                    return_when=asyncio.FIRST_COMPLETED,
                )
                _stop(stop)
                # Cancelling a lane is procrastinate's way to let it end gracefully.
                for each in work:
                    each.cancel()
                results = await asyncio.gather(*work, *asking, return_exceptions=True)
    log.info("worker stopped")
    for result in results:
        if isinstance(result, Exception):
            raise result


def _stop(stop: asyncio.Event) -> None:
    runs.stopping.set()
    stop.set()


async def _lane(queues: list[str], concurrency: int) -> None:
    await app.run_worker_async(
        name=queues[0] if len(queues) == 1 else "short",
        queues=queues,
        concurrency=concurrency,
        install_signal_handlers=False,
        delete_jobs="successful",
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=GRACE_SECONDS,
        task_middleware=[*(app.worker_defaults.get("task_middleware") or []), _in_context],
    )


def _in_context(call_next: Callable[[], Any], context: JobContext, worker: Worker) -> Any:
    """Every line that a job logs names the job."""
    with structlog.contextvars.bound_contextvars(job=context.job.task_name, job_id=context.job.id):
        return call_next()


async def _ask(poller: Poller, threads: ThreadPoolExecutor, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        done = await loop.run_in_executor(threads, _poll, poller)
        if not done:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), poller.seconds)


def _poll(poller: Poller) -> int:
    close_old_connections()
    try:
        with structlog.contextvars.bound_contextvars(poller=poller.name):
            return poller.function()
    except Exception as error:
        log.exception("poller failed", poller=poller.name, exc_info=error)
        return 0
    finally:
        close_old_connections()
