"""A lead came in: find out, score, remember the touch."""

from __future__ import annotations

from dealwright.base.events import Delivery, subscribe
from dealwright.base.messaging import notify
from dealwright.base.people.models import User
from dealwright.crm.forms.models import FormSubmission
from dealwright.crm.leads.events import LeadAssigned, LeadCaptured, LeadConverted
from dealwright.crm.leads.models import Lead
from dealwright.intelligence.enrichment.services import enrich_lead
from dealwright.intelligence.scoring.services import score_lead
from dealwright.intelligence.tracking.channels import channel_of_visit
from dealwright.intelligence.tracking.services import (
    identify_visitor,
    link_touches_to_opportunity,
    record_touch,
)


@subscribe(LeadCaptured, name="intelligence.enrich_and_score")
def enrich_and_score(delivery: Delivery, event: LeadCaptured) -> None:
    """Fill in what the lead's address tells, then give it its points with reasons."""
    enrich_lead(delivery.actor, event.lead_id)
    score_lead(delivery.actor, event.lead_id)


@subscribe(LeadCaptured, name="intelligence.touch_of_form")
def touch_of_form(delivery: Delivery, event: LeadCaptured) -> None:
    """Join the visits before to the person, and put the form on the journey."""
    lead = Lead.everything.select_related("form").get(pk=event.lead_id)
    submission = FormSubmission.objects.filter(lead=lead).order_by("-at").first()
    visitor_id = str((submission.values if submission else {}).get("visitor", ""))
    visitor = identify_visitor(delivery.actor, visitor_id, event.contact_id) if visitor_id else None
    utm = {
        name: getattr(lead, name)
        for name in ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    }
    record_touch(
        delivery.actor,
        key=f"lead:{event.lead_id}",
        kind="form",
        channel=channel_of_visit(utm, lead.referrer) if any(utm.values()) else "form",
        title=f"Sent the form “{lead.form.name}”" if lead.form else "Became a lead",
        occurred_at=lead.created_at,
        lead_id=lead.pk,
        visitor=visitor if visitor and visitor.contact_id == event.contact_id else None,
        ref=("lead", lead.pk),
        utm=utm,
        url=lead.landing_page,
        referrer=lead.referrer,
        is_marketing=True,
    )


@subscribe("lead.updated", "contact.updated", "account.updated", name="intelligence.rescore")
def rescore(delivery: Delivery, event: object) -> None:
    """A changed fact about lead, person or company can change the points of open leads."""
    changed = set(getattr(event, "changed", ()))
    if delivery.record_id is None or changed <= {"score", "grade", "owner", "assigned_at"}:
        return
    by = {"lead": "pk", "contact": "contact_id", "account": "account_id"}[delivery.object]
    leads = Lead.objects.filter(**{by: delivery.record_id}).exclude(
        status__in=[Lead.Status.CONVERTED, Lead.Status.DISQUALIFIED]
    )
    for lead_id in leads.values_list("pk", flat=True)[:200]:
        score_lead(delivery.actor, lead_id)


@subscribe(LeadAssigned, name="messaging.tell_new_owner")
def tell_new_owner(delivery: Delivery, event: LeadAssigned) -> None:
    """Tell a rep of a new lead and how long there is to answer."""
    if delivery.actor_id == event.owner_id:
        return
    lead = Lead.everything.select_related("contact").get(pk=event.lead_id)
    owner = User.objects.filter(pk=event.owner_id, is_active=True).first()
    if owner is not None:
        due = f" Answer by {lead.response_due_at:%H:%M} UTC." if lead.response_due_at else ""
        notify(
            owner,
            f"New lead: {lead.contact.name}",
            body=f"{event.reason}{due}",
            url=f"/leads/{lead.pk}",
            object="lead",
            record_id=lead.pk,
        )


@subscribe(LeadConverted, name="intelligence.link_touches")
def link_touches(delivery: Delivery, event: LeadConverted) -> None:
    """What led to the lead belongs to its deal from now on."""
    link_touches_to_opportunity(delivery.actor, event.lead_id, event.opportunity_id)
    record_touch(
        delivery.actor,
        key=f"converted:{event.lead_id}",
        kind="converted",
        channel="sales",
        title="Became an opportunity",
        occurred_at=delivery.occurred_at,
        opportunity_id=event.opportunity_id,
        lead_id=event.lead_id,
        ref=("opportunity", event.opportunity_id),
    )
