"""Fields in a browser: placed by mouse, touch and keys; filled in on a phone by keyboard alone."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from browser import DESKTOP, PHONE, Live
from crm.make import make_contact
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import NewDocument, NewField, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.fields.test_filling import make_picture
from signing.make import (
    make_envelope,
    make_pdf,
    make_sent_envelope,
    recipient_of,
)
from signing.visiting import consent_and_confirm

pytestmark = pytest.mark.browser


def saved(page: Page) -> None:
    expect(page.locator("[data-editor-status]")).to_have_text("Saved.")


def middle(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def fields_of(envelope: Envelope) -> list[EnvelopeField]:
    return list(EnvelopeField.objects.filter(document__envelope=envelope).order_by("position"))


def test_fields_are_placed_by_mouse_and_keys(live: Live) -> None:
    user = make_user()
    document = NewDocument(name="Order.pdf", content=make_pdf("The order.", pages=3))
    envelope = make_envelope(acting(user), documents=[document])
    live.use(DESKTOP)
    live.sign_in(user)
    page = live.open(f"/envelopes/{envelope.pk}/send")
    live.ready()
    sheet = page.locator("[data-editor-page]").first.bounding_box()
    assert sheet

    # Dragged from the palette, then moved and made larger.
    start = middle(page.get_by_role("button", name="Signature", exact=True))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(sheet["x"] + 200, sheet["y"] + 300, steps=8)
    page.mouse.up()
    box = page.locator("[data-editor-field]")
    expect(box).to_be_focused()
    saved(page)
    placed = fields_of(envelope)[0]
    assert placed.kind == "signature"
    assert placed.x + placed.w / 2 == pytest.approx(200 / sheet["width"], abs=0.01)
    page.mouse.move(*middle(box))
    page.mouse.down()
    page.mouse.move(sheet["x"] + 300, sheet["y"] + 400, steps=8)
    page.mouse.up()
    handle = middle(box.locator("[data-handle]"))
    page.mouse.move(*handle)
    page.mouse.down()
    page.mouse.move(handle[0] + 40, handle[1] + 20, steps=5)
    page.mouse.up()
    with page.expect_response("**/arrange"):
        page.keyboard.press("ArrowRight")
    saved(page)
    moved = fields_of(envelope)[0]
    assert moved.y > placed.y
    assert moved.w > placed.w

    # By keys alone: place, move, resize, name, make several, remove, undo.
    page.get_by_role("button", name="Text", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-editor-field]:focus")).to_have_count(1)
    before = page.locator("[data-editor-field]:focus").bounding_box()
    for _ in range(10):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    after = page.locator("[data-editor-field]:focus").bounding_box()
    assert before and after
    assert after["y"] > before["y"]
    assert after["width"] > before["width"]
    page.keyboard.press("Enter")
    label = page.get_by_role("textbox", name="Label", exact=True)
    expect(label).to_be_focused()
    page.keyboard.type("Job title")
    with page.expect_response("**/arrange"):
        page.keyboard.press("Tab")
    with page.expect_response("**/arrange"):
        page.get_by_role("button", name="Copy to all pages").click()
    saved(page)
    assert [each.page for each in fields_of(envelope) if each.label == "Job title"] == [0, 1, 2]
    live.check_accessibility()
    live.shot("field-editor-1440")
    page.get_by_role("button", name="Job title, for Ada Lovelace, page 3").focus()
    with page.expect_response("**/arrange"):
        page.keyboard.press("Delete")
    saved(page)
    assert len(fields_of(envelope)) == 3
    with page.expect_response("**/arrange"):
        page.keyboard.press("Control+z")
    saved(page)
    assert len(fields_of(envelope)) == 4


def test_fields_placed_one_after_the_other_do_not_lie_on_each_other(live: Live) -> None:
    user = make_user()
    envelope = make_envelope(acting(user))
    live.use(DESKTOP)
    live.sign_in(user)
    page = live.open(f"/envelopes/{envelope.pk}/send")
    live.ready()
    page.get_by_role("radio", name="Place fields for Grace Hopper").check()
    for kind in ("Signature", "Text", "Number"):
        with page.expect_response("**/arrange"):
            page.get_by_role("button", name=kind, exact=True).click()
        expect(page.locator("[data-properties]")).to_be_in_viewport(ratio=0.2)
    saved(page)
    placed = sorted(fields_of(envelope), key=lambda each: each.y)
    assert [each.kind for each in placed] == ["signature", "text", "number"]
    assert {each.recipient.name for each in placed} == {"Grace Hopper"}
    for above, below in pairwise(placed):
        assert above.y + above.h <= below.y


def test_recipients_are_added_and_found_by_typing(live: Live) -> None:
    user = make_user()
    make_contact(owner=user, first_name="Greta", last_name="Holm", email="greta@buyer.example")
    live.use(PHONE)
    live.sign_in(user)
    page = live.open("/send-for-signature")
    live.ready()
    names = page.get_by_role("combobox", name=re.compile("Name of recipient"))
    expect(page.locator("[data-line]")).to_have_count(1)
    page.get_by_label("Name of recipient 1").click()
    page.keyboard.type("gre")
    page.get_by_role("option", name="Greta Holm").click()
    expect(page.get_by_label("E-mail of recipient 1")).to_have_value("greta@buyer.example")
    for _ in range(2):
        page.get_by_role("button", name="Add recipient").click()
    expect(page.get_by_label("Name of recipient 3")).to_be_focused()
    expect(page.get_by_label("Order of recipient 3")).to_have_value("3")
    page.keyboard.type("Zoe Free")
    page.keyboard.press("Tab")
    page.keyboard.type("zoe@free.example")
    live.check_accessibility()
    live.shot("recipients-390")
    page.get_by_role("button", name="Take recipient 2 away").click()
    expect(page.get_by_label("Name of recipient 2")).to_have_value("Zoe Free")
    page.get_by_text("recipient no. 2").click()
    number = page.get_by_label("Mobile number").nth(1)
    expect(number).to_be_hidden()
    page.get_by_label("Shows who they are by").nth(1).select_option("sms_otp")
    number.fill("+49 30 901820")
    page.get_by_label("Title").fill("A lease")
    page.get_by_label("Files: PDF").set_input_files(
        {"name": "Lease.pdf", "mimeType": "application/pdf", "buffer": make_pdf("The lease.")}
    )
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/send")
    envelope = Envelope.objects.get()
    people = envelope.recipients.order_by("position")
    assert [(each.name, each.email, each.order) for each in people] == [
        ("Greta Holm", "greta@buyer.example", 1),
        ("Zoe Free", "zoe@free.example", 3),
    ]
    assert people[1].identity_methods == ["sms_otp"]
    expect(names).to_have_count(0)


def test_fields_are_placed_by_touch_on_a_phone(live: Live) -> None:
    user = make_user()
    envelope = make_envelope(acting(user))
    live.use(PHONE)
    live.sign_in(user)
    page = live.open(f"/envelopes/{envelope.pk}/send")
    live.ready()
    page.get_by_role("button", name="Signature", exact=True).click()
    saved(page)
    box = page.locator("[data-editor-field]")
    first = fields_of(envelope)[0]
    box.scroll_into_view_if_needed()
    with page.expect_response("**/arrange"):
        box.evaluate(
            """(box) => {
              const at = box.getBoundingClientRect();
              const send = (name, x, y) => box.dispatchEvent(new PointerEvent(name, {
                bubbles: true, cancelable: true, pointerId: 1, pointerType: "touch",
                isPrimary: true, clientX: x, clientY: y,
                button: name === "pointermove" ? -1 : 0 }));
              box.setPointerCapture = () => {};
              send("pointerdown", at.x + 10, at.y + 10);
              for (let up = 5; up < 45; up += 5) send("pointermove", at.x + 10, at.y + 10 - up);
              send("pointerup", at.x + 10, at.y - 30);
            }"""
        )
    saved(page)
    assert fields_of(envelope)[0].y < first.y
    live.check_no_overflow()
    live.check_accessibility()
    live.shot("field-editor-390")


def make_form() -> Envelope:
    def row(number: int) -> Box:
        return Box(0.1, 0.2 + 0.06 * number, 0.5, 0.035)

    return make_sent_envelope(
        acting(make_user()),
        recipients=[NewRecipient(name="Ada Lovelace", email="ada@buyer.test")],
        fields=[
            NewField(recipient=1, kind="number", label="Seats", box=row(0)),
            NewField(recipient=1, kind="formula", label="Total", box=row(1), formula="seats * 12"),
            NewField(recipient=1, kind="dropdown", label="Plan", box=row(2), options=["A", "B"]),
            NewField(
                recipient=1, kind="multi_select", label="Extras", box=row(3), options=["C", "D"]
            ),
            NewField(recipient=1, kind="radio", label="Pays", option="Monthly", box=row(4)),
            NewField(recipient=1, kind="radio", label="Pays", option="Yearly", box=row(5)),
            NewField(recipient=1, kind="checkbox", label="Other", required=False, box=row(6)),
            NewField(recipient=1, kind="text", label="Which", condition="other", box=row(7)),
            NewField(recipient=1, kind="attachment", label="Licence", box=row(8), required=False),
            NewField(recipient=1, kind="signature", box=Box(0.1, 0.8, 0.5, 0.08)),
        ],
    )


def test_every_kind_is_filled_in_by_keyboard_on_a_phone_without_a_canvas(
    live: Live, tmp_path: Path
) -> None:
    ada = recipient_of(make_form(), "Ada")
    live.use(PHONE)
    live.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = consent_and_confirm(live, ada)
    live.check_accessibility()
    live.shot("sign-fields-390")
    keys = page.keyboard
    page.get_by_role("button", name="Next").press("Enter")
    expect(page.get_by_role("textbox", name="Seats, page 1, required")).to_be_focused()
    keys.type("2,5")
    keys.press("Enter")
    expect(page.get_by_role("status", name="Total, page 1")).to_have_text("30.00")
    expect(page.get_by_role("combobox", name="Plan, page 1, required")).to_be_focused()
    page.get_by_role("combobox", name="Plan").select_option("B")
    page.locator("summary").focus()
    keys.press("Enter")  # opens the choices
    keys.press("Tab")
    keys.press("Space")
    keys.press("Escape")
    page.get_by_role("radio", name="Pays: Monthly").focus()
    keys.press("ArrowDown")
    expect(page.get_by_role("radio", name="Pays: Yearly")).to_be_checked()
    expect(page.get_by_role("textbox", name="Which")).to_be_hidden()
    page.get_by_role("checkbox", name="Other").focus()
    keys.press("Space")
    which = page.get_by_role("textbox", name="Which, page 1, required")
    expect(which).to_be_visible()
    which.focus()
    keys.type("Another")
    keys.press("Tab")
    page.get_by_role("button", name="Signature, page 1, required").press("Enter")
    expect(page.get_by_role("button", name="Draw")).to_be_hidden()
    page.get_by_role("button", name="Upload").press("Enter")
    picture = tmp_path / "signature.png"
    picture.write_bytes(make_picture())
    page.get_by_label("Picture of your signature").set_input_files(picture)
    page.get_by_role("button", name="Use this signature").press("Enter")
    page.get_by_role("banner").get_by_role("link", name="Review and sign").press("Enter")
    expect(page.get_by_text("Another")).to_be_visible()
    live.check_accessibility()
    live.shot("sign-fields-review-390")
    page.get_by_role("checkbox", name="I have read the documents").press("Space")
    page.get_by_role("button", name="I agree and sign").press("Enter")
    expect(page.get_by_role("heading", name="You have signed")).to_be_visible()
    values = dict(ada.fields.exclude(label="").values_list("label", "value"))
    assert values["Seats"] == "2.5"
    assert (values["Plan"], values["Extras"], values["Pays"]) == ("B", "C", "Yearly")
    assert AdoptedSignature.objects.get(recipient=ada).form == "uploaded"


def test_the_sender_keeps_an_attachment_to_themselves(live: Live) -> None:
    user = make_user()
    attachment = NewField(
        recipient=1, kind="attachment", label="Licence", box=Box(0.1, 0.2, 0.4, 0.05)
    )
    envelope = make_envelope(acting(user), fields=[attachment])
    live.use(DESKTOP)
    live.sign_in(user)
    page = live.open(f"/envelopes/{envelope.pk}/send")
    live.ready()
    page.locator("[data-editor-field]").click()
    private = page.get_by_label("Only the sender can open the file")
    expect(private).not_to_be_checked()
    private.focus()
    page.keyboard.press("Space")
    saved(page)
    assert fields_of(envelope)[0].checks == {"private": True}
    page.reload()
    live.ready()
    page.locator("[data-editor-field]").click()
    expect(private).to_be_checked()
    with page.expect_response("**/arrange"):
        private.uncheck()
    saved(page)
    assert fields_of(envelope)[0].checks == {}


def test_a_role_asks_for_what_it_needs(live: Live) -> None:
    user = make_user("Hal Host")
    live.use(DESKTOP)
    live.sign_in(user)
    page = live.open("/send-for-signature")
    first = page.locator("[data-line]").first
    host = first.get_by_label("Host, for signing in person")
    expect(host).to_be_hidden()
    first.get_by_label("Role of recipient 1").select_option("in_person_signer")
    expect(host).to_be_visible()
    expect(host).to_have_value(str(user.pk))
    page.get_by_role("button", name="Add recipient").click()
    second = page.locator("[data-line]").nth(1)
    second.get_by_label("Role of recipient 2").select_option("witness")
    expect(second.get_by_label("Witnesses recipient no.")).to_have_value("1")
    expect(second.get_by_label("Host, for signing in person")).to_be_hidden()
    live.check_accessibility()
