"""A list in a browser: cells, selection, filters, views, peeking, paging."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from base.make import make_deal
from browser import Live
from crm.make import make_account, make_contact
from dealwright.base.records.models import SavedView
from dealwright.base.records.services import update_record
from dealwright.crm.models import Account
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.browser


def cell(page: Page, row: str, field: str) -> Any:
    return page.locator(f'tr[data-title="{row}"] td[data-field="{field}"]')


@pytest.fixture
def ada(live: Live) -> Any:
    user = make_administrator("Ada Lovelace")
    live.sign_in(user)
    return user


def test_typing_in_a_cell_changes_it_and_tab_goes_on(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme", industry="Retail", employees=10)
    page = live.open("/accounts")
    cell(page, "Acme", "industry").click()
    page.keyboard.type("Software")
    with page.expect_response("**/cells") as saved:
        page.keyboard.press("Tab")
    assert saved.value.ok
    expect(cell(page, "Acme", "industry")).to_have_text("Software")
    expect(cell(page, "Acme", "billing_country")).to_be_focused()
    account.refresh_from_db()
    assert account.industry == "Software"


def test_cells_typed_before_the_answers_come_are_all_saved(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme", industry="Retail", employees=10)
    page = live.open("/accounts")
    held: list[Route] = []
    page.route("**/cells", lambda route: held.append(route))
    cell(page, "Acme", "industry").click()
    page.keyboard.type("Software")
    with page.expect_request("**/cells"):
        page.keyboard.press("Enter")
    expect(cell(page, "Acme", "industry")).to_have_text("Software")
    cell(page, "Acme", "employees").click()
    page.keyboard.type("12")
    with page.expect_response("**/cells"):  # the fresh row comes while the editor is open
        held[0].continue_()
    expect(cell(page, "Acme", "industry")).not_to_have_class(re.compile("cell-saving"))
    with page.expect_request("**/cells"):
        page.keyboard.press("Enter")
    expect(cell(page, "Acme", "employees")).to_have_text("12")
    cell(page, "Acme", "industry").click()
    page.keyboard.type("Banking")
    page.keyboard.press("Enter")
    cell(page, "Acme", "employees").click()
    page.keyboard.type("13")
    page.keyboard.press("Enter")
    expect(cell(page, "Acme", "industry")).to_have_text("Banking")
    expect(cell(page, "Acme", "employees")).to_have_text("13")
    assert len(held) == 2  # those of one record go out one after the other
    held[1].continue_()
    page.unroute("**/cells")
    expect(page.locator(".cell-saving")).to_have_count(0)
    expect(cell(page, "Acme", "industry")).to_have_text("Banking")
    expect(cell(page, "Acme", "employees")).to_have_text("13")
    account.refresh_from_db()
    assert (account.industry, account.employees) == ("Banking", 13)


def test_escape_restores_the_cell(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme", industry="Retail")
    page = live.open("/accounts")
    cell(page, "Acme", "industry").click()
    page.keyboard.press("Enter")
    page.keyboard.type("Nonsense")
    page.keyboard.press("Escape")
    expect(cell(page, "Acme", "industry")).to_have_text("Retail")
    expect(cell(page, "Acme", "industry")).to_be_focused()
    account.refresh_from_db()
    assert account.industry == "Retail"


def test_a_wrong_value_comes_back_with_its_sentence(live: Live, ada: Any) -> None:
    live.ignore("422")
    make_account(actor=acting(ada), name="Acme", employees=10)
    page = live.open("/accounts")
    cell(page, "Acme", "employees").click()
    page.keyboard.type("12.5")
    page.keyboard.press("Enter")
    expect(page.locator(".cell-error")).to_have_text("Employees must be a whole number.")
    expect(page.locator(".cell-editor input")).to_have_value("12.5")
    page.keyboard.press("Escape")
    expect(cell(page, "Acme", "employees")).to_have_text("10")


def test_two_people_in_one_cell_see_both_values(live: Live, ada: Any) -> None:
    live.ignore("409")
    account = make_account(actor=acting(ada), name="Acme", industry="Retail")
    page = live.open("/accounts")
    update_record(acting(ada), "account", account.pk, {"industry": "Banking"})
    cell(page, "Acme", "industry").click()
    page.keyboard.type("Software")
    page.keyboard.press("Enter")
    box = page.get_by_role("alertdialog", name="Changed meanwhile")
    expect(box).to_contain_text("Banking")
    expect(box).to_contain_text("Software")
    with page.expect_response("**/cells"):
        box.get_by_role("button", name="Use mine").click()
    expect(cell(page, "Acme", "industry")).to_have_text("Software")
    account.refresh_from_db()
    assert account.industry == "Software"


def test_control_z_takes_the_last_change_back_even_before_it_is_answered(
    live: Live, ada: Any
) -> None:
    account = make_account(actor=acting(ada), name="Acme", industry="Retail")
    page = live.open("/accounts")
    held: list[Route] = []
    page.route("**/cells", lambda route: held.append(route))
    cell(page, "Acme", "industry").click()
    page.keyboard.type("Software")
    with page.expect_request("**/cells"):
        page.keyboard.press("Enter")
    expect(cell(page, "Acme", "industry")).to_have_text("Software")
    with page.expect_navigation():
        page.keyboard.press("Control+z")
        held[0].continue_()
    expect(cell(page, "Acme", "industry")).to_have_text("Retail")
    account.refresh_from_db()
    assert account.industry == "Retail"


def test_a_relation_is_chosen_by_its_name(live: Live, ada: Any) -> None:
    actor = acting(ada)
    make_account(actor=actor, name="Globex")
    initech = make_account(actor=actor, name="Initech")
    contact = make_contact(actor=actor, first_name="Omar", last_name="Petrov")
    page = live.open("/contacts")
    cell(page, "Omar Petrov", "account").click()
    page.keyboard.type("init")
    expect(page.get_by_role("option", name="Initech")).to_have_attribute("aria-selected", "true")
    with page.expect_response("**/cells"):
        page.keyboard.press("Enter")
    expect(cell(page, "Omar Petrov", "account")).to_have_text("Initech")
    contact.refresh_from_db()
    assert contact.account_id == initech.pk


def test_a_block_from_a_spreadsheet_goes_into_the_cells(live: Live, ada: Any) -> None:
    for name in ("Acme", "Globex"):
        make_account(actor=acting(ada), name=name)
    page = live.open("/accounts?sort=name")
    cell(page, "Acme", "industry").click()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "Software\\tGermany\\t120\\nRetail\\tFrance\\tmany");
            const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
            document.activeElement.dispatchEvent(event);
        }"""
    )
    expect(page.locator(".toast")).to_contain_text("1 row changed.")
    expect(page.locator(".toast")).to_contain_text("is not a number")
    expect(cell(page, "Acme", "employees")).to_have_text("120")
    expect(cell(page, "Globex", "employees")).to_have_class("num cell-wrong")
    acme, globex = (Account.objects.get(name=name) for name in ("Acme", "Globex"))
    assert (acme.industry, acme.billing_country, acme.employees) == ("Software", "Germany", 120)
    assert (globex.industry, globex.employees) == ("", None)


