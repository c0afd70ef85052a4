"""What a recipient does in a browser before the documents are there.

Each act ends when its answer is shown, so that a test may ask the database next.
"""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browser import Live
from dealwright.signing.envelopes.models import Recipient
from signing.make import code_of, token_of


def consent(live: Live, recipient: Recipient) -> Page:
    """Open the newest link and agree to sign electronically."""
    page = live.open(f"/sign/{token_of(recipient)}")
    agree = page.get_by_role("checkbox", name="I agree to receive")
    agree.check()
    page.get_by_role("button", name="Agree and continue").click()
    expect(agree).to_have_count(0)
    live.ready()
    return page


def confirm(page: Page, label: str, code: str) -> None:
    """Type a code into the field of that label."""
    page.get_by_label(label).fill(code)
    page.get_by_role("button", name="Confirm", exact=True).click()


def consent_and_confirm(live: Live, recipient: Recipient) -> Page:
    """Open the link, agree, confirm the code that was mailed: the pages."""
    page = consent(live, recipient)
    confirm(page, "Code", code_of(recipient))
    expect(page.locator("[data-page]").first).to_be_visible()
    live.ready()
    return page
