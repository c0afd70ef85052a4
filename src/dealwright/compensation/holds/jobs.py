"""Holds that were to last until a day."""

from __future__ import annotations

from dealwright.base.jobs import every
from dealwright.compensation.holds.services import release_due_holds


@every(days=1, name="compensation.release_holds")
def release_holds() -> None:
    """Release what was to be held until a day that is over."""
    release_due_holds()
