"""What expressions mean, and how wrong ones are refused."""

from __future__ import annotations

import contextlib
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dealwright.base.language import (
    BOOL,
    DATE,
    FUNCTIONS,
    STRING,
    LanguageError,
    ListOf,
    Numeric,
    check,
    check_condition,
    evaluate,
    holds,
    money,
    names_in,
    number,
    parse,
    quantity,
    rate,
    to_english,
    to_sql,
)

SCHEMA = {
    "amount": money("EUR"),
    "quota": money("EUR"),
    "yen": money("JPY", minor=0),
    "commission_rate": rate(),
    "seats": quantity(),
    "score": number(),
    "close_date": DATE,
    "today": DATE,
    "kind": STRING,
    "tags": ListOf(STRING),
    "is_new": BOOL,
    "account.industry": STRING,
}
VALUES: dict[str, Any] = {
    "amount": Decimal("1234.50"),
    "quota": Decimal("0.00"),
    "yen": Decimal("100"),
    "commission_rate": Decimal("0.075000"),
    "seats": 3,
    "score": None,
    "close_date": date(2027, 1, 31),
    "today": date(2027, 1, 1),
    "kind": "new",
    "tags": ["a", "b"],
    "is_new": True,
    "account.industry": "Steel",
}


def value(text: str, **changed: Any) -> Any:
    tree = parse(text)
    check(tree, SCHEMA)
    return evaluate(tree, VALUES | changed)


SALAD = [
    *FUNCTIONS,
    *SCHEMA,
    *[
        "and",
        "or",
        "not",
        "in",
        "true",
        "if(",
        "min(",
        "))",
        "(",
        ")",
        ",",
        "+",
        "-",
        "*",
        "=",
        "<",
        ">=",
        "1",
        "0.5",
        "5%",
        "'x'",
        "2027-01-31",
    ],
]