def test_rows_by_keyboard_peek_select_and_open(live: Live, ada: Any) -> None:
    for name in ("Acme", "Globex", "Initech"):
        make_account(actor=acting(ada), name=name)
    page = live.open("/accounts?sort=name")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator('tr[data-title="Globex"]')).to_be_focused()
    page.keyboard.press(" ")
    expect(page.locator("#peek")).to_contain_text("Globex")
    page.keyboard.press("k")
    expect(page.locator("#peek")).to_contain_text("Acme")
    live.check_accessibility()
    page.keyboard.press("Escape")
    expect(page.locator("#peek")).to_be_hidden()
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar", name="Selected rows")).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/*-*")
    expect(page.get_by_role("heading", name="Acme", exact=True)).to_be_visible()
    live.ready()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Globex", exact=True)).to_be_visible()


def test_many_rows_change_at_once_and_back_again(live: Live, ada: Any) -> None:
    for name in ("Acme", "Globex", "Initech"):
        make_account(actor=acting(ada), name=name, industry="Retail")
    page = live.open("/accounts?sort=name")
    page.get_by_role("checkbox", name="Select Acme").check()
    page.get_by_role("checkbox", name="Select Initech").click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected rows")
    expect(bar).to_contain_text("3 selected")
    live.shot("list-selected")
    bar.get_by_role("button", name="Change…").click()
    box = page.get_by_role("dialog", name="Change 3 records")
    box.get_by_role("combobox", name="Field").select_option(label="Industry")
    box.get_by_role("button", name="Choose a value").click()
    page.keyboard.type("Banking")
    page.keyboard.press("Enter")
    with page.expect_navigation():
        box.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("3 records changed.")
    assert set(Account.objects.values_list("industry", flat=True)) == {"Banking"}
    with page.expect_navigation():
        page.get_by_role("button", name="Undo").click()
    assert set(Account.objects.values_list("industry", flat=True)) == {"Retail"}


