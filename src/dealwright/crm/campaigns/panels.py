"""What the page of a campaign shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, Sum

from dealwright.base.access.visibility import changeable_by, visible_to
from dealwright.base.objects.registry import Panel
from dealwright.crm.campaigns.models import Campaign, CampaignMember
from dealwright.crm.campaigns.services import RESPONDED
from dealwright.crm.contacts.models import Contact
from dealwright.crm.deferred import deferred
from dealwright.crm.leads.models import Lead
from dealwright.crm.opportunities.models import Opportunity


def members_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Who is in the campaign, of those the user may see."""
    seen = Contact.objects.filter(visible_to(user, "contact")).values("pk")
    rows = CampaignMember.objects.filter(campaign=record_id, contact__in=seen)
    labels = dict(CampaignMember.Status.choices)
    members = [
        {**row, "status_label": labels[row["status"]]}
        for row in rows.order_by("-added_at").values(
            "id", "contact_id", "contact__name", "contact__email", "status", "responded_at"
        )[:100]
    ]
    return {
        "members": members,
        "count": rows.count(),
        "statuses": CampaignMember.Status.choices,
        "may_write": Campaign.objects.filter(
            changeable_by(user, "campaign"), pk=record_id
        ).exists(),
    }


def results_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """What the campaign brought so far against what it cost, in its own currency."""
    campaign = (
        Campaign.objects.filter(pk=record_id)
        .values("currency", "budget", "actual_cost", "expected_revenue")
        .first()
    )
    if campaign is None:
        return None
    figures = CampaignMember.objects.filter(campaign=record_id).aggregate(
        reached=Count("id"), responded=Count("id", filter=Q(status__in=RESPONDED))
    )
    deals = Opportunity.objects.filter(
        visible_to(user, "opportunity"), campaign=record_id, currency=campaign["currency"]
    ).aggregate(
        count=Count("id"),
        pipeline=Sum("amount", filter=Q(status="open")),
        won=Sum("amount", filter=Q(status="won")),
    )
    leads = Lead.objects.filter(visible_to(user, "lead"), campaign=record_id).count()
    cost, won = campaign["actual_cost"], deals["won"]
    return {
        **campaign,
        **figures,
        "deals": deals,
        "leads": leads,
        "return_on_cost": (won - cost) / cost if won is not None and cost else None,
    }


PANELS = (
    Panel(
        key="members", label="Members", template="crm/campaigns/members_panel.html",
        query=deferred(members_context), place="main", position=10,
    ),
    Panel(
        key="results", label="Results", template="crm/campaigns/results_panel.html",
        query=results_context, position=5,
    ),
)  # fmt: skip
