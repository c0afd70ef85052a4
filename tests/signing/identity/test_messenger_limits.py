"""Codes by messengers: how many, who gets none, and what is said then."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from dealwright.base.errors import Conflict, Invalid
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.tokens import create_token
from dealwright.signing.blueprints.contents import NewRole
from dealwright.signing.bulk.mapping import Mapper, propose, targets
from dealwright.signing.ceremonies import identifying, reassigning
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.identifying import Shown
from dealwright.signing.ceremonies.meaning import meaning_of
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.asking import change_identity
from dealwright.signing.envelopes.certificate import evidence_rows
from dealwright.signing.envelopes.correcting import reassign_recipient
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.services import unlock_recipient, void_envelope
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.identity.choices import IdentityChoice, lacks_choice
from dealwright.signing.identity.models import OneTimeCode
from dealwright.signing.identity.policy import save_signing_settings
from dealwright.signing.retention.purging import erase_recipient
from make import acting, make_administrator, make_user
from signing.identity.gateways import Gateway
from signing.identity.texting import (
    PHONE,
    WAYS,
    agreed,
    asked,
    by,
    deliver,
    set_up,
    show,
    texted,
)
from signing.make import enter, make_sent_envelope, token_of

pytestmark = pytest.mark.django_db


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
