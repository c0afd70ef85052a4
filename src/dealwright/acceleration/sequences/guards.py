"""May this step go out now? One function asks everything in order and says the first no."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dealwright.acceleration.sequences.models import Enrollment, SequenceStep, StepExecution
from dealwright.acceleration.sequences.timing import in_window, next_in_window, zone_of
from dealwright.base.messaging.suppression import suppressed_reason
from dealwright.crm.contacts.models import ContactPoint

DAILY_CAP = 200  # mails of one sender in 24 hours, well below what providers throttle
Stop = Enrollment.StopReason


@dataclass(frozen=True, slots=True)
class Verdict:
    """``go``; or wait until ``until``; or stop with a reason. ``because`` is for people."""

    go: bool = False
    stop: str = ""
    until: datetime | None = None
    because: str = ""


GO = Verdict(go=True)


def verdict_on(enrollment: Enrollment, step: SequenceStep, now: datetime) -> Verdict:
    """The first guard that refuses, or GO. The order is: the enrollment, the person, the law,
    the clock, the sender's limit."""
    sequence, person = enrollment.sequence, enrollment.contact
    if not sequence.is_active:
        return Verdict(until=now + timedelta(hours=1), because="The sequence is switched off.")
    if enrollment.paused_until and enrollment.paused_until > now:
        return Verdict(until=enrollment.paused_until, because="Paused until the person is back.")
    if person.deleted_at is not None or person.erased_at is not None:
        return Verdict(stop=Stop.NO_ADDRESS, because="The person is no longer there.")
    if enrollment.owner is None or not enrollment.owner.is_active:
        return Verdict(until=now + timedelta(hours=1), because="Nobody active owns this.")
    if step.kind != SequenceStep.Kind.EMAIL:
        return GO
    if not person.email:
        return Verdict(stop=Stop.NO_ADDRESS, because="The person has no e-mail address.")
    if person.do_not_email:
        return Verdict(stop=Stop.OPTED_OUT, because=f"{person.name} does not want e-mail.")
    reason = suppressed_reason(person.email, "sequence")
    if reason:
        return Verdict(stop=Stop.OPTED_OUT, because=f"On the suppression list: {reason}.")
    if ContactPoint.objects.filter(
        contact=person, value=person.email, bounced_at__isnull=False
    ).exists():
        return Verdict(stop=Stop.BOUNCED, because="Mail to the address came back before.")
    zone = zone_of(person.timezone or enrollment.owner.timezone)
    if not sequence.any_time and not in_window(now, zone, sequence.opens, sequence.closes):
        return Verdict(
            until=next_in_window(now, zone, sequence.opens, sequence.closes),
            because=f"Outside the sending hours in {zone.key}.",
        )
    sent = StepExecution.objects.filter(
        by=enrollment.owner, at__gt=now - timedelta(days=1), message_id__isnull=False
    ).count()
    if sent >= DAILY_CAP:
        return Verdict(
            until=now + timedelta(hours=1),
            because=f"{enrollment.owner.name} sent {DAILY_CAP} sequence mails in 24 hours.",
        )
    return GO
