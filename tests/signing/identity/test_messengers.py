"""Codes by WhatsApp, through the SMS provider, and by a company's bridge to another messenger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dealwright.base.errors import Conflict, Invalid, NotAllowed, Unavailable
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.messaging.accounts import save_mail_settings
from dealwright.base.messaging.delivery import deliver_messages
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.tokens import create_token
from dealwright.signing.blueprints.contents import NewRole
from dealwright.signing.bulk.mapping import Mapper, propose, targets
from dealwright.signing.ceremonies import identifying, reassigning
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.identifying import Shown, confirm_identity
from dealwright.signing.ceremonies.meaning import meaning_of
from dealwright.signing.ceremonies.steps import Step, Visit
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.asking import change_identity
from dealwright.signing.envelopes.certificate import evidence_rows
from dealwright.signing.envelopes.correcting import reassign_recipient
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.envelopes.services import unlock_recipient, void_envelope
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.identity import messengers
from dealwright.signing.identity.choices import IdentityChoice, lacks_choice
from dealwright.signing.identity.models import MessengerSettings, OneTimeCode
from dealwright.signing.identity.policy import save_signing_settings
from dealwright.signing.retention.purging import erase_recipient
from make import acting, make_administrator, make_user
from signing.identity.gateways import Gateway, gateway
from signing.make import a_visit, enter, make_sent_envelope, recipient_of, token_of

pytestmark = pytest.mark.django_db
PHONE = "+49 151 23456789"
TEMPLATES = {"template_en": f"HX{'a' * 32}", "template_de": f"HX{'b' * 32}"}
WAYS = {"whatsapp_otp": "whatsapp", "messenger_otp": "messenger"}


def set_up(twilio: Gateway | None = None, bridge: Gateway | None = None, **given: Any) -> str:
    """Set up both; answers the bridge's secret."""
    administrator = acting(make_administrator())
    if twilio:
        save_mail_settings(
            administrator,
            {
                "sms_url": twilio.url,
                "sms_account": "AC1",
                "sms_token": "token",
                "sms_from": "+4930999",
            },
            test=False,
        )
    values = {
        "whatsapp_from": "+4930998" if twilio else "",
        **(TEMPLATES if twilio else {}),
        "whatsapp_per_day": "50",
        "channel_name": "Signal" if bridge else "",
        "channel_url": f"{bridge.url}/codes" if bridge else "",
        "channel_to": "phone",
        "channel_per_day": "50",
    }
    saved = messengers.save_messenger_settings(administrator, {**values, **given})
    if bridge:
        bridge.secret = saved.secret
    return saved.secret


@pytest.fixture
def twilio() -> Iterator[Gateway]:
    with gateway() as running:
        yield running


@pytest.fixture
def bridge() -> Iterator[Gateway]:
    with gateway() as running:
        yield running


def asked(*methods: str, **fields: Any) -> Recipient:
    given = {"name": "Ada", "email": "ada@buyer.test", "role": "approver", **fields}
    part11, language = given.pop("part11", False), given.pop("language", "en")
    envelope = make_sent_envelope(
        recipients=[NewRecipient(**given, identity_methods=list(methods))],
        part11=part11,
        language=language,
    )
    return recipient_of(envelope, "Ada")


def by(method: str, **fields: Any) -> Recipient:
    own = "phone" if method == "whatsapp_otp" else "messenger"
    return asked(method, **{own: PHONE, **fields})


def agreed(recipient: Recipient, visit: Visit | None = None) -> Visit:
    visit = visit or a_visit()
    ceremonies.give_consent(enter(recipient, visit), current_consent().pk)
    return visit


def texted() -> OutboundMessage:
    newest = OutboundMessage.objects.filter(channel="sms").order_by("-id").first()
    assert newest is not None
    return newest


def deliver() -> None:
    assert deliver_messages() > 0


def show(recipient: Recipient, visit: Visit, code: str) -> None:
    confirm_identity(enter(recipient, visit), Shown(secret=code))


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


