"""RFC 8785: one text per value."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dealwright.base.evidence.canonical import canonical_json

texts = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
values = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: some.lists(inner, max_size=5) | some.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


def test_the_example_of_the_standard() -> None:
    """RFC 8785, 3.2.2 and 3.2.3, without its floats."""
    value = {
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical_json(value) == (
        '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_ordered_by_utf_16_code_units() -> None:
    """RFC 8785, 3.2.3: the emoji (D83D DE00) goes before U+FB33, a smaller code point."""
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical_json(value)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_what_json_lacks_becomes_text() -> None:
    value = {
        "amount": Decimal("1E+3"),
        "at": datetime(2026, 11, 24, 12, 0, tzinfo=timezone(timedelta(hours=2))),
        "day": date(2026, 11, 24),
        "id": UUID(int=7),
    }
    assert canonical_json(value) == (
        '{"amount":"1000","at":"2026-11-24T10:00:00.000000Z","day":"2026-11-24",'
        '"id":"00000000-0000-0000-0000-000000000007"}'
    )


@given(values)
def test_it_says_what_was_given_and_says_it_one_way(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(some.dictionaries(texts, some.integers(0, 9), min_size=2))
def test_the_order_of_making_does_not_show(value: dict[str, int]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (1.5, "no floats"),
        (2**53, "too large for a JSON number"),
        ("\ud800", "surrogate"),
        ("a\x00b", "NUL"),
        (Decimal("NaN"), "no finite number"),
        (datetime(2026, 1, 1), "no time zone"),
        ({1: "x"}, "must be text"),
        (b"bytes", "cannot hold a bytes"),
        (datetime(2026, 1, 1, tzinfo=UTC).time(), "cannot hold a time"),
    ],
)
def test_it_refuses_what_has_no_exact_form(value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        canonical_json([value])


def test_it_refuses_to_dig_forever() -> None:
    deep: Any = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueError, match="at most 40 deep"):
        canonical_json(deep)
