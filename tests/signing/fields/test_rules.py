"""Conditions, formulas and checks of fields: pure, without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.base.errors import Invalid
from dealwright.signing.fields.applying import apply_rules, wrong_rules
from dealwright.signing.fields.checking import (
    as_number,
    clean_value,
    shown_value,
    wrong_definition,
)


@dataclass(kw_only=True)
class Place:
    """A field as the rules see it."""

    kind: str = "text"
    label: str = ""
    value: str = ""
    condition: str = ""
    formula: str = ""
    options: Sequence[str] = ()
    option: str = ""
    checks: Mapping[str, Any] = field(default_factory=dict)


def total_of(quantity: str, price: str) -> str:
    fields = [
        Place(kind="number", label="Quantity", value=quantity),
        Place(kind="number", label="Unit price", value=price),
        Place(kind="formula", label="Total", formula="quantity * unit_price"),
    ]
    assert wrong_rules(fields) == {}
    return apply_rules(fields)[2].value


def test_a_formula_is_exact_and_rounded_half_away_from_zero() -> None:
    assert total_of("3", "19.99") == "59.97"
    assert total_of("0.5", "0.01") == "0.01"
    assert total_of("", "19.99") == ""


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=4),
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
)
def test_a_formula_says_what_decimals_say(quantity: Decimal, price: Decimal) -> None:
    exact = quantity * price
    rounded = exact.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
    assert Decimal(total_of(f"{quantity:f}", f"{price:f}")) == rounded


def test_a_field_whose_condition_fails_has_no_value_for_others() -> None:
    fields = [
        Place(kind="checkbox", label="Discount", value=""),
        Place(kind="number", label="Percent", value="10", condition="discount"),
        Place(kind="formula", label="Price", formula="100 - coalesce(percent, 0)"),
        Place(label="Reason", value="old friend", condition="price < 95"),
    ]
    assert wrong_rules(fields) == {}
    stands = apply_rules(fields)
    assert [each.applies for each in stands] == [True, False, True, False]
    assert stands[2].value == "100.00"
    fields[0].value = "on"
    stands = apply_rules(fields)
    assert [each.applies for each in stands] == [True, True, True, True]
    assert stands[2].value == "90.00"


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_chain_of_conditions_ends_at_the_first_that_fails(ticks: list[bool]) -> None:
    fields = [
        Place(
            kind="checkbox",
            label=f"Step {number}",
            value="on" if ticked else "",
            condition=f"step_{number - 1}" if number else "",
        )
        for number, ticked in enumerate(ticks)
    ]
    assert wrong_rules(fields) == {}
    applies = [each.applies for each in apply_rules(fields)]
    assert applies == [all(ticks[:number]) for number in range(len(ticks))]


def test_rules_that_cannot_work_are_told() -> None:
    def said(*fields: Place) -> str:
        return " ".join(wrong_rules(fields).values())

    assert "no field with the label “nothing”" in said(Place(label="A", condition="nothing > 1"))
    assert "must come to a number" in said(
        Place(label="A"), Place(kind="formula", label="B", formula="a = 'x'")
    )
    assert "Say how the value is computed" in said(Place(kind="formula", label="B"))
    assert "cannot be understood" in said(Place(label="A", condition="a ="))
    circle = (
        Place(kind="formula", label="A", formula="b + 1"),
        Place(kind="formula", label="B", formula="a + 1"),
    )
    assert "lead back to itself" in said(*circle)
    assert apply_rules(circle)[0].value == ""  # and nothing hangs
    assert "cannot be understood" in said(
        Place(kind="signature", label="Sign"), Place(condition="is_missing(sign)")
    )


@pytest.mark.parametrize(
    ("kind", "checks", "typed", "kept"),
    [
        ("number", {}, "1.234,50", "1234.50"),
        ("number", {}, "1 234", "1234"),
        ("number", {"places": 0}, "7.0", "7.0"),
        ("number", {"minimum": "1", "maximum": "10"}, "10", "10"),
        ("date", {"minimum": "2027-01-01"}, "2027-01-01", "2027-01-01"),
        ("text", {"pattern": "[A-Z]{2}[0-9]{3}"}, " AB123 ", "AB123"),
        ("email", {}, "ada@buyer.test", "ada@buyer.test"),
        ("checkbox", {}, "yes", "on"),
    ],
)
def test_a_value_that_fits_is_kept_plainly(
    kind: str, checks: dict[str, Any], typed: str, kept: str
) -> None:
    place = Place(kind=kind, checks=checks)
    assert wrong_definition(place) == ""
    assert clean_value(place, typed) == kept


@pytest.mark.parametrize(
    ("kind", "checks", "typed", "said"),
    [
        ("number", {}, "12x", "“12x” is not a number."),
        ("number", {}, "1e5", "“1e5” is not a number."),
        ("number", {}, "٣", "“٣” is not a number."),
        ("number", {"places": 2}, "1.005", "Write at most 2 decimal places."),
        ("number", {"maximum": "10"}, "10.01", "Write a number of at most 10."),
        ("date", {}, "1.2.2027", "Write a day as YYYY-MM-DD."),
        ("date", {"maximum": "2027-12-31"}, "2028-01-01", "Choose 2027-12-31 or an earlier day."),
        ("text", {"min_length": 3}, "ab", "Write at least 3 characters."),
        ("text", {"pattern": "[0-9]+"}, "12a", "This does not have the form that is asked for."),
        ("text", {"pattern": "[0-9]+", "message": "Digits, please."}, "a", "Digits, please."),
        ("email", {}, "nobody", "“nobody” is not an e-mail address."),
        ("text", {}, "a\x00b", "This may have at most 1000 characters."),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_a_sentence(
    kind: str, checks: dict[str, Any], typed: str, said: str
) -> None:
    with pytest.raises(Invalid) as caught:
        clean_value(Place(kind=kind, checks=checks), typed)
    assert caught.value.message == said


def test_choices_are_kept_in_the_order_of_the_options() -> None:
    several = Place(kind="multi_select", options=["a", "b", "c"], checks={"max_length": 2})
    assert clean_value(several, "c\na") == "a\nc"
    assert shown_value(several, "a\nc") == "a, c"
    for wrong in ("a\nb\nc", "d"):
        with pytest.raises(Invalid):
            clean_value(several, wrong)
    with pytest.raises(Invalid):
        clean_value(Place(kind="dropdown", options=["a"]), "b")


def test_a_pattern_takes_linear_time() -> None:
    place = Place(checks={"pattern": "(a*)*(a|aa)*b"})
    assert wrong_definition(place) == ""
    with pytest.raises(Invalid):
        clean_value(place, "a" * 1_000)


@pytest.mark.parametrize(
    "place",
    [
        Place(checks={"pattern": "("}),
        Place(checks={"pattern": "(?=a)a"}),
        Place(checks={"min_length": 5, "max_length": 4}),
        Place(checks={"minimum": "1"}),
        Place(kind="number", checks={"minimum": "x"}),
        Place(kind="number", checks={"minimum": "3", "maximum": "2"}),
        Place(kind="date", checks={"minimum": "soon"}),
        Place(kind="dropdown"),
        Place(kind="dropdown", options=["a", "a"]),
        Place(kind="radio", label="Pay"),
        Place(kind="radio", option="Monthly"),
        Place(options=["a"]),
    ],
)
def test_a_definition_that_nobody_could_fill_is_refused(place: Place) -> None:
    assert wrong_definition(place)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=3))
def test_a_number_is_shown_in_the_language_and_read_back(number: Decimal) -> None:
    place = Place(kind="number", checks={"places": 3})
    for language in ("en", "de"):
        shown = shown_value(place, f"{number:f}", language)
        if abs(number) < 1_000:  # one sign alone may be either
            assert shown.replace(",", ".") == f"{number:f}"
        else:
            assert as_number(shown) == number
