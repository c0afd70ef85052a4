"""What the worker does every day for seals: renew archive time stamps, tell of certificates."""

from __future__ import annotations

from dealwright.base.jobs.queue import every
from dealwright.signing.seals import expiry, renewal


@every(days=1, name="signing.renew_archives")
def renew_archives() -> None:
    """Renew archive time stamps before their authority's certificate ends."""
    renewal.renew_archives()


@every(days=1, name="signing.watch_certificates")
def watch_certificates() -> None:
    """Tell administrators of certificates that end soon."""
    expiry.watch_certificates()
