"""Questions that nobody answered in time."""

from __future__ import annotations

from dealwright.base.jobs import every
from dealwright.compensation.disputes.services import tell_overdue


@every(days=1, name="compensation.tell_overdue")
def tell_of_overdue() -> None:
    """Tell finance of questions whose answer was due yesterday."""
    tell_overdue()
