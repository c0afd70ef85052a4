"""Versions of the consent text, agreeing anew, and wanting paper later."""

from __future__ import annotations

import pytest

from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.consent.demonstration import demonstration_code
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.consent.services import CONTENTS, current_consent, write_consent
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.identity.policy import save_signing_settings
from make import acting, make_user
from signing.make import a_visit, enter, identify, make_sent_envelope, recipient_of, sign_all

pytestmark = pytest.mark.django_db
BODY = "You agree to receive documents electronically and may have paper instead. " * 10


def write(actor: object = None, **fields: object) -> ConsentText:
    values = {
        "language": "en",
        "title": "Our text",
        "body": BODY,
        "covers": list(CONTENTS),
        "asks_again": True,
        **fields,
    }
    return write_consent(actor or acting(make_user(profile="administrator")), **values)  # type: ignore[arg-type]


def test_an_own_text_is_in_force_and_earlier_ones_stay() -> None:
    before = current_consent()
    made = write()
    assert current_consent().pk == made.pk
    assert made.version == before.version + 1
    assert ConsentText.objects.filter(pk=before.pk, sha256=before.sha256).exists()


def test_a_text_that_leaves_something_out_is_refused() -> None:
    with pytest.raises(Invalid, match="1 are not ticked"):
        write(covers=[each for each in CONTENTS if each != "withdrawal"])
    with pytest.raises(Invalid, match="characters"):
        write(body="Too short.")
    write()
    with pytest.raises(Conflict, match="in force already"):
        write()


def test_a_rep_may_not_write_it() -> None:
    with pytest.raises(NotAllowed):
        write(acting(make_user()))


@pytest.mark.parametrize("asks_again", [True, False])
def test_who_has_not_signed_agrees_again_where_it_is_asked(asks_again: bool) -> None:
    ada = recipient_of(make_sent_envelope(), "Ada")
    visit = a_visit()
    identify(ada, visit)
    assert enter(ada, visit).step == Step.DOCUMENT
    made = write(asks_again=asks_again)
    if not asks_again:
        assert enter(ada, visit).step == Step.DOCUMENT
        return
    assert enter(ada, visit).step == Step.CONSENT
    ceremonies.give_consent(enter(ada, visit), made.pk)
    assert enter(ada, visit).step == Step.DOCUMENT
    ada.refresh_from_db()
    assert ada.consent_id == made.pk


def test_paper_can_be_wanted_after_signing() -> None:
    envelope = make_sent_envelope()
    ada = recipient_of(envelope, "Ada")
    visit = a_visit()
    with pytest.raises(Conflict):
        ceremonies.withdraw_consent(enter(ada, visit))
    sign_all(ada)
    ceremonies.withdraw_consent(enter(ada, visit))
    ceremonies.withdraw_consent(enter(ada, visit))
    ada.refresh_from_db()
    assert ada.status == "signed"
    assert ada.consent_withdrawn_at is not None
    told = EvidenceEntry.objects.filter(chain_id=envelope.chain, kind="recipient.consent_withdrawn")
    assert [each.payload["after_signing"] for each in told] == [True]


def test_the_number_in_the_test_document_shows_access() -> None:
    administrator = acting(make_user(profile="administrator"))
    save_signing_settings(
        administrator, countries="DE", sms_per_day="1", part11=False, consent_code=True
    )
    envelope = make_sent_envelope(
        recipients=[NewRecipient(name="Ada", email="a@x.test", identity_methods=[])]
    )
    ada, visit = recipient_of(envelope, "Ada"), a_visit()
    code = demonstration_code(ada, visit.session_key)
    with pytest.raises(Invalid, match="not the number"):
        ceremonies.give_consent(
            enter(ada, visit), current_consent().pk, demonstration=f"{(int(code) + 1) % 10000:04d}"
        )
    ceremonies.give_consent(enter(ada, visit), current_consent().pk, demonstration=code)
    entry = EvidenceEntry.objects.get(chain_id=envelope.chain, kind="recipient.consented")
    assert entry.payload["demonstrated"] is True
