"""``work``: run queued jobs, schedules and whatever falls due."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dealwright.base.jobs.worker import run_worker
from dealwright.base.loaded import keep_what_is_loaded


class Command(BaseCommand):
    help = "Run queued jobs, schedules and whatever falls due, until stopped."
    requires_system_checks: list[str] = []  # noqa: RUF012  as Django declares it

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queues", default="", help="only these queues, comma-separated")
        parser.add_argument(
            "--concurrency", type=int, default=4, help="short jobs at once (default 4)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        keep_what_is_loaded()
        queues = [name.strip() for name in options["queues"].split(",") if name.strip()]
        run_worker(queues=queues, concurrency=max(1, options["concurrency"]))
