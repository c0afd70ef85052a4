"""A finance person runs a month: from a plan written by forms to the payroll file and the seal.

Everything is done on pages, by two people where two are needed; every figure is known before.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from browser import PHONE, Live
from compensation.make import ledger_total, owed
from crm.make import make_opportunity
from dealwright.base.evidence import verify_all
from dealwright.base.files import StoredFile
from dealwright.base.files.services import read_file
from dealwright.base.people.models import Profile
from dealwright.compensation.ledger.models import PaymentBatch
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.crm.opportunities.services import win_opportunity
from make import acting, make_administrator, make_user
from stories.make import settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def choose(page: Page, label: str, name: str) -> None:
    """A person in a field that looks them up."""
    field = page.get_by_role("combobox", name=label)
    field.fill(name)
    page.get_by_role("option", name=name).first.click()


def set_quota(live: Live, name: str, amount: str, period: str) -> None:
    page = live.open("/compensation/quotas")
    choose(page, "Person", name)
    page.get_by_label("Amount", exact=False).first.fill(amount)
    page.get_by_label("Period").fill(period)
    page.get_by_label("The amount is for").select_option("month")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_role("cell", name=name)).to_be_visible()


def test_a_month_from_the_plan_to_the_payroll_file(live: Live) -> None:
    live.ignore("422")  # who submitted may not approve
    live.ignore("404")  # whose pay one may not see
    ada, fay = make_administrator(), make_user("Fay Finance", profile=Profile.FINANCE)
    ann, bob = make_user("Ann Agent"), make_user("Bob Builder")
    year = timezone.localdate().year

    # 1. The plan, by forms: the starter's tiers are changed, a bonus is added.
    live.sign_in(fay)
    page = live.open("/compensation/plans/new")
    text = page.get_by_label("Text of the plan")
    text.fill(
        "plan: agents\ncurrency: EUR\ncalendar: month\ncomponents:\n"
        "  - tiered: {id: commission, label: Commission, quota: bookings, bands: [[0, 4%]]}\n"
    )
    expect(page.locator("#plan-beside")).to_contain_text("4%")
    page.get_by_role("button", name="Edit Commission").click()
    page.get_by_label("Rate 1").fill("5%")
    page.get_by_label("From 2").fill("100%")
    page.get_by_label("Rate 2").fill("7%")
    page.get_by_role("button", name="Apply", exact=True).last.click()
    expect(text).to_have_value(_holds("bands: [[0, 5%], [100%, 7%]]"))
    page.get_by_label("Add a component").select_option("bonus_milestone")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Name on statements").fill("Quota bonus")
    page.get_by_label("Pays 1").fill("250")
    page.get_by_role("button", name="Apply", exact=True).last.click()
    expect(text).to_have_value(_holds("label: Quota bonus"))
    live.shot("month-1-plan")
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    plan = CompensationPlan.objects.get(key="agents")

    # 2. It pays from January on; two people are on it with their quotas.
    page.locator("#activate-starts_on").fill(f"{year}-01-01")
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Version 1 is active.")).to_be_visible()
    for name in ("Ann Agent", "Bob Builder"):
        choose(page, "Person", name)
        page.locator("#assign-starts_on").fill(f"{year}-01-01")
        page.get_by_role("button", name="Put on the plan").click()
        expect(page.get_by_text(f"{name} is on the plan")).to_be_visible()
    set_quota(live, "Ann Agent", "10000", f"{year}")
    set_quota(live, "Bob Builder", "8000", f"{year}")

    # 3. Deals are won in the CRM; one payment more comes by file.
    for owner, name, amount, day in (
        (ann, "Acme", "12000", 9),
        (bob, "Globex", "6000", 16),
    ):
        deal = make_opportunity(name=name, owner=owner, amount=amount, currency="EUR")
        win_opportunity(acting(owner), deal.pk, close_date=date(year, 1, day))
    settle()
    page = live.open("/compensation/events")
    events = (
        f"event_id,date,payee,amount,currency,title\nx1,{year}-01-20,Bob Builder,1000,EUR,Fair\n"
    )
    page.get_by_label("CSV file of events").set_input_files(
        {"name": "events.csv", "mimeType": "text/csv", "buffer": events.encode()}
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("1 new, 0 changed, 0 as they are.")).to_be_visible()
    live.shot("month-2-events")
    page.get_by_role("button", name="Record").click()
    expect(page.locator(".toast")).to_be_visible()
    settle()

    # 4. January is calculated: Ann 10,000 × 5% + 2,000 × 7% + 250, Bob 7,000 × 5%.
    page = live.open("/compensation/periods")
    page.get_by_role("link", name=f"{year}-01").first.click()
    page.get_by_role("button", name="Calculate").click()
    expect(page.get_by_text("Calculated.", exact=True)).to_be_visible()
    january = PayPeriod.objects.get(label=f"{year}-01")
    assert (owed(ann, january.label), owed(bob, january.label)) == ("890.00", "350.00")
    row = page.get_by_role("row", name="Ann Agent").first
    expect(row).to_contain_text("€890.00")
    live.check_no_overflow()
    live.check_accessibility()
    live.shot("month-3-calculated")

    # 5. An adjustment needs a second person.
    page = live.open(f"/compensation/statements/{bob.pk}/{january.pk}")
    page.get_by_text("Commission", exact=True).click()
    page.get_by_role("link", name="Adjust", exact=True).first.click()
    page.get_by_label("Amount").fill("50")
    page.get_by_label("Reason").fill("Booth at the fair")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("Booth at the fair")).to_be_visible()
    assert owed(bob, january.label) == "350.00"
    live.sign_in(ada)
    page = live.open("/compensation/disputes")
    page.get_by_role("button", name="Approve").first.click()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert owed(bob, january.label) == "400.00"

    # 6. Finance submits, the administrator approves, finance pays and closes.
    here = f"/compensation/periods/{january.pk}"
    live.sign_in(fay)
    page = live.open(here)
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("button", name="Send back")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Somebody else must approve what you submitted.")).to_be_visible()
    live.sign_in(ada)
    page = live.open(here)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("button", name="Mark as paid")).to_be_visible()
    live.sign_in(fay)
    page = live.open(here)
    _press_and_confirm(page, "Mark as paid")
    expect(page.get_by_role("link", name="Payroll file")).to_be_visible()
    batch = PaymentBatch.objects.get(period=january)
    rows = _payroll(batch)
    assert [(row["name"], row["amount"], row["currency"]) for row in rows] == [
        ("Ann Agent", "890.00", "EUR"),
        ("Bob Builder", "400.00", "EUR"),
    ]
    _press_and_confirm(page, "Close")
    expect(page.get_by_text("Sealed:")).to_be_visible()
    live.shot("month-4-closed")
    assert ledger_total() == 0
    assert all(each.ok for each in verify_all())

    # 7. What payroll paid is squared with the ledger.
    page = live.open(f"/compensation/accounting/payroll/batches/{batch.pk}")
    paid = f"employee,amount,currency,date\n{ann.email},890.00,EUR,{year}-02-05\n"
    paid += f"{bob.email},390.00,EUR,{year}-02-05\n"
    page.get_by_label("CSV file").set_input_files(
        {"name": "paid.csv", "mimeType": "text/csv", "buffer": paid.encode()}
    )
    page.get_by_role("button", name="Take in").click()
    expect(page.get_by_role("row", name="Bob Builder").first).to_contain_text("Short")
    live.shot("month-5-paid")
    _press_and_confirm(page, "Carry")
    page.get_by_role("button", name="Reconcile").click()
    expect(page.get_by_text("Reconciled by Fay Finance")).to_be_visible()
    assert ledger_total() == 0

    # 8. Ann reads her statement on her phone, down to the deal.
    live.sign_in(ann)
    page = live.use(PHONE)
    live.open(f"/compensation/statements/{ann.pk}/{january.pk}")
    expect(page.get_by_text("€890.00").first).to_be_visible()
    page.get_by_text("Commission", exact=True).click()
    expect(page.get_by_text("Acme").first).to_be_visible()
    live.check_no_overflow()
    live.shot("month-6-statement")
    live.open(f"/compensation/statements/{bob.pk}/{january.pk}")
    expect(page.get_by_text("or you may not see it")).to_be_visible()
    assert plan.versions.count() == 1


def _holds(part: str) -> Any:
    return re.compile(re.escape(part))


def _press_and_confirm(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button").last.click()


def _payroll(batch: PaymentBatch) -> list[dict[str, str]]:
    stored = StoredFile.objects.get(pk=batch.file_id)
    return list(csv.DictReader(io.StringIO(read_file(stored).decode())))
