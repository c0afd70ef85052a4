"""A segment's page shows who is in it, follows or freezes them, and opens to the list."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from crm.make import make_contact
from dealwright.base.records.services import create_record
from dealwright.intelligence.segments.models import Segment
from make import acting, make_administrator

pytestmark = pytest.mark.django_db

BUYERS = {"field": "job_title", "op": "contains", "value": "Buyer"}


@pytest.fixture
def admin():
    return make_administrator()


@pytest.fixture
def browser(admin):
    client = Client()
    client.force_login(admin)
    return client


def make_segment(admin, **fields):
    return create_record(
        acting(admin), "segment", {"name": "Buyers", "of": "contact", "filter": BUYERS} | fields
    )


def test_it_shows_its_members_and_opens_to_the_list(browser, admin):
    make_contact(first_name="Bea", last_name="Buyer", job_title="Head Buyer")
    make_contact(first_name="Ed", last_name="Engineer", job_title="Engineer")
    segment = make_segment(admin)
    text = browser.get(f"/segments/{segment.pk}").content.decode()
    assert "1 contact" in text
    assert "Bea Buyer" in text
    assert "Ed Engineer" not in text
    assert "/contacts?filter=" in text


def test_a_frozen_one_keeps_its_members_until_it_follows_its_filter_again(browser, admin):
    make_contact(first_name="Bea", last_name="Buyer", job_title="Buyer")
    segment = make_segment(admin)
    browser.post(f"/segments/{segment.pk}/freeze")
    make_contact(first_name="Nick", last_name="New", job_title="Buyer")
    text = browser.get(f"/segments/{segment.pk}").content.decode()
    assert "Frozen on" in text
    assert "Nick New" not in text
    refused = browser.post(f"/segments/{segment.pk}/filter", {"filter": "{}"})
    assert refused.status_code == 422
    browser.post(f"/segments/{segment.pk}/thaw")
    assert "Nick New" in browser.get(f"/segments/{segment.pk}").content.decode()


def test_its_filter_is_changed_by_conditions(browser, admin):
    segment = make_segment(admin)
    assert browser.get(f"/segments/{segment.pk}/filter").status_code == 200
    for wrong in ("{", json.dumps({"field": "nothing", "op": "is", "value": "1"})):
        answer = browser.post(f"/segments/{segment.pk}/filter", {"filter": wrong})
        assert answer.status_code == 422
    tree = {"field": "job_title", "op": "is", "value": "Engineer"}
    browser.post(f"/segments/{segment.pk}/filter", {"filter": json.dumps(tree)})
    assert Segment.objects.get(pk=segment.pk).filter == tree
