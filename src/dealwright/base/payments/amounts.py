"""Amounts of money as payment providers count them: whole numbers of the smallest unit.

Which unit that is differs from ISO 4217 for some currencies (https://docs.stripe.com/currencies).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext

from dealwright.base.errors import Invalid
from dealwright.base.money import Money, minor_units

# Counted in hundredths although nothing smaller than one can be paid.
_WHOLE_IN_HUNDREDTHS = {"ISK", "UGX"}
# Counted in whole units although ISO 4217 knows a smaller one.
_WHOLE = {"MGA"}
MOST_DIGITS = 12  # of the number a provider takes


def to_minor(money: Money) -> int:
    """The amount in the provider's smallest unit: 10 EUR is 1000, 500 JPY 500, 1.25 KWD 1250.

    Raises Invalid for an amount that cannot be paid exactly (half a cent, 1.234 KWD: the last of
    three decimals must be 0), that is not above zero, or that is too large.
    """
    step = payable_step(money.currency)
    if money.amount <= 0:
        raise Invalid("An amount that is paid is above zero.", code="amount")
    if money.amount % step:
        raise Invalid(
            f"{money.currency} can be paid in steps of {step:f} only.", code="amount_too_fine"
        )
    number = money.amount.scaleb(places(money.currency))
    if number >= 10**MOST_DIGITS:
        raise Invalid("The amount is larger than can be paid at once.", code="amount_too_large")
    return int(number)


def from_minor(number: int, currency: str) -> Money:
    """The amount that a provider's number stands for."""
    code = currency.upper()
    return Money(Decimal(number).scaleb(-places(code)), code)


def places(currency: str) -> int:
    """How many decimal places the provider's number has."""
    if currency in _WHOLE_IN_HUNDREDTHS:
        return 2
    return 0 if currency in _WHOLE else minor_units(currency)


def payable_step(currency: str) -> Decimal:
    """The least difference between two amounts that can be paid."""
    if currency in _WHOLE_IN_HUNDREDTHS or currency in _WHOLE:
        return Decimal(1)
    # Of three decimals the last must be 0; finer ones do not exist at providers.
    return Decimal(1).scaleb(-min(minor_units(currency), 2))


def round_payable(amount: Decimal, currency: str) -> Decimal:
    """The nearest amount that can be paid, half away from zero, at the currency's minor units."""
    step = payable_step(currency)
    with localcontext(prec=60):
        whole = (amount / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step
        return whole.quantize(Decimal(1).scaleb(-minor_units(currency)))
