"""The public pages: what a browser, a mail scanner, and hostile hands get."""

from __future__ import annotations

import hashlib
import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.ceremonies.identifying import masked
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import NewField, NewRecipient
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.services import remind_recipients, void_envelope
from make import acting, make_user
from signing.make import SQUIGGLE, code_of, make_sent_envelope, recipient_of, sign_all, token_of

pytestmark = pytest.mark.django_db

JSON = {"content_type": "application/json", "headers": {"Accept": "application/json"}}


@pytest.fixture
def ada() -> Recipient:
    return recipient_of(
        make_sent_envelope(
            recipients=[NewRecipient(name="Ada Lovelace", email="ada@buyer.test")],
            fields=[
                NewField(recipient=1, kind="signature", box=Box(0.1, 0.7, 0.3, 0.06)),
                NewField(recipient=1, kind="text", label="Job title", box=Box(0.1, 0.5, 0.3, 0.03)),
                NewField(
                    recipient=1, kind="checkbox", box=Box(0.1, 0.6, 0.02, 0.02), required=False
                ),
            ],
        ),
        "Ada",
    )


def address(recipient: Recipient) -> str:
    return f"/sign/{token_of(recipient)}"


def walk_to_document(client: Client, recipient: Recipient) -> str:
    """Consent and confirm the code in this browser; returns the address."""
    link = address(recipient)
    page = client.get(link).content.decode()
    consent = re.search(r'name="consent" value="([^"]+)"', page)
    assert consent
    client.post(f"{link}/consent", {"consent": consent[1], "agree": "on"})
    client.post(f"{link}/confirm", {"code": code_of(recipient)})
    return link


class TestTheWay:
    def test_a_person_signs_with_plain_forms_alone(self, client: Client, ada: Recipient) -> None:
        """Without any script: link, consent, code, typed signature, values, sign."""
        link = walk_to_document(client, ada)
        signature = ada.fields.get(kind="signature")
        text = ada.fields.get(kind="text")
        page = client.get(link).content.decode()
        assert "Job title" in page
        assert "The order." in page  # the text of the page, for screen readers
        client.post(
            f"{link}/adopt?kind=signature&field={signature.pk}",
            {"text": "Ada Lovelace", "font": "formal"},
        )
        client.post(f"{link}/fields/{text.pk}", {"value": "Chief of staff"})
        review = client.get(f"{link}/review").content.decode()
        assert "Chief of staff" in review
        assert client.post(f"{link}/sign", {"agree": "on"}).status_code == 303
        assert "You have signed" in client.get(link).content.decode()
        ada.refresh_from_db()
        assert ada.status == "signed"

    def test_a_script_gets_answers_in_json(self, client: Client, ada: Recipient) -> None:
        link = walk_to_document(client, ada)
        field = ada.fields.get(kind="signature")
        answer = client.post(f"{link}/adopt", {"kind": "signature", "strokes": SQUIGGLE}, **JSON)
        assert answer.json()["ink"].startswith("<svg")
        answer = client.post(f"{link}/fields/{field.pk}", {"value": "on"}, **JSON)
        assert answer.json() == {"filled": True, "value": "on", "states": {}}

    def test_after_the_seal_the_page_offers_the_documents(
        self, client: Client, ada: Recipient
    ) -> None:
        sign_all(ada, values={str(ada.fields.get(kind="text").pk): "CEO"})
        run_jobs()
        link = address(ada)
        page = client.get(link).content.decode()
        assert "Everyone has signed" in page
        document = ada.envelope.documents.get()
        answer = client.get(f"{link}/files/{document.pk}")
        assert answer.content.startswith(b"%PDF")
        assert "Order%20%28signed%29.pdf" in answer["Content-Disposition"] or (
            "Order (signed).pdf" in answer["Content-Disposition"]
        )
        assert EvidenceEntry.objects.filter(kind="document.downloaded").count() == 1


