"""The pages of a document in a browser: their text over the picture, larger, and without it."""

from __future__ import annotations

import io
import os
from typing import Any

import pikepdf
import pytest
import typst
from PIL import Image, ImageOps
from playwright.sync_api import Locator, Page, Route, expect

from browser import DESKTOP, PHONE, Live
from dealwright.base.files.services import read_file
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.reading import page_picture
from dealwright.signing.envelopes.drafts import NewDocument, NewField, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from make import acting, make_user
from signing.make import make_pdf, make_sent_envelope, recipient_of, with_changes
from signing.visiting import consent

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])


def make_order(content: bytes | None = None, *, pages: int = 2) -> Envelope:
    """One signer with the link alone: a title on the first page, a signature on the last."""
    return make_sent_envelope(
        acting(make_user("Mira Sato")),
        title="Order form 2027-0142",
        documents=[
            NewDocument(
                name="Order form.pdf",
                content=content or make_pdf("Price: 12 000 EUR", pages=pages),
            )
        ],
        recipients=[
            NewRecipient(name="Ada Lovelace", email="ada@buyer.test", identity_method="email_link")
        ],
        fields=[
            NewField(recipient=1, kind="text", label="Job title", box=Box(0.1, 0.3, 0.35, 0.028)),
            NewField(
                recipient=1, kind="checkbox", label="I read it", box=Box(0.1, 0.4, 0.025, 0.018)
            ),
            NewField(recipient=1, kind="signature", page=pages, box=Box(0.1, 0.6, 0.36, 0.07)),
        ],
    )


def open_document(live: Live, envelope: Envelope) -> Page:
    """Open the link and agree: the pages."""
    page = consent(live, recipient_of(envelope, "Ada"))
    expect(sheet(page, 1)).to_be_visible()
    live.ready()
    return page


def sheet(page: Page, number: int) -> Locator:
    return page.locator(f'[data-page="{number}"]')


def text_of(page: Page, number: int) -> Locator:
    """The text that lies over the picture of a page."""
    return sheet(page, number).locator(".sign-page-text")


def width_of(locator: Locator) -> float:
    return float(locator.evaluate("each => each.getBoundingClientRect().width"))


def choose_signature(page: Page) -> None:
    page.locator("dialog[open]").get_by_role("button", name="Type").click()
    page.get_by_role("button", name="Use this signature").click()


@SIZES
def test_the_text_of_a_page_is_selected_where_it_is_seen(live: Live, size: dict[str, int]) -> None:
    live.use(size)
    page = open_document(live, make_order())
    word = text_of(page, 1).get_by_text("Price: 12 000 EUR")
    expect(word).to_be_attached()
    # What a person sees is the picture; the letters over it have no colour of their own.
    assert word.evaluate("each => getComputedStyle(each).color") == "rgba(0, 0, 0, 0)"
    box = word.bounding_box()
    assert box
    page.mouse.dblclick(box["x"] + 4, box["y"] + box["height"] / 2)
    assert page.evaluate("getSelection().toString().trim()") == "Price"
    live.check_no_overflow()


def test_a_screen_reader_has_each_text_once(live: Live) -> None:
    page = open_document(live, make_order())
    expect(text_of(page, 1)).to_be_attached()
    assert sheet(page, 1).aria_snapshot().count("Price: 12 000 EUR") == 1
    # The text takes no part in the order of the keys.
    assert text_of(page, 1).locator("[tabindex], a, button, input").count() == 0


def test_keys_go_from_field_to_field_in_the_order_of_the_pages(live: Live) -> None:
    page = open_document(live, make_order())
    expect(text_of(page, 2)).to_be_attached()
    page.locator("[data-zoom-in]").focus()
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.ariaLabel"))
    assert reached == [
        "Download Order form.pdf",
        "Job title, page 1, required",
        "I read it, page 1, required",
        "Signature, page 2, required",
        None,  # the list of fields
    ]


# The place of the word in points from the upper left corner of the paper as it is stored.
ACROSS, DOWN = 150, 220
TURNS: dict[str, dict[str, Any]] = {
    "upright": {},
    "a quarter": {"/Rotate": 90},
    "upside down": {"/Rotate": 180},
    "three quarters": {"/Rotate": 270},
    "cropped": {"/CropBox": [40, 300, 400, 760]},
    "cropped and turned": {"/CropBox": [40, 300, 400, 760], "/Rotate": 90},
    "paper that does not begin at zero": {"/MediaBox": [-30, -50, 565, 792], "/Rotate": 270},
    "large units": {"/UserUnit": 2},
    "large units, turned": {"/UserUnit": 2.5, "/Rotate": 90},
}


def make_turned_pages() -> bytes:
    """The same word on each page, each page in another position."""
    source = "#set page(width: 595pt, height: 842pt, margin: 0pt)\n" + "#pagebreak()\n".join(
        f"#place(dx: {ACROSS}pt, dy: {DOWN}pt)[#text(24pt)[Waypoint]]\n" for _ in TURNS
    )

    def turn(document: pikepdf.Pdf) -> None:
        for page, changes in zip(document.pages, TURNS.values(), strict=True):
            for key, value in changes.items():
                page.obj[key] = pikepdf.Array(value) if isinstance(value, list) else value

    return with_changes(bytes(typst.compile(source.encode(), format="pdf")), turn)


