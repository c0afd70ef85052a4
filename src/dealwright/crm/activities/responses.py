"""Reaching out to a person answers the person's open leads."""

from __future__ import annotations

from django.db.models import Q

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import changeable_by
from dealwright.crm.activities.models import Activity
from dealwright.crm.leads.models import Lead
from dealwright.crm.leads.services import CLOSED, respond_to_lead

_REACHING = (
    Activity.Kind.CALL,
    Activity.Kind.EMAIL,
    Activity.Kind.MEETING,
    Activity.Kind.SMS,
    Activity.Kind.VISIT,
)


def note_response(actor: Actor, activity: Activity) -> None:
    """Stop the response clock of the leads that a completed outbound activity is about: the
    lead itself, or the person's leads that the actor may change."""
    if activity.kind not in _REACHING or activity.direction == Activity.Direction.INBOUND:
        return
    if activity.lead_id:
        leads = Lead.objects.filter(pk=activity.lead_id)
    elif activity.contact_id:
        leads = Lead.objects.filter(contact=activity.contact_id)
    else:
        return
    mine = Q() if actor.user is None else changeable_by(actor.user, "lead")
    waiting = leads.filter(mine, first_response_at__isnull=True).exclude(status__in=CLOSED)
    for lead_id in waiting.values_list("pk", flat=True):
        respond_to_lead(actor, lead_id, at=activity.happened_at)
