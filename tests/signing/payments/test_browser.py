"""Paying in a browser: on a phone, in German, by keyboard alone, without scripts; the sender's
editor and page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser import DESKTOP, PHONE, Live
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.payments.models import Payment
from make import acting, make_user
from signing.make import make_envelope, recipient_of, token_of

from .make import make_computed, make_paying, paid, the_field
from .provider import Provider

pytestmark = pytest.mark.browser


def test_on_a_phone_in_german(live: Live, provider: Provider) -> None:
    envelope = make_computed(language="de")
    assert current_consent()
    token = token_of(recipient_of(envelope, "Ada"))
    page = live.use(PHONE, locale="de-DE")
    live.open(f"/sign/{token}")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Einwilligen").click()
    live.ready()
    expect(page.locator("[data-kind=payment] output")).to_have_text(
        "Zu zahlen: zuerst die anderen Felder ausfüllen"
    )
    page.get_by_role("textbox", name=re.compile("^Seats")).fill("3")
    page.keyboard.press("Tab")
    expect(page.locator("[data-kind=payment] output")).to_have_text("270,00\u00a0€ zahlen")
    live.check_accessibility()
    live.shot("payment-field-390")
    page.locator("[data-kind=payment]").click()
    expect(page.get_by_role("heading", name="Price")).to_be_visible()
    live.ready()
    live.check_accessibility()
    live.check_no_overflow()
    live.shot("payment-page-390")
    page.get_by_role("button", name="Jetzt zahlen").click()

    expect(page.get_by_role("heading", name="Order form")).to_be_visible()
    expect(page.get_by_text("27000 eur")).to_be_visible()
    page.get_by_role("button", name="Pay by card").click()

    expect(page.get_by_text("Bezahlt. Vielen Dank.")).to_be_visible()
    live.ready()
    live.check_accessibility()
    live.shot("payment-paid-390")
    page.get_by_role("link", name="Weiter zum Unterschreiben").click()
    expect(page.locator("[data-kind=payment] output")).to_contain_text("EUR 270,00 bezahlt")
    live.ready()
    reference = Payment.objects.get(counts=True).reference
    expect(page.locator("[data-kind=payment] output")).to_contain_text(reference)
    expect(page.locator("[data-kind=number] output")).to_have_text("3")
    expect(page.locator("[data-progress] [role=status]")).to_have_text("2 / 3")
    live.check_no_overflow()
    page.locator("[data-kind=signature]").click()
    page.locator("[data-way=type]").click()
    page.get_by_role("button", name="Diese Unterschrift verwenden").click()
    expect(page.locator("[data-kind=signature]")).to_have_attribute("data-filled", "")
    page.locator("[data-review]").click()
    expect(page.get_by_text(reference)).to_be_visible()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Ich stimme zu und unterschreibe").click()
    expect(page.get_by_role("checkbox")).to_have_count(0)
    envelope.refresh_from_db()
    assert envelope.signed_at is not None
    assert seal_envelope(envelope.pk)


def test_without_scripts(live: Live, provider: Provider) -> None:
    envelope = make_paying()
    token = token_of(recipient_of(envelope, "Ada"))
    page = live.use(PHONE, theme="dark", java_script_enabled=False)
    page.goto(f"{live.url}/sign/{token}")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Agree").click()
    page.get_by_role("link", name="Fill in as a form").first.click()
    page.get_by_role("button", name="Pay €1,250.00").click()
    expect(page.get_by_text("Deposit for the order")).to_be_visible()
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("heading", name="Deposit for the order")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("link", name="Pay at 127.0.0.1")).to_be_visible()
    page.get_by_role("link", name="Pay at 127.0.0.1").click()
    page.get_by_role("button", name="Pay by card").click()
    expect(page.get_by_text("Paid. Thank you.")).to_be_visible()
    assert the_field(envelope).value.startswith("1250.00 EUR ")


def test_the_sender_places_one_and_follows_it(live: Live, provider: Provider) -> None:
    owner = make_user()
    envelope = make_envelope(acting(owner))
    live.use(DESKTOP)
    live.sign_in(owner)
    page = live.open(f"/envelopes/{envelope.pk}/send")
    page.get_by_role("button", name="Payment", exact=True).focus()
    page.keyboard.press("Enter")
    amount = page.get_by_role("textbox", name="Amount, such as 1250.00")
    amount.fill("99,50")
    amount.press("Tab")
    page.get_by_role("textbox", name="Currency").fill("eur")
    page.get_by_role("textbox", name="Currency").press("Tab")
    page.get_by_role("textbox", name="What is paid for").fill("Setting up")
    page.get_by_role("textbox", name="What is paid for").press("Tab")
    expect(page.get_by_role("textbox", name="What is paid for")).not_to_be_focused()
    live.check_accessibility()
    live.shot("payment-editor-1440")
    page.wait_for_function(
        "() => document.querySelector('[data-editor-status]').textContent === 'Saved.'"
    )
    placed = EnvelopeField.objects.get(document__envelope=envelope, kind="payment")
    wanted = {"amount": "99.50", "currency": "EUR", "description": "Setting up"}
    assert placed.checks == wanted

    sent = make_paying(acting(owner))
    payment = paid(sent, provider)
    page = live.open(f"/envelopes/{sent.pk}?tab=payments")
    expect(page.get_by_text(payment.reference)).to_be_visible()
    live.check_accessibility()
    live.shot("payment-panel-1440")
