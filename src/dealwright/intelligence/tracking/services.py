"""Recording touches, and finding out whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.crm.leads.models import Lead
from dealwright.crm.opportunities.models import Opportunity
from dealwright.intelligence.tracking.models import Touchpoint, Visitor

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")


def record_touch(
    actor: Actor,
    *,
    key: str,
    kind: str,
    channel: str,
    title: str,
    occurred_at: datetime | None = None,
    contact_id: UUID | None = None,
    account_id: UUID | None = None,
    lead_id: UUID | None = None,
    opportunity_id: UUID | None = None,
    visitor: Visitor | None = None,
    ref: tuple[str, UUID] | None = None,
    utm: Mapping[str, str] | None = None,
    url: str = "",
    referrer: str = "",
    is_marketing: bool = False,
    is_machine: bool = False,
) -> Touchpoint:
    """Write one touch; the same ``key`` again changes nothing.

    What is not said is read from the records: a deal tells its account and person, a lead
    its person, account and deal.
    """
    if lead_id and not (contact_id and account_id and opportunity_id):
        lead = Lead.everything.filter(pk=lead_id).values(
            "contact_id", "account_id", "converted_opportunity_id"
        )
        for row in lead:
            contact_id = contact_id or row["contact_id"]
            account_id = account_id or row["account_id"]
            opportunity_id = opportunity_id or row["converted_opportunity_id"]
    if opportunity_id and not (contact_id and account_id):
        for row in Opportunity.everything.filter(pk=opportunity_id).values(
            "contact_id", "account_id"
        ):
            contact_id = contact_id or row["contact_id"]
            account_id = account_id or row["account_id"]
    marks = {name: (utm or {}).get(name, "")[:250] for name in UTM}
    with change(actor):
        touch, _ = Touchpoint.objects.get_or_create(
            key=key[:120],
            defaults={
                "kind": kind,
                "channel": channel,
                "title": title[:250],
                "occurred_at": occurred_at or timezone.now(),
                "contact_id": contact_id,
                "account_id": account_id,
                "lead_id": lead_id,
                "opportunity_id": opportunity_id,
                "visitor": visitor,
                "ref_object": ref[0] if ref else "",
                "ref_id": ref[1] if ref else None,
                "url": url[:1000],
                "referrer": referrer[:1000],
                "is_marketing": is_marketing,
                "is_machine": is_machine,
                **marks,
            },
        )
    return touch


def identify_visitor(actor: Actor, anonymous_id: str, contact_id: UUID) -> Visitor | None:
    """Say whose browser it is; touches before that become the person's.

    A browser already known as somebody else's stays theirs: two identified people are never
    joined by a shared device. Returns None for a browser that was never seen.
    """
    with change(actor):
        visitor: Visitor | None = (
            Visitor.objects.select_for_update().filter(anonymous_id=anonymous_id).first()
        )
        if visitor is None or visitor.contact_id not in (None, contact_id):
            return visitor
        if visitor.contact_id is None:
            visitor.contact_id = contact_id
            visitor.identified_at = timezone.now()
            visitor.save(update_fields=["contact", "identified_at"])
        Touchpoint.objects.filter(visitor=visitor, contact__isnull=True).update(
            contact_id=contact_id
        )
    return visitor


def link_touches_to_opportunity(actor: Actor, lead_id: UUID, opportunity_id: UUID) -> int:
    """A converted lead's touches belong to its deal from now on, the person's web visits before
    it too; returns how many."""
    lead: Any = Lead.everything.select_related("contact").get(pk=lead_id)
    with change(actor):
        return Touchpoint.objects.filter(
            models.Q(lead_id=lead_id)
            | models.Q(contact_id=lead.contact_id, lead__isnull=True, visitor__isnull=False),
            opportunity__isnull=True,
        ).update(opportunity_id=opportunity_id)