class TestMeaning:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1 + 2 * 3 - 4", Decimal(3)),
            ("-(2 - 5) * 2", Decimal(6)),
            ("- -2", Decimal(2)),
            ("10 - 3 - 2", Decimal(5)),
            ("amount * 5%", Decimal("61.725")),
            ("round_money(amount * 5%)", Decimal("61.73")),
            ("round_money(0.005)", Decimal("0.01")),
            ("round_money(-0.005)", Decimal("-0.01")),
            ("round_money(1.005)", Decimal("1.01")),
            ("round_money(2.5, 0)", Decimal(3)),
            ("round_money(yen * 1.5%, 0)", Decimal(2)),
            ("min(amount, 1000) + max(amount, 2000)", Decimal(3000)),
            ("min(score, 5)", Decimal(5)),
            ("abs(-5)", Decimal(5)),
            ("coalesce(score, 7)", Decimal(7)),
            ("if(amount > 1000, 1, 2)", Decimal(1)),
            ("if(score > 0, 1, 2)", Decimal(2)),
            ("ratio(amount, 2000)", Decimal("0.617250")),
            ("ratio(2, 3)", Decimal("0.666667")),
            ("ratio(-2, 3, 2)", Decimal("-0.67")),
            ("ratio(amount, quota)", Decimal(0)),
            ("ratio(1000000000000, 0.001)", Decimal("999999999.999999")),
            ("muldiv(20000, 3, 7)", Decimal("8571.43")),
            ("muldiv(amount, amount, quota)", Decimal(0)),
            ("muldiv(1, 1, 8, 0)", Decimal(0)),
            ("muldiv(1, 1, 2, 0)", Decimal(1)),
            ("muldiv(-1, 1, 2, 0)", Decimal(-1)),
            ("days_between(today, close_date)", Decimal(30)),
            ("days_between(close_date, today)", Decimal(-30)),
            ("year(close_date) * 100 + month(close_date)", Decimal(202701)),
            ("day(2027-02-03)", Decimal(3)),
            ("max(close_date, 2027-03-01)", date(2027, 3, 1)),
            ("kind in ('new', 'expansion')", True),
            ("kind not in ('new', 'expansion')", False),
            ("'a' in tags and not ('c' in tags)", True),
            ("starts_with(kind, 'ne') and contains(lower('NEW'), 'ew')", True),
            ("close_date < 2027-02-01 and close_date != 2027-01-30", True),
            ("account.industry = 'Steel'", True),
            ("is_new = true or 1 = 2", True),
            ("'it''s' = \"it's\"", True),
            ("seats * 2 >= 6", True),
            ("12 %", Decimal("0.12")),
        ],
    )
    def test_values(self, text: str, expected: Any) -> None:
        assert value(text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("score + 1", None),
            ("score > 1", None),
            ("not (score > 1)", None),
            ("score > 1 and false", False),
            ("score > 1 and true", None),
            ("score > 1 or true", True),
            ("score > 1 or false", None),
            ("score in (1, 2)", None),
            ("1 in (score, 1)", True),
            ("2 in (score, 1)", None),
            ("2 not in (score, 1)", None),
            ("is_missing(score)", True),
            ("is_missing(amount)", False),
            ("ratio(score, score)", None),
            ("round_money(score)", None),
            ("max(score, score)", None),
            ("coalesce(score, score)", None),
        ],
    )
    def test_missing_values_follow_three_valued_logic(self, text: str, expected: Any) -> None:
        assert value(text) is expected

    def test_a_condition_holds_only_where_it_is_true(self) -> None:
        assert holds(parse("amount > 1"), VALUES)
        assert not holds(parse("score > 1"), VALUES)
        assert not holds(parse("not (score > 1)"), VALUES)

    def test_the_published_marginal_and_statement_figures_come_out(self) -> None:
        # Prowi, "Commission statement": 10 % of 75,000 and 1.5 times that above.
        base = "round_money(min(amount, quota) * 10%)"
        above = "round_money(max(amount - quota, 0) * 10% * 1.5)"
        given = {"amount": Decimal(93750), "quota": Decimal(75000)}
        assert value(base, **given) == Decimal("7500.00")
        assert value(above, **given) == Decimal("2812.50")
        # A public test plan, 8.1: 20,000 for 151 days and 24,000 for 214.
        text = "muldiv(20000 * 151 + 24000 * 214, 1, 365)"
        assert value(text) == Decimal("22345.21")

    def test_names_are_listed_once_in_the_order_of_the_text(self) -> None:
        assert names_in(parse("b + a * b + if(c, a, b)")) == ["b", "a", "c"]


