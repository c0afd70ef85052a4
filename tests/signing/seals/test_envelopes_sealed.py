"""Envelopes sealed at each level: what fails keeps the acts, resumes once, and is archived."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader

from dealwright.base.events.models import OutboxEvent
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.files.services import read_file
from dealwright.base.jobs.due import run_pollers
from dealwright.base.jobs.running import run_jobs
from dealwright.signing.documents.reading import all_text
from dealwright.signing.envelopes import sealing
from dealwright.signing.envelopes.models import Envelope, EnvelopeDocument
from dealwright.signing.envelopes.queries import find_file, sealed_document
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.seals import administration, services
from dealwright.signing.seals.models import ArchivedVersion
from dealwright.signing.seals.renewal import renew_archives
from dealwright.signing.verification.policy import verify_pdf
from make import acting, make_administrator, make_user
from signing.authorities import Authorities, authorities
from signing.foreign import openssl_accepts_signature, pdfsig, signatures_in
from signing.make import make_sent_envelope, sign_all

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    with authorities(tmp_path_factory.mktemp("pki")) as made:
        yield made


@pytest.fixture(autouse=True)
def _all_up(pki: Authorities) -> Iterator[None]:
    yield
    pki.down.clear()


def choose(pki: Authorities, profile: str, **values: Any) -> None:
    administration.save_seal_settings(
        acting(make_administrator()),
        {
            "profile": profile,
            "tsa_urls": pki.tsa,
            "tsa_roots": pki.root_pem.decode(),
            "private_hosts": "127.0.0.1",
            **values,
        },
    )


def make_signed_envelope(level: str = "ses") -> Envelope:
    envelope = make_sent_envelope(acting(make_user()))
    Envelope.objects.filter(pk=envelope.pk).update(signature_level=level)
    for recipient in envelope.recipients.all():
        recipient.refresh_from_db()
        sign_all(recipient, typed=recipient.name)
    envelope.refresh_from_db()
    return envelope


def try_again(envelope: Envelope) -> Envelope:
    Envelope.objects.filter(pk=envelope.pk).update(seal_at=timezone.now())
    run_pollers()
    run_jobs()
    envelope.refresh_from_db()
    return envelope


@pytest.mark.parametrize("down", ["tsa/", "crls/"])
def test_what_is_down_delays_the_seal_and_never_lowers_it(down: str, pki: Authorities) -> None:
    choose(pki, "B-LTA")
    envelope = make_signed_envelope()
    pki.down.add(down)
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "seal_failed"
    assert envelope.seal_error
    assert all(each.signed_at for each in envelope.recipients.all())
    assert envelope.documents.get().sealed is None
    pki.down.clear()
    try_again(envelope)
    assert (envelope.status, envelope.seal_profile) == ("completed", "B-LTA")
    assert try_again(envelope).status == "completed"
    seals = EvidenceEntry.objects.filter(chain_id=envelope.chain, kind="envelope.sealed")
    assert seals.count() == 1


def test_a_full_disk_keeps_the_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full answers every write with the kernel's own ENOSPC."""
    envelope = make_signed_envelope()
    real = sealing.store_file

    def on_a_full_disk(*args: Any, **options: Any) -> Any:
        if options.get("purpose") == "sealed":
            with Path("/dev/full").open("wb", buffering=0) as disk:
                disk.write(options["content"])
        return real(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "store_file", on_a_full_disk)
        run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "seal_failed"
    assert "no space left" in envelope.seal_error
    assert envelope.certificate is None
    assert try_again(envelope).status == "completed"


def test_each_signer_has_a_certificate_where_the_envelope_asks_for_it(
    pki: Authorities, tmp_path: Path
) -> None:
    choose(pki, "B-LTA")
    envelope = make_signed_envelope("aes")
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.seal_error == ""
    sealed = read_file(envelope.documents.get().sealed)
    reader = PdfFileReader(io.BytesIO(sealed))
    names = [each.signer_cert.subject.native for each in reader.embedded_regular_signatures]
    assert [each["common_name"] for each in names[:2]] == ["Ada Lovelace", "Grace Hopper"]
    assert "organization_name" not in names[0]
    roots = services.root_pem() + pki.root_pem
    found = [each for each in signatures_in(sealed) if each.subfilter == "ETSI.CAdES.detached"]
    assert len(found) == 3
    assert all(openssl_accepts_signature(each, roots, tmp_path) for each in found)
    (tmp_path / "sealed.pdf").write_bytes(sealed)
    assert pdfsig(tmp_path / "sealed.pdf").count("Signature is Valid") == 3
    report = verify_pdf(sealed, trust=roots)
    assert report["integrity"]["verdict"] == "TOTAL-PASSED"
    assert report["trust"]["verdict"] == "TOTAL-PASSED"
    told = " ".join(all_text(sealed)).replace("\r\n", " ")
    assert "advanced electronic signatures" in told
    assert "not qualified electronic signatures" in told
    entry = EvidenceEntry.objects.get(chain_id=envelope.chain, kind="envelope.sealed")
    assert len(entry.payload["signer_certificates"]) == 2


def test_certificates_for_signers_wait_for_an_authority() -> None:
    envelope = make_signed_envelope("aes")
    run_jobs()
    envelope.refresh_from_db()
    assert envelope.status == "seal_failed"
    assert "time-stamping authority" in envelope.seal_error


def test_an_archive_is_renewed_as_a_version_of_its_own(pki: Authorities) -> None:
    choose(pki, "B-LTA")
    envelope = make_signed_envelope()
    run_jobs()
    document = envelope.documents.get()
    before = document.sealed_sha256
    assert document.archive_digest == "sha256"
    assert renew_archives() == 0
    choose(pki, "B-LTA", weak_digests="sha256")
    assert renew_archives() == 1
    assert renew_archives() == 0
    document.refresh_from_db()
    assert (document.sealed_sha256, document.archive_digest) == (before, "sha384")
    version = ArchivedVersion.objects.get()
    assert version.before_sha256 == before
    admin = acting(make_administrator("Archive"))
    file = find_file(admin, envelope.pk, document.pk, "archived")
    assert read_file(file).startswith(read_file(document.sealed))
    known = sealed_document(version.sha256)
    assert known is not None
    assert known.pk == document.pk
    assert OutboxEvent.objects.get(name="envelope.archive_renewed").payload["number"] == 1
    assert verify_envelope(envelope).ok


def test_a_seal_and_its_versions_cannot_be_rewritten(pki: Authorities) -> None:
    choose(pki, "B-LTA")
    envelope = make_signed_envelope()
    run_jobs()
    document = envelope.documents.get()
    choose(pki, "B-LTA", weak_digests="sha256")
    assert renew_archives() == 1
    with pytest.raises(IntegrityError, match="sealed once"), transaction.atomic():
        EnvelopeDocument.objects.filter(pk=document.pk).update(sealed_sha256="0" * 64)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ArchivedVersion.objects.update(sha256="0" * 64)
