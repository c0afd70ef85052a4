"""What can be done with cases, and the clocks that run on them in business time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.calendars import add_business_time, business_minutes_between
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events import record_event
from dealwright.base.numbering import next_number
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User
from dealwright.base.records.services import insert_record, save_changes
from dealwright.base.work_calendars import default_calendar
from dealwright.crm.cases.events import CaseAssigned, CaseSolved
from dealwright.crm.cases.models import Case, Priority, SlaTarget

# Business minutes to first answer and solution where no target is set.
DEFAULT_TARGETS = {
    Priority.LOW: (16 * 60, 80 * 60),
    Priority.NORMAL: (8 * 60, 40 * 60),
    Priority.HIGH: (4 * 60, 16 * 60),
    Priority.URGENT: (60, 8 * 60),
}
SOLVED = (Case.Status.SOLVED, Case.Status.CLOSED)


def create_case(actor: Actor, values: Mapping[str, Any]) -> Case:
    """Open a case; its number is the next of the year, its clocks start now. Raises Invalid."""
    _check_satisfaction(values)
    with change(actor):
        now = timezone.now()
        cleaned: dict[str, Any] = {**values, "created_at": now}
        cleaned |= _due_times(cleaned.get("priority") or Priority.NORMAL, now)
        cleaned |= _times_of_status(None, cleaned.get("status", Case.Status.NEW), now)
        if cleaned.get("contact_id") and not cleaned.get("account_id"):
            cleaned["account_id"] = _account_of(cleaned["contact_id"])
        cleaned["number"] = next_number("case", prefix="C", actor=actor)
        case: Case = insert_record(actor, object_type("case"), cleaned)
        return case


def update_case(actor: Actor, case: Case, values: Mapping[str, Any]) -> Case:
    """Change a case. Another priority sets the due times anew; time in which a case waited
    for the customer is added to them; solving it stops the clock."""
    _check_satisfaction(values)
    cleaned = dict(values)
    now = timezone.now()
    if cleaned.get("priority", case.priority) != case.priority:
        cleaned |= _due_times(cleaned["priority"], case.created_at)
    was, owner_was = case.status, case.owner_id
    status = cleaned.get("status", was)
    if status != was:
        cleaned |= _times_of_status(case, status, now)
    saved: Case = save_changes(actor, case, cleaned)
    if saved.owner_id is not None and saved.owner_id != owner_was:
        record_event(
            actor,
            CaseAssigned(case_id=saved.pk, owner_id=saved.owner_id),
            object="case",
            record_id=saved.pk,
        )
    if status in SOLVED and was not in SOLVED:
        _tell_solved(actor, saved)
    return saved


def assign_case(actor: Actor, case_id: Any, owner_id: Any) -> Case:
    """Give a case to a user. Raises Invalid for one who is not active."""
    user = User.objects.filter(pk=getattr(owner_id, "pk", owner_id), is_active=True).first()
    if user is None:
        sentence = "Owner: there is no such active user."
        raise Invalid(sentence, fields={"owner": [sentence]})
    with change(actor):
        case: Case = get_changeable(actor, "case", case_id)
        return update_case(actor, case, {"owner_id": user.pk})


def set_case_status(actor: Actor, case_id: Any, status: str, *, resolution: str = "") -> Case:
    """Move a case on. Raises Invalid for an unknown status, Conflict for a closed case."""
    if status not in Case.Status.values:
        sentence = f"Status: “{status[:40]}” is none of {', '.join(Case.Status.labels)}."
        raise Invalid(sentence, fields={"status": [sentence]})
    with change(actor):
        case: Case = get_changeable(actor, "case", case_id)
        if case.status == Case.Status.CLOSED and status != Case.Status.OPEN:
            raise Conflict("This case is closed. Reopen it first.")
        values: dict[str, Any] = {"status": status}
        if resolution.strip():
            values["resolution"] = resolution.strip()
        return update_case(actor, case, values)


def respond_to_case(actor: Actor, case_id: Any, *, at: datetime | None = None) -> Case:
    """Note that the customer got a first answer; only the first time counts."""
    with change(actor):
        case: Case = get_changeable(actor, "case", case_id)
        if case.first_response_at is not None:
            return case
        values: dict[str, Any] = {"first_response_at": at or timezone.now()}
        if case.status == Case.Status.NEW:
            values["status"] = Case.Status.OPEN
        return update_case(actor, case, values)


def escalate_late_cases(actor: Actor) -> int:
    """Mark open cases whose answer or solution is overdue; returns how many are new."""
    now = timezone.now()
    marked = 0
    with change(actor):
        late = (
            Case.objects.filter(
                Q(first_response_at__isnull=True, response_due_at__lt=now)
                | Q(resolution_due_at__lt=now, waiting_since__isnull=True),
                is_escalated=False,
            )
            .exclude(status__in=SOLVED)
            .select_for_update(of=("self",), skip_locked=True)
        )
        for case in late:
            save_changes(actor, case, {"is_escalated": True})
            marked += 1
    return marked


def set_sla_target(
    actor: Actor, priority: str, *, response_minutes: int, resolution_minutes: int
) -> SlaTarget:
    """How long a case of a priority may take, in business minutes; for cases opened from now."""
    wrong = {}
    if priority not in Priority.values:
        wrong["priority"] = ["Priority: there is no such priority."]
    if not 1 <= response_minutes <= 1_000_000:
        wrong["response_minutes"] = ["Answer within must be at least a minute."]
    if not response_minutes <= resolution_minutes <= 1_000_000:
        wrong["resolution_minutes"] = ["Solution within must not be less than answer within."]
    if wrong:
        raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
    with change(actor):
        target, _ = SlaTarget.objects.update_or_create(
            priority=priority,
            defaults={
                "response_minutes": response_minutes,
                "resolution_minutes": resolution_minutes,
            },
        )
        return target


def targets() -> dict[str, tuple[int, int]]:
    """Business minutes to answer and to solution by priority."""
    known = {
        row.priority: (row.response_minutes, row.resolution_minutes)
        for row in SlaTarget.objects.all()
    }
    return {str(priority): known.get(priority, DEFAULT_TARGETS[priority]) for priority in Priority}


def _due_times(priority: str, since: datetime) -> dict[str, Any]:
    response, resolution = targets()[priority]
    calendar = default_calendar()
    return {
        "response_due_at": add_business_time(since, response, calendar),
        "resolution_due_at": add_business_time(since, resolution, calendar),
    }


def _times_of_status(case: Case | None, status: str, now: datetime) -> dict[str, Any]:
    """What a change of status does to the clocks."""
    values: dict[str, Any] = {}
    if status in SOLVED:
        values["resolved_at"] = case.resolved_at if case and case.resolved_at else now
    else:
        values["resolved_at"] = None
    if status == Case.Status.WAITING:
        values["waiting_since"] = now
    elif case is not None and case.waiting_since is not None:
        values["waiting_since"] = None
        if case.resolution_due_at is not None:
            calendar = default_calendar()
            waited = business_minutes_between(case.waiting_since, now, calendar)
            values["resolution_due_at"] = add_business_time(
                case.resolution_due_at, waited, calendar
            )
    return values


def _tell_solved(actor: Actor, case: Case) -> None:
    solved_at = case.resolved_at or timezone.now()
    due = case.resolution_due_at
    record_event(
        actor,
        CaseSolved(
            case_id=case.pk,
            account_id=case.account_id,
            contact_id=case.contact_id,
            solved_at=solved_at,
            in_time=due is None or solved_at <= due,
        ),
        object="case",
        record_id=case.pk,
    )


def _account_of(contact_id: Any) -> Any:
    from dealwright.crm.contacts.models import Contact

    return Contact.objects.filter(pk=contact_id).values_list("account_id", flat=True).first()


def _check_satisfaction(values: Mapping[str, Any]) -> None:
    given = values.get("satisfaction")
    if given is not None and not 1 <= given <= 5:
        sentence = "Satisfaction must be between 1 and 5."
        raise Invalid(sentence, fields={"satisfaction": [sentence]})