def ink(picture: bytes) -> tuple[float, float, float, float]:
    """Where the ink of a page is: left, top, right, bottom in fractions of its picture."""
    image = ImageOps.invert(Image.open(io.BytesIO(picture)).convert("L"))
    box = image.point([0] * 128 + [255] * 128).getbbox()
    assert box
    return (
        box[0] / image.width,
        box[1] / image.height,
        box[2] / image.width,
        box[3] / image.height,
    )


def test_text_lies_on_its_picture_however_the_page_is_turned(live: Live) -> None:
    envelope = make_order(make_turned_pages(), pages=len(TURNS))
    prepared = read_file(envelope.documents.get().prepared)
    page = open_document(live, envelope)
    for number, name in enumerate(TURNS, 1):
        sheet(page, number).scroll_into_view_if_needed()
        word = text_of(page, number).get_by_text("Waypoint")
        expect(word).to_be_attached()
        left, top, right, bottom = word.evaluate(
            """each => {
                const word = each.getBoundingClientRect();
                const page = each.closest("[data-page]").getBoundingClientRect();
                const across = (x) => (x - page.left) / page.width;
                const down = (y) => (y - page.top) / page.height;
                return [across(word.left), down(word.top), across(word.right), down(word.bottom)];
            }"""
        )
        seen = ink(page_picture(prepared, number - 1, width=1600))
        # The letters lie within their box, which leaves room above, below and at the sides.
        slack = 0.012
        assert left - slack <= seen[0] <= seen[2] <= right + slack, (name, left, right, seen)
        assert top - slack <= seen[1] <= seen[3] <= bottom + slack, (name, top, bottom, seen)
        # And the box is not just large: along the line it is as long as the word.
        turned = "/Rotate" in TURNS[name] and TURNS[name]["/Rotate"] % 180
        along = (bottom - top, seen[3] - seen[1]) if turned else (right - left, seen[2] - seen[0])
        assert along[0] == pytest.approx(along[1], rel=0.08), (name, along)
        live.shot(f"viewer-turned-{number}")


@SIZES
def test_pages_are_made_larger_with_their_fields(live: Live, size: dict[str, int]) -> None:
    live.use(size)
    page = open_document(live, make_order())
    expect(text_of(page, 1)).to_be_attached()
    field = page.get_by_role("textbox", name="Job title")
    before, field_before = width_of(sheet(page, 1)), width_of(field)
    larger = page.get_by_role("button", name="Larger")
    for _ in range(4):
        larger.click()
    expect(page.locator("[data-zoom-now]")).to_have_text("300 %")
    assert width_of(sheet(page, 1)) == pytest.approx(before * 3, rel=0.01)
    assert width_of(field) == pytest.approx(field_before * 3, rel=0.01)
    # The text goes along, and the picture becomes one that is large enough.
    expect(text_of(page, 1)).to_have_css("width", f"{width_of(sheet(page, 1)):g}px")
    picture = "1600" if size == PHONE else "3200"
    expect(sheet(page, 1).locator("img")).to_have_js_property(
        "currentSrc", f"{page.url}/pages/{_document_of(page)}/1.png?width={picture}"
    )
    # The pages move sideways, the rest of the page stays.
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"viewer-300-{size['width']}")
    page.get_by_role("button", name="Fit to the width").click()
    assert width_of(sheet(page, 1)) == pytest.approx(before, abs=1)


def _document_of(page: Page) -> str:
    address = page.locator("[data-content]").first.get_attribute("data-content")
    assert address
    return address.rpartition("/")[2].removesuffix(".pdf")


def test_the_size_stays_for_the_visit_and_keys_change_it(live: Live) -> None:
    page = open_document(live, make_order())
    now = page.locator("[data-zoom-now]")
    page.keyboard.press("+")  # no pages in focus: single letters do nothing (WCAG 2.1.4)
    expect(now).to_have_text("100 %")
    sheet(page, 1).click(position={"x": 5, "y": 5})
    page.keyboard.press("+")
    expect(now).to_have_text("125 %")
    page.keyboard.press("=")
    expect(now).to_have_text("150 %")
    page.keyboard.press("-")
    expect(now).to_have_text("125 %")
    page.get_by_role("textbox", name="Job title").fill("0-+")  # letters of a value stay letters
    expect(now).to_have_text("125 %")
    page.reload()
    live.ready()
    expect(now).to_have_text("125 %")
    sheet(page, 1).click(position={"x": 5, "y": 5})
    page.keyboard.press("0")
    expect(now).to_have_text("100 %")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_what_is_looked_at_stays_in_view_when_it_grows(live: Live, motion: str) -> None:
    live.use(reduced_motion=motion)
    page = open_document(live, make_order(pages=6))
    sheet(page, 4).evaluate("each => each.scrollIntoView({block: 'center', behavior: 'instant'})")
    middle = "each => { const b = each.getBoundingClientRect(); return b.top + b.height / 2 }"
    before = sheet(page, 4).evaluate(middle)
    page.get_by_role("button", name="Larger").click()
    page.get_by_role("button", name="Larger").click()
    assert sheet(page, 4).evaluate(middle) == pytest.approx(before, abs=40)


