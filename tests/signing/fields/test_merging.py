"""Texts that start with values of the record the envelope is about."""

from __future__ import annotations

import pytest
from django.test import Client

from crm.make import make_account, make_opportunity
from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import NewField
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting
from signing.make import make_envelope
from signing.routing.act import field, person

pytestmark = pytest.mark.django_db


def make_draft(rep: User, text: str, **more: object) -> Envelope:
    account = make_account(name="Contoso", owner=rep)
    deal = make_opportunity(name="Looms", account=account, owner=rep)
    start = NewField(recipient=1, kind="text", label="For", box=Box(0.1, 0.5, 0.4, 0.04),
                     value=text, read_only=True, **more)  # type: ignore[arg-type]  # fmt: skip
    return make_envelope(
        acting(rep),
        recipients=[person("Ada")],
        fields=[field(1), start],
        subject=("opportunity", deal.pk),
    )


def test_the_value_stands_there_when_it_is_sent(client: Client, rep: User) -> None:
    draft = make_draft(rep, "{{ name }} of {{ account }}")
    client.force_login(rep)
    page = client.get(f"/envelopes/{draft.pk}/send").content.decode()
    assert "<code>{{ account }}</code>" in page
    send_envelope(acting(rep), draft.pk)
    assert EnvelopeField.objects.get(label="For").value == "Looms of Contoso"


def test_a_gap_is_refused_and_named(rep: User) -> None:
    draft = make_draft(rep, "{{ nothing_of_it }}")
    with pytest.raises(Invalid, match="For: the record has no value for nothing_of_it"):
        send_envelope(acting(rep), draft.pk)
    draft.refresh_from_db()
    assert draft.sent_at is None


def test_the_value_must_fit_the_checks(rep: User) -> None:
    draft = make_draft(rep, "{{ name }} {{ account }}", checks={"max_length": 24})
    EnvelopeField.objects.filter(label="For").update(checks={"max_length": 5})
    with pytest.raises(Invalid, match="For: Write at most 5 characters"):
        send_envelope(acting(rep), draft.pk)


def test_without_a_record_braces_are_braces(rep: User) -> None:
    start = NewField(recipient=1, kind="text", label="For", box=Box(0.1, 0.5, 0.4, 0.04),
                     value="{{ name }}")  # fmt: skip
    draft = make_envelope(acting(rep), recipients=[person("Ada")], fields=[field(1), start])
    send_envelope(acting(rep), draft.pk)
    assert EnvelopeField.objects.get(label="For").value == "{{ name }}"
