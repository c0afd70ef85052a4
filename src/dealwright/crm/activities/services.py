"""What people note down: calls, notes, meetings, tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import check_create, get_changeable, get_visible
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events import record_event
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes
from dealwright.crm.activities.events import ActivityCompleted
from dealwright.crm.activities.models import Activity, ActivityLink, ActivityParticipant
from dealwright.crm.activities.responses import note_response

SUBJECTS = ("account", "contact", "lead", "opportunity", "case")  # own columns of an activity
DONE_AT_ONCE = (
    Activity.Kind.CALL,
    Activity.Kind.EMAIL,
    Activity.Kind.NOTE,
    Activity.Kind.SMS,
    Activity.Kind.VISIT,
)


def create_activity(actor: Actor, values: Mapping[str, Any]) -> Activity:
    """Write an activity. What is no task and lies not ahead counts as done at once. Raises
    Invalid, or NotAllowed where the actor's profile writes no activities."""
    check_create(actor, "activity")
    cleaned = _complete_subjects(dict(values))
    _check_times(cleaned)
    now = timezone.now()
    if "status" not in cleaned:
        ahead = cleaned.get("due_at") or (cleaned.get("starts_at") and cleaned["starts_at"] > now)
        done = cleaned.get("kind") in DONE_AT_ONCE and not ahead
        cleaned["status"] = Activity.Status.COMPLETED if done else Activity.Status.OPEN
    if cleaned["status"] == Activity.Status.COMPLETED:
        cleaned.setdefault("happened_at", cleaned.get("starts_at") or now)
        cleaned["completed_at"] = cleaned.get("ends_at") or cleaned["happened_at"]
    with change(actor):
        activity: Activity = insert_record(actor, object_type("activity"), cleaned)
        if activity.status == Activity.Status.COMPLETED:
            _tell_completed(actor, activity)
        return activity


def update_activity(actor: Actor, activity: Activity, values: Mapping[str, Any]) -> Activity:
    """Change an activity; setting its status to completed completes it."""
    cleaned = dict(values)
    merged = {
        key: cleaned.get(key, getattr(activity, key)) for key in ("starts_at", "ends_at", "rrule")
    }
    _check_times({**merged, "due_at": cleaned.get("due_at", activity.due_at)})
    was = activity.status
    status = cleaned.get("status", was)
    if status == Activity.Status.COMPLETED and was != status:
        now = timezone.now()
        cleaned |= {"completed_at": now}
        cleaned.setdefault("happened_at", activity.starts_at or now)
    elif status != Activity.Status.COMPLETED:
        cleaned["completed_at"] = None
    if "remind_at" in cleaned and cleaned["remind_at"] != activity.remind_at:
        cleaned["reminded_at"] = None
    saved: Activity = save_changes(actor, activity, cleaned)
    if saved.status == Activity.Status.COMPLETED and was != saved.status:
        _tell_completed(actor, saved)
        _repeat(actor, saved)
    return saved


def log_call(
    actor: Actor,
    object_key: str,
    record_id: Any,
    *,
    subject: str = "",
    body: str = "",
    outcome: str = "",
    direction: str = Activity.Direction.OUTBOUND,
    duration_seconds: int | None = None,
    at: datetime | None = None,
    contact_id: Any = None,
) -> Activity:
    """Note a call about a record. Raises Invalid for an unknown outcome."""
    _check_choice(outcome, Activity.Outcome, "outcome", "Outcome")
    _check_choice(direction, Activity.Direction, "direction", "Direction")
    if duration_seconds is not None and not 0 <= duration_seconds <= 86_400:
        sentence = "Duration must be between 0 seconds and a day."
        raise Invalid(sentence, fields={"duration_seconds": [sentence]})
    label = Activity.Outcome(outcome).label if outcome else "Call"
    return _log(
        actor,
        object_key,
        record_id,
        {
            "kind": Activity.Kind.CALL,
            "subject": subject.strip()[:250] or str(label),
            "body": body.strip(),
            "outcome": outcome,
            "direction": direction,
            "duration_seconds": duration_seconds,
            "happened_at": at or timezone.now(),
            **({"contact_id": contact_id} if contact_id else {}),
        },
    )


