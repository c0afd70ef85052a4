"""The ceremony in a browser: on a phone by finger, by keyboard alone, and looked at by axe."""

from __future__ import annotations

import math
import time

import pytest
from playwright.sync_api import Page, expect

from browser import DESKTOP, PHONE, Live
from dealwright.base.files.services import read_file
from dealwright.base.jobs.running import run_jobs
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.reading import all_text
from dealwright.signing.envelopes.drafts import NewDocument, NewField, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.verification.services import verify_signed_pdf
from make import acting, make_user
from signing.make import code_of, make_pdf, make_sent_envelope, recipient_of, sign_all, token_of
from signing.visiting import consent_and_confirm

pytestmark = pytest.mark.browser


def make_order() -> Envelope:
    """Two pages; Ada fills a title, ticks a box, initials and signs; Grace signs after her."""
    return make_sent_envelope(
        acting(make_user("Mira Sato")),
        title="Order form 2027-0142",
        message="Hello Ada,\nhere is the order form as discussed.",
        documents=[
            NewDocument(name="Order form.pdf", content=make_pdf("Price: 12 000 EUR", pages=2))
        ],
        recipients=[
            NewRecipient(name="Ada Lovelace", email="ada@buyer.test", order=1),
            NewRecipient(name="Grace Hopper", email="grace@seller.test", order=2),
        ],
        fields=[
            NewField(recipient=1, kind="text", label="Job title", box=Box(0.1, 0.3, 0.35, 0.028)),
            NewField(
                recipient=1, kind="checkbox", label="I read it", box=Box(0.1, 0.4, 0.025, 0.018)
            ),
            NewField(recipient=1, kind="initials", box=Box(0.75, 0.9, 0.12, 0.04)),
            NewField(recipient=1, kind="signature", page=2, box=Box(0.1, 0.6, 0.36, 0.07)),
            NewField(recipient=1, kind="date_signed", page=2, box=Box(0.55, 0.64, 0.2, 0.025)),
            NewField(recipient=2, kind="signature", page=2, box=Box(0.1, 0.75, 0.36, 0.07)),
        ],
    )


def draw(page: Page) -> None:
    """A signature with the pointer."""
    box = page.locator("dialog[open] canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    for step in range(50):
        across = box["x"] + 20 + step * (box["width"] - 60) / 50
        page.mouse.move(across, box["y"] + box["height"] * (0.5 + 0.28 * math.sin(step / 4)))
    page.mouse.up()


def test_a_person_signs_on_a_phone_in_under_a_minute(live: Live) -> None:
    envelope = make_order()
    ada = recipient_of(envelope, "Ada")
    live.use(PHONE)
    started = time.monotonic()
    page = consent_and_confirm(live, ada)
    live.check_no_overflow()
    page.get_by_role("button", name="Next").click()
    title = page.get_by_role("textbox", name="Job title, page 1, required")
    expect(title).to_be_focused()
    title.fill("Head of purchasing")
    title.press("Enter")
    page.get_by_role("checkbox", name="I read it, page 1, required").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Initials, page 1, required").click()
    page.get_by_role("button", name="Type").click()
    page.get_by_role("button", name="Use these initials").click()
    page.get_by_role("button", name="Signature, page 2, required").click()
    draw(page)
    live.shot("sign-draw-390")
    page.get_by_role("button", name="Use this signature").click()
    page.get_by_role("banner").get_by_role("link", name="Review and sign").click()
    expect(page.get_by_text("Head of purchasing")).to_be_visible()
    page.get_by_role("checkbox", name="I have read the documents").check()
    page.get_by_role("button", name="I agree and sign").click()
    expect(page.get_by_role("heading", name="You have signed")).to_be_visible()
    assert time.monotonic() - started < 60
    ada.refresh_from_db()
    assert ada.status == "signed"

    # The second signer, then the seal; what was drawn and typed stands in the sealed file.
    sign_all(recipient_of(envelope, "Grace"), typed="Grace Hopper")
    run_jobs()
    sealed = read_file(envelope.documents.get().sealed)
    text = all_text(sealed)
    assert "Head of purchasing" in text[0]
    assert "Signed by Ada Lovelace" in text[1]
    assert verify_signed_pdf(sealed)["integrity"]["verdict"] == "TOTAL-PASSED"
    page = live.open(f"/sign/{token_of(ada)}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == sealed


def test_a_person_signs_by_keyboard_alone(live: Live) -> None:
    ada = recipient_of(make_order(), "Ada")
    page = live.open(f"/sign/{token_of(ada)}")

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            here = page.evaluate(
                "() => document.activeElement.getAttribute('aria-label')"
                " || document.activeElement.closest('label')?.innerText"
                " || document.activeElement.innerText || ''"
            )
            if name in here:
                return
        raise AssertionError(f"Tab never came to “{name}”.")

    tab_to("I agree to receive")
    page.keyboard.press("Space")
    tab_to("Agree and continue")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(code_of(ada))
    page.keyboard.press("Enter")
    expect(page.locator("[data-page]").first).to_be_visible()
    live.ready()
    tab_to("Job title, page 1")
    page.keyboard.type("CEO")
    tab_to("I read it, page 1")
    page.keyboard.press("Space")
    tab_to("Initials, page 1")
    page.keyboard.press("Enter")
    tab_to("Type")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open] [data-text]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)
    # The next open field is where the focus went.
    expect(page.get_by_role("button", name="Signature, page 2, required")).to_be_focused()
    page.keyboard.press("Space")
    tab_to("Type")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("banner").get_by_role("link", name="Review and sign")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Review and sign")).to_be_visible()
    tab_to("I have read the documents")
    page.keyboard.press("Space")
    tab_to("I agree and sign")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You have signed")).to_be_visible()


