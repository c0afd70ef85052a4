"""What counts for a payment of a period."""

from __future__ import annotations

from django.db.models import Q

from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.periods.models import PayPeriod


def counted_for(period: PayPeriod) -> Q:
    """The postings that a payment of a period looks at: what was earned in it or before, and
    was posted while it took postings. What was released or calculated later is paid later."""
    return _earned_until(period) & (
        Q(posted_period__number__lte=period.number) | Q(kind=Posting.Kind.PAYMENT)
    )


def held_after(period: PayPeriod) -> Q:
    """What was put on hold when the period took no postings any more: it is not paid all the
    same."""
    return _earned_until(period) & Q(
        kind=Posting.Kind.HOLD, run__isnull=True, posted_period__number__gt=period.number
    )


def _earned_until(period: PayPeriod) -> Q:
    return Q(
        posted_period__calendar=period.calendar,
        posted_period__fiscal_year_starts=period.fiscal_year_starts,
        earned_period__number__lte=period.number,
    )
