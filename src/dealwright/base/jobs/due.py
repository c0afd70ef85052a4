"""Work that waits in a due-time column and is claimed in batches by whichever worker is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, models

Poll = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Poller:
    """A function that does what is due, asked every so many seconds."""

    name: str
    function: Poll
    seconds: float


_pollers: dict[str, Poller] = {}


def due(*, every: float, name: str) -> Callable[[Poll], Poll]:
    """Ask a function every ``every`` seconds, in each worker process, to do what is due.

    It claims a batch with ``claim_due`` in one transaction and returns how many it did; as
    long as that is more than 0 it is asked again at once::

        @due(every=5, name="acceleration.send_due_steps")
        def send_due_steps() -> int:
            with change(system("Sequences")):
                enrollments = claim_due(Enrollment.objects.filter(due_at__lte=now()), limit=50)
                for enrollment in enrollments:
                    take_step(enrollment)
            return len(enrollments)
    """

    def register(function: Poll) -> Poll:
        if name in _pollers:
            raise RuntimeError(f"Poller {name!r} is defined twice.")
        _pollers[name] = Poller(name, function, every)
        return function

    return register


def claim_due[Row: models.Model](rows: models.QuerySet[Row], *, limit: int) -> list[Row]:
    """Lock up to ``limit`` rows that no other worker has locked; only inside a transaction.

    The caller must change them so that they no longer match, in the same transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("claim_due needs a transaction: the claim is its row lock.")
    claimed: list[Row] = list(rows.select_for_update(skip_locked=True, of=("self",))[:limit])
    return claimed


def pollers() -> list[Poller]:
    """All pollers by name."""
    return [_pollers[name] for name in sorted(_pollers)]


def run_pollers() -> int:
    """Ask every poller until nothing is due; returns how much was done. For tests and commands."""
    total = 0
    for poller in pollers():
        while done := poller.function():
            total += done
    return total
