"""The doctor's checks that need more than the database: worker, mail, front end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings

from dealwright.base.database.doctor import Finding, register_check
from dealwright.base.errors import DealwrightError
from dealwright.base.jobs.state import last_heartbeat, queue_lengths
from dealwright.base.messaging.accounts import smtp_account
from dealwright.base.messaging.smtp import test_smtp
from dealwright.site.commands.single_start import is_up

LONGEST_SILENCE = timedelta(minutes=2)
LONGEST_START = 30.0  # seconds; the pages are there first, the worker some seconds later
ROUND = 0.1


def check_worker() -> Finding:
    """A worker gives a sign of life every few seconds and takes its name off when it stops.

    One that bin/up is just starting is waited for: a doctor asked right after the start would
    else find a fault where there is none.
    """
    deadline = time.monotonic() + LONGEST_START
    while (heard := last_heartbeat()) is None:
        if time.monotonic() > deadline or not is_up(settings.DATA_DIR):
            break
        time.sleep(ROUND)
    waiting = sum(queue.waiting for queue in queue_lengths())
    if heard is None or datetime.now(UTC) - heard > LONGEST_SILENCE:
        since = f"since {heard:%Y-%m-%d %H:%M} UTC" if heard else "yet"
        return Finding(
            False,
            f"No job worker has been heard of {since}; {waiting:,} jobs wait.",
            "Start Dealwright with bin/up, or see logs/worker.log for why the worker ended.",
        )
    return Finding(True, f"A job worker is at work; {waiting:,} jobs wait.")


def check_mail() -> Finding:
    """No server is a choice, one that does not answer is a fault."""
    account = smtp_account()
    if account is None:
        return Finding(
            True,
            "No mail server is set: mails rest in the outbox page.",
            "Set one under Settings, Mail, or DEALWRIGHT_SMTP_URL, when mails are to go out.",
        )
    try:
        test_smtp(account)
    except DealwrightError as error:
        return Finding(
            False,
            f"The mail server {account.host}:{account.port} cannot be used: {error.message}",
            "Correct it under Settings, Mail, or in DEALWRIGHT_SMTP_URL.",
        )
    return Finding(True, f"The mail server {account.host}:{account.port} takes our mail.")


def check_front_end() -> Finding:
    """The pages' scripts and styles are built, not committed."""
    manifest = settings.SOURCE / "base" / "web" / "static" / "built" / "manifest.json"
    if not manifest.exists():
        return Finding(
            False,
            "The pages' scripts and styles are not built.",
            "Start with bin/up, or: npm run build",
        )
    return Finding(True, "The pages' scripts and styles are built.")


register_check("worker", check_worker)
register_check("mail", check_mail)
register_check("front end", check_front_end)
