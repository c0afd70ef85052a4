"""Keeping B-LTA seals provable: a newer archive time stamp before the last one loses its worth.

Each renewal is a version of its own, the sealed file stays. An update appends validation data and
a document time stamp (ETSI EN 319 142-1, 5.4.3): the bytes before it are those of the version
before.
"""

from __future__ import annotations

import hashlib
import io
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError

from dealwright.base.access.actor import change, system
from dealwright.base.errors import DealwrightError, Unavailable
from dealwright.base.events.outbox import record_event
from dealwright.base.files.services import read_file, store_file
from dealwright.base.loops import complete
from dealwright.base.messaging.notices import notify
from dealwright.base.people.models import Profile, User
from dealwright.signing.envelopes.models import EnvelopeDocument
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.seals import services
from dealwright.signing.seals.events import EnvelopeArchiveRenewed
from dealwright.signing.seals.models import ArchivedVersion
from dealwright.signing.seals.network import guarded_session
from dealwright.signing.seals.sealing import Proof

log = logging.getLogger("dealwright.signing")

ARCHIVE = system("Archive")
YEAR = timedelta(days=365)
AGAIN = timedelta(days=1)
DIGESTS = ("sha256", "sha384", "sha512")  # weakest first
BATCH = 200


@dataclass(frozen=True, slots=True)
class ArchiveState:
    """Of the newest document time stamp: when to renew it, and the digest it rests on."""

    due_at: datetime
    digest: str


def archive_state(content: bytes) -> ArchiveState | None:
    """None where a file has no document time stamp.

    Due is a year before the authority's certificate ends; where that is under three years away,
    when two thirds of the time that is left are over.
    """
    stamps = PdfFileReader(io.BytesIO(content)).embedded_timestamp_signatures
    if not stamps:
        return None
    ends: datetime = stamps[-1].signer_cert.not_valid_after
    left = ends - timezone.now()
    token = stamps[-1].signed_data["encap_content_info"]["content"].parsed
    digest = str(token["message_imprint"]["hash_algorithm"]["algorithm"].native)
    return ArchiveState(ends - min(YEAR, left / 3), digest)


def latest_version(document: EnvelopeDocument) -> Any:
    """The stored file that is provable longest: the newest archived version, else the sealed."""
    newest = document.archived_versions.order_by("-number").first()
    return newest.file if newest else document.sealed


def due_documents() -> list[Any]:
    """The ids of documents whose archive time stamp is to be renewed now."""
    weak = services.seal_settings().weak_digests.split()
    due = Q(archive_due_at__lte=timezone.now()) | Q(archive_digest__in=weak)
    rows = EnvelopeDocument.objects.filter(due, archive_due_at__isnull=False, sealed__isnull=False)
    living = rows.filter(envelope__purged_at__isnull=True).order_by("archive_due_at")
    return list(living.values_list("pk", flat=True)[:BATCH])


def renew_archives() -> int:
    """Renew what is due; returns how many. What fails is told to administrators, once a run,
    and tried again a day later."""
    renewed, failed = 0, []
    for document_id in due_documents():
        try:
            renewed += renew_document(document_id)
        except Exception as error:  # one broken file must not keep the others
            log.exception("renewing the archive stamp of document %s failed", document_id)
            failed.append(
                error.message if isinstance(error, DealwrightError) else type(error).__name__
            )
            EnvelopeDocument.objects.filter(pk=document_id).update(
                archive_due_at=timezone.now() + AGAIN
            )
    if failed:
        with change(ARCHIVE):
            for user in User.objects.filter(profile=Profile.ADMINISTRATOR, is_active=True):
                notify(
                    user,
                    f"{len(failed)} archive time stamps could not be renewed",
                    body=f"{failed[0]} It is tried again tomorrow.",
                    url="/settings/seal",
                )
    return renewed


