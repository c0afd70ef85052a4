"""A worker killed in the middle of sealing, and two workers at once: one seal, nothing lost."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.jobs.due import run_pollers
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.envelopes import sealing
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.evidence.services import verify_envelope
from killed import run_until_killed
from make import acting, make_user
from signing.make import make_pdf, make_sent_envelope, sign_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Seals the first document, then dies as by a power cut.
KILLED_WHILE_SEALING = """
import os, signal, sys
import django
django.setup()
from dealwright.signing.envelopes import sealing
real, calls = sealing.seal_pdf, []
def dying(*args, **options):
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **options)
sealing.seal_pdf = dying
sealing.seal_envelope(sys.argv[1])
"""


def make_signed_envelope() -> Envelope:
    envelope = make_sent_envelope(
        acting(make_user()),
        documents=[
            NewDocument(name="Order.pdf", content=make_pdf("{{sign:1}}", "{{sign:2}}")),
            NewDocument(name="Terms.pdf", content=make_pdf("Terms {{initials:1}}")),
        ],
    )
    for recipient in envelope.recipients.all():
        recipient.refresh_from_db()
        sign_all(recipient)
    envelope.refresh_from_db()
    assert envelope.status == "sealing"
    return envelope


def seals_of(envelope: Envelope) -> int:
    return EvidenceEntry.objects.filter(chain_id=envelope.chain, kind="envelope.sealed").count()


def test_a_worker_killed_while_sealing_leaves_one_seal_in_the_end() -> None:
    envelope = make_signed_envelope()
    run_until_killed(KILLED_WHILE_SEALING, envelope.pk)
    envelope.refresh_from_db()
    assert envelope.status == "sealing"
    assert [each.sealed for each in envelope.documents.all()] == [None, None]
    assert seals_of(envelope) == 0

    run_jobs()
    Envelope.objects.filter(pk=envelope.pk).update(seal_at=timezone.now())
    run_pollers()
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "completed"
    assert all(each.sealed_sha256 for each in envelope.documents.all())
    assert seals_of(envelope) == 1
    assert OutboundMessage.objects.filter(purpose="signing.completed").count() == 2
    assert verify_envelope(envelope).ok


def test_two_workers_at_once_make_one_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first holds the envelope's row, the second finds nothing to do."""
    envelope = make_signed_envelope()
    results: list[bool] = []
    real = sealing.fill_document

    def from_elsewhere() -> None:
        try:
            results.append(seal_envelope(envelope.pk))
        finally:
            connection.close()

    def meanwhile(document: Any) -> bytes:
        if not results:
            results.append(False)
            other = threading.Thread(target=from_elsewhere)
            other.start()
            other.join()
        return real(document)

    monkeypatch.setattr(sealing, "fill_document", meanwhile)
    assert seal_envelope(envelope.pk) is True
    assert results == [False, False]
    assert seals_of(envelope) == 1


def test_two_wrong_codes_at_once_count_as_two() -> None:
    from dealwright.base.errors import Invalid
    from dealwright.signing.ceremonies import identifying
    from dealwright.signing.ceremonies import services as ceremonies
    from dealwright.signing.consent.services import current_consent
    from dealwright.signing.identity.models import OneTimeCode
    from signing.make import a_visit, code_of, enter, recipient_of

    ada = recipient_of(make_sent_envelope(), "Ada")
    visit = a_visit()
    ceremonies.give_consent(enter(ada, visit), current_consent().pk)
    identifying.request_code(enter(ada, visit))
    wrong = f"{(int(code_of(ada)) + 1) % 1_000_000:06d}"
    refused: list[str] = []

    def guess() -> None:
        try:
            identifying.confirm_code(enter(ada, visit), wrong)
        except Invalid as error:
            refused.append(error.message)
        finally:
            connection.close()

    guesses = [threading.Thread(target=guess) for _ in range(4)]
    for each in guesses:
        each.start()
    for each in guesses:
        each.join()
    assert len(refused) == 4
    assert OneTimeCode.objects.get().attempts == 4
