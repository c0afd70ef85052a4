"""What a person typed or an address carries, as values; wrong ones are named by their field."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.utils import timezone

from dealwright.base.errors import Invalid
from dealwright.base.whole_numbers import whole_number

NOBODY = UUID(int=0)
MOST = Decimal(10) ** 13


def given_id(text: Any) -> UUID:
    """An id, or one that nothing has."""
    try:
        return UUID(str(text))
    except ValueError:
        return NOBODY


def given_day(text: Any, field: str) -> date:
    """A day; raises Invalid under the field."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise Invalid("Choose a day.", fields={field: ["Choose a day."]}) from None


def given_amount(text: Any, field: str) -> Decimal:
    """An amount with at most two decimals; raises Invalid under the field."""
    try:
        value = Decimal(str(text).strip().replace(",", "").replace(" ", ""))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= MOST or value != round(value, 2):
        said = "Give an amount such as 1200 or 120.50."
        raise Invalid(f"“{str(text)[:40]}” is not an amount.", fields={field: [said]})
    return value


def given_optional_amount(text: Any, field: str) -> Decimal | None:
    """As ``given_amount``, None where nothing was typed."""
    return given_amount(text, field) if str(text or "").strip() else None


def given_moment(text: Any, field: str = "as_of") -> datetime | None:
    """The moment up to which something is known: the end of a day, or a time as it is; None
    where nothing was given. Raises Invalid under the field."""
    text = str(text or "").strip()
    if not text:
        return None
    try:
        if len(text) <= 10:
            day = date.fromisoformat(text)
            return timezone.make_aware(datetime.combine(day, time.max))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        said = "Give a day such as 2027-03-31."
        raise Invalid(said, fields={field: [said]}) from None
    return moment if moment.tzinfo else timezone.make_aware(moment)


def given_start(text: Any) -> int:
    """Where a page of a list starts."""
    return whole_number(text, most=10_000_000) or 0
