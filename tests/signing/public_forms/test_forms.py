"""Public signing forms: a stranger asks, confirms the mailbox, and signs their own envelope."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.records.services import create_record, update_record
from dealwright.signing.blueprints import services as templates
from dealwright.signing.blueprints.contents import NewRole
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.public_forms import services
from dealwright.signing.public_forms.models import FormRequest, SigningForm
from make import acting, make_user
from signing.make import recipient_of
from signing.templates.make import make_template

pytestmark = pytest.mark.django_db
ADA = {"name": "Ada Lovelace", "email": "ada@buyer.test"}


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.FORM_FASTEST_SECONDS = -1


def make_form(actor: Actor | None = None, **fields: Any) -> SigningForm:
    actor = actor or acting(make_user())
    values = {
        "name": "NDA",
        "slug": "our-nda",
        "title": "Non-disclosure agreement",
        "template": make_template(actor).pk,
        **fields,
    }
    form: SigningForm = create_record(actor, "signing_form", values)
    return form


def ask(client: Client, form: SigningForm, **fields: str) -> int:
    sent = {**ADA, "stamp": services.stamp(form), **fields}
    return client.post(f"/s/{form.slug}", sent).status_code


def link_of(email: str = "ada@buyer.test") -> str:
    message = OutboundMessage.objects.filter(to=email, purpose="signing.form").latest("id")
    found = re.search(r"/s/[a-z-]+/confirm/[A-Za-z0-9_-]+", message.text)
    assert found
    return found[0]


def test_a_stranger_gets_an_envelope_after_confirming_the_mailbox(client: Client) -> None:
    user = make_user()
    form = make_form(acting(user))
    assert "Non-disclosure agreement" in client.get("/s/our-nda").content.decode()
    assert ask(client, form) == 200
    assert not Envelope.objects.exists()
    page = client.get(link_of())
    assert "ada@buyer.test" in page.content.decode()
    assert not Envelope.objects.exists()  # a mail scanner opens links, too
    answer = client.post(link_of())
    envelope = Envelope.objects.get()
    assert answer.headers["Location"].startswith("/sign/e/")
    assert client.get(answer.headers["Location"]).status_code == 200
    assert envelope.owner == user
    assert envelope.status == "sent"
    assert (envelope.made_from.source, envelope.made_from.source_id) == ("form", form.pk)
    assert recipient_of(envelope, "Ada").email == "ada@buyer.test"
    assert recipient_of(envelope, "Cora").email == "cora@seller.test"
    confirmed = EvidenceEntry.objects.get(kind="recipient.mailbox_confirmed")
    assert confirmed.payload["form"] == str(form.pk)
    assert client.post(link_of()).status_code == 303  # the second time the same one
    assert Envelope.objects.count() == 1


def test_programs_are_put_aside_and_told_nothing(client: Client) -> None:
    form = make_form()
    other = make_form(slug="another", name="B")
    for number, wrong in enumerate(
        (
            {"website": "https://spam.example"},
            {"stamp": "made up"},
            {"stamp": services.stamp(other)},
        ),
        start=1,
    ):
        assert ask(client, form, **wrong) == 200
        assert FormRequest.objects.exclude(refused="").count() == number
    assert not OutboundMessage.objects.filter(purpose="signing.form").exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "nowhere"}, "e-mail"),
        ({"name": " "}, "your name"),
        ({"name": "x" * 161}, "at most 160"),
    ],
)
def test_a_wrong_answer_is_told(client: Client, fields: dict[str, str], words: str) -> None:
    form = make_form()
    answer = client.post("/s/our-nda", {**ADA, "stamp": services.stamp(form), **fields})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not FormRequest.objects.exists()


def test_limits_of_person_sender_and_form(client: Client) -> None:
    form = make_form(most_in_all=2, most_per_sender=4)
    ask(client, form)
    client.post(link_of())
    ask(client, form)  # the same mailbox once more: the mail comes, the envelope does not
    again = client.post(link_of())
    assert again.status_code == 410
    assert "received its document already" in again.content.decode()
    ask(client, form, email="bo@buyer.test")
    ask(client, form, email="cy@buyer.test")
    assert ask(client, form, email="di@buyer.test") == 503
    assert client.post(link_of("bo@buyer.test")).status_code == 303
    full = client.post(link_of("cy@buyer.test"))
    assert full.status_code == 410
    assert "full" in full.content.decode()
    assert Envelope.objects.count() == 2


def test_one_mailbox_is_not_flooded(client: Client) -> None:
    form = make_form(most_per_sender=100)
    for _ in range(services.MAILS_PER_DAY + 2):
        assert ask(client, form) == 200
    sent = OutboundMessage.objects.filter(purpose="signing.form").count()
    assert sent == services.MAILS_PER_DAY


def test_unknown_and_closed_forms(client: Client) -> None:
    user = make_user()
    actor = acting(user)
    assert client.get("/s/nothing").status_code == 404
    form = make_form(actor)
    ask(client, form)
    link = link_of()
    assert client.get("/s/our-nda/confirm/made-up").status_code == 404
    update_record(actor, "signing_form", form.pk, {"is_active": False})
    assert client.get("/s/our-nda").status_code == 410
    assert client.post(link).status_code == 410
    update_record(actor, "signing_form", form.pk, {"is_active": True})
    update_record(
        actor, "signing_form", form.pk, {"closes_at": timezone.now() - timedelta(seconds=1)}
    )
    assert "has closed" in client.get("/s/our-nda").content.decode()
    update_record(actor, "signing_form", form.pk, {"closes_at": None})
    templates.archive_template(actor, form.template_id)
    assert client.get("/s/our-nda").status_code == 410
    assert not Envelope.objects.exists()


def test_a_link_is_good_for_a_day(client: Client) -> None:
    form = make_form()
    ask(client, form)
    FormRequest.objects.update(at=timezone.now() - timedelta(hours=25))
    assert client.post(link_of()).status_code == 410
    assert not Envelope.objects.exists()


def test_only_named_sites_may_embed_it(client: Client) -> None:
    make_form(embed_origins="https://www.example.com")
    page = client.get("/s/our-nda?embed=1")
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://www.example.com" in policy
    assert "X-Frame-Options" not in page.headers


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"slug": "Our NDA"}, "small letters"),
        ({"role": 2}, "not one that a stranger can take"),
        ({"role": 9}, "roles 1 to 2"),
        ({"embed_origins": "example.com"}, "no origin"),
        ({"most_per_person": 0}, "from 1 to 1000"),
        ({"most_in_all": 0}, "from 1 to 1000000"),
    ],
)
def test_a_form_that_could_not_work_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=re.escape(words)):
        make_form(**fields)


def test_every_other_role_must_be_somebody() -> None:
    actor = acting(make_user())
    template = make_template(actor, roles=[NewRole(name="Customer"), NewRole(name="Boss", order=2)])
    with pytest.raises(Invalid, match="Say in the template who always is Boss"):
        make_form(actor, template=template.pk)


def test_an_address_is_given_once() -> None:
    make_form()
    with pytest.raises(Conflict):
        make_form(name="Again")
