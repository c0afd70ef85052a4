"""The editor of a template: sections and clauses are put in, moved and taken out, languages
chosen, and nothing is kept before it is saved."""

from __future__ import annotations

import io
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from browser import PHONE, Live
from dealwright.base.people.models import Profile, User
from dealwright.contracts.agreements.document import render_contract
from dealwright.contracts.library.languages import YES_AND_NO, language_choices, yes_or_no
from dealwright.contracts.library.services import default_template, save_template
from dealwright.contracts.library.starter import STARTER
from dealwright.contracts.library.typed_body import rearranged
from make import acting, make_user

from .make import make_contract


@pytest.fixture
def lena(db: Any) -> User:
    return make_user("Lena Legal", profile=Profile.LEGAL)


PLACES = st.integers(0, 12)
WISHES = st.one_of(
    st.builds("section-{}:{}".format, st.sampled_from(["up", "down", "add"]), PLACES),
    st.builds("clause-{}:{}.{}".format, st.sampled_from(["up", "down", "add"]), PLACES, PLACES),
)


def _uids(body: Any) -> list[str]:
    parts = [part for each in body["sections"] for part in (each, *each["clauses"])]
    return sorted(part["uid"] for part in parts if part["uid"])


@given(st.lists(WISHES, max_size=12))
def test_moving_and_adding_loses_nothing(wishes: list[str]) -> None:
    body: Any = STARTER
    for wish in wishes:
        body, _focus = rearranged(body, wish)
    assert _uids(body) == _uids(STARTER)


@given(PLACES, PLACES)
def test_what_was_added_and_taken_out_again_leaves_the_text_as_it_was(
    section: int, clause: int
) -> None:
    added, _focus = rearranged(STARTER, f"clause-add:{section}.{clause}")
    if added == STARTER:  # there is no such place
        return
    body, _focus = rearranged(added, f"clause-remove:{section}.{clause}")
    assert body == STARTER


@pytest.mark.parametrize(
    "wish",
    ["", "clause-up:0.0", "section-up:0", "clause-remove:0.99", "clause-add:99.0", "clause-add:0",
     "drop-all:1", "section-add:-1", "section-add:１"],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_changes_nothing(wish: str) -> None:
    assert rearranged(STARTER, wish)[0] == STARTER


def test_every_language_is_named_and_has_its_yes_and_no() -> None:
    named = dict(language_choices("de"))
    assert named.keys() == YES_AND_NO.keys()
    assert (named["fr"], named["en"]) == ("Französisch", "Englisch")
    assert (yes_or_no(True, "fr"), yes_or_no(False, "de")) == ("oui", "nein")
    assert yes_or_no(True, "zz") == "yes"


def test_a_contract_in_two_languages_is_printed_so(lena: User) -> None:
    template = default_template()
    body = {**template.current.body, "language": "de"}
    clause = {"uid": "fr", "heading": "Durée", "text": "Dès le [[effective_on]].", "language": "fr"}
    german = {"uid": "de", "heading": "Beginn", "text": "Ab [[effective_on]]: [[renews]]."}
    body["sections"] = [
        *body["sections"],
        {"uid": "last", "heading": "Ende", "clauses": [clause, german]},
    ]
    save_template(acting(lena), template.pk, body)
    contract = make_contract(effective_on="2027-03-01", renews="yes")
    with pypdfium2.PdfDocument(io.BytesIO(render_contract(contract))) as pdf:
        text = " ".join(page.get_textpage().get_text_range() for page in pdf)
    assert "Dès le 1 mars 2027." in text
    assert "Ab 1. März 2027: ja." in text


@pytest.mark.browser
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_section_in_another_language_is_written_in_the_editor(live: Live, phone: bool) -> None:
    lena = make_user("Lena Legal", profile=Profile.LEGAL)
    template = default_template()
    live.sign_in(lena)
    if phone:
        live.use(PHONE)
    page = live.open(f"/contract-templates/{template.pk}/text")
    page.get_by_label("Title of the document").fill("Order in two languages")
    with page.expect_navigation():
        page.get_by_role("button", name="Insert after “Term and end”").click()
    expect(page.get_by_label("New section", exact=True)).to_be_focused()
    expect(page.get_by_text("Nothing is kept before you save.")).to_be_visible()
    expect(page.get_by_label("Title of the document")).to_have_value("Order in two languages")
    page.keyboard.type("Laufzeit")
    page.locator("#s2c0-heading").fill("Beginn")
    page.locator("#s2c0-text").fill("Der Vertrag beginnt am [[effective_on]].")
    page.locator("#s2c0-language").select_option(label="German")
    with page.expect_navigation():
        page.get_by_role("button", name="Move “Parties” down").click()
    live.check_no_overflow()
    live.check_accessibility()
    assert template.current.number == 1
    with page.expect_navigation():
        page.get_by_role("button", name="Save as version 2").click()
    body = template.current.body
    assert body["title"] == "Order in two languages"
    assert [each["heading"] for each in body["sections"]][:3] == [
        "The order", "Term and end", "Laufzeit",
    ]  # fmt: skip
    assert [each["uid"] for each in body["sections"][0]["clauses"]][:2] == ["services", "parties"]
    assert body["sections"][2]["clauses"] == [
        {
            "uid": f"{body['sections'][2]['uid']}_1",
            "heading": "Beginn",
            "text": "Der Vertrag beginnt am [[effective_on]].",
            "condition": "",
            "locked": False,
            "language": "de",
        }
    ]
    assert _uids({"sections": [s for s in body["sections"] if s["heading"] != "Laufzeit"]}) == (
        _uids(STARTER)
    )
