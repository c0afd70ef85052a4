"""Outbox, files, evidence and their settings in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from base.files import samples
from base.messaging.test_inbound import answer_to, bounce_of
from browser import BOTH_LOOKS, Live
from crm.make import make_account
from dealwright.base.evidence import anchor_chains, append_entry
from dealwright.base.files import attach_file
from dealwright.base.files.panel import attachments_panel
from dealwright.base.messaging import notify, receive_email, send_email, unsubscribe_url
from dealwright.base.objects.registry import object_type
from make import acting, make_administrator

pytestmark = pytest.mark.browser


def files_on_accounts() -> None:
    """The panel on account pages, where no room has put it there yet."""
    of = object_type("account")
    if not any(each.key == "attachments" for each in of.panels):
        of.panels.append(attachments_panel("account"))


@BOTH_LOOKS
def test_every_page_fits_and_is_accessible(live: Live, size: dict[str, int], theme: str) -> None:
    user = make_administrator("Ada Lovelace")
    actor = acting(user)
    account = make_account(owner=user)
    about: dict[str, Any] = {"object": "account", "record_id": account.pk}
    offer = attach_file(actor, name="Offer.pdf", content=samples.pdf(), **about)
    message = send_email(
        actor,
        to="kim@example.com",
        subject="Your offer",
        html="<p>Dear Kim</p>",
        attachments=[offer],
        **about,
    )
    bounced = send_email(actor, to="lee@example.com", subject="Hello", text="Hi")
    reply = receive_email(answer_to(message))
    receive_email(bounce_of(bounced.message_id))
    append_entry("envelope:1", "recipient.signed", {"number": 1}, actor=actor)
    anchor_chains()
    notify(user, "The import is done.", body="85 accounts", url="/accounts")
    live.sign_in(user)
    live.use(size, theme=theme)
    for path in (
        "/outbox",
        f"/outbox/{message.id}",
        f"/outbox/{bounced.id}",
        "/outbox/received",
        f"/outbox/received/{reply.id}",
        "/notices",
        "/settings/mail",
        "/settings/suppression",
        "/settings/rates",
        "/settings/calendars",
        "/evidence?verify=1",
        "/evidence/envelope:1",
        "/message-templates",
        unsubscribe_url("kim@example.com", "sequence").removeprefix("http://localhost:8000"),
    ):
        live.open(path)
        live.settled()
        live.check_no_overflow()
        live.check_accessibility()


def test_a_file_is_added_refused_removed_and_taken_back(live: Live) -> None:
    files_on_accounts()
    user = make_administrator()
    account = make_account(owner=user)
    live.sign_in(user)
    page = live.open(f"/accounts/{account.pk}")
    panel = page.locator("[data-attachments]")
    choose = panel.locator("input[type=file]")
    choose.set_input_files({"name": "Notes.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(panel.get_by_role("link", name="Notes.txt", exact=True)).to_be_visible()

    live.ignore("422")
    choose.set_input_files({"name": "virus.exe", "mimeType": "text/plain", "buffer": b"MZ\0"})
    expect(panel.get_by_role("alert")).to_contain_text("“virus.exe” is of a kind that is not")
    expect(panel.get_by_role("link", name="Notes.txt", exact=True)).to_be_visible()

    panel.get_by_role("button", name="Remove Notes.txt").click()
    expect(panel.get_by_text("Notes.txt")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("link", name="Notes.txt", exact=True)).to_be_visible()


def test_the_html_of_a_mail_cannot_act(live: Live) -> None:
    """Even a message whose HTML somehow holds a script shows it and runs nothing."""
    user = make_administrator()
    message = send_email(acting(user), to="kim@example.com", subject="Hello", html="<p>Hi</p>")
    message.html = "<p>Hi</p><script>parent.document.title = 'taken'; alert(1)</script>"
    message.save()
    live.sign_in(user)
    live.ignore("Blocked script execution")
    page = live.open(f"/outbox/{message.id}")
    page.locator("iframe").scroll_into_view_if_needed()
    expect(page.frame_locator("iframe").get_by_text("Hi")).to_be_visible()
    assert "taken" not in page.title()


def test_a_notice_is_counted_by_the_bell_and_opens_its_page(live: Live) -> None:
    user = make_administrator()
    notify(user, "The import is done.", url="/accounts")
    live.sign_in(user)
    page = live.open("/notices")
    expect(page.locator(".bell-count")).to_have_text("1")
    page.get_by_role("button", name="The import is done.").click()
    expect(page).to_have_url(live.url + "/accounts")
    expect(page.locator(".bell-count")).to_be_hidden()
