"""Wins pay, early ends take back, statements move the boards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from dealwright.acceleration.leaderboards.measures import (
    Contest,
    Measure,
    Score,
    register_contests,
    register_measure,
)
from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.events import Delivery, subscribe
from dealwright.base.people.models import User
from dealwright.compensation.acceptance.services import accept_plan, end_asking, note_viewed
from dealwright.compensation.analytics.contests import list_contests
from dealwright.compensation.analytics.queries import attainment_on, commission_between
from dealwright.compensation.bookings.services import (
    book_opportunity,
    booking_key,
    record_termination,
    withdraw_booking,
)
from dealwright.compensation.calculation.events import StatementChanged
from dealwright.contracts.agreements.events import ContractExecuted, ContractTerminated
from dealwright.contracts.agreements.models import Contract
from dealwright.crm.opportunities.events import OpportunityReopened, OpportunityWon
from dealwright.intelligence.tracking.services import record_touch
from dealwright.signing.envelopes.events import (
    EnvelopeDeclined,
    EnvelopeExpired,
    EnvelopeSealed,
    EnvelopeViewed,
    EnvelopeVoided,
)


@subscribe(OpportunityWon, name="compensation.book_win")
def book_win(delivery: Delivery, event: OpportunityWon) -> None:
    """Credit a won deal to those it is split among, with the contract that sealed it."""
    contract = (
        Contract.objects.filter(opportunity_id=event.opportunity_id, executed_at__isnull=False)
        .order_by("-executed_at")
        .first()
    )
    attributes = (
        {
            "contract_id": str(contract.pk),
            "envelope_id": str(contract.envelope_id),
            **_terms_of(contract),
        }
        if contract is not None
        else None
    )
    book_opportunity(delivery.actor, event.opportunity_id, attributes=attributes)


@subscribe(ContractExecuted, name="compensation.link_contract")
def link_contract(delivery: Delivery, event: ContractExecuted) -> None:
    """A deal that was won before its contract was sealed learns of the seal."""
    if event.opportunity_id is not None:
        book_opportunity(
            delivery.actor,
            event.opportunity_id,
            attributes={
                "contract_id": str(event.contract_id),
                "envelope_id": str(event.envelope_id),
                **_terms_of(Contract.objects.get(pk=event.contract_id)),
            },
        )


def _terms_of(contract: Contract) -> dict[str, Any]:
    """Over which months the contract's costs are amortised."""
    return {
        "contract_starts_on": contract.effective_on.isoformat() if contract.effective_on else "",
        "contract_term_months": contract.term_months,
    }


@subscribe(OpportunityReopened, name="compensation.withdraw_booking")
def withdraw(delivery: Delivery, event: OpportunityReopened) -> None:
    """A win that was none pays nothing."""
    if event.was == "won":
        withdraw_booking(delivery.actor, event.opportunity_id)


@subscribe(ContractTerminated, name="compensation.claw_back")
def claw_back(delivery: Delivery, event: ContractTerminated) -> None:
    """A contract that ended early takes back by the plan's schedule, in the open period."""
    if event.opportunity_id is None:
        return
    try:
        record_termination(
            delivery.actor,
            booking=booking_key(event.opportunity_id),
            on=event.terminated_on,
            title=f"Contract {event.number} ended: {event.reason}"[:250],
            attributes={
                "contract_id": str(event.contract_id),
                "months_served": event.months_served,
            },
        )
    except NotFound:
        return  # the deal was never booked, so there is nothing to take back


@subscribe(EnvelopeViewed, name="compensation.plan_viewed")
def plan_viewed(delivery: Delivery, event: EnvelopeViewed) -> None:
    """A payee opened the plan document."""
    note_viewed(event.envelope_id)


@subscribe(EnvelopeSealed, name="compensation.accept_plan")
def plan_sealed(delivery: Delivery, event: EnvelopeSealed) -> None:
    """A sealed plan document is the payee's acceptance; pay that waited for it is released."""
    accept_plan(delivery.actor, event.envelope_id, event.sha256)


@subscribe(EnvelopeDeclined, EnvelopeVoided, EnvelopeExpired, name="compensation.plan_not_signed")
def plan_not_signed(
    delivery: Delivery, event: EnvelopeDeclined | EnvelopeVoided | EnvelopeExpired
) -> None:
    """A plan document that nobody signed can be sent again."""
    end_asking(
        delivery.actor,
        event.envelope_id,
        declined=isinstance(event, EnvelopeDeclined),
        reason="Its time ran out." if isinstance(event, EnvelopeExpired) else event.reason,
    )


@subscribe(StatementChanged, name="intelligence.touch_of_commission")
def touch_of_commission(delivery: Delivery, event: StatementChanged) -> None:
    """That a commission moved stands on the journey; how much it was does not."""
    if event.opportunity_id is None:
        return
    name = User.objects.values_list("name", flat=True).get(pk=event.user_id)
    record_touch(
        delivery.actor,
        key=f"statement:{delivery.event_id}",
        kind="commission",
        channel="pay",
        title=f"Commission of {name} changed",
        occurred_at=delivery.occurred_at,
        opportunity_id=event.opportunity_id,
    )


def _commission(actor: Actor, since: date, until: date, currency: str) -> Sequence[Score]:
    return [
        Score(each.user_id, each.amount, each.deals)
        for each in commission_between(actor, since, until, currency)
    ]


def _attainment(actor: Actor, since: date, until: date, currency: str) -> Sequence[Score]:
    return [Score(user_id, Decimal(reached)) for user_id, reached in attainment_on(actor, until)]


def _statement(user: User, since: date, until: date) -> str:
    return f"/compensation/statements/{user.pk}"


register_measure(Measure("commission", "Commission", "money", _commission, _statement))
register_measure(Measure("attainment", "Quota attainment", "percent", _attainment, _statement))


def _contests(actor: Actor) -> Sequence[Contest]:
    return [
        Contest(each.label, each.period, each.winners, each.url)
        for each in list_contests(actor, limit=10)
    ]


register_contests(_contests)
