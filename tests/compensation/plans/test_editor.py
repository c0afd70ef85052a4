"""The editor of plans: each button answers with the text changed, and nothing is stored."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from compensation.statements.test_pages import signed_in
from dealwright.compensation.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan
from make import make_user

pytestmark = pytest.mark.django_db

TEXT = """\
plan: reps
currency: EUR
components:
  - tiered: {id: base, label: Base, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
  - flat: {id: extra, rate: 1%}
"""
CHANGE = "/compensation/plans/new/change"


@pytest.fixture
def client() -> Client:
    return signed_in(make_user("Fina", profile="finance"))


def press(client: Client, do: str, status: int = 200, text: str = TEXT, **typed: Any) -> str:
    given = {key.replace("__", "."): value for key, value in typed.items()}
    answer = client.post(CHANGE, {"text": text, "do": do, **given}, headers={"HX-Request": "true"})
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def text_in(page: str) -> str:
    found = re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page, re.S)
    assert found is not None
    return html.unescape(found[1]).lstrip("\n")


def test_a_form_opens_with_what_the_text_says(client: Client) -> None:
    page = press(client, "open:0")
    assert text_in(page) == TEXT
    assert 'name="part.label" \n' in page or 'name="part.label"' in page
    assert 'name="part.bands.1.b" value="7%"' in page
    assert "Rates by bands of what adds up" in page
    assert 'name="part.rate"' not in page  # of the other component


def test_a_form_is_applied_to_the_text(client: Client) -> None:
    page = press(
        client,
        "apply:0",
        part__id="base",
        part__label="Basis",
        part__quota="bookings",
        part__bands__0__a="0",
        part__bands__0__b="6%",
        part__bands__1__a="",
        part__bands__1__b="",
        part__mode="marginal",
        part__cumulate="quarter",
    )
    assert text_in(page) == TEXT.replace(
        "{id: base, label: Base, quota: bookings, bands: [[0, 5%], [100%, 7%]]}",
        "\n      id: base\n      label: Basis\n      quota: bookings\n      bands: [[0, 6%]]\n"
        "      cumulate: quarter",
    ).replace("tiered: \n", "tiered:\n")
    assert "6% of everything" in page or "6%" in page


def test_what_is_wrong_is_told_and_the_text_is_kept(client: Client) -> None:
    page = press(client, "apply:1", part__id="extra", part__rate="five")
    assert "“five” is not a number such as 0.05, 5% or 1000." in html.unescape(page)
    assert "rate: five" in text_in(page)
    page = press(client, "open:0", text="plan: [")
    assert text_in(page) == "plan: ["
    page = press(client, "up:0", 422, text="plan: [")
    assert "Mend the text first" in page
    page = press(client, "apply:9", 422)
    assert text_in(page) == TEXT
    assert "The text has changed." in html.unescape(page)
    page = press(client, "add", 422)
    assert "Choose a kind." in page


def test_components_are_added_moved_and_taken_out(client: Client) -> None:
    page = press(client, "add", kind="cap")
    text = text_in(page)
    assert [each.id for each in read_plan(text).components] == ["base", "extra", "cap"]
    assert 'name="part.excess"' in page  # its form is open
    moved = text_in(press(client, "up:2", text=text))
    assert [each.id for each in read_plan(moved).components] == ["base", "cap", "extra"]
    assert text_in(press(client, "remove:1", text=moved)) == TEXT
    once = text_in(press(client, "remove:0"))
    page = press(client, "remove:0", 422, text=once)
    assert "A plan needs at least one component." in page


def test_the_head_is_changed(client: Client) -> None:
    page = press(
        client,
        "head",
        part__head__title="All reps",
        part__head__currency="USD",
        part__head__calendar="month",
        part__head__effective="2027-01-01",
    )
    assert text_in(page).startswith(
        "plan: reps\neffective: 2027-01-01\ntitle: All reps\ncurrency: USD\ncomponents:"
    )
    page = press(client, "head", 422, part__head__currency="")
    assert "Give the plan a currency." in page


def test_without_a_script_a_button_answers_the_whole_page(client: Client) -> None:
    answer = client.post(CHANGE, {"text": TEXT, "do": "open:0"})
    assert "<!doctype html>" in answer.content.decode().lower()
    assert 'name="part.label"' in answer.content.decode()
    assert not CompensationPlan.objects.exists()


def test_only_who_manages_pay_may_edit() -> None:
    rep = signed_in(make_user("Rita"))
    assert rep.post(CHANGE, {"text": TEXT, "do": "open:0"}).status_code == 403