def test_deleted_rows_come_back_by_undo(live: Live, ada: Any) -> None:
    make_account(actor=acting(ada), name="Acme")
    page = live.open("/accounts")
    page.get_by_role("checkbox", name="Select Acme").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="No accounts yet")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Undo").click()
    expect(cell(page, "Acme", "name")).to_be_visible()


def test_the_search_narrows_the_rows_and_stands_in_the_address(live: Live, ada: Any) -> None:
    for name in ("Acme", "Globex"):
        make_account(actor=acting(ada), name=name)
    page = live.open("/accounts")
    page.keyboard.press("/")
    page.keyboard.type("glob")
    expect(page.locator("tbody tr[data-id]")).to_have_count(1)
    assert page.url.endswith("?q=glob")
    page.keyboard.press("Enter")
    expect(page.locator('tr[data-title="Globex"]')).to_be_focused()


def test_a_nested_filter_over_a_relation(live: Live, ada: Any) -> None:
    actor = acting(ada)
    software = make_account(actor=actor, name="Acme", industry="Software")
    retail = make_account(actor=actor, name="Globex", industry="Retail")
    make_deal(actor=actor, name="Big software", account=software, amount="90000")
    make_deal(actor=actor, name="Small software", account=software, amount="900")
    make_deal(actor=actor, name="Big retail", account=retail, amount="90000")
    page = live.open("/opportunities")
    page.keyboard.press("f")
    box = page.get_by_role("dialog", name="Filter")
    box.get_by_role("combobox", name="Field").select_option(label="Amount")
    box.get_by_role("combobox", name="Comparison").select_option(label="more than")
    box.get_by_role("textbox", name="Value").fill("10,000")
    box.get_by_role("button", name="Group").click()
    group = box.locator(".filter-group .filter-group")
    with page.expect_response("**/filter-fields?over=account"):
        group.get_by_role("combobox", name="Field").select_option(label="Account › …")
    group.get_by_role("combobox", name="Field").select_option(label="Account › Industry")
    group.get_by_role("textbox", name="Value").fill("Software")
    expect(box.locator(".filter-sentence")).to_contain_text("Account › Industry is")
    live.shot("filter-builder")
    live.check_accessibility()
    with page.expect_navigation():
        box.get_by_role("button", name="Apply").click()
    live.ready()
    expect(page.locator("tbody tr[data-id]")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("Big software")
    expect(page.locator(".chip")).to_have_count(2)
    with page.expect_navigation():
        page.locator(".chip-x").first.click()
    expect(page.locator("tbody tr[data-id]")).to_have_count(2)


def test_a_view_is_saved_shared_and_opened_by_a_colleague(live: Live, ada: Any) -> None:
    live.ignore("422")
    make_account(actor=acting(ada), name="Acme", industry="Software")
    make_account(actor=acting(ada), name="Globex", industry="Retail")
    tree = '{"field":"industry","op":"is","value":"Software"}'
    page = live.open(f"/accounts?filter={tree}")
    page.get_by_role("button", name="Save view").click()
    box = page.get_by_role("dialog", name="Save this view")
    box.get_by_role("button", name="Save").click()
    expect(box).to_contain_text("Give the view a name.")
    box.get_by_role("textbox", name="Name").fill("Software firms")
    box.get_by_role("radio", name="Everyone").check()
    with page.expect_navigation():
        box.get_by_role("button", name="Save").click()
    view = SavedView.objects.get()
    assert (view.name, view.scope) == ("Software firms", "everyone")
    live.sign_in(make_user(profile="finance"))
    live.open("/accounts")
    page.locator(".view-title").click()
    page.get_by_role("link", name="Software firms").click()
    expect(page.locator("tbody tr[data-id]")).to_have_count(1)
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)


