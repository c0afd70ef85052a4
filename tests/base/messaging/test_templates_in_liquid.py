"""Templates that users write: what they may do, and what stops them."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from crm.make import make_account
from dealwright.base.access.actor import system
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.messaging import check_template, fill_in, missing_names, render_template_text
from dealwright.base.records.services import create_record, update_record
from make import acting, make_administrator, make_user

CONTEXT: dict[str, Any] = {
    "contact": {"first_name": "Kim", "tags": ["a", "b"]},
    "amount": Decimal("22700"),
    "day": date(2026, 11, 24),
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Dear {{ contact.first_name }}", "Dear Kim"),
        ('{{ contact.nickname | default: "there" }}', "there"),
        ("{{ contact.last_name }}!", "[missing: contact.last_name]!"),
        ("{{ nobody.at.all }}", "[missing: nobody.at.all]"),
        ("{% if nobody %}yes{% else %}no{% endif %}", "no"),
        ("{% for tag in contact.tags %}{{ tag | upcase }}{% endfor %}", "AB"),
        ('{{ amount | money: "EUR", "de" }}', "22.700,00\xa0€"),
        ('{{ day | long_date: "de" }}', "24. November 2026"),
        ('{{ day | date: "%d.%m.%Y" }}', "24.11.2026"),
    ],
)
def test_it_fills_in_values(source: str, text: str) -> None:
    assert render_template_text(source, CONTEXT) == text


def test_it_names_what_is_missing() -> None:
    source = "{{ contact.last_name }} {{ company }} {{ company }} {{ x | default: 'y' }}"
    assert missing_names(source, CONTEXT) == ["contact.last_name", "company"]


def test_values_are_escaped_in_html_alone() -> None:
    context = {"name": "<b>Kim & Co</b>"}
    assert render_template_text("{{ name }}", context) == "<b>Kim & Co</b>"
    escaped = "&lt;b&gt;Kim &amp; Co&lt;/b&gt;"
    assert render_template_text("{{ name }}", context, html=True) == escaped
    with pytest.raises(Invalid, match="unknown filter 'safe'"):
        render_template_text("{{ name | safe }}", context, html=True)


def test_objects_show_no_attributes() -> None:
    class Person:
        password = "secret"

        def __str__(self) -> str:
            return "Kim"

    source = "{{ p }} {{ p.password }} {{ p.__class__ }} {{ p['__init__'] }}"
    assert render_template_text(source, {"p": Person()}) == (
        "Kim [missing: p.password] [missing: p.__class__] [missing: p.__init__]"
    )


GREEDY = [
    "{% for i in (1..100000000) %}x{% endfor %}",
    "{% for i in (1..1000) %}{% for j in (1..1000) %}x{% endfor %}{% endfor %}",
    "{% assign a='aaaaaaaaaa' %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}",
    "{% for i in (1..2000) %}{{ 'x' | replace: 'x', b }}{% endfor %}",
    "{% assign a=9 %}{% for i in (1..40) %}{% assign a = a | times: a %}{% endfor %}{{ a }}",
    "{{ 'aaaaaaaaaa' " + "| replace: 'a', 'aaaaaaaaaaaaaaaaaaaaaaaa' " * 9 + "}}",
    "{{ (1..100000000) | join: ',' }}",
    "{{ (1..100000000) | map: 'x' | size }}",
    "{{ 'now' | date: '%1000000000d' }}",
    "{% for i in (1..2000) %}{{ i | plus: 1 | minus: 1 | size }}{% endfor %}" * 600,
    "x" * 50_001,
    "{% if 1 %}" * 200 + "{% endif %}" * 200,
]


@pytest.mark.parametrize("source", GREEDY)
def test_a_greedy_template_is_stopped(source: str) -> None:
    started = time.monotonic()
    with pytest.raises(Invalid):
        render_template_text(source, {"b": "y" * 10_000})
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("line\n{% if %}", "The template is not right: missing expression (line 2)."),
        ("{{ a | nope }}", "The template is not right: unknown filter 'nope' (line 1)."),
        ("{% include 'x' %}", "unexpected tag 'include'"),
        ("{% render '/etc/passwd' %}", "unexpected tag 'render'"),
        ("{{ a", "expected '}}', found end of file"),
    ],
)
def test_it_says_what_is_wrong_and_where(source: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        render_template_text(source, CONTEXT)
    assert sentence in refusal.value.message


@settings(max_examples=300)
@given(
    some.lists(
        some.sampled_from(
            ["{{", "}}", "{%", "%}", " ", "if", "for", "x", "in", "|", "date:", "'a'", "1", "..",
             "(", ")", "assign", "=", "endif", "endfor", "contact", ".", "[", "]", "size", ":", ","]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_no_template_fails_otherwise_than_by_refusal(parts: list[str]) -> None:
    try:
        check_template("".join(parts))
        render_template_text(" ".join(parts), CONTEXT)
    except Invalid as refusal:
        assert refusal.message


@pytest.mark.django_db
def test_a_template_is_kept_and_filled_in() -> None:
    template = create_record(
        acting(make_administrator()),
        "message_template",
        {
            "name": "Intro",
            "format": "html",
            "subject": "Hello {{ contact.first_name }}",
            "body": "<p>Dear {{ contact.first_name }},</p><p>{{ contact.ask }}</p>",
        },
    )
    filled = fill_in(template, {"contact": {"first_name": "Kim <3", "ask": "Coffee?"}})
    assert filled.subject == "Hello Kim <3"
    assert filled.html == "<p>Dear Kim &lt;3,</p><p>Coffee?</p>"
    assert filled.text == "Dear Kim <3,\n\nCoffee?"
    assert filled.missing == ()
    assert fill_in(template, {}).missing == ("contact.first_name", "contact.ask")


@pytest.mark.django_db
def test_a_template_that_cannot_be_read_is_not_kept() -> None:
    admin = acting(make_administrator())
    with pytest.raises(Invalid) as refusal:
        create_record(
            admin, "message_template", {"name": "Bad", "subject": "{{", "body": "{% if %}"}
        )
    assert set(refusal.value.fields) == {"subject", "body"}
    template = create_record(
        admin, "message_template", {"name": "Good", "subject": "Hi", "body": "Hi"}
    )
    with pytest.raises(Invalid, match="unknown filter"):
        update_record(admin, "message_template", template.pk, {"body": "{{ a | nope }}"})
    with pytest.raises(Invalid, match="An e-mail needs a subject"):
        update_record(admin, "message_template", template.pk, {"subject": ""})


@pytest.mark.django_db
def test_a_rep_uses_templates_and_changes_only_own() -> None:
    theirs = create_record(
        system("test"), "message_template", {"name": "Theirs", "subject": "Hi", "body": "Hi"}
    )
    make_account()
    rep = acting(make_user())
    with pytest.raises(NotAllowed):
        update_record(rep, "message_template", theirs.pk, {"body": "Ho"})
