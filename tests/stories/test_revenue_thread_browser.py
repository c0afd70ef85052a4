"""The thread through all six systems in a browser: from the sign-up to the journey page.

Between the pages the test does what the worker would do (``settle``). Plan, quota, rule and
template of a sequence stand ready as the administrator left them; everything a rep, a
customer, a finance person does is done on their pages.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from browser import PHONE, Live
from compensation.make import ledger_total, owed
from dealwright.acceleration.sequences.jobs import take_due_steps
from dealwright.acceleration.sequences.models import Enrollment
from dealwright.base.access.actor import system
from dealwright.base.evidence import verify_all
from dealwright.base.files.services import read_file
from dealwright.base.people.models import User
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import approve_period, close_period, submit_period
from dealwright.contracts.agreements.models import Contract
from dealwright.crm.contacts.models import Contact
from dealwright.crm.leads.models import Lead
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.quotes.models import Quote
from dealwright.intelligence.scoring.models import LeadScore
from dealwright.signing.envelopes.models import Envelope
from signing.ceremonies.test_ceremony_browser import draw
from signing.foreign import pdfsig
from signing.make import recipient_of
from signing.visiting import consent_and_confirm
from stories.make import APPROVAL, nora_answers, set_the_stage, settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def press(page: Page, name: str) -> None:
    """One of the record's actions, by its link or button, or from the menu of more."""
    found = page.locator("main, header").get_by_text(name, exact=True)
    if not found.first.is_visible():
        page.get_by_role("button", name="More", exact=True).click()
    found.locator("visible=true").first.click()


def sign(live: Live, envelope: Envelope, name: str, *, by_hand: bool) -> None:
    page = consent_and_confirm(live, recipient_of(envelope, name))
    page.get_by_role("button", name="Signature").first.click()
    if by_hand:
        draw(page)
    else:
        page.get_by_role("button", name="Type").click()
    page.get_by_role("button", name="Use this signature").click()
    page.get_by_role("banner").get_by_role("link", name="Review and sign").click()
    page.get_by_role("checkbox", name="I have read the documents").check()
    page.get_by_role("button", name="I agree and sign").click()
    expect(page.get_by_role("heading", name="You have signed")).to_be_visible()
    settle()


