"""Merging two records from their page."""

from __future__ import annotations

import pytest

from crm.make import make_contact
from crm.pages.look import page
from dealwright.crm.models import Contact

pytestmark = pytest.mark.django_db


def test_merge_compares_and_merges(browser, rep):
    one = make_contact(owner=rep, first_name="Ada", last_name="Byron", phone="+4930111111")
    two = make_contact(owner=rep, first_name="Ada", last_name="Byron", job_title="Countess")
    text = page(browser, f"/contacts/{one.pk}/merge?other={two.pk}")
    assert "Countess" in text
    browser.post(
        f"/contacts/{one.pk}/merge",
        {"step": "merge", "other": str(two.pk), "choose.job_title": "merged"},
    )
    one.refresh_from_db()
    assert one.job_title == "Countess"
    assert Contact.objects.count() == 1
    assert "Take apart" in page(browser, f"/contacts/{one.pk}/merge")
