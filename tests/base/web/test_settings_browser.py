"""Settings on a phone: one way to all pages, and tables that need no scrolling sideways."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser import PHONE, Live
from dealwright.base.access.models import ObjectAccess
from make import make_administrator

pytestmark = pytest.mark.browser

SIDEWAYS = """() => [...document.querySelectorAll('main, main *')]
    .filter((each) => ['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
    .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""


@pytest.fixture
def phone(live: Live) -> Live:
    live.sign_in(make_administrator())
    live.use(PHONE)
    return live


def test_the_settings_are_one_list_in_a_sheet(phone: Live) -> None:
    page = phone.open("/settings/profile")
    expect(page.get_by_role("link", name="Access and sharing")).to_be_hidden()
    page.get_by_role("button", name="All settings").click()
    phone.check_accessibility(within="#settings-nav")
    with page.expect_navigation():
        page.get_by_role("link", name="Access and sharing").click()
    assert page.url == phone.url + "/settings/access"
    expect(page.get_by_role("navigation", name="Settings")).to_be_hidden()


def test_access_shows_one_profile_at_a_time(phone: Live) -> None:
    page = phone.open("/settings/access")
    expect(page.get_by_role("combobox", name="Accounts, Manager")).to_be_visible()
    expect(page.get_by_role("combobox", name="Accounts, Sales rep")).to_be_hidden()
    assert page.evaluate(SIDEWAYS) == []
    with page.expect_navigation():
        page.get_by_role("link", name="Sales rep").click()
    phone.ready()
    with page.expect_navigation():
        page.get_by_role("combobox", name="Accounts, Sales rep").select_option(label="Read all")
    set_level = ObjectAccess.objects.get()
    assert (set_level.object, set_level.profile, set_level.level) == ("account", "rep", "read")
    expect(page.get_by_role("combobox", name="Accounts, Sales rep")).to_have_value("read")
    expect(page.get_by_role("link", name="Sales rep")).to_have_attribute("aria-current", "true")


def test_access_has_all_profiles_side_by_side_where_they_fit(phone: Live) -> None:
    phone.use()
    page = phone.open("/settings/access?profile=nobody")
    for profile in ("Manager", "Sales rep", "Finance", "Legal", "Read only"):
        expect(page.get_by_role("combobox", name=f"Accounts, {profile}")).to_be_visible()
    expect(page.get_by_role("navigation", name="Profile")).to_be_hidden()
    assert page.evaluate(SIDEWAYS) == []
