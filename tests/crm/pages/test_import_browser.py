"""The import wizard on a phone: a column of the file and where it goes, below each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser import PHONE, Live
from crm.imports.exports import SALESFORCE
from make import make_administrator

pytestmark = pytest.mark.browser

SIDEWAYS = """() => [...document.querySelectorAll('main, main *')]
    .filter((each) => ['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
    .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className)"""


def test_the_mapping_of_another_system_needs_no_scrolling_sideways(
    live: Live, tmp_path: Path
) -> None:
    for name in ("Account.csv", "Opportunity.csv"):
        (tmp_path / name).write_text(SALESFORCE[name])
    live.sign_in(make_administrator())
    page = live.use(PHONE, theme="dark")
    live.open("/import")
    page.locator("input[type=file]").set_input_files(sorted(tmp_path.iterdir()))
    page.get_by_role("button", name="Look at the files").click()
    expect(page.get_by_role("combobox", name="BillingCity goes to")).to_be_visible()
    live.ready()
    assert page.evaluate(SIDEWAYS) == []
    live.check_no_overflow()
    live.check_accessibility()
