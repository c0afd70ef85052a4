"""What the API can do with envelopes beyond reading them."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import File, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_visible
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.errors import Gone, Invalid, NotFound
from dealwright.base.files.access import get_file
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import read_file
from dealwright.signing.api_routing import router as routing
from dealwright.signing.api_shapes import (
    EnvelopeProgressOut,
    FieldIn,
    Name,
    RecipientIn,
    Text,
    field_of,
    shown,
)
from dealwright.signing.api_templates import TemplateOut
from dealwright.signing.api_templates import create as create_template
from dealwright.signing.api_templates import router as templates
from dealwright.signing.envelopes import queries, services
from dealwright.signing.envelopes.certificate import evidence_rows
from dealwright.signing.envelopes.drafts import NewDocument, NewRecipient
from dealwright.signing.evidence.downloads import as_download
from dealwright.signing.evidence.package import prepare_package
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.payments.api import router as payments
from dealwright.signing.redlines.api import RedlineIn, by_text
from dealwright.signing.redlines.api import router as redlines
from dealwright.signing.redlines.services import add_at_text
from dealwright.signing.retention.api import router as keeping
from dealwright.signing.verification.services import MAX_BYTES, verify_signed_pdf

router = Router(tags=["Envelopes"])
router.add_router("", routing)
router.add_router("", templates)
# At the address of the object's list, which only joins what stands on this router itself.
router.post(
    "/signing-templates",
    response={201: TemplateOut},
    operation_id="create_signing_template",
    summary="Make a template from documents, roles and fields",
    tags=["Signing templates"],
)(create_template)
router.add_router("", keeping)
router.add_router("", redlines)
router.add_router("", payments)

_PDF = {"responses": {200: {"content": {"application/pdf": {}}, "description": "The file"}}}


class DocumentIn(Given):
    """A PDF: `content` in base64, or `file_id` of a file that is here already."""

    name: Name
    content: Annotated[str, Field(max_length=5_000_000)] = ""
    file_id: UUID | None = None
    accept_signed: bool = False


class SubjectIn(Given):
    """The record the envelope is about."""

    object: Annotated[str, Field(max_length=40)]
    id: UUID


class EnvelopeIn(Given):
    """A new envelope; `redlines` strike out and insert words of its documents, `send` sends it at
    once."""

    title: Name
    message: Text = ""
    documents: Annotated[list[DocumentIn], Field(max_length=20)]
    recipients: Annotated[list[RecipientIn], Field(max_length=50)]
    fields: Annotated[list[FieldIn], Field(max_length=500, default_factory=list)]
    redlines: Annotated[list[RedlineIn], Field(max_length=200, default_factory=list)]
    subject: SubjectIn | None = None
    expires_at: datetime | None = None
    remind_every_days: Annotated[int, Field(ge=1, le=30)] | None = 3
    remind_first_days: Annotated[int, Field(ge=1, le=30)] | None = None
    remind_most: Annotated[int, Field(ge=1, le=50)] | None = None
    warn_days: Annotated[int, Field(ge=1, le=30)] | None = 3
    may_reassign: bool = True
    part11: bool | None = None
    signature_level: Literal["ses", "aes"] = "ses"
    send: bool = False


class ReasonIn(Given):
    """Why; everyone who was invited reads it."""

    reason: Text


class EnvelopeEventOut(Schema):
    """One entry of the evidence: `where` tells from which address and browser."""

    seq: int
    at: datetime
    kind: str
    text: str
    where: str


class EvidenceOut(Schema):
    """The log of an envelope and whether its chain is unbroken."""

    ok: bool
    entries: int
    head: str
    problems: list[str]
    events: list[EnvelopeEventOut]


class RemindedOut(Schema):
    """How many were written to."""

    reminded: int


class VerdictOut(Schema):
    """TOTAL-PASSED, TOTAL-FAILED or INDETERMINATE (ETSI EN 319 102-1), with reasons."""

    verdict: str
    reasons: list[dict[str, str]]


class ReportOut(Schema):
    """What can be said of a signed PDF."""

    file: dict[str, Any]
    integrity: VerdictOut
    trust: VerdictOut
    signatures: list[dict[str, Any]]
    changes: list[dict[str, Any]]


@router.post(
    "/envelopes",
    response={201: EnvelopeProgressOut},
    operation_id="create_envelope",
    summary="Make an envelope, and send it with `send`",
)
def create(request: HttpRequest, body: EnvelopeIn) -> HttpResponse:
    """Fields come from `fields` and from anchors in the text such as `{{sign:1}}`; who has no
    place to sign gets one on a page for signatures."""
    actor = require_scope(request, "signing:write")
    with change(actor):
        envelope = services.create_envelope(
            actor,
            title=body.title,
            message=body.message,
            documents=[_document(actor, each) for each in body.documents],
            recipients=[NewRecipient(**each.dict()) for each in body.recipients],
            fields=[field_of(each) for each in body.fields],
            subject=(body.subject.object, body.subject.id) if body.subject else None,
            expires_at=body.expires_at,
            remind_every_days=body.remind_every_days,
            remind_first_days=body.remind_first_days,
            remind_most=body.remind_most,
            warn_days=body.warn_days,
            may_reassign=body.may_reassign,
            part11=body.part11,
            signature_level=body.signature_level,
        )
        for each in body.redlines:
            add_at_text(actor, envelope.pk, by_text(each))
    if body.send:
        services.send_envelope(actor, envelope.pk)
    return shown(actor, envelope.pk, status=201)


@router.get(
    "/envelopes/{uuid:id}/progress",
    response=EnvelopeProgressOut,
    operation_id="read_envelope_progress",
    summary="An envelope with its people and documents",
)
def progress(request: HttpRequest, id: UUID) -> HttpResponse:
    return shown(require_scope(request, "signing:read"), id)


@router.post(
    "/envelopes/{uuid:id}/send",
    response=EnvelopeProgressOut,
    operation_id="send_envelope",
    summary="Send a draft",
)
def send(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    services.send_envelope(actor, id)
    return shown(actor, id)


@router.post(
    "/envelopes/{uuid:id}/void",
    response=EnvelopeProgressOut,
    operation_id="void_envelope",
    summary="Take an envelope back",
)
def void(request: HttpRequest, id: UUID, body: ReasonIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    services.void_envelope(actor, id, reason=body.reason)
    return shown(actor, id)


@router.post(
    "/envelopes/{uuid:id}/remind",
    response=RemindedOut,
    operation_id="remind_recipients",
    summary="Write again to everyone whose turn it is",
)
def remind(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    return as_json({"reminded": services.remind_recipients(actor, id)})


@router.post(
    "/envelopes/{uuid:id}/recipients/{uuid:recipient_id}/unlock",
    response=EnvelopeProgressOut,
    operation_id="unlock_recipient",
    summary="Let a recipient who was locked out try again",
)
def unlock(request: HttpRequest, id: UUID, recipient_id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    services.unlock_recipient(actor, id, recipient_id)
    return shown(actor, id)


@router.get(
    "/envelopes/{uuid:id}/evidence",
    response=EvidenceOut,
    operation_id="read_envelope_evidence",
    summary="What happened, and whether the chain is unbroken",
)
def evidence(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:read")
    envelope = get_visible(actor, "envelope", id)
    if envelope.sent_at is None:
        empty = {"ok": True, "entries": 0, "head": "", "problems": [], "events": []}
        return as_json(empty)
    result = verify_envelope(envelope)
    return as_json(
        {
            "ok": result.ok,
            "entries": result.entries,
            "head": result.head,
            "problems": [each.message for each in result.problems],
            "events": evidence_rows(envelope),
        }
    )


@router.get(
    "/envelopes/{uuid:id}/evidence/package",
    operation_id="download_evidence_package",
    summary="The evidence package of an envelope that has ended",
    openapi_extra={
        "responses": {200: {"content": {"application/zip": {}}, "description": "The package"}}
    },
)
def evidence_package(request: HttpRequest, id: UUID) -> StreamingHttpResponse:
    """A ZIP that `verify.py` in it checks offline. That it was taken is noted in the evidence."""
    actor = require_scope(request, "signing:read")
    return as_download(prepare_package(actor, id))


@router.get(
    "/envelopes/{uuid:id}/documents/{uuid:document_id}/{form}",
    operation_id="download_envelope_document",
    summary="A document as PDF: original, prepared or sealed",
    openapi_extra=_PDF,
)
def download(
    request: HttpRequest,
    id: UUID,
    document_id: UUID,
    form: Literal["original", "prepared", "sealed"],
) -> HttpResponse:
    actor = require_scope(request, "signing:read")
    return _as_pdf(queries.find_file(actor, id, document_id, form))


@router.get(
    "/envelopes/{uuid:id}/certificate",
    operation_id="download_envelope_certificate",
    summary="The certificate of completion as PDF",
    openapi_extra=_PDF,
)
def certificate(request: HttpRequest, id: UUID) -> HttpResponse:
    envelope = get_visible(require_scope(request, "signing:read"), "envelope", id)
    if envelope.purged_at is not None:
        raise Gone("The certificate was destroyed when its time to be kept was over.")
    if envelope.certificate is None:
        raise NotFound("The certificate of completion is made together with the seal.")
    return _as_pdf(envelope.certificate)


@router.post(
    "/verify",
    response=ReportOut,
    operation_id="verify_pdf",
    summary="Check any signed PDF",
)
def verify(
    request: HttpRequest, file: File[UploadedFile], trust: File[UploadedFile | None] = None
) -> HttpResponse:
    """`trust` holds root certificates (PEM); without it nothing is said about who signed."""
    require_scope(request, "signing:read")
    if (file.size or 0) > MAX_BYTES:
        raise Invalid("The file is larger than 100 MB.", code="too_large")
    return as_json(verify_signed_pdf(file.read(), trust=trust.read() if trust else b""))


def _document(actor: Actor, given: DocumentIn) -> NewDocument:
    if given.file_id is not None:
        content = read_file(get_file(actor, given.file_id))
    else:
        try:
            content = base64.b64decode(given.content, validate=True)
        except (binascii.Error, ValueError):
            sentence = f"{given.name}: the content is not base64."
            raise Invalid(sentence, fields={"documents": [sentence]}) from None
    return NewDocument(name=given.name, content=content, accept_signed=given.accept_signed)


def _as_pdf(stored: StoredFile) -> HttpResponse:
    response = HttpResponse(read_file(stored), content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, stored.name) or "attachment"
    return response