@pytest.mark.parametrize("method", list(WAYS))
class TestLimits:
    @pytest.fixture(autouse=True)
    def _set_up(self, twilio: Gateway, bridge: Gateway) -> None:
        set_up(twilio, bridge)
        self.twilio, self.bridge = twilio, bridge

    def test_brute_force_ends_after_fifteen_tries(self, method: str) -> None:
        ada = by(method)
        visit = agreed(ada)
        tries = 0
        for _ in range(3):
            identifying.request_code(enter(ada, visit))
            wrong = f"{(int(texted().text[:6]) + 1) % 1_000_000:06d}"
            for _ in range(5):
                tries += 1
                with pytest.raises((Invalid, Conflict)):
                    show(ada, visit, wrong)
        assert (tries, enter(ada, visit).step) == (15, Step.LOCKED)
        unlock_recipient(acting(ada.envelope.owner), ada.envelope_id, ada.pk)
        assert enter(ada, visit).step == Step.CODE

    def test_three_codes_in_a_quarter_of_an_hour(self, method: str) -> None:
        ada = by(method)
        visit = agreed(ada)
        for _ in range(3):
            identifying.request_code(enter(ada, visit))
        with pytest.raises(Conflict, match="newest one on your phone"):
            identifying.request_code(enter(ada, visit))

    def test_ten_a_day_for_an_address(self, method: str) -> None:
        ada = by(method)
        identifying.request_code(enter(ada, agreed(ada)))
        made = OneTimeCode.objects.get()
        for _ in range(9):
            made.pk = OneTimeCode._meta.pk.get_default()
            made.recipient = by(method, email="eve@buyer.test")
            made.save(force_insert=True)
        late = by(method, email="kim@buyer.test")
        with pytest.raises(Conflict) as error:
            identifying.request_code(enter(late, agreed(late)))
        assert error.value.code == "too_many_codes"

    def test_the_budget_of_the_company(self, method: str) -> None:
        budget = {"whatsapp_per_day": "1", "channel_per_day": "1"}
        set_up(self.twilio, self.bridge, **budget)
        first = by(method)
        identifying.request_code(enter(first, agreed(first)))
        own = "phone" if method == "whatsapp_otp" else "messenger"
        other = by(method, email="eve@buyer.test", **{own: "+49 151 23456780"})
        with pytest.raises(Conflict) as error:
            identifying.request_code(enter(other, agreed(other)))
        assert error.value.code == "messenger_budget"

    def test_a_country_that_was_struck_off(self, method: str) -> None:
        ada = by(method)
        save_signing_settings(
            acting(make_administrator()),
            countries="US",
            sms_per_day="9",
            part11=False,
            consent_code=False,
        )
        with pytest.raises(Conflict, match="message is sent to DE"):
            identifying.request_code(enter(ada, agreed(ada)))

    def test_a_code_of_one_way_is_none_of_another(self, method: str) -> None:
        ada = asked(method, "email_otp", phone=PHONE, messenger=PHONE)
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        code = texted().text[:6]
        show(ada, visit, code)
        identifying.request_code(enter(ada, visit))
        mailed = OutboundMessage.objects.filter(channel="email", purpose="signing.code")
        if code not in mailed.latest("id").text:
            with pytest.raises(Invalid, match="not the code we sent"):
                show(ada, visit, code)

    def test_part_11_asks_once_more_at_the_act(self, method: str) -> None:
        ada = by(method, part11=True)
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        show(ada, visit, texted().text[:6])
        identifying.request_code(enter(ada, visit), act=True)
        shown = Shown(secret=texted().text[:6], identifier=ada.email)
        ceremonies.sign(enter(ada, visit), shown=shown, meaning=meaning_of("approval", ""))
        entry = EvidenceEntry.objects.get(chain_id=ada.envelope.chain, kind="recipient.approved")
        assert entry.payload["act"]["method"] == method

    def test_whoever_takes_the_part_gets_a_number_of_their_own(self, method: str) -> None:
        ada = by(method)
        own = "phone" if method == "whatsapp_otp" else "messenger"
        owner = acting(ada.envelope.owner)
        person: dict[str, Any] = {"name": "Grace", "email": "grace@buyer.test"}
        with pytest.raises(Invalid) as error:
            reassign_recipient(owner, ada.envelope_id, ada.pk, **person)
        assert list(error.value.fields) == [own]
        taken = reassign_recipient(
            owner, ada.envelope_id, ada.pk, **person, **{own: "+49 151 23456780"}
        )
        assert taken.identity_steps.get().destination == "+4915123456780"
        assert not lacks_choice(taken)

    def test_passed_on_by_the_recipient_where_the_company_allows_it(self, method: str) -> None:
        save_signing_settings(
            acting(make_administrator()),
            countries="DE",
            sms_per_day="9",
            part11=False,
            consent_code=False,
            successor_codes=True,
        )
        ada = by(method)
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        show(ada, visit, texted().text[:6])
        own = "phone" if method == "whatsapp_otp" else "messenger"
        client = Client()
        taken = reassigning.reassign(
            enter(ada, visit),
            name="Grace",
            email="grace@buyer.test",
            reason="On leave",
            **{own: "+49 151 23456780"},  # type: ignore[arg-type]
        )
        assert taken.identity_steps.get().destination == "+4915123456780"
        assert client.get(f"/sign/{token_of(taken)}").status_code == 200

    def test_the_sender_gives_another_number(self, method: str) -> None:
        ada = by(method)
        own = "phone" if method == "whatsapp_otp" else "messenger"
        owner = acting(ada.envelope.owner)
        with pytest.raises(Invalid, match="Nothing was changed"):
            change_identity(owner, ada.envelope_id, ada.pk, IdentityChoice(methods=[method]))
        choice = IdentityChoice(methods=[method], **{own: "+49 151 23456780"})
        change_identity(owner, ada.envelope_id, ada.pk, choice)
        assert ada.identity_steps.get().destination == "+4915123456780"
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(*) from signing_evidencedetail where details::text like %s",
                ["%23456780%"],
            )
            assert cursor.fetchone()[0] == 1

    def test_the_log_says_how(self, method: str) -> None:
        ada = by(method)
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        show(ada, visit, texted().text[:6])
        texts = [each["text"] for each in evidence_rows(ada.envelope)]
        carried = "WhatsApp" if method == "whatsapp_otp" else "Signal"
        assert f"Ada showed who they are (code by {carried})" in texts

    def test_the_pages(self, method: str) -> None:
        ada = by(method)
        client, address = Client(), f"/sign/{token_of(ada)}"
        client.post(f"{address}/consent", {"agree": "on", "consent": current_consent().pk})
        carried = "WhatsApp" if method == "whatsapp_otp" else "Signal"
        page = client.get(address).content.decode()
        assert f"We sent a code of six digits by {carried} to •••789." in page
        answer = client.post(f"{address}/confirm", {"code": texted().text[:6]})
        assert answer.headers["Location"] == address

    def test_a_number_is_erased_with_its_person(self, method: str) -> None:
        ada = by(method)
        identifying.request_code(enter(ada, agreed(ada)))
        deliver()
        void_envelope(acting(ada.envelope.owner), ada.envelope_id, reason="Not needed")
        administrator = acting(make_administrator())
        erase_recipient(administrator, ada.envelope_id, ada.pk, reason="Asked for by letter")
        assert texted().to == ""
        details = EvidenceDetail.objects.filter(envelope=ada.envelope)
        assert "+49" not in json.dumps([each.details for each in details])
        assert not ada.identity_steps.exists()

    def test_without_an_address(self, method: str) -> None:
        host = make_user()
        own = "phone" if method == "whatsapp_otp" else "messenger"
        envelope = make_sent_envelope(
            acting(host),
            recipients=[
                NewRecipient(
                    name="Ada",
                    role="in_person_signer",
                    host=host.pk,
                    identity_methods=[method],
                    **{own: PHONE},
                )
            ],
        )
        assert envelope.recipients.get().identity_methods == [method]

    def test_bulk_columns(self, method: str) -> None:
        content = {
            "roles": [NewRole(name="Customer", identity_method=method).as_json()],
            "fields": [],
            "title": "Order",
            "message": "",
        }
        own = "phone" if method == "whatsapp_otp" else "messenger"
        column = "Customer phone" if own == "phone" else "Customer Signal"
        assert f"{own}:1" in dict(targets(content))
        mapping = propose(content, ["Name", "E-mail", column])
        assert mapping[column] == f"{own}:1"
        filling = Mapper(content, mapping).filling(
            {"Name": "Ada", "E-mail": "ada@buyer.test", column: PHONE}
        )
        assert filling.more == {1: {own: PHONE}}

    def test_by_the_api(self, method: str) -> None:
        ada = by(method)
        token = create_token(
            acting(ada.envelope.owner), name="Portal", scopes=["signing:read", "signing:write"]
        )
        own = "phone" if method == "whatsapp_otp" else "messenger"

        def ask(**given: Any) -> int:
            return (
                Client()
                .post(
                    f"/api/v1/envelopes/{ada.envelope_id}/recipients/{ada.pk}/identity",
                    {"identity_methods": [method], **given},
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {token.secret}"},
                )
                .status_code
            )

        assert ask(**{own: "12"}) == 422
        assert ask(**{own: "+49 151 23456780"}) == 200


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
