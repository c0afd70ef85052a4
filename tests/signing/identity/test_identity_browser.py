"""Showing who one is, on a phone: a code by SMS, an authenticator app, and 21 CFR Part 11."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from browser import PHONE, Live
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import NewField, NewRecipient
from dealwright.signing.envelopes.models import Recipient
from signing.make import code_of, make_sent_envelope, recipient_of
from signing.visiting import confirm, consent

pytestmark = pytest.mark.browser


def asked(*, part11: bool = False, **given: object) -> Recipient:
    envelope = make_sent_envelope(
        recipients=[NewRecipient(name="Ada Lovelace", email="ada@buyer.test", **given)],  # type: ignore[arg-type]
        fields=[NewField(recipient=1, kind="signature", box=Box(0.1, 0.6, 0.36, 0.07))],
        part11=part11,
    )
    return recipient_of(envelope, "Ada")


def test_a_code_by_sms_then_an_app_then_a_signature_with_its_meaning(live: Live) -> None:
    live.use(PHONE)
    live.ignore("422")  # a wrong code is answered so

    # By SMS: what the gateway was given is what the phone shows.
    by_sms = asked(identity_methods=["sms_otp"], phone="+49 1512 3456789")
    page = consent(live, by_sms)
    live.check_no_overflow()
    message = OutboundMessage.objects.get(channel="sms")
    wrong = f"{(int(message.text[:6]) + 1) % 1_000_000:06d}"
    confirm(page, "Code", wrong)
    expect(page.get_by_text("This is not the code we sent. You have 4 more tries.")).to_be_visible()
    confirm(page, "Code", message.text[:6])
    expect(page.locator("[data-page]").first).to_be_visible()

    # An app: set up once after a code by mail, and asked again at the act itself.
    by_app = asked(identity_methods=["totp"], part11=True)
    page = consent(live, by_app)
    confirm(page, "Code", code_of(by_app))
    expect(page.get_by_role("heading", name="Set up your authenticator app")).to_be_visible()
    live.check_no_overflow()
    secret = page.locator(".sign-key").inner_text().replace(" ", "")
    confirm(page, "Code in your authenticator app", pyotp.TOTP(secret).now())
    expect(page.locator("[data-page]").first).to_be_visible()
    live.ready()
    page.get_by_role("button", name="Signature, page 1, required").click()
    page.get_by_role("button", name="Type").click()
    page.get_by_role("button", name="Use this signature").click()
    page.get_by_role("banner").get_by_role("link", name="Review and sign").click()
    expect(page.get_by_role("radio", name="I approve this document")).to_be_visible()

    # Part 11: what the signature means, who signs, and the app once more.
    live.check_no_overflow()
    page.get_by_role("radio", name="I approve this document").check()
    page.get_by_label("Your e-mail address").fill("ada@buyer.test")
    soon = timezone.now() + timedelta(seconds=30)  # each code works once
    page.get_by_label("Code in your authenticator app").fill(pyotp.TOTP(secret).at(soon))
    page.get_by_role("checkbox", name="I have read the documents").check()
    live.shot("sign-part11-390")
    page.get_by_role("button", name="I agree and sign").click()
    expect(page.get_by_role("heading", name="You have signed")).to_be_visible()
    by_app.refresh_from_db()
    assert by_app.status == "signed"
    assert "pprov" in by_app.meaning
