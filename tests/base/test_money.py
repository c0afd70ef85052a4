"""Money: rounding, allocation, writing and reading amounts."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dealwright.base.errors import Invalid
from dealwright.base.money import (
    Money,
    allocate,
    currency_codes,
    format_money,
    minor_units,
    parse_money,
    round_money,
    shorten_money,
    total,
)

currencies = some.sampled_from(["EUR", "USD", "JPY", "KWD", "CHF", "INR", "CLF", "HUF"])
amounts = some.decimals(
    min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=6, allow_nan=False
)


def minor_amounts(currency: str) -> some.SearchStrategy[Money]:
    return some.integers(-(10**14), 10**14).map(
        lambda units: Money(Decimal(units).scaleb(-minor_units(currency)), currency)
    )


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("RSD", 2), ("IQD", 3)],
)
def test_minor_units_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_units(currency) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("2.345", "EUR", "2.35"),
        ("-2.345", "EUR", "-2.35"),
        ("2.344999", "EUR", "2.34"),
        ("0.5", "JPY", "1"),
        ("-0.5", "JPY", "-1"),
        ("1.0005", "KWD", "1.001"),
        ("-0.004", "EUR", "0.00"),
    ],
)
def test_it_rounds_half_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert str(round_money(Decimal(amount), currency)) == rounded


@given(amounts, currencies)
def test_rounding_moves_by_half_a_unit_at_most_and_once(amount: Decimal, currency: str) -> None:
    rounded = round_money(amount, currency)
    half = Decimal(1).scaleb(-minor_units(currency)) / 2
    assert abs(rounded - amount) <= half
    assert round_money(rounded, currency) == rounded
    assert round_money(-amount, currency) == -rounded


@pytest.mark.parametrize(
    ("amount", "currency", "short"),
    [
        ("50.000000", "EUR", "50.00"),
        ("50", "EUR", "50.00"),
        ("33.333300", "EUR", "33.3333"),
        ("-0.005000", "EUR", "-0.005"),
        ("1200.000000", "JPY", "1200"),
        ("0E-6", "EUR", "0.00"),
        ("123456789012.345678", "EUR", "123456789012.345678"),
    ],
)
def test_an_amount_is_shortened_without_a_loss(amount: str, currency: str, short: str) -> None:
    assert str(shorten_money(Decimal(amount), currency)) == short


def test_currencies_do_not_mix() -> None:
    euro, dollar = Money(Decimal(1), "EUR"), Money(Decimal(1), "USD")
    for mix in (lambda: euro + dollar, lambda: euro - dollar, lambda: euro < dollar):
        with pytest.raises(Invalid, match="EUR and USD cannot be put together"):
            mix()
    assert euro != dollar


def test_float_never_touches_money() -> None:
    with pytest.raises(TypeError, match="never float"):
        Money(1.1, "EUR")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="never float"):
        Money(Decimal(1), "EUR") * 1.1  # type: ignore[operator]


def test_it_refuses_an_unknown_currency_and_what_is_no_number() -> None:
    with pytest.raises(Invalid, match="“XYQ” is not a currency code"):
        Money(Decimal(1), "XYQ")
    with pytest.raises(Invalid, match="finite number"):
        Money(Decimal("NaN"), "EUR")


def test_sums_keep_their_currency_even_of_nothing() -> None:
    assert total([], "EUR") == Money(Decimal(0), "EUR")
    assert total([Money(Decimal("0.1"), "EUR")] * 3, "EUR") == Money(Decimal("0.3"), "EUR")


def test_products_of_long_amounts_are_exact() -> None:
    product = Money(Decimal("9999999999999999.99"), "EUR") * Decimal("0.123456789012")
    assert product.amount == Decimal("1234567890119999.99876543210988")


def test_the_largest_remainder_gets_the_odd_cent() -> None:
    parts = allocate(Money(Decimal("100.00"), "EUR"), [1, 1, 1])
    assert [str(part.amount) for part in parts] == ["33.34", "33.33", "33.33"]
    parts = allocate(Money(Decimal("-0.05"), "EUR"), [Decimal("0.7"), Decimal("0.3")])
    assert [str(part.amount) for part in parts] == ["-0.04", "-0.01"]
    parts = allocate(Money(Decimal(10), "JPY"), [0, 3, 4])
    assert [str(part.amount) for part in parts] == ["0", "4", "6"]


@given(
    currencies.flatmap(minor_amounts),
    some.lists(
        some.decimals(min_value=0, max_value=1000, places=4), min_size=1, max_size=12
    ).filter(any),
)
def test_parts_sum_exactly_and_lie_within_a_unit_of_their_share(
    amount: Money, weights: list[Decimal]
) -> None:
    parts = allocate(amount, weights)
    assert total(parts, amount.currency) == amount
    unit = Fraction(1, 10 ** minor_units(amount.currency))
    whole = sum(Fraction(weight) for weight in weights)
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(amount.amount) * Fraction(weight) / whole
        assert abs(Fraction(part.amount) - share) < unit
        assert weight or not part


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_it_refuses_weights_that_share_nothing(weights: list[int]) -> None:
    with pytest.raises(Invalid, match="Weights must not be negative"):
        allocate(Money(Decimal(1), "EUR"), weights)


def test_it_refuses_to_split_what_cannot_be_paid() -> None:
    with pytest.raises(Invalid, match=r"1\.005 EUR is finer than EUR can be paid"):
        allocate(Money(Decimal("1.005"), "EUR"), [1, 1])


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "written"),
    [
        ("22700", "USD", "en", "$22,700.00"),
        ("22700", "EUR", "de", "22.700,00\xa0€"),
        ("22700", "JPY", "en", "¥22,700"),
        ("1.2345", "KWD", "en", "KWD\xa01.235"),
        ("-1234567.5", "CHF", "de-CH", "CHF-1’234’567.50"),
        ("1234567", "INR", "en-IN", "₹12,34,567.00"),
    ],
)
def test_it_writes_amounts_as_the_locale_does(
    amount: str, currency: str, locale: str, written: str
) -> None:
    assert format_money(Decimal(amount), currency, locale) == written


@pytest.mark.parametrize(
    ("text", "locale", "currency", "amount"),
    [
        ("$22,700.00", "en", "", "22700.00 USD"),
        ("1.234,56 €", "de", "", "1234.56 EUR"),
        ("1 234,56 €", "fr", "", "1234.56 EUR"),
        ("USD -5", "en", "", "-5 USD"),
        ("(1,200.00)", "en", "EUR", "-1200.00 EUR"),
        ("1’200.–", "de-CH", "CHF", "1200 CHF"),
        ("1'200.50 chf", "de-CH", "", "1200.50 CHF"),
        ("12,34,567.89", "en-IN", "INR", "1234567.89 INR"),
        ("−7", "en", "GBP", "-7 GBP"),
        ("CA$5", "en", "", "5 CAD"),
        ("£0.50", "en", "EUR", "0.50 GBP"),
    ],
)
def test_it_reads_what_people_type(text: str, locale: str, currency: str, amount: str) -> None:
    assert str(parse_money(text, locale, currency)) == amount


@pytest.mark.parametrize(
    ("text", "locale", "sentence"),
    [
        ("1,23", "en", "“1,23” is not an amount such as €1,234.56."),
        ("1.23", "de", "“1.23” is not an amount such as 1.234,56\xa0€."),
        ("", "en", "“” is not an amount"),
        ("abc €", "en", "“abc €” is not an amount"),
        ("12 apples", "en", "“12 apples” is not an amount"),
        ("1e9 EUR", "en", "is not an amount"),
        ("--5 EUR", "en", "is not an amount"),
        ("(-5) EUR", "en", "is not an amount"),
        ("1,2345.00 EUR", "en", "is not an amount"),
    ],
)
def test_it_refuses_what_could_be_read_in_two_ways(text: str, locale: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_money(text, locale, "EUR")
    assert sentence in str(refusal.value)


def test_it_asks_for_a_missing_currency() -> None:
    with pytest.raises(Invalid, match="“12” names no currency; write for example 12 EUR"):
        parse_money("12", "en")


@given(currencies.flatmap(minor_amounts), some.sampled_from(["en", "de", "de-CH", "fr", "en-IN"]))
def test_what_it_writes_it_reads_again(amount: Money, locale: str) -> None:
    written = format_money(amount.amount, amount.currency, locale)
    assert parse_money(written, locale) == amount


@given(some.text(max_size=60), some.sampled_from(["en", "de", "fr", "ar", "ja"]))
def test_no_text_makes_reading_fail_otherwise_than_by_refusal(text: str, locale: str) -> None:
    try:
        assert parse_money(text, locale, "EUR").currency in currency_codes()
    except Invalid as refusal:
        assert refusal.message
