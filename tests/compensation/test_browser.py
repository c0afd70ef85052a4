"""Statements, plans and periods in a real browser, on desk and phone."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import expect

from browser import PHONE, Live
from compensation.make import book, close, make_payee, make_plan
from crm.make import make_opportunity
from dealwright.base.people.models import Profile
from dealwright.compensation.bookings.services import record_termination
from dealwright.compensation.disputes.services import open_dispute
from dealwright.compensation.periods.models import PayPeriod
from make import acting, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAN = """
plan: agents-2027
title: Sales agents 2027
currency: EUR
calendar: month
components:
  - fixed: {id: salary, label: Salary, amount: salary}
  - tiered: {id: commission, label: Commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
  - bonus_milestone: {id: bonus, label: Quota bonus, quota: bookings, milestones: [[100%, 250]]}
  - override: {id: lead, label: Team lead, rate: 1%}
clawback: {trigger: termination, label: Clawback, schedule: [[3, 100%], [12, 50%]]}
"""


def test_a_statement_opens_to_the_deal_and_moves(live: Live) -> None:
    plan = make_plan(PLAN)
    mia = make_payee(plan, "Mia Manager", salary=60000, profile=Profile.MANAGER)
    ann = make_payee(plan, "Ann Agent", salary=36000, manager=mia, quota=40000)
    bob = make_payee(plan, "Bob Builder", salary=30000, manager=mia, quota=30000)
    deal = make_opportunity(name="Acme, fifty seats")
    book(
        32000,
        (ann, "0.7"),
        (bob, "0.3"),
        on=date(2027, 1, 12),
        key="acme",
        title="Acme, fifty seats",
        object="opportunity",
        record_id=deal.pk,
    )
    book(41000, (ann, "1"), on=date(2027, 1, 20), title="Globex, platform")
    january = close("2027-01")
    record_termination(_system(), booking="acme", on=date(2027, 2, 9), title="Acme ended early")
    book(12000, (ann, "1"), on=date(2027, 2, 10), title="Initech, renewal")
    finance = make_user("Fay Finance", profile=Profile.FINANCE)
    open_dispute(
        acting(ann),
        payee_id=ann.pk,
        period_id=january.pk,
        plan_id=plan.pk,
        component="commission",
        body="The Umbrella deal is missing.",
    )

    live.sign_in(ann)
    page = live.open(f"/compensation/statements/{ann.pk}/{january.pk}")
    page.get_by_text("Commission", exact=True).click()
    expect(page.get_by_text("Acme, fifty seats")).to_be_visible()
    page.get_by_text("Acme, fifty seats").click()
    expect(page.get_by_role("link", name="Opportunity")).to_have_attribute(
        "href", f"/opportunities/{deal.pk}"
    )
    page.get_by_text("Team lead", exact=True).click()
    expect(page.get_by_text("No event was credited for “bookings” in this period.")).to_be_visible()
    live.check_accessibility()
    live.check_no_overflow()
    live.shot("comp-statement")

    february = PayPeriod.objects.get(label="2027-02")
    page = live.open(f"/compensation/statements/{ann.pk}/{february.pk}")
    page.get_by_text("Clawback", exact=True).click()
    expect(page.get_by_text("Taken back").or_(page.get_by_text("is taken back"))).not_to_have_count(
        0
    )
    live.shot("comp-clawback")

    live.sign_in(finance)
    pages = {
        "comp-home": f"/compensation?period={january.pk}",
        "comp-plans": "/compensation/plans",
        "comp-plan": f"/compensation/plans/{plan.pk}",
        "comp-version": f"/compensation/plans/{plan.pk}/versions/1",
        "comp-edit": f"/compensation/plans/{plan.pk}/edit",
        "comp-quotas": "/compensation/quotas",
        "comp-periods": "/compensation/periods",
        "comp-period": f"/compensation/periods/{january.pk}",
        "comp-period-open": f"/compensation/periods/{february.pk}",
        "comp-disputes": "/compensation/disputes",
    }
    for size, theme in ((None, "light"), (None, "dark"), (PHONE, "light")):
        live.use(size, theme=theme) if size else live.use(theme=theme)
        for name, address in pages.items():
            live.open(address)
            live.check_no_overflow()
            live.check_accessibility()
            live.shot(f"{name}-{'phone' if size else theme}")
        live.open(f"/compensation/statements/{ann.pk}/{january.pk}")
        live.page.get_by_text("Commission", exact=True).click()
        expect(live.page.get_by_text("Globex, platform").first).to_be_visible()
        live.check_no_overflow()
        live.shot(f"comp-statement-{'phone' if size else theme}")


def test_the_plan_editor_says_what_is_wrong_while_one_types(live: Live) -> None:
    live.sign_in(make_user("Fay Finance", profile=Profile.FINANCE))
    page = live.open("/compensation/plans/new")
    expect(page.get_by_role("heading", name="In plain English")).to_be_visible()
    text = page.get_by_label("Text of the plan")
    text.fill("plan: x\ncurrency: EUR\ncomponents:\n  - flat: {id: a, rat: 5%}\n")
    expect(page.get_by_text("“rat” is not known here. Did you mean “rate”?")).to_be_visible()
    expect(page.get_by_text("Line 4").first).to_be_visible()
    live.shot("comp-edit-mistakes")
    text.fill("plan: x\ncurrency: EUR\ncomponents:\n  - flat: {id: a, rate: 5%}\n")
    expect(page.get_by_text("5% of “bookings” is paid.").first).to_be_visible()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()


def _system():
    from dealwright.base.access.actor import system

    return system("test")
