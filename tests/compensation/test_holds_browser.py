"""Holds, acceptance, events from files, questions and what was known then, in a real browser, on
desk and phone, light and dark."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from browser import DESKTOP, PHONE, Live
from compensation.make import book, close, make_payee, make_plan
from dealwright.base.people.models import Profile
from dealwright.compensation.acceptance.services import (
    ask_for_acceptance,
    set_pay_after_acceptance,
)
from dealwright.compensation.calculation.models import CalculationRun, RunLine
from dealwright.compensation.disputes.services import open_dispute, propose_adjustment
from dealwright.compensation.holds.services import place_hold
from dealwright.compensation.ledger.services import pay_period
from make import acting, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAN = """
plan: agents-2027
title: Sales agents 2027
currency: EUR
calendar: month
components:
  - tiered: {id: commission, label: Commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
  - bonus_milestone: {id: bonus, label: Quota bonus, quota: bookings, milestones: [[100%, 250]]}
clawback: {trigger: [termination, refund], label: Clawback, schedule: [[3, 100%], [12, 50%]]}
"""
FILE = "event_id,date,kind,payee,amount,reference\nr1,2027-02-20,refund,,1,acme\nx,soon,,,1,\n"


def test_holds_acceptance_events_and_history_are_usable(live: Live) -> None:
    plan = make_plan(PLAN)
    finance = make_user("Fay Finance", profile=Profile.FINANCE)
    ann = make_payee(plan, "Ann Agent", quota=40000, target=Decimal(24000))
    bob = make_payee(plan, "Bob Builder", quota=30000)
    cem = make_payee(plan, "Cem Closer", quota=30000)
    book(32000, (ann, "0.7"), (bob, "0.3"), on=date(2027, 1, 12), key="acme", title="Acme, fifty")
    book(41000, (ann, "1"), on=date(2027, 1, 20), title="Globex, platform")
    hold = {"starts_on": date(2027, 1, 1)}
    place_hold(acting(finance), event_key="acme", reason="The customer disputes delivery", **hold)
    january = close("2027-01")
    pay_period(acting(finance), january.pk)
    book(12000, (ann, "1"), on=date(2027, 2, 10), title="Initech, renewal")
    book(33000, (ann, "0.7"), (bob, "0.3"), on=date(2027, 1, 12), key="acme", title="Acme, fifty")
    set_pay_after_acceptance(acting(finance), plan.pk, True)
    version = plan.versions.get()
    ask_for_acceptance(acting(finance), version.pk, [ann.pk, bob.pk])
    line = RunLine.objects.filter(payee=ann).order_by("pk").first()
    assert line is not None
    about = {
        "payee_id": ann.pk, "period_id": january.pk, "plan_id": plan.pk, "component": "commission",
    }  # fmt: skip
    open_dispute(acting(ann), **about, body="My part was 80 %.", category="split")
    propose_adjustment(
        acting(finance), **about, amount=Decimal(50), reason="Agreed", line_id=line.pk
    )
    first, last = CalculationRun.objects.order_by("pk").first(), CalculationRun.objects.first()
    assert first is not None and last is not None
    statement = f"/compensation/statements/{ann.pk}/{january.pk}"
    pages = {
        "statement": statement,
        "statement-then": f"{statement}?as_of=2026-01-01",
        "statement-nothing": f"/compensation/statements/{cem.pk}/{january.pk}",
        "period": f"/compensation/periods/{january.pk}",
        "period-then": f"/compensation/periods/{january.pk}?as_of=2026-01-01",
        "runs": f"/compensation/runs/{first.pk}/compare?with={last.pk}",
        "run": f"/compensation/runs/{first.pk}",
        "holds": "/compensation/holds",
        "hold-new": "/compensation/holds/new",
        "acceptance": f"/compensation/plans/{plan.pk}/acceptance",
        "plan": f"/compensation/plans/{plan.pk}",
        "events": "/compensation/events",
        "disputes": "/compensation/disputes",
        "line": f"/compensation/lines/{line.pk}",
        "adjust": f"/compensation/adjustments/new?payee={ann.pk}&period={january.pk}"
        f"&plan={plan.pk}&component=commission&line={line.pk}",
    }
    live.sign_in(finance)
    for size, theme in ((DESKTOP, "light"), (PHONE, "dark")):
        live.use(size, theme=theme)
        for name, address in pages.items():
            page = live.open(address)
            if name == "statement-nothing":
                expect(page.get_by_text("No event was credited").first).to_be_visible()
            if name == "plan":
                expect(page.get_by_text("0 of 3 accepted version 1.")).to_be_visible()
            live.check_no_overflow()
            live.check_accessibility()
            live.shot(f"hold-{name}-{size['width']}-{theme}")

    live.use(DESKTOP, theme="dark")
    page = live.open("/compensation/events")
    page.get_by_label("CSV file of events").set_input_files(
        {"name": "events.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("1 row is wrong; nothing can be recorded.")).to_be_visible()
    live.check_accessibility()
    live.shot("hold-preview-wrong-1440-dark")
    page.get_by_label("CSV file of events").set_input_files(
        {
            "name": "events.csv",
            "mimeType": "text/csv",
            "buffer": FILE.rpartition("x,soon")[0].encode(),
        }
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("Pay changes by")).to_be_visible()
    live.shot("hold-preview-1440-dark")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("1 event is recorded: 1 new")).to_be_visible()

    page = live.open("/compensation/holds")
    page.get_by_role("row", name="Everybody Acme, fifty").get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(page.get_by_text("Released.")).to_be_visible()

    live.sign_in(ann)
    live.use(PHONE, theme="light")
    page = live.open(statement)
    live.check_no_overflow()
    live.shot("hold-own-statement-390-light")
