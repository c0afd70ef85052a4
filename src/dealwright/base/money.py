"""Money: a decimal amount with its ISO 4217 currency. Float never touches it.

Amounts of two currencies are never added; ``exchange_rates.convert`` makes them one first.
Rounding is half away from zero at the currency's minor units, everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from fractions import Fraction
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import (
    NumberPattern,
    get_decimal_symbol,
    get_group_symbol,
    parse_pattern,
)

from dealwright.base.errors import Invalid

# ISO 4217 minor units other than two. CLDR's digits are not used: they tell how cash is
# usually printed (RSD 0, IQD 0), not how finely a currency may be booked (RSD 2, IQD 3).
_ZERO = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
}  # fmt: skip
_THREE = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
_FOUR = {"CLF", "UYW"}
_MINOR_UNITS = dict.fromkeys(_ZERO, 0) | dict.fromkeys(_THREE, 3) | dict.fromkeys(_FOUR, 4)
_PRECISION = 60  # digits: no sum, product or quotient of stored amounts is cut before rounding


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency, not necessarily at its minor units; see ``rounded``.

    Raises Invalid for a currency ISO 4217 does not know or an amount that is no finite
    number, and TypeError for a float: its digits are not the ones a person typed.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", _exact(self.amount))
        object.__setattr__(self, "currency", check_currency(self.currency))

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(Decimal(0), currency)

    def rounded(self) -> Money:
        """The amount at the currency's minor units, half away from zero."""
        return Money(round_money(self.amount, self.currency), self.currency)

    def __add__(self, other: Money) -> Money:
        self._require_same(other)
        with _precise():
            return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._require_same(other)
        with _precise():
            return Money(self.amount - other.amount, self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        if isinstance(factor, Money):
            raise TypeError("Money times money has no meaning.")
        with _precise():
            return Money(self.amount * _exact(factor), self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.amount), self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __lt__(self, other: Money) -> bool:
        self._require_same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._require_same(other)
        return self.amount <= other.amount

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _require_same(self, other: Money) -> None:
        if not isinstance(other, Money):
            raise TypeError(f"Money and {type(other).__name__} do not mix.")
        if other.currency != self.currency:
            raise Invalid(
                f"{self.currency} and {other.currency} cannot be put together: "
                "convert one of them at a stated rate first.",
                code="currency_mismatch",
            )


def check_currency(code: str) -> str:
    """The code in capitals; raises Invalid where ISO 4217 has no such currency."""
    code = str(code).strip().upper()
    if code not in currency_codes():
        raise Invalid(f"“{code[:12]}” is not a currency code such as EUR or USD.", code="currency")
    return code


@lru_cache(maxsize=1)
def currency_codes() -> frozenset[str]:
    """Every ISO 4217 code that CLDR has a name for, past currencies included."""
    return frozenset(get_global("all_currencies"))


def minor_units(currency: str) -> int:
    """How many digits after the point a currency is booked with (EUR 2, JPY 0, KWD 3)."""
    return _MINOR_UNITS.get(check_currency(currency), 2)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """The amount at the currency's minor units, half away from zero: -0.005 EUR is -0.01."""
    with _precise():
        step = Decimal(1).scaleb(-minor_units(currency))
        rounded = _exact(amount).quantize(step, rounding=ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)  # never "-0.00"


def shorten_money(amount: Decimal, currency: str) -> Decimal:
    """The same amount with as few decimals as it needs, minor units at least: 50.000000 EUR is
    50.00, 33.333333 stays as it is."""
    rounded = round_money(amount, currency)
    return rounded if rounded == amount else amount.normalize(Context(_PRECISION))


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum in ``currency``; zero of it for nothing. Raises Invalid on another currency."""
    result = Money.zero(currency)
    for each in amounts:
        result += each
    return result


def allocate(amount: Money, weights: Sequence[Decimal | int]) -> list[Money]:
    """Split an amount by weights at minor units so that the parts sum to it exactly.

    Each part is first cut towards zero; the units left over go one each to the parts that
    lost most by the cut, the earlier part on a tie (largest remainder). Weights need not
    sum to anything in particular; a weight of zero receives nothing.

    Raises Invalid for no weights, a negative one, a sum of zero, or an amount finer than
    the minor units.
    """
    parts = [Fraction(_exact(weight)) for weight in weights]
    whole = sum(parts, Fraction(0))
    if not parts or min(parts) < 0 or whole <= 0:
        raise Invalid("Weights must not be negative, and one must be above zero.", code="weights")
    units = Fraction(amount.amount) * 10 ** minor_units(amount.currency)
    if units.denominator != 1:
        raise Invalid(f"{amount} is finer than {amount.currency} can be paid.", code="too_fine")
    sign = -1 if units < 0 else 1
    exact = [abs(units) * part / whole for part in parts]
    shares = [int(each) for each in exact]
    left = int(abs(units)) - sum(shares)
    by_loss = sorted(range(len(parts)), key=lambda index: (shares[index] - exact[index], index))
    for index in by_loss[:left]:
        shares[index] += 1
    scale = -minor_units(amount.currency)
    return [Money(Decimal(sign * share).scaleb(scale), amount.currency) for share in shares]


def format_money(amount: Decimal, currency: str, locale: str = "en") -> str:
    """The amount as people of a locale write it: ``$22,700.00``, ``22.700,00 €``, ``¥22,700``."""
    known = locale_of(locale)
    pattern = _pattern(known, minor_units(currency))
    written = pattern.apply(
        round_money(amount, currency), known, currency=currency, currency_digits=False
    )
    # CLDR's currencySpacing: a code is set apart from the digits beside it.
    return re.sub(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", "\u00a0", written)


def parse_money(text: str, locale: str = "en", currency: str = "") -> Money:
    """What a person typed in the writing of a locale, as money.

    Understands ``$22,700.00``, ``1.234,56 €``, ``USD -5``, ``(1,200.00)`` and ``1’200.–``.
    ``currency`` is taken where the text names none. Groups must be whole (``1,23`` is no
    number in English), so that a German comma is refused instead of read as thousands.

    Raises Invalid with a sentence that shows how the locale writes an amount.
    """
    known = locale_of(locale)
    rest = _plain_spaces(text).strip()
    if not rest or len(rest) > 80:
        raise Invalid(f"“{text[:40]}” is not an amount such as {_example(known, currency)}.")
    negative = rest.startswith("(") and rest.endswith(")")
    if negative:
        rest = rest[1:-1]
    rest, named = _take_currency(rest, known)
    rest = rest.replace("−", "-").strip()
    if rest.startswith("-") != rest.endswith("-"):
        if negative:
            raise Invalid(f"“{text}” is negative twice.")
        negative, rest = True, rest.removeprefix("-").removesuffix("-").strip()
    elif rest.startswith("+"):
        rest = rest[1:].strip()
    number = _parse_number(rest, known)
    code = named or currency
    if number is None:
        raise Invalid(f"“{text}” is not an amount such as {_example(known, code)}.")
    if not code:
        raise Invalid(f"“{text}” names no currency; write for example {number} EUR.")
    return Money(-number if negative else number, code)


def locale_of(name: str) -> Locale:
    """The locale by its tag (``de``, ``de-CH``, ``en_US``); English where it is not known."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return Locale.parse("en")


def _exact(value: Decimal | int) -> Decimal:
    if isinstance(value, float | bool):
        raise TypeError("Money takes Decimal or int, never float.")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise Invalid(f"“{str(value)[:40]}” is not a number.") from None
    if not number.is_finite():
        raise Invalid("An amount of money must be a finite number.")
    return number


def _precise() -> AbstractContextManager[Context]:
    return localcontext(prec=_PRECISION)


@lru_cache(maxsize=256)
def _pattern(locale: Locale, digits: int) -> NumberPattern:
    """The locale's currency pattern with the currency's own number of digits."""
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


def _example(locale: Locale, currency: str) -> str:
    return format_money(Decimal("1234.56"), currency or "EUR", str(locale))


def _plain_spaces(text: str) -> str:
    return re.sub(r"[\s\u00a0\u2007\u2009\u202f]+", " ", text)


@lru_cache(maxsize=64)
def _symbols(locale: Locale) -> list[tuple[str, str]]:
    """Currency symbols of the locale, longest first, so that ``CA$`` goes before ``$``."""
    found = {symbol: code for code, symbol in locale.currency_symbols.items() if symbol != code}
    for code, symbol in Locale.parse("en").currency_symbols.items():
        if symbol != code:
            found.setdefault(symbol, code)
    return sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0]))


