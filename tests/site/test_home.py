"""The home page says what waits for a person and opens each figure to what made it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from compensation.make import book, make_payee, make_plan
from crm import make
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.statements.card import my_pay
from dealwright.compensation.statements.queries import statement
from dealwright.crm.leads.card import waiting_leads
from dealwright.site.home.queries import pipeline, team_this_month
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


def test_leads_nobody_answered_come_the_most_urgent_first() -> None:
    rep = make_user()
    now = timezone.now()
    for name, hours in (("Later", 5), ("Late", -1), ("Soon", 1)):
        lead = make.make_lead(contact=make.make_contact(first_name=name, last_name="X"), owner=rep)
        type(lead).objects.filter(pk=lead.pk).update(
            response_due_at=now + timedelta(hours=hours), first_response_at=None
        )
    make.make_lead(owner=make_user())
    shown: Any = waiting_leads(rep)
    assert [(row["contact__name"], row["late"]) for row in shown["leads"]] == [
        ("Late X", True),
        ("Soon X", False),
        ("Later X", False),
    ]
    assert waiting_leads(make_user()) is None


def test_a_manager_sees_what_each_has_won_this_month_and_has_open() -> None:
    manager = make_administrator()
    ann, bob = (make_user(name, manager=manager) for name in ("Ann", "Bob"))
    today = timezone.localdate()
    make.make_opportunity(amount="100", owner=ann, currency="USD")
    for rep, amount, day in (
        (bob, "5000", today),
        (bob, "7000", today.replace(day=1) - timedelta(days=1)),
    ):
        won = make.make_opportunity(stage="Won", amount=amount, owner=rep, currency="USD")
        type(won).objects.filter(pk=won.pk).update(close_date=day)
    with translation.override("en"):
        shown: Any = team_this_month(manager)
        seen: Any = pipeline(manager)
    assert [(row["name"], row["won"], row["open"]) for row in shown["team"]] == [
        ("Bob", ["$5K"], []),
        ("Ann", [], ["$100"]),
    ]
    assert team_this_month(ann) is None
    assert (seen["won"], seen["won_total"], seen["is_mine"]) == (1, "$5K", False)


def test_pay_on_the_home_page_is_what_the_statement_says() -> None:
    rep = make_payee(make_plan())
    book("1500", (rep, "1"))
    period = PayPeriod.objects.get(label="2027-01")
    calculate_period(acting(make_administrator()), period.pk)
    card: Any = my_pay(rep)
    ((shown, totals),) = card["statements"]
    ((currency, total),) = totals
    assert shown == period
    assert total > 0
    assert {currency: total} == statement(acting(rep), rep.pk, period.pk).totals
    assert my_pay(make_user()) is None


def test_the_palette_offers_to_send_for_signature(client: Client) -> None:
    client.force_login(make_user())
    created = client.get("/palette").json()["create"]
    assert [each["label"] for each in created][:3] == ["Lead", "Opportunity", "Account"]
    assert created[-1] == {
        "label": "Send for signature",
        "url": "/send-for-signature",
        "icon": "signature",
        "page": True,
    }
    client.force_login(make_user(profile="read_only"))
    created = client.get("/palette").json()["create"]
    assert "/send-for-signature" not in [each["url"] for each in created]


def test_every_link_of_the_first_steps_leads_somewhere(client: Client) -> None:
    client.force_login(make_administrator())
    home = client.get("/").content.decode()
    for address in ("/import", "/settings/users/invite", "/settings/mail"):
        assert f'href="{address}"' in home
        assert client.get(address).status_code == 200


def test_the_figures_of_the_home_page_open_the_deals_that_they_count(client: Client) -> None:
    manager = make_administrator()
    ann = make_user("Ann", manager=manager)
    make.make_opportunity(name="Annual plan", amount="100", owner=ann, currency="USD")
    make.make_opportunity(name="Annex", amount="50", owner=ann, currency="USD")
    won = make.make_opportunity(name="Anchor", stage="Won", owner=ann, currency="USD")
    type(won).objects.filter(pk=won.pk).update(close_date=timezone.localdate())
    client.force_login(manager)
    links = {
        " ".join(re.sub(r"<[^>]+>", " ", text).split()): unescape(address)
        for address, text in re.findall(
            r'<a [^>]*href="(/opportunities\?[^"]+)"[^>]*>(.*?)</a>',
            client.get("/").content.decode(),
            re.DOTALL,
        )
    }
    opened = {
        shown: {
            name
            for name in ("Annual plan", "Annex", won.name)
            if f'data-title="{name}"' in client.get(address).content.decode()
        }
        for shown, address in links.items()
    }
    assert opened["2 open deals"] == {"Annual plan", "Annex"}
    assert opened["Prospecting"] == {"Annual plan", "Annex"}
    assert opened["$150 · 2"] == {"Annual plan", "Annex"}
    assert opened["Ann"] == {"Annual plan", "Annex", "Anchor"}
