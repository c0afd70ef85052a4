"""What a deal pays: the thread from the deal to the statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from dealwright.base.access.actor import Actor
from dealwright.base.people.models import User
from dealwright.compensation.access import payee_ids, require_pay_manager
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.statements.queries import links_of


def pay_of_record(actor: Actor, record_id: UUID) -> Sequence[Mapping[str, Any]]:
    """Per payee, plan and period what a record's events pay now, as far as the actor may see."""
    visible = payee_ids(actor)
    with connection.cursor() as cursor:
        cursor.execute(
            "select payee.id, payee.name, period.id, period.label, plan.id, line.component,"
            " plan.currency, sum(line.sign * line.payout)"
            " from compensation_creditevent event"
            " join compensation_runline line on line.event_id = event.id"
            " join base_user payee on payee.id = line.payee_id"
            " join compensation_payperiod period on period.id = line.posted_period_id"
            " join compensation_compensationplan plan on plan.id = line.plan_id"
            " where event.record_id = %s and (%s or line.payee_id = any(%s))"
            " group by payee.id, payee.name, period.id, period.label, period.starts_on, plan.id,"
            " line.component, plan.currency having sum(line.sign * line.payout) <> 0"
            " order by period.starts_on, payee.name, line.component",
            [record_id, visible is None, list(visible or ())],
        )
        names = (
            "payee_id",
            "payee",
            "period_id",
            "period",
            "plan_id",
            "component",
            "currency",
            "amount",
        )
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def list_events(actor: Actor, *, search: str = "", limit: int = 100) -> Sequence[Mapping[str, Any]]:
    """The newest events for those who manage pay, by a part of key or title."""
    require_pay_manager(actor)
    rows = CreditEvent.objects.select_related("payee").prefetch_related("splits__user")
    if search:
        rows = rows.filter(Q(key__icontains=search) | Q(title__icontains=search))
    return [
        {
            "key": row.key,
            "title": row.title or row.key,
            "url": next((address for _, address in links_of(row)), ""),
            "kind": row.kind.replace("_", " "),
            "date": row.date,
            "amount": row.amount,
            "currency": row.currency,
            "voided": row.voided_at is not None,
            "who": ", ".join(
                f"{split.user.name} {split.share * 100:.4g}%" for split in row.splits.all()
            )
            or (row.payee.name if row.payee else ""),
        }
        for row in rows.order_by("-date", "-created_at")[:limit]
    ]


def opportunity_panel(user: User, record_id: UUID) -> Mapping[str, Any] | None:
    """The panel on a deal's page; left out where nothing is paid or may be seen."""
    rows = pay_of_record(Actor(user=user, via="web"), record_id)
    if not rows:
        return None
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        totals[row["currency"]] += row["amount"]
    return {"rows": rows[:20], "totals": dict(totals), "more": max(len(rows) - 20, 0)}
