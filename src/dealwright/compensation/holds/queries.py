"""What is on hold: of a statement, of a period, of a deal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager, visible_pay
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.ledger.models import Account, PaymentBatch, Posting
from dealwright.compensation.ledger.queries import counted_for, held_after
from dealwright.compensation.periods.models import PayPeriod


@dataclass(frozen=True, slots=True)
class Held:
    """What one hold holds of one payee's pay; below zero where it was released."""

    hold: Hold
    payee: User
    amount: Decimal
    currency: str

    @property
    def what(self) -> str:
        return what_is_held(self.hold)


def what_is_held(hold: Hold) -> str:
    """The deal, the plan, or all pay, in words."""
    if hold.event is not None:
        return str(hold.event.title or hold.event.key)
    if hold.plan is not None:
        return str(hold.plan.name)
    return _("All pay")


def held_on_statement(
    payee: User, period: PayPeriod, moment: datetime | None = None
) -> Sequence[Held]:
    """What holds and releases moved in a period, as known at a moment (now)."""
    moved = Posting.objects.filter(payee=payee, posted_period=period)
    if moment is not None:
        moved = moved.filter(created_at__lte=moment)
    return _held(moved)


def held_for(actor: Actor, period: PayPeriod) -> Sequence[Held]:
    """What a payment of the period leaves out, of payees whose pay the actor may see; once it is
    paid, what it left out."""
    counted = counted_for(period)
    if not PaymentBatch.objects.filter(period=period).exists():
        counted |= held_after(period)
    return _held(Posting.objects.filter(counted).filter(visible_pay(actor)))


def held_by_hold(holds: Iterable[Hold], actor: Actor) -> Mapping[UUID, Mapping[str, Decimal]]:
    """Hold -> currency -> what stands on it now."""
    sums: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    rows = Posting.objects.filter(
        visible_pay(actor), account=Account.ON_HOLD, hold__in=[each.pk for each in holds]
    )
    for row in rows.values("hold_id", "currency").annotate(sum=Sum("amount")):
        if row["sum"]:
            sums[row["hold_id"]][row["currency"]] = -row["sum"]
    return sums


def _held(postings: Any) -> list[Held]:
    rows = list(
        postings.filter(account=Account.ON_HOLD)
        .order_by()
        .values("hold_id", "payee_id", "currency")
        .annotate(sum=Sum("amount"))
    )
    rows = [row for row in rows if row["sum"]]
    holds = _named(Hold.objects.all()).in_bulk([row["hold_id"] for row in rows])
    payees = User.objects.in_bulk([row["payee_id"] for row in rows])
    found = [
        Held(holds[row["hold_id"]], payees[row["payee_id"]], -row["sum"], row["currency"])
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.payee.name, str(each.hold.pk), each.currency))


def list_holds(actor: Actor, *, limit: int = 200) -> Sequence[Hold]:
    """Holds for those who manage pay: those that hold before those that were released."""
    require_pay_manager(actor)
    order = (F("released_at").desc(nulls_first=True), "-held_at")
    return list(_named(Hold.objects.all()).order_by(*order)[:limit])


def hold_of_deal(event_id: Any, payee_id: Any) -> Hold | None:
    """The active hold on a deal that touches a payee."""
    found: Hold | None = (
        _named(Hold.objects.filter(released_at__isnull=True, event_id=event_id))
        .filter(Q(payee_id=payee_id) | Q(payee__isnull=True))
        .first()
    )
    return found


def _named(rows: Any) -> Any:
    return rows.select_related("payee", "event", "plan", "version", "held_by", "released_by")
