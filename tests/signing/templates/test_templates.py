"""Signing templates: made, changed, used, archived; what an envelope remembers of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from crm.make import make_account, make_contact, make_opportunity
from dealwright.base.errors import Conflict, DealwrightError, Invalid, NotAllowed, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.files.models import StoredFile
from dealwright.base.people.models import Profile
from dealwright.signing.blueprints import services
from dealwright.signing.blueprints.contents import NewRole
from dealwright.signing.blueprints.merging import people_of
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.using import Filling, use_template
from dealwright.signing.envelopes.drafts import NewDocument, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.fields.models import EnvelopeField
from make import acting, make_user
from signing.make import make_envelope, make_pdf, recipient_of, sign_all
from signing.templates.make import make_template

pytestmark = pytest.mark.django_db
ADA = {1: ("Ada Lovelace", "ada@buyer.test")}


def names_of_events() -> list[str]:
    return list(
        OutboxEvent.objects.filter(name__startswith="template.").values_list("name", flat=True)
    )


def test_an_envelope_from_a_template_is_signed_and_sealed() -> None:
    actor = acting(make_user())
    template = make_template(actor, message="Dear {{ roles.customer.name }}")
    envelope = use_template(actor, template.pk, Filling(people=ADA), send=True)
    assert envelope.title == "Order form"
    assert envelope.message == "Dear Ada Lovelace"
    people = {each.name: (each.order, each.email) for each in envelope.recipients.all()}
    assert people == {
        "Ada Lovelace": (1, "ada@buyer.test"),
        "Cora Counter": (2, "cora@seller.test"),
    }
    sign_all(recipient_of(envelope, "Ada"))
    sign_all(recipient_of(envelope, "Cora"))
    assert seal_envelope(envelope.pk)
    envelope.refresh_from_db()
    assert envelope.status == "completed"
    assert verify_envelope(envelope).ok
    assert envelope.made_from.version.number == 1
    assert names_of_events() == ["template.created"]


def test_envelopes_share_the_files_of_their_template() -> None:
    actor = acting(make_user())
    template = make_template(actor)
    before = StoredFile.objects.count()
    made = [use_template(actor, template.pk, Filling(people=ADA)) for _ in range(3)]
    assert StoredFile.objects.count() == before
    document = template.documents.get()
    for envelope in made:
        assert envelope.documents.get().prepared_id == document.prepared_id
        assert envelope.documents.get().prepared_sha256 == document.prepared_sha256


def test_a_change_after_a_use_begins_the_next_version() -> None:
    actor = acting(make_user())
    template = make_template(actor)
    services.add_template_field(
        actor, template.pk, document_id=template.documents.get().pk, role=1,
        kind="text", page=1, x=0.5, y=0.7, label="Name of the project",
    )  # fmt: skip
    template.refresh_from_db()
    assert template.revision == 1  # nothing was made from it yet
    first = use_template(actor, template.pk, Filling(people=ADA))
    services.change_roles(actor, template.pk, [NewRole(name="Buyer")])
    second = use_template(actor, template.pk, Filling(people=ADA))
    assert first.made_from.version.number == 1
    assert second.made_from.version.number == 2
    assert first.recipients.count() == 2
    assert second.recipients.count() == 1
    old = first.made_from.version.content
    assert [each["name"] for each in old["roles"]] == ["Customer", "Counter-signer"]
    assert "template.updated" in names_of_events()


def test_a_document_that_is_taken_away_stays_for_the_old_version() -> None:
    actor = acting(make_user())
    template = make_template(actor)
    first = use_template(actor, template.pk, Filling(people=ADA))
    new = NewDocument(name="Annex.pdf", content=make_pdf("An annex."))
    services.add_document(actor, template.pk, new)
    old = template.documents.get(name="Order.pdf")
    services.remove_document(actor, template.pk, old.pk)
    second = use_template(actor, template.pk, Filling(people=ADA))
    assert [each.name for each in first.documents.all()] == ["Order.pdf"]
    assert [each.name for each in second.documents.all()] == ["Annex.pdf"]
    send_envelope(actor, first.pk)
    with pytest.raises(Conflict, match="needs a document"):
        services.remove_document(actor, template.pk, template.documents.get(name="Annex.pdf").pk)


def test_values_of_a_record_fill_texts_and_fields() -> None:
    user = make_user()
    actor = acting(user)
    account = make_account(name="Contoso", owner=user)
    contact = make_contact(
        first_name="Grace", last_name="Hopper", email="grace@contoso.test",
        account=account, owner=user,
    )  # fmt: skip
    deal = make_opportunity(name="Looms", account=account, contact=contact, owner=user)
    template = make_template(actor, title="Order of {{ account }}: {{ name }}")
    document = template.documents.get()
    services.add_template_field(
        actor, template.pk, document_id=document.pk, role=1, kind="text", page=1,
        x=0.5, y=0.5, label="Deal", prefill="{{ name }}",
    )  # fmt: skip
    envelope = use_template(
        actor,
        template.pk,
        Filling(people=ADA, fields={"Price": "1,250 EUR"}),
        subject=("opportunity", deal.pk),
    )
    assert envelope.title == "Order of Contoso: Looms"
    assert (envelope.subject_object, envelope.subject_id) == ("opportunity", deal.pk)
    values = dict(
        EnvelopeField.objects.filter(document__envelope=envelope).values_list("label", "value")
    )
    assert values["Deal"] == "Looms"
    assert values["Price"] == "1,250 EUR"


def test_the_page_proposes_the_people_of_the_record(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    contact = make_contact(
        first_name="Grace", last_name="Hopper", email="grace@contoso.test", owner=user
    )
    deal = make_opportunity(name="Looms", contact=contact, owner=user)
    template = make_template(acting(user))
    address = f"/signing-templates/{template.pk}/use?object=opportunity&record={deal.pk}"
    page = client.get(address).content.decode()
    assert 'value="grace@contoso.test"' in page
    answer = client.post(
        address,
        {"name.1": "Grace Hopper", "email.1": "grace@contoso.test", "title": "Looms", "send": "1"},
    )
    envelope = Envelope.objects.get()
    assert answer.headers["Location"] == f"/envelopes/{envelope.pk}"
    assert envelope.status == "sent"
    assert envelope.subject_id == deal.pk


def test_from_an_account_the_chooser_proposes_its_contacts(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    account = make_account(name="Contoso", owner=user)
    make_contact(
        first_name="Grace", last_name="Hopper", email="grace@contoso.test", account=account,
        owner=user,
    )  # fmt: skip
    make_contact(
        first_name="Ada", last_name="Lovelace", email="ada@contoso.test", account=account,
        owner=user,
    )  # fmt: skip
    make_contact(
        first_name="Not", last_name="Mine", email="hidden@contoso.test", account=account,
        owner=make_user(),
    )  # fmt: skip
    template = make_template(acting(user))
    chooser = f"/signing-templates/choose?object=account&record={account.pk}"
    assert (
        chooser.replace("&", "&amp;") in client.get(f"/accounts/{account.pk}/side").content.decode()
    )
    use = f"/signing-templates/{template.pk}/use?object=account&amp;record={account.pk}"
    assert use in client.get(chooser).content.decode()
    page = client.get(use.replace("&amp;", "&")).content.decode()
    assert 'value="grace@contoso.test"' in page
    assert '<option value="ada@contoso.test">' in page
    assert "hidden@contoso.test" not in page
    # From a deal: its own contact first, then those of its account.
    deal = make_opportunity(name="Looms", account=account, owner=user)
    people = people_of(acting(user), "opportunity", deal.pk)
    assert [each.email for each in people] == ["grace@contoso.test", "ada@contoso.test"]


def test_an_envelope_becomes_a_template() -> None:
    actor = acting(make_user())
    envelope = make_envelope(
        actor,
        title="Non-disclosure",
        documents=[NewDocument(name="NDA.pdf", content=make_pdf("Secret.", "{{sign:2}}"))],
        recipients=[
            NewRecipient(name="Ada Lovelace", email="ada@buyer.test", role="approver"),
            NewRecipient(name="Bo", email="bo@buyer.test", order=2, identity_method="email_link"),
            NewRecipient(name="Grace Hopper", email="grace@seller.test", order=3),
        ],
    )
    template = services.save_as_template(actor, envelope.pk, name="NDA")
    assert [(each["role"], each["order"]) for each in template.roles] == [
        ("approver", 1),
        ("signer", 2),
        ("signer", 3),
    ]
    assert "ada@buyer.test" not in str(template.roles)
    (field,) = template.fields
    assert (field["role"], field["kind"]) == (3, "signature")
    people = {1: ("A", "a@x.test"), 2: ("B", "b@x.test"), 3: ("C", "c@x.test")}
    made = use_template(actor, template.pk, Filling(people=people))
    kept = envelope.documents.get()
    again = EnvelopeField.objects.get(document__envelope=made)
    first = EnvelopeField.objects.get(document__envelope=envelope)
    assert again.recipient.name == "C"
    assert (again.x, again.y, again.w, again.h) == (first.x, first.y, first.w, first.h)
    assert made.documents.get().original_sha256 == kept.original_sha256
    assert recipient_of(made, "B").identity_methods == recipient_of(envelope, "Bo").identity_methods


def test_an_archived_template_is_offered_no_longer() -> None:
    actor = acting(make_user())
    template = make_template(actor)
    services.archive_template(actor, template.pk)
    services.archive_template(actor, template.pk)
    assert names_of_events().count("template.archived") == 1
    with pytest.raises(Conflict, match="archived"):
        use_template(actor, template.pk, Filling(people=ADA))
    with pytest.raises(Conflict, match="archived"):
        services.change_roles(actor, template.pk, [NewRole(name="Buyer")])
    services.restore_template(actor, template.pk)
    assert use_template(actor, template.pk, Filling(people=ADA)).status == "draft"


def test_others_use_a_template_but_do_not_change_it() -> None:
    template = make_template()
    other = acting(make_user())
    assert use_template(other, template.pk, Filling(people=ADA)).owner == other.user
    with pytest.raises(NotAllowed):
        services.archive_template(other, template.pk)
    with pytest.raises(NotAllowed):
        use_template(acting(make_user(profile=Profile.READ_ONLY)), template.pk, Filling(people=ADA))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "Give a name"),
        ({"title": "{{ broken"}, "expected"),
        ({"documents": []}, "at least one document"),
        ({"documents": [NewDocument(name="x.pdf", content=b"no pdf")]}, "not a PDF"),
        ({"roles": []}, "at least one role"),
        ({"roles": [NewRole(name="A"), NewRole(name=" a ")]}, "two roles called"),
        ({"roles": [NewRole(name="A", role="king")]}, "none of"),
        ({"roles": [NewRole(name="A", person_email="nowhere")]}, "not an e-mail address"),
        ({"roles": [NewRole(name="A", named_by=7)]}, "named by somebody who acts before"),
        ({"roles": [NewRole(name="A", identity_method="magic")]}, "no such way"),
        ({"roles": [NewRole(name="A", role="approver")]}, "asks for signer 1"),
        ({"expires_days": 0}, "1 to 365"),
        ({"language": "tlh"}, "languages"),
        ({"remind_every_days": 99}, "Remind every 1 to 30"),
    ],
)
def test_a_template_that_could_not_work_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        make_template(**changes)
    assert words in str(refused.value)
    assert not SigningTemplate.objects.exists()


@pytest.mark.parametrize(
    ("filling", "words"),
    [
        (Filling(), "Name somebody with an e-mail address: Customer."),
        (Filling(people={1: ("Ada", "nowhere")}), "not an e-mail address"),
        (Filling(people={**ADA, 9: ("X", "x@x.test")}), "no role 9"),
        (Filling(people=ADA, fields={"Colour": "red"}), "no field “Colour”"),
        (Filling(people=ADA, title="For {{ nobody }}"), "no value for nobody"),
        (Filling(people=ADA, fields={"Price": "9" * 2_001}), "at most 2000"),
    ],
)
def test_a_use_that_lacks_something_is_refused(filling: Filling, words: str) -> None:
    actor = acting(make_user())
    template = make_template(actor)
    with pytest.raises(DealwrightError) as refused:
        use_template(actor, template.pk, filling)
    assert words in str(refused.value)
    assert not Envelope.objects.exists()


def test_a_template_that_one_may_not_see_is_not_there() -> None:
    template = make_template()
    with pytest.raises(NotFound):
        use_template(
            acting(make_user()), "0198f3a0-0000-7000-8000-000000000000", Filling(people=ADA)
        )
    assert template.revision == 1
