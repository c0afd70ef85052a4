"""What counts for a payment of a period."""

from __future__ import annotations

from django.db.models import Q

from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.periods.models import PayPeriod


def counted_for(period: PayPeriod) -> Q:
    """The postings that a payment of a period looks at: what was earned in it or before, and
    was posted while it took postings. A hold that was placed later holds all the same; what was
    released or calculated later is paid later."""
    return Q(
        posted_period__calendar=period.calendar,
        posted_period__fiscal_year_starts=period.fiscal_year_starts,
        earned_period__number__lte=period.number,
    ) & (
        Q(posted_period__number__lte=period.number)
        | Q(kind=Posting.Kind.PAYMENT)
        | Q(kind=Posting.Kind.HOLD, run__isnull=True)
    )
