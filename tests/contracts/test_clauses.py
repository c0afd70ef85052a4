"""The clause tree: checked, numbered, filled in. No database."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal

import pytest

from dealwright.base.errors import Invalid
from dealwright.contracts.agreements.terms import (
    end_of_term,
    months_between,
    next_end,
    notice_day,
)
from dealwright.contracts.library.clauses import (
    Variable,
    check_body,
    content_hash,
    number_clauses,
    read_value,
    sections_text,
)
from dealwright.contracts.library.starter import STARTER


def test_the_starter_is_right():
    assert check_body(STARTER) == STARTER


def test_clauses_whose_condition_does_not_hold_are_left_out_and_numbers_follow():
    values = {"renews": False, "term_months": Decimal(36)}
    sections = number_clauses(STARTER, values, {"term_months": "36"})
    term = sections[1]
    assert [(each.number, each.uid) for each in term.clauses] == [
        ("2.1", "duration"), ("2.2", "no_renewal"), ("2.3", "long_term"), ("2.4", "cause"),
        ("2.5", "refund"),
    ]  # fmt: skip
    assert "under clause 2.4 for" in term.clauses[4].paragraphs[0]


def test_values_fill_the_text_and_gaps_show():
    sections = number_clauses(STARTER, {"renews": True, "term_months": None}, {"amount": "€10.00"})
    text = sections_text(sections)
    assert "The fee for the term is €10.00, plus taxes" in text
    assert "invoice within ____________ days" in text


def test_a_value_is_never_read_as_another_variable():
    body = copy.deepcopy(STARTER)
    sections = number_clauses(body, {"renews": True, "term_months": None},
                              {"customer_name": "[[amount]]", "amount": "secret"})  # fmt: skip
    assert "[[amount]] (the customer)" in sections[0].clauses[0].paragraphs[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda b: b["sections"][0]["clauses"][0].update(text="Hello [[nobody]]"), "no variable"),
        (lambda b: b["sections"][0]["clauses"][0].update(text="See [[#nowhere]]"), "not there"),
        (lambda b: b["sections"][0]["clauses"][0].update(text=" "), "has no text"),
        (lambda b: b["sections"][1]["clauses"][1].update(condition="renews >"), "condition"),
        (lambda b: b["sections"][1]["clauses"][1].update(condition="amount"), "condition"),
        (lambda b: b["sections"][1]["clauses"][1].update(uid="parties"), "its own uid"),
        (lambda b: b["variables"].append({"key": "Bad Key", "label": "x"}), "is no key"),
        (lambda b: b["variables"].append({"key": "amount", "label": "x"}), "stands twice"),
        (lambda b: b["variables"].append({"key": "x", "label": "x", "kind": "car"}), "no known"),
        (lambda b: b["variables"].append({"key": "x", "label": "x", "kind": "choice"}), "choices"),
        (lambda b: b.update(title=""), "title"),
    ],
)
def test_wrong_trees_are_refused_by_name(change, sentence):
    body = copy.deepcopy(STARTER)
    change(body)
    with pytest.raises(Invalid) as caught:
        check_body(body)
    assert any(sentence in each for found in caught.value.fields.values() for each in found)


@pytest.mark.parametrize("body", [None, [], {}, {"sections": "x"}, {"sections": [], "title": "x"}])
def test_nonsense_is_refused(body):
    with pytest.raises(Invalid):
        check_body(body)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("money", "12 000.50", Decimal("12000.50")),
        ("integer", "12", Decimal(12)),
        ("percent", "0.25", Decimal("0.25")),
        ("date", "2027-02-28", date(2027, 2, 28)),
        ("bool", "yes", True),
        ("text", "  Acme ", "Acme"),
        ("text", "", None),
    ],
)
def test_values_are_read_by_kind(kind, text, value):
    assert read_value(Variable("x", "X", kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("money", "12,50"), ("money", "1.005"), ("money", "NaN"), ("money", "1e99"),
        ("integer", "1.5"), ("date", "31.12.2027"), ("text", "a\x00b"),
    ],
)  # fmt: skip
def test_wrong_values_say_why(kind, text):
    with pytest.raises(ValueError, match="X"):
        read_value(Variable("x", "X", kind), text)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2027, 1, 1), 12, date(2027, 12, 31)),
        (date(2027, 1, 31), 1, date(2027, 2, 27)),
        (date(2028, 2, 29), 12, date(2029, 2, 27)),
        (date(2027, 3, 15), 6, date(2027, 9, 14)),
    ],
)
def test_the_end_of_a_term(start, months, end):
    assert end_of_term(start, months) == end


def test_notice_falls_on_a_working_day_before():
    assert notice_day(date(2027, 12, 31), 60) == date(2027, 11, 1)  # a Monday
    assert notice_day(date(2027, 12, 31), 61) == date(2027, 10, 29)  # Sunday back to Friday


def test_renewed_terms_go_on_from_each_end():
    assert next_end(date(2027, 12, 31), on=date(2029, 6, 1)) == date(2029, 12, 31)


def test_months_served():
    assert months_between(date(2027, 1, 15), date(2027, 4, 14)) == 2
    assert months_between(date(2027, 1, 15), date(2027, 4, 15)) == 3
    assert months_between(date(2027, 4, 15), date(2027, 1, 15)) == 0


def test_equal_content_has_an_equal_hash():
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": 2})


def test_a_clause_of_another_language_has_its_values_as_that_language_writes_them():
    body = {
        **STARTER,
        "sections": [
            {
                "uid": "fee",
                "heading": "Fee",
                "clauses": [
                    {"uid": "en", "heading": "Fee", "text": "[[amount]] a year."},
                    {"uid": "de", "heading": "Entgelt", "text": "[[amount]] im Jahr.",
                     "language": "de"},
                ],
            }
        ],
    }  # fmt: skip
    assert check_body(body) == body
    (section,) = number_clauses(body, {}, {"amount": "€1,200.50"}, {"de": {"amount": "1.200,50 €"}})
    english, german = section.clauses
    assert (english.paragraphs, english.language) == (("€1,200.50 a year.",), "")
    assert (german.paragraphs, german.language) == (("1.200,50 € im Jahr.",), "de")


@pytest.mark.parametrize("where", ["document", "clause"])
def test_an_unknown_language_is_refused(where):
    body = copy.deepcopy(STARTER)
    part = body if where == "document" else body["sections"][0]["clauses"][0]
    part["language"] = "tlh"
    with pytest.raises(Invalid, match="in no known language"):
        check_body(body)
