"""What tracking does by itself."""

from __future__ import annotations

from dealwright.base.jobs import cron
from dealwright.intelligence.tracking.settings import forget_visits


@cron("40 2 * * *", name="intelligence.forget_visits")
def forget_old_visits() -> None:
    """Erase the visits of strangers that are kept long enough."""
    forget_visits()
