"""The import wizard from the files to the undo, as a person walks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser import DESKTOP, PHONE, Live
from dealwright.base.jobs import run_jobs
from dealwright.crm.models import Account, Opportunity, Product
from make import make_administrator

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_files_are_checked_imported_and_taken_back(
    live: Live, tmp_path: Path, size: dict[str, int]
) -> None:
    accounts, products = tmp_path / "accounts.csv", tmp_path / "products.csv"
    accounts.write_text("account,sector\nAcme,technolgy\nBetasoloin,medical\n")
    products.write_text("product,sales_price\nGTX Pro,4821\n")
    live.sign_in(make_administrator())
    page = live.use(size)
    live.open("/import")
    page.get_by_label("CSV, XLSX or ODS files").set_input_files([accounts, products])
    page.get_by_role("button", name="Look at the files").click()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    live.check_no_overflow()
    live.check_accessibility()
    run_jobs()
    expect(page.get_by_text("Nothing is written yet.")).to_be_visible()
    live.check_no_overflow()
    live.check_accessibility()
    page.get_by_role("button", name="Use “Technology”").click()
    expect(page.get_by_text("Will be read as “Technology”")).to_be_visible()
    # The running page gives way to a whole one, whose bar has the buttons again.
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    run_jobs()
    undo = page.get_by_role("button", name="Undo this import")
    expect(undo).to_be_visible()
    assert Account.objects.count() == 2
    assert Account.objects.get(name="Acme").industry == "Technology"
    assert Product.objects.count() == 1
    live.check_no_overflow()
    live.check_accessibility()
    undo.click()
    page.locator("dialog[open]").get_by_role("button", name="Go ahead").click()
    undone = page.get_by_text("This import was undone")
    expect(page.get_by_text("You can leave this page").or_(undone).first).to_be_visible()
    run_jobs()
    expect(undone).to_be_visible()
    assert Account.objects.count() == 0


def test_an_export_of_another_product_needs_no_mapping_and_its_stages_are_proposed(
    live: Live, tmp_path: Path
) -> None:
    deals, companies = tmp_path / "all-deals.csv", tmp_path / "all-companies.csv"
    deals.write_text(
        "Record ID,Deal Name,Deal Stage,Associated Company,Associated Company IDs\n"
        "7001,Platform,closedwon,Bluebay,9001\n"
    )
    companies.write_text("Record ID,Company name,Year Founded\n9001,Bluebay,1984\n")
    notes = tmp_path / "deals without a key.csv"
    notes.write_text("Deal Name\nPilot\n")
    live.sign_in(make_administrator())
    page = live.use(DESKTOP)
    live.open("/import")
    page.get_by_label("CSV, XLSX or ODS files").set_input_files([deals, companies, notes])
    page.get_by_role("button", name="Look at the files").click()
    expect(page.get_by_text("else by Associated Company")).to_be_visible()
    expect(page.get_by_text("would make all rows anew")).to_be_visible()
    expect(page.get_by_label("Name of the other system").first).to_have_value("hubspot")
    expect(page.get_by_label("Key column").first).to_have_value("Record ID")
    live.check_accessibility()
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    run_jobs()
    page.get_by_role("button", name="Use “Won”").click()
    expect(page.get_by_text("Will be read as “Won”")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    run_jobs()
    expect(page.get_by_role("button", name="Undo this import")).to_be_visible()
    platform = Opportunity.objects.get(name="Platform")
    assert (platform.status, platform.account) == ("won", Account.objects.get(name="Bluebay"))
    live.open(f"/accounts/{platform.account_id}")
    expect(page.get_by_text("1984", exact=True).first).to_be_visible()