class TestTypes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("amount", "money in EUR"),
            ("amount * commission_rate", "money in EUR"),
            ("amount * seats", "money in EUR"),
            ("amount - 5", "money in EUR"),
            ("commission_rate * 1.5", "a rate"),
            ("seats * commission_rate", "a quantity"),
            ("ratio(amount, quota)", "a rate"),
            ("muldiv(amount, amount, quota)", "money in EUR"),
            ("muldiv(seats, amount, quota)", "a quantity"),
            ("if(is_new, amount, 0)", "money in EUR"),
            ("close_date", "a day"),
            ("tags", "a list of text"),
            ("amount > 1", "yes or no"),
        ],
    )
    def test_units_follow_the_operations(self, text: str, expected: str) -> None:
        assert str(check(parse(text), SCHEMA)) == expected

    def test_decimal_places_are_exact_until_rounded(self) -> None:
        product = check(parse("amount * commission_rate"), SCHEMA)
        assert isinstance(product, Numeric) and (product.digits, product.scale) == (27, 8)
        rounded = check(parse("round_money(amount * commission_rate)"), SCHEMA)
        assert isinstance(rounded, Numeric) and rounded.scale == 2

    @pytest.mark.parametrize(
        ("text", "position", "sentence"),
        [
            ("amount * quota", 9, "Money cannot be multiplied by money"),
            ("amount + yen", 9, "Money in JPY cannot be added to money in EUR"),
            ("amount + score", 9, "A number cannot be added to money in EUR"),
            ("amount > yen", 7, "Money in EUR cannot be compared with money in JPY"),
            ("amount + kind", 9, "“+” and “-” take numbers; this is text"),
            ("colour", 0, "There is no “colour”"),
            ("kind < 'a'", 5, "Text can be equal or not"),
            ("kind = 1", 5, "Text cannot be compared with a number"),
            ("not amount", 4, "“not” takes yes-or-no questions; this is money in EUR"),
            ("amount and is_new", 0, "“and” joins yes-or-no questions"),
            ("if(amount, 1, 2)", 3, "if takes yes-or-no questions"),
            ("if(is_new, 1, 'a')", 14, "The values of if must be of one kind"),
            ("min(kind, 'a')", 0, "min takes numbers or days"),
            ("coalesce(tags, tags)", 9, "coalesce takes no lists"),
            ("kind in tags and 1 in tags", 19, "A number cannot be compared with text"),
            ("kind in kind", 8, "“kind” is text, not a list"),
            ("ratio(amount, seats)", 14, "Money in EUR cannot be divided by a quantity"),
            ("muldiv(amount, seats, quota)", 22, "A quantity cannot be divided by money"),
            ("round_money(amount, 13)", 20, "number from 0 to 12"),
            ("round_money(amount, seats)", 20, "number from 0 to 12"),
            ("round_money(yen)", 0, "JPY has 0 decimal places: write round_money(…, 0)"),
            ("year(amount)", 5, "year takes days"),
            ("lower(1)", 6, "lower takes text"),
            ("amount * commission_rate * commission_rate * score", 45, "more than 37 digits"),
            ("ratio(ratio(ratio(1, 2), 2), 2)", 12, "at most 2 deep"),
            ("muldiv(amount * seats, amount, quota)", 0, "more than 37 digits here"),
        ],
    )
    def test_what_does_not_fit_is_refused_at_its_place(
        self, text: str, position: int, sentence: str
    ) -> None:
        with pytest.raises(LanguageError) as caught:
            check(parse(text), SCHEMA)
        assert sentence in caught.value.message
        assert caught.value.position == position

    def test_a_condition_must_be_a_question(self) -> None:
        check_condition(parse("amount > 1"), SCHEMA)
        with pytest.raises(LanguageError, match="yes-or-no question; it is money in EUR"):
            check_condition(parse("amount"), SCHEMA)


