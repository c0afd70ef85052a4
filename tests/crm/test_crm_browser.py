"""The CRM in a browser: every page fits and is accessible, and work is done in place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from browser import BOTH_LOOKS, DESKTOP, PHONE, Live
from crm.make import (
    make_account,
    make_activity,
    make_campaign,
    make_case,
    make_contact,
    make_lead,
    make_opportunity,
    make_price_book,
    make_product,
    make_quote,
)
from dealwright.base.access.actor import system
from dealwright.base.records.services import create_record
from dealwright.crm.leads.rules import save_rule
from dealwright.crm.models import Activity, Lead, Opportunity
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from dealwright.crm.quotes.delivery import send_quote
from make import make_administrator, make_user

pytestmark = pytest.mark.browser


def a_company() -> dict[str, Any]:
    """One of everything, all of it an administrator's."""
    user = make_administrator("Ada Lovelace")
    account = make_account(owner=user, name="Acme", domain="acme.example")
    make_account(owner=user, name="Acme Robotics", parent=account)
    contact = make_contact(owner=user, account=account, email="grace@acme.example")
    twin = make_contact(owner=user, first_name="Robin", last_name=contact.last_name)
    lead = make_lead(owner=user, contact=contact, message="Call me", utm_source="mail")
    product = make_product(name="GTX Pro", list_price="100")
    deal = make_opportunity(owner=user, account=account, contact=contact, name="Looms")
    set_line_items(system(), deal.pk, [{"product": product.pk, "quantity": "2"}])
    make_activity(
        owner=user, opportunity=deal, due_at=(timezone.now() - timedelta(days=1)).isoformat()
    )
    make_opportunity(owner=user, stage="Won", amount="50", product=product)
    quote = make_quote(opportunity=deal)
    sent = send_quote(system(), make_quote(opportunity=deal).pk)
    form = create_record(
        system(), "web_form", {"name": "F", "slug": "contact-us", "title": "Talk to us"}
    )
    save_rule(
        system(), values={"name": "Inbound", "response_minutes": 30}, members=[{"user": user}]
    )
    return {
        "user": user, "account": account, "contact": contact, "twin": twin, "lead": lead,
        "product": product, "deal": deal, "quote": quote, "sent": sent, "form": form,
        "case": make_case(owner=user, account=account), "campaign": make_campaign(owner=user),
        "book": make_price_book(), "pipeline": ensure_default_pipeline(),
    }  # fmt: skip


@BOTH_LOOKS
def test_every_page_fits_and_is_accessible(live: Live, size: dict[str, int], theme: str) -> None:
    made = a_company()
    key = {name: getattr(each, "pk", None) for name, each in made.items()}
    stage = made["pipeline"].stages.get(name="Contract")
    live.sign_in(made["user"])
    live.use(size, theme=theme)
    for path in (
        f"/opportunities/{key['deal']}",
        f"/opportunities/{key['deal']}?tab=lines",
        f"/opportunities/{key['deal']}?tab=people",
        f"/opportunities/{key['deal']}/move/{stage.pk}",
        f"/opportunities/{key['deal']}/win",
        f"/opportunities/{key['deal']}/lose",
        f"/opportunities/{key['deal']}/quotes/new",
        f"/leads/{key['lead']}",
        f"/leads/{key['lead']}/convert",
        f"/leads/{key['lead']}/disqualify",
        f"/leads/{key['lead']}/assign",
        f"/accounts/{key['account']}?tab=people",
        f"/contacts/{key['contact']}",
        f"/contacts/{key['contact']}/merge",
        f"/contacts/{key['contact']}/merge?other={key['twin']}",
        f"/contacts/{key['contact']}/erase",
        f"/quotes/{key['quote']}?tab=lines",
        f"/quotes/{key['quote']}/send",
        f"/quotes/{key['sent']}",
        f"/q/{made['sent'].public_token}",
        f"/cases/{key['case']}",
        f"/campaigns/{key['campaign']}?tab=members",
        f"/price-books/{key['book']}?tab=prices",
        f"/web-forms/{key['form']}/questions",
        "/forms/contact-us",
        "/tasks",
        "/reports/win-rate",
        "/reports/pipeline",
        "/reports/funnel",
        "/settings/pipelines",
        f"/settings/pipelines/{key['pipeline']}/stages/{stage.pk}",
        "/settings/assignment",
        "/settings/assignment/new",
        "/settings/promises",
    ):
        live.open(path)
        live.settled()
        live.check_no_overflow()
        live.check_accessibility()


def test_a_note_and_a_task_are_written_on_the_record(live: Live) -> None:
    user = make_user("Rita Rep")
    deal = make_opportunity(owner=user, name="Looms")
    live.ignore("422")
    live.sign_in(user)
    page = live.open(f"/opportunities/{deal.pk}")
    page.get_by_label("Write a note").fill("They like it")
    page.get_by_role("button", name="Keep note").click()
    expect(page.locator(".timeline")).to_contain_text("They like it")
    expect(page.get_by_label("Write a note")).to_have_value("")
    page.get_by_role("link", name="Task", exact=True).click()
    page.get_by_role("button", name="Set task").click()
    expect(page.get_by_text("Subject is required.")).to_be_visible()
    page.get_by_label("What is to do?").fill("Send offer")
    page.get_by_role("button", name="Set task").click()
    page.get_by_role("button", name="Done: Send offer").click()
    expect(page.get_by_role("button", name="Done: Send offer")).to_have_count(0)
    assert Activity.objects.get(kind="task").status == "completed"


