"""The API of templates, bulk sends, and signing inside other sites."""

import base64
import binascii
import hashlib
import io
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from dealwright.base.access.actor import Actor
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.errors import Invalid
from dealwright.base.files.access import get_file
from dealwright.base.files.services import read_file
from dealwright.base.people.credentials import ApiToken
from dealwright.signing.api_shapes import EnvelopeProgressOut, FieldIn, Name, Text, field_of, shown
from dealwright.signing.blueprints import queries, services
from dealwright.signing.blueprints.contents import NewRole
from dealwright.signing.blueprints.using import Filling, use_template
from dealwright.signing.bulk import services as bulk_sends
from dealwright.signing.bulk.models import BulkSend
from dealwright.signing.embedding.sending import create_sending_url
from dealwright.signing.embedding.services import create_signing_url
from dealwright.signing.envelopes.drafts import NewDocument

router = Router(tags=["Signing templates"])
Short = Annotated[str, Field(max_length=80)]
Value = Annotated[str, Field(max_length=2_000)]
Days = Annotated[int, Field(ge=1, le=30)]


class TemplateDocumentIn(Given):
    """A PDF: `content` in base64, or `file_id` of a file that is here already."""

    name: Name
    content: Annotated[str, Field(max_length=5_000_000)] = ""
    file_id: UUID | None = None
    accept_signed: bool = False


class TemplateRoleIn(Given):
    """A role; with `person_email` it is always that person."""

    name: Short
    role: Annotated[str, Field(max_length=20)] = "signer"
    order: Annotated[int, Field(ge=1, le=100)] = 1
    identity_method: Annotated[str, Field(max_length=20)] = "email_otp"
    condition: Annotated[str, Field(max_length=500)] = ""
    group: UUID | None = None
    named_by: Annotated[int, Field(ge=1, le=20)] | None = None
    witness_of: Annotated[int, Field(ge=1, le=20)] | None = None
    person_name: Annotated[str, Field(max_length=160)] = ""
    person_email: Annotated[str, Field(max_length=254)] = ""


class TemplateFieldIn(FieldIn):
    """A field; `recipient` is the number of the role, `prefill` what it starts with."""

    prefill: Annotated[str, Field(max_length=500)] = ""


class TemplateIn(Given):
    """A new template. Title and message may hold `{{ values }}`."""

    name: Annotated[str, Field(max_length=160)]
    title: Annotated[str, Field(max_length=200)] = ""
    message: Text = ""
    documents: Annotated[list[TemplateDocumentIn], Field(max_length=20)]
    roles: Annotated[list[TemplateRoleIn], Field(max_length=20)]
    fields: Annotated[list[TemplateFieldIn], Field(max_length=500, default_factory=list)]
    language: Annotated[str, Field(max_length=12)] = "en"
    expires_days: Annotated[int, Field(ge=1, le=365)] = 30
    remind_every_days: Days | None = 3
    remind_first_days: Days | None = None
    remind_most: Annotated[int, Field(ge=1, le=50)] | None = None
    warn_days: Days | None = 3
    may_reassign: bool = True


class TemplateOut(Schema):
    """A template with what is in it."""

    id: UUID
    name: str
    title: str
    message: str
    language: str
    expires_days: int
    remind_every_days: int | None
    remind_first_days: int | None
    remind_most: int | None
    warn_days: int | None
    may_reassign: bool
    revision: int
    archived_at: datetime | None
    roles: list[dict[str, Any]]
    documents: list[dict[str, Any]]
    fields: list[dict[str, Any]]


