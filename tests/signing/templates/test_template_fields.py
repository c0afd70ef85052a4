"""A template's fields by the same editor as a draft's: every kind, every property."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from browser import DESKTOP, PHONE, Live
from crm.make import make_opportunity
from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, DealwrightError, Invalid, NotAllowed
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.blueprints.arranging import arrange_template_fields, editor_of
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.services import archive_template
from dealwright.signing.blueprints.using import Filling, use_template
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.templates.make import make_template

ADA = {1: ("Ada Lovelace", "ada@buyer.test")}


@pytest.fixture
def template(actor: Actor) -> SigningTemplate:
    return make_template(actor)


def a_field(template: SigningTemplate, **values: Any) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "document": str(template.documents.get().pk),
        "owner": "1",
        "kind": "number", "label": "Seats", "page": 1, "x": 0.1, "y": 0.5, "w": 0.3, "h": 0.04,
        **values,
    }  # fmt: skip


def arrange(actor: Actor, template: SigningTemplate, *put: dict[str, Any]) -> SigningTemplate:
    return arrange_template_fields(actor, template.pk, put=put, removed=[])


@pytest.mark.django_db
class TestTheEditor:
    def test_every_property_comes_into_the_envelope(
        self, actor: Actor, template: SigningTemplate
    ) -> None:
        plan = a_field(template, kind="dropdown", label="Plan", options=["Basic", "Firm"],
                       value="Firm", condition="seats > 5", y=0.6)  # fmt: skip
        total = a_field(template, kind="formula", label="Total", formula="seats * 12", y=0.7)
        seats = a_field(template, checks={"minimum": "2"}, help="How many?", tab=3)
        arrange(actor, template, seats, plan, total)
        envelope = use_template(actor, template.pk, Filling(people=ADA))
        made = {each.label: each for each in EnvelopeField.objects.filter(
            document__envelope=envelope)}  # fmt: skip
        assert made["Seats"].checks == {"minimum": "2"}
        assert (made["Seats"].help, made["Seats"].tab) == ("How many?", 3)
        assert (made["Plan"].options, made["Plan"].value) == (["Basic", "Firm"], "Firm")
        assert made["Plan"].condition == "seats > 5"
        assert made["Total"].formula == "seats * 12"

    def test_what_it_gives_back_changes_nothing(
        self, actor: Actor, template: SigningTemplate
    ) -> None:
        arrange(actor, template, a_field(template, checks={"places": 2}))
        template.refresh_from_db()
        before = template.fields
        arrange(actor, template, *editor_of(template)["fields"])
        template.refresh_from_db()
        assert template.fields == before

    def test_a_closed_field_starts_with_a_value_of_the_record(
        self, actor: Actor, rep: User, template: SigningTemplate
    ) -> None:
        closed = a_field(template, kind="text", label="Deal", value="{{ name }}", read_only=True)
        arrange(actor, template, closed)
        deal = make_opportunity(name="Looms", owner=rep)
        envelope = use_template(
            actor, template.pk, Filling(people=ADA), subject=("opportunity", deal.pk)
        )
        field = EnvelopeField.objects.get(document__envelope=envelope, label="Deal")
        assert (field.value, field.read_only) == ("Looms", True)
        with pytest.raises(Invalid, match="needs a value"):
            use_template(actor, template.pk, Filling(people=ADA))

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"kind": "dropdown", "options": []}, "Give 1 to 50 options"),
            ({"owner": "9"}, "Choose a role that signs"),
            ({"owner": "x"}, "Choose a role that signs"),
            ({"document": str(uuid7())}, "no such document"),
            ({"page": 7}, "has 1 pages"),
            ({"condition": "gone > 1"}, "no field with the label “gone”"),
            ({"kind": "signature", "value": "x"}, "cannot start with a value"),
            ({"kind": "text", "value": "{{ broken"}, ""),
            ({"kind": "stamp", "picture": "AAAA"}, "when the template is used"),
            ({"value": "many"}, "is not a number"),
        ],
    )
    def test_a_wrong_one_is_refused_by_its_id(
        self, actor: Actor, template: SigningTemplate, values: dict[str, Any], words: str
    ) -> None:
        given = a_field(template, **values)
        template.refresh_from_db()
        before = template.fields
        with pytest.raises(DealwrightError) as refused:
            arrange(actor, template, given)
        assert words in str(refused.value)
        assert isinstance(refused.value, Invalid)
        assert list(refused.value.fields) == [given["id"]]
        template.refresh_from_db()
        assert template.fields == before

    def test_not_of_an_archived_one_nor_by_anybody_else(
        self, client: Client, actor: Actor, template: SigningTemplate
    ) -> None:
        with pytest.raises(NotAllowed):
            arrange(acting(make_user()), template, a_field(template))
        client.force_login(make_user())
        answer = client.post(
            f"/signing-templates/{template.pk}/arrange",
            json.dumps({"put": [], "removed": []}),
            content_type="application/json",
        )
        assert answer.status_code == 403
        archive_template(actor, template.pk)
        with pytest.raises(Conflict):
            arrange(actor, template, a_field(template))


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["1440", "390"])
def test_in_a_browser(live: Live, size: dict[str, int]) -> None:
    user = make_user()
    template = make_template(acting(user))
    live.use(size)
    live.sign_in(user)
    page = live.open(f"/signing-templates/{template.pk}/fields")
    page.get_by_role("button", name="Dropdown", exact=True).click()
    expect(page.locator("[data-editor-status]")).to_have_text("Saved.")
    with page.expect_response("**/arrange"):
        page.get_by_label("Options, one a line").fill("Basic\nFirm")
        page.get_by_label("Options, one a line").blur()
    expect(page.locator("[data-editor-status]")).to_have_text("Saved.")
    template.refresh_from_db()
    assert template.fields[-1]["more"]["options"] == ["Basic", "Firm"]
    live.check_no_overflow()
    live.check_accessibility()
    live.shot(f"template-fields-{size['width']}")