def _take_currency(text: str, locale: Locale) -> tuple[str, str]:
    """The text without its currency, and the currency's code or nothing."""
    letters = re.search(r"(?<![A-Za-z])([A-Za-z]{3})(?![A-Za-z])", text)
    if letters and letters[1].upper() in currency_codes():
        return text[: letters.start()] + text[letters.end() :], letters[1].upper()
    for symbol, code in _symbols(locale):
        if symbol in text:
            return text.replace(symbol, "", 1), code
    return text, ""


def _parse_number(text: str, locale: Locale) -> Decimal | None:
    """An unsigned number in the locale's writing, or None."""
    point = get_decimal_symbol(locale)
    group = _plain_spaces(get_group_symbol(locale))
    text = re.sub(rf"{re.escape(point)}[-–—]$", "", text)  # Swiss and German “1’200.–”
    separators = ("’", "'") if group in ("’", "'") else (group,)
    either = "|".join(re.escape(each) for each in separators)
    whole = rf"(?:\d+|\d{{1,3}}(?:(?:{either})\d{{2,3}})*(?:{either})\d{{3}})"
    match = re.fullmatch(rf"({whole})(?:{re.escape(point)}(\d+))?", text)
    if match is None:
        return None
    digits = re.sub(r"\D", "", match[1])
    return Decimal(f"{digits}.{match[2] or '0'}") if match[2] else Decimal(digits)
