"""The pages and addresses of payments: who may open which, and what a stranger learns."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from dealwright.base.jobs.running import run_jobs
from dealwright.base.payments.signatures import sign_message
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import void_envelope
from dealwright.signing.payments.accounts import payment_settings, save_payment_settings
from dealwright.signing.payments.models import Payment
from make import acting, make_administrator, make_user
from signing.make import recipient_of, token_of
from signing.routing.act import act, person

from .make import begin, make_computed, make_paying, paid, the_field
from .provider import KEY, SECRET, Provider

pytestmark = pytest.mark.django_db


def opened(client: Client, envelope: Envelope, name: str = "Ada") -> str:
    """The address of the signing page, agreed to in this browser."""
    address = f"/sign/{token_of(recipient_of(envelope, name))}"
    client.post(f"{address}/consent", {"agree": "on", "consent": str(current_consent().pk)})
    return address


def send_message(
    client: Client, kind: str, session: str, *, secret: str = SECRET, at: int | None = None
) -> Any:
    body = json.dumps({"type": kind, "data": {"object": {"id": session}}}).encode()
    signed = sign_message(body, secret, at=int(time.time()) if at is None else at)
    return client.post(
        "/payments/messages",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signed},
    )


class TestSigner:
    def test_the_way_there_and_back(self, provider: Provider, client: Client) -> None:
        envelope = make_paying()
        address = opened(client, envelope)
        pay = f"{address}/pay/{the_field(envelope).pk}"
        page = client.get(pay).content.decode()
        assert "€1,250.00" in page
        assert "Deposit for the order" in page
        answer = client.post(pay, {"act": "pay"})
        assert (answer.status_code, answer["Location"]) == (303, f"{pay}?go=1")
        page = client.get(f"{pay}?go=1").content.decode()
        assert f'content="0;url={provider.url}/pay/{provider.last["id"]}"' in page
        assert "http-equiv" not in client.get(pay).content.decode()

        provider.pay()
        back = provider.last["success_url"]
        token = address.removeprefix("/sign/")
        assert token not in back
        answer = client.get(back.removeprefix("http://testserver"))
        assert (answer.status_code, answer["Location"]) == (303, pay)
        page = client.get(pay).content.decode()
        assert "Paid. Thank you." in page
        assert provider.last["payment_intent"] in page
        assert "EUR 1,250.00 paid" in client.get(address).content.decode()
        assert client.get(back.removeprefix("http://testserver")).status_code == 303
        assert Payment.objects.filter(counts=True).count() == 1

    def test_a_stranger_on_the_way_back_learns_nothing(
        self, provider: Provider, client: Client
    ) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        provider.pay()
        answer = client.get(f"/payments/{payment.pk}/return")
        assert answer.status_code == 200
        page = answer.content.decode()
        for word in ("Deposit", "1,250", "Order form", "Ada", provider.last["payment_intent"]):
            assert word not in page
        payment.refresh_from_db()
        assert payment.counts
        absent = client.get(f"/payments/{uuid4()}/return")
        assert (absent.status_code, len(absent.content)) == (200, len(page.encode()))

    def test_the_provider_is_down_on_the_way_back(self, provider: Provider, client: Client) -> None:
        envelope = make_paying()
        pay = f"{opened(client, envelope)}/pay/{the_field(envelope).pk}"
        client.post(pay, {"act": "pay"})
        provider.pay()
        provider.down = True
        payment = Payment.objects.get()
        assert client.get(f"/payments/{payment.pk}/return")["Location"] == pay
        assert "Paid. Thank you." not in client.get(pay).content.decode()
        answer = client.post(pay, {"act": "check"})
        assert answer.status_code == 422
        assert "asks to wait" in answer.content.decode()
        provider.down = False
        client.post(pay, {"act": "check"})
        assert "Paid. Thank you." in client.get(pay).content.decode()

    def test_what_the_provider_refuses_is_read(self, provider: Provider, client: Client) -> None:
        envelope = make_paying()
        pay = f"{opened(client, envelope)}/pay/{the_field(envelope).pk}"
        provider.refuses = "Below the minimum."
        answer = client.post(pay, {"act": "pay"})
        assert answer.status_code == 422
        assert "Below the minimum." in answer.content.decode()

    def test_the_form_without_scripts_keeps_and_goes_on_to_pay(
        self, provider: Provider, client: Client
    ) -> None:
        envelope = make_computed()
        address = opened(client, envelope)
        seats, price = the_field(envelope, "number"), the_field(envelope)
        assert "fill in the other fields first" in client.get(f"{address}/form").content.decode()
        answer = client.post(
            f"{address}/form",
            {"shown": [str(seats.pk)], str(seats.pk): "3", "then": f"pay:{price.pk}"},
        )
        assert answer["Location"] == f"{address}/pay/{price.pk}"
        assert "€270.00" in client.get(answer["Location"]).content.decode()
        odd = client.post(f"{address}/form", {"then": "pay://evil.example.com"})
        assert odd["Location"] == f"{address}/form"

    def test_the_amount_on_the_page_follows(self, provider: Provider, client: Client) -> None:
        envelope = make_computed()
        address = opened(client, envelope)
        seats, price = the_field(envelope, "number"), the_field(envelope)
        answer = client.post(
            f"{address}/fields/{seats.pk}", json.dumps({"value": "2"}),
            content_type="application/json", headers={"Accept": "application/json"},
        )  # fmt: skip
        state = answer.json()["states"][str(price.pk)]
        assert (state["shown"], state["filled"]) == ("Pay €180.00", False)

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_not_before_agreeing_and_not_of_others(
        self, provider: Provider, client: Client, method: str
    ) -> None:
        envelope = make_paying()
        other = make_paying(recipients=[person("Eve")])
        token = token_of(recipient_of(envelope, "Ada"))
        pay = f"/sign/{token}/pay/{the_field(envelope).pk}"
        answer = getattr(client, method)(pay, {"act": "pay"})
        assert answer["Location"] == f"/sign/{token}"
        address = opened(client, envelope)
        for field in (the_field(other), the_field(envelope, "signature")):
            answer = getattr(client, method)(f"{address}/pay/{field.pk}", {"act": "pay"})
            assert answer.status_code == 404
        assert provider.sessions == {}

    def test_not_after_declining(self, provider: Provider, client: Client) -> None:
        envelope = make_paying()
        address = opened(client, envelope)
        client.post(f"{address}/decline", {"reason": "No."})
        client.post(f"{address}/pay/{the_field(envelope).pk}", {"act": "pay"})
        assert provider.sessions == {}


class TestMessages:
    def test_word_of_the_provider_leads_to_asking(self, provider: Provider, client: Client) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        session = provider.pay()["id"]
        client = Client(enforce_csrf_checks=True)
        for _ in range(2):  # a replay
            answer = send_message(client, "checkout.session.completed", session)
            assert answer.status_code == 204
        payment.refresh_from_db()
        assert payment.state == "created"
        run_jobs()
        payment.refresh_from_db()
        assert payment.counts
        assert send_message(client, "checkout.session.completed", session).status_code == 204

    def test_word_of_what_did_not_happen_changes_nothing(
        self, provider: Provider, client: Client
    ) -> None:
        envelope = make_paying()
        payment = begin(envelope)
        assert (
            send_message(client, "checkout.session.completed", payment.session).status_code == 204
        )
        run_jobs()
        payment.refresh_from_db()
        assert payment.state == "created"

    def test_a_forged_or_old_one_is_refused(self, provider: Provider, client: Client) -> None:
        envelope = make_paying()
        session = begin(envelope).session
        provider.pay()
        asked = len(provider.asked)
        kind = "checkout.session.completed"
        assert send_message(client, kind, session, secret="whsec_other").status_code == 400
        assert send_message(client, kind, session, at=int(time.time()) - 301).status_code == 400
        assert (
            client.post("/payments/messages", b"{}", content_type="text/plain").status_code == 400
        )
        run_jobs()
        assert len(provider.asked) == asked

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"null", b"{", b'{"type": 1}', b'{"type": "x", "data": {"object": 1}}']
    )
    def test_what_cannot_be_understood(
        self, provider: Provider, client: Client, body: bytes
    ) -> None:
        signed = sign_message(body, SECRET, at=int(time.time()))
        answer = client.post(
            "/payments/messages", body, content_type="application/json",
            headers={"Stripe-Signature": signed},
        )  # fmt: skip
        assert answer.status_code == 400

    def test_of_a_session_that_is_not_ours(self, provider: Provider, client: Client) -> None:
        for kind in ("checkout.session.completed", "charge.refunded"):
            assert send_message(client, kind, "cs_elsewhere").status_code == 204
        assert client.get("/payments/messages").status_code == 405

    def test_without_a_secret_none_is_taken(self, db: Any, client: Client) -> None:
        assert send_message(client, "checkout.session.completed", "cs_1").status_code == 400


class TestTryingOut:
    @pytest.fixture(autouse=True)
    def test_gateway(self, db: Any) -> None:
        save_payment_settings(acting(make_administrator()), provider="test")

    def test_a_page_of_our_own_says_that_no_money_moves(self, client: Client) -> None:
        owner = acting(make_user())
        envelope = make_paying(owner)
        pay = f"{opened(client, envelope)}/pay/{the_field(envelope).pk}"
        client.post(pay, {"act": "pay"})
        page = client.get(f"{pay}?go=1").content.decode()
        found = re.search(r"/payments/test/[0-9a-f-]{36}", page)
        assert found
        checkout = client.get(found[0]).content.decode()
        assert "No money moves." in checkout
        assert "€1,250.00" in checkout
        back = client.post(found[0], {"act": "back"})["Location"]
        client.get(back.removeprefix("http://testserver"))
        assert "This was a test" not in client.get(pay).content.decode()
        back = client.post(found[0], {"act": "pay"})["Location"]
        client.get(back.removeprefix("http://testserver"))
        assert "This was a test: no money moved." in client.get(pay).content.decode()
        payment = Payment.objects.get()
        assert (payment.is_test, payment.counts) == (True, True)
        page = client.get(pay.rpartition("/pay/")[0]).content.decode()
        assert "TEST, no money moved: EUR 1,250.00" in page
        act(recipient_of(envelope, "Ada"))
        run_jobs()
        envelope.refresh_from_db()
        assert envelope.status == "completed"

    def test_it_is_sent_back_and_over_like_a_real_one(self, client: Client) -> None:
        owner = acting(make_user())
        envelope = make_paying(owner)
        address = opened(client, envelope)
        pay = f"{address}/pay/{the_field(envelope).pk}"
        client.post(pay, {"act": "pay"})
        payment = Payment.objects.get()
        void_envelope(owner, envelope.pk, reason="A mistake.")
        run_jobs()
        assert client.post(f"/payments/test/{payment.session}", {"act": "pay"}).status_code == 409
        assert client.get(f"/payments/test/{uuid4()}").status_code == 404


class TestSender:
    def test_the_envelopes_page_and_the_refund(self, provider: Provider, client: Client) -> None:
        owner = make_user()
        envelope = make_paying(acting(owner))
        client.force_login(owner)
        payment = paid(envelope, provider)
        page = client.get(f"/envelopes/{envelope.pk}?tab=payments").content.decode()
        assert "€1,250.00" in page
        assert payment.reference in page
        address = f"/envelopes/{envelope.pk}/payments/{payment.pk}/refund"
        assert address not in page
        assert "the payment counts" in client.get(address).content.decode()
        assert client.post(address).status_code == 422
        void_envelope(acting(owner), envelope.pk, reason="A mistake.")
        page = client.get(f"/envelopes/{envelope.pk}?tab=payments").content.decode()
        assert address in page
        assert "Send the money back" in client.get(address).content.decode()
        assert client.post(address).status_code == 303
        page = client.get(f"/envelopes/{envelope.pk}?tab=payments").content.decode()
        assert "Refunded" in page
        assert client.get(f"/envelopes/{envelope.pk}/payments/{uuid4()}/refund").status_code == 404

    def test_others_see_nothing_of_it(self, provider: Provider, client: Client) -> None:
        envelope = make_paying()
        payment = paid(envelope, provider)
        client.force_login(make_user())
        for method in (client.get, client.post):
            address = f"/envelopes/{envelope.pk}/payments/{payment.pk}/refund"
            assert method(address).status_code == 404

    def test_the_editor_says_that_nobody_can_pay(self, client: Client) -> None:
        from signing.make import make_envelope

        owner = make_user()
        client.force_login(owner)
        envelope = make_envelope(acting(owner))
        assert "Nobody can pay yet" in client.get(f"/envelopes/{envelope.pk}/send").content.decode()


class TestSettingsPage:
    def test_for_administrators_alone(self, provider: Provider, client: Client) -> None:
        client.force_login(make_user())
        assert client.get("/settings/payments").status_code == 403
        client.force_login(make_administrator())
        page = client.get("/settings/payments").content.decode()
        assert "http://testserver/payments/messages" in page
        assert KEY not in page
        answer = client.post(
            "/settings/payments", {"provider": "stripe", "url": provider.url, "key": "sk_wrong"}
        )
        assert answer.status_code == 422
        assert "does not take the key" in answer.content.decode()
        assert "sk_wrong" not in answer.content.decode()
        assert client.post("/settings/payments", {"provider": "test"}).status_code == 303
        assert payment_settings().provider == "test"
        assert client.post("/settings/payments", {"provider": ""}).status_code == 303
        assert payment_settings().provider == ""
