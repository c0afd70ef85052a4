"""Every kind of field filled in with scripts switched off, in a browser and by plain requests."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from playwright.sync_api import expect

from browser import PHONE, Live
from dealwright.signing.consent.services import current_consent
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import NewField
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.fields.test_filling import make_picture
from signing.make import make_sent_envelope, recipient_of, token_of
from signing.routing.act import person


def make_form() -> Envelope:
    def row(number: int) -> Box:
        return Box(0.1, 0.1 + 0.06 * number, 0.5, 0.035)

    return make_sent_envelope(
        acting(make_user()),
        recipients=[person("Ada")],
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
            NewField(recipient=1, kind="attachment", label="Licence", box=row(8)),
            NewField(recipient=1, kind="stamp", label="Company stamp", box=row(9)),
            NewField(recipient=1, kind="text", label="Ours", value="X1", read_only=True,
                     box=row(10)),
            NewField(recipient=1, kind="signature", box=Box(0.1, 0.8, 0.5, 0.08)),
        ],
    )  # fmt: skip


def value_of(label: str, **more: str) -> str:
    return str(EnvelopeField.objects.get(label=label, **more).value)


@pytest.mark.browser
def test_in_a_browser_without_scripts(live: Live, tmp_path: Path) -> None:
    envelope = make_form()
    ada = recipient_of(envelope, "Ada")
    stamp, licence = tmp_path / "stamp.png", tmp_path / "licence.txt"
    stamp.write_bytes(make_picture())
    licence.write_text("A licence.")
    page = live.use(PHONE, java_script_enabled=False)
    live.ignore("422")
    page.goto(f"{live.url}/sign/{token_of(ada)}")
    page.get_by_role("checkbox", name="I agree to receive").check()
    page.get_by_role("button", name="Agree and continue").click()
    page.get_by_role("link", name="Fill in as a form").click()
    live.shot("sign-form-390")
    # The field that asks for more is not there yet.
    expect(page.get_by_label("Which")).to_have_count(0)
    page.get_by_label("Seats").fill("many")
    page.get_by_label("Plan").select_option("B")
    page.get_by_label("D", exact=True).check()
    page.get_by_label("Yearly").check()
    page.get_by_label("Other").check()
    page.get_by_label("Licence").set_input_files(licence)
    page.get_by_label("Company stamp").set_input_files(stamp)
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("“many” is not a number.")).to_be_visible()
    expect(page.get_by_label("Seats")).to_have_value("many")
    page.get_by_label("Seats").fill("2,5")
    page.get_by_label("Which").fill("A lamp")
    page.get_by_role("link", name="Choose your signature").click()
    page.get_by_role("button", name="Use this signature").click()
    expect(page.get_by_role("checkbox", name="Put my signature here")).to_be_checked()
    # What was typed before choosing the signature was not kept yet.
    page.get_by_label("Seats").fill("2,5")
    page.get_by_label("Which").fill("A lamp")
    live.shot("sign-form-filled-390")
    page.get_by_role("button", name="Review and sign").click()
    expect(page.get_by_text("30.00")).to_be_visible()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="I agree and sign").click()
    expect(page.get_by_role("heading", name="You have signed")).to_be_visible()
    ada.refresh_from_db()
    assert ada.signed_at is not None
    assert value_of("Seats") == "2.5"
    assert value_of("Total") == "30.00"
    assert value_of("Extras") == "D"
    assert value_of("Pays", option="Monthly") == "Yearly"
    assert value_of("Which") == "A lamp"
    assert value_of("Licence").startswith("licence.txt, SHA-256 ")
    assert seal_envelope(envelope.pk)


def address_of(client: Client, recipient: Recipient) -> str:
    address = f"/sign/{token_of(recipient)}"
    client.get(address)
    client.post(f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)})
    return address


@pytest.mark.django_db
class TestByPlainRequests:
    def test_a_box_left_out_is_empty_only_where_the_form_showed_it(self, client: Client) -> None:
        envelope = make_form()
        address = address_of(client, recipient_of(envelope, "Ada"))
        fields = {each.label or each.kind: each for each in EnvelopeField.objects.all()}
        other, extras = fields["Other"], fields["Extras"]
        client.post(
            f"{address}/form",
            {
                "shown": [str(other.pk), str(extras.pk)],
                str(other.pk): "on",
                str(extras.pk): ["D", "C"],
            },
        )
        assert (value_of("Other"), value_of("Extras")) == ("on", "C\nD")
        client.post(f"{address}/form", {"shown": [str(extras.pk)]})
        assert (value_of("Other"), value_of("Extras")) == ("on", "")

    def test_what_is_not_theirs_or_closed_stays(self, client: Client) -> None:
        foreign, envelope = make_form(), make_form()
        address = address_of(client, recipient_of(envelope, "Ada"))
        ours = EnvelopeField.objects.get(document__envelope=envelope, label="Ours")
        theirs = EnvelopeField.objects.get(document__envelope=foreign, label="Which")
        answer = client.post(
            f"{address}/form",
            {"shown": [str(ours.pk), str(theirs.pk)], str(ours.pk): "Y", str(theirs.pk): "Z"},
        )
        assert answer.status_code == 303
        ours.refresh_from_db()
        theirs.refresh_from_db()
        assert (ours.value, theirs.value) == ("X1", "")

    def test_a_file_is_taken_away_again(self, client: Client) -> None:
        envelope = make_form()
        address = address_of(client, recipient_of(envelope, "Ada"))
        licence = EnvelopeField.objects.get(label="Licence")
        key = str(licence.pk)
        sent = SimpleUploadedFile("a.txt", b"A licence.")
        client.post(f"{address}/form", {"shown": [key], key: sent})
        licence.refresh_from_db()
        assert licence.file is not None
        assert "a.txt" in client.get(f"{address}/form").content.decode()
        client.post(f"{address}/form", {"shown": [key], f"{key}.clear": "on"})
        licence.refresh_from_db()
        assert (licence.file, licence.value) == (None, "")

    def test_a_picture_that_is_none_is_refused_and_the_rest_kept(self, client: Client) -> None:
        envelope = make_form()
        address = address_of(client, recipient_of(envelope, "Ada"))
        stamp = EnvelopeField.objects.get(label="Company stamp")
        seats = EnvelopeField.objects.get(label="Seats")
        wrong = SimpleUploadedFile("a.png", b"no picture")
        answer = client.post(
            f"{address}/form",
            {"shown": [str(stamp.pk), str(seats.pk)], str(stamp.pk): wrong, str(seats.pk): "3"},
        )
        assert answer.status_code == 422
        assert "cannot be read" in answer.content.decode()
        assert value_of("Seats") == "3"

    def test_nothing_before_the_code_or_after_signing(self, client: Client) -> None:
        envelope = make_sent_envelope(acting(make_user()))
        ada = recipient_of(envelope, "Ada")
        address = f"/sign/{token_of(ada)}"
        assert client.get(f"{address}/form").status_code == 303
        assert client.post(f"{address}/form", {}).status_code == 303
