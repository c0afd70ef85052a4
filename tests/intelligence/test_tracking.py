"""Visits come in through a public door and become somebody's journey."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from crm.make import make_contact, make_lead, make_opportunity
from dealwright.base.access.actor import system
from dealwright.base.errors import NotFound
from dealwright.intelligence.journeys.queries import journey_of
from dealwright.intelligence.tracking.channels import channel_of_visit
from dealwright.intelligence.tracking.models import Touchpoint, Visitor
from dealwright.intelligence.tracking.services import (
    identify_visitor,
    link_touches_to_opportunity,
    record_touch,
)
from make import acting, make_administrator, make_user

ROBOT = system("test")
VISITOR = "a1b2c3d4e5f60718"
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def batch(**event):
    now = int(datetime.now(tz=UTC).timestamp() * 1000)
    base = {
        "id": str(uuid4()), "name": "page", "at": now, "url": "https://our.test/pricing?utm_source=news&utm_medium=email",
        "referrer": "", "title": "Pricing",
    }  # fmt: skip
    return {"visitor": VISITOR, "sent_at": now, "events": [base | event]}


def send(payload, **headers):
    return Client().post("/e", payload if isinstance(payload, bytes) else json.dumps(payload),
                         content_type="text/plain", headers=headers)  # fmt: skip


@pytest.mark.django_db
def test_a_visit_is_kept_once():
    payload = batch()
    assert send(payload).status_code == 204
    assert send(payload).status_code == 204
    touch = Touchpoint.objects.get()
    assert (touch.channel, touch.utm_source, touch.title) == ("email", "news", "Visited Pricing")


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_who_opts_out_leaves_nothing(header):
    assert send(batch(), **{header: "1"}).status_code == 204
    assert not Visitor.objects.exists()


@pytest.mark.django_db
def test_ten_pages_are_one_visit():
    for _ in range(10):
        send(batch())
    assert Touchpoint.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"null", b'{"visitor": "short", "events": [{}]}',
        json.dumps({"visitor": VISITOR, "events": []}).encode(),
        json.dumps({"visitor": VISITOR, "events": [1]}).encode(),
        json.dumps({"visitor": VISITOR, "events": [{}] * 101}).encode(),
        b"x" * 70_000, b"\xff\xfe\x00",
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_a_sentence(body):
    answer = send(body)
    assert answer.status_code == 422
    assert answer.content
    assert not Touchpoint.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "event",
    [
        {"url": "javascript:alert(1)"}, {"id": "x"}, {"name": "other"}, {"at": "later"},
        {"url": "http://[", "title": "\x00"}, {"title": None}, {"at": 1e30},
    ],
)  # fmt: skip
def test_odd_events_break_nothing(event):
    assert send(batch(**event)).status_code == 204


@pytest.mark.django_db
def test_bots_are_marked():
    send(batch(), **{"User-Agent": "Googlebot/2.1"})
    assert Touchpoint.objects.get().is_machine


@pytest.mark.django_db
def test_a_form_tells_whose_visits_they_were():
    send(batch())
    contact = make_contact(email="jane@acme.test")
    identify_visitor(ROBOT, VISITOR, contact.pk)
    assert Touchpoint.objects.get().contact_id == contact.pk


@pytest.mark.django_db
def test_a_shared_device_joins_nobody():
    send(batch())
    first, second = make_contact(email="a@acme.test"), make_contact(email="b@acme.test")
    identify_visitor(ROBOT, VISITOR, first.pk)
    identify_visitor(ROBOT, VISITOR, second.pk)
    assert Visitor.objects.get().contact_id == first.pk


@pytest.mark.parametrize(
    ("utm", "referrer", "channel"),
    [
        ({"utm_medium": "cpc"}, "https://www.google.com/", "paid"),
        ({}, "https://www.google.de/search", "search"),
        ({}, "https://uk.search.yahoo.com/", "search"),
        ({}, "https://www.linkedin.com/feed", "social"),
        ({}, "https://blog.partner.test/x", "referral"),
        ({}, "https://our.test/page", "direct"),
        ({}, "", "direct"),
        ({"utm_campaign": "spring"}, "", "campaign"),
        ({}, "http://[broken", "direct"),
    ],
)
def test_the_channel_of_a_visit(utm, referrer, channel):
    assert channel_of_visit(utm, referrer, "our.test") == channel


@pytest.mark.django_db
def test_a_journey_runs_from_the_first_visit_on_and_shares_sum_to_the_amount():
    admin = make_administrator()
    send(batch())
    lead = make_lead()
    identify_visitor(ROBOT, VISITOR, lead.contact_id)
    deal = make_opportunity(name="Deal", amount="100.00")
    record_touch(ROBOT, key="form:1", kind="form", channel="form", title="Sent the form",
                 lead_id=lead.pk, ref=("lead", lead.pk), is_marketing=True,
                 occurred_at=NOW - timedelta(days=899))  # fmt: skip
    Touchpoint.objects.filter(kind="web_visit").update(occurred_at=NOW - timedelta(days=900))
    link_touches_to_opportunity(ROBOT, lead.pk, deal.pk)
    record_touch(
        ROBOT, key="call:1", kind="call", channel="phone", title="Called", opportunity_id=deal.pk
    )
    type(deal).everything.filter(pk=deal.pk).update(stage=deal.pipeline.stages.get(category="won"))

    journey = journey_of(acting(admin), "opportunity", deal.pk, model="linear")

    assert [touch.kind for touch in journey.touches] == ["web_visit", "form", "call"]
    assert [touch.url for touch in journey.touches] == ["", f"/leads/{lead.pk}", ""]
    shares = [touch.share for touch in journey.touches if touch.share is not None]
    assert sum(shares) == deal.amount
    assert [str(share) for share in shares] == ["50.00", "50.00"]


@pytest.mark.django_db
def test_a_journey_is_hidden_with_its_record():
    deal = make_opportunity(owner=make_user().pk)
    with pytest.raises(NotFound):
        journey_of(acting(make_user()), "opportunity", deal.pk)
