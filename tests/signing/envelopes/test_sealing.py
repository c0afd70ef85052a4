"""From the last signature to the seal: exactly once, complete, and found sound by others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dealwright.base.events.models import OutboxEvent
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.files.services import read_file
from dealwright.base.jobs.due import run_pollers
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.models import Notice, OutboundMessage
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.documents.reading import all_text, count_pages
from dealwright.signing.envelopes import sealing
from dealwright.signing.envelopes.drafts import NewDocument, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.queries import sealed_document
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.seals.services import ensure_organisation_seal
from dealwright.signing.verification.services import verify_signed_pdf
from make import acting, make_user
from signing.foreign import openssl_accepts, pdfsig
from signing.make import (
    enter,
    make_pdf,
    make_sent_envelope,
    recipient_of,
    sign_all,
    token_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def make_signed_envelope(**fields: Any) -> Envelope:
    """Everyone has signed; the sealing job waits."""
    envelope = make_sent_envelope(acting(make_user()), **fields)
    for recipient in envelope.recipients.exclude(role="cc"):
        recipient.refresh_from_db()
        sign_all(recipient, typed="" if recipient.position % 2 else recipient.name)
    envelope.refresh_from_db()
    assert envelope.status == "sealing"
    return envelope


def seals_of(envelope: Envelope) -> int:
    return EvidenceEntry.objects.filter(chain_id=envelope.chain, kind="envelope.sealed").count()


def test_the_job_seals_and_everyone_gets_the_final_copy() -> None:
    envelope = make_signed_envelope(
        recipients=[
            NewRecipient(name="Ada Lovelace", email="ada@buyer.test", order=1),
            NewRecipient(name="Grace Hopper", email="grace@seller.test", order=2),
            NewRecipient(name="File", email="file@seller.test", role="cc"),
        ]
    )
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "completed"
    assert envelope.seal_profile == "B-B"
    document = envelope.documents.get()
    mails = OutboundMessage.objects.filter(purpose="signing.completed").order_by("to")
    assert [each.to for each in mails] == [
        "ada@buyer.test",
        "file@seller.test",
        "grace@seller.test",
    ]
    assert [list(each.attachments.all()) for each in mails] == [[document.sealed]] * 3
    assert enter(recipient_of(envelope, "File")).step == Step.DONE
    event = OutboxEvent.objects.get(name="envelope.sealed")
    assert event.payload["sha256"] == document.sealed_sha256
    assert verify_envelope(envelope).ok


def test_the_sealed_file_holds_document_signatures_and_certificate() -> None:
    envelope = make_signed_envelope()
    run_jobs()
    document = envelope.documents.get()
    pages = all_text(read_file(document.sealed))
    assert "The order." in pages[0]
    assert "Signed by Ada Lovelace" in pages[1]
    assert "Grace Hopper" in pages[1]
    assert f"{timezone.now():%Y-%m-%d}" in pages[1]
    certificate = " ".join(pages[2:])
    assert "Certificate of completion" in certificate
    for told in (
        "Ada Lovelace agreed to sign electronically",
        "Grace Hopper showed who they are (code by e-mail)",
        document.prepared_sha256[:40],
        "203.0.113.7",
        "UTC",
    ):
        assert told in certificate.replace("\r\n", " ")
    envelope.refresh_from_db()
    assert envelope.certificate is not None
    assert count_pages(read_file(envelope.certificate)) == len(pages) - 2


def test_foreign_validators_and_ours_find_it_sound(tmp_path: Path) -> None:
    envelope = make_signed_envelope()
    run_jobs()
    content = read_file(envelope.documents.get().sealed)
    path = tmp_path / "sealed.pdf"
    path.write_bytes(content)
    root = ensure_organisation_seal().root_pem
    assert "Signature Validation: Signature is Valid." in pdfsig(path)
    assert "Total document signed" in pdfsig(path)
    assert openssl_accepts(content, root, tmp_path)
    report = verify_signed_pdf(content, trust=root)
    assert report["integrity"]["verdict"] == "TOTAL-PASSED"
    assert report["trust"]["verdict"] == "TOTAL-PASSED"
    known = sealed_document(report["file"]["sha256"])
    assert known is not None
    assert known.envelope_id == envelope.pk


def test_every_document_of_the_envelope_is_sealed() -> None:
    envelope = make_signed_envelope(
        documents=[
            NewDocument(name="Order.pdf", content=make_pdf("{{sign:1}}", "{{sign:2}}")),
            NewDocument(name="Terms.pdf", content=make_pdf("Terms {{initials:1}}")),
        ]
    )
    run_jobs()
    hashes = [each.sealed_sha256 for each in envelope.documents.all()]
    assert len(set(hashes)) == 2
    assert OutboxEvent.objects.get(name="envelope.sealed").payload["documents"] == hashes


@pytest.mark.parametrize("name", ["محمد العربي", "שרה כהן", "李小龍", "Łukasz 🙂"])
def test_any_name_is_sealed(name: str) -> None:
    envelope = make_signed_envelope(
        recipients=[NewRecipient(name=name, email="x@buyer.test", order=1)]
    )
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.seal_error == ""
    assert envelope.status == "completed"


def test_a_second_run_does_nothing() -> None:
    envelope = make_signed_envelope()
    assert seal_envelope(envelope.pk) is True
    first = envelope.documents.get().sealed_sha256
    assert seal_envelope(envelope.pk) is False
    run_jobs()
    assert envelope.documents.get().sealed_sha256 == first
    assert seals_of(envelope) == 1


def test_a_lost_job_is_asked_for_again() -> None:
    """A worker that dies takes its job along; the due time brings the seal all the same."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    envelope = make_signed_envelope()
    ids = list(
        ProcrastinateJob.objects.filter(task_name="signing.seal").values_list("id", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs where id = any(%s)", [ids])
    run_pollers()
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "sealing"
    Envelope.objects.filter(pk=envelope.pk).update(seal_at=timezone.now())
    run_pollers()
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "completed"
    assert seals_of(envelope) == 1


def test_a_failure_is_told_kept_and_mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signatures stay; the state says why; the next try succeeds."""
    envelope = make_signed_envelope()

    def full_disk(*args: Any, **options: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "seal_pdf", full_disk)
        run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "seal_failed"
    assert envelope.seal_error.startswith("There is no space left")
    assert envelope.documents.get().sealed is None
    assert Notice.objects.filter(user=envelope.owner, title__contains="not be sealed").exists()
    assert OutboxEvent.objects.filter(name="envelope.seal_failed").count() == 1
    Envelope.objects.filter(pk=envelope.pk).update(seal_at=timezone.now())
    run_pollers()
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "completed"
    assert envelope.seal_error == ""
    assert seals_of(envelope) == 1


def test_a_missing_timestamp_authority_only_delays(settings: Any) -> None:
    settings.TSA_URL = "http://127.0.0.1:9/tsa"
    envelope = make_signed_envelope()
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "seal_failed"
    assert "timestamp authority" in envelope.seal_error
    settings.TSA_URL = ""
    assert seal_envelope(envelope.pk) is True


def test_a_swapped_prepared_file_is_not_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = make_signed_envelope()
    other = (
        make_sent_envelope(
            documents=[NewDocument(name="Order form.pdf", content=make_pdf("A higher price"))]
        )
        .documents.get()
        .prepared
    )
    monkeypatch.setattr(sealing, "read_file", lambda stored: read_file(other))
    assert seal_envelope(envelope.pk) is False
    envelope.refresh_from_db()
    assert "not the document that was shown" in envelope.seal_error


def test_the_link_in_the_final_mail_opens_the_documents() -> None:
    envelope = make_signed_envelope()
    ada = recipient_of(envelope, "Ada")
    before = token_of(ada)
    run_jobs()
    assert token_of(ada) != before
    assert enter(ada).step == Step.DONE