def test_values_wait_for_the_person_to_come_back(live: Live) -> None:
    ada = recipient_of(make_order(), "Ada")
    page = consent_and_confirm(live, ada)
    title = page.get_by_role("textbox", name="Job title")
    title.fill("CTO")
    with page.expect_response("**/fields/**"):
        title.blur()
    live.open(f"/sign/{token_of(ada)}/later")
    page.get_by_role("link", name="Go on now").click()
    live.ready()
    expect(page.get_by_role("textbox", name="Job title")).to_have_value("CTO")


def test_the_signature_survives_a_turn_of_the_phone(live: Live) -> None:
    ada = recipient_of(make_order(), "Ada")
    live.use(PHONE)
    page = consent_and_confirm(live, ada)
    page.get_by_role("button", name="Signature, page 2").click()
    draw(page)
    page.set_viewport_size({"width": 844, "height": 390})
    page.get_by_role("button", name="Use this signature").click()
    expect(page.locator(".sign-field-ink-place svg path").first).to_be_attached()
    strokes = ada.adopted.get().strokes
    assert len(strokes["strokes"]) == 1
    assert all(0 <= x <= 1 for x, _, _ in strokes["strokes"][0])


def test_looking_is_told_by_the_page_itself(live: Live) -> None:
    ada = recipient_of(make_order(), "Ada")
    page = live.page
    with page.expect_response("**/opened"):
        page.goto(f"{live.url}/sign/{token_of(ada)}")
    ada.refresh_from_db()
    assert ada.opened_at is not None


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_and_is_accessible(live: Live, size: dict[str, int], theme: str) -> None:
    envelope = make_order()
    ada = recipient_of(envelope, "Ada")
    live.use(size, theme=theme)

    def look(name: str) -> None:
        live.page.wait_for_load_state("networkidle")
        live.check_no_overflow()
        live.check_accessibility()
        live.shot(f"sign-{name}-{size['width']}-{theme}")

    live.open(f"/sign/{token_of(ada)}")
    look("consent")
    for path in ("decline", "later"):
        live.open(f"/sign/{token_of(ada)}/{path}")
        look(path)
    page = consent_and_confirm(live, ada)
    look("document")
    page.get_by_role("button", name="Signature, page 2").click()
    look("adopt")
    page.keyboard.press("Escape")
    live.open(f"/sign/{token_of(ada)}/review")
    look("review")
    live.open("/verify")
    look("verify")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_sender_s_pages_fit_and_are_accessible(live: Live, size: dict[str, int]) -> None:
    from signing.make import make_envelope

    sent = make_order()
    actor = acting(sent.owner)
    draft = make_envelope(actor)
    sign_all(
        recipient_of(sent, "Ada"),
        values={
            str(field.pk): "CEO" if field.kind == "text" else "on"
            for field in recipient_of(sent, "Ada").fields.filter(kind__in=("text", "checkbox"))
        },
    )
    live.sign_in(sent.owner)
    live.use(size)
    for path in (
        "/send-for-signature",
        f"/envelopes/{draft.pk}/send",
        "/envelopes",
        f"/envelopes/{sent.pk}",
        f"/envelopes/{sent.pk}?tab=evidence",
        f"/envelopes/{sent.pk}/remind",
        f"/envelopes/{sent.pk}/void",
    ):
        live.open(path)
        live.page.wait_for_load_state("networkidle")
        live.check_no_overflow()
        ours = path.startswith(f"/envelopes/{sent.pk}") and not path.endswith(("remind", "void"))
        live.check_accessibility(within=".envelope-panel" if ours else "")
        name = path.replace(str(sent.pk), "sent").replace(str(draft.pk), "draft").strip("/")
        live.shot(f"sender-{name.replace('/', '-').replace('?', '-')}-{size['width']}")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_pages_are_read_and_signed_as_text(live: Live, size: dict[str, int]) -> None:
    ada = recipient_of(make_order(), "Ada")
    live.use(size)
    page = consent_and_confirm(live, ada)
    expect(page.locator(".sign-page img").first).to_be_visible()
    page.get_by_role("link", name="Text", exact=True).click()
    expect(page.get_by_text("What you sign are the pages themselves.")).to_be_visible()
    expect(page.locator(".sign-page img")).to_have_count(0)
    first = page.locator(".sign-text").first
    expect(first).to_contain_text("Price: 12 000 EUR")
    assert first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)") >= 16
    live.ready()
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"sign-text-{size['width']}")
    page.get_by_role("textbox", name="Job title, page 1, required").fill("Head of purchasing")
    page.get_by_role("checkbox", name="I read it, page 1, required").check()
    page.get_by_role("button", name="Initials, page 1, required").click()
    page.get_by_role("button", name="Type").click()
    page.get_by_role("button", name="Use these initials").click()
    page.get_by_role("button", name="Signature, page 2, required").click()
    page.locator("dialog[open]").get_by_role("button", name="Type").click()
    page.get_by_role("button", name="Use this signature").click()
    page.get_by_role("banner").get_by_role("link", name="Review and sign").click()
    # The way back leads to what one was reading.
    page.get_by_role("link", name="Back to the document").click()
    expect(page.get_by_text("What you sign are the pages themselves.")).to_be_visible()
    page.get_by_role("link", name="Pages", exact=True).click()
    expect(page.locator(".sign-page img").first).to_be_visible()
    assert ada.fields.filter(filled_at__isnull=True).exclude(kind="date_signed").count() == 0
