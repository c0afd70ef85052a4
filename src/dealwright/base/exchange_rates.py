"""Dated exchange rates, and the one way to turn an amount of one currency into another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.identifiers import uuid7
from dealwright.base.money import Money, check_currency
from dealwright.base.people.models import Profile


class ExchangeRate(models.Model):
    """One unit of ``base`` costs ``rate`` units of ``quote`` from ``valid_on`` until the next."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    valid_on = models.DateField()
    source = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["base", "quote", "-valid_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["base", "quote", "valid_on"], name="exchange_rate_valid_on_once"
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="exchange_rate_above_zero"),
            models.CheckConstraint(
                condition=~models.Q(base=models.F("quote")), name="exchange_rate_of_two_currencies"
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate.normalize():f} {self.quote} from {self.valid_on}"


@dataclass(frozen=True, slots=True)
class UsedRate:
    """The rate a conversion used and where it came from: the explanation of a figure.

    ``valid_on`` is the day of the oldest rate in it; ``steps`` names each in words.
    """

    base: str
    quote: str
    rate: Decimal
    valid_on: date
    steps: tuple[str, ...]


def check_rate(base: str, quote: str, rate: Decimal, *, digits: int) -> tuple[str, str]:
    """The two codes in capitals. ``digits`` is how many a rate may have before and after the
    point. Raises Invalid that names every wrong field."""
    wrong: dict[str, list[str]] = {}
    for key, code in (("base", base), ("quote", quote)):
        try:
            check_currency(code)
        except Invalid as error:
            wrong[key] = [error.message]
    base, quote = base.strip().upper(), quote.strip().upper()
    if base == quote:
        wrong["quote"] = ["A rate needs two different currencies."]
    most = Decimal(10) ** digits
    if not rate.is_finite() or not 1 / most <= rate < most:
        wrong["rate"] = [f"The rate must be above zero and below {most:,}."]
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
    return base, quote


def set_rate(
    actor: Actor, *, base: str, quote: str, rate: Decimal, valid_on: date, source: str
) -> ExchangeRate:
    """State a rate for a day, in place of one stated for that day before.

    Raises NotAllowed but for administrators and finance, Invalid naming the wrong field.
    """
    if not actor.is_system and actor.require_user().profile not in (
        Profile.ADMINISTRATOR,
        Profile.FINANCE,
    ):
        raise NotAllowed("Exchange rates are set by administrators and finance.")
    base, quote = check_rate(base, quote, rate, digits=12)
    with change(actor):
        stated, _ = ExchangeRate.objects.update_or_create(
            base=base, quote=quote, valid_on=valid_on, defaults={"rate": rate, "source": source}
        )
    return stated


def convert(money: Money, to: str, on: date) -> Money:
    """The amount in another currency at the rate of a day, rounded to its minor units.

    Raises Invalid that names the missing rate.
    """
    to = check_currency(to)
    if money.currency == to:
        return money
    used = rate_on(money.currency, to, on)
    with localcontext(prec=60):
        return Money(money.amount * used.rate, to).rounded()


def rate_on(base: str, quote: str, on: date) -> UsedRate:
    """The rate that holds on a day: the latest stated on it or before.

    Looks for the pair, stated either way round, then for both against a third currency; of
    several thirds the one with the freshest older leg, then by code. Raises Invalid that
    names the missing rate.
    """
    base, quote = check_currency(base), check_currency(quote)
    if base == quote:
        return UsedRate(base, quote, Decimal(1), on, ())
    legs = _legs(base, quote, on)
    if direct := legs.get((base, quote)):
        return direct
    crosses = []
    for (start, third), first in legs.items():
        second = legs.get((third, quote))
        if start == base and second:
            crosses.append((min(first.valid_on, second.valid_on), third, first, second))
    if not crosses:
        raise Invalid(
            f"There is no exchange rate from {base} to {quote} on {on:%Y-%m-%d} or before it. "
            "State one under exchange rates, then try again.",
            code="exchange_rate_missing",
        )
    crosses.sort(key=lambda each: (-each[0].toordinal(), each[1]))
    valid_on, _, first, second = crosses[0]
    with localcontext(prec=40):
        rate = first.rate * second.rate
    return UsedRate(base, quote, rate, valid_on, first.steps + second.steps)


def _legs(base: str, quote: str, on: date) -> dict[tuple[str, str], UsedRate]:
    """The latest rate of every pair with one of the two, in both directions, in one statement."""
    ends = [base, quote]
    rows = (
        ExchangeRate.objects.filter(valid_on__lte=on)
        .filter(models.Q(base__in=ends) | models.Q(quote__in=ends))
        .order_by("base", "quote", "-valid_on")
        .distinct("base", "quote")
    )
    legs: dict[tuple[str, str], UsedRate] = {}
    for row in rows:
        step = (f"{row}, {row.source}",)
        with localcontext(prec=40):
            turned = 1 / row.rate
        stated = UsedRate(row.base, row.quote, row.rate, row.valid_on, step)
        inverse = UsedRate(row.quote, row.base, turned, row.valid_on, step)
        # Of a pair stated both ways round the fresher counts, on a tie the one as asked for.
        if (known := legs.get((row.base, row.quote))) is None or known.valid_on <= row.valid_on:
            legs[row.base, row.quote] = stated
        if (known := legs.get((row.quote, row.base))) is None or known.valid_on < row.valid_on:
            legs[row.quote, row.base] = inverse
    return legs
