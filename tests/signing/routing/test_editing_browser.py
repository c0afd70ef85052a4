"""Fields changed by the same editor as in a draft: while it is out, and by an editor recipient."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser import BOTH_LOOKS, DESKTOP, PHONE, Live
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.signing.envelopes.models import Envelope, Role
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.make import make_sent_envelope, recipient_of
from signing.visiting import consent

from .act import act, field, person

pytestmark = pytest.mark.browser


def field_of(envelope: Envelope, label: str) -> EnvelopeField:
    return EnvelopeField.objects.get(document__envelope=envelope, label=label)


def corrections() -> int:
    return EvidenceEntry.objects.filter(kind="envelope.corrected").count()


def test_fields_of_who_has_not_acted_are_corrected(live: Live) -> None:
    user = make_user()
    envelope = make_sent_envelope(
        acting(user),
        recipients=[person("Ada"), person("Bo")],
        fields=[
            field(1),
            field(2, y=0.4),
            field(2, "number", y=0.5, label="Seats"),
            field(2, "text", y=0.6, label="PO"),
        ],
    )
    act(recipient_of(envelope, "Ada"))
    live.use(DESKTOP)
    live.sign_in(user)
    page = live.open(f"/envelopes/{envelope.pk}/correct")
    page.get_by_role("link", name="Change the fields on the pages").click()
    live.ready()
    # Ada's field stands fixed; Bo's can be changed.
    expect(page.locator("[data-fixed]")).to_have_count(1)
    expect(page.locator("[data-editor-field]")).to_have_count(3)
    live.check_accessibility()
    page.get_by_role("button", name="Seats, for Bo").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_text("Help, conditions and checks").click()
    page.get_by_label("Greatest value").fill("50")
    page.get_by_label("Greatest value").blur()
    page.get_by_role("button", name="PO, for Bo").focus()
    page.keyboard.press("Delete")
    expect(page.locator("[data-editor-status]")).to_have_text("Not kept yet.")
    live.shot("correct-fields-1440")
    assert corrections() == 0
    page.get_by_role("button", name="Correct", exact=True).click()
    page.wait_for_url(f"**/envelopes/{envelope.pk}?*")
    assert corrections() == 1
    assert field_of(envelope, "Seats").checks == {"maximum": "50"}
    assert not EnvelopeField.objects.filter(label="PO").exists()
    page.get_by_role("link", name="Evidence", exact=True).click()
    expect(page.get_by_text("field “PO” on page 1 taken away")).to_be_visible()


def test_what_is_refused_stays_on_the_page(live: Live) -> None:
    user = make_user()
    envelope = make_sent_envelope(acting(user), recipients=[person("Ada")], fields=[field(1)])
    live.use(PHONE)
    live.sign_in(user)
    live.ignore("422")
    page = live.open(f"/envelopes/{envelope.pk}/correct/fields")
    live.check_no_overflow()
    live.check_accessibility()
    live.shot("correct-fields-390")
    page.get_by_role("button", name="Signature, for Ada").focus()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Correct", exact=True).click()
    expect(page.locator("[data-editor-status]")).to_contain_text("no place to sign")
    assert EnvelopeField.objects.count() == 1
    page.on("dialog", lambda dialog: dialog.accept())


def editor_page(live: Live, size: dict[str, int], *, theme: str) -> tuple[Page, Envelope]:
    envelope = make_sent_envelope(
        acting(make_user()),
        recipients=[
            person("Edith", role=Role.EDITOR, order=1),
            person("Ada", order=2),
            person("Bo", order=3),
        ],
        fields=[field(2), field(2, "text", y=0.4, label="PO"), field(3, y=0.6)],
    )
    page = live.use(size, theme=theme)
    page = consent(live, recipient_of(envelope, "Edith"))
    expect(page.get_by_role("heading", name="Prepare the documents")).to_be_visible()
    live.ready()
    return page, envelope


@BOTH_LOOKS
def test_an_editor_changes_fields_and_people(live: Live, size: dict[str, int], theme: str) -> None:
    page, envelope = editor_page(live, size, theme=theme)
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"editor-recipient-{size['width']}-{theme}")
    page.get_by_role("button", name="PO, for Ada").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Starts with").fill("PO 7")
    page.get_by_label("Starts with").blur()
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Name", exact=True).nth(1).fill("Boris")
    assert field_of(envelope, "PO").value == ""
    page.get_by_role("button", name="Keep and finish").click()
    expect(page.get_by_role("heading", name="Finish preparing")).to_be_visible()
    po = field_of(envelope, "PO")
    assert po.value == "PO 7"
    assert po.x > 0.1
    assert recipient_of(envelope, "Boris").email == "bo@people.test"
    # One entry for the fields, one for the people.
    assert corrections() == 2
    assert recipient_of(envelope, "Edith").signed_at is None
