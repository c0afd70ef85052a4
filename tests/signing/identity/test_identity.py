"""Ways to show who one is, and the limits that hold against guessing and flooding."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.db import connection, connections
from django.utils import timezone

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.ceremonies import identifying
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.identifying import Shown, confirm_identity
from dealwright.signing.ceremonies.meaning import MEANINGS, meaning_of
from dealwright.signing.ceremonies.steps import Step, Visit, open_ceremony
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.envelopes.services import unlock_recipient
from dealwright.signing.identity import limits
from dealwright.signing.identity.models import IdentityAttempt, OneTimeCode, SignerTotp
from dealwright.signing.identity.policy import save_signing_settings
from make import acting, make_user
from signing.make import a_visit, code_of, enter, identify, make_sent_envelope, recipient_of

pytestmark = pytest.mark.django_db
PHONE = "+49 151 23456789"


def asked(*methods: str, **fields: Any) -> Recipient:
    """Ada, who approves and shows who she is in these ways."""
    given = {"name": "Ada", "email": "ada@buyer.test", "role": "approver", **fields}
    part11 = given.pop("part11", False)
    envelope = make_sent_envelope(
        recipients=[NewRecipient(**given, identity_methods=list(methods))], part11=part11
    )
    return recipient_of(envelope, "Ada")


def agreed(recipient: Recipient, visit: Visit | None = None) -> Visit:
    visit = visit or a_visit()
    ceremonies.give_consent(enter(recipient, visit), current_consent().pk)
    return visit


def show(recipient: Recipient, visit: Visit, secret: str) -> None:
    confirm_identity(enter(recipient, visit), Shown(secret=secret))


def method(recipient: Recipient, visit: Visit) -> str:
    return str(identifying.describe_step(enter(recipient, visit))["method"])


class TestWays:
    def test_the_link_alone_opens_the_document(self) -> None:
        ada = asked()
        assert enter(ada, agreed(ada)).step == Step.DOCUMENT

    def test_ways_are_asked_in_their_order(self) -> None:
        ada = asked("access_code", "email_otp", access_code="blue horse 7")
        visit = agreed(ada)
        assert method(ada, visit) == "access_code"
        show(ada, visit, "BLUE HORSE 7")
        assert method(ada, visit) == "email_otp"
        identifying.request_code(enter(ada, visit))
        show(ada, visit, code_of(ada))
        assert enter(ada, visit).step == Step.DOCUMENT
        assert enter(ada, a_visit()).step == Step.CODE

    def test_five_wrong_access_codes_lock_until_the_sender_unlocks(self) -> None:
        ada = asked("access_code", access_code="blue horse 7")
        visit = agreed(ada)
        for _ in range(4):
            with pytest.raises(Invalid, match="not the access code"):
                show(ada, visit, "red horse 7")
        with pytest.raises(Conflict) as error:
            show(ada, visit, "red horse 7")
        assert error.value.code == "recipient_locked"
        with pytest.raises(Conflict):
            show(ada, visit, "blue horse 7")
        unlock_recipient(acting(ada.envelope.owner), ada.envelope_id, ada.pk)
        show(ada, visit, "blue horse 7")
        assert enter(ada, visit).step == Step.DOCUMENT

    def test_an_access_code_is_kept_as_a_keyed_hash(self) -> None:
        ada = asked("access_code", access_code="blue horse 7")
        step = ada.identity_steps.get(method="access_code")
        assert len(step.secret_hash) == 64
        with connection.cursor() as cursor:
            cursor.execute("select string_agg(after::text, ' ') from base_auditevent")
            told = str(cursor.fetchone()[0])
        assert "blue" not in told
        assert step.secret_hash not in told

    def test_the_password_of_the_account_is_asked(self) -> None:
        user = make_user(email="ada@buyer.test")
        user.set_password("a long enough password")
        user.save()
        ada = asked("account")
        visit = agreed(ada)
        with pytest.raises(Invalid, match="not the password"):
            show(ada, visit, "another password")
        show(ada, visit, "a long enough password")
        assert enter(ada, visit).step == Step.DOCUMENT

    def test_no_account_and_a_wrong_password_are_answered_alike(self) -> None:
        make_user(email="grace@buyer.test")
        said = set()
        for email in ("grace@buyer.test", "nobody@buyer.test"):
            ada = asked("account", email=email)
            with pytest.raises(Invalid) as error:
                show(ada, agreed(ada), "a guess")
            said.add(error.value.message)
        assert len(said) == 1

    def test_a_password_cannot_be_guessed_over_many_envelopes(self) -> None:
        user = make_user(email="ada@buyer.test")
        user.set_password("a long enough password")
        user.save()
        for _ in range(limits.PASSWORD_TRIES.most):
            limits.count_one(limits.PASSWORD_TRIES, "ada@buyer.test")
        ada = asked("account")
        with pytest.raises(Conflict) as error:
            show(ada, agreed(ada), "a long enough password")
        assert error.value.code == "too_many_tries"

    def test_an_app_is_set_up_after_a_code_by_mail_and_serves_the_next_envelope(self) -> None:
        ada = asked("totp")
        visit = agreed(ada)
        assert method(ada, visit) == "email_otp"
        identifying.request_code(enter(ada, visit))
        show(ada, visit, code_of(ada))
        secret = identifying.describe_step(enter(ada, visit))["secret"].replace(" ", "")
        code = pyotp.TOTP(secret).now()
        show(ada, visit, code)
        assert enter(ada, visit).step == Step.DOCUMENT
        assert secret not in SignerTotp.objects.get().secret
        later = asked("totp")
        again = agreed(later)
        assert method(later, again) == "totp"
        with pytest.raises(Invalid, match="not the code"):
            show(later, again, code)  # each code works once
        show(later, again, pyotp.TOTP(secret).at(timezone.now() + timedelta(seconds=30)))
        assert enter(later, again).step == Step.DOCUMENT

    def test_wrong_ways_are_refused_when_drafted(self) -> None:
        for fields, told in (
            ({"identity_methods": ["access_code"], "access_code": "123"}, "6 to 64"),
            ({"identity_methods": ["sms_otp"], "phone": "12"}, "not a phone number"),
            ({"identity_methods": ["sms_otp"], "phone": "+7 912 3456789"}, "No SMS is sent to RU"),
            ({"identity_methods": ["idp"], "provider": "none"}, "identity providers"),
            ({"identity_methods": ["email_otp", "email_otp"]}, "once"),
        ):
            with pytest.raises(Invalid, match=told):
                make_sent_envelope(
                    recipients=[NewRecipient(name="Ada", email="ada@x.test", **fields)]
                )


class TestSms:
    def test_a_code_comes_by_sms(self) -> None:
        ada = asked("sms_otp", phone=PHONE)
        visit = agreed(ada)
        identifying.request_code(enter(ada, visit))
        message = OutboundMessage.objects.get(channel="sms")
        assert (message.to, message.is_sensitive) == ("+4915123456789", True)
        show(ada, visit, message.text[:6])
        assert enter(ada, visit).step == Step.DOCUMENT

    def test_the_budget_of_the_company_holds(self) -> None:
        administrator = acting(make_user(profile="administrator"))
        save_signing_settings(
            administrator, countries="DE", sms_per_day="1", part11=False, consent_code=False
        )
        first, second = (
            asked("sms_otp", phone=PHONE),
            asked("sms_otp", phone="+49 151 23456780", email="eve@buyer.test"),
        )
        identifying.request_code(enter(first, agreed(first)))
        with pytest.raises(Conflict) as error:
            identifying.request_code(enter(second, agreed(second)))
        assert error.value.code == "sms_budget"

    def test_a_country_that_was_struck_off_gets_no_more(self) -> None:
        ada = asked("sms_otp", phone=PHONE)
        administrator = acting(make_user(profile="administrator"))
        save_signing_settings(
            administrator, countries="US", sms_per_day="9", part11=False, consent_code=False
        )
        with pytest.raises(Conflict, match="No SMS is sent to DE"):
            identifying.request_code(enter(ada, agreed(ada)))


class TestLimits:
    def test_links_cannot_be_guessed_without_end(self) -> None:
        ada = asked()
        for _ in range(limits.LINK_GUESSES.most):
            with pytest.raises(NotFound):
                open_ceremony("x" * 43, a_visit(ip="203.0.113.9"))
        with pytest.raises(Conflict) as error:
            enter(ada, a_visit(ip="203.0.113.9"))
        assert error.value.code == "too_many_tries"
        assert enter(ada, a_visit(ip="203.0.113.10")).step == Step.CONSENT

    def test_wrong_codes_from_one_network_end_over_all_envelopes(self) -> None:
        for _ in range(limits.WRONG_TRIES.most):
            limits.count_one(limits.WRONG_TRIES, "203.0.113.7")
        ada = asked("access_code", access_code="blue horse 7")
        with pytest.raises(Conflict) as error:
            show(ada, agreed(ada), "blue horse 7")
        assert error.value.code == "too_many_tries"

    def test_codes_asked_for_from_one_network_end(self) -> None:
        for _ in range(limits.SENT_CODES.most):
            limits.count_one(limits.SENT_CODES, "203.0.113.7")
        ada = asked("email_otp")
        with pytest.raises(Conflict) as error:
            identifying.request_code(enter(ada, agreed(ada)))
        assert error.value.code == "too_many_tries"
        assert not OneTimeCode.objects.exists()

    def test_a_code_of_one_browser_is_none_of_another(self) -> None:
        ada = asked("email_otp")
        first, second = agreed(ada), a_visit()
        identifying.request_code(enter(ada, first))
        with pytest.raises(Invalid, match="expired"):
            show(ada, second, code_of(ada))
        show(ada, first, code_of(ada))
        assert enter(ada, second).step == Step.CODE

    def test_brute_force_ends_after_fifteen_tries(self) -> None:
        ada = asked("email_otp")
        visit = agreed(ada)
        tries = 0
        for _ in range(3):
            identifying.request_code(enter(ada, visit))
            wrong = f"{(int(code_of(ada)) + 1) % 1_000_000:06d}"
            for _ in range(5):
                tries += 1
                with pytest.raises((Invalid, Conflict)):
                    show(ada, visit, wrong)
        assert (tries, enter(ada, visit).step) == (15, Step.LOCKED)

    def test_old_tries_are_forgotten(self) -> None:
        limits.count_one(limits.WRONG_TRIES, "203.0.113.7")
        IdentityAttempt.objects.update(at=timezone.now() - timedelta(days=3))
        limits.count_one(limits.WRONG_TRIES, "203.0.113.7")
        assert limits.forget_old_attempts() == 1
        assert IdentityAttempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tries_at_once_count_as_two() -> None:
    ada = asked("access_code", access_code="blue horse 7")
    visit = agreed(ada)
    token = enter(ada, visit)
    together = threading.Barrier(4)

    def guess() -> None:
        try:
            together.wait()
            with pytest.raises((Invalid, Conflict)):
                confirm_identity(token, Shown(secret="red horse 7"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert ada.identity_steps.get(method="access_code").attempts == 4


class TestPart11:
    def test_an_act_needs_a_meaning_the_address_and_a_fresh_code(self) -> None:
        ada = asked("email_otp", part11=True)
        visit = a_visit()
        identify(ada, visit)
        approve = meaning_of("approval", "")
        with pytest.raises(Invalid, match="means"):
            ceremonies.sign(enter(ada, visit))
        identifying.request_code(enter(ada, visit), act=True)
        code = code_of(ada)
        with pytest.raises(Invalid, match="e-mail address"):
            shown = Shown(secret=code, identifier="eve@x.test")
            ceremonies.sign(enter(ada, visit), shown=shown, meaning=approve)
        with pytest.raises(Invalid, match="not the code"):
            shown = Shown(secret="000000" if code != "000000" else "1", identifier=ada.email)
            ceremonies.sign(enter(ada, visit), shown=shown, meaning=approve)
        shown = Shown(secret=code, identifier="Ada@buyer.test")
        ceremonies.sign(enter(ada, visit), shown=shown, meaning=approve)
        ada.refresh_from_db()
        assert ada.meaning == MEANINGS["approval"]
        entry = EvidenceEntry.objects.get(chain_id=ada.envelope.chain, kind="recipient.approved")
        assert entry.payload["meaning"] == MEANINGS["approval"]
        assert entry.payload["act"]["method"] == "email_otp"

    def test_a_code_that_opened_the_documents_does_not_sign_them(self) -> None:
        ada = asked("email_otp", part11=True)
        visit = a_visit()
        identify(ada, visit)
        with pytest.raises(Invalid, match="expired"):
            shown = Shown(secret=code_of(ada), identifier=ada.email)
            ceremonies.sign(enter(ada, visit), shown=shown, meaning="Approved")

    def test_the_link_alone_is_refused(self) -> None:
        with pytest.raises(Invalid, match="Part 11"):
            asked(part11=True)

    def test_own_words_are_kept(self) -> None:
        assert meaning_of("other", "  Witnessed  by me ") == "Witnessed by me"
        for choice, text in (("other", " "), ("praise", "")):
            with pytest.raises(Invalid):
                meaning_of(choice, text)


def test_evidence_names_no_secret() -> None:
    ada = asked("access_code", access_code="blue horse 7")
    visit = agreed(ada)
    with pytest.raises(Invalid):
        show(ada, visit, "red horse 7")
    show(ada, visit, "blue horse 7")
    chain = EvidenceEntry.objects.filter(chain_id=ada.envelope.chain)
    told = json.dumps([each.payload for each in chain])
    assert "horse" not in told
