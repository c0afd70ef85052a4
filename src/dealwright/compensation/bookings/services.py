"""Won deals, payments and terminations as compensation sees them: what ``flows`` calls.

Each records the event and brings the statements concerned up to the truth in the same
transaction, so that they and the leaderboard move at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotFound
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.calculation.services import (
    Cause,
    calculate_period,
    recalculate_for,
)
from dealwright.compensation.credits.models import CreditEvent, CreditSplit
from dealwright.compensation.credits.services import (
    Recorded,
    Share,
    get_event,
    shares_of,
    upsert_event,
    void_event,
)
from dealwright.compensation.engine.periods import pay_periods
from dealwright.compensation.periods.services import ensure_periods
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.crm.models import Opportunity
from dealwright.crm.opportunities.team import splits_of

BOOKING, TERMINATION, PAYMENT = "booking", "termination", "payment"


def booking_key(opportunity_id: UUID) -> str:
    """The key under which a won opportunity is booked."""
    return f"opportunity:{opportunity_id}:won"


def record_booking(
    actor: Actor,
    *,
    key: str,
    on: date,
    amount: Decimal,
    currency: str,
    splits: Sequence[Share] = (),
    payee_id: UUID | None = None,
    title: str = "",
    object: str = "",
    record_id: UUID | None = None,
    attributes: Mapping[str, Any] | None = None,
    quantity: Decimal = Decimal(1),
    cost: Decimal = Decimal(0),
) -> CreditEvent:
    """Book a sale under the source's key; booking it again corrects it.

    ``attributes`` hold what plans read by ``fields``, and ``contract_id`` and ``envelope_id``
    where the statement shall lead to them. Raises Invalid.
    """
    with change(actor):
        recorded = upsert_event(
            actor,
            key=key,
            kind=BOOKING,
            on=on,
            amount=amount,
            currency=currency,
            quantity=quantity,
            cost=cost,
            title=title,
            payee_id=payee_id,
            object=object,
            record_id=record_id,
            attributes=attributes,
            splits=splits,
        )
        cause = Cause(f"Booked: {title or key}", object=object, record_id=record_id)
        recalculate_for(actor, recorded, cause)
        return recorded.event


def book_opportunity(
    actor: Actor, opportunity_id: UUID, *, attributes: Mapping[str, Any] | None = None
) -> CreditEvent | None:
    """Book a won opportunity with its splits; None where it is not won (any more).

    Given ``attributes`` are added to those of the deal and of an earlier booking, so that a
    contract or envelope can follow later.
    """
    opportunity = (
        Opportunity.everything.select_related("account", "product", "owner")
        .filter(pk=opportunity_id, deleted_at__isnull=True)
        .first()
    )
    if opportunity is None or opportunity.status != "won":
        withdraw_booking(actor, opportunity_id)
        return None
    before = CreditEvent.objects.filter(key=booking_key(opportunity.pk)).first()
    return record_booking(actor, **booking_values(opportunity, before, attributes))


def withdraw_booking(actor: Actor, opportunity_id: UUID) -> None:
    """Take a booking back, because the deal runs again or was deleted; statements follow."""
    with change(actor):
        recorded = void_event(actor, booking_key(opportunity_id))
        if recorded is not None:
            cause = Cause(f"Withdrawn: {recorded.event.title}", "opportunity", opportunity_id)
            recalculate_for(actor, recorded, cause)


def record_termination(
    actor: Actor,
    *,
    booking: str,
    on: date,
    amount: Decimal | None = None,
    kind: str = TERMINATION,
    key: str = "",
    title: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> CreditEvent:
    """A booked deal ended early: the plans' clawbacks take back by their schedules, limited to
    what was paid, in the period that takes postings now.

    ``booking`` is the booking's key. ``amount`` is the part of the deal's amount that ends
    (all of it unless given), for plans that weigh by it. Raises NotFound or Invalid.
    """
    with change(actor):
        booked = get_event(booking)
        recorded = upsert_event(
            actor,
            key=key or f"{booking}:{kind}",
            kind=kind,
            on=on,
            amount=booked.amount if amount is None else amount,
            currency=booked.currency,
            title=title or f"Ended: {booked.title}",
            reference=booking,
            object=booked.object,
            record_id=booked.record_id,
            attributes={**booked.attributes, **(attributes or {})},
        )
        cause = Cause(f"Ended: {booked.title}", booked.object, booked.record_id)
        recalculate_for(actor, recorded, cause)
        return recorded.event


def record_payment(
    actor: Actor,
    *,
    booking: str,
    key: str,
    on: date,
    amount: Decimal,
    kind: str = PAYMENT,
    title: str = "",
) -> CreditEvent:
    """A customer paid for a booked deal: holdbacks are released, plans on cash pay."""
    with change(actor):
        booked = get_event(booking)
        recorded = upsert_event(
            actor,
            key=key,
            kind=kind,
            on=on,
            amount=amount,
            currency=booked.currency,
            title=title or f"Paid: {booked.title}",
            reference=booking,
            object=booked.object,
            record_id=booked.record_id,
        )
        cause = Cause(f"Paid: {booked.title}", booked.object, booked.record_id)
        recalculate_for(actor, recorded, cause)
        return recorded.event


def record_event(actor: Actor, recorded: Recorded) -> CreditEvent:
    """Bring statements up to an event that was recorded by ``upsert_event``."""
    event = recorded.event
    recalculate_for(
        actor,
        recorded,
        Cause(f"Recorded: {event.title or event.key}", event.object, event.record_id),
    )
    return event


def book_won_opportunities(actor: Actor, first: date, last: date) -> int:
    """Book every opportunity won in these days, in bulk and without calculating; returns how
    many were new or changed."""
    require_pay_manager(actor)
    won = (
        Opportunity.objects.filter(status="won")
        .filter(
            Q(close_date__range=(first, last))
            | Q(close_date__isnull=True, closed_at__date__range=(first, last))
        )
        .select_related("account", "product", "owner")
        .prefetch_related("team_members")
    )
    with change(actor):
        known = {
            event.key: event
            for event in CreditEvent.objects.filter(
                kind=BOOKING, object="opportunity", voided_at__isnull=True
            ).prefetch_related("splits")
        }
        fresh: list[CreditEvent] = []
        splits: list[CreditSplit] = []
        changed = 0
        for opportunity in won.iterator(chunk_size=2000):
            before = known.get(booking_key(opportunity.pk))
            values = booking_values(opportunity, before, None)
            if before is not None and _says_the_same(before, values):
                continue
            if before is not None:
                recorded = upsert_event(actor, kind=BOOKING, **values)
                changed += recorded.changed
                continue
            shares = values.pop("splits")
            event = CreditEvent(kind=BOOKING, date=values.pop("on"), **values)
            fresh.append(event)
            splits += [
                CreditSplit(event=event, user_id=each.user_id, share=each.share, role=each.role)
                for each in shares
            ]
        # Voided ones of the same key come back to life.
        dead = set(
            CreditEvent.objects.filter(
                key__in=[each.key for each in fresh], voided_at__isnull=False
            ).values_list("key", flat=True)
        )
        if dead:
            CreditEvent.objects.filter(key__in=dead).update(voided_at=None)
            fresh = [each for each in fresh if each.key not in dead]
            splits = [each for each in splits if each.event.key not in dead]
        CreditEvent.objects.bulk_create(fresh, batch_size=2000)
        CreditSplit.objects.bulk_create(splits, batch_size=2000)
        return len(fresh) + len(dead) + changed


def run_plan_over_opportunities(
    actor: Actor, plan: CompensationPlan, first: date, last: date
) -> list[CalculationRun]:
    """Book what was won in these days and calculate every period of the plan in them.

    Raises Conflict where one of the periods takes no postings any more.
    """
    with change(actor):
        book_won_opportunities(actor, first, last)
        wanted = pay_periods(first, last, plan.calendar, plan.fiscal_year_starts)
        rows = ensure_periods(plan, wanted)
        runs = []
        for number in sorted(rows):
            runs += calculate_period(actor, rows[number].pk)
        return runs


def _says_the_same(event: CreditEvent, values: Mapping[str, Any]) -> bool:
    """Whether a booking would change nothing; spares a bulk run the reading of each again."""
    shares = {(each.user_id, each.share) for each in event.splits.all()}
    return (
        event.date == values["on"]
        and event.amount == values["amount"]
        and event.currency == values["currency"]
        and event.title == values["title"][:250]
        and event.attributes == values["attributes"]
        and shares == {(each.user_id, each.share) for each in values["splits"]}
    )


def booking_values(
    opportunity: Opportunity, before: CreditEvent | None, attributes: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A won deal as ``record_booking`` takes it; what an earlier booking knew stays known."""
    closed = opportunity.closed_at
    on = opportunity.close_date or (closed.astimezone(UTC).date() if closed else None)
    if on is None:
        raise Invalid(f"“{opportunity.name}” has no day on which it was won.")
    users, fractions = _splits_of(opportunity)
    owner = opportunity.owner
    return {
        "key": booking_key(opportunity.pk),
        "on": on,
        "amount": opportunity.amount or Decimal(0),
        "currency": opportunity.currency,
        "title": opportunity.name,
        "object": "opportunity",
        "record_id": opportunity.pk,
        "splits": shares_of(users, fractions),
        "attributes": {
            **(before.attributes if before is not None else {}),
            "deal_kind": opportunity.kind,
            "product": opportunity.product.name if opportunity.product else "",
            "account": opportunity.account.name if opportunity.account else "",
            "region": owner.region if owner else "",
            "lead_source": opportunity.lead_source,
            "term_months": opportunity.contract_term_months,
            **(attributes or {}),
        },
    }


def _splits_of(opportunity: Opportunity) -> tuple[list[UUID], list[Decimal]]:
    """As ``crm.opportunities.team.splits_of``, from prefetched rows where there are some."""
    prefetched = getattr(opportunity, "_prefetched_objects_cache", {}).get("team_members")
    if prefetched is None:
        return splits_of(opportunity)
    rows = sorted(
        (row for row in prefetched if row.split_percent is not None),
        key=lambda row: (-row.split_percent, str(row.pk)),
    )
    if rows:
        return [row.user_id for row in rows], [row.split_percent for row in rows]
    return ([opportunity.owner_id], [Decimal(1)]) if opportunity.owner_id else ([], [])


def booking_of_opportunity(opportunity_id: UUID) -> CreditEvent:
    """The living booking of a deal; raises NotFound."""
    event: CreditEvent | None = CreditEvent.objects.filter(
        key=booking_key(opportunity_id), voided_at__isnull=True
    ).first()
    if event is None:
        raise NotFound("This deal is not booked.")
    return event