class TestScanners:
    @pytest.mark.slow
    def test_a_get_never_counts_as_viewed(self, client: Client, ada: Recipient) -> None:
        for _ in range(3):
            client.get(address(ada), headers={"User-Agent": "MailScanner"})
            client.head(address(ada))
        ada.refresh_from_db()
        assert ada.opened_at is None
        client.post(f"{address(ada)}/opened", {}, **JSON)
        ada.refresh_from_db()
        assert ada.opened_at is not None

    @pytest.mark.parametrize("act", ["consent", "code", "confirm", "sign", "opened"])
    def test_acts_take_no_get(self, client: Client, ada: Recipient, act: str) -> None:
        assert client.get(f"{address(ada)}/{act}").status_code == 405

    def test_no_code_is_sent_by_a_get(self, client: Client, ada: Recipient) -> None:
        client.get(address(ada))
        assert not OutboundMessage.objects.filter(purpose="signing.code").exists()


class TestRefusals:
    def test_without_the_tick_nothing_is_agreed(self, client: Client, ada: Recipient) -> None:
        answer = client.post(f"{address(ada)}/consent", {"consent": "x"})
        assert answer.status_code == 422
        assert "Tick the box" in answer.content.decode()
        ada.refresh_from_db()
        assert ada.consented_at is None

    def test_a_wrong_code_is_answered_on_the_page(self, client: Client, ada: Recipient) -> None:
        link = address(ada)
        page = client.get(link).content.decode()
        consent = re.search(r'name="consent" value="([^"]+)"', page)
        assert consent
        client.post(f"{link}/consent", {"consent": consent[1], "agree": "on"})
        answer = client.post(f"{link}/confirm", {"code": "x"})
        assert answer.status_code == 422
        assert "4 more tries" in answer.content.decode()

    def test_a_replaced_link_tells_of_a_newer_one_and_nothing_else(
        self, client: Client, ada: Recipient
    ) -> None:
        old = address(ada)
        remind_recipients(acting(ada.envelope.owner), ada.envelope_id)
        page = client.get(old)
        assert page.status_code == 410
        text = page.content.decode()
        assert "There is a newer link" in text
        for secret in (ada.envelope.title, ada.name, ada.email, ada.envelope.owner.name):
            assert secret not in text
        for act in ("opened", "sign", "send-code"):
            assert client.post(f"{old}/{act}").status_code in (404, 410)
        told = client.post(f"{old}/adopt", headers={"Accept": "application/json"})
        assert told.status_code == 404
        assert ada.envelope.title not in told.content.decode()
        assert client.get("/sign/" + "a" * 43).status_code == 404
        assert client.get(address(Recipient.objects.get(pk=ada.pk))).status_code == 200

    def test_where_the_code_was_confirmed_a_replaced_link_serves_on(
        self, client: Client, ada: Recipient
    ) -> None:
        walk_to_document(client, ada)
        old = address(ada)
        remind_recipients(acting(ada.envelope.owner), ada.envelope_id)
        assert "data-page" in client.get(old).content.decode()
        assert Client().get(old).status_code == 410

    def test_the_replaced_link_of_a_deleted_envelope_was_never_there(
        self, client: Client, ada: Recipient
    ) -> None:
        old = address(ada)
        remind_recipients(acting(ada.envelope.owner), ada.envelope_id)
        Envelope.objects.filter(pk=ada.envelope_id).update(deleted_at=timezone.now())
        assert client.get(old).status_code == 404

    def test_documents_are_shown_after_the_code_alone(self, client: Client, ada: Recipient) -> None:
        document = ada.envelope.documents.get()
        link = address(ada)
        picture, file = f"{link}/pages/{document.pk}/1.png", f"{link}/files/{document.pk}"
        content = f"{link}/pages/{document.pk}.pdf"
        for door in (picture, file, content):
            assert client.get(door).status_code == 404
        walk_to_document(client, ada)
        assert client.get(picture).content.startswith(b"\x89PNG")
        assert client.get(f"{link}/pages/{document.pk}/9.png").status_code == 404
        assert client.get(file).content.startswith(b"%PDF")
        # The same link in another browser shows nothing.
        for door in (picture, file, content):
            assert Client().get(door).status_code == 404

    def test_the_page_reads_the_document_in_parts(self, client: Client, ada: Recipient) -> None:
        document = ada.envelope.documents.get()
        content = f"{walk_to_document(client, ada)}/pages/{document.pk}.pdf"
        part = client.get(content, headers={"Range": "bytes=0-4"})
        assert (part.status_code, part.getvalue()) == (206, b"%PDF-")
        assert part["Content-Range"] == f"bytes 0-4/{document.prepared.size}"
        assert part["Cache-Control"] == "no-store"
        whole = client.get(content)
        assert hashlib.sha256(whole.getvalue()).hexdigest() == document.prepared_sha256
        beyond = client.get(content, headers={"Range": f"bytes={document.prepared.size}-"})
        assert beyond.status_code == 416
        # What the page reads to show itself is no download.
        assert not EvidenceEntry.objects.filter(kind="document.downloaded").exists()

    def test_another_envelope_s_document_is_not_there(self, client: Client, ada: Recipient) -> None:
        link = walk_to_document(client, ada)
        foreign = make_sent_envelope().documents.get()
        assert client.get(f"{link}/pages/{foreign.pk}/1.png").status_code == 404
        assert client.get(f"{link}/pages/{foreign.pk}.pdf").status_code == 404
        assert client.get(f"{link}/files/{foreign.pk}").status_code == 404

    @pytest.mark.parametrize("body", ["", "[]", "{", '"x"', "null"])
    def test_what_is_no_json_is_refused(self, client: Client, ada: Recipient, body: str) -> None:
        link = walk_to_document(client, ada)
        field = ada.fields.get(kind="text")
        for path in (f"{link}/adopt", f"{link}/fields/{field.pk}"):
            assert client.post(path, body, **JSON).status_code == 422

    @pytest.mark.parametrize(
        "strokes", [{}, [], "x", {"ratio": "a", "strokes": []}, {"ratio": 1e400, "strokes": [[1]]}]
    )
    def test_bad_strokes_are_refused(self, client: Client, ada: Recipient, strokes: object) -> None:
        link = walk_to_document(client, ada)
        body = json.dumps({"kind": "signature", "strokes": strokes})
        assert client.post(f"{link}/adopt", body, **JSON).status_code == 422

    def test_a_nul_is_refused(self, client: Client, ada: Recipient) -> None:
        link = walk_to_document(client, ada)
        field = ada.fields.get(kind="text")
        body = json.dumps({"value": "a\x00b"})
        assert client.post(f"{link}/fields/{field.pk}", body, **JSON).status_code == 422
        assert client.post(f"{link}/decline", {"reason": "a\x00b"}).status_code == 422

    def test_a_form_of_another_site_is_refused(self, ada: Recipient) -> None:
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(f"{address(ada)}/decline", {"reason": "x"}).status_code == 403

    def test_a_voided_envelope_says_so(self, client: Client) -> None:
        sender = acting(make_user())
        envelope = make_sent_envelope(sender)
        link = address(recipient_of(envelope, "Ada"))
        void_envelope(sender, envelope.pk, reason="Wrong price")
        page = client.get(link)
        assert "Wrong price" in page.content.decode()
        assert client.post(f"{link}/decline", {"reason": "x"}).status_code == 303

    def test_nothing_is_kept_by_caches_or_told_to_other_sites(
        self, client: Client, ada: Recipient
    ) -> None:
        page = client.get(address(ada))
        assert "no-store" in page["Cache-Control"] or "no-cache" in page["Cache-Control"]
        assert page["Referrer-Policy"] == "same-origin"
        assert "noindex" in page["X-Robots-Tag"]
        assert "style=" not in page.content.decode()


def test_an_address_is_masked() -> None:
    assert masked("ada@buyer.test") == "a•••@buyer.test"


def test_the_sender_s_address_behind_a_proxy(client: Client, ada: Recipient) -> None:
    from dealwright.signing.evidence.models import EvidenceDetail

    client.post(
        f"{address(ada)}/opened",
        {},
        headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"},
        content_type="application/json",
    )
    assert EvidenceDetail.objects.get(kind="recipient.viewed").details["ip"] == "203.0.113.9"
