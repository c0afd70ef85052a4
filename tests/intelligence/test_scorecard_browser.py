"""A manager builds a rule by clicks, tries it on a lead and puts it in force."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser import BOTH_LOOKS, Live
from crm.make import make_contact, make_lead
from dealwright.base.people.models import Profile
from dealwright.intelligence.scoring.services import active_scorecard
from make import make_user

pytestmark = pytest.mark.browser


def test_a_rule_is_built_tried_and_saved_by_clicks(live: Live) -> None:
    contact = make_contact(first_name="Rita", last_name="Referred")
    make_lead(contact=contact.pk, source="phone")
    live.sign_in(make_user(profile=Profile.MANAGER))
    page = live.open("/scorecard")
    page.get_by_role("button", name="Add rule").click()
    line = page.locator("[data-line]").last
    line.get_by_role("textbox", name="Reason").fill("Rang us up")
    line.get_by_role("textbox", name="Points").fill("45")
    line.get_by_role("button", name="Filter…").click()
    box = page.get_by_role("dialog", name="Filter")
    box.get_by_role("combobox", name="Field").select_option(label="Source")
    box.get_by_role("combobox", name="Value").select_option(label="Phone")
    box.get_by_role("button", name="Apply").click()
    expect(line).to_contain_text("Source is Phone")
    expect(line.get_by_role("link", name="1 lead now")).to_be_visible()

    page.get_by_role("combobox", name="One lead in particular").fill("Rita")
    page.get_by_role("option", name="Rita Referred").click()
    page.get_by_role("button", name="Try on the leads of now").click()
    expect(page.get_by_role("status").filter(has_text="Rita Referred")).to_contain_text(
        "then 45, grade B"
    )
    expect(page.locator("[data-line]").last).to_contain_text("Source is Phone")
    live.shot("scorecard-tried")
    live.check_accessibility()
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Saved; 1 open lead was scored anew.")).to_be_visible()
    assert active_scorecard().rules[-1]["reason"] == "Rang us up"


@BOTH_LOOKS
def test_it_fits(live: Live, size: dict[str, int], theme: str) -> None:
    live.sign_in(make_user(profile=Profile.MANAGER))
    live.use(size, theme=theme)
    live.open("/scorecard")
    live.check_no_overflow()
    live.check_accessibility()
