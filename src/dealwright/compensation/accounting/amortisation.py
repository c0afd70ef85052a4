"""What a capitalised cost of obtaining a contract comes to, month by month: pure computing.

Rules followed: ASC 340-40-25-1 (capitalise what is incremental), 340-40-35-1 (amortise as the
goods or services are transferred; here straight-line), 340-40-35-2 (a changed expectation
counts from then on), 340-40-35-3 to 35-6 (impair what will not be recovered; an impairment is
not reversed). See RevenueHub, "Incremental Costs of Obtaining a Contract", and the FASB
Transition Resource Group's paper 57 of November 2016.

Conventions of this house, where the standard leaves a choice:

- Each month bears the cost divided by the months, rounded down to the minor unit; the last one
  bears what is left. 12,000.00 over 36 months is 35 times 333.33 and once 333.45.
- ``by_days`` instead bears each month by its days, the running total rounded down.
- The month in which a contract ends bears its amortisation; what is then left is impaired.
- A changed commission or clawback is spread over the months that are left (``prospective``), or
  makes good in the month of the change what the months before would have borne
  (``catch_up``). Never is more taken off than there is: what a clawback exceeds the carrying
  amount by stays in the commission expense, where the ledger booked it.
- Months that are sealed are facts: what is found later goes into the first open month.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How one cost is amortised: ``months`` from ``starts_on``; ``tax_rate`` is the employer's
    payroll tax as a fraction of the commission; ``cent`` the currency's minor unit."""

    starts_on: date
    months: int
    by_days: bool = False
    catch_up: bool = False
    tax_rate: Decimal = ZERO
    cent: Decimal = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Ending:
    """The contract, or a ``share`` of it, ends on a day. One of the whole counts whenever it
    becomes known; one of a part only in its month, so give it an open one."""

    on: date
    share: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a cost. Keys are first days of months.

    ``commission`` is what each month adds or takes back; ``write_downs`` what an impairment
    test found too much; ``revised`` a new number of months from a month on.
    """

    commission: Mapping[date, Decimal]
    endings: tuple[Ending, ...] = ()
    write_downs: Mapping[date, Decimal] = field(default_factory=dict)
    revised: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One month of a cost: opening + commission + tax - amortisation - impairment = closing."""

    month: date
    opening: Decimal = ZERO
    commission: Decimal = ZERO
    tax: Decimal = ZERO
    amortisation: Decimal = ZERO
    impairment: Decimal = ZERO
    closing: Decimal = ZERO

    @property
    def addition(self) -> Decimal:
        return self.commission + self.tax

    @property
    def is_empty(self) -> bool:
        return not (self.opening or self.commission or self.tax or self.amortisation
                    or self.impairment or self.closing)  # fmt: skip


