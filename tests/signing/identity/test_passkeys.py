"""Passkeys in Chromium with a virtual authenticator: made, used, cancelled, and refused."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from hashlib import sha256
from urllib.parse import parse_qs

import orjson
import pytest
import webauthn
from playwright.sync_api import CDPSession, Page, Request, expect

from browser import PHONE, Live
from dealwright.base.errors import Invalid
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.identifying import Shown, confirm_identity, describe_step
from dealwright.signing.ceremonies.steps import Step
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.identity.models import SignerPasskey
from signing.make import a_visit, code_of, enter, make_sent_envelope, recipient_of
from signing.visiting import consent

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def asked_for_passkey(email: str) -> Recipient:
    envelope = make_sent_envelope(
        recipients=[
            NewRecipient(name="Ada", email=email, role="approver", identity_methods=["webauthn"])
        ]
    )
    return recipient_of(envelope, "Ada")


def with_authenticator(page: Page) -> tuple[CDPSession, str]:
    """A fingerprint reader that says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(made["authenticatorId"])


def test_a_passkey_is_made_and_signs_exactly_these_documents(live: Live) -> None:
    ada = asked_for_passkey("ada@buyer.test")
    live.use(PHONE)
    session, authenticator = with_authenticator(live.page)
    answers: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and "credential" in (request.post_data or ""):
            answers.append(parse_qs(request.post_data or "")["credential"][0])

    page = consent(live, ada)
    live.page.on("request", note)
    page.get_by_label("Code").fill(code_of(ada))
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("heading", name="Make a passkey")).to_be_visible()
    live.ready()
    live.check_no_overflow()
    live.check_accessibility()
    live.shot("sign-passkey-390")
    session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False}
    )
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was confirmed")
    assert not SignerPasskey.objects.exists()
    session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True}
    )
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator("[data-page]").first).to_be_visible()
    page.get_by_role("banner").get_by_role("link", name="Continue").click()
    live.ready()
    page.get_by_role("checkbox", name="I have read the documents").check()
    page.get_by_role("button", name="I approve").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    # What is kept suffices to check the answer again, and it is for these documents.
    details = EvidenceDetail.objects.get(envelope=ada.envelope, kind="recipient.approved").details
    kept = details["passkey"]
    question = orjson.loads(kept["challenge_text"])
    assert question["documents"] == [ada.envelope.documents.get().prepared_sha256]
    assert question["intent"] == "I have read the documents and approve them."
    told = orjson.loads(urlsafe_b64decode(kept["answer"]["clientDataJSON"] + "=="))
    digest = sha256(kept["challenge_text"].encode()).digest()
    assert urlsafe_b64decode(told["challenge"] + "==") == digest
    checked = webauthn.verify_authentication_response(
        credential={
            "id": kept["credential_id"],
            "rawId": kept["credential_id"],
            "type": "public-key",
            "response": kept["answer"],
        },
        expected_challenge=digest,
        expected_rp_id="localhost" if "localhost" in live.url else "127.0.0.1",
        expected_origin=live.url,
        credential_public_key=webauthn.base64url_to_bytes(kept["public_key"]),
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    assert checked.user_verified

    # The same answer neither opens another envelope of hers nor one of somebody else.
    for email in ("ada@buyer.test", "eve@buyer.test"):
        other = asked_for_passkey(email)
        if email.startswith("eve"):
            SignerPasskey.objects.create(email=email, credential_id=b"eve", public_key=b"eve")
        visit = a_visit(origin=live.url)
        ceremonies.give_consent(enter(other, visit), current_consent().pk)
        assert describe_step(enter(other, visit))["method"] == "webauthn"
        with pytest.raises(Invalid, match="does not fit"):
            confirm_identity(enter(other, visit), Shown(credential=answers[-1]))
        assert enter(other, visit).step == Step.CODE
