"""Codes by WhatsApp, through the SMS provider, and by a company's bridge to another messenger."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dealwright.base.errors import Conflict, Invalid, NotAllowed, Unavailable
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.messaging.accounts import save_mail_settings
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.ceremonies import identifying
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.identity import messengers
from dealwright.signing.identity.models import MessengerSettings, OneTimeCode
from make import acting, make_administrator, make_user
from signing.identity.gateways import Gateway, gateway
from signing.identity.texting import (
    PHONE,
    TEMPLATES,
    agreed,
    asked,
    by,
    deliver,
    set_up,
    show,
    texted,
)
from signing.make import enter

pytestmark = pytest.mark.django_db


class TestWhatsApp:
    def test_a_code_goes_out_in_the_approved_template(self, twilio: Gateway) -> None:
        set_up(twilio)
        ada = by("whatsapp_otp")
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        code = texted().text[:6]
        deliver()
        taken = twilio.taken[-1]
        assert taken["path"] == "/2010-04-01/Accounts/AC1/Messages.json"
        assert (taken["To"], taken["From"]) == ("whatsapp:+4915123456789", "whatsapp:+4930998")
        assert taken["ContentSid"] == TEMPLATES["template_en"]
        assert json.loads(taken["ContentVariables"]) == {"1": code}
        assert "Body" not in taken
        show(ada, visit, code)
        assert enter(ada, visit).step == Step.DOCUMENT

    def test_in_the_language_of_the_envelope(self, twilio: Gateway) -> None:
        set_up(twilio)
        ada = by("whatsapp_otp", language="de")
        identifying.request_code(enter(ada, agreed(ada)))
        deliver()
        assert twilio.taken[-1]["ContentSid"] == TEMPLATES["template_de"]

    def test_through_a_messaging_service(self, twilio: Gateway) -> None:
        service = f"MG{'0' * 32}"
        set_up(twilio, whatsapp_from=service)
        ada = by("whatsapp_otp")
        identifying.request_code(enter(ada, agreed(ada)))
        deliver()
        assert twilio.taken[-1]["MessagingServiceSid"] == service
        assert "From" not in twilio.taken[-1]

    def test_neither_text_nor_code_stays(self, twilio: Gateway) -> None:
        set_up(twilio)
        ada = by("whatsapp_otp")
        identifying.request_code(enter(ada, agreed(ada)))
        code = texted().text[:6]
        deliver()
        kept = texted()
        assert kept.status == "sent"
        assert code not in json.dumps([kept.text, kept.headers])
        chain = EvidenceEntry.objects.filter(chain_id=ada.envelope.chain)
        details = EvidenceDetail.objects.filter(envelope=ada.envelope)
        told = json.dumps([*(each.payload for each in chain), *(each.details for each in details)])
        assert code not in told
        sent = chain.get(kind="recipient.code_sent").payload
        assert sent["channel"] == "whatsapp"
        assert "+49" not in json.dumps(sent)
        assert details.get(kind="recipient.code_sent").details["phone"] == "+4915123456789"

    def test_a_refused_message_is_told_to_who_waits(self, twilio: Gateway) -> None:
        set_up(twilio)
        ada = by("whatsapp_otp")
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        twilio.answers.append((400, '{"code": 63024, "message": "Invalid message recipient"}'))
        deliver()
        assert texted().error == "550 Invalid message recipient (63024)"
        shown = identifying.describe_step(enter(ada, visit))
        assert (shown["sent"], shown["failed"], shown["carried"]) == (True, True, "WhatsApp")

    def test_a_busy_provider_is_asked_again(self, twilio: Gateway) -> None:
        set_up(twilio)
        ada = by("whatsapp_otp")
        identifying.request_code(enter(ada, agreed(ada)))
        twilio.answers.append((503, "busy"))
        deliver()
        assert texted().status == "retrying"
        assert texted().headers["code"] == texted().text[:6]

    def test_without_a_template_or_a_provider_it_cannot_be_chosen(self, twilio: Gateway) -> None:
        with pytest.raises(Invalid, match="WhatsApp is not set up"):
            by("whatsapp_otp")
        with pytest.raises(Invalid, match="approved template only"):
            set_up(twilio, template_en="", template_de="")
        set_up(twilio)
        save_mail_settings(acting(make_administrator()), {"sms_account": ""}, test=False)
        with pytest.raises(Invalid, match="WhatsApp is not set up"):
            by("whatsapp_otp")

    def test_a_country_that_is_not_served(self, twilio: Gateway) -> None:
        set_up(twilio)
        with pytest.raises(Invalid, match="No WhatsApp message is sent to RU"):
            by("whatsapp_otp", phone="+7 912 3456789")

    def test_beside_a_code_by_sms_the_number_is_the_same(self, twilio: Gateway) -> None:
        set_up(twilio)
        ada = asked("sms_otp", "whatsapp_otp", phone=PHONE)
        assert set(ada.identity_steps.values_list("destination", flat=True)) == {"+4915123456789"}


class TestBridge:
    def test_a_code_goes_out_signed(self, bridge: Gateway) -> None:
        set_up(bridge=bridge)
        ada = by("messenger_otp")
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        code = texted().text[:6]
        deliver()
        taken = bridge.taken[-1]
        assert (taken["channel"], taken["to"]) == ("Signal", "+4915123456789")
        assert taken["text"] == f"{code} is your code for “Order form”"
        assert taken["reference"] == str(OneTimeCode.objects.get().pk)
        assert taken["language"] == "en"
        life = datetime.fromisoformat(taken["expires_at"]) - timezone.now()
        assert timedelta(minutes=9) < life <= timedelta(minutes=10)
        assert bridge.forged == []
        show(ada, visit, code)
        assert enter(ada, visit).step == Step.DOCUMENT
        sent = EvidenceEntry.objects.get(
            chain_id=ada.envelope.chain, kind="recipient.code_sent"
        ).payload
        assert (sent["channel"], sent["messenger"]) == ("messenger", "Signal")

    def test_the_same_message_twice_has_the_same_id(self, bridge: Gateway) -> None:
        set_up(bridge=bridge)
        ada = by("messenger_otp")
        identifying.request_code(enter(ada, agreed(ada)))
        bridge.answers.append((500, ""))
        deliver()
        OutboundMessage.objects.filter(channel="sms").update(next_attempt_at=timezone.now())
        deliver()
        first, second = bridge.taken
        assert first["id"] == second["id"]

    def test_with_another_secret_the_bridge_sees_a_forgery(self, bridge: Gateway) -> None:
        before = set_up(bridge=bridge)
        set_up(bridge=bridge, new_secret="1")
        assert bridge.secret not in ("", before)
        bridge.secret = before
        ada = by("messenger_otp")
        identifying.request_code(enter(ada, agreed(ada)))
        deliver()
        assert len(bridge.forged) == 1

    @pytest.mark.parametrize(
        ("status", "state"), [(400, "failed"), (404, "failed"), (301, "failed"), (429, "retrying")]
    )
    def test_a_bridge_that_refuses(self, bridge: Gateway, status: int, state: str) -> None:
        set_up(bridge=bridge)
        ada = by("messenger_otp")
        identifying.request_code(enter(ada, agreed(ada)))
        bridge.answers.append((status, ""))
        deliver()
        assert texted().status == state

    def test_a_bridge_that_is_gone(self) -> None:
        with gateway() as closed:
            set_up(bridge=closed)
        ada = by("messenger_otp")
        identifying.request_code(enter(ada, agreed(ada)))
        deliver()
        assert texted().status == "retrying"
        assert texted().error.startswith("The bridge to Signal does not answer")

    def test_names_in_place_of_numbers(self, bridge: Gateway) -> None:
        set_up(bridge=bridge, channel_name="Threema", channel_to="name")
        ada = by("messenger_otp", messenger=" ECHOECHO ")
        identifying.request_code(enter(ada, agreed(ada)))
        deliver()
        assert (bridge.taken[-1]["channel"], bridge.taken[-1]["to"]) == ("Threema", "ECHOECHO")
        for wrong in ("", "two words", "x" * 121, "a\x00b"):
            with pytest.raises(Invalid, match="name or id in Threema"):
                by("messenger_otp", messenger=wrong)

    def test_numbers_of_countries_that_are_not_served(self, bridge: Gateway) -> None:
        set_up(bridge=bridge)
        with pytest.raises(Invalid, match="No Signal message is sent to RU"):
            by("messenger_otp", messenger="+7 912 3456789")
        with pytest.raises(Invalid, match="not a phone number"):
            by("messenger_otp", messenger="ada")

    def test_once_it_is_ended_nothing_goes_out(self, bridge: Gateway) -> None:
        set_up(bridge=bridge)
        ada = by("messenger_otp")
        visit = agreed(ada)
        set_up()
        with pytest.raises(Conflict) as error:
            identifying.request_code(enter(ada, visit))
        assert error.value.code == "no_messenger"
        with pytest.raises(Invalid, match="is not set up"):
            by("messenger_otp")


class TestSettings:
    def test_each_wrong_place_is_named(self, twilio: Gateway) -> None:
        for given, place in (
            ({"whatsapp_from": "12"}, "whatsapp_from"),
            ({"template_en": "HX1"}, "template_en"),
            ({"whatsapp_per_day": "many"}, "whatsapp_per_day"),
            ({"channel_url": "https://bridge.test/x"}, "channel_name"),
            ({"channel_name": "Signal", "channel_url": "http://bridge.test/"}, "channel_url"),
            ({"channel_name": "Signal", "channel_url": "ftp://bridge.test/"}, "channel_url"),
            ({"channel_name": "Signal", "channel_url": "https://a:b@c.test/"}, "channel_url"),
            ({"channel_name": "Signal", "channel_url": "https://[/"}, "channel_url"),
            ({"channel_name": "x" * 41}, "channel_name"),
            ({"channel_to": "pigeon"}, "channel_to"),
            ({"channel_per_day": "-1"}, "channel_per_day"),
        ):
            with pytest.raises(Invalid) as error:
                set_up(twilio, **given)
            assert list(error.value.fields) == [place], given
        assert not MessengerSettings.objects.exists()

    def test_the_secret_is_shown_once_and_kept_encrypted(self, bridge: Gateway) -> None:
        client = Client()
        client.force_login(make_administrator())
        given = {
            "whatsapp_from": "",
            "whatsapp_per_day": "10",
            "channel_name": "Signal",
            "channel_url": bridge.url,
            "channel_to": "phone",
            "channel_per_day": "10",
        }
        page = client.post("/settings/signing/messengers", given).content.decode()
        assert "data-secret>whsec_" in page
        stored = MessengerSettings.objects.get()
        assert "whsec_" not in stored.secret
        again = client.post("/settings/signing/messengers", given)
        assert again.status_code == 303
        assert "whsec_" not in client.get("/settings/signing/messengers").content.decode()
        assert MessengerSettings.objects.get().secret == stored.secret
        assert "by Signal" in client.get("/settings/signing").content.decode()
        client.post("/settings/signing/messengers", {**given, "channel_url": ""})
        assert MessengerSettings.objects.get().secret == ""

    def test_another_address_gets_another_secret(self, bridge: Gateway) -> None:
        before = set_up(bridge=bridge)
        after = set_up(bridge=bridge, channel_url=f"{bridge.url}/elsewhere")
        assert after
        assert after != before

    def test_nobody_else_may(self) -> None:
        with pytest.raises(NotAllowed):
            messengers.save_messenger_settings(acting(make_user()), {})
        with pytest.raises(NotAllowed):
            messengers.send_test(acting(make_user()), "whatsapp", PHONE)
        client = Client()
        client.force_login(make_user())
        assert client.get("/settings/signing/messengers").status_code == 403
        assert client.post("/settings/signing/messengers/test").status_code == 403

    def test_a_test_message(self, twilio: Gateway, bridge: Gateway) -> None:
        set_up(twilio, bridge)
        client = Client()
        client.force_login(make_administrator())
        address = "/settings/signing/messengers/test"
        for scheme in ("whatsapp", "messenger"):
            assert client.post(address, {"scheme": scheme, "to": PHONE}).status_code == 303
        assert json.loads(twilio.taken[-1]["ContentVariables"]) == {"1": "000000"}
        assert bridge.taken[-1]["text"].startswith("000000 is a test")
        bridge.answers.append((400, ""))
        page = client.post(address, {"scheme": "messenger", "to": PHONE})
        assert page.status_code == 422
        assert "The bridge to Signal refuses the message (400)" in page.content.decode()
        for given in (
            {"scheme": "pigeon", "to": PHONE},
            {"scheme": "whatsapp", "to": "12"},
            {"scheme": "messenger", "to": "a\x00"},
            {},
        ):
            assert client.post(address, given).status_code == 422

    def test_a_test_to_nothing_that_is_set_up(self) -> None:
        administrator = acting(make_administrator())
        with pytest.raises(Conflict, match="WhatsApp is not set up"):
            messengers.send_test(administrator, "whatsapp", PHONE)
        with gateway() as closed:
            set_up(bridge=closed)
        with pytest.raises(Unavailable, match="does not answer"):
            messengers.send_test(administrator, "messenger", PHONE)
