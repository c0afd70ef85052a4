"""Redlines in a browser: by mouse, by keys alone and by touch, and what a signer sees."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser import DESKTOP, PHONE, Live
from dealwright.signing.documents.words import find_text
from dealwright.signing.envelopes.drafts import NewDocument, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.redlines.models import Redline
from dealwright.signing.redlines.queries import words_on
from make import acting, make_user
from signing.make import make_envelope, recipient_of
from signing.redlines.make import make_scan, make_terms, strike
from signing.visiting import consent

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


def open_draft(live: Live, envelope: Envelope, size: dict[str, int], **options: object) -> Page:
    live.use(size, **options)  # type: ignore[arg-type]
    live.sign_in(envelope.owner)
    return live.open(f"/envelopes/{envelope.pk}/send")


def switch_on(page: Page, number: int = 0) -> Locator:
    """Start redlining; answers the words of a page when they are there."""
    page.get_by_role("button", name="Redline on the pages").click()
    layer = page.locator(".redline-layer").nth(number)
    layer.scroll_into_view_if_needed()
    expect(layer).to_have_attribute("data-words", re.compile(r"^\d+$"))
    return layer


def point_of(layer: Locator, envelope: Envelope, text: str, *, end: bool) -> tuple[float, float]:
    """Where the first or last word of a text of the first page stands, in pixels of the layer."""
    words = words_on(envelope.documents.get(), 0)
    first, last = find_text(words, text)[0]
    box = words[last if end else first].box
    sheet = layer.bounding_box()
    assert sheet
    return (box.x + box.w / 2) * sheet["width"], (box.y + box.h / 2) * sheet["height"]


def saved(page: Page) -> None:
    expect(page.locator("[data-redline-status]")).to_have_text("Saved.")


def listed(page: Page) -> Locator:
    return page.locator("[data-redline-list] li")


def shown(page: Page, number: int = 1) -> None:
    """The picture of a page has come anew with what was changed."""
    expect(page.locator("[data-editor-page] img").nth(number - 1)).to_have_attribute(
        "src", re.compile(r"look=[0-9a-f]{12}")
    )


def test_words_are_redlined_by_mouse(live: Live) -> None:
    envelope = make_terms(acting(make_user()))
    page = open_draft(live, envelope, DESKTOP)
    layer = switch_on(page)
    corner = layer.bounding_box()
    assert corner
    start = point_of(layer, envelope, "thirty (30) days", end=False)
    end = point_of(layer, envelope, "thirty (30) days", end=True)
    page.mouse.move(corner["x"] + start[0], corner["y"] + start[1])
    page.mouse.down()
    page.mouse.move(corner["x"] + end[0], corner["y"] + end[1], steps=6)
    page.mouse.up()
    bar = page.get_by_role("toolbar", name="What to do with the words")
    bar.get_by_role("button", name="Replace by …").click()
    dialog = page.get_by_role("dialog", name="Replace by")
    expect(dialog.locator("q")).to_have_text("thirty (30) days")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog.get_by_role("alert")).to_have_text("Write the text.")
    dialog.get_by_label("Text to insert").fill("{{sign:1}}")
    live.ignore("422")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be inserted")
    dialog.get_by_label("Text to insert").fill("sixty (60) days")
    live.check_accessibility()
    live.shot("redline-dialog-1440")
    dialog.get_by_role("button", name="Keep").click()
    expect(listed(page)).to_have_count(1)
    expect(listed(page)).to_contain_text("“thirty (30) days” struck out, “sixty (60) days”")
    saved(page)
    shown(page)
    row = Redline.objects.get()
    assert (row.kind, row.struck, row.inserted) == (
        "replacement", "thirty (30) days", "sixty (60) days",
    )  # fmt: skip

    # It is pressed on the page, changed, and that is undone.
    page.get_by_role("button", name="Redline 1: “thirty (30) days”").click()
    dialog = page.get_by_role("dialog", name="Change redline 1")
    dialog.get_by_label("Text to insert").fill("ninety days")
    dialog.get_by_role("button", name="Keep").click()
    expect(listed(page)).to_contain_text("“ninety days” inserted")
    page.keyboard.press("Control+z")
    expect(listed(page)).to_contain_text("“sixty (60) days” inserted")
    # Taken away in the list, and put back.
    page.get_by_role("button", name="Remove redline 1").click()
    expect(listed(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").last.click()
    expect(listed(page)).to_contain_text("“sixty (60) days” inserted")
    live.check_accessibility()
    live.check_no_overflow()
    live.shot("redline-1440")
    page.get_by_role("button", name="Redline on the pages").click()
    expect(page.locator(".redline-layer")).to_have_count(0)
    live.open(f"/envelopes/{envelope.pk}/send")
    expect(listed(page)).to_have_count(1)


def test_words_are_redlined_by_keys_alone(live: Live) -> None:
    envelope = make_terms(acting(make_user()))
    page = open_draft(live, envelope, DESKTOP)
    page.get_by_role("button", name="Redline on the pages").focus()
    page.keyboard.press("Enter")
    layer = page.get_by_role("application", name=re.compile("page 1$"))
    expect(layer).to_have_attribute("data-words", re.compile(r"^\d+$"))
    layer.focus()
    # The heading, then the line below it: "The Customer pays", of which two words are chosen.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#live-region")).to_have_text("Chosen: Customer pays")
    page.keyboard.press("Delete")
    expect(listed(page)).to_have_text(re.compile("“Customer pays” struck out"))
    expect(layer).to_be_focused()
    # On the second page, text before a word, from the toolbar.
    page.keyboard.press("PageDown")
    second = page.get_by_role("application", name=re.compile("page 2$"))
    expect(second).to_be_focused()
    expect(second).to_have_attribute("data-words", re.compile(r"^\d+$"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Strike out")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Insert")
    expect(dialog.get_by_label("Text to insert")).to_be_focused()
    page.keyboard.type("Annex to")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("radio", name="Before the words")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("asked by legal")
    page.keyboard.press("Enter")
    expect(listed(page)).to_have_count(2)
    expect(listed(page).nth(1)).to_contain_text("“Annex to” inserted before “Page”")
    expect(second).to_be_focused()
    # One step back, and out of what is chosen.
    page.keyboard.press("Control+z")
    expect(listed(page)).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".redline-chosen")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".redline-chosen")).to_have_count(0)
    assert [each.struck for each in Redline.objects.all()] == ["Customer pays"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_are_redlined_by_touch_on_a_phone(live: Live, theme: str) -> None:
    envelope = make_terms(acting(make_user()))
    page = open_draft(live, envelope, PHONE, theme=theme)
    layer = switch_on(page)
    for end in (False, True):
        x, y = point_of(layer, envelope, "Late payments", end=end)
        layer.tap(position={"x": x, "y": y})
    expect(page.get_by_role("toolbar", name="What to do with the words")).to_be_visible()
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"redline-390-{theme}")
    page.get_by_role("button", name="Strike out").tap()
    saved(page)
    assert Redline.objects.get().struck == "Late payments"
    page.get_by_role("button", name="Redline on the pages").tap()
    expect(listed(page)).to_contain_text("“Late payments” struck out")
    live.check_no_overflow()
    live.check_accessibility()


def test_a_scan_is_struck_by_a_box(live: Live) -> None:
    scan = NewDocument(name="Scan.pdf", content=make_scan())
    envelope = make_envelope(acting(make_user()), documents=[scan])
    page = open_draft(live, envelope, DESKTOP)
    layer = switch_on(page)
    corner = layer.bounding_box()
    assert corner
    page.mouse.move(corner["x"] + 90, corner["y"] + 280)
    page.mouse.down()
    page.mouse.move(corner["x"] + 500, corner["y"] + 320, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Strike out").click()
    expect(listed(page)).to_contain_text("a part of the picture of the page struck out")
    # By keys: a box, moved and made larger, to write into.
    expect(layer).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".redline-box")).to_be_visible()
    for _ in range(60):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Insert here …").click()
    dialog = page.get_by_role("dialog", name="Insert")
    dialog.get_by_label("Text to insert").fill("See the annex")
    dialog.get_by_role("button", name="Keep").click()
    expect(listed(page)).to_have_count(2)
    rows = list(Redline.objects.order_by("created_at"))
    assert [row.is_picture for row in rows] == [True, True]
    assert rows[0].lines[0].x == pytest.approx(90 / corner["width"], abs=0.01)
    assert rows[1].lines[0].y == pytest.approx(0.5, abs=0.01)
    live.check_accessibility()
    live.shot("redline-scan-1440")


def test_words_are_found_and_redlined_without_script(live: Live) -> None:
    envelope = make_terms(acting(make_user()))
    live.use(DESKTOP, java_script_enabled=False)
    live.sign_in(envelope.owner)
    page = live.page
    page.goto(f"{live.url}/envelopes/{envelope.pk}/send")
    expect(page.get_by_role("button", name="Redline on the pages")).to_be_hidden()
    page.get_by_text("Find words and change them").click()
    page.get_by_label("Words of the document").fill("two years")
    page.get_by_label("What to do").select_option("replace")
    page.get_by_label("Text to insert").fill("three years")
    page.get_by_role("button", name="Apply").click()
    expect(listed(page)).to_contain_text("“two years” struck out, “three years” inserted")
    page.get_by_role("button", name="Remove redline 1").click()
    expect(listed(page)).to_have_count(0)


@SIZES
def test_a_signer_sees_what_was_changed(live: Live, size: dict[str, int]) -> None:
    actor = acting(make_user("Rita Rep"))
    signer = NewRecipient(name="Ada Lovelace", email="ada@buyer.test", identity_method="email_link")
    envelope = make_terms(actor, recipients=[signer])
    strike(actor, envelope, "thirty (30) days", replace="sixty (60) days")
    strike(actor, envelope, "two years", occurrence=2)
    send_envelope(actor, envelope.pk)
    live.use(size)
    page = consent(live, recipient_of(envelope, "Ada"))
    expect(page.get_by_text("Changes in this document")).to_be_visible()
    live.ready()
    changes = page.locator(".sign-changes-list a")
    expect(changes).to_have_count(2)
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"sign-changes-{size['width']}")
    # The text over the picture is there to be selected; what is heard says what was changed.
    sheet = page.locator('[data-page="1"]')
    expect(sheet.locator(".sign-page-text")).to_have_attribute("aria-hidden", "true")
    expect(sheet.locator("[data-page-text]")).to_contain_text("[struck out: thirty (30) days]")
    expect(sheet.locator("[data-page-text]")).not_to_have_attribute("hidden", "")
    changes.nth(1).click()
    expect(page).to_have_url(re.compile(r"#page-[0-9a-f-]+-2$"))
    expect(page.locator('[data-page="2"]')).to_be_in_viewport()
    page.goto(page.url.split("#")[0] + "/review")
    expect(page.get_by_text("“two years” struck out")).to_be_visible()
    live.ready()
    live.check_no_overflow()
    live.check_accessibility()


@SIZES
def test_the_sender_s_page_shows_them(live: Live, size: dict[str, int]) -> None:
    actor = acting(make_user("Rita Rep"))
    envelope = make_terms(actor)
    strike(actor, envelope, "thirty (30) days", replace="sixty (60) days")
    send_envelope(actor, envelope.pk)
    live.use(size)
    live.sign_in(envelope.owner)
    page = live.open(f"/envelopes/{envelope.pk}")
    heading = page.get_by_role("heading", name="Changes made by the sender before sending")
    heading.scroll_into_view_if_needed()
    live.check_no_overflow()
    live.check_accessibility(within=".envelope-panel")
    live.shot(f"sent-changes-{size['width']}")
