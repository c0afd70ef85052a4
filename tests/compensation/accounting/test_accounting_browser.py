"""A month of accounting in a real browser: policy, run, schedule, payroll, reconciliation."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser import PHONE, Live
from compensation.accounting.make import FLAT, month
from compensation.accounting.test_payroll import GERMAN
from compensation.make import TEST, book, close, make_payee, make_plan
from dealwright.base.exchange_rates import set_rate
from dealwright.base.people.models import Profile
from dealwright.compensation.accounting.models import ContractCost, JournalAccount
from dealwright.compensation.accounting.payroll_models import PayrollLayout
from dealwright.compensation.accounting.payroll_services import save_layout, set_employee_number
from dealwright.compensation.accounting.services import (
    close_month,
    run_month,
    set_account_number,
    set_cost_centre,
)
from dealwright.compensation.bookings.services import record_termination
from dealwright.compensation.ledger.services import pay_period
from make import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOME = "/compensation/accounting"


def test_finance_runs_a_month_and_squares_payroll(live: Live, tmp_path: Path) -> None:
    plan = make_plan(f"plan: field\ntitle: Field sales{FLAT}")
    ann = make_payee(plan, "Ann Agent", salary=36000)
    bob = make_payee(plan, "Bob Builder", salary=30000)
    acme = book(
        120000, (ann, "0.7"), (bob, "0.3"), on=date(2027, 1, 12), key="acme",
        title="Acme, fifty seats",
        attributes={"account": "Acme Inc.", "term_months": 24, "deal_kind": "new"},
    )  # fmt: skip
    book(48000, (ann, "1"), on=date(2027, 1, 20), title="Globex, platform")
    book(36000, (bob, "1"), on=date(2027, 2, 9), title="Initech, renewal",
         attributes={"deal_kind": "renewal", "term_months": 12})  # fmt: skip
    for number, user in enumerate((ann, bob), 815):
        set_employee_number(TEST, user, f"00{number}")
    set_cost_centre(TEST, "S-100")
    for number, account in enumerate(JournalAccount.values):
        set_account_number(TEST, account, str(6010 + number * 100))
    set_rate(TEST, base="EUR", quote="USD", rate=Decimal("1.08"),
             valid_on=date(2027, 1, 2), source="European Central Bank")  # fmt: skip
    live.sign_in(make_user("Fay Finance", profile=Profile.FINANCE))

    page = live.open(f"{HOME}?month=2027-01")
    page.get_by_role("link", name="State a policy").click()
    page.get_by_label("Commission", exact=True).check()
    page.get_by_label("For deals from").fill("2027-01-01")
    page.get_by_label("Period of benefit").select_option(label="The contract's term")
    live.check_accessibility()
    live.shot("acc-policy-filled")
    page.get_by_role("button", name="State the policy").click()
    expect(page.get_by_text("The policy is stated.")).to_be_visible()
    live.open(f"{HOME}?month=2027-02")
    page.get_by_role("button", name="Bring up to date").click()
    expect(page.get_by_text("lines were written.")).to_be_visible()
    expect(page.get_by_role("cell", name="€16,800.00")).to_be_visible()

    january = close("2027-01")
    save_layout(TEST, "DATEV", GERMAN)
    live.open(f"{HOME}/payroll")
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page.get_by_text("Payroll files have this layout from now on.")).to_be_visible()
    batch = pay_period(TEST, january.pk, paid_at=datetime(2027, 2, 5, tzinfo=UTC))
    live.open(f"/compensation/periods/{january.pk}")
    expect(page.get_by_text("Paid, not reconciled")).to_be_visible()
    live.open(f"{HOME}/payroll/batches/{batch.pk}")
    # 3,000 + 8,400 + 840 + 4,800 + 480 and 2,500 + 3,600 + 360, as payroll's file has it.
    file = tmp_path / "paid.csv"
    file.write_text("employee;amount;date\n00815;17.520,00;05.02.2027\n00816;6.400,00;05.02.2027\n")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Take in").click()
    expect(page.get_by_text("Short", exact=True)).to_be_visible()
    live.shot("acc-batch-open")
    page.get_by_role("button", name="Carry").click()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(page.get_by_text("Carried on", exact=True)).to_be_visible()
    page.get_by_role("button", name="Reconcile").click()
    expect(page.get_by_text("Reconciled by Fay Finance")).to_be_visible()

    record_termination(TEST, booking="acme", on=date(2027, 3, 20))
    run_month(TEST, month(4))
    close_month(TEST, month(2))
    pages = {
        "overview": f"{HOME}?month=2027-03&currency=USD",
        "closed": f"{HOME}?month=2027-02",
        "deals": f"{HOME}/deals?month=2027-02",
        "deal": f"{HOME}/deals/{acme.pk}",
        "cost": f"{HOME}/costs/{ContractCost.objects.filter(event=acme).first().pk}",
        "accruals": f"{HOME}/accruals?month=2027-02",
        "journal": f"{HOME}/journal?month=2027-03",
        "settings": f"{HOME}/settings",
        "policy": f"{HOME}/settings/policy",
        "rates": f"{HOME}/rates",
        "payroll": f"{HOME}/payroll",
        "layout": f"{HOME}/payroll/layouts/{PayrollLayout.objects.get().pk}",
        "batch": f"{HOME}/payroll/batches/{batch.pk}",
        "period": f"/compensation/periods/{january.pk}",
        "statement": f"/compensation/statements/{ann.pk}/{january.pk}",
    }
    for size, theme in ((None, "light"), (None, "dark"), (PHONE, "light"), (PHONE, "dark")):
        live.use(size, theme=theme) if size else live.use(theme=theme)
        for name, address in pages.items():
            live.open(address)
            live.check_no_overflow()
            live.check_accessibility()
            live.shot(f"acc-{name}-{'phone' if size else 'desk'}-{theme}")