class TestText:
    @pytest.mark.parametrize(
        ("text", "position", "sentence"),
        [
            ("", 0, "The expression ends too early."),
            ("1 +", 3, "The expression ends too early."),
            ("1 2", 2, "“2” cannot stand here."),
            ("(1", 2, "“)” is expected here."),
            ("min(1 2)", 6, "“)” is expected here, not “2”."),
            ("a / b", 2, "There is no division. Use ratio(a, b) or muldiv(a, b, c)."),
            ("'abc", 0, "This text has no closing quote."),
            ("1e5", 0, "This number cannot be read."),
            ("1.2.3", 0, "This number cannot be read."),
            ("1.", 0, "This number cannot be read."),
            ("2027-02-30", 0, "not a day of the calendar"),
            ("1 < 2 < 3", 6, "Comparisons do not chain"),
            ("a = b = c", 6, "Comparisons do not chain"),
            ("exec('x')", 0, "There is no function “exec”."),
            ("min(1)", 0, "min is used as min(a, b, …)."),
            ("a.b(1)", 0, "There is no function “a.b”."),
            ("a in 5", 5, "“in” is followed by values in brackets"),
            ("a not b", 6, "“in” is expected after “not”"),
            ("a in ()", 6, "“)” cannot stand here."),
            ("and", 0, "“and” cannot stand here."),
            ("a; b", 1, "“;” cannot stand here."),
            ("a[0]", 1, "“[” cannot stand here."),
            ("'a\nb' = 'c'", 0, "A text may not hold control characters."),
            ("1234567890123456789", 0, "at most 18 digits before"),
            ("0.1234567890123", 0, "12 after the point"),
        ],
    )
    def test_the_fault_is_named_with_its_place(
        self, text: str, position: int, sentence: str
    ) -> None:
        with pytest.raises(LanguageError) as caught:
            parse(text)
        assert sentence in caught.value.message
        assert caught.value.position == position

    @pytest.mark.parametrize(
        "text",
        [
            "1 +" * 1_000,
            "(" * 1_990,
            "-" * 1_990 + "1",
            "not " * 499 + "true",
            "if(true," * 240,
            "1+" * 990 + "1",
            "min(1," * 60 + "1" + ")" * 60,
            "a" * 2_001,
        ],
    )
    def test_long_and_deep_texts_are_refused_after_little_work(self, text: str) -> None:
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            with pytest.raises(LanguageError):
                parse(text)
        finally:
            sys.setprofile(None)
        assert calls < 100_000

    def test_thirty_levels_pass_in_all_back_ends(self) -> None:
        text = "min(1, " * 29 + "2" + ")" * 29
        tree = parse(text)
        check(tree, {})
        assert evaluate(tree, {}) == 1
        assert to_sql(tree, "postgres", {}).count("LEAST") == 29
        assert to_english(tree).count("smallest") == 29

    @settings(max_examples=300, deadline=None)
    @given(st.text(max_size=60))
    def test_garbage_raises_nothing_but_language_errors(self, text: str) -> None:
        self.survive(text)

    @settings(max_examples=600, deadline=None)
    @given(
        st.lists(
            st.sampled_from(SALAD),
            max_size=25,
        )
    )
    def test_word_salad_raises_nothing_but_language_errors(self, words: list[str]) -> None:
        self.survive(" ".join(words))

    def survive(self, text: str) -> None:
        try:
            tree = parse(text)
        except LanguageError:
            return
        to_english(tree)
        try:
            check(tree, SCHEMA)
        except LanguageError:
            with contextlib.suppress(LanguageError):
                evaluate(tree, VALUES)
            return
        evaluate(tree, VALUES)
        to_sql(tree, "spark", SCHEMA)


class TestEvaluator:
    def test_floats_are_refused(self) -> None:
        with pytest.raises(LanguageError, match="float"):
            evaluate(parse("a"), {"a": 0.1})

    def test_names_without_entry_are_refused(self) -> None:
        with pytest.raises(LanguageError, match="no value for “b”"):
            evaluate(parse("a + b"), {"a": 1})

    @pytest.mark.parametrize("wrong", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+99999")])
    def test_numbers_beyond_all_measure_are_refused(self, wrong: Decimal) -> None:
        with pytest.raises(LanguageError, match="too large"):
            evaluate(parse("a * a"), {"a": wrong})


class TestEnglish:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("amount * 5%", "Amount times 5%"),
            (
                "round_money((amount + 10) * 7.5%)",
                "(Amount plus 10) times 7.5%, rounded to 2 decimal places",
            ),
            (
                "kind in ('new', 'x') and amount >= 50000",
                "kind is one of “new”, “x” and Amount is at least 50,000",
            ),
            ("a or b and not c", "a or (b and not (c))"),
            (
                "ratio(amount + 1, quota)",
                "(Amount plus 1) divided by quota (0 where that is 0), rounded to 6 decimal places",
            ),
            ("if(is_new, amount, 0)", "Amount if is_new, otherwise 0"),
            ("min(amount, quota, 5)", "the smallest of Amount, quota and 5"),
            ("is_missing(amount) = true", "(Amount is missing) is yes"),
            ("a - (b - c)", "a minus (b minus c)"),
            ("'x' not in tags", "“x” is not in tags"),
            (
                "days_between(today, close_date) > 30",
                "the days from today to close_date is more than 30",
            ),
        ],
    )
    def test_sentences(self, text: str, sentence: str) -> None:
        assert to_english(parse(text), {"amount": "Amount"}) == sentence