def renew_document(document_id: Any) -> bool:
    """Store a version of a sealed document with a newer archive time stamp; returns whether.

    Raises Unavailable where authority or proof are not to be had.
    """
    with change(ARCHIVE):
        document = (
            EnvelopeDocument.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("envelope", "sealed")
            .filter(pk=document_id)
            .first()
        )
        if document is None or document.sealed is None or document_id not in due_documents():
            return False
        stored = services.seal_settings()
        stamper = services.timestamper(stored)
        if stamper is None:
            raise Unavailable("To renew archive time stamps, a time-stamping authority is needed.")
        weak = stored.weak_digests.split()
        digest = next(each for each in DIGESTS if each not in weak)
        before = read_file(latest_version(document))
        proof = services.proof_of(stored, services.ensure_organisation_seal())
        content = renew_stamp(before, timestamper=stamper, proof=proof, digest=digest)
        _keep(document, before, content, weak=weak)
    return True


def renew_stamp(
    content: bytes, *, timestamper: TimeStamper, proof: Proof, digest: str = "sha256"
) -> bytes:
    """The file with proof for its last time stamp and a new one over all of it.

    Raises Unavailable where one of them cannot be had.
    """
    try:
        return complete(_renewed(content, timestamper, proof, digest))
    except (
        SigningError,
        SignatureValidationError,
        PathBuildingError,
        PathValidationError,
        TimestampRequestError,
    ) as error:
        raise Unavailable(f"The archive time stamp cannot be renewed: {error}") from error


class _Stronger(PdfTimeStamper):
    """Stamps with a digest of our choice, not with that of the stamp before."""

    def __init__(self, timestamper: TimeStamper, digest: str) -> None:
        super().__init__(timestamper)
        self._digest = digest

    async def async_timestamp_pdf(
        self, pdf_out: Any, md_algorithm: str, *args: Any, **options: Any
    ) -> Any:
        return await super().async_timestamp_pdf(pdf_out, self._digest, *args, **options)


async def _renewed(content: bytes, timestamper: TimeStamper, proof: Proof, digest: str) -> bytes:
    out = io.BytesIO()
    async with guarded_session(proof.private_hosts) as session:
        await _Stronger(timestamper, digest).async_update_archival_timestamp_chain(
            PdfFileReader(io.BytesIO(content)),
            proof.context(session),
            in_place=False,
            output=out,
        )
    return out.getvalue()


def _keep(document: EnvelopeDocument, before: bytes, content: bytes, *, weak: list[str]) -> None:
    state = archive_state(content)
    if state is None or not content.startswith(before):
        raise Unavailable("The renewed file is not the sealed one with a new time stamp.")
    envelope = document.envelope
    number = document.archived_versions.count() + 1
    reason = "weak digest" if document.archive_digest in weak else "certificate ends"
    file = store_file(
        ARCHIVE,
        name=f"{document.name.removesuffix('.pdf')} (archive {number}).pdf",
        content=content,
        content_type="application/pdf",
        object="envelope",
        record_id=envelope.pk,
        purpose="archived",
        generated=True,
    )
    version = ArchivedVersion.objects.create(
        document=document,
        number=number,
        file=file,
        sha256=hashlib.sha256(content).hexdigest(),
        before_sha256=hashlib.sha256(before).hexdigest(),
        reason=reason,
    )
    document.archive_due_at, document.archive_digest = state.due_at, state.digest
    document.save(update_fields=["archive_due_at", "archive_digest"])
    record_evidence(
        envelope,
        "envelope.archive_renewed",
        actor=ARCHIVE,
        facts={
            "document": str(document.pk),
            "number": number,
            "before": version.before_sha256,
            "sha256": version.sha256,
            "why": reason,
        },
    )
    record_event(
        ARCHIVE,
        EnvelopeArchiveRenewed(
            envelope_id=envelope.pk,
            document_id=document.pk,
            subject_object=envelope.subject_object,
            subject_id=envelope.subject_id,
            sha256=version.sha256,
            number=number,
        ),
        object="envelope",
        record_id=envelope.pk,
    )
