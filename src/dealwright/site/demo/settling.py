"""What the worker would do now, done before the first page is opened."""

from __future__ import annotations

from dealwright.base.events.delivery import deliver_pending
from dealwright.base.jobs import run_jobs


def settle() -> None:
    """Tell all subscribers and run all that is due, until nothing is left."""
    while deliver_pending() + run_jobs():
        pass
