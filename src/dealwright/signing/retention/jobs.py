"""What the worker does for retention: once a day it destroys what is due."""

from __future__ import annotations

from dealwright.base.access.actor import system
from dealwright.base.jobs.queue import every
from dealwright.signing.retention.models import RetentionPolicy
from dealwright.signing.retention.purging import purge_due


@every(days=1, name="signing.retention")
def keep_to_policies() -> None:
    """Destroy the envelopes whose time is over; without policies there is nothing to do."""
    if RetentionPolicy.objects.exists():
        purge_due(system("Retention"))