def add_note(actor: Actor, object_key: str, record_id: Any, body: str) -> Activity:
    """Keep a note about a record; its first line is its subject."""
    body = body.strip()
    if not body:
        raise Invalid("The note is empty.", fields={"body": ["Write something first."]})
    if len(body) > 20_000:
        sentence = "A note may have at most 20,000 characters."
        raise Invalid(sentence, fields={"body": [sentence]})
    subject = body.splitlines()[0][:250]
    values = {"kind": Activity.Kind.NOTE, "subject": subject, "body": body}
    return _log(actor, object_key, record_id, values)


def log_meeting(
    actor: Actor,
    object_key: str,
    record_id: Any,
    *,
    subject: str,
    starts_at: datetime,
    ends_at: datetime | None = None,
    location: str = "",
    body: str = "",
    participants: Sequence[Mapping[str, Any]] = (),
) -> Activity:
    """Note a meeting that took place or will; ``participants`` are ``{"contact"}``,
    ``{"user"}`` or ``{"address"}``."""
    subject = _subject(subject)
    now = timezone.now()
    done = (ends_at or starts_at) <= now
    with change(actor):
        activity = _log(
            actor,
            object_key,
            record_id,
            {
                "kind": Activity.Kind.MEETING,
                "subject": subject,
                "body": body.strip(),
                "starts_at": starts_at,
                "ends_at": ends_at,
                "location": location.strip()[:250],
                "timezone": actor.user.timezone if actor.user else "UTC",
                "status": Activity.Status.COMPLETED if done else Activity.Status.OPEN,
                **({"outcome": Activity.Outcome.HELD} if done else {}),
            },
        )
        _add_participants(actor, activity, participants)
        return activity


def create_task(
    actor: Actor,
    *,
    subject: str,
    object_key: str = "",
    record_id: Any = None,
    due_at: datetime | None = None,
    remind_at: datetime | None = None,
    priority: str = Activity.Priority.NORMAL,
    owner_id: Any = None,
    body: str = "",
    rrule: str = "",
) -> Activity:
    """Set a task, about a record or about nothing in particular. ``rrule`` (RFC 5545) makes
    it come again when it is done."""
    _check_choice(priority, Activity.Priority, "priority", "Priority")
    values: dict[str, Any] = {
        "kind": Activity.Kind.TASK,
        "subject": _subject(subject),
        "body": body.strip(),
        "due_at": due_at,
        "remind_at": remind_at,
        "priority": priority,
        "rrule": rrule.strip(),
        "timezone": actor.user.timezone if actor.user else "UTC",
        **({"owner_id": getattr(owner_id, "pk", owner_id)} if owner_id else {}),
    }
    if object_key:
        return _log(actor, object_key, record_id, values)
    return create_activity(actor, values)


def complete_task(actor: Actor, activity_id: Any, *, outcome: str = "") -> Activity:
    """Tick a task or meeting off; one that repeats comes again. Doing it twice changes
    nothing."""
    _check_choice(outcome, Activity.Outcome, "outcome", "Outcome")
    with change(actor):
        activity: Activity = get_changeable(actor, "activity", activity_id)
        if activity.status == Activity.Status.COMPLETED:
            return activity
        values = {"status": Activity.Status.COMPLETED, **({"outcome": outcome} if outcome else {})}
        return update_activity(actor, activity, values)


def reopen_task(actor: Actor, activity_id: Any) -> Activity:
    """Take a completed or cancelled task up again. Raises Conflict for what is no task."""
    with change(actor):
        activity: Activity = get_changeable(actor, "activity", activity_id)
        if activity.kind not in (Activity.Kind.TASK, Activity.Kind.MEETING):
            raise Conflict("Only tasks and meetings can be reopened.")
        return update_activity(actor, activity, {"status": Activity.Status.OPEN})


def link_activity(actor: Actor, activity_id: Any, object_key: str, record_id: Any) -> None:
    """Tie an activity to one more record."""
    with change(actor):
        activity = get_changeable(actor, "activity", activity_id)
        record = get_visible(actor, object_key, record_id)
        ActivityLink.objects.get_or_create(
            activity=activity, object=object_key, record_id=record.pk
        )


def about(actor: Actor, object_key: str, record_id: Any) -> tuple[dict[str, Any], Any]:
    """The columns that say what an activity is about, and the record itself, which the actor
    must be able to see. An object without a column of its own gives none."""
    record = get_visible(actor, object_key, record_id)
    if object_key in SUBJECTS:
        return _complete_subjects({f"{object_key}_id": record.pk}), record
    values: dict[str, Any] = {}
    for key in ("opportunity", "contact", "account"):
        if getattr(record, f"{key}_id", None):
            values[f"{key}_id"] = getattr(record, f"{key}_id")
    return _complete_subjects(values), record


