"""Calls, meetings, mails: touches of the journey, and what stops a sequence."""

from __future__ import annotations

from uuid import UUID

from dealwright.acceleration.sequences.events import StepDone
from dealwright.acceleration.sequences.models import Enrollment
from dealwright.acceleration.sequences.services import note_answer, stop_for_contact
from dealwright.base.events import Delivery, subscribe
from dealwright.base.messaging.events import EmailReceived
from dealwright.crm.activities.events import ActivityCompleted
from dealwright.crm.activities.models import Activity
from dealwright.crm.leads.models import Lead
from dealwright.crm.opportunities.events import OpportunityWon
from dealwright.crm.opportunities.models import Opportunity
from dealwright.intelligence.tracking.services import record_touch

CHANNELS = {"call": "phone", "meeting": "meeting", "visit": "meeting", "email": "email"}


@subscribe(ActivityCompleted, name="intelligence.touch_of_activity")
def touch_of_activity(delivery: Delivery, event: ActivityCompleted) -> None:
    """A call, meeting, visit or mail stands on the journey; notes and tasks do not."""
    if event.kind not in CHANNELS:
        return
    activity = Activity.everything.get(pk=event.activity_id)
    verb = {"call": "Called", "meeting": "Met", "visit": "Visited", "email": "Mail"}[event.kind]
    if activity.direction == Activity.Direction.INBOUND:
        verb = {"call": "Was called", "email": "Mail from them"}.get(event.kind, verb)
    opportunity_id = event.opportunity_id
    if opportunity_id is None and event.lead_id is not None:
        opportunity_id = Lead.everything.values_list("converted_opportunity_id", flat=True).get(
            pk=event.lead_id
        )
    if opportunity_id is None and event.contact_id is not None:
        opportunity_id = _only_open_deal(event.contact_id)
    record_touch(
        delivery.actor,
        key=f"activity:{event.activity_id}",
        kind=event.kind,
        channel=CHANNELS[event.kind],
        title=f"{verb}: {activity.subject}",
        occurred_at=activity.happened_at or event.completed_at,
        contact_id=event.contact_id,
        account_id=event.account_id,
        lead_id=event.lead_id,
        opportunity_id=opportunity_id,
        ref=("activity", event.activity_id),
    )


def _only_open_deal(contact_id: UUID) -> UUID | None:
    """The person's one open deal; with none or several, a touch belongs to the person alone."""
    deals = list(
        Opportunity.objects.filter(contact_id=contact_id, status="open").values_list(
            "pk", flat=True
        )[:2]
    )
    return deals[0] if len(deals) == 1 else None


@subscribe(EmailReceived, name="acceleration.note_answer")
def answer_stops_sequence(delivery: Delivery, event: EmailReceived) -> None:
    """A person's reply stops their sequences, a bounce too; an absence note only pauses."""
    note_answer(delivery.actor, event.outbound, event.from_address, event.kind)


@subscribe(ActivityCompleted, name="acceleration.meeting_stops_sequence")
def meeting_stops_sequence(delivery: Delivery, event: ActivityCompleted) -> None:
    """Who met us needs no more automatic mails."""
    if event.kind == "meeting" and event.contact_id is not None:
        stop_for_contact(delivery.actor, event.contact_id, Enrollment.StopReason.MEETING)


@subscribe(OpportunityWon, name="acceleration.win_stops_sequence")
def win_stops_sequence(delivery: Delivery, event: OpportunityWon) -> None:
    """A customer gets no more mails meant to win them."""
    if event.contact_id is not None:
        stop_for_contact(delivery.actor, event.contact_id, Enrollment.StopReason.WON)


@subscribe(StepDone, name="intelligence.touch_of_step")
def touch_of_step(delivery: Delivery, event: StepDone) -> None:
    """A sequence's mail stands on the journey."""
    if event.kind != "email":
        return
    record_touch(
        delivery.actor,
        key=f"step:{event.enrollment_id}:{event.step}",
        kind="sequence_email",
        channel="email",
        title=f"Sequence mail: {event.subject}",
        occurred_at=delivery.occurred_at,
        contact_id=event.contact_id,
        lead_id=event.lead_id,
        opportunity_id=event.opportunity_id,
        ref=("enrollment", event.enrollment_id),
    )