class PersonIn(Given):
    """Who takes the role with this number; `phone`, `messenger` and `access_code` where it asks
    for them."""

    role: Annotated[int, Field(ge=1, le=20)]
    name: Annotated[str, Field(max_length=160)]
    email: Annotated[str, Field(max_length=254)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    messenger: Annotated[str, Field(max_length=120)] = ""
    access_code: Annotated[str, Field(max_length=80)] = ""


class SubjectOfUseIn(Given):
    """The record the envelope is about; its fields are values for the texts."""

    object: Annotated[str, Field(max_length=40)]
    id: UUID


class UseIn(Given):
    """People for the roles, values for texts, what fields start with by id or label."""

    people: Annotated[list[PersonIn], Field(max_length=20, default_factory=list)]
    values: Annotated[dict[str, Value], Field(max_length=200, default_factory=dict)]
    fields: Annotated[dict[str, Value], Field(max_length=500, default_factory=dict)]
    title: Annotated[str, Field(max_length=200)] = ""
    message: Annotated[str, Field(max_length=5_000)] | None = None
    subject: SubjectOfUseIn | None = None
    send: bool = False


class EnvelopeNameIn(Given):
    """What the template is called."""

    name: Annotated[str, Field(max_length=160)]


class BulkSendOut(Schema):
    """A bulk send and how far it is; `result` is where every row stands as CSV."""

    id: UUID
    template_id: UUID
    name: str
    columns: list[str]
    mapping: dict[str, str]
    job_id: UUID | None
    started_at: datetime | None
    finished_at: datetime | None
    failed_at: datetime | None
    error: str
    rows: dict[str, int]
    wrong: list[dict[str, Any]]


class AuthenticationIn(Given):
    """How the caller knows the person: it vouches for them, and the evidence says so."""

    method: Annotated[str, Field(max_length=200)]
    reference: Annotated[str, Field(max_length=200)] = ""
    at: Annotated[str, Field(max_length=40)] = ""


class SigningUrlIn(Given):
    """`origin` is the site that frames it, `return_url` where the signer goes afterwards; both
    must be of a site that an administrator allowed."""

    origin: Annotated[str, Field(max_length=200)] = ""
    return_url: Annotated[str, Field(max_length=1_000)] = ""
    authentication: AuthenticationIn | None = None


class SigningUrlOut(Schema):
    """An address that works once, until `expires_at`."""

    url: str
    expires_at: datetime


class SendingUrlIn(Given):
    """The site that frames it, which an administrator allowed."""

    origin: Annotated[str, Field(max_length=200)]


def create(request: HttpRequest, body: TemplateIn) -> HttpResponse:
    """Marks in the documents such as `{{sign:1}}` become fields of the first role that signs."""
    actor = require_scope(request, "signing:write")
    given = body.dict(exclude={"documents", "roles", "fields"})
    template = services.create_template(
        actor,
        documents=[_document(actor, each) for each in body.documents],
        roles=[NewRole(**each.dict()) for each in body.roles],
        fields=[field_of(FieldIn(**each.dict(exclude={"prefill"}))) for each in body.fields],
        prefills={
            number: each.prefill for number, each in enumerate(body.fields, start=1) if each.prefill
        },
        **given,
    )
    return as_json(queries.describe(template), status=201)


@router.get(
    "/signing-templates/{uuid:id}/content",
    response=TemplateOut,
    operation_id="read_signing_template_content",
    summary="A template with its roles, documents and fields",
)
def content(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:read")
    return as_json(queries.describe(queries.find_template(actor, id)))


@router.post(
    "/signing-templates/{uuid:id}/use",
    response={201: EnvelopeProgressOut},
    operation_id="use_signing_template",
    summary="Make an envelope from a template, and send it with `send`",
)
def use(request: HttpRequest, id: UUID, body: UseIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    envelope = use_template(
        actor,
        id,
        Filling(
            people={each.role: (each.name, each.email) for each in body.people},
            more={
                each.role: {
                    key: value
                    for key in ("phone", "messenger", "access_code")
                    if (value := getattr(each, key))
                }
                for each in body.people
            },
            values=body.values,
            fields=body.fields,
            title=body.title,
            message=body.message,
        ),
        subject=(body.subject.object, body.subject.id) if body.subject else None,
        send=body.send,
    )
    return shown(actor, envelope.pk, status=201)


@router.post(
    "/signing-templates/{uuid:id}/archive",
    response=TemplateOut,
    operation_id="archive_signing_template",
    summary="Offer a template no longer",
)
def archive(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    return as_json(queries.describe(services.archive_template(actor, id)))


@router.post(
    "/envelopes/{uuid:id}/save-as-template",
    response={201: TemplateOut},
    operation_id="save_envelope_as_template",
    summary="Make a template of an envelope",
)
def save_as(request: HttpRequest, id: UUID, body: EnvelopeNameIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    template = services.save_as_template(actor, id, name=body.name)
    return as_json(queries.describe(template), status=201)


@router.post(
    "/bulk-sends",
    response={201: BulkSendOut},
    operation_id="create_bulk_send",
    summary="An envelope for each row of a table",
)
def create_bulk_send(
    request: HttpRequest,
    template_id: Form[UUID],
    file: File[UploadedFile],
    start: Form[bool] = True,
    skip_bad: Form[bool] = False,
) -> HttpResponse:
    """Columns are known by their names: `Customer name`, `Customer e-mail`, and the labels of
    fields. With `start` off nothing is sent yet. A bad row refuses all, unless `skip_bad`."""
    actor = require_scope(request, "signing:write")
    if (file.size or 0) > bulk_sends.MAX_BYTES:
        sentence = f"The file is larger than {bulk_sends.MAX_BYTES // 1_000_000} MB."
        raise Invalid(sentence, code="too_large", fields={"file": [sentence]})
    table = io.BytesIO(file.read())
    made = bulk_sends.upload_rows(actor, template_id, name=file.name or "table", content=table)
    if start:
        made = bulk_sends.start_bulk_send(actor, made.pk, skip_bad=skip_bad)
    return as_json(_bulk(made), status=201)


@router.get(
    "/bulk-sends/{uuid:id}",
    response=BulkSendOut,
    operation_id="read_bulk_send",
    summary="How far a bulk send is",
)
def read_bulk_send(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:read")
    return as_json(_bulk(bulk_sends.get_bulk_send(actor, id)))


@router.get(
    "/bulk-sends/{uuid:id}/result",
    operation_id="download_bulk_send_result",
    summary="What became of each row, as CSV",
    openapi_extra={
        "responses": {200: {"content": {"text/csv": {}}, "description": "A row for each row"}}
    },
)
def bulk_send_result(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:read")
    text = bulk_sends.result_csv(bulk_sends.get_bulk_send(actor, id))
    return HttpResponse(text, content_type="text/csv; charset=utf-8")


@router.post(
    "/envelopes/{uuid:id}/recipients/{uuid:recipient_id}/signing-url",
    response={201: SigningUrlOut},
    operation_id="create_signing_url",
    summary="An address at which one recipient signs inside your site",
)
def signing_url(
    request: HttpRequest, id: UUID, recipient_id: UUID, body: SigningUrlIn
) -> HttpResponse:
    """It works once and for five minutes. Afterwards the signer is sent to `return_url` with
    `event`: signed, declined, later or expired. The link in the e-mail stays as it is."""
    actor = require_scope(request, "signing:write")
    made = create_signing_url(
        actor,
        id,
        recipient_id,
        token=_token(request),
        origin=body.origin,
        return_url=body.return_url,
        asserted=body.authentication.dict() if body.authentication else None,
    )
    return as_json({"url": made.url, "expires_at": made.expires_at}, status=201)


@router.post(
    "/envelopes/{uuid:id}/embedded-sending",
    response={201: SigningUrlOut},
    operation_id="create_sending_url",
    summary="An address to place fields and send a draft inside another site",
    tags=["Envelopes"],
)
def sending_url(request: HttpRequest, id: UUID, body: SendingUrlIn) -> HttpResponse:
    """It works once, within five minutes, in a frame of `origin` alone, for this draft alone. The
    frame tells that origin by `postMessage` what happens: opened, sent, closed, error."""
    actor = require_scope(request, "signing:write")
    made = create_sending_url(actor, id, origin=body.origin, token=_token(request))
    return as_json({"url": made.url, "expires_at": made.expires_at}, status=201)


def _bulk(bulk: BulkSend) -> dict[str, Any]:
    return {
        "id": bulk.pk,
        "template_id": bulk.template_id,
        "name": bulk.name,
        "columns": bulk.columns,
        "mapping": bulk.mapping,
        "job_id": bulk.run,
        "started_at": bulk.started_at,
        "finished_at": bulk.finished_at,
        "failed_at": bulk.failed_at,
        "error": bulk.error,
        "rows": bulk_sends.counts(bulk),
        "wrong": [
            {"row": each.number, "error": each.error} for each in bulk.rows.exclude(error="")[:200]
        ],
    }


def _token(request: HttpRequest) -> ApiToken | None:
    """The token of the call; None for a browser's own session."""
    kind, _sep, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return None
    hashed = hashlib.sha256(secret.strip().encode()).hexdigest()
    return ApiToken.objects.filter(hash=hashed).first()


def _document(actor: Actor, given: TemplateDocumentIn) -> NewDocument:
    if given.file_id is not None:
        content = read_file(get_file(actor, given.file_id))
    else:
        try:
            content = base64.b64decode(given.content, validate=True)
        except (binascii.Error, ValueError):
            sentence = f"{given.name}: the content is not base64."
            raise Invalid(sentence, fields={"documents": [sentence]}) from None
    return NewDocument(name=given.name, content=content, accept_signed=given.accept_signed)