def test_scrolling_brings_more_rows_but_keeps_the_page_small(live: Live, ada: Any) -> None:
    Account.objects.bulk_create(
        Account(name=f"Account {number:03}", owner=ada) for number in range(220)
    )
    page = live.open("/accounts?sort=name")
    expect(page.locator("tbody tr[data-id]")).to_have_count(50)
    expect(page.locator(".grid-foot")).to_contain_text("220")
    page.wait_for_function(
        """() => {
            const box = document.querySelector(".grid-scroll");
            box.scrollTo(0, box.scrollHeight);
            return box.querySelector('tr[data-title="Account 219"]');
        }"""
    )
    expect(page.locator('tr[data-title="Account 219"]')).to_be_visible()
    assert page.locator("tbody tr[data-id]").count() <= 100
    page.locator(".grid-scroll").evaluate("box => box.scrollTo(0, 0)")
    expect(page.locator('tr[data-title="Account 000"]')).to_be_visible()
    assert page.locator("tbody tr[data-id]").count() <= 150


def test_the_columns_are_chosen_and_ordered(live: Live, ada: Any) -> None:
    make_account(actor=acting(ada), name="Acme", website="https://acme.example")
    page = live.open("/accounts")
    page.get_by_role("button", name="Columns").click()
    box = page.get_by_role("dialog", name="Columns")
    box.get_by_role("checkbox", name="Website").check()
    box.get_by_role("checkbox", name="Industry", exact=True).uncheck()
    with page.expect_navigation():
        box.get_by_role("button", name="Show").click()
    heads = page.locator("thead th[data-field]").all_inner_texts()
    assert "Website" in heads
    assert "Industry" not in heads
    assert "columns=" in page.url


def test_a_new_record_keeps_what_was_typed_when_it_is_refused(live: Live, ada: Any) -> None:
    live.ignore("422")
    make_account(actor=acting(ada), name="Acme Corporation")
    page = live.open("/accounts")
    page.get_by_role("link", name="New account").first.click()
    box = page.get_by_role("dialog", name="New account")
    box.get_by_role("textbox", name="Name").fill("Acme Corp")
    expect(box).to_contain_text("This may exist already:")
    box.get_by_role("textbox", name="Employees").fill("many")
    box.get_by_role("button", name="Create").click()
    expect(box).to_contain_text("“many” is not a number")
    expect(box.get_by_role("textbox", name="Name")).to_have_value("Acme Corp")
    box.get_by_role("textbox", name="Name").fill("Zenith")
    box.get_by_role("textbox", name="Employees").fill("1,200")
    box.get_by_role("textbox", name="Annual revenue").fill("1,250,000.50")
    with page.expect_navigation():
        box.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Zenith", exact=True)).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Account created.")
    made = Account.objects.get(name="Zenith")
    assert (made.employees, made.annual_revenue) == (1200, Decimal("1250000.50"))
    assert made.owner == ada


def test_a_draft_survives_leaving_the_page(live: Live, ada: Any) -> None:
    page = live.open("/accounts/new")
    page.get_by_role("textbox", name="Name").fill("Half an account")
    page.wait_for_function(
        "() => Object.keys(localStorage).some(key => key.startsWith('dw:draft'))"
    )
    live.open("/")
    live.open("/accounts/new")
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Half an account")
    page.get_by_role("button", name="Start afresh").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("")


def test_who_may_only_read_gets_no_editors(live: Live) -> None:
    make_account(name="Acme", industry="Retail")
    live.sign_in(make_user(profile="read_only"))
    page = live.open("/accounts")
    expect(page.get_by_role("checkbox")).to_have_count(0)
    expect(page.get_by_role("link", name="New account")).to_have_count(0)
    cell(page, "Acme", "industry").click()
    page.keyboard.type("x")
    expect(page.locator(".cell-editor")).to_have_count(0)
