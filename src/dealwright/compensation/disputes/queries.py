"""What can be asked about disputes and adjustments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.compensation.access import visible_pay
from dealwright.compensation.disputes.models import Adjustment, Dispute
from dealwright.compensation.periods.models import PayPeriod


def list_disputes(actor: Actor, *, open_only: bool = False, limit: int = 100) -> Sequence[Dispute]:
    """Disputes about pay that the actor may see, the newest first."""
    rows = Dispute.objects.filter(visible_pay(actor)).select_related("payee", "period", "plan")
    if open_only:
        rows = rows.filter(resolved_at__isnull=True)
    return list(rows.order_by("-opened_at")[:limit])


def may_see_dispute(actor: Actor, dispute_id: Any) -> bool:
    """Whether the actor may see the pay that a dispute is about."""
    return (
        actor.user is not None
        and Dispute.objects.filter(visible_pay(actor), pk=dispute_id).exists()
    )


def list_adjustments(
    actor: Actor, *, period: PayPeriod | None = None, open_only: bool = False, limit: int = 100
) -> Sequence[Adjustment]:
    """Adjustments of pay that the actor may see, the newest first."""
    rows = Adjustment.objects.filter(visible_pay(actor)).select_related(
        "payee", "period", "plan", "proposed_by", "decided_by"
    )
    if period is not None:
        rows = rows.filter(period=period)
    if open_only:
        rows = rows.filter(approved_at__isnull=True, rejected_at__isnull=True)
    return list(rows.order_by("-proposed_at")[:limit])
