"""What the pages promise about time: the bin empties, undo ends."""

from __future__ import annotations

from dealwright.base.jobs import every
from dealwright.base.records.services import empty_bin
from dealwright.base.web.records.undo import forget_old_steps


@every(name="web.forget_undo", days=1)
def forget_undo() -> None:
    """Drop the steps that can no longer be taken back."""
    forget_old_steps()


@every(name="web.empty_bin", days=1)
def erase_old_bin() -> None:
    """Erase what has rested in the bin for its 30 days."""
    empty_bin()
