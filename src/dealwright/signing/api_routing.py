"""The API of routing: schedule, correct, reassign, resend; signing groups and delegations."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.signing.api_shapes import (
    EnvelopeProgressOut,
    FieldIn,
    Fraction,
    Method,
    Name,
    OwnSecretsIn,
    ProofIn,
    RecipientIn,
    Text,
    shown,
)
from dealwright.signing.delegation import services as delegation
from dealwright.signing.delegation.models import Delegation
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes import asking, correcting, scheduling, services
from dealwright.signing.envelopes.correcting import Correction, RecipientChange
from dealwright.signing.envelopes.correcting_fields import AddedField
from dealwright.signing.envelopes.drafts import NewRecipient, Reminders
from dealwright.signing.groups import queries as group_queries
from dealwright.signing.groups import services as groups
from dealwright.signing.identity.choices import IdentityChoice, as_methods

router = Router(tags=["Envelopes"])


class ScheduleIn(Given):
    """When it is to be sent."""

    send_at: datetime


class RecipientChangeIn(Given):
    """What is put right of one recipient. Another name or address is another person."""

    id: UUID
    name: Name | None = None
    email: Name | None = None
    role: Annotated[str, Field(max_length=20)] | None = None
    order: Annotated[int, Field(ge=1, le=100)] | None = None
    access_code: Annotated[str, Field(max_length=80)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    messenger: Annotated[str, Field(max_length=120)] = ""


class AddedFieldIn(FieldIn):
    """One more place, of a recipient by id or of an added one by number from 1."""

    recipient: Annotated[int, Field(ge=1, le=50)] = 1
    recipient_id: UUID | None = None
    added: Annotated[int, Field(ge=1, le=50)] | None = None


class ChangedFieldIn(Given):
    """What is put right of a field by its id; what is left out stays. `owner` is the id of the
    recipient, `document` that of the document, `page` counts from 1."""

    id: UUID
    owner: UUID | None = None
    document: UUID | None = None
    kind: Annotated[str, Field(max_length=20)] | None = None
    page: Annotated[int, Field(ge=1, le=2_000)] | None = None
    x: Fraction | None = None
    y: Fraction | None = None
    w: Fraction | None = None
    h: Fraction | None = None
    label: Annotated[str, Field(max_length=80)] | None = None
    required: bool | None = None
    value: Annotated[str, Field(max_length=1_000)] | None = None
    read_only: bool | None = None
    tab: Annotated[int, Field(ge=0, le=9_999)] | None = None
    help: Annotated[str, Field(max_length=200)] | None = None
    options: Annotated[list[str], Field(max_length=50)] | None = None
    option: Annotated[str, Field(max_length=80)] | None = None
    condition: Annotated[str, Field(max_length=500)] | None = None
    formula: Annotated[str, Field(max_length=500)] | None = None
    checks: dict[str, bool | int | str] | None = None


class RemindersIn(Given):
    """First after so many days, then every so many, at most so often."""

    every: Annotated[int, Field(ge=1, le=30)] | None = 3
    first: Annotated[int, Field(ge=1, le=30)] | None = None
    most: Annotated[int, Field(ge=1, le=50)] | None = None


class CorrectionIn(Given):
    """What is put right; what is left out stays."""

    message: Annotated[str, Field(max_length=5_000)] | None = None
    expires_at: datetime | None = None
    reminders: RemindersIn | None = None
    may_reassign: bool | None = None
    recipients: Annotated[list[RecipientChangeIn], Field(max_length=50, default_factory=list)]
    add_recipients: Annotated[list[RecipientIn], Field(max_length=50, default_factory=list)]
    remove_recipients: Annotated[list[UUID], Field(max_length=50, default_factory=list)]
    add_fields: Annotated[list[AddedFieldIn], Field(max_length=500, default_factory=list)]
    change_fields: Annotated[list[ChangedFieldIn], Field(max_length=500, default_factory=list)]
    remove_fields: Annotated[list[UUID], Field(max_length=500, default_factory=list)]


class ResendIn(Given):
    """To whom; without it to everyone whose turn it is."""

    recipient_id: UUID | None = None


class ReassignIn(OwnSecretsIn):
    """Who takes the part, and why; `access_code`, `phone` and `messenger` of their own where the
    part asks for one."""

    name: Name
    email: Name
    reason: Text = ""


class IdentityIn(ProofIn):
    """The ways in which a recipient shows who they are, in order (`[]`: the link alone). An empty
    `access_code`, `phone` or `messenger` keeps what was given. With `idp`, `assurance` is what the
    provider has to have checked."""

    identity_methods: Annotated[list[Method], Field(max_length=8)]


class GroupMemberIn(Given):
    """A user by id, or a name with an address."""

    user_id: UUID | None = None
    name: Name = ""
    email: Name = ""


class GroupIn(Given):
    """A signing group."""

    name: Name
    members: Annotated[list[GroupMemberIn], Field(max_length=50)]


class MemberOut(Schema):
    """One of a group."""

    user_id: UUID | None
    name: str
    email: str


class GroupOut(Schema):
    """A signing group: any one of its members acts. Retired ones are offered no longer."""

    id: UUID
    name: str
    retired_at: datetime | None
    members: list[MemberOut]


class DelegationIn(Given):
    """Who stands in, from the first to the last day; `email` is the own address if left out."""

    to_name: Name
    to_email: Name
    starts_on: date
    ends_on: date
    reason: Name = ""
    email: Name = ""


class DelegationOut(Schema):
    """A standing delegation."""

    id: UUID
    email: str
    to_name: str
    to_email: str
    starts_on: date
    ends_on: date
    reason: str
    ended_at: datetime | None


@router.post(
    "/envelopes/{uuid:id}/schedule",
    response=EnvelopeProgressOut,
    operation_id="schedule_envelope",
    summary="Have a draft sent at a time",
)
def schedule(request: HttpRequest, id: UUID, body: ScheduleIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    scheduling.schedule_envelope(actor, id, send_at=body.send_at)
    return shown(actor, id)


@router.post(
    "/envelopes/{uuid:id}/unschedule",
    response=EnvelopeProgressOut,
    operation_id="unschedule_envelope",
    summary="Make a scheduled envelope a draft again",
)
def unschedule(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    scheduling.unschedule_envelope(actor, id)
    return shown(actor, id)


@router.post(
    "/envelopes/{uuid:id}/correct",
    response=EnvelopeProgressOut,
    operation_id="correct_envelope",
    summary="Correct an envelope that is out for signature",
)
def correct(request: HttpRequest, id: UUID, body: CorrectionIn) -> HttpResponse:
    """People who have not acted, their fields, the message, expiry and reminders; never the
    documents. Whose turn it then is gets invited."""
    actor = require_scope(request, "signing:write")
    correcting.correct_envelope(
        actor,
        id,
        Correction(
            message=body.message,
            expires_at=body.expires_at,
            reminders=Reminders(**body.reminders.dict()) if body.reminders else None,
            may_reassign=body.may_reassign,
            recipients=[RecipientChange(**each.dict()) for each in body.recipients],
            added=[NewRecipient(**each.dict()) for each in body.add_recipients],
            removed=body.remove_recipients,
            fields=[_added_field(each) for each in body.add_fields],
            changed_fields=[each.dict(exclude_unset=True) for each in body.change_fields],
            removed_fields=body.remove_fields,
        ),
    )
    return shown(actor, id)


@router.post(
    "/envelopes/{uuid:id}/resend",
    response=EnvelopeProgressOut,
    operation_id="resend_invitations",
    summary="Send the invitation again, with a new link",
)
def resend(request: HttpRequest, id: UUID, body: ResendIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    if body.recipient_id is None:
        services.remind_recipients(actor, id)
    else:
        services.resend_invitation(actor, id, body.recipient_id)
    return shown(actor, id)


@router.post(
    "/envelopes/{uuid:id}/recipients/{uuid:recipient_id}/reassign",
    response=EnvelopeProgressOut,
    operation_id="reassign_recipient",
    summary="Put somebody else in a recipient's place",
)
def reassign(request: HttpRequest, id: UUID, recipient_id: UUID, body: ReassignIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    correcting.reassign_recipient(actor, id, recipient_id, **body.dict())
    return shown(actor, id)


@router.post(
    "/envelopes/{uuid:id}/recipients/{uuid:recipient_id}/identity",
    response=EnvelopeProgressOut,
    operation_id="change_recipient_identity",
    summary="Change how a recipient shows who they are, or give a new code or number",
)
def identity(request: HttpRequest, id: UUID, recipient_id: UUID, body: IdentityIn) -> HttpResponse:
    """What they have shown so far does not count any more, a lock is lifted, and who was invited
    gets a new link."""
    actor = require_scope(request, "signing:write")
    methods = as_methods("", body.identity_methods)
    choice = IdentityChoice(**{**body.dict(exclude={"identity_methods"}), "methods": methods})
    asking.change_identity(actor, id, recipient_id, choice)
    return shown(actor, id)


@router.get(
    "/signing-groups",
    response=list[GroupOut],
    operation_id="list_signing_groups",
    summary="Groups of which any one may act",
)
def list_groups(request: HttpRequest) -> HttpResponse:
    require_scope(request, "signing:read")
    return as_json(group_queries.groups())


@router.post(
    "/signing-groups",
    response={201: GroupOut},
    operation_id="create_signing_group",
    summary="Make a signing group",
)
def create_group(request: HttpRequest, body: GroupIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    group = groups.save_group(actor, name=body.name, members=_members(body))
    return as_json(group_queries.describe(group), status=201)


@router.put(
    "/signing-groups/{uuid:group_id}",
    response=GroupOut,
    operation_id="change_signing_group",
    summary="Change the name and the members of a signing group",
)
def change_group(request: HttpRequest, group_id: UUID, body: GroupIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    group = groups.save_group(actor, name=body.name, members=_members(body), group_id=group_id)
    return as_json(group_queries.describe(group))


@router.post(
    "/signing-groups/{uuid:group_id}/retire",
    response=GroupOut,
    operation_id="retire_signing_group",
    summary="Offer a signing group no longer",
)
def retire_group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    return as_json(group_queries.describe(groups.retire_group(actor, group_id)))


@router.get(
    "/delegations",
    response=list[DelegationOut],
    operation_id="list_delegations",
    summary="One's own standing delegations; an administrator sees everyone's",
)
def list_delegations(request: HttpRequest) -> HttpResponse:
    actor = require_scope(request, "signing:read")
    return as_json([_delegation(each) for each in delegation.delegations_of(actor.require_user())])


@router.post(
    "/delegations",
    response={201: DelegationOut},
    operation_id="create_delegation",
    summary="Have somebody stand in while one is away",
)
def create_delegation(request: HttpRequest, body: DelegationIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    return as_json(_delegation(delegation.delegate(actor, **body.dict())), status=201)


@router.post(
    "/delegations/{uuid:delegation_id}/end",
    response=DelegationOut,
    operation_id="end_delegation",
    summary="End a standing delegation now",
)
def end_delegation(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    return as_json(_delegation(delegation.end_delegation(actor, delegation_id)))


def _added_field(given: AddedFieldIn) -> AddedField:
    values = given.dict()
    box = Box(*(values.pop(axis) for axis in ("x", "y", "w", "h")))
    return AddedField(**values, box=box)


def _members(body: GroupIn) -> list[groups.Member]:
    return [groups.Member(**each.dict()) for each in body.members]


def _delegation(row: Delegation) -> dict[str, object]:
    keys = ("email", "to_name", "to_email", "starts_on", "ends_on", "reason", "ended_at")
    return {"id": row.pk, **{key: getattr(row, key) for key in keys}}
