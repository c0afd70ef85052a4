"""A person's data are exported and erased."""

from __future__ import annotations

import pytest

from crm.make import make_contact
from crm.pages.look import page

pytestmark = pytest.mark.django_db


def test_a_person_is_exported_and_erased(boss_browser, browser, rep):
    person = make_contact(owner=rep, first_name="Ada", last_name="Byron")
    assert browser.get(f"/contacts/{person.pk}/export").content.startswith(b"PK")
    page(browser, f"/contacts/{person.pk}/erase", 403)
    page(boss_browser, f"/contacts/{person.pk}/erase")
    wrong = boss_browser.post(f"/contacts/{person.pk}/erase", {"name": "Bob"})
    assert wrong.status_code == 422
    boss_browser.post(f"/contacts/{person.pk}/erase", {"name": "ada byron"})
    person.refresh_from_db()
    assert person.name == "Erased person"
