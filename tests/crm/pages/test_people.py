"""The people of an account and the ways to reach a person."""

from __future__ import annotations

import pytest

from crm.make import make_account, make_contact
from crm.pages.look import page

pytestmark = pytest.mark.django_db


def test_people_of_an_account_and_ways_to_reach_a_person(browser, rep):
    account, person = make_account(owner=rep), make_contact(owner=rep)
    browser.post(f"/accounts/{account.pk}/people", {"contact": str(person.pk), "role": "CFO"})
    assert "CFO" in page(browser, f"/accounts/{account.pk}?tab=people")
    link = account.contact_links.get()
    browser.post(f"/accounts/{account.pk}/people/{link.pk}/remove")
    assert not account.contact_links.exists()
    base = f"/contacts/{person.pk}/points"
    was = person.email
    browser.post(base, {"kind": "email", "value": "second@mail.example"})
    point = person.points.get(value="second@mail.example")
    browser.post(f"{base}/{point.pk}/prefer")
    person.refresh_from_db()
    assert person.email == "second@mail.example"
    assert person.points.filter(value=was, is_primary=False).exists()
    wrong = browser.post(
        base, {"kind": "email", "value": "nonsense"}, headers={"HX-Request": "true"}
    )
    assert wrong.status_code == 422
