"""The shell in a browser: sizes, themes, keys, the palette."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from base.make import make_deal
from browser import BOTH_LOOKS, PHONE, Live
from crm.make import make_account, make_contact
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.browser


def a_lively_company() -> tuple[Any, Any, Any]:
    """An administrator with an account, a contact and two deals."""
    user = make_administrator("Ada Lovelace")
    actor = acting(user)
    account = make_account(actor=actor, name="Acme Corporation", industry="Technology")
    make_contact(actor=actor, first_name="Omar", last_name="Petrov", account=account)
    make_deal(actor=actor, name="Acme rollout", account=account, amount="12000")
    deal = make_deal(actor=actor, name="Acme pilot", account=account, amount="4800")
    return user, account, deal


@BOTH_LOOKS
def test_every_page_fits_and_is_accessible(live: Live, size: dict[str, int], theme: str) -> None:
    user, account, deal = a_lively_company()
    live.sign_in(user)
    live.use(size, theme=theme)
    for path in (
        "/",
        "/opportunities",
        "/opportunities/board",
        "/opportunities/calendar",
        "/opportunities/new",
        f"/opportunities/{deal.pk}",
        f"/accounts/{account.pk}",
        "/search?q=acme",
        "/bin",
        "/notices",
        "/settings/profile",
        "/settings/fields",
        "/settings/access",
        "/design",
        "/nothing-here",
    ):
        if path == "/nothing-here":
            live.ignore("404")
        live.open(path)
        live.settled()
        live.check_no_overflow()
        live.check_accessibility()
        live.shot(f"{path.strip('/').replace('/', '-') or 'home'}-{size['width']}-{theme}"[:60])


def test_the_first_tab_stop_skips_to_the_content(live: Live) -> None:
    live.sign_in(make_user())
    page = live.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_letters_go_places_and_can_be_switched_off(live: Live) -> None:
    user = make_user()
    live.sign_in(user)
    page = live.open("/")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/accounts")
    user.shortcuts = False
    user.save()
    live.open("/")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Search or jump to")).to_be_visible()
    assert page.url == live.url + "/"


def test_the_palette_opens_a_page_in_spite_of_a_typing_error(live: Live) -> None:
    live.sign_in(make_user())
    page = live.open("/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or jump to").fill("oportunties")
    expect(page.get_by_role("option", name="Opportunities")).to_be_visible()
    live.check_accessibility()
    page.keyboard.press("Enter")
    page.wait_for_url("**/opportunities")


def test_the_palette_finds_records(live: Live) -> None:
    user, account, _deal = a_lively_company()
    live.sign_in(user)
    page = live.open("/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search or jump to").fill("acme corp")
    option = page.get_by_role("option", name="Acme Corporation")
    expect(option.first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/accounts/{account.pk}")


def test_escape_closes_the_palette_and_gives_the_focus_back(live: Live) -> None:
    live.sign_in(make_user())
    page = live.open("/")
    trigger = page.locator(".search-trigger")
    trigger.click()
    expect(page.locator("dialog.palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.palette")).to_have_count(0)
    expect(trigger).to_be_focused()


def test_c_offers_what_can_be_created(live: Live) -> None:
    live.sign_in(make_user())
    page = live.open("/")
    page.keyboard.press("c")
    page.get_by_role("option", name="Account", exact=True).click()
    expect(page.get_by_role("dialog", name="New account")).to_be_visible()
    live.check_accessibility()


def test_the_help_sheet_lists_the_keys_of_the_page(live: Live) -> None:
    live.sign_in(make_user())
    page = live.open("/accounts")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Next row")
    expect(sheet).to_contain_text("Go to Opportunities")


def test_the_theme_is_chosen_in_the_menu_and_stays(live: Live) -> None:
    user = make_user()
    live.sign_in(user)
    page = live.open("/")
    page.get_by_role("button", name="Your menu").click()
    with page.expect_response("**/settings/theme"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    live.open("/accounts")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_phone_has_a_bottom_bar_and_a_sheet(live: Live) -> None:
    live.sign_in(make_user())
    page = live.use(PHONE)
    live.open("/")
    bar = page.get_by_role("navigation", name="Main, at the bottom")
    expect(bar.locator(".bottom-item")).to_have_count(5)
    for item in bar.locator(".bottom-item").all():
        box = item.bounding_box()
        assert box is not None
        assert box["width"] >= 44
        assert box["height"] >= 44
    bar.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation", name="All pages").get_by_role("link", name="Accounts").click()
    page.wait_for_url("**/accounts")


def test_the_phone_is_installable(live: Live) -> None:
    live.sign_in(make_user())
    page = live.open("/")
    manifest = page.request.get(live.url + "/manifest.webmanifest").json()
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert page.request.get(live.url + icon["src"]).ok


def test_the_browser_finds_nothing_that_forbids_installing(live: Live) -> None:
    live.sign_in(make_user())
    page = live.open("/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    client = page.context.new_cdp_session(page)
    manifest = client.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"] == f"{live.url}/manifest.webmanifest"
    found = client.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # In the window of a test, which has no memory of its own, nothing is installed.
    assert {each["errorId"] for each in found} <= {"in-incognito"}
    named = page.request.get(live.url + "/manifest.webmanifest").json()
    assert named["name"] and named["start_url"] == named["scope"] == named["id"] == "/"
    sizes = {icon["sizes"] for icon in named["icons"] if icon.get("purpose") != "maskable"}
    assert {"192x192", "512x512"} <= sizes
    for shortcut in named["shortcuts"]:
        assert page.request.get(live.url + shortcut["url"]).ok, shortcut
