"""What an editor recipient may change of the fields, and what not."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.identifiers import uuid7
from dealwright.signing.ceremonies import editing
from dealwright.signing.envelopes.models import Envelope, Role
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.fields.test_filling import make_picture
from signing.make import make_sent_envelope, recipient_of

from .act import field, person, ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def envelope() -> Envelope:
    return make_sent_envelope(
        acting(make_user()),
        recipients=[
            person("Edith", role=Role.EDITOR, order=2),
            person("Ada", order=1),
            person("Bo", order=3),
        ],
        fields=[field(2), field(3, y=0.5), field(3, "text", y=0.6, label="PO")],
    )


@pytest.fixture
def edith(envelope: Envelope) -> Any:
    from .act import act

    act(recipient_of(envelope, "Ada"))
    return ready(recipient_of(envelope, "Edith"))


def field_of(envelope: Envelope, label: str) -> EnvelopeField:
    return EnvelopeField.objects.get(document__envelope=envelope, label=label)


def test_every_property_of_later_fields(envelope: Envelope, edith: Any) -> None:
    po = field_of(envelope, "PO")
    made = {**po.as_json(), "id": str(uuid7()), "kind": "dropdown", "label": "Plan",
            "options": ["A", "B"], "y": 0.7}  # fmt: skip
    editing.edit_fields(
        edith, put=[{**po.as_json(), "checks": {"max_length": 9}, "value": "7"}, made], removed=[]
    )
    po.refresh_from_db()
    assert (po.checks, po.value) == ({"max_length": 9}, "7")
    assert field_of(envelope, "Plan").options == ["A", "B"]
    entry = EvidenceEntry.objects.get(kind="envelope.corrected")
    assert entry.payload["recipient"] == str(recipient_of(envelope, "Edith").pk)


def test_nothing_of_who_has_acted(envelope: Envelope, edith: Any) -> None:
    signature = recipient_of(envelope, "Ada").fields.get()
    with pytest.raises(Conflict):
        editing.edit_fields(edith, put=[{**signature.as_json(), "y": 0.1}], removed=[])
    with pytest.raises(Conflict):
        editing.edit_fields(edith, put=[], removed=[str(signature.pk)])


def test_not_the_only_place_to_sign_nor_the_companys_stamp(envelope: Envelope, edith: Any) -> None:
    bo = recipient_of(envelope, "Bo")
    with pytest.raises(Invalid, match="no place to sign"):
        editing.edit_fields(edith, put=[], removed=[str(bo.fields.get(kind="signature").pk)])
    stamp = {**field_of(envelope, "PO").as_json(), "id": str(uuid7()), "kind": "stamp",
             "label": ""}  # fmt: skip
    with pytest.raises(Invalid, match="Only the sender"):
        editing.edit_fields(edith, put=[{**stamp, "picture": "company"}], removed=[])
    picture = base64.b64encode(make_picture()).decode()
    files = editing.edit_fields(edith, put=[{**stamp, "picture": picture}], removed=[])
    assert files == {stamp["id"]: "Stamp.png"}


def test_nobody_but_the_editor_in_their_turn(envelope: Envelope) -> None:
    ada = ready(recipient_of(envelope, "Ada"))
    with pytest.raises(Conflict):
        editing.edit_fields(ada, put=[], removed=[])


def test_no_field_of_another_envelope(envelope: Envelope, edith: Any) -> None:
    other = make_sent_envelope(acting(make_user()), recipients=[person("Zoe")], fields=[field(1)])
    theirs = other.documents.get().fields.get()
    with pytest.raises(NotFound):
        editing.edit_fields(edith, put=[theirs.as_json()], removed=[])
