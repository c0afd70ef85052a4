"""Whatever goes wrong between signer, provider and us: no money is lost sight of, nothing is
believed that the provider does not say, and nothing is paid twice unseen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotFound, Unavailable
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.jobs.due import run_pollers
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.models import Notice
from dealwright.base.payments.gateway import Refused
from dealwright.signing.ceremonies import filling
from dealwright.signing.ceremonies.services import decline
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import void_envelope
from dealwright.signing.payments.accounts import save_payment_settings
from dealwright.signing.payments.models import Payment
from dealwright.signing.payments.services import check_payment, refund_payment
from killed import run_until_killed
from make import acting, make_administrator, make_user
from signing.make import recipient_of
from signing.routing.act import act, person

from .make import ada_of, begin, make_computed, make_paying, paid, the_field
from .provider import KEY, Provider

pytestmark = pytest.mark.django_db


def check_soon() -> None:
    """As if the time to ask again had come, and nothing later."""
    Payment.objects.exclude(check_at=None).update(check_at=timezone.now() - timedelta(seconds=1))
    run_pollers()


@pytest.fixture
def owner() -> Actor:
    return acting(make_user("Olga"))


class TestProviderDown:
    def test_at_the_beginning(self, provider: Provider) -> None:
        envelope = make_paying()
        provider.down = True
        with pytest.raises(Unavailable, match="asks to wait"):
            begin(envelope)
        provider.down = False
        assert begin(envelope).address
        assert len(provider.sessions) == 1
        assert Payment.objects.count() == 1

    def test_the_answer_to_the_beginning_is_lost(self, provider: Provider) -> None:
        envelope = make_paying()
        provider.break_after = "POST /v1/checkout/sessions"
        with pytest.raises(Unavailable, match="does not answer"):
            begin(envelope)
        assert begin(envelope).session == provider.last["id"]
        assert len(provider.sessions) == 1

    def test_on_the_way_back(self, provider: Provider) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        provider.pay()
        provider.down = True
        with pytest.raises(Unavailable):
            check_payment(payment.pk)
        check_soon()
        payment.refresh_from_db()
        assert (payment.state, payment.checks) == ("created", 1)
        provider.down = False
        check_soon()
        payment.refresh_from_db()
        assert payment.counts
        assert payment.check_at is None

    def test_while_money_is_sent_back(self, provider: Provider, owner: Actor) -> None:
        envelope = make_paying(owner)
        payment = paid(envelope, provider)
        void_envelope(owner, envelope.pk, reason="A mistake.")
        provider.break_after = "POST /v1/refunds"
        with pytest.raises(Unavailable):
            refund_payment(owner, envelope.pk, payment.pk)
        assert len(provider.refunds) == 1
        assert refund_payment(owner, envelope.pk, payment.pk).refunded_at
        assert len(provider.refunds) == 1

    def test_a_refusal_is_told_in_its_own_words(self, provider: Provider) -> None:
        envelope = make_paying()
        provider.refuses = "Amount is below the minimum."
        with pytest.raises(Refused, match=r"refused: Amount is below the minimum\."):
            begin(envelope)
        assert Payment.objects.get().state == "failed"
        provider.refuses = ""
        assert begin(envelope).address

    def test_nothing_answers_at_all(self, provider: Provider) -> None:
        envelope = make_paying()
        assert provider.server
        provider.server.server_close()
        with pytest.raises(Unavailable, match="does not answer"):
            begin(envelope)


class TestNotBelieved:
    def test_a_return_without_a_payment(self, provider: Provider) -> None:
        envelope = make_paying()
        assert check_payment(begin(envelope).pk).state == "created"
        assert the_field(envelope).value == ""

    @pytest.mark.parametrize(
        "told", [{"id": "cs_other"}, {"client_reference_id": "of another"},
                 {"client_reference_id": None}]
    )  # fmt: skip
    def test_an_answer_about_something_else(self, provider: Provider, told: dict[str, Any]) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        provider.pay()
        provider.told = told
        with pytest.raises(Unavailable, match="about something else"):
            check_payment(payment.pk)
        assert the_field(envelope).value == ""

    @pytest.mark.parametrize(
        "told",
        [{"amount_total": "125000"}, {"amount_total": None}, {"currency": "dollars"},
         {"status": "done"}, {"id": None}, {"currency": 7}],
    )  # fmt: skip
    def test_an_answer_that_cannot_be_read(self, provider: Provider, told: dict[str, Any]) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        provider.pay()
        provider.told = told
        with pytest.raises(Unavailable):
            check_payment(payment.pk)
        payment.refresh_from_db()
        assert payment.state == "created"

    @pytest.mark.parametrize(
        ("told", "received"),
        [({"amount_total": 100}, "1.00 EUR"), ({"currency": "usd"}, "1250.00 USD"),
         ({"amount_total": 125_001}, "1250.01 EUR")],
    )  # fmt: skip
    def test_another_amount_does_not_pay_the_field(
        self, provider: Provider, told: dict[str, Any], received: str
    ) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        provider.pay()
        provider.told = told
        payment = check_payment(payment.pk)
        assert (payment.state, payment.counts, payment.problem) == ("paid", False, "amount")
        assert str(payment.taken) == received
        assert the_field(envelope).value == ""
        with pytest.raises(Invalid, match="is missing"):
            act(recipient_of(envelope, "Ada"))

    def test_what_is_no_real_money_says_so(self, provider: Provider) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        provider.pay()
        provider.told = {"livemode": False}
        assert check_payment(payment.pk).is_test
        assert " test pi_" in the_field(envelope).value


class TestTooMuch:
    def test_paid_twice(self, provider: Provider, owner: Actor) -> None:
        """The first page was lost sight of, and both were paid."""
        envelope = make_paying(owner)
        first = begin(envelope)
        session = provider.last
        Payment.objects.filter(pk=first.pk).update(ends_at=timezone.now())
        session["status"] = "hidden"  # the provider does not end it in time
        with pytest.raises(Unavailable):
            begin(envelope)
        session["status"] = "open"
        Payment.objects.filter(pk=first.pk).update(expired_at=timezone.now())
        second = begin(envelope)
        provider.pay()
        assert check_payment(second.pk).counts
        Payment.objects.filter(pk=first.pk).update(expired_at=None, check_at=timezone.now())
        provider.pay(session)
        check_soon()
        first.refresh_from_db()
        assert (first.state, first.counts, first.problem) == ("paid", False, "twice")
        told = Notice.objects.get(title="Ada paid EUR 1,250.00, which is to be sent back")
        assert "The field was paid already." in told.body
        assert refund_payment(owner, envelope.pk, first.pk).state
        assert [each["payment_intent"] for each in provider.refunds] == [session["payment_intent"]]
        second.refresh_from_db()
        assert second.counts

    def test_paid_for_an_amount_that_has_changed(self, provider: Provider, owner: Actor) -> None:
        envelope = make_computed(actor=owner)
        ada, seats = ada_of(envelope), the_field(envelope, "number").pk
        filling.fill_field(ada, seats, "3")
        payment = begin(envelope, ada)
        filling.fill_field(ada, seats, "4")
        provider.pay()
        payment = check_payment(payment.pk)
        assert (payment.counts, payment.problem) == (False, "changed")
        assert the_field(envelope).value == ""
        assert begin(envelope, ada).money.amount == 360
        refund_payment(owner, envelope.pk, payment.pk)
        payment.refresh_from_db()
        assert (payment.state, len(provider.refunds)) == ("refunded", 1)

    def test_paid_after_declining(self, provider: Provider, owner: Actor) -> None:
        envelope = make_paying(owner)
        payment = begin(envelope)
        decline(ada_of(envelope), reason="No.")
        provider.pay()
        run_jobs()
        payment.refresh_from_db()
        assert (payment.state, payment.counts, payment.problem) == ("paid", False, "ended")
        assert the_field(envelope).value == ""
        refund_payment(owner, envelope.pk, payment.pk)
        assert len(provider.refunds) == 1

    def test_paid_after_signing_without_it(self, provider: Provider) -> None:
        from signing.routing.act import field

        from .make import FIXED

        envelope = make_paying(
            fields=[field(1, "payment", label="Tip", required=False, checks=FIXED),
                    field(1, y=0.5)]
        )  # fmt: skip
        payment = begin(envelope)
        provider.down = True  # it cannot be ended in time
        act(recipient_of(envelope, "Ada"))
        provider.down = False
        provider.pay()
        payment = check_payment(payment.pk)
        assert payment.counts is False
        assert payment.problem in ("ended", "signed")


class TestSendingBack:
    def test_a_declined_envelope(self, provider: Provider, owner: Actor) -> None:
        envelope = make_paying(owner)
        payment = paid(envelope, provider)
        with pytest.raises(Conflict, match="Void the envelope first"):
            refund_payment(owner, envelope.pk, payment.pk)
        decline(ada_of(envelope), reason="No.")
        refunded = refund_payment(owner, envelope.pk, payment.pk)
        refunded.refresh_from_db()
        assert (refunded.state, refunded.counts) == ("refunded", False)
        assert refunded.refunded_by == owner.user
        assert refunded.refund.startswith("re_")
        assert provider.refunds == [
            {
                "payment_intent": payment.reference,
                "amount": "125000",
                "metadata[reference]": str(payment.pk),
            }
        ]
        entry = EvidenceEntry.objects.get(chain_id=envelope.chain, kind="payment.refunded")
        assert entry.payload["reference"] == payment.reference
        assert entry.payload["refund"] == refunded.refund
        refund_payment(owner, envelope.pk, payment.pk)
        assert len(provider.refunds) == 1

    def test_one_sent_back_at_the_provider(self, provider: Provider, owner: Actor) -> None:
        envelope = make_paying(owner)
        payment = paid(envelope, provider)
        void_envelope(owner, envelope.pk, reason="A mistake.")
        provider.refunds.append({"payment_intent": payment.reference})
        refund_payment(owner, envelope.pk, payment.pk)
        payment.refresh_from_db()
        assert payment.state == "refunded"

    def test_not_of_a_completed_envelope(self, provider: Provider, owner: Actor) -> None:
        envelope = make_paying(owner)
        payment = paid(envelope, provider)
        act(recipient_of(envelope, "Ada"))
        run_jobs()
        with pytest.raises(Conflict, match="at the provider"):
            refund_payment(owner, envelope.pk, payment.pk)

    def test_not_what_was_never_paid(self, provider: Provider, owner: Actor) -> None:
        envelope = make_paying(owner)
        payment = begin(envelope)
        void_envelope(owner, envelope.pk, reason="A mistake.")
        with pytest.raises(Conflict, match="Nothing was paid"):
            refund_payment(owner, envelope.pk, payment.pk)

    def test_only_who_may_change_the_envelope(self, provider: Provider, owner: Actor) -> None:
        envelope = make_paying(owner)
        other = make_paying(recipients=[person("Eve")])
        payment = paid(envelope, provider)
        void_envelope(owner, envelope.pk, reason="A mistake.")
        with pytest.raises(NotFound):
            refund_payment(acting(make_user()), envelope.pk, payment.pk)
        with pytest.raises(NotFound):
            refund_payment(owner, other.pk, payment.pk)
        assert provider.refunds == []


class TestSettings:
    def test_the_key_is_tried_and_kept_encrypted(self, provider: Provider) -> None:
        admin = acting(make_administrator())
        stored = save_payment_settings(admin, provider="stripe", url=provider.url, key=KEY)
        assert KEY not in stored.key
        with pytest.raises(Invalid, match="does not take the key") as refused:
            save_payment_settings(admin, provider="stripe", url=provider.url, key="sk_wrong")
        assert list(refused.value.fields) == ["key"]

    def test_a_key_goes_to_no_other_server(self, provider: Provider) -> None:
        admin = acting(make_administrator())
        asked = len(provider.asked)
        with pytest.raises(Invalid, match="Enter the secret key"):
            save_payment_settings(admin, provider="stripe", url=provider.url + "/other")
        assert len(provider.asked) == asked

    @pytest.mark.parametrize(
        "values",
        [
            {"provider": "paypal"},
            {"provider": "stripe", "key": "two words"},
            {"provider": "stripe", "key": "x" * 301},
            {"provider": "stripe", "key": KEY, "url": "ftp://pay.example.com"},
            {"provider": "stripe", "key": KEY, "url": "https://u:p@pay.example.com"},
            {"provider": "stripe", "key": KEY, "url": "https://pay.example.com/?a=1"},
        ],
    )
    def test_what_cannot_be_is_refused(self, db: Any, values: dict[str, str]) -> None:
        with pytest.raises(Invalid):
            save_payment_settings(acting(make_administrator()), **values)

    @pytest.mark.parametrize(
        "url",
        ["http://pay.example.com", "https://127.0.0.1", "https://10.0.0.7", "https://db.local"],
    )
    def test_no_address_of_the_own_network(self, db: Any, url: str) -> None:
        with pytest.raises(Invalid):
            save_payment_settings(acting(make_administrator()), provider="stripe", key=KEY, url=url)

    def test_what_was_begun_is_still_asked_about(self, provider: Provider) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        save_payment_settings(acting(make_administrator()), provider="test")
        provider.pay()
        assert check_payment(payment.pk).counts


KILLED_WHILE_BEGINNING = """
import os, signal, sys
import django
django.setup()
import dealwright.signing.payments.noting as noting
noting.note_begun = lambda *values: os.kill(os.getpid(), signal.SIGKILL)
import dealwright.signing.payments.services as services
from dealwright.signing.payments.models import Payment
services._begin_at_provider(services.PAYMENTS, Payment.objects.get(pk=sys.argv[1]))
"""
KILLED_WHILE_NOTING = """
import os, signal, sys
import django
django.setup()
import dealwright.signing.payments.noting as noting
noting.record_event = lambda *values, **more: os.kill(os.getpid(), signal.SIGKILL)
from dealwright.signing.payments.services import check_payment
check_payment(sys.argv[1])
"""


@pytest.mark.django_db(transaction=True)
class TestKilled:
    def test_between_the_provider_and_our_record(self, provider: Provider) -> None:
        envelope = make_paying()
        provider.down = True
        with pytest.raises(Unavailable):
            begin(envelope)
        provider.down = False
        payment = Payment.objects.get()
        run_until_killed(KILLED_WHILE_BEGINNING, payment.pk)
        assert len(provider.sessions) == 1
        payment.refresh_from_db()
        assert payment.session == ""
        check_soon()
        payment.refresh_from_db()
        assert payment.session == provider.last["id"]
        assert len(provider.sessions) == 1
        assert begin(envelope).pk == payment.pk

    def test_between_the_money_and_our_record(self, provider: Provider) -> None:
        envelope: Envelope = make_paying()
        payment = begin(envelope)
        provider.pay()
        run_until_killed(KILLED_WHILE_NOTING, payment.pk)
        payment.refresh_from_db()
        assert payment.state == "created"
        assert the_field(envelope).value == ""
        check_soon()
        payment.refresh_from_db()
        assert payment.counts
        assert the_field(envelope).value.startswith("1250.00 EUR ")