def _log(actor: Actor, object_key: str, record_id: Any, values: dict[str, Any]) -> Activity:
    with change(actor):
        subjects, record = about(actor, object_key, record_id)
        activity = create_activity(actor, {**subjects, **values})
        if object_key not in SUBJECTS:
            ActivityLink.objects.create(activity=activity, object=object_key, record_id=record.pk)
        return activity


def _complete_subjects(values: dict[str, Any]) -> dict[str, Any]:
    """What is about a deal or a lead is about its account and person, too."""
    from dealwright.crm.models import Case, Contact, Lead, Opportunity

    for key, model in (("opportunity_id", Opportunity), ("lead_id", Lead), ("case_id", Case)):
        if values.get(key):
            row = model.objects.filter(pk=values[key]).values("account_id", "contact_id").first()
            for name, value in (row or {}).items():
                if value and not values.get(name):
                    values[name] = value
    if values.get("contact_id") and not values.get("account_id"):
        values["account_id"] = (
            Contact.objects.filter(pk=values["contact_id"])
            .values_list("account_id", flat=True)
            .first()
        )
    return values


def _check_times(values: Mapping[str, Any]) -> None:
    starts, ends = values.get("starts_at"), values.get("ends_at")
    if starts and ends and ends < starts:
        sentence = "Ends must not lie before starts."
        raise Invalid(sentence, fields={"ends_at": [sentence]})
    rule = values.get("rrule")
    if rule:
        try:
            rrulestr(rule, dtstart=values.get("due_at") or starts or timezone.now())
        except (ValueError, TypeError, KeyError, AttributeError):
            sentence = "Repeats: this is no rule such as FREQ=WEEKLY;BYDAY=MO."
            raise Invalid(sentence, fields={"rrule": [sentence]}) from None


def _repeat(actor: Actor, done: Activity) -> None:
    """The next one of a task that repeats, counted in the wall time of its own zone."""
    if not done.rrule or done.due_at is None:
        return
    zone = ZoneInfo(done.timezone)
    local = done.due_at.astimezone(zone).replace(tzinfo=None)
    following = rrulestr(done.rrule, dtstart=local).after(local)
    if following is None:
        return
    due_at = following.replace(tzinfo=zone)
    create_activity(
        actor,
        {
            "kind": done.kind,
            "subject": done.subject,
            "body": done.body,
            "priority": done.priority,
            "due_at": due_at,
            "remind_at": done.remind_at and due_at - (done.due_at - done.remind_at),
            "rrule": done.rrule,
            "timezone": done.timezone,
            "owner_id": done.owner_id,
            **{f"{key}_id": getattr(done, f"{key}_id") for key in SUBJECTS},
        },
    )


def _add_participants(
    actor: Actor, activity: Activity, participants: Sequence[Mapping[str, Any]]
) -> None:
    rows = []
    for each in participants:
        contact = get_visible(actor, "contact", each["contact"]) if each.get("contact") else None
        rows.append(
            ActivityParticipant(
                activity=activity,
                contact=contact,
                user_id=getattr(each.get("user"), "pk", each.get("user")),
                address=str(each.get("address") or "").strip()[:254],
            )
        )
    ActivityParticipant.objects.bulk_create(rows)


def _tell_completed(actor: Actor, activity: Activity) -> None:
    record_event(
        actor,
        ActivityCompleted(
            activity_id=activity.pk,
            kind=activity.kind,
            outcome=activity.outcome,
            owner_id=activity.owner_id,
            contact_id=activity.contact_id,
            account_id=activity.account_id,
            lead_id=activity.lead_id,
            opportunity_id=activity.opportunity_id,
            completed_at=activity.completed_at or timezone.now(),
        ),
        object="activity",
        record_id=activity.pk,
    )
    note_response(actor, activity)


def _subject(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("Subject is required.", fields={"subject": ["Subject is required."]})
    return text[:250]


def _check_choice(value: str, choices: Any, key: str, label: str) -> None:
    if value and value not in choices.values:
        sentence = f"{label}: “{value[:40]}” is none of {', '.join(choices.labels)}."
        raise Invalid(sentence, fields={key: [sentence]})
