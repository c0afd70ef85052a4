"""The settings of tracking are what the script, its door and the public forms go by."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from crm.make import make_contact
from dealwright.base.access.actor import system
from dealwright.base.people.models import Profile
from dealwright.base.records.services import create_record
from dealwright.intelligence.tracking.models import Touchpoint, Visitor
from dealwright.intelligence.tracking.services import identify_visitor
from dealwright.intelligence.tracking.settings import (
    forget_visits,
    save_tracking_settings,
    tracking_settings,
)
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db

ROBOT = system("test")
SENT = {"is_on": "on", "question": "", "sites": "", "keep_days": "390"}


def save(**values: object) -> None:
    save_tracking_settings(ROBOT, {**SENT, **values})


def visit(url: str, *, visitor: str = "a1b2c3d4e5f60718", origin: str = "") -> int:
    now = int(datetime.now(tz=UTC).timestamp() * 1000)
    event = {"id": str(uuid4()), "name": "page", "at": now, "url": url, "title": "Pricing"}
    answer = Client().post(
        "/e",
        json.dumps({"visitor": visitor, "sent_at": now, "events": [event]}),
        content_type="text/plain",
        headers={"Origin": origin} if origin else {},
    )
    return answer.status_code


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_administrator())
    return client


def test_the_page_shows_the_snippet_and_keeps_what_is_saved(admin):
    text = admin.get("/settings/tracking").content.decode()
    assert "/t.js&#34; defer&gt;&lt;/script&gt;" in text
    admin.post(
        "/settings/tracking", SENT | {"sites": "WWW.Acme.example\nacme.test", "keep_days": "30"}
    )
    stored = tracking_settings()
    assert (stored.is_on, stored.sites, stored.keep_days) == (
        True, "www.acme.example\nacme.test", 30,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sites": "https://acme.example/x"}, "“https://acme.example/x” is no host"),
        ({"keep_days": "0"}, "Say a number of days from 1 to 1825."),
        ({"keep_days": "9" * 5000}, "Say a number of days from 1 to 1825."),
        ({"question": "x" * 501}, "The question takes at most 500 characters."),
        ({"question": "a\x00b"}, "Remove the character that cannot be shown."),
    ],
)
def test_wrong_values_are_named_and_kept(admin, values, sentence):
    answer = admin.post("/settings/tracking", SENT | {"sites": "kept.example"} | values)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in text
    assert values.get("sites", "kept.example") in text
    assert tracking_settings().sites == ""


@pytest.mark.parametrize("profile", [Profile.REP, Profile.MANAGER, Profile.LEGAL])
def test_it_is_for_administrators(profile):
    client = Client()
    client.force_login(make_user(profile=profile))
    assert client.get("/settings/tracking").status_code == 403
    assert client.post("/settings/tracking", SENT).status_code == 403


def test_only_named_sites_and_our_own_pages_may_send(settings):
    settings.PUBLIC_URL = "https://crm.northwind.test"
    save(sites="acme.example")
    assert visit("https://www.acme.example/pricing", origin="https://www.acme.example") == 204
    assert visit("https://notacme.example/") == 403
    assert visit("https://acme.example/", origin="https://evil.example") == 403
    assert visit("https://crm.northwind.test/forms/contact", visitor="b" * 16) == 204
    assert sorted(Touchpoint.objects.values_list("url", flat=True)) == [
        "https://crm.northwind.test/forms/contact", "https://www.acme.example/pricing",
    ]  # fmt: skip


def test_switched_off_nothing_is_kept_asked_or_done():
    create_record(ROBOT, "web_form", {"name": "Contact", "slug": "contact", "title": "Talk"})
    assert "/t.js" in Client().get("/forms/contact").content.decode()
    save(is_on="")
    assert visit("https://www.acme.example/") == 204
    assert not Visitor.objects.exists()
    script = Client().get("/t.js").content.decode()
    assert "sendBeacon" not in script
    assert "consent: function () {}" in script
    page = Client().get("/forms/contact").content.decode()
    assert "/t.js" not in page
    assert 'data-island="consent"' not in page


def test_a_visitor_is_asked_in_the_companys_words():
    create_record(ROBOT, "web_form", {"name": "Contact", "slug": "contact", "title": "Talk"})
    assert "May we remember this browser" in Client().get("/forms/contact").content.decode()
    save(question="May Northwind <remember> you?")
    page = Client().get("/forms/contact").content.decode()
    assert "May Northwind &lt;remember&gt; you?" in page


def test_the_cookie_lives_as_long_as_visits_are_kept():
    save(keep_days="30")
    assert "keep(known() || id(), 2592000)" in Client().get("/t.js").content.decode()


def test_visits_of_strangers_are_forgotten_and_those_of_known_people_stay():
    visit("https://acme.example/a", visitor="a" * 16)
    visit("https://acme.example/b", visitor="b" * 16)
    visit("https://acme.example/c", visitor="c" * 16)
    identify_visitor(ROBOT, "b" * 16, make_contact(email="b@acme.test").pk)
    old = datetime.now(tz=UTC) - timedelta(days=31)
    Touchpoint.objects.exclude(visitor__anonymous_id="c" * 16).update(occurred_at=old)
    Visitor.objects.exclude(anonymous_id="c" * 16).update(last_seen_at=old)
    save(keep_days="30")
    assert forget_visits() == 1
    assert sorted(Touchpoint.objects.values_list("url", flat=True)) == [
        "https://acme.example/b", "https://acme.example/c",
    ]  # fmt: skip
    assert set(Visitor.objects.values_list("anonymous_id", flat=True)) == {"b" * 16, "c" * 16}
