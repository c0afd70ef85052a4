"""A record's page and the settings in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from base.make import make_deal
from browser import Live
from crm.make import make_account
from dealwright.base.access.models import ObjectAccess, SharingRule
from dealwright.base.objects.models import CustomField
from dealwright.base.records.services import update_record
from dealwright.crm.models import Account
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.browser


@pytest.fixture
def ada(live: Live) -> Any:
    user = make_administrator("Ada Lovelace")
    live.sign_in(user)
    return user


def fact(page: Page, field: str) -> Locator:
    return page.locator(f'#record-facts .fact-value[data-field="{field}"]')


def test_a_fact_is_changed_where_it_stands(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme", industry="Retail")
    page = live.open(f"/accounts/{account.pk}")
    fact(page, "industry").click()
    page.keyboard.type("Software")
    with page.expect_response("**/facts"):
        page.keyboard.press("Enter")
    expect(fact(page, "industry").locator(".fact-shown")).to_have_text("Software")
    account.refresh_from_db()
    assert account.industry == "Software"


def test_fields_typed_before_the_answers_come_are_all_saved(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme", industry="Retail", employees=10)
    page = live.open(f"/accounts/{account.pk}")
    held: list[Route] = []
    page.route("**/cells", lambda route: held.append(route))
    for key, typed in (("industry", "Software"), ("employees", "12"), ("industry", "Banking")):
        fact(page, key).locator(".fact-shown").click()
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(fact(page, key).locator(".fact-shown")).to_have_text(typed)
    assert len(held) == 1
    held[0].continue_()
    page.unroute("**/cells")
    after = str(account.version + 3)
    expect(page.locator("#record-facts")).to_have_attribute("data-version", after)
    expect(fact(page, "industry").locator(".fact-shown")).to_have_text("Banking")
    expect(fact(page, "employees").locator(".fact-shown")).to_have_text("12")
    account.refresh_from_db()
    assert (account.industry, account.employees) == ("Banking", 12)


def test_a_field_tells_its_history(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme", employees=10)
    update_record(acting(ada), "account", account.pk, {"employees": 1200})
    page = live.open(f"/accounts/{account.pk}")
    fact(page, "employees").hover()
    page.get_by_role("button", name="History of Employees").click()
    expect(page.locator(".history-list")).to_contain_text("10 → 1,200")
    expect(page.locator(".history-list")).to_contain_text("Ada Lovelace")
    live.check_accessibility()


def test_related_records_stand_beside_and_are_added_in_place(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme")
    make_deal(actor=acting(ada), name="Rollout", account=account, amount="12000")
    page = live.open(f"/accounts/{account.pk}")
    side = page.get_by_role("complementary", name="Related")
    expect(side).to_contain_text("Rollout")
    side.get_by_role("link", name="New opportunity").click()
    box = page.get_by_role("dialog", name="New opportunity")
    expect(box.get_by_role("combobox", name="Account")).to_have_value("Acme")
    box.get_by_role("textbox", name="Name").fill("Pilot")
    with page.expect_navigation():
        box.get_by_role("button", name="Create").click()
    assert account.opportunities.count() == 2


def test_a_deleted_record_comes_back_from_the_toast_and_from_the_bin(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme")
    page = live.open(f"/accounts/{account.pk}")
    for way in ("toast", "bin"):
        page.locator("[popovertarget=record-menu]").click()
        with page.expect_navigation():
            page.get_by_role("button", name="Delete").click()
        live.ready()
        expect(page.locator(".toast")).to_contain_text("“Acme” deleted.")
        assert not Account.objects.exists()
        if way == "bin":
            live.open("/bin")
            with page.expect_navigation():
                page.get_by_role("button", name="Restore").click()
            expect(page.get_by_role("heading", name="Acme", exact=True)).to_be_visible()
        else:
            with page.expect_navigation():
                page.get_by_role("button", name="Undo").click()
        assert Account.objects.exists()
        live.open(f"/accounts/{account.pk}")


def test_a_record_is_shared_with_a_colleague(live: Live, ada: Any) -> None:
    grace = make_user("Grace Hopper")
    account = make_account(actor=acting(ada), name="Acme")
    page = live.open(f"/accounts/{account.pk}")
    page.locator("[popovertarget=record-menu]").click()
    page.get_by_role("link", name="Share…").click()
    box = page.get_by_role("dialog", name="Share “Acme”")
    box.get_by_role("combobox", name="Share with").select_option(label="Grace Hopper")
    with page.expect_navigation():
        box.get_by_role("button", name="Share", exact=True).click()
    page.wait_for_load_state("networkidle")
    live.sign_in(grace)
    live.open("/accounts")
    expect(page.locator("tbody")).to_contain_text("Acme")


def test_an_administrator_adds_a_field_and_everybody_uses_it(live: Live, ada: Any) -> None:
    account = make_account(actor=acting(ada), name="Acme")
    page = live.open("/settings/fields?object=accounts")
    page.get_by_role("textbox", name="Name").fill("Renewal risk")
    page.get_by_role("combobox", name="Kind").select_option(label="One of a list")
    page.get_by_role("textbox", name="Options").fill("Low\nHigh")
    with page.expect_navigation():
        page.get_by_role("button", name="Add the field").click()
    assert CustomField.objects.get().key == "renewal_risk"
    live.open(f"/accounts/{account.pk}")
    fact(page, "renewal_risk").click()
    with page.expect_response("**/cells"):
        page.get_by_role("combobox", name="Renewal risk").select_option("High")
    expect(fact(page, "renewal_risk")).to_contain_text("High")
    account.refresh_from_db()
    assert account.custom == {"renewal_risk": "High"}


def test_an_administrator_sets_access_and_a_sharing_rule(live: Live, ada: Any) -> None:
    from make import make_role

    make_role("Support")
    page = live.open("/settings/access")
    with page.expect_navigation():
        page.get_by_role("combobox", name="Accounts, Sales rep").select_option(label="Read all")
    assert ObjectAccess.objects.get().level == "read"
    page.get_by_role("button", name="New rule").click()
    with page.expect_navigation():
        page.get_by_role("link", name="Accounts", exact=True).last.click()
    live.ready()
    page.get_by_role("textbox", name="Name").fill("Software for support")
    page.get_by_role("button", name="Filter…").click()
    box = page.get_by_role("dialog", name="Filter")
    box.get_by_role("combobox", name="Field").select_option(label="Industry")
    box.get_by_role("textbox", name="Value").fill("Software")
    box.get_by_role("button", name="Apply").click()
    expect(page.locator("[data-sentence]")).to_contain_text("Industry is")
    page.get_by_role("combobox", name="Opened to").select_option(label="Support")
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    rule = SharingRule.objects.get()
    assert rule.filter == {"all": [{"field": "industry", "op": "is", "value": "Software"}]}
    live.check_accessibility()


def test_the_profile_says_what_is_wrong_and_keeps_the_rest(live: Live, ada: Any) -> None:
    live.ignore("422")
    page = live.open("/settings/profile")
    page.get_by_role("textbox", name="Name").fill("")
    page.get_by_role("textbox", name="Job title").fill("Countess")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".field-error")).to_have_text("Your name is required.")
    expect(page.get_by_role("textbox", name="Job title")).to_have_value("Countess")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.get_by_role("textbox", name="Name").fill("Ada King")
    page.get_by_role("combobox", name="Time zone").select_option("Europe/Berlin")
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Profile saved.")
    ada.refresh_from_db()
    assert (ada.name, ada.job_title, ada.timezone) == ("Ada King", "Countess", "Europe/Berlin")


def test_what_is_written_offline_is_sent_later(live: Live, ada: Any) -> None:
    live.ignore("ERR_INTERNET_DISCONNECTED")
    account = make_account(actor=acting(ada), name="Acme", industry="Retail")
    page = live.open("/accounts")
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    page.locator('tr[data-title="Acme"] td[data-field="industry"]').click()
    page.keyboard.type("Software")
    page.keyboard.press("Enter")
    expect(page.locator("#waiting")).to_have_text("1 will be sent")
    account.refresh_from_db()
    assert account.industry == "Retail"
    page.context.set_offline(False)
    expect(page.locator("#waiting")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("1 change sent.")
    account.refresh_from_db()
    assert account.industry == "Software"


def test_a_visited_record_is_read_without_a_connection(live: Live, ada: Any) -> None:
    live.ignore("ERR_INTERNET_DISCONNECTED")
    live.ignore("ERR_FAILED")
    live.ignore("Failed to fetch")
    account = make_account(actor=acting(ada), name="Acme", industry="Retail")
    page = live.open("/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    live.open(f"/accounts/{account.pk}")
    page.evaluate(
        """async () => {
            const wanted = [location.pathname, location.pathname + "/side"];
            const kept = async () => {
                const names = (await caches.keys()).filter(name => name.startsWith("records-"));
                const keys = await Promise.all(names.map(async n => (await caches.open(n)).keys()));
                const paths = keys.flat().map(request => new URL(request.url).pathname);
                return wanted.every(path => paths.includes(path));
            };
            while (!(await kept())) await new Promise(resolve => setTimeout(resolve, 20));
        }"""
    )
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="Acme", exact=True)).to_be_visible()
    page.goto(live.url + "/contacts")
    expect(page.get_by_role("heading", name="No connection").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("Acme")
