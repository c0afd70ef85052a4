"""The door through which interest comes in from outside: forms, mail, imports, other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.events import record_event
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import clean_values
from dealwright.crm.campaigns.models import CampaignMember
from dealwright.crm.leads.events import LeadCaptured
from dealwright.crm.leads.models import Lead
from dealwright.crm.leads.persons import insert_lead
from dealwright.crm.leads.services import assign_lead

PERSON_FIELDS = ("first_name", "last_name", "email", "phone", "job_title", "company")
UTM_FIELDS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_LIMITS = dict.fromkeys(UTM_FIELDS, 250) | {"landing_page": 1000, "referrer": 1000}


def capture_lead(
    actor: Actor,
    person: Mapping[str, Any],
    *,
    source: str = Lead.Source.WEB,
    source_detail: str = "",
    message: str = "",
    utm: Mapping[str, str] | None = None,
    landing_page: str = "",
    referrer: str = "",
    campaign_id: UUID | None = None,
    form_id: UUID | None = None,
) -> Lead:
    """Write a lead from what someone told about themselves, in one transaction.

    ``person`` holds any of first_name, last_name, email, phone, job_title and company. The
    person is matched by e-mail and never doubled, the account by the e-mail's domain (not
    for free mail) or the company's name; the response clock starts and the assignment rules
    give it an owner. ``utm`` values and addresses are cut to length, never refused.

    Raises Invalid where nothing tells who it is or a value cannot be one.
    """
    of = object_type("lead")
    tracked = {**{key: (utm or {}).get(key, "") for key in UTM_FIELDS}}
    tracked |= {"landing_page": landing_page, "referrer": referrer}
    values = clean_values(
        of,
        {
            **{key: person[key] for key in PERSON_FIELDS if person.get(key)},
            "source": source,
            "source_detail": source_detail[:250],
            "message": message[:20_000],
            **{key: _clean(text)[: _LIMITS[key]] for key, text in tracked.items()},
        },
        creating=True,
    )
    if not any(person.get(key) for key in ("first_name", "last_name", "email", "phone")):
        sentence = "Tell us at least your e-mail address."
        raise Invalid(sentence, fields={"email": [sentence]})
    with change(actor):
        lead, is_new = insert_lead(
            actor, {**values, "campaign_id": campaign_id, "form_id": form_id}
        )
        if campaign_id is not None:
            _join_campaign(lead, campaign_id)
        record_event(
            actor,
            LeadCaptured(
                lead_id=lead.pk,
                contact_id=lead.contact_id,
                account_id=lead.account_id,
                email=lead.contact.email,
                source=lead.source,
                is_new_contact=is_new,
                form_id=form_id,
                campaign_id=campaign_id,
            ),
            object="lead",
            record_id=lead.pk,
        )
        return assign_lead(actor, lead.pk)


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()


def _join_campaign(lead: Lead, campaign_id: UUID) -> None:
    """Who answers a campaign's form has responded to it."""
    CampaignMember.objects.update_or_create(
        campaign_id=campaign_id,
        contact_id=lead.contact_id,
        defaults={"status": CampaignMember.Status.RESPONDED, "responded_at": lead.created_at},
    )