@dataclass(slots=True)
class _Layer:
    """An amount that is spread over ``units`` (months or days), and how far that has come."""

    base: Decimal
    units: int
    done: int = 0
    charged: Decimal = ZERO


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def add_months(month: date, count: int) -> date:
    """The first day of the month so many months later (or earlier)."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def last_day(month: date) -> date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def end_of(starts_on: date, months: int) -> date:
    """The last day of a term of so many months: from 15 March a year is to 14 March."""
    month = add_months(month_of(starts_on), months)
    return month.replace(
        day=min(starts_on.day, calendar.monthrange(month.year, month.month)[1])
    ) - timedelta(days=1)


def last_month(terms: Terms, facts: Facts) -> date:
    """The last month that bears amortisation, as far as is known."""
    months = facts.revised[max(facts.revised)] if facts.revised else terms.months
    if terms.by_days:
        return month_of(end_of(terms.starts_on, months))
    return add_months(month_of(terms.starts_on), months - 1)


def months_between(first: date, last: date) -> Iterator[date]:
    """First days of months, both ends included."""
    while first <= last:
        yield first
        first = add_months(first, 1)


def roll(
    terms: Terms,
    facts: Facts,
    *,
    until: date,
    sealed: Mapping[date, Step] | None = None,
    first_open: date = date.min,
) -> list[Step]:
    """The months of a cost from its first to ``until``.

    Months before ``first_open`` are as ``sealed`` has them (nothing where it has none); the
    others are computed. ``closing`` is never negative.
    """
    return list(_Roll(terms, facts, sealed or {}, first_open).steps(until))


class _Roll:
    def __init__(
        self, terms: Terms, facts: Facts, sealed: Mapping[date, Step], first_open: date
    ) -> None:
        self.terms, self.facts, self.sealed, self.first_open = terms, facts, sealed, first_open
        self.months = terms.months
        self.carrying = self.known = self.commission = self.tax = ZERO
        self.layer: _Layer | None = None
        self.is_over = False

    def steps(self, until: date) -> Iterator[Step]:
        starts = [*self.facts.commission, *self.sealed]
        if not starts:
            return
        first = min(starts)
        self.is_over = any(e.share >= 1 and month_of(e.on) < first for e in self.facts.endings)
        for month in months_between(first, until):
            yield self._month(month)

    def _month(self, month: date) -> Step:
        opening = self.carrying
        ends = [each for each in self.facts.endings if month_of(each.on) == month]
        self.known += self.facts.commission.get(month, ZERO)
        is_revised = month in self.facts.revised
        if is_revised:
            self.months = self.facts.revised[month]
        is_sealed = month < self.first_open
        fact = self.sealed.get(month, Step(month=month)) if is_sealed else None
        commission, tax = (fact.commission, fact.tax) if fact else self._added()
        self.carrying += commission + tax
        self.commission += commission
        self.tax += tax
        self._spread(month, commission + tax, is_revised)
        units = self._units(month, ends)
        if fact:
            amortisation, impairment = fact.amortisation, fact.impairment
        else:
            amortisation = ZERO if self.is_over else self._charge(units)
            impairment = self._impaired(month, ends, self.carrying - amortisation)
        if self.layer is not None:
            self.layer.done += units
            self.layer.charged += amortisation
        if impairment:
            self.layer = None  # what is left is spread anew from the next month on
        self.is_over = self.is_over or any(each.share >= 1 for each in ends)
        self.carrying -= amortisation + impairment
        return Step(
            month=month,
            opening=opening,
            commission=commission,
            tax=tax,
            amortisation=amortisation,
            impairment=impairment,
            closing=self.carrying,
        )

    def _added(self) -> tuple[Decimal, Decimal]:
        """Commission and tax that bring what was capitalised up to what is known."""
        rate = self.terms.tax_rate
        commission = self._rounded(self.known)
        tax = self._rounded(commission * rate)
        added = commission - self.commission, tax - self.tax
        least = -self.carrying
        if self.terms.catch_up and self.layer is not None and not self.is_over:
            least -= self.layer.charged
        if sum(added) >= least:
            return added
        tax = self._rounded(least * rate / (1 + rate))
        return least - tax, tax

    def _spread(self, month: date, added: Decimal, is_revised: bool) -> None:
        """Begin a layer, or change the one there is."""
        if self.layer is not None and not is_revised:
            if not added:
                return
            if self.terms.catch_up:
                self.layer.base += added
                return
        if self.layer is None and not self.carrying:
            return
        if self.layer is None and self.terms.catch_up and self.carrying == added:
            # Late, or never spread before: the months gone by are made good.
            whole = self._units_between(month_of(self.terms.starts_on), self._end())
            left = self._units_between(month, self._end())
            self.layer = _Layer(self.carrying, whole, whole - left)
            return
        self.layer = _Layer(self.carrying, self._units_between(month, self._end()))

    def _charge(self, units: int) -> Decimal:
        """What the month bears; all that is left where the time is over."""
        layer = self.layer
        if layer is None:
            return ZERO
        done = layer.done + units
        if done >= layer.units:
            total = layer.base
        elif self.terms.by_days:
            total = self._floor(layer.base * done / layer.units)
        else:
            total = done * self._floor(layer.base / layer.units)
        return min(total - layer.charged, self.carrying)

    def _impaired(self, month: date, ends: list[Ending], left: Decimal) -> Decimal:
        if self.is_over or any(each.share >= 1 for each in ends):
            return left
        impaired = min(self.facts.write_downs.get(month, ZERO), left)
        for each in ends:
            impaired += self._rounded((left - impaired) * each.share)
        return impaired

    def _end(self) -> date:
        if self.terms.by_days:
            return end_of(self.terms.starts_on, self.months)
        return last_day(add_months(month_of(self.terms.starts_on), self.months - 1))

    def _units(self, month: date, ends: list[Ending]) -> int:
        """Months (0 or 1) or days of the month that bear amortisation."""
        last = min(last_day(month), self._end())
        if self.terms.by_days:
            last = min([last, *(each.on for each in ends if each.share >= 1)])
        return self._units_between(month, last)

    def _units_between(self, month: date, last: date) -> int:
        """From a month on to a day, but not before the start."""
        start = self.terms.starts_on
        if self.terms.by_days:
            return max((last - max(month, start)).days + 1, 0)
        first = max(month, month_of(start))
        return max((last.year - first.year) * 12 + last.month - first.month + 1, 0)

    def _rounded(self, value: Decimal) -> Decimal:
        return value.quantize(self.terms.cent, rounding=ROUND_HALF_UP)

    def _floor(self, value: Decimal) -> Decimal:
        return value.quantize(self.terms.cent, rounding=ROUND_DOWN)
