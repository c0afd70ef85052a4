"""A draft is tried, a deal's pay estimated and a pay curve dragged in a real browser."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from browser import PHONE, Live
from compensation.make import TEST, book
from compensation.simulation.test_pages import YEAR, make_current_plan
from crm.make import make_opportunity
from dealwright.base.jobs import run_jobs
from dealwright.base.people.models import Profile
from dealwright.compensation.plans.services import write_version
from dealwright.compensation.simulation.models import Backtest
from make import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_draft_is_tried_on_past_periods(live: Live) -> None:
    plan, _mia, ann = make_current_plan()
    book(9000, (ann, "1"), on=date(YEAR, 1, 10), title="Acme")
    text = plan.versions.get().text
    write_version(TEST, plan.pk, text.replace("[[0, 5%]", "[[0, 6%]"))
    live.sign_in(make_user("Fay Finance", profile=Profile.FINANCE))
    page = live.open(f"/compensation/plans/{plan.pk}")
    page.get_by_role("link", name="Try this draft on past periods").click()
    page.locator("[name=starts_on]").fill(f"{YEAR}-01-01")
    page.locator("[name=ends_on]").fill(f"{YEAR}-01-31")
    live.check_accessibility()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    run_jobs()
    backtest = Backtest.objects.get()
    page = live.open(f"/compensation/backtests/{backtest.pk}")
    expect(page.get_by_role("link", name="Ann")).to_be_visible()
    expect(page.get_by_text("+€90.00").first).to_be_visible()
    live.check_accessibility()
    live.check_no_overflow()
    live.shot("simulation-backtest")
    page.get_by_role("link", name="Ann").click()
    page.get_by_text("Commission").first.click()
    expect(page.get_by_text("9,000 EUR up to 12,000 EUR at 6% is 540 EUR.")).to_be_visible()
    live.check_accessibility()
    page.set_viewport_size(PHONE)
    live.check_no_overflow()


def test_what_a_deal_would_pay_and_the_pay_curve(live: Live) -> None:
    _plan, _mia, ann = make_current_plan()
    today = timezone.localdate()
    book(Decimal(3000), (ann, "1"), on=today)
    deal = make_opportunity(name="Globex", owner=ann, amount="10000", currency="EUR")
    live.sign_in(ann)
    page = live.open(f"/opportunities/{deal.pk}")
    expect(page.get_by_text("€540.00").first).to_be_visible()
    page.get_by_role("link", name="Try other figures").click()
    expect(page.get_by_text("+€540.00")).to_be_visible()
    page.get_by_label("Amount").fill("5000")
    page.get_by_label("Amount").press("Tab")
    expect(page.get_by_text("+€250.00")).to_be_visible()
    live.check_accessibility()
    page = live.open("/compensation/what-if")
    page.get_by_label("Amount").first.fill("9000")
    page.get_by_label("Amount").first.press("Tab")
    expect(page.get_by_text("25.0% → 100.0%")).to_be_visible()
    slider = page.get_by_label("Attainment", exact=True)
    slider.focus()
    slider.press("End")
    expect(page.get_by_text("200.0%").first).to_be_visible()
    live.check_accessibility()
    page.set_viewport_size(PHONE)
    live.check_no_overflow()
    live.shot("simulation-what-if")
