"""Quotes and stages on the journey."""

from __future__ import annotations

from dealwright.base.events import Delivery, subscribe
from dealwright.crm.opportunities.events import OpportunityStageChanged, OpportunityWon
from dealwright.crm.quotes.events import QuoteAccepted, QuoteSent
from dealwright.intelligence.tracking.services import record_touch


@subscribe(OpportunityStageChanged, name="intelligence.touch_of_stage")
def touch_of_stage(delivery: Delivery, event: OpportunityStageChanged) -> None:
    """A move over the board stands on the journey; the win has a touch of its own."""
    if event.status == "won":
        return
    record_touch(
        delivery.actor,
        key=f"stage:{delivery.event_id}",
        kind="stage",
        channel="sales",
        title=f"Moved from {event.from_stage} to {event.to_stage}",
        occurred_at=event.at,
        opportunity_id=event.opportunity_id,
        ref=("opportunity", event.opportunity_id),
    )


@subscribe(OpportunityWon, name="intelligence.touch_of_win")
def touch_of_win(delivery: Delivery, event: OpportunityWon) -> None:
    """The win stands on the journey."""
    record_touch(
        delivery.actor,
        key=f"won:{delivery.event_id}",
        kind="won",
        channel="sales",
        title=f"Won: {event.name}",
        occurred_at=event.closed_at,
        opportunity_id=event.opportunity_id,
        ref=("opportunity", event.opportunity_id),
    )


@subscribe(QuoteSent, name="intelligence.touch_of_quote")
def touch_of_quote(delivery: Delivery, event: QuoteSent) -> None:
    """An offer that went out stands on the journey."""
    record_touch(
        delivery.actor,
        key=f"quote:{event.quote_id}:{event.revision}",
        kind="quote",
        channel="sales",
        title=f"Sent quote {event.number}",
        occurred_at=event.sent_at,
        opportunity_id=event.opportunity_id,
        ref=("quote", event.quote_id),
    )


@subscribe(QuoteAccepted, name="intelligence.touch_of_acceptance")
def touch_of_acceptance(delivery: Delivery, event: QuoteAccepted) -> None:
    """That the customer accepted an offer stands on the journey."""
    record_touch(
        delivery.actor,
        key=f"accepted:{event.quote_id}:{event.revision}",
        kind="quote_accepted",
        channel="sales",
        title=f"{event.accepted_by} accepted quote {event.number}",
        occurred_at=event.accepted_at,
        opportunity_id=event.opportunity_id,
        ref=("quote", event.quote_id),
    )