def test_one_deal_from_the_sign_up_to_the_journey(
    live: Live, settings: Any, tmp_path: Path
) -> None:
    settings.FORM_FASTEST_SECONDS = -1
    live.ignore("422")  # a stage asks for a close date
    today = timezone.localdate()
    page = live.open("/")
    page.get_by_label("Company").fill("Acme Ltd")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()
    live.shot("story-0-home")
    admin = User.objects.get(email="ada@example.com")
    stage = set_the_stage(admin)
    finance, rita, carl = stage.finance, stage.rita, stage.carl

    # 1. A stranger fills in a form; the lead is matched, enriched, scored and routed.
    page = live.use()
    live.open("/forms/contact-us?utm_source=google&utm_medium=cpc&utm_campaign=spring")
    for label, value in (
        ("First name", "Nora"),
        ("Last name", "North"),
        ("E-mail", "nora@northwind.de"),
        ("Company", "Northwind"),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Thank you")).to_be_visible()
    settle()
    lead = Lead.objects.get()
    score = LeadScore.objects.get(lead=lead)
    assert Contact.objects.filter(email="nora@northwind.de").count() == 1
    assert lead.owner == rita
    assert lead.response_due_at is not None
    assert score.score == sum(reason["points"] for reason in score.reasons) == lead.score > 0
    live.sign_in(rita)
    page = live.open("/leads")
    page.get_by_role("link", name="Nora North").first.click()
    page.wait_for_url(f"**/leads/{lead.pk}*")
    live.ready()
    expect(page.get_by_text(score.reasons[0]["reason"]).first).to_be_visible()
    live.shot("story-1-lead")

    # 2. She calls, sets a task and enrolls; the reply stops the sequence.
    page.get_by_role("link", name="Call", exact=True).click()
    page.get_by_label("What was said?").fill("Wants the platform this month")
    page.get_by_role("button", name="Log call").click()
    expect(page.locator(".timeline")).to_contain_text("Wants the platform this month")
    page.get_by_role("link", name="Task", exact=True).click()
    page.get_by_label("What is to do?").fill("Prepare the offer")
    page.get_by_role("button", name="Set task").click()
    expect(page.get_by_role("button", name="Done: Prepare the offer")).to_be_visible()
    live.open(f"/leads/{lead.pk}/enroll")
    page.get_by_label("Sequence").select_option(label="Welcome")
    page.get_by_role("button", name="Enroll").click()
    page.wait_for_url(f"**/leads/{lead.pk}*")
    take_due_steps()
    settle()
    nora_answers(rita)
    assert Enrollment.objects.get().stop_reason == "replied"

    # The lead becomes a deal by linking; lines, split, stage, quote.
    live.open(f"/leads/{lead.pk}/convert")
    page.get_by_label("Name of the opportunity").fill("Rollout")
    page.get_by_role("button", name="Convert").click()
    page.wait_for_url("**/opportunities/*")
    deal = Opportunity.objects.get()
    assert deal.contact_id == lead.contact_id
    live.open(f"/opportunities/{deal.pk}?tab=lines")
    page.locator("[name='lines.1.name']").fill("Platform")
    page.locator("[name='lines.1.quantity']").fill("1")
    page.locator("[name='lines.1.unit_price']").fill("10000")
    page.get_by_role("button", name="Save lines").click()
    expect(page.get_by_text("Lines saved.")).to_be_visible()
    live.open(f"/opportunities/{deal.pk}?tab=people")
    page.locator("[name='members.1.split_percent']").fill("70")
    page.get_by_role("button", name="Add colleague").click()
    page.locator("[data-line]").nth(1).get_by_role("combobox").fill("Carl")
    page.get_by_role("option", name="Carl Colleague").click()
    page.locator("[data-line]").nth(1).locator("input.num").fill("30")
    page.get_by_role("button", name="Save team").click()
    expect(page.locator(".toast")).to_be_visible()
    live.open(f"/opportunities/{deal.pk}")
    page.get_by_role("navigation", name="Stage").get_by_role("link", name="Proposal").click()
    box = page.get_by_role("dialog", name="Something is missing")
    box.get_by_role("textbox", name="Close date").fill(today.isoformat())
    box.get_by_role("button", name="Save").click()
    expect(page.locator("[aria-current=step]")).to_contain_text("Proposal")
    live.open(f"/opportunities/{deal.pk}/quotes/new")
    page.get_by_role("button", name="Make quote").click()
    expect(page).to_have_url(re.compile(r"/quotes/[0-9a-f-]{36}"))
    quote = Quote.objects.get()
    live.open(f"/quotes/{quote.pk}/send")
    page.get_by_role("button", name="Send").last.click()
    page.wait_for_url(f"**/quotes/{quote.pk}*")
    settle()
    expect(page.get_by_role("link", name="Northwind").first).to_be_visible()
    live.shot("story-2-quote")

    # 3. The quote becomes a contract, approved by finance above the threshold.
    live.open(f"/quotes/{quote.pk}")
    press(page, "Create contract")
    page.get_by_role("button", name="Draft contract").click()
    page.wait_for_url("**/contracts/*")
    live.ready()
    contract = Contract.objects.get()
    page.locator("[name=effective_on]").fill(today.isoformat())
    page.locator("[name=term_months]").fill("12")
    page.get_by_role("button", name="Save values").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    live.open(f"/contracts/{contract.pk}/submit")
    expect(page.get_by_text(APPROVAL)).to_be_visible()
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(f"**/contracts/{contract.pk}*")
    live.sign_in(finance)
    live.open("/approvals")
    live.shot("story-3-approvals")
    page.get_by_role("link", name=contract.number).click()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator(".approval").get_by_text("Approved", exact=True)).to_be_visible()
    settle()
    contract.refresh_from_db()
    assert contract.status == "approved"

    # 4. Two signers in order; the customer draws on a phone, Rita types.
    live.sign_in(rita)
    live.open(f"/contracts/{contract.pk}/send")
    page.locator("[name='name-1']").fill("Nora North")
    page.locator("[name='email-1']").fill("nora@northwind.de")
    page.locator("[name='name-2']").fill("Rita Rep")
    page.locator("[name='email-2']").fill(rita.email)
    page.get_by_role("button", name="Send for signature").click()
    page.wait_for_url(f"**/contracts/{contract.pk}*")
    settle()
    contract.refresh_from_db()
    envelope = Envelope.objects.get(pk=contract.envelope_id)
    live.ignore("/sign/")  # her open page asks once more by the link that the last mail replaced
    live.use(PHONE)
    sign(live, envelope, "Nora", by_hand=True)
    page = live.use()
    sign(live, envelope, "Rita", by_hand=False)
    contract.refresh_from_db()
    deal.refresh_from_db()
    assert (contract.status, deal.status) == ("executed", "won")
    sealed = tmp_path / "sealed.pdf"
    sealed.write_bytes(read_file(envelope.documents.get().sealed))
    assert "Signature is Valid." in pdfsig(sealed)
    assert all(each.ok for each in verify_all())
    live.open(f"/contracts/{contract.pk}")
    live.shot("story-4-contract")

    # 5. 70/30 of 10,000 at 5 % to quota and 7 % above; each number opens to the contract.
    period = PayPeriod.objects.get(starts_on__lte=today, ends_on__gte=today)
    assert (owed(rita, period.label), owed(carl, period.label)) == ("390.00", "150.00")
    live.open(f"/compensation/statements/{rita.pk}/{period.pk}")
    expect(page.get_by_text("$390.00").first).to_be_visible()
    page.get_by_text("Commission", exact=True).click()
    page.get_by_text("Rollout").first.click()
    live.shot("story-5-statement")
    expect(page.get_by_role("link", name="Opportunity")).to_have_attribute(
        "href", f"/opportunities/{deal.pk}"
    )
    expect(page.locator(f"a[href='/contracts/{contract.pk}']").first).to_be_visible()
    live.open("/leaderboard")
    expect(page.get_by_role("main").get_by_text("Rita Rep").first).to_be_visible()

    # 6. The period closes; the early end takes back in the open one.
    calculate_period(system("finance"), period.pk)
    submit_period(system("finance"), period.pk)
    approve_period(system("finance"), period.pk)
    close_period(system("finance"), period.pk)
    live.sign_in(admin)
    live.open(f"/contracts/{contract.pk}/terminate")
    page.get_by_label("Ends on").fill((today + timedelta(days=1)).isoformat())
    page.get_by_label("Reason").fill("Insolvency")
    page.get_by_role("button", name="Terminate").click()
    page.wait_for_url(f"**/contracts/{contract.pk}*")
    settle()
    assert owed(rita, period.label) == "390.00"
    assert ledger_total() == 0

    # 7. Every touch on one line.
    live.open(f"/journeys/opportunity/{deal.pk}")
    live.shot("story-7-journey")
    expect(page.locator(".journey-point")).not_to_have_count(0)
    for title in ("google", "Hello Nora", "Nora North", "Insolvency"):
        expect(page.get_by_role("table").get_by_text(title).first).to_be_visible()
    live.check_accessibility()
