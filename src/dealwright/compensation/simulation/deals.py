"""Open deals as events that may happen: just as a win would book them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from dealwright.compensation.bookings.services import booking_key, booking_values
from dealwright.compensation.calculation.snapshot import PossibleEvent, managers_above
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.territories.queries import credited_by_territory
from dealwright.crm.models import Opportunity


def possible_booking(
    opportunity: Opportunity, on: date, before: CreditEvent | None = None
) -> PossibleEvent:
    """The booking that winning an open deal on a day would make; ``before`` is one that was
    made and withdrawn, whose attributes a win keeps."""
    was = opportunity.close_date
    opportunity.close_date = on
    try:
        values = booking_values(opportunity, before, None)
    finally:
        opportunity.close_date = was
    return PossibleEvent(
        key=values["key"],
        date=on,
        amount=values["amount"],
        currency=values["currency"],
        attributes=values["attributes"],
        splits=tuple((each.user_id, each.share, each.role, each.kind) for each in values["splits"]),
    )


def withdrawn_bookings(opportunities: Sequence[Opportunity]) -> dict[str, CreditEvent]:
    """Earlier bookings of deals that run again, by key."""
    keys = [booking_key(each.pk) for each in opportunities]
    return {each.key: each for each in CreditEvent.objects.filter(key__in=keys)}


def with_figures(
    possible: PossibleEvent,
    *,
    amount: Decimal | None = None,
    margin: Decimal | None = None,
    quantity: Decimal | None = None,
) -> PossibleEvent:
    """The same event with other figures; the cost is the amount less the margin."""
    amount = possible.amount if amount is None else amount
    return replace(
        possible,
        amount=amount,
        cost=possible.cost if margin is None else amount - margin,
        quantity=possible.quantity if quantity is None else quantity,
    )


def concerned(possible: PossibleEvent) -> frozenset[UUID]:
    """Whose pay an event may change: the payees of its splits, who holds its territory, and
    everybody above them."""
    payees = {user_id for user_id, *_ in possible.splits}
    payees |= credited_by_territory(possible.attributes, possible.date)
    if possible.payee_id is not None:
        payees.add(possible.payee_id)
    return frozenset(payees) | managers_above(payees)
