"""A process killed in the middle of closing: nothing of it happened, and closing works once."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from compensation.make import TEST, book, make_payee, make_plan, owed
from dealwright.base.errors import Conflict
from dealwright.base.events.models import OutboxEvent
from dealwright.base.evidence.models import EvidenceChain, EvidenceEntry
from dealwright.base.evidence.verification import verify_chain
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import (
    approve_period,
    close_period,
    submit_period,
    verify_period,
)
from killed import run_until_killed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Writes the root, the evidence and the event, looks at them, and dies as by a power cut before
# the transaction commits.
KILLED_WHILE_CLOSING = """
import os, signal, sys
import django
django.setup()
from dealwright.base.access.actor import system
from dealwright.base.evidence.models import EvidenceChain, EvidenceEntry
from dealwright.compensation.periods import services
from dealwright.compensation.periods.models import PayPeriod
real = services.record_event
def dying(*args, **options):
    real(*args, **options)
    assert PayPeriod.objects.get(pk=sys.argv[1]).merkle_root
    assert EvidenceEntry.objects.filter(kind="period.closed").count() == 1
    print("sealed", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
services.record_event = dying
services.close_period(system("test"), sys.argv[1])
"""


def everything() -> dict[str, Any]:
    """The period, the evidence, the ledger and the events, as they are stored."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (PayPeriod, EvidenceChain, EvidenceEntry, Posting, OutboxEvent)
    }


def test_a_process_killed_while_closing_leaves_the_period_to_be_closed_once() -> None:
    ann = make_payee(make_plan(), "Ann")
    book(1500, (ann, "1"), on=date(2027, 1, 15))
    period = PayPeriod.objects.get(label="2027-01", calendar="month")
    calculate_period(TEST, period.pk)
    submit_period(TEST, period.pk)
    approve_period(TEST, period.pk)
    before = everything()
    printed = run_until_killed(KILLED_WHILE_CLOSING, period.pk)
    assert printed.strip() == "sealed"
    assert everything() == before
    assert PayPeriod.objects.get(pk=period.pk).state == "approved"

    closed = close_period(TEST, period.pk)
    assert closed.state == "closed" and verify_period(closed)
    with pytest.raises(Conflict):
        close_period(TEST, period.pk)
    (entry,) = EvidenceEntry.objects.filter(kind="period.closed")
    assert entry.payload["merkle_root"] == closed.merkle_root
    assert verify_chain(entry.chain_id).ok
    assert OutboxEvent.objects.filter(name__endswith="period.closed").count() == 1
    assert everything()["Posting"] == before["Posting"]
    assert owed(ann, "2027-01") == "85.00"
