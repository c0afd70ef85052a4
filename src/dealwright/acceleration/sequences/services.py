"""Putting people on sequences, taking steps, stopping for good reasons."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Listing
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from dealwright.acceleration.sequences.events import (
    ContactEnrolled,
    EnrollmentStopped,
    StepDone,
)
from dealwright.acceleration.sequences.guards import verdict_on
from dealwright.acceleration.sequences.models import (
    Enrollment,
    Sequence,
    SequenceStep,
    StepExecution,
)
from dealwright.acceleration.sequences.texts import context_of
from dealwright.acceleration.sequences.timing import after_working_days, zone_of
from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import check_create, get_changeable, get_visible
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events import record_event
from dealwright.base.events.records import tell_record_changed
from dealwright.base.messaging import render_template_text, send_email
from dealwright.base.messaging.liquid_text import check_template, missing_names
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.whole_numbers import whole_number
from dealwright.crm.activities.models import Activity
from dealwright.crm.activities.services import create_activity, create_task
from dealwright.crm.contacts.models import Contact
from dealwright.crm.leads.models import Lead
from dealwright.crm.leads.services import respond_to_lead

MOST_STEPS = 30
AUTO_REPLY_PAUSE = timedelta(days=7)


def save_steps(actor: Actor, sequence_id: Any, steps: Listing[Mapping[str, Any]]) -> Sequence:
    """Replace a sequence's steps. Steps that were sent stay for the record; who is under way
    goes on at the same position. Raises Invalid that names each wrong step."""
    wrong: dict[str, list[str]] = {}
    if not 0 < len(steps) <= MOST_STEPS:
        raise Invalid(f"A sequence has 1 to {MOST_STEPS} steps.", fields={"steps": ["1 to 30."]})
    for place, step in enumerate(steps):
        for sentence in _wrong_with(step, first=place == 0):
            wrong.setdefault(f"step-{place}", []).append(f"Step {place + 1}: {sentence}")
    if wrong:
        raise Invalid("Some steps are not right.", fields=wrong)
    with change(actor):
        sequence: Sequence = get_changeable(actor, "sequence", sequence_id)
        kept = {step.position: step for step in _steps_of(sequence)}
        for place, given in enumerate(steps, 1):
            values = {
                "kind": given.get("kind") or SequenceStep.Kind.EMAIL,
                "wait_days": int(given.get("wait_days") or 0),
                "subject": str(given.get("subject") or "").strip()[:250],
                "body": str(given.get("body") or "").strip(),
            }
            known = kept.pop(place, None)
            if known is not None and all(
                getattr(known, name) == value for name, value in values.items()
            ):
                continue
            if known is not None:
                _archive(known)
            SequenceStep.objects.create(sequence=sequence, position=place, **values)
        for left in kept.values():
            _archive(left)
    return sequence


def _wrong_with(step: Mapping[str, Any], *, first: bool) -> list[str]:
    found = []
    kind = step.get("kind") or SequenceStep.Kind.EMAIL
    if kind not in SequenceStep.Kind.values:
        found.append("choose e-mail, task or call.")
    if whole_number(step.get("wait_days") or 0, most=90) is None:
        found.append("wait 0 to 90 working days.")
    if kind == SequenceStep.Kind.EMAIL:
        if first and not str(step.get("subject") or "").strip():
            found.append("the first mail needs a subject.")
        if not str(step.get("body") or "").strip():
            found.append("write the mail.")
    elif not str(step.get("subject") or "").strip():
        found.append("say what is to be done.")
    for name in ("subject", "body"):
        try:
            check_template(str(step.get(name) or ""))
        except Invalid as error:
            found.append(error.message)
    return found


def _archive(step: SequenceStep) -> None:
    if step.executions.exists():
        step.archived_at = timezone.now()
        step.save(update_fields=["archived_at"])
    else:
        step.delete()


def _steps_of(sequence: Sequence) -> models.QuerySet[SequenceStep]:
    return sequence.steps.filter(archived_at__isnull=True)


def enroll_contact(
    actor: Actor,
    sequence_id: Any,
    contact_id: Any,
    *,
    lead_id: Any = None,
    opportunity_id: Any = None,
) -> Enrollment:
    """Put a person on a sequence; its first step is due after its wait.

    Raises Conflict for somebody already on it, Invalid for a sequence without steps.
    """
    check_create(actor, "enrollment")
    with change(actor):
        sequence: Sequence = get_visible(actor, "sequence", sequence_id)
        contact: Contact = get_visible(actor, "contact", contact_id)
        first = _steps_of(sequence).first()
        if first is None:
            raise Invalid("This sequence has no steps yet.")
        if not sequence.is_active:
            raise Conflict("This sequence is switched off.")
        if Enrollment.objects.filter(
            sequence=sequence, contact=contact, stopped_at__isnull=True, finished_at__isnull=True
        ).exists():
            raise Conflict(f"{contact.name} is on this sequence already.")
        owner = actor.user or contact.owner
        now = timezone.now()
        zone = zone_of(contact.timezone or (owner.timezone if owner else "UTC"))
        enrollment = Enrollment(
            sequence=sequence,
            contact=contact,
            lead_id=lead_id,
            opportunity_id=opportunity_id,
            owner=owner,
            created_by=actor.user,
            updated_by=actor.user,
            next_position=first.position,
            due_at=after_working_days(now, first.wait_days, zone),
        )
        enrollment.save(force_insert=True)
        tell_record_changed(actor, enrollment, "created")
        record_event(
            actor,
            ContactEnrolled(
                enrollment_id=enrollment.pk,
                sequence_id=sequence.pk,
                contact_id=contact.pk,
                lead_id=lead_id,
                opportunity_id=opportunity_id,
            ),
            object="enrollment",
            record_id=enrollment.pk,
        )
    return enrollment


def take_step(enrollment: Enrollment, now: datetime) -> bool:
    """Do the due step of a claimed enrollment, or note why not. Whether it was done.

    Always moves ``due_at``, so that the same claim does not come back at once.
    """
    step = _steps_of(enrollment.sequence).filter(position__gte=enrollment.next_position).first()
    if step is None:
        _finish(enrollment, now)
        return False
    verdict = verdict_on(enrollment, step, now)
    if verdict.stop:
        _stop(_sender(enrollment), enrollment, verdict.stop)
        return False
    if not verdict.go:
        enrollment.due_at = verdict.until or now + timedelta(hours=1)
        enrollment.held_because = verdict.because[:250]
        enrollment.save(update_fields=["due_at", "held_because"])
        return False
    missing = _missing(enrollment, step)
    if missing:
        enrollment.due_at = now + timedelta(hours=1)
        enrollment.held_because = f"The text lacks a value for: {', '.join(missing)}."[:250]
        enrollment.save(update_fields=["due_at", "held_because"])
        return False
    _, new = StepExecution.objects.get_or_create(
        enrollment=enrollment, step=step, defaults={"at": now, "by": enrollment.owner}
    )
    if new:
        _do(enrollment, step)
    _advance(enrollment, step, now)
    return new


def _do(enrollment: Enrollment, step: SequenceStep) -> None:
    actor = _sender(enrollment)
    context = context_of(enrollment)
    subject = render_template_text(step.subject, context).strip()
    body = render_template_text(step.body, context).strip()
    execution = StepExecution.objects.get(enrollment=enrollment, step=step)
    if step.kind == SequenceStep.Kind.EMAIL:
        message = _send(actor, enrollment, subject, body)
        execution.message_id = message.pk
        subject = message.subject
        execution.activity_id = _log_mail(actor, enrollment, message).pk
        if enrollment.lead_id:
            respond_to_lead(actor, enrollment.lead_id)
    else:
        execution.activity_id = _set_task(actor, enrollment, step, subject, body).pk
    execution.save(update_fields=["message_id", "activity_id"])
    record_event(
        actor,
        StepDone(
            enrollment_id=enrollment.pk,
            sequence_id=enrollment.sequence_id,
            contact_id=enrollment.contact_id,
            lead_id=enrollment.lead_id,
            opportunity_id=enrollment.opportunity_id,
            step=step.position,
            kind=step.kind,
            subject=subject,
        ),
        object="enrollment",
        record_id=enrollment.pk,
    )


def _send(actor: Actor, enrollment: Enrollment, subject: str, body: str) -> OutboundMessage:
    """The mail, in the thread of the one before where it has no subject of its own."""
    earlier = (
        StepExecution.objects.filter(enrollment=enrollment, message_id__isnull=False)
        .order_by("-at")
        .values_list("message_id", flat=True)
        .first()
    )
    thread = OutboundMessage.objects.filter(pk=earlier).first() if earlier else None
    if not subject and thread is not None:
        subject = thread.subject if thread.subject.startswith("Re: ") else f"Re: {thread.subject}"
    owner = enrollment.owner
    return send_email(
        actor,
        to=enrollment.contact.email,
        to_name=str(enrollment.contact.name),
        subject=subject,
        text=body,
        from_name=owner.name if owner else "",
        reply_to=owner.email if owner else "",
        object="enrollment",
        record_id=enrollment.pk,
        purpose="sequence",
        answer_to=thread,
    )


def _log_mail(actor: Actor, enrollment: Enrollment, message: OutboundMessage) -> Activity:
    return create_activity(
        actor,
        {
            **_subjects(enrollment),
            "kind": Activity.Kind.EMAIL,
            "subject": message.subject[:250],
            "body": message.text,
            "direction": Activity.Direction.OUTBOUND,
            "happened_at": timezone.now(),
            "message_id": message.pk,
            "owner_id": enrollment.owner_id,
        },
    )


def _set_task(
    actor: Actor, enrollment: Enrollment, step: SequenceStep, subject: str, body: str
) -> Activity:
    if step.kind == SequenceStep.Kind.TASK:
        return create_task(
            actor,
            subject=subject,
            body=body,
            object_key="contact",
            record_id=enrollment.contact_id,
            due_at=timezone.now(),
            owner_id=enrollment.owner_id,
        )
    return create_activity(
        actor,
        {
            **_subjects(enrollment),
            "kind": Activity.Kind.CALL,
            "subject": subject[:250],
            "body": body,
            "direction": Activity.Direction.OUTBOUND,
            "due_at": timezone.now(),
            "owner_id": enrollment.owner_id,
        },
    )


def _subjects(enrollment: Enrollment) -> dict[str, Any]:
    found: dict[str, Any] = {
        "contact_id": enrollment.contact_id,
        "account_id": enrollment.contact.account_id,
        "lead_id": enrollment.lead_id,
        "opportunity_id": enrollment.opportunity_id,
    }
    return {name: value for name, value in found.items() if value is not None}


def _advance(enrollment: Enrollment, step: SequenceStep, now: datetime) -> None:
    following = _steps_of(enrollment.sequence).filter(position__gt=step.position).first()
    if following is None:
        _finish(enrollment, now)
        return
    owner = enrollment.owner
    zone = zone_of(enrollment.contact.timezone or (owner.timezone if owner else "UTC"))
    enrollment.next_position = following.position
    enrollment.due_at = after_working_days(now, following.wait_days, zone)
    enrollment.held_because = ""
    enrollment.paused_until = None
    enrollment.save(update_fields=["next_position", "due_at", "held_because", "paused_until"])


def _finish(enrollment: Enrollment, now: datetime) -> None:
    enrollment.finished_at = now
    enrollment.due_at = None
    enrollment.held_because = ""
    enrollment.save(update_fields=["finished_at", "due_at", "held_because"])


def _missing(enrollment: Enrollment, step: SequenceStep) -> list[str]:
    context = context_of(enrollment)
    return [*missing_names(step.subject, context), *missing_names(step.body, context)]


def _sender(enrollment: Enrollment) -> Actor:
    """Steps are taken on behalf of the enrollment's owner, and within the owner's rights."""
    return Actor(user=enrollment.owner, via="job", label=f"Sequence {enrollment.sequence.name}")


def stop_enrollment(
    actor: Actor, enrollment_id: Any, *, reason: str = Enrollment.StopReason.BY_HAND
) -> Enrollment:
    """Take a person off a sequence; doing it twice changes nothing."""
    with change(actor):
        enrollment: Enrollment = get_changeable(actor, "enrollment", enrollment_id)
        _stop(actor, enrollment, reason)
    return enrollment


def _stop(actor: Actor, enrollment: Enrollment, reason: str) -> None:
    if enrollment.stopped_at or enrollment.finished_at:
        return
    enrollment.stopped_at = timezone.now()
    enrollment.stop_reason = reason
    enrollment.due_at = None
    enrollment.held_because = ""
    enrollment.version += 1
    enrollment.save(
        update_fields=["stopped_at", "stop_reason", "due_at", "held_because", "version"]
    )
    record_event(
        actor,
        EnrollmentStopped(
            enrollment_id=enrollment.pk,
            sequence_id=enrollment.sequence_id,
            contact_id=enrollment.contact_id,
            lead_id=enrollment.lead_id,
            opportunity_id=enrollment.opportunity_id,
            reason=reason,
        ),
        object="enrollment",
        record_id=enrollment.pk,
    )


def stop_for_contact(actor: Actor, contact_id: UUID, reason: str) -> int:
    """Stop all a person is on; a reply also stops colleagues where the sequence says so."""
    running = Enrollment.objects.filter(stopped_at__isnull=True, finished_at__isnull=True)
    with change(actor):
        mine = list(running.filter(contact_id=contact_id).select_for_update(of=("self",)))
        for enrollment in mine:
            _stop(actor, enrollment, reason)
        others: list[Enrollment] = []
        account_id = Contact.everything.filter(pk=contact_id).values_list("account_id", flat=True)
        if reason == Enrollment.StopReason.REPLIED and (account := account_id.first()):
            others = list(
                running.filter(contact__account_id=account, sequence__stop_for_account=True)
                .exclude(contact_id=contact_id)
                .select_for_update(of=("self",))
            )
            for enrollment in others:
                _stop(actor, enrollment, Enrollment.StopReason.ACCOUNT_REPLIED)
    return len(mine) + len(others)


def note_answer(actor: Actor, outbound_id: UUID | None, from_address: str, kind: str) -> int:
    """What an incoming mail means for sequences: a person's reply stops them, a bounce too, an
    automatic answer pauses for a week. Returns how many enrollments it touched."""
    execution = (
        StepExecution.objects.filter(message_id=outbound_id).select_related("enrollment").first()
        if outbound_id
        else None
    )
    contact_id = execution.enrollment.contact_id if execution else None
    if contact_id is None:
        contact_id = (
            Contact.objects.filter(email=from_address.strip().lower())
            .values_list("pk", flat=True)
            .first()
        )
    if contact_id is None:
        return 0
    with change(actor):
        if kind in ("reply", "new"):
            if execution is not None:
                execution.replied_at = execution.replied_at or timezone.now()
                execution.save(update_fields=["replied_at"])
            return stop_for_contact(actor, contact_id, Enrollment.StopReason.REPLIED)
        if kind == "bounce":
            if execution is None:
                return 0
            execution.bounced_at = timezone.now()
            execution.save(update_fields=["bounced_at"])
            return stop_for_contact(actor, contact_id, Enrollment.StopReason.BOUNCED)
        if kind == "unsubscribe":
            return stop_for_contact(actor, contact_id, Enrollment.StopReason.OPTED_OUT)
        if kind == "auto_reply":
            until = timezone.now() + AUTO_REPLY_PAUSE
            return Enrollment.objects.filter(
                contact_id=contact_id, stopped_at__isnull=True, finished_at__isnull=True
            ).update(paused_until=until, due_at=until, held_because="Out of office.")
    return 0


def enroll_lead(actor: Actor, sequence_id: Any, lead_id: Any) -> Enrollment:
    """Put a lead's person on a sequence and keep the link to the lead."""
    lead: Lead = get_visible(actor, "lead", lead_id)
    return enroll_contact(
        actor,
        sequence_id,
        lead.contact_id,
        lead_id=lead.pk,
        opportunity_id=lead.converted_opportunity_id,
    )
