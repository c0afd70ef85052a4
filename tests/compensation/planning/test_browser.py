"""The grid in a real browser: typed, folded, read on a phone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from browser import PHONE, Live
from compensation.make import TEST
from compensation.planning.make import House, make_house, make_scenario, row
from crm.make import make_opportunity
from dealwright.compensation.planning.models import PlanningScenario
from dealwright.compensation.planning.row_services import add_row, propose_quota
from dealwright.compensation.planning.services import share_scenario
from dealwright.compensation.planning.territories import plan_territory
from dealwright.compensation.planning.typed import grouped
from dealwright.compensation.territories.services import give_territory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOME = "/compensation/planning"


def make_year(house: House) -> PlanningScenario:
    make_opportunity(
        name="Umbrella, renewal", owner=house.ann, amount=Decimal(60_000), currency="EUR"
    )
    scenario = make_scenario(
        target=Decimal(2_400_050),
        step=Decimal(100),
        over_assignment=(Decimal("0.05"), Decimal("0.03")),
        ramp=(Decimal(0), Decimal("0.25"), Decimal("0.5")),
        expected_attainment=Decimal("0.9"),
        seasonality=tuple(Decimal(each) for each in (20, 25, 25, 30)),
    )
    add_row(
        TEST, scenario.pk, row(scenario, "Nils").pk, name="Hire in April", is_hire=True,
        starts_on=date(2028, 4, 1), weight=Decimal(300),
    )  # fmt: skip
    propose_quota(
        TEST, scenario.pk, row(scenario, "Bob").pk, Decimal(500_000), reason="Two accounts left"
    )
    for user in (house.ann, house.bob, house.cem):
        give_territory(TEST, f"of {user.name}", user)
    plan_territory(TEST, scenario.pk, "of Bob", house.cem)
    return scenario


def test_amounts_are_typed_into_the_grid_and_sums_follow(live: Live) -> None:
    house = make_house()
    scenario = make_year(house)
    ann, bob = row(scenario, "Ann"), row(scenario, "Bob")
    live.sign_in(house.fay)
    page = live.open(f"{HOME}/{scenario.pk}")
    live.check_accessibility()
    live.shot("plan-grid-first")
    page.get_by_label("Why", exact=True).fill("Agreed with Ann")
    cell = page.get_by_label("Quota of Ann")
    cell.fill("1200000")
    cell.press("ArrowDown")
    expect(page.get_by_label("Quota of Bob")).to_be_focused()
    expect(page.locator(f"#locked-{ann.pk}[data-locked]")).to_be_visible()
    # 2,400,050 and 5 % over, three quarters of it for Mia, 3 % more below.
    expect(page.get_by_label("Quota of Bob")).to_have_value(grouped(row(scenario, "Bob").amount))
    expect(page.get_by_text("Agreed with Ann")).to_have_count(0)
    wrong = page.get_by_label("Quota of Bob")
    live.ignore("422")
    wrong.fill("much")
    wrong.press("Enter")
    expect(page.get_by_text("Give an amount such as")).to_be_visible()
    page.reload()
    live.ready()
    expect(page.get_by_text("Agreed with Ann")).to_be_visible()
    page.get_by_role("button", name="Rows below Mia").click()
    expect(page.get_by_label("Quota of Bob")).to_be_hidden()
    expect(page.get_by_label("Quota of Cem")).to_be_visible()
    page.get_by_role("button", name="Rows below Mia").click()
    expect(page.get_by_label("Quota of Bob")).to_be_visible()
    bob.refresh_from_db()
    assert bob.locked is None


def test_a_manager_types_from_below(live: Live) -> None:
    house = make_house()
    scenario = make_year(house)
    share_scenario(TEST, scenario.pk)
    live.sign_in(house.mia)
    page = live.open(f"{HOME}/{scenario.pk}")
    cell = page.get_by_label("Bottom-up of Ann")
    cell.fill("1000000")
    with page.expect_response("**/cell"):
        cell.press("Enter")
    expect(page.get_by_label("Bottom-up of Bob")).to_be_focused()
    expect(page.get_by_label("Bottom-up of Ann")).to_have_value("1\u202f000\u202f000")
    assert row(scenario, "Ann").proposed == 1_000_000
    live.shot("plan-manager")
    live.use(PHONE)
    live.open(f"{HOME}/{scenario.pk}")
    live.check_no_overflow()
    live.shot("plan-manager-phone")


def test_every_page_fits_and_is_accessible(live: Live) -> None:
    house = make_house()
    scenario = make_year(house)
    other = make_scenario(name="Careful", target=Decimal(2_000_000))
    live.sign_in(house.fay)
    at = f"{HOME}/{scenario.pk}"
    pages = {
        "plan-list": HOME,
        "plan-new": f"{HOME}/new",
        "plan-grid": at,
        "plan-row": f"{at}/rows/{row(scenario, 'Ann').pk}",
        "plan-capacity": f"{at}/capacity",
        "plan-fairness": f"{at}/fairness",
        "plan-territories": f"{at}/territories",
        "plan-compare": f"{at}/compare?with={other.pk}",
        "plan-adopt": f"{at}/adopt",
    }
    for size, theme in ((None, "light"), (None, "dark"), (PHONE, "light")):
        live.use(size, theme=theme) if size else live.use(theme=theme)
        for name, address in pages.items():
            live.open(address)
            live.check_no_overflow()
            live.check_accessibility()
            live.shot(f"{name}-{'phone' if size else theme}")
