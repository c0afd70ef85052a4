"""The leads that wait for a person, on the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from dealwright.base.access.visibility import visible_to
from dealwright.base.people.models import User
from dealwright.base.web.home import Card
from dealwright.crm.leads.assignment import OPEN
from dealwright.crm.leads.models import Lead

SHOWN = 6


def waiting_leads(user: User) -> Mapping[str, Any] | None:
    """Open leads that nobody has answered, one's own and those in the queue that nobody owns,
    the most urgent first; None without any."""
    rows = list(
        Lead.objects.filter(
            Q(owner=user) | Q(owner=None),
            visible_to(user, "lead"),
            status__in=OPEN,
            first_response_at__isnull=True,
        )
        .order_by(F("response_due_at").asc(nulls_last=True), "created_at")
        .values("id", "contact__name", "account__name", "score", "response_due_at", "owner")[
            : SHOWN + 1
        ]
    )
    if not rows:
        return None
    now = timezone.now()
    return {
        "leads": [
            row | {"late": row["response_due_at"] is not None and row["response_due_at"] < now}
            for row in rows[:SHOWN]
        ],
        "more": len(rows) > SHOWN,
    }


LEADS_CARD = Card(
    key="leads",
    label="Leads waiting for an answer",
    template="crm/leads/card.html",
    query=waiting_leads,
    # Mine or nobody's, and not answered.
    url="/leads?filter="
    "%7B%22all%22%3A%5B%7B%22any%22%3A%5B%7B%22field%22%3A%22owner%22%2C%22op%22%3A"
    "%22is_me%22%7D%2C%7B%22field%22%3A%22owner%22%2C%22op%22%3A%22empty%22%7D%5D%7"
    "D%2C%7B%22field%22%3A%22first_response_at%22%2C%22op%22%3A%22empty%22%7D%5D%7D",
    position=12,
)
