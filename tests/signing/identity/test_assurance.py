"""An identity provider that checks documents, faces and answers to questions: what it answers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.utils import timezone

from base.people.identity_provider import Provider
from dealwright.base.people.tokens import create_token
from dealwright.signing.documents.reading import all_text
from dealwright.signing.envelopes.certificate import certificate_of_completion, evidence_rows
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.identity.assured import assured_of, sentence_of
from dealwright.signing.identity.person_names import is_same_person
from dealwright.signing.retention.purging import erase_recipient
from make import acting, make_administrator
from signing.identity.assuring import (
    asked,
    begin,
    checked,
    come_through,
    named,
    only_provider,
    proof_of,
    refused,
    set_up,
    there,
    without,
)
from signing.make import token_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("limits_anew")]


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
