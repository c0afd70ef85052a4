"""A signer pays: begun, paid, signed, sealed; and what stands in the documents and the evidence."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.models import Notice
from dealwright.signing.ceremonies import filling, reassigning
from dealwright.signing.documents.reading import all_text
from dealwright.signing.envelopes.certificate import evidence_rows
from dealwright.signing.envelopes.correcting import Correction, correct_envelope
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.envelopes.services import send_envelope, void_envelope
from dealwright.signing.evidence.package import prepare_package, stream_package
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.fields.checking import shown_value
from dealwright.signing.payments.models import Payment
from dealwright.signing.payments.services import begin_payment, check_payment
from dealwright.signing.retention.purging import purge_envelope
from make import acting, make_user
from signing.make import make_envelope, recipient_of
from signing.routing.act import act, field, person, ready

from .make import FIXED, ada_of, begin, make_computed, make_paying, paid, the_field
from .provider import Provider

pytestmark = pytest.mark.django_db


def kinds_of(envelope: Envelope) -> list[str]:
    entries = EvidenceEntry.objects.filter(
        chain_id=envelope.chain, kind__startswith="payment."
    ).order_by("seq")
    return list(entries.values_list("kind", flat=True))


def test_the_session_asks_for_what_the_field_says(provider: Provider) -> None:
    envelope = make_paying()
    payment = begin(envelope)
    session = provider.last
    assert (session["amount_total"], session["currency"]) == (125_000, "eur")
    assert session["name"] == "Deposit for the order"
    assert session["client_reference_id"] == str(payment.pk)
    assert session["success_url"] == f"https://sign.example.com/payments/{payment.pk}/return"
    assert payment.address == f"{provider.url}/pay/{session['id']}"
    assert (payment.state, payment.counts, payment.is_test) == ("created", False, False)
    assert the_field(envelope).value == ""
    assert kinds_of(envelope) == ["payment.begun"]


def test_paid_signed_and_sealed(provider: Provider) -> None:
    owner = make_user("Olga")
    envelope = make_paying(acting(owner))
    with pytest.raises(Invalid, match="Deposit on page 1 is missing"):
        act(recipient_of(envelope, "Ada"))
    payment = paid(envelope, provider)
    reference = provider.last["payment_intent"]
    assert (payment.state, payment.counts, payment.problem) == ("paid", True, "")
    assert payment.reference == reference
    today = f"{timezone.now():%Y-%m-%d}"
    kept = the_field(envelope)
    assert kept.value == f"1250.00 EUR {today} live {reference}"
    said = f"EUR 1,250.00 paid {today}, reference {reference}"
    assert shown_value(kept, kept.value, "en") == said
    assert shown_value(kept, kept.value, "de").startswith("EUR 1.250,00 ")
    assert Notice.objects.filter(user=owner, title="Ada paid EUR 1,250.00").count() == 1

    act(recipient_of(envelope, "Ada"))
    assert seal_envelope(envelope.pk)
    envelope.refresh_from_db()
    assert envelope.status == "completed"
    from dealwright.base.files.services import read_file

    sealed = envelope.documents.get().sealed
    assert sealed is not None
    texts = "\n".join(all_text(read_file(sealed)))
    assert said in texts.replace("\n", " ")
    assert f"Ada paid EUR 1,250.00 (reference {reference})" in texts.replace("\n", " ")
    assert verify_envelope(envelope).ok
    assert kinds_of(envelope) == ["payment.begun", "payment.paid"]

    names = [row["text"] for row in evidence_rows(envelope) if row["kind"].startswith("payment")]
    assert names == [
        "Ada went to pay EUR 1,250.00",
        f"Ada paid EUR 1,250.00 (reference {reference})",
    ]
    content = b"".join(stream_package(prepare_package(acting(owner), envelope.pk)))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = f"recipients/{payment.recipient_id}/payments.json"
        [told] = json.loads(archive.read(name))
    assert (told["amount"], told["currency"], told["state"]) == ("1250.00", "EUR", "paid")
    assert (told["reference"], told["counts"], told["test"]) == (reference, True, False)


def test_the_house_is_told(provider: Provider) -> None:
    envelope = make_paying()
    payment = paid(envelope, provider)
    told = OutboxEvent.objects.filter(name__startswith="payment.").order_by("seq")
    assert [each.name for each in told] == ["payment.begun", "payment.paid"]
    last = told[1].payload
    assert last["payment_id"] == str(payment.pk)
    assert Decimal(last["amount"]) == Decimal(1250)
    assert (last["currency"], last["is_test"], last["problem"]) == ("EUR", False, "")


def test_the_amount_follows_from_what_is_filled_in(provider: Provider) -> None:
    envelope = make_computed()
    ada = ada_of(envelope)
    with pytest.raises(Conflict, match="fill in the other fields"):
        begin(envelope, ada)
    filling.fill_field(ada, the_field(envelope, "number").pk, "3")
    begin(envelope, ada)
    assert provider.last["amount_total"] == 27_000


def test_what_was_paid_for_is_locked(provider: Provider) -> None:
    envelope = make_computed()
    ada, seats = ada_of(envelope), the_field(envelope, "number")
    filling.fill_field(ada, seats.pk, "3")
    paid(envelope, provider)
    for values in ("4", ""):
        with pytest.raises(Invalid, match="a payment was made by it") as refused:
            filling.fill_field(ada, seats.pk, values)
        assert list(refused.value.fields) == [str(seats.pk)]
    filling.fill_field(ada, seats.pk, "3")
    filling.fill_field(ada, seats.pk, " 3 ")
    seats.refresh_from_db()
    assert seats.value == "3"


def test_nothing_to_pay_asks_for_nothing(provider: Provider) -> None:
    envelope = make_computed()
    act(recipient_of(envelope, "Ada"), Seats="0")
    assert seal_envelope(envelope.pk)
    assert the_field(envelope).value == ""
    assert provider.asked == []


def test_an_optional_payment_is_left_out(provider: Provider) -> None:
    envelope = make_paying(
        fields=[field(1, "payment", label="Tip", required=False, checks=FIXED), field(1, y=0.5)]
    )
    act(recipient_of(envelope, "Ada"))
    assert seal_envelope(envelope.pk)


def test_nobody_types_a_payment(provider: Provider) -> None:
    envelope = make_paying()
    with pytest.raises(Invalid, match="only paying fills this in"):
        filling.fill_field(ada_of(envelope), the_field(envelope).pk, "1250.00 EUR paid")
    assert the_field(envelope).value == ""


def test_beginning_twice_is_one_session(provider: Provider) -> None:
    envelope = make_paying()
    first = begin(envelope)
    assert begin(envelope).pk == first.pk
    assert len(provider.sessions) == 1


def test_coming_back_twice_is_one_payment(provider: Provider) -> None:
    envelope = make_paying()
    payment = paid(envelope, provider)
    check_payment(payment.pk)
    check_payment(payment.pk)
    assert kinds_of(envelope) == ["payment.begun", "payment.paid"]
    with pytest.raises(Conflict, match="paid already"):
        begin_payment(ada_of(envelope), the_field(envelope).pk)


def test_one_who_pays_in_another_tab_has_paid(provider: Provider) -> None:
    envelope = make_paying()
    first = begin(envelope)
    provider.pay()
    again = begin(envelope)
    assert (again.pk, again.counts) == (first.pk, True)


def test_an_amount_that_changed_is_asked_for_anew(provider: Provider) -> None:
    envelope = make_computed()
    ada, seats = ada_of(envelope), the_field(envelope, "number").pk
    filling.fill_field(ada, seats, "3")
    first = begin(envelope, ada)
    filling.fill_field(ada, seats, "4")
    second = begin(envelope, ada)
    first.refresh_from_db()
    assert (first.state, second.state) == ("expired", "created")
    assert [each["status"] for each in provider.sessions.values()] == ["expired", "open"]
    assert provider.last["amount_total"] == 36_000


def test_money_that_takes_days(provider: Provider) -> None:
    envelope = make_paying()
    payment = begin(envelope)
    provider.submit()
    assert check_payment(payment.pk).state == "created"
    with pytest.raises(Conflict, match="under way"):
        begin(envelope)
    provider.last["payment_status"] = "paid"
    assert check_payment(payment.pk).counts


def test_money_that_never_came(provider: Provider) -> None:
    envelope = make_paying()
    payment = begin(envelope)
    session = provider.submit()
    session["payment_intent"] = {"id": session["payment_intent"], "status": "canceled"}
    assert check_payment(payment.pk).is_open is False
    payment.refresh_from_db()
    assert payment.state == "failed"
    assert begin(envelope).pk != payment.pk


def test_part_of_somebody_who_paid_goes_to_nobody(provider: Provider) -> None:
    envelope = make_paying()
    paid(envelope, provider)
    with pytest.raises(Conflict, match="has paid already"):
        reassigning.reassign(ada_of(envelope), name="Bob", email="bob@people.test", reason="Away")


def test_the_sender_corrects_nothing_that_was_paid(provider: Provider) -> None:
    owner = acting(make_user())
    envelope = make_computed(actor=owner)
    seats, price = the_field(envelope, "number"), the_field(envelope)
    filling.fill_field(ada_of(envelope), seats.pk, "3")
    paid(envelope, provider)
    for change in (
        {"changed_fields": [{"id": str(price.pk), "formula": "seats * 80"}]},
        {"changed_fields": [{"id": str(seats.pk), "label": "Places"}]},
        {"removed_fields": [str(price.pk)]},
    ):
        with pytest.raises(Conflict, match="a payment was made by it"):
            correct_envelope(owner, envelope.pk, Correction(**change))


def test_later_signers_see_it(provider: Provider) -> None:
    envelope = make_paying(
        recipients=[person("Ada"), person("Bob", order=2)],
        fields=[
            field(1, "payment", label="Deposit", y=0.3, checks=FIXED),
            field(1, y=0.5),
            field(2, y=0.7),
        ],
    )
    paid(envelope, provider)
    act(recipient_of(envelope, "Ada"))
    from dealwright.signing.ceremonies.others import describe_standing, standing_fields

    bob = ready(recipient_of(envelope, "Bob"))
    shown = {each["title"]: each["shown"] for each in describe_standing(
        standing_fields(envelope, bob.recipient))}  # fmt: skip
    assert shown["Deposit"].startswith("EUR 1,250.00 paid ")


def test_a_draft_is_not_sent_while_nobody_can_pay() -> None:
    actor = acting(make_user())
    envelope = make_envelope(
        actor,
        recipients=[person("Ada")],
        fields=[field(1, "payment", label="Deposit", checks=FIXED)],
    )
    with pytest.raises(Invalid, match="an administrator sets up a payment provider"):
        send_envelope(actor, envelope.pk)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Say how much is to be paid"),
        ({"checks": {"amount": "10"}, "formula": "5"}, "Say how much is to be paid"),
        ({"checks": {"amount": "-5"}}, "digits with a point"),
        ({"checks": {"amount": "1.234,00"}}, "digits with a point"),
        ({"checks": {"amount": "0.001", "currency": "EUR"}}, "in steps of 0.01 only"),
        ({"checks": {"amount": "0"}}, "above zero"),
        ({"checks": {"amount": "5.5", "currency": "JPY"}}, "in steps of 1 only"),
        ({"checks": {"amount": "5", "currency": "EURO"}}, "not a currency code"),
        ({"checks": {"amount": "5", "currency": "eur"}}, "a code such as EUR"),
        ({"checks": {"amount": 5}}, "are texts"),
        ({"checks": {"amount": "5", "description": "x" * 201}}, "at most 200 characters"),
        ({"checks": {"amount": "5", "description": "a\nb"}}, "in one line"),
        ({"checks": {"amount": "5", "places": 2}}, "no check “places”"),
        ({"formula": "seats *"}, "cannot be understood"),
        ({"formula": "chairs * 2"}, "no field with the label “chairs”"),
        ({"checks": {"amount": "5"}, "value": "paid"}, "cannot start with a value"),
        ({"checks": {"amount": "5"}, "read_only": True}, "needs a value"),
    ],
)
def test_a_field_that_cannot_be_paid_is_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        make_envelope(
            recipients=[person("Ada")],
            fields=[field(1, "payment", label="Deposit", **values)],
        )


def test_the_companys_currency_is_kept_at_the_field() -> None:
    envelope = make_envelope(
        recipients=[person("Ada")], fields=[field(1, "payment", checks={"amount": "5"})]
    )
    assert the_field(envelope).checks == {"amount": "5", "currency": "USD"}


def test_the_database_holds_what_was_asked_and_paid(provider: Provider) -> None:
    envelope = make_paying()
    payment = paid(envelope, provider)
    for changes in ({"amount": 5}, {"currency": "USD"}, {"paid_at": None, "counts": False}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Payment.objects.filter(pk=payment.pk).update(**changes)
    with pytest.raises(DatabaseError), transaction.atomic():
        payment.delete()
    copy = {
        each.attname: getattr(payment, each.attname)
        for each in Payment._meta.concrete_fields
        if each.attname not in ("id", "state", "session", "reference")
    }
    with pytest.raises(IntegrityError, match="payment_counts_once"), transaction.atomic():
        Payment.objects.create(**copy, session="cs_x", reference="pi_x")


def test_a_payment_of_somebody_else_is_not_there(provider: Provider) -> None:
    mine, theirs = make_paying(), make_paying(recipients=[person("Eve")])
    with pytest.raises(NotFound):
        begin_payment(ada_of(mine), the_field(theirs).pk)
    two = make_paying(
        recipients=[person("Ada"), person("Bob")],
        fields=[field(1, "payment", checks=FIXED), field(1, y=0.5), field(2, y=0.7)],
    )
    with pytest.raises(NotFound):
        begin_payment(ready(recipient_of(two, "Bob")), the_field(two).pk)


def test_an_anchor_in_the_text_asks_for_a_payment(provider: Provider) -> None:
    from dealwright.signing.envelopes.drafts import NewDocument
    from signing.make import make_pdf

    text = make_pdf("Deposit: {{pay:1:Deposit:500}}", "Sign: {{sign:1}}")
    envelope = make_paying(fields=[], documents=[NewDocument(name="A.pdf", content=text)])
    assert the_field(envelope).formula == "500"
    begin(envelope)
    assert (provider.last["amount_total"], provider.last["currency"]) == (50_000, "usd")


def test_a_page_that_is_left_is_closed_when_the_envelope_ends(provider: Provider) -> None:
    owner = acting(make_user())
    envelope = make_paying(owner)
    payment = begin(envelope)
    void_envelope(owner, envelope.pk, reason="A mistake.")
    run_jobs()
    payment.refresh_from_db()
    assert payment.state == "expired"
    assert provider.last["status"] == "expired"


def test_the_pages_say_what_is_to_be_paid(provider: Provider, client: Client) -> None:
    from signing.make import token_of

    envelope = make_paying()
    ada = recipient_of(envelope, "Ada")
    from dealwright.signing.consent.services import current_consent

    address = f"/sign/{token_of(ada)}"
    client.post(f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)})
    page = client.get(address).content.decode()
    assert "Pay €1,250.00" in page
    assert f"{address}/pay/{the_field(envelope).pk}" in page
    assert "Pay €1,250.00" in client.get(f"{address}/form").content.decode()
    assert "Deposit on page 1" in client.get(f"{address}/review").content.decode()


def test_a_purge_keeps_the_figures_and_forgets_the_words(provider: Provider) -> None:
    owner = acting(make_user())
    envelope = make_paying(owner)
    payment = paid(envelope, provider)
    void_envelope(owner, envelope.pk, reason="A mistake.")
    purge_envelope(acting(make_user(profile="legal")), envelope.pk, reason="Its time is over")
    payment.refresh_from_db()
    assert (payment.title, payment.description) == ("", "")
    assert (payment.amount, payment.reference) == (1250, provider.last["payment_intent"])
    assert the_field(envelope).value == ""
    assert verify_envelope(envelope).ok