def test_two_fingers_make_it_larger_and_sharper(live: Live) -> None:
    live.use(PHONE)
    page = open_document(live, make_order())
    expect(text_of(page, 1)).to_be_attached()
    picture = sheet(page, 1).locator("img")
    address = f"{page.url}/pages/{_document_of(page)}/1.png?width="
    expect(picture).to_have_js_property("currentSrc", f"{address}800")
    page.context.new_cdp_session(page).send("Emulation.setPageScaleFactor", {"pageScaleFactor": 3})
    expect(picture).to_have_js_property("currentSrc", f"{address}1600")


def test_nothing_is_lost_at_200_percent(live: Live) -> None:
    """A browser at 200 % is one of half the width whose pixels are twice as dense."""
    live.use({"width": 720, "height": 450}, device_scale_factor=2)
    page = open_document(live, make_order())
    expect(text_of(page, 1)).to_be_attached()
    live.check_no_overflow()
    live.check_accessibility()
    assert "width=1600" in sheet(page, 1).locator("img").evaluate("each => each.currentSrc")
    page.get_by_role("button", name="Next").click()
    title = page.get_by_role("textbox", name="Job title")
    expect(title).to_be_focused()
    expect(title).to_be_in_viewport(ratio=1)
    title.fill("Chief of staff")
    title.press("Enter")
    expect(page.get_by_role("checkbox", name="I read it")).to_be_in_viewport(ratio=1)
    live.shot("viewer-200")


@pytest.mark.parametrize("blocked", ["pdf-worker", "pdf-"], ids=["worker", "library"])
def test_where_the_text_cannot_be_read_one_signs_on_the_pictures(live: Live, blocked: str) -> None:
    live.ignore("net::ERR_FAILED")
    envelope = make_order()
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort()

    live.page.route(f"**/static/built/{blocked}*", refuse)
    with live.page.expect_event("requestfailed", lambda request: blocked in request.url):
        page = open_document(live, envelope)
    assert len(refused) == 1
    expect(text_of(page, 1)).to_have_count(0)
    assert "Price: 12 000 EUR" in sheet(page, 1).aria_snapshot()
    assert sheet(page, 1).locator("img").evaluate("each => each.naturalWidth") > 0
    page.get_by_role("textbox", name="Job title").fill("Head of purchasing")
    page.get_by_role("checkbox", name="I read it").check()
    page.get_by_role("button", name="Signature, page 2, required").click()
    choose_signature(page)
    page.get_by_role("banner").get_by_role("link", name="Review and sign").click()
    page.get_by_role("checkbox", name="I have read the documents").check()
    page.get_by_role("button", name="I agree and sign").click()
    expect(page.get_by_role("heading", name="You have signed")).to_be_visible()


def make_heavy_pdf(pages: int) -> bytes:
    """Pages with a picture of noise each, of 160 kB that nothing makes smaller."""

    def add_noise(document: pikepdf.Pdf) -> None:
        for page in document.pages:
            noise = pikepdf.Stream(document, os.urandom(400 * 400))
            noise.Type, noise.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
            noise.Width = noise.Height = 400
            noise.ColorSpace, noise.BitsPerComponent = pikepdf.Name.DeviceGray, 8
            name = page.add_resource(noise, pikepdf.Name.XObject)
            page.contents_add(f"q 300 0 0 300 60 300 cm {name} Do Q".encode())

    return with_changes(make_pdf("Chapter", pages=pages), add_noise)


def test_of_a_long_document_only_what_is_near_is_fetched_and_kept(live: Live) -> None:
    pages = 24
    envelope = make_order(make_heavy_pdf(pages), pages=pages)
    size = envelope.documents.get().prepared.size
    assert size > 2_000_000
    fetched: list[tuple[int, int]] = []
    live.page.on(
        "response",
        lambda answer: (
            fetched.append((answer.status, int(answer.headers["content-length"])))
            if answer.url.endswith(".pdf")
            else None
        ),
    )
    page = open_document(live, envelope)
    expect(text_of(page, 1).get_by_text("Page 1")).to_be_attached()
    assert {status for status, _ in fetched} == {206}
    assert sum(length for _, length in fetched) < size / 2
    expect(text_of(page, pages)).to_have_count(0)
    sheet(page, pages).scroll_into_view_if_needed()
    expect(text_of(page, pages).get_by_text(f"Page {pages}")).to_be_attached()
    # What was left behind is given back to the server's own text.
    expect(text_of(page, 1)).to_have_count(0)
    assert "paragraph: Page 1" in sheet(page, 1).aria_snapshot()


@pytest.mark.parametrize("theme", ["light", "dark"])
@SIZES
def test_the_pages_with_their_text_are_accessible(
    live: Live, size: dict[str, int], theme: str
) -> None:
    live.use(size, theme=theme)
    page = open_document(live, make_order())
    expect(text_of(page, 1)).to_be_attached()
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"viewer-{size['width']}-{theme}")
