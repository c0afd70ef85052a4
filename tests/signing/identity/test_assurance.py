"""An identity provider that checks documents, faces and answers to questions."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from base.people.identity_provider import Provider, identity_provider
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.people.identity import add_provider, providers, remove_provider
from dealwright.base.people.tokens import create_token
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.using import Filling, use_template
from dealwright.signing.consent.services import current_consent
from dealwright.signing.documents.reading import all_text
from dealwright.signing.envelopes.asking import change_identity
from dealwright.signing.envelopes.certificate import certificate_of_completion, evidence_rows
from dealwright.signing.envelopes.drafts import NewRecipient
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.identity.assured import assured_of, sentence_of
from dealwright.signing.identity.choices import IdentityChoice
from dealwright.signing.identity.models import ProviderChecks
from dealwright.signing.identity.person_names import is_same_person
from dealwright.signing.identity.provider_checks import save_provider_checks
from dealwright.signing.retention.purging import erase_recipient
from make import acting, make_administrator, make_user
from signing.make import make_pdf, make_sent_envelope, recipient_of, token_of

pytestmark = pytest.mark.django_db
ADDRESS = "ada@buyer.test"
ALL = ("document_face", "document", "questions")


@pytest.fixture(autouse=True)
def _limits_anew() -> None:
    cache.clear()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with identity_provider() as running:
        running.email = "somebody@wallet.test"
        made = add_provider(
            acting(make_administrator()),
            name="Ident",
            issuer=running.url,
            client_id="dealwright",
            secret="the client's secret",
        )
        set_up(made.pk)
        yield running


def set_up(pk: int, **given: Any) -> ProviderChecks:
    values = {"offers": ALL, "trust_framework": "", "acr_values": "", "most_days": "30", **given}
    return save_provider_checks(acting(make_administrator()), pk, **values)


def only_provider() -> int:
    return int(providers()[0].pk)


def checked(
    kind: str = "document", methods: tuple[str, ...] = ("vri", "bvr"), **given: Any
) -> dict[str, Any]:
    """Verified claims as the specification writes them, of Ada, an hour ago."""
    verification = {
        "trust_framework": "eidas",
        "assurance_level": "substantial",
        "time": (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%MZ"),
        "verification_process": "process-7",
        "evidence": [
            {
                "type": kind,
                "check_details": [
                    {"check_method": each, "organization": "Ident GmbH", "check_id": f"{each}-42"}
                    for each in methods
                ],
                "document_details": {"type": "passport", "document_number": "C01X00T47"},
            }
        ],
        **given,
    }
    names = {"given_name": "Ada Augusta", "family_name": "Lovelace", "birthdate": "1815-12-10"}
    return {"verification": verification, "claims": names}


def named(given_name: str, family_name: str) -> dict[str, Any]:
    answer = checked()
    answer["claims"] |= {"given_name": given_name, "family_name": family_name}
    return answer


def without(answer: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """The answer without one of its members."""
    changed = copy.deepcopy(answer)
    at: Any = changed
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return changed


def asked(assurance: str = "document_face", **given: Any) -> Recipient:
    ada = NewRecipient(
        name=given.pop("name", "Ada Lovelace"),
        email=ADDRESS,
        role="approver",
        identity_methods=["idp"],
        provider="ident",
        assurance=assurance,
        **given,
    )
    return make_sent_envelope(recipients=[ada]).recipients.get()


def begin(recipient: Recipient) -> tuple[Client, str]:
    client, address = Client(), f"/sign/{token_of(recipient)}"
    client.post(f"{address}/consent", {"agree": "on", "consent": current_consent().pk})
    return client, address


def there(client: Client, address: str) -> str:
    """Go to the provider; where it sends one back to."""
    leave = client.post(f"{address}/provider")
    assert leave.status_code == 302, leave.content.decode()
    back = urlsplit(httpx.get(leave.headers["Location"]).headers["Location"])
    return f"{back.path}?{back.query}"


def come_through(recipient: Recipient) -> tuple[Client, Any]:
    client, address = begin(recipient)
    return client, client.get(there(client, address))


def proof_of(recipient: Recipient) -> EvidenceEntry:
    return EvidenceEntry.objects.get(
        chain_id=recipient.envelope.chain, kind="recipient.authenticated"
    )


def refused(recipient: Recipient, told: str, *, left: str = "You have 4 more tries.") -> None:
    _client, answer = come_through(recipient)
    page = answer.content.decode()
    assert told in page, page
    assert left in page
    recipient.refresh_from_db()
    assert recipient.verified_at is None


class TestDocumentAndFace:
    def test_who_was_checked_sees_the_documents(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        client, answer = come_through(recipient)
        assert answer.headers["Location"] == f"/sign/{token_of(recipient)}"
        assert b"data-page" in client.get(answer.headers["Location"]).content
        payload = proof_of(recipient).payload
        assert payload["assurance"] == "document_face"
        assert payload["check_methods"] == ["bvr", "vri"]
        assert (payload["evidence"], payload["trust_framework"]) == ("document", "eidas")
        assert (payload["organization"], payload["assurance_level"]) == (
            "Ident GmbH",
            "substantial",
        )
        assert (payload["same_name"], payload["same_email"]) == (True, False)

    def test_only_what_is_needed_is_asked_for(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        come_through(asked())
        sent = provider.asked[-1]
        assert set(sent["scope"].split()) == {"openid", "email"}
        assert sent["nonce"]
        claims = json.loads(sent["claims"])
        assert claims["id_token"] == claims["userinfo"]
        verified = claims["id_token"]["verified_claims"]
        assert set(verified["claims"]) == {"given_name", "family_name"}
        assert all(each["essential"] for each in verified["claims"].values())
        assert verified["verification"]["time"] == {"essential": True, "max_age": 2_592_000}
        evidence = verified["verification"]["evidence"][0]
        assert evidence["type"] == {"value": "document"}
        assert [each["check_method"]["values"][-1] for each in evidence["check_details"]] == [
            "vcrypt",
            "bvr",
        ]
        assert "document_details" not in evidence

    def test_no_number_and_no_birthday_is_kept(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        come_through(recipient)
        entry = proof_of(recipient)
        detail = EvidenceDetail.objects.get(envelope=recipient.envelope, seq=entry.seq)
        told = json.dumps([entry.payload, detail.details])
        assert "C01X00T47" not in told
        assert "1815" not in told
        assert "Lovelace" not in json.dumps(entry.payload)
        assert detail.details["verified_name"] == "Ada Augusta Lovelace"
        assert detail.details["check_id"] == "vri-42"

    def test_what_names_a_person_is_erased_with_them(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        come_through(recipient)
        envelope = recipient.envelope
        assert "verified name Ada" in sentence_of(assured_of(envelope)[str(recipient.pk)])
        administrator = acting(make_administrator())
        envelope.voided_at = timezone.now()
        envelope.save(update_fields=["voided_at"])
        erase_recipient(administrator, envelope.pk, recipient.pk, reason="Asked for by letter")
        told = sentence_of(assured_of(envelope)[str(recipient.pk)])
        assert "verified name" not in told
        assert "vri-42" not in told
        assert told.startswith("ID document and face (")

    def test_the_user_info_may_say_it(self, provider: Provider) -> None:
        provider.more_userinfo = {"verified_claims": [{"verification": 1}, checked()]}
        recipient = asked()
        come_through(recipient)
        assert proof_of(recipient).payload["assurance"] == "document_face"

    def test_shown_in_the_log_and_on_the_certificate(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        come_through(recipient)
        texts = [each["text"] for each in evidence_rows(recipient.envelope)]
        assert "Ada Lovelace showed who they are (ID document and face)" in texts
        told = sentence_of(assured_of(recipient.envelope)[str(recipient.pk)])
        assert "face compared by a machine over video or pictures" in told
        assert "checked by Ident GmbH on " in told
        assert "rules eidas; level substantial; check vri-42" in told
        assert told.endswith("verified name Ada Augusta Lovelace")
        pdf = certificate_of_completion(recipient.envelope, at=timezone.now())
        text = " ".join(" ".join(all_text(pdf)).split())
        assert "Identity checked" in text
        assert "verified name Ada Augusta Lovelace" in text

    def test_the_senders_page_and_the_api_show_it(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        come_through(recipient)
        client = Client()
        client.force_login(recipient.envelope.owner)
        page = client.get(f"/envelopes/{recipient.envelope_id}").content.decode()
        assert "ID document and face, checked by Ident GmbH on" in page
        token = create_token(
            acting(recipient.envelope.owner), name="Portal", scopes=["signing:read"]
        )
        answer = client.get(
            f"/api/v1/envelopes/{recipient.envelope_id}/progress",
            headers={"Authorization": f"Bearer {token.secret}"},
        )
        assert answer.json()["recipients"][0]["assurance"] == "document_face"


class TestOtherChecks:
    def test_a_document_alone(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked(methods=("vpip",))}
        recipient = asked("document")
        come_through(recipient)
        assert proof_of(recipient).payload["check_methods"] == ["vpip"]

    def test_questions(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked("electronic_record", ("kbv", "data"))}
        recipient = asked("questions")
        come_through(recipient)
        payload = proof_of(recipient).payload
        assert (payload["evidence"], payload["check_methods"]) == (
            "electronic_record",
            ["data", "kbv"],
        )

    def test_rules_and_strength_that_the_company_demands(self, provider: Provider) -> None:
        set_up(only_provider(), trust_framework="eidas", acr_values="loa3 loa4")
        provider.more = {"verified_claims": checked(), "acr": "loa4"}
        recipient = asked()
        come_through(recipient)
        assert proof_of(recipient).payload["trust_framework"] == "eidas"
        sent = provider.asked[-1]
        assert sent["acr_values"] == "loa3 loa4"
        framework = json.loads(sent["claims"])["id_token"]["verified_claims"]["verification"][
            "trust_framework"
        ]
        assert framework == {"essential": True, "value": "eidas"}


class TestBadAnswers:
    def test_nothing_was_checked(self, provider: Provider) -> None:
        refused(asked(), "not told us that it checked who you are")

    @pytest.mark.parametrize("answer", [None, 7, "yes", [], [None, 3], {}])
    def test_something_else_in_its_place(self, provider: Provider, answer: Any) -> None:
        provider.more = {"verified_claims": answer}
        recipient = asked()
        _client, back = come_through(recipient)
        assert "4 more tries" in back.content.decode()

    def test_other_evidence(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked("vouch")}
        refused(asked(), "has not made the check that was asked: ID document and face.")

    def test_another_check_method(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked(methods=("vri",))}
        refused(asked(), "in another way than was asked: ID document and face.")

    def test_a_face_without_a_genuine_document(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked(methods=("bvr",))}
        refused(asked(), "in another way than was asked")

    def test_face_and_document_of_two_pieces_of_evidence(self, provider: Provider) -> None:
        answer = checked(methods=("vri",))
        other = checked(methods=("bvr",))["verification"]["evidence"]
        answer["verification"]["evidence"] += other
        provider.more = {"verified_claims": answer}
        refused(asked(), "in another way than was asked")

    def test_questions_in_place_of_a_document(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked("electronic_record", ("kbv",))}
        refused(asked("document"), "has not made the check that was asked: ID document.")

    def test_too_old(self, provider: Provider) -> None:
        old = (timezone.now() - timedelta(days=31)).isoformat()
        provider.more = {"verified_claims": checked(time=old)}
        refused(asked(), "too long ago. Have it check you anew there.")

    @pytest.mark.parametrize("time", ["yesterday", "2026-11-30", "2026-11-30T10:00:00", 5, None])
    def test_no_time_that_counts(self, provider: Provider, time: Any) -> None:
        provider.more = {"verified_claims": checked(time=time)}
        refused(asked(), "has not told us when it checked")

    def test_a_time_to_come(self, provider: Provider) -> None:
        ahead = (timezone.now() + timedelta(hours=1)).isoformat()
        provider.more = {"verified_claims": checked(time=ahead)}
        refused(asked(), "has not told us when it checked")

    def test_no_name(self, provider: Provider) -> None:
        answer = without(without(checked(), "claims", "given_name"), "claims", "family_name")
        provider.more = {"verified_claims": answer}
        refused(asked(), "not told us the name that it checked")

    def test_no_rules(self, provider: Provider) -> None:
        answer = without(checked(), "verification", "trust_framework")
        provider.more = {"verified_claims": answer}
        refused(asked(), "by other rules than were asked for")

    def test_other_rules(self, provider: Provider) -> None:
        set_up(only_provider(), trust_framework="de_aml")
        provider.more = {"verified_claims": checked()}
        refused(asked(), "by other rules than were asked for")

    def test_a_weaker_sign_in(self, provider: Provider) -> None:
        set_up(only_provider(), acr_values="loa4")
        provider.more = {"verified_claims": checked(), "acr": "loa1"}
        refused(asked(), "did not let you sign in as strongly")

    def test_a_sign_in_of_long_ago(self, provider: Provider) -> None:
        long_ago = int((timezone.now() - timedelta(minutes=20)).timestamp())
        provider.more = {"verified_claims": checked(), "auth_time": long_ago}
        refused(asked(), "signed in at the provider too long ago")

    def test_not_signed(self, provider: Provider) -> None:
        provider.more, provider.key = {"verified_claims": checked()}, None
        refused(asked(), "not signed as it must be")

    def test_signed_by_another_key(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        refused(asked(), "not signed as it must be")

    def test_made_for_another_program(self, provider: Provider) -> None:
        provider.more = {
            "verified_claims": checked(),
            "aud": ["dealwright", "another"],
            "azp": "another",
        }
        refused(asked(), "not signed as it must be")

    def test_an_answer_to_an_earlier_request(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked(), "nonce": "of another time"}
        refused(asked(), "not for this request")

    def test_user_info_about_somebody_else(self, provider: Provider) -> None:
        provider.more_userinfo = {"verified_claims": checked(), "sub": "another"}
        recipient = asked()
        _client, answer = come_through(recipient)
        assert "about two people" in answer.content.decode()

    def test_five_bad_answers_lock(self, provider: Provider) -> None:
        recipient = asked()
        client, address = begin(recipient)
        for _ in range(4):
            assert "more tr" in client.get(there(client, address)).content.decode()
        last = client.get(there(client, address))
        assert last.headers["Location"] == address
        recipient.refresh_from_db()
        assert recipient.locked_at is not None
        assert client.post(f"{address}/provider").headers["Location"] == address


class TestNames:
    def test_another_name_is_refused(self, provider: Provider) -> None:
        provider.more = {"verified_claims": named("Grace", "Hopper")}
        refused(asked(), "is not the one this was sent to")

    def test_another_name_is_shown_where_the_sender_wants_that(self, provider: Provider) -> None:
        provider.more = {"verified_claims": named("Grace", "Hopper")}
        recipient = asked(other_name="show")
        come_through(recipient)
        entry = proof_of(recipient)
        assert entry.payload["same_name"] is False
        detail = EvidenceDetail.objects.get(envelope=recipient.envelope, seq=entry.seq)
        assert detail.details["verified_name"] == "Grace Hopper"
        assert detail.details["recipient_name"] == "Ada Lovelace"
        told = sentence_of(assured_of(recipient.envelope)[str(recipient.pk)])
        assert told.endswith("verified name Grace Hopper, which differs from the name above")

    @pytest.mark.parametrize(
        ("name", "given", "family"),
        [
            ("Ada Lovelace", "Ada", "Lovelace"),
            ("LOVELACE, Ada", "Ada Augusta", "Lovelace"),
            ("Dr. Jürgen Müller-Lüdenscheidt", "JUERGEN", "MUELLER LUEDENSCHEIDT"),
            ("Jurgen Muller", "Jürgen", "Müller"),
            ("Zoë O’Brien", "Zoe", "O'Brien"),
            ("Søren Ærø", "Soren", "Aero"),
            ("Łukasz Żak", "Lukasz", "Zak"),
            ("Sukarno", "", "Sukarno"),
            ("山田 太郎", "太郎", "山田"),
        ],
    )
    def test_one_person(self, name: str, given: str, family: str) -> None:
        assert is_same_person(name, given=given, family=family)

    @pytest.mark.parametrize(
        ("name", "given", "family"),
        [
            ("Ada Lovelace", "Grace", "Lovelace"),
            ("Ada Lovelace", "Ada", "Hopper"),
            ("Lovelace", "Ada", "Lovelace"),
            ("Ada", "Ada", "Lovelace"),
            ("Ada Lovelace Hopper", "Ada", "Lovelace"),
            ("Ada Lovelace", "Ada", "Byron Lovelace"),
            ("", "Ada", "Lovelace"),
            ("Ada Lovelace", "", ""),
            ("…", "…", "…"),
        ],
    )
    def test_two_people(self, name: str, given: str, family: str) -> None:
        assert not is_same_person(name, given=given, family=family)


class TestTheWayThere:
    def test_who_gives_up_there_comes_back_and_is_told(self, provider: Provider) -> None:
        provider.error = "access_denied"
        recipient = asked()
        client, address = begin(recipient)
        back = client.get(there(client, address))
        assert back.headers["Location"] == f"{address}?proof=cancelled"
        page = client.get(back.headers["Location"])
        assert page.status_code == 422
        assert "You came back without confirming who you are." in page.content.decode()

    @pytest.mark.parametrize("error", ["server_error", "invalid_request"])
    def test_a_provider_that_cannot_finish(self, provider: Provider, error: str) -> None:
        provider.error = error
        client, address = begin(asked())
        back = client.get(there(client, address))
        assert back.headers["Location"] == f"{address}?proof=failed"

    def test_a_provider_that_breaks_down_behind(self, provider: Provider) -> None:
        provider.is_down = True
        recipient = asked()
        client, address = begin(recipient)
        assert client.get(there(client, address)).headers["Location"] == f"{address}?proof=failed"
        assert recipient.identity_steps.get().attempts == 0

    def test_a_provider_that_is_gone(self) -> None:
        with identity_provider() as running:
            add_provider(
                acting(make_administrator()),
                name="Ident",
                issuer=running.url,
                client_id="dealwright",
                secret="the client's secret",
            )
        set_up(only_provider())
        client, address = begin(asked())
        page = client.post(f"{address}/provider")
        assert page.status_code == 422
        assert "The identity provider does not answer." in page.content.decode()

    def test_another_state_leads_nowhere(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        client, address = begin(recipient)
        back = there(client, address)
        assert client.get(back.replace("state=", "state=x")).status_code == 401
        recipient.refresh_from_db()
        assert recipient.verified_at is None

    def test_the_same_return_twice_leads_nowhere(self, provider: Provider) -> None:
        recipient = asked()
        client, address = begin(recipient)
        back = there(client, address)
        assert "more tries" in client.get(back).content.decode()
        provider.more = {"verified_claims": checked()}
        assert client.get(back).status_code == 401
        recipient.refresh_from_db()
        assert recipient.verified_at is None

    def test_a_return_in_another_browser_leads_nowhere(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        recipient = asked()
        client, address = begin(recipient)
        back = there(client, address)
        assert Client().get(back).status_code == 401
        recipient.refresh_from_db()
        assert recipient.verified_at is None

    def test_a_check_no_longer_offered(self, provider: Provider) -> None:
        recipient = asked()
        set_up(only_provider(), offers=["questions"])
        client, address = begin(recipient)
        page = client.post(f"{address}/provider")
        assert "not set up for the check any more" in page.content.decode()

    def test_a_provider_that_was_removed(self, provider: Provider) -> None:
        recipient = asked()
        remove_provider(acting(make_administrator()), only_provider())
        client, address = begin(recipient)
        gone = client.post(f"{address}/provider")
        assert gone.status_code == 404
        assert "not set up any more. Ask the sender." in gone.content.decode()
        assert client.get(address).status_code == 200


class TestChoosing:
    def test_wrong_choices(self, provider: Provider) -> None:
        set_up(only_provider(), offers=["document"])
        for given, told in (
            ({"assurance": "document_face"}, "Ident is not set up for this check"),
            ({"assurance": "blood"}, "nothing that can be checked"),
            ({"assurance": "document", "other_name": "maybe"}, "refused or shown"),
            ({"assurance": "document", "provider": "none"}, "identity providers"),
            ({"assurance": "document", "identity_methods": ["email_otp"]}, "identity provider"),
        ):
            values: dict[str, Any] = {"identity_methods": ["idp"], "provider": "ident", **given}
            with pytest.raises(Invalid, match=told):
                make_sent_envelope(
                    recipients=[NewRecipient(name="Ada", email="ada@x.test", **values)]
                )

    def test_the_sender_asks_for_it_afterwards(self, provider: Provider) -> None:
        provider.more = {"verified_claims": checked()}
        envelope = make_sent_envelope(
            recipients=[NewRecipient(name="Ada Lovelace", email=ADDRESS, role="approver")]
        )
        ada = recipient_of(envelope, "Ada")
        owner = acting(envelope.owner)
        choice = IdentityChoice(methods=["idp"], provider="ident", assurance="document")
        change_identity(owner, envelope.pk, ada.pk, choice)
        with pytest.raises(Invalid, match="Nothing was changed"):
            change_identity(owner, envelope.pk, ada.pk, choice)
        change_identity(
            owner,
            envelope.pk,
            ada.pk,
            IdentityChoice(
                methods=["idp"], provider="ident", assurance="document", other_name="show"
            ),
        )
        come_through(ada)
        assert proof_of(ada).payload["assurance"] == "document"

    def test_in_the_form_of_a_new_envelope(self, provider: Provider) -> None:
        client = Client()
        client.force_login(make_user())
        page = client.get("/send-for-signature").content.decode()
        assert '<option value="document_face"' in page
        assert "Ident (ID document and face, ID document, Knowledge questions)" in page

    def test_on_the_page_of_one_recipient(self, provider: Provider) -> None:
        envelope = make_sent_envelope(
            recipients=[NewRecipient(name="Ada Lovelace", email=ADDRESS, role="approver")]
        )
        ada = recipient_of(envelope, "Ada")
        client = Client()
        client.force_login(envelope.owner)
        address = f"/envelopes/{envelope.pk}/identity/{ada.pk}"
        assert "ID document and face" in client.get(address).content.decode()
        given = {"identity": "document_face", "provider": "ident", "other_name": "show"}
        assert client.post(address, given).status_code == 303
        step = ada.identity_steps.get()
        assert (step.method, step.assurance, step.other_name) == ("idp", "document_face", "show")

    def test_by_the_api(self, provider: Provider) -> None:
        envelope = make_sent_envelope(
            recipients=[NewRecipient(name="Ada Lovelace", email=ADDRESS, role="approver")]
        )
        ada = recipient_of(envelope, "Ada")
        token = create_token(acting(envelope.owner), name="Portal", scopes=["signing:write"])

        def ask(**given: Any) -> int:
            return (
                Client()
                .post(
                    f"/api/v1/envelopes/{envelope.pk}/recipients/{ada.pk}/identity",
                    {"identity_methods": ["idp"], "provider": "ident", **given},
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {token.secret}"},
                )
                .status_code
            )

        assert ask(assurance="blood") == 422
        assert ask(assurance="document", other_name="maybe") == 422
        assert ask(assurance="document", other_name="show") == 200
        step = ada.identity_steps.get()
        assert (step.destination, step.assurance, step.other_name) == ("ident", "document", "show")

    def test_in_a_template(self, provider: Provider) -> None:
        client = Client()
        client.force_login(make_user())
        file = SimpleUploadedFile("Order.pdf", make_pdf("The order."), "application/pdf")
        made = client.post(
            "/signing-templates/new",
            {
                "name": "Order",
                "documents": file,
                "role_name": ["Customer"],
                "role": ["signer"],
                "role_order": ["1"],
                "role_identity": ["idp:ident:document"],
                "role_condition": [""],
                "role_group": [""],
                "person_name": [""],
                "person_email": [""],
                "title": "Order",
                "language": "en",
                "expires_days": "30",
            },
        )
        assert made.status_code == 303, made.content.decode()
        template = SigningTemplate.objects.get()
        assert template.roles[0]["identity_method"] == "idp"
        page = client.get(f"/signing-templates/{template.pk}/change").content.decode()
        assert '<option value="idp:ident:document" selected>ID document (Ident)' in page
        envelope = use_template(
            acting(template.owner),
            template.pk,
            Filling(people={1: ("Ada Lovelace", ADDRESS)}),
            send=True,
        )
        step = envelope.recipients.get().identity_steps.get()
        assert (step.destination, step.assurance) == ("ident", "document")


class TestSettings:
    def test_an_administrator_says_what_is_checked(self, provider: Provider) -> None:
        client = Client()
        client.force_login(make_administrator())
        address = f"/settings/signing/providers/{only_provider()}"
        assert "What Ident checks" in client.get(address).content.decode()
        given = {
            "offers": ["document", "questions"],
            "most_days": "90",
            "trust_framework": "eidas",
            "acr_values": " loa3  loa4 ",
        }
        assert client.post(address, given).status_code == 303
        row = ProviderChecks.objects.get()
        assert (row.offers, row.most_days) == (["document", "questions"], 90)
        assert (row.trust_framework, row.acr_values) == ("eidas", "loa3 loa4")
        page = client.get("/settings/signing").content.decode()
        assert "ID document, Knowledge questions" in page
        assert providers()[0].settings["signers_only"] is False
        client.post(address, {**given, "signers_only": "on"})
        assert providers()[0].settings["signers_only"] is True

    def test_wrong_values(self, provider: Provider) -> None:
        for given, place in (
            ({"offers": ["blood"]}, "offers"),
            ({"most_days": "0"}, "most_days"),
            ({"most_days": "ten"}, "most_days"),
            ({"trust_framework": "two words"}, "trust_framework"),
            ({"acr_values": "x" * 401}, "acr_values"),
        ):
            with pytest.raises(Invalid) as error:
                set_up(only_provider(), **given)
            assert list(error.value.fields) == [place]

    def test_nobody_else_may(self, provider: Provider) -> None:
        with pytest.raises(NotAllowed):
            save_provider_checks(
                acting(make_user()),
                only_provider(),
                offers=ALL,
                trust_framework="",
                acr_values="",
                most_days="1",
            )
        client = Client()
        client.force_login(make_user())
        assert client.get(f"/settings/signing/providers/{only_provider()}").status_code == 403
