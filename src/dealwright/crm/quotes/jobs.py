"""What happens to offers in the course of time."""

from __future__ import annotations

from dealwright.base.access.actor import system
from dealwright.base.jobs import cron
from dealwright.crm.quotes.services import expire_quotes


@cron("10 0 * * *", name="crm.expire_quotes")
def expire_quotes_daily() -> None:
    """Mark the offers whose last day is over."""
    expire_quotes(system("Quote expiry"))
