"""The timeline of a record over the API, and what can be put on it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.errors import Invalid
from dealwright.crm.activities.mail import send_email_from_record
from dealwright.crm.activities.models import Activity
from dealwright.crm.activities.services import (
    add_note,
    complete_task,
    create_task,
    log_call,
    log_meeting,
    reopen_task,
)
from dealwright.crm.activities.timeline import KINDS, timeline
from dealwright.crm.answers import LongText, RecordOut, ShortText, record_answer

router = Router(tags=["Activities"])
Object = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", description="An object's key: `lead`.")]


class TimelineOut(Schema):
    """Entries, newest first; ``before`` fetches what lies further down."""

    entries: list[dict[str, Any]]
    before: datetime | None


class Note(Given):
    body: LongText


class Call(Given):
    """A call that took place; ``outcome`` and ``direction`` as on activities."""

    subject: ShortText = ""
    body: LongText = ""
    outcome: ShortText = ""
    direction: ShortText = "outbound"
    duration_seconds: int | None = None
    at: datetime | None = None


class Task(Given):
    """Something to do; ``rrule`` (RFC 5545) lets it come again."""

    subject: ShortText
    body: LongText = ""
    due_at: datetime | None = None
    remind_at: datetime | None = None
    priority: ShortText = "normal"
    rrule: ShortText = ""


class Meeting(Given):
    """A meeting, past or to come."""

    subject: ShortText
    starts_at: datetime
    ends_at: datetime | None = None
    location: ShortText = ""
    body: LongText = ""


class Email(Given):
    """A mail from the record."""

    to: ShortText
    subject: ShortText
    text: LongText


class Outcome(Given):
    outcome: ShortText = ""


@router.get(
    "/timeline/{object}/{uuid:id}",
    response=TimelineOut,
    operation_id="read_timeline",
    summary="What happened to a record",
)
def read(
    request: HttpRequest,
    object: Object,
    id: UUID,
    kinds: Annotated[str, Query(description=f"With commas, of: {', '.join(KINDS)}.")] = "",
    before: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 40,
) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    chosen = [kind for kind in kinds.split(",") if kind]
    if set(chosen) - set(KINDS):
        sentence = f"Kinds are {', '.join(KINDS)}."
        raise Invalid(sentence, fields={"kinds": [sentence]})
    line = timeline(
        actor, object, id, kinds=chosen or KINDS, before=_aware(before, "before"), limit=limit
    )
    return as_json(
        {"entries": [asdict(entry) for entry in line.entries], "before": line.more_before}
    )


def _aware(moment: datetime | None, key: str) -> datetime | None:
    """The moment in UTC. Raises Invalid for one without its zone or out of reach."""
    if moment is None:
        return None
    sentence = f"{key} needs a time zone, such as 2027-01-31T14:30:00Z."
    if moment.tzinfo is not None:
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            sentence = f"{key} is out of range."
    raise Invalid(sentence, fields={key: [sentence]})


def _made(actor: Any, activity: Activity) -> HttpResponse:
    return record_answer(actor, "activity", activity, status=201)


@router.post(
    "/timeline/{object}/{uuid:id}/notes",
    response={201: RecordOut},
    operation_id="add_note",
    summary="Keep a note about a record",
)
def note(request: HttpRequest, object: Object, id: UUID, body: Note) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return _made(actor, add_note(actor, object, id, body.body))


@router.post(
    "/timeline/{object}/{uuid:id}/calls",
    response={201: RecordOut},
    operation_id="log_call",
    summary="Log a call about a record",
)
def call(request: HttpRequest, object: Object, id: UUID, body: Call) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    values = body.dict() | {"at": _aware(body.at, "at")}
    return _made(actor, log_call(actor, object, id, **values))


@router.post(
    "/timeline/{object}/{uuid:id}/tasks",
    response={201: RecordOut},
    operation_id="create_task",
    summary="Set a task about a record",
)
def task(request: HttpRequest, object: Object, id: UUID, body: Task) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    values = body.dict() | {
        "due_at": _aware(body.due_at, "due_at"),
        "remind_at": _aware(body.remind_at, "remind_at"),
    }
    return _made(actor, create_task(actor, object_key=object, record_id=id, **values))


@router.post(
    "/timeline/{object}/{uuid:id}/meetings",
    response={201: RecordOut},
    operation_id="log_meeting",
    summary="Keep a meeting about a record",
)
def meeting(request: HttpRequest, object: Object, id: UUID, body: Meeting) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    starts_at = _aware(body.starts_at, "starts_at")
    assert starts_at is not None
    values = body.dict() | {"starts_at": starts_at, "ends_at": _aware(body.ends_at, "ends_at")}
    return _made(actor, log_meeting(actor, object, id, **values))


@router.post(
    "/timeline/{object}/{uuid:id}/emails",
    response={201: RecordOut},
    operation_id="send_email",
    summary="Send a mail from a record",
)
def email(request: HttpRequest, object: Object, id: UUID, body: Email) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    sent = send_email_from_record(
        actor, object, id, to=body.to, subject=body.subject, text=body.text
    )
    return _made(actor, sent)


@router.post(
    "/activities/{uuid:id}/complete",
    response=RecordOut,
    operation_id="complete_activity",
    summary="Tick a task or meeting off",
)
def complete(request: HttpRequest, id: UUID, body: Outcome) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return record_answer(actor, "activity", complete_task(actor, id, outcome=body.outcome))


@router.post(
    "/activities/{uuid:id}/reopen",
    response=RecordOut,
    operation_id="reopen_activity",
    summary="Take a task up again",
)
def reopen(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return record_answer(actor, "activity", reopen_task(actor, id))
