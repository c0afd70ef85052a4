"""What messaging does by itself: deliver, fetch, tidy up."""

from __future__ import annotations

from dealwright.base.jobs import every
from dealwright.base.messaging import delivery, imap
from dealwright.base.messaging.notices import trim_notices

__all__ = ["delivery", "imap", "trim"]  # their pollers and schedules are known once imported


@every(name="messaging.trim_notices", days=1)
def trim() -> None:
    """Drop old notices of users who have very many."""
    trim_notices()
