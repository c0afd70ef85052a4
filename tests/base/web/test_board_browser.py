"""The board in a browser: by mouse, by touch, by keys; what a stage asks for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from base.make import make_deal
from browser import PHONE, Live
from dealwright.base.records.services import update_record
from dealwright.crm.models import Opportunity, Stage
from make import acting, make_administrator

pytestmark = pytest.mark.browser


@pytest.fixture
def deals(live: Live) -> tuple[Any, Any]:
    user = make_administrator("Ada Lovelace")
    live.sign_in(user)
    actor = acting(user)
    make_deal(actor=actor, name="Rollout", amount="10000")
    deal = make_deal(actor=actor, name="Pilot", amount="2500")
    return user, deal


def column(page: Page, label: str) -> Locator:
    return page.locator(f'.board-column[data-label="{label}"]')


def card(page: Page, title: str) -> Locator:
    return page.locator(f'.board-card[data-title="{title}"]')


def stage_of(deal: Any) -> str:
    return Opportunity.objects.values_list("stage__name", flat=True).get(pk=deal.pk)


def test_a_card_is_dragged_and_the_sums_follow(live: Live, deals: Any) -> None:
    page = live.open("/opportunities/board")
    expect(column(page, "Prospecting").locator(".board-sum")).to_have_text("€12.5K")
    expect(column(page, "Prospecting").locator(".board-count")).to_have_text("2")
    target = column(page, "Engaging")
    card(page, "Pilot").hover()
    page.mouse.down()
    target.hover()
    target.locator(".board-cards").hover()
    live.shot("board-drag")
    with page.expect_response("**/board/sums*"):
        page.mouse.up()
    expect(target.locator(".board-card")).to_have_count(1)
    expect(target.locator(".board-sum")).to_have_text("€2.5K")
    expect(column(page, "Prospecting").locator(".board-sum")).to_have_text("€10K")
    assert stage_of(deals[1]) == "Engaging"


def test_a_card_moves_by_keys_and_by_its_menu(live: Live, deals: Any) -> None:
    page = live.open("/opportunities/board")
    card(page, "Pilot").focus()
    with page.expect_response("**/cells"):
        page.keyboard.press("Shift+ArrowRight")
    expect(column(page, "Engaging").locator(".board-card")).to_have_count(1)
    expect(card(page, "Pilot")).to_be_focused()
    page.keyboard.press("m")
    menu = page.get_by_role("menu", name="Move to")
    with page.expect_response("**/cells"):
        menu.get_by_role("menuitem", name="Prospecting").click()
    expect(column(page, "Prospecting").locator(".board-card")).to_have_count(2)
    expect(page.locator("#live-region")).to_have_text("Pilot moved to Prospecting")
    assert stage_of(deals[1]) == "Prospecting"


def test_a_long_press_drags_on_a_phone(live: Live, deals: Any) -> None:
    page = live.use(PHONE)
    live.open("/opportunities/board")
    box = card(page, "Pilot").bounding_box()
    assert box is not None
    client = page.context.new_cdp_session(page)
    x, y = box["x"] + 60, box["y"] + 20

    def touch(kind: str, at: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": at, "y": y}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", x)
    expect(page.locator(".board-ghost")).to_be_visible()
    touch("touchMove", x + 100)
    touch("touchMove", 340)
    expect(column(page, "Engaging")).to_have_class("board-column drop")
    with page.expect_response("**/cells"):
        touch("touchEnd", 340)
    expect(column(page, "Engaging").locator(".board-card")).to_have_count(1)
    assert stage_of(deals[1]) == "Engaging"


def test_a_quick_swipe_scrolls_instead(live: Live, deals: Any) -> None:
    page = live.use(PHONE)
    live.open("/opportunities/board")
    box = card(page, "Pilot").bounding_box()
    assert box is not None
    client = page.context.new_cdp_session(page)
    for kind, x in (("touchStart", 250), ("touchMove", 180), ("touchMove", 60), ("touchEnd", 0)):
        points = [] if kind == "touchEnd" else [{"x": x, "y": box["y"] + 20}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(page.locator(".board-ghost")).to_have_count(0)
    assert stage_of(deals[1]) == "Prospecting"


def test_a_stage_asks_for_what_it_requires_in_place(live: Live, deals: Any) -> None:
    live.ignore("422")
    Stage.objects.filter(name="Engaging").update(required_fields=["next_step"])
    page = live.open("/opportunities/board")
    card(page, "Pilot").focus()
    page.keyboard.press("Shift+ArrowRight")
    box = page.get_by_role("dialog", name="Something is missing")
    live.shot("board-required")
    live.check_accessibility()
    box.get_by_role("textbox", name="Next step").fill("Call the buyer")
    box.get_by_role("button", name="Save").click()
    expect(page.locator("#live-region")).to_have_text("Pilot moved to Engaging")
    expect(column(page, "Engaging").locator(".board-card")).to_have_count(1)
    deal = Opportunity.objects.get(pk=deals[1].pk)
    assert (deal.stage.name, deal.next_step) == ("Engaging", "Call the buyer")


def test_who_does_not_answer_gets_the_card_back(live: Live, deals: Any) -> None:
    live.ignore("422")
    Stage.objects.filter(name="Engaging").update(required_fields=["next_step"])
    page = live.open("/opportunities/board")
    card(page, "Pilot").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_role("dialog", name="Something is missing")).to_be_visible()
    page.keyboard.press("Escape")
    expect(column(page, "Prospecting").locator(".board-card")).to_have_count(2)
    assert stage_of(deals[1]) == "Prospecting"


def test_a_card_that_changed_meanwhile_goes_back(live: Live, deals: Any) -> None:
    live.ignore("409")
    user, deal = deals
    page = live.open("/opportunities/board")
    update_record(acting(user), "opportunity", deal.pk, {"amount": "3000"})
    card(page, "Pilot").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".toast")).to_contain_text("was changed meanwhile")
    expect(card(page, "Pilot")).to_contain_text("€3,000")
    expect(column(page, "Prospecting").locator(".board-card")).to_have_count(2)
    assert Opportunity.objects.get(pk=deal.pk).amount == Decimal("3000")
