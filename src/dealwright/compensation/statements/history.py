"""What became known after a moment, and by which runs, adjustments and holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Sum
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.people.models import User
from dealwright.compensation.access import visible_pay
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.disputes.models import Adjustment
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.periods.models import PayPeriod


@dataclass(frozen=True, slots=True)
class Later:
    """What one run, adjustment or hold changed of what is payable, after the moment."""

    at: datetime
    cause: str
    by: str
    run_id: UUID | None
    component: str
    payees: int
    amount: Decimal
    currency: str


_GROUP = ("run_id", "adjustment_id", "hold_id", "kind", "component", "currency")


def changes_since(payee: User, period: PayPeriod, moment: datetime) -> Sequence[Later]:
    """What changed on a payee's statement since a moment. With what was payable then they sum
    to what is payable now."""
    return _later(Posting.objects.filter(payee=payee), period, moment, _GROUP)


def period_changes_since(actor: Actor, period: PayPeriod, moment: datetime) -> Sequence[Later]:
    """What changed in a period since a moment, of payees whose pay the actor may see."""
    group = tuple(name for name in _GROUP if name != "component")
    return _later(Posting.objects.filter(visible_pay(actor)), period, moment, group)


def _later(postings: Any, period: PayPeriod, moment: datetime, group: Sequence[str]) -> list[Later]:
    rows = list(
        postings.filter(posted_period=period, account=Account.PAYABLE, created_at__gt=moment)
        .exclude(kind=Posting.Kind.PAYMENT)
        .order_by()
        .values(*group)
        .annotate(sum=Sum("amount"), at=Max("created_at"), payees=Count("payee", distinct=True))
    )
    runs = CalculationRun.objects.select_related("created_by").in_bulk(_ids(rows, "run_id"))
    adjustments = Adjustment.objects.select_related("decided_by").in_bulk(
        _ids(rows, "adjustment_id")
    )
    holds = Hold.objects.select_related("held_by", "released_by").in_bulk(_ids(rows, "hold_id"))
    found = []
    for row in rows:
        if not row["sum"]:
            continue
        cause, by = _cause(row, runs, adjustments, holds)
        found.append(
            Later(
                row["at"],
                cause,
                by,
                row["run_id"],
                row.get("component", ""),
                row["payees"],
                -row["sum"],
                row["currency"],
            )
        )
    return sorted(found, key=lambda each: (each.at, each.cause, each.component))


def _ids(rows: Sequence[Any], name: str) -> list[UUID]:
    return list({row[name] for row in rows if row[name]})


def _cause(row: Any, runs: Any, adjustments: Any, holds: Any) -> tuple[str, str]:
    if row["hold_id"]:
        hold = holds[row["hold_id"]]
        if row["kind"] == Posting.Kind.RELEASE:
            by = hold.released_by.name if hold.released_by else "Dealwright"
            return _("Released: %(why)s") % {"why": hold.release_reason or hold.reason}, by
        return _("On hold: %(why)s") % {"why": hold.reason}, hold.held_by_name
    if row["adjustment_id"]:
        adjustment = adjustments[row["adjustment_id"]]
        return str(adjustment.reason), adjustment.decided_by.name if adjustment.decided_by else ""
    run = runs[row["run_id"]]
    return str(run.cause), run.created_by.name if run.created_by else "Dealwright"