def test_lines_add_up_while_they_are_typed(live: Live) -> None:
    user = make_user()
    make_product(name="GTX Pro", list_price="4821")
    deal = make_opportunity(owner=user)
    live.sign_in(user)
    page = live.open(f"/opportunities/{deal.pk}?tab=lines")
    page.locator("[name='lines.1.name']").fill("Loom")
    page.locator("[name='lines.1.quantity']").fill("3")
    page.locator("[name='lines.1.unit_price']").fill("100")
    page.locator("[name='lines.1.discount']").fill("10")
    expect(page.locator("[data-sum]")).to_have_text("$270.00")
    page.get_by_role("button", name="Add a line").click()
    product = page.locator("[data-line]").nth(1).get_by_role("combobox")
    product.fill("GTX")
    page.get_by_role("option", name="GTX Pro").click()
    page.get_by_role("button", name="Add a line").click()
    page.locator("[data-line]").nth(2).get_by_role("button", name="Remove the line").click()
    expect(page.locator("[data-line]")).to_have_count(2)
    page.get_by_role("button", name="Save lines").click()
    expect(page.get_by_text("Lines saved.")).to_be_visible()
    deal.refresh_from_db()
    assert deal.amount == 270 + 4821


def test_the_stage_bar_asks_for_what_a_stage_needs(live: Live) -> None:
    user = make_user()
    deal = make_opportunity(owner=user)
    live.ignore("422")
    live.sign_in(user)
    page = live.open(f"/opportunities/{deal.pk}")
    stages = page.get_by_role("navigation", name="Stage")
    stages.get_by_role("link", name="Proposal").click()
    box = page.get_by_role("dialog", name="Something is missing")
    box.get_by_role("textbox", name="Amount").fill("500")
    box.get_by_role("button", name="Save").click()
    expect(box.get_by_text("Close date is needed for “Proposal”.")).to_be_visible()
    box.get_by_role("textbox", name="Close date").fill("2030-01-31")
    live.check_accessibility()
    box.get_by_role("button", name="Save").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Proposal")
    moved = Opportunity.objects.get()
    assert (moved.stage.name, moved.amount) == ("Proposal", 500)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_press_on_the_stage_bar_moves_the_deal_and_can_be_taken_back(
    live: Live, size: dict[str, int]
) -> None:
    user = make_user()
    deal = make_opportunity(owner=user, name="Looms", amount="5")
    live.sign_in(user)
    live.use(size)
    address = f"/opportunities/{deal.pk}"
    page = live.open(address)
    page.get_by_role("navigation", name="Stage").get_by_role("link", name="Engaging").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Engaging")
    expect(page.locator('.fact-value[data-field="stage"]')).to_contain_text("Engaging")
    assert page.url == live.url + address
    assert Opportunity.objects.get().stage.name == "Engaging"
    toast = page.locator(".toast", has_text="Looms moved to Engaging")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Prospecting")
    assert Opportunity.objects.get().stage.name == "Prospecting"


def test_without_script_a_stage_is_a_page(live: Live) -> None:
    user = make_user()
    deal = make_opportunity(owner=user, name="Looms")
    live.sign_in(user)
    page = live.use(DESKTOP, java_script_enabled=False)
    page.goto(f"{live.url}/opportunities/{deal.pk}")
    page.get_by_role("navigation", name="Stage").get_by_role("link", name="Engaging").click()
    page.get_by_role("button", name="Move").click()
    expect(page).to_have_url(f"{live.url}/opportunities/{deal.pk}")
    assert Opportunity.objects.get().stage.name == "Engaging"


def test_tasks_go_by_keyboard(live: Live) -> None:
    user = make_user()
    for number in (1, 2):
        due = timezone.now() + timedelta(days=number)
        make_activity(owner=user, subject=f"Task {number}", due_at=due.isoformat())
    live.sign_in(user)
    page = live.open("/tasks")
    page.locator("#task-groups[data-ready]").wait_for()
    page.locator("#main").focus()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Task 2")).to_be_focused()
    page.keyboard.press("x")
    expect(page.get_by_role("link", name="Task 2")).to_have_count(0)
    assert Activity.objects.get(subject="Task 2").status == "completed"


def test_a_visitor_sends_a_form(live: Live, settings: Any) -> None:
    settings.FORM_FASTEST_SECONDS = -1
    create_record(system(), "web_form", {"name": "F", "slug": "contact-us", "title": "Talk to us"})
    live.ignore("422")
    page = live.open("/forms/contact-us?utm_source=newsletter")
    page.get_by_label("E-mail").fill("ada@engine.example")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Last name is required.")).to_be_visible()
    page.get_by_label("Last name").fill("Byron")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
    assert Lead.objects.get().utm_source == "newsletter"


def test_a_visitor_is_remembered_only_after_allowing_it(live: Live) -> None:
    create_record(system(), "web_form", {"name": "F", "slug": "contact-us", "title": "Talk to us"})
    page = live.open("/forms/contact-us?utm_source=newsletter")
    assert "dw_visitor" not in {cookie["name"] for cookie in page.context.cookies()}
    live.check_accessibility()
    with page.expect_response(lambda response: response.url.endswith("/e")) as taken:
        page.get_by_role("button", name="Allow").click()
    assert taken.value.status == 204
    expect(page.get_by_text("This browser will be known.")).to_be_visible()
    assert "dw_visitor" in {cookie["name"] for cookie in page.context.cookies()}
    live.open("/forms/contact-us")
    expect(page.get_by_role("button", name="Allow")).to_have_count(0)
