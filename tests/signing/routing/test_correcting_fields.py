"""Fields put right while the envelope is out: every property, of those who have not acted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token
from dealwright.signing.ceremonies import filling
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.certificate import evidence_rows
from dealwright.signing.envelopes.correcting import Correction, correct_envelope
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.make import make_sent_envelope, recipient_of, token_of

from .act import act, field, person, ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def envelope(actor: Actor) -> Envelope:
    """Ada and Bo sign side by side; Ada says how many seats."""
    return make_sent_envelope(
        actor,
        recipients=[person("Ada"), person("Bo")],
        fields=[
            field(1, y=0.1),
            field(1, "number", y=0.2, label="Seats"),
            field(1, "text", y=0.3, label="PO"),
            field(2, y=0.5),
        ],
    )


def field_of(envelope: Envelope, label: str) -> EnvelopeField:
    return EnvelopeField.objects.get(document__envelope=envelope, label=label)


def changed(row: EnvelopeField, **values: Any) -> dict[str, Any]:
    return {**row.as_json(), **values}


def put(actor: Actor, envelope: Envelope, *fields: dict[str, Any], removed: Any = ()) -> None:
    correct_envelope(actor, envelope.pk, Correction(arranged=fields, removed_fields=removed))


def test_every_property_is_changed_and_the_log_tells_which(
    actor: Actor, envelope: Envelope
) -> None:
    seats, ada = field_of(envelope, "Seats"), recipient_of(envelope, "Ada")
    total = {
        **changed(seats), "id": str(uuid7()), "kind": "formula", "label": "Total",
        "formula": "seats * 12", "checks": {"places": 2}, "y": 0.4,
    }  # fmt: skip
    plan = {
        **changed(seats), "id": str(uuid7()), "kind": "dropdown", "label": "Plan",
        "options": ["Basic", "Firm"], "value": "Basic", "condition": "seats > 5", "y": 0.45,
    }  # fmt: skip
    put(
        actor,
        envelope,
        changed(seats, checks={"minimum": "2", "maximum": "50", "places": 0}, help="How many?"),
        total,
        plan,
        removed=[field_of(envelope, "PO").pk],
    )
    seats.refresh_from_db()
    assert seats.checks == {"minimum": "2", "maximum": "50", "places": 0}
    assert seats.help == "How many?"
    kept = field_of(envelope, "Plan")
    assert (kept.options, kept.value, kept.condition) == (["Basic", "Firm"], "Basic", "seats > 5")
    detail = EvidenceDetail.objects.get(kind="envelope.corrected").details
    assert [each["label"] for each in detail["before"]["fields"]] == ["Seats", "PO"]
    assert {each["label"] for each in detail["after"]["fields"]} == {"Seats", "Total", "Plan"}
    text = next(each["text"] for each in evidence_rows(envelope) if "corrected" in each["kind"])
    assert "field “Seats” on page 1: help, checks" in text
    assert "field “PO” on page 1 taken away" in text
    assert "field “Total” on page 1 added" in text
    ceremony = ready(ada)
    with pytest.raises(Invalid, match="at least 2"):
        filling.fill_field(ceremony, seats.pk, "1")
    filling.fill_field(ceremony, seats.pk, "10")
    assert field_of(envelope, "Total").value == "120.00"
    assert verify_envelope(envelope).ok


def test_what_was_filled_in_stays_where_it_fits_and_is_not_shown(
    client: Client, rep: User, actor: Actor, envelope: Envelope
) -> None:
    from dealwright.signing.ceremonies import services as ceremonies

    ada = recipient_of(envelope, "Ada")
    ceremony = ready(ada)
    ceremonies.view_envelope(ceremony)
    filling.fill_field(ceremony, field_of(envelope, "PO").pk, "Secret 7")
    filling.fill_field(ceremony, field_of(envelope, "Seats").pk, "10")
    client.force_login(rep)
    page = client.get(f"/envelopes/{envelope.pk}/correct/fields").content.decode()
    assert "Secret 7" not in page
    sent = json.loads(page.partition("data-editor-setup>")[2].partition("</script>")[0])
    shown = {each["label"]: each for each in sent["fields"] if each["label"]}
    body = {
        "put": [
            {**shown["PO"], "y": 0.7},
            {**shown["Seats"], "checks": {"minimum": "20"}},
        ],
        "removed": [],
    }
    answer = client.post(
        f"/envelopes/{envelope.pk}/correct/fields", body, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    assert field_of(envelope, "PO").value == "Secret 7"
    assert field_of(envelope, "PO").y == pytest.approx(0.7)
    assert field_of(envelope, "Seats").value == ""


def test_who_looked_before_the_correction_looks_again(
    client: Client, actor: Actor, envelope: Envelope
) -> None:
    ada = recipient_of(envelope, "Ada")
    address = f"/sign/{token_of(ada)}"
    client.get(address)
    client.post(f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)})
    client.post(f"{address}/adopt?kind=signature", {"text": "Ada", "font": "handwritten"})
    for each, value in ((ada.fields.get(kind="signature"), "on"),
                        (field_of(envelope, "Seats"), "10"),
                        (field_of(envelope, "PO"), "7")):  # fmt: skip
        client.post(f"{address}/fields/{each.pk}", {"value": value})

    def seen() -> str:
        page = client.get(f"{address}/review").content.decode()
        return page.partition('name="seen" value="')[2].partition('"')[0]

    before = seen()
    assert len(before) == 64
    changes = {"read_only": True, "value": "900"}
    put(actor, envelope, changed(field_of(envelope, "Seats"), **changes))
    late = client.post(f"{address}/sign", {"agree": "on", "seen": before})
    assert late.status_code == 422
    assert "Something was changed while you were looking" in late.content.decode()
    ada.refresh_from_db()
    assert ada.signed_at is None
    assert client.post(f"{address}/sign", {"agree": "on", "seen": seen()}).status_code == 303
    ada.refresh_from_db()
    assert ada.signed_at is not None


def test_nobodys_fields_change_who_has_acted(actor: Actor, envelope: Envelope) -> None:
    act(recipient_of(envelope, "Ada"), Seats="10", PO="7")
    seats = field_of(envelope, "Seats")
    for attempt in (
        Correction(arranged=[changed(seats, label="Chairs")]),
        Correction(changed_fields=[{"id": str(seats.pk), "label": "Chairs"}]),
        Correction(removed_fields=[seats.pk]),
    ):
        with pytest.raises(Conflict):
            correct_envelope(actor, envelope.pk, attempt)
    bo = recipient_of(envelope, "Bo")
    # Nor can a field be given to them, or theirs be taken over.
    mine = bo.fields.get()
    with pytest.raises(Invalid, match="Choose someone who signs"):
        put(actor, envelope, changed(mine, owner=str(recipient_of(envelope, "Ada").pk)))
    with pytest.raises(Conflict):
        put(actor, envelope, changed(seats, owner=str(bo.pk)))
    seats.refresh_from_db()
    assert (seats.label, seats.value) == ("Seats", "10")


def test_what_could_not_come_to_an_end_is_refused(actor: Actor, envelope: Envelope) -> None:
    ada = recipient_of(envelope, "Ada")
    signature = ada.fields.get(kind="signature")
    with pytest.raises(Invalid, match="no place to sign"):
        put(actor, envelope, removed=[signature.pk])
    with pytest.raises(Invalid, match="no field with the label “gone”"):
        put(actor, envelope, changed(field_of(envelope, "PO"), condition="gone > 1"))
    with pytest.raises(Invalid, match="pattern cannot be understood"):
        put(actor, envelope, changed(field_of(envelope, "PO"), checks={"pattern": "("}))
    with pytest.raises(Invalid, match="Nothing was changed"):
        put(actor, envelope)
    other = make_sent_envelope(actor, recipients=[person("Zoe")], fields=[field(1)])
    with pytest.raises(NotFound):
        put(actor, envelope, changed(other.documents.get().fields.get(), label="Theirs"))
    assert not EvidenceEntry.objects.filter(kind="envelope.corrected").exists()


def test_nobody_else_corrects(client: Client, envelope: Envelope) -> None:
    stranger = make_user()
    client.force_login(stranger)
    address = f"/envelopes/{envelope.pk}/correct/fields"
    assert client.get(address).status_code == 404
    answer = client.post(address, {"put": [], "removed": []}, content_type="application/json")
    assert answer.status_code == 404


def test_a_draft_has_no_page_for_it(client: Client, rep: User, actor: Actor) -> None:
    from signing.make import make_envelope

    envelope = make_envelope(actor)
    client.force_login(rep)
    assert client.get(f"/envelopes/{envelope.pk}/correct/fields").status_code == 303
    answer = client.post(
        f"/envelopes/{envelope.pk}/correct/fields",
        {"put": [], "removed": []},
        content_type="application/json",
    )
    assert answer.status_code == 409


def test_by_the_api(client: Client, rep: User, envelope: Envelope) -> None:
    token = create_token(acting(rep), name="Portal", scopes=["signing:read", "signing:write"])
    seats, ada = field_of(envelope, "Seats"), recipient_of(envelope, "Ada")
    body = {
        "change_fields": [{"id": str(seats.pk), "checks": {"maximum": "9"}, "label": "Chairs"}],
        "add_fields": [
            {
                "recipient_id": str(ada.pk), "kind": "multi_select", "label": "Extras",
                "options": ["Support", "Training"], "x": 0.1, "y": 0.6, "w": 0.3, "h": 0.04,
                "condition": "chairs > 2", "required": False,
            }
        ],
    }  # fmt: skip
    answer = client.post(
        f"/api/v1/envelopes/{envelope.pk}/correct",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token.secret}"},
    )
    assert answer.status_code == 200, answer.content
    seats.refresh_from_db()
    assert (seats.label, seats.checks, seats.kind) == ("Chairs", {"maximum": "9"}, "number")
    assert field_of(envelope, "Extras").condition == "chairs > 2"
