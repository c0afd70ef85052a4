"""Dates of a term: when it ends, and until when notice can be given. Pure arithmetic."""

from __future__ import annotations

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

RENEWAL_MONTHS = 12


def end_of_term(start: date, months: int) -> date:
    """The last day of a term: the day before the same day ``months`` later (31 January and one
    month end on 27 February: month ends are clamped, then the day before)."""
    return start + relativedelta(months=months) - timedelta(days=1)


def notice_day(end: date, notice_days: int) -> date:
    """The last day on which notice is in time: ``notice_days`` before the end, moved back to a
    Friday where it falls on a weekend."""
    day = end - timedelta(days=notice_days)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day


def next_end(end: date, *, on: date, months: int = RENEWAL_MONTHS) -> date:
    """The end of the term that runs on ``on`` when each term renews for ``months``."""
    while end < on:
        end = end_of_term(end + timedelta(days=1), months)
    return end


def months_between(start: date, end: date) -> int:
    """Whole months from one day to a later one; 0 where the later is earlier."""
    if end < start:
        return 0
    gone = relativedelta(end, start)
    return gone.years * 12 + gone.months
