"""Envelopes, templates and proofs, as a program reaches them by the tools."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from base.mcp.caller import Program
from dealwright.base.files import store_file
from dealwright.base.jobs.running import run_jobs
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.models import Profile
from dealwright.base.people.tokens import revoke_token
from dealwright.signing.envelopes.models import Envelope
from make import acting, make_user
from signing.make import make_envelope, make_pdf, make_sent_envelope, recipient_of, sign_all
from signing.templates.make import make_template

pytestmark = pytest.mark.django_db


@pytest.fixture
def rita() -> Program:
    return Program(make_user("Rita Rep"))


def document(**fields: Any) -> dict[str, Any]:
    pdf = base64.b64encode(make_pdf("We agree. {{sign:1}}")).decode()
    return {"name": "Order.pdf", "content": pdf, **fields}


def open_link(link: dict[str, Any], client: Client | None = None) -> Any:
    return (client or Client()).get(link["url"].removeprefix("http://localhost:8000"))


def test_an_envelope_is_made_of_base64_and_sent(rita: Program) -> None:
    ada = {"name": "Ada Lovelace", "email": "ada@buyer.test"}
    made = rita.call("create_envelope", title="Order", documents=[document()], recipients=[ada])
    assert made["status"] == "draft"
    assert not OutboundMessage.objects.exists()
    sent = rita.call("send_envelope", id=made["id"])
    assert sent["status"] == "sent"
    assert [each.to for each in OutboundMessage.objects.all()] == ["ada@buyer.test"]
    assert rita.refused("send_envelope", id=made["id"])["status"] == 409
    envelope = Envelope.objects.get(pk=made["id"])
    assert envelope.owner == rita.token.user


def test_a_document_that_is_here_already_is_taken(rita: Program) -> None:
    user = acting(rita.token.user)
    stored = store_file(user, name="Order.pdf", content=make_pdf("We agree. {{sign:1}}"))
    given = {"name": "Order.pdf", "file_id": str(stored.pk)}
    ada = {"name": "Ada", "email": "ada@buyer.test"}
    made = rita.call("create_envelope", title="Order", documents=[given], recipients=[ada])
    assert made["documents"][0]["name"] == "Order.pdf"
    stranger = Program(make_user())
    refused = stranger.refused("create_envelope", title="x", documents=[given], recipients=[ada])
    assert refused["status"] == 404


@pytest.mark.parametrize(
    ("documents", "place"),
    [
        ([{"name": "a.pdf", "content": "not base64!"}], "documents"),
        ([{"name": "a.pdf", "content": "x" * 5_000_001}], "documents.0.content"),
        ("text", "documents"),
        ([{"content": "eA=="}], "documents.0.name"),
    ],
)
def test_wrong_documents_are_refused_and_named(rita: Program, documents: Any, place: str) -> None:
    refused = rita.refused("create_envelope", title="x", documents=documents, recipients=[])
    assert refused["status"] == 422
    assert place in refused["errors"]
    assert not Envelope.objects.exists()


def test_an_envelope_is_sent_from_a_template(rita: Program) -> None:
    template = make_template(acting(rita.token.user))
    (found,) = rita.call("find_records", object="signing_template")["records"]
    content = rita.call("read_signing_template_content", id=found["id"])
    assert [role["name"] for role in content["roles"]] == ["Customer", "Counter-signer"]
    made = rita.call(
        "use_signing_template",
        id=str(template.pk),
        people=[{"role": 1, "name": "Ada", "email": "ada@buyer.test"}],
        send=True,
    )
    assert made["status"] == "sent"
    assert [each["email"] for each in made["recipients"]] == ["ada@buyer.test", "cora@seller.test"]


def test_a_wrong_address_is_put_right_and_people_are_reminded(rita: Program) -> None:
    envelope = make_sent_envelope(acting(rita.token.user))
    ada = recipient_of(envelope, "Ada")
    rita.call(
        "correct_envelope",
        id=str(envelope.pk),
        recipients=[{"id": str(ada.pk), "email": "ada@right.test"}],
    )
    far = rita.call("read_envelope_progress", id=str(envelope.pk))
    assert "ada@right.test" in [each["email"] for each in far["recipients"]]
    assert rita.call("remind_recipients", id=str(envelope.pk)) == {"reminded": 1}
    assert OutboundMessage.objects.filter(to="ada@right.test").count() == 2


def test_an_envelope_is_voided_with_a_reason(rita: Program) -> None:
    envelope = make_sent_envelope(acting(rita.token.user))
    one = {"id": str(envelope.pk)}
    assert "reason" in rita.refused("void_envelope", **one)["errors"]
    assert rita.call("void_envelope", **one, reason="A new price.")["status"] == "voided"
    evidence = rita.call("read_envelope_evidence", **one)
    assert evidence["ok"]
    assert [each["kind"] for each in evidence["events"]][-1] == "envelope.voided"


def test_who_may_not_act_is_refused_and_nothing_happens(rita: Program) -> None:
    envelope = make_sent_envelope(acting(rita.token.user))
    one = {"id": str(envelope.pk)}
    ada = recipient_of(envelope, "Ada")
    reader = Program(rita.token.user, "signing:read")
    stranger = Program(make_user("Sam Stranger"))
    reed = Program(make_user(profile=Profile.READ_ONLY))
    acts: list[tuple[str, dict[str, Any]]] = [
        ("send_envelope", one),
        ("void_envelope", {**one, "reason": "x"}),
        ("remind_recipients", one),
        ("resend_invitations", one),
        ("correct_envelope", {**one, "message": "x"}),
        ("schedule_envelope", {**one, "send_at": (timezone.now() + timedelta(days=1)).isoformat()}),
        ("unlock_recipient", {**one, "recipient_id": str(ada.pk)}),
        (
            "reassign_recipient",
            {**one, "recipient_id": str(ada.pk), "name": "E", "email": "eve@evil.test"},
        ),
    ]
    mails = OutboundMessage.objects.count()
    for tool, arguments in acts:
        assert reader.refused(tool, **arguments)["code"] == "scope_missing", tool
        assert stranger.refused(tool, **arguments)["status"] == 404, tool
        assert reed.refused(tool, **arguments)["status"] == 403, tool
        absent = {**arguments, "id": str(uuid4())}
        assert rita.refused(tool, **absent)["status"] == 404, tool
    for tool in ("read_envelope_progress", "read_envelope_evidence"):
        assert stranger.refused(tool, **one)["status"] == 404, tool
    envelope.refresh_from_db()
    assert (envelope.status, OutboundMessage.objects.count()) == ("sent", mails)


def test_a_file_is_fetched_once_by_whoever_has_the_link(rita: Program) -> None:
    envelope = make_envelope(acting(rita.token.user))
    document_id = str(envelope.documents.get().pk)
    link = rita.call(
        "link_to_envelope_file", id=str(envelope.pk), file="original", document_id=document_id
    )
    answer = open_link(link)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer.getvalue().startswith(b"%PDF")
    assert open_link(link).status_code == 404
    assert Client().post("/mcp/files/nonsense").status_code == 405


def test_a_link_holds_as_long_as_the_token_and_its_rights(rita: Program) -> None:
    envelope = make_envelope(acting(rita.token.user))
    which = {
        "id": str(envelope.pk),
        "file": "original",
        "document_id": str(envelope.documents.get().pk),
    }
    link = rita.call("link_to_envelope_file", **which)
    Envelope.objects.update(owner=make_user())
    assert open_link(link).status_code == 404
    Envelope.objects.update(owner=rita.token.user)
    link = rita.call("link_to_envelope_file", **which)
    revoke_token(acting(rita.token.user), rita.token.pk)
    assert open_link(link).status_code == 404


def test_only_files_that_one_may_read_are_linked(rita: Program) -> None:
    envelope = make_envelope(acting(rita.token.user))
    one = {"id": str(envelope.pk)}
    document_id = str(envelope.documents.get().pk)
    stranger = Program(make_user())
    hidden = stranger.refused(
        "link_to_envelope_file", **one, file="original", document_id=document_id
    )
    assert hidden["status"] == 404
    assert "document_id" in rita.refused("link_to_envelope_file", **one, file="sealed")["errors"]
    unsealed = rita.refused("link_to_envelope_file", **one, file="sealed", document_id=document_id)
    assert unsealed["status"] == 404
    assert "file" in rita.refused("link_to_envelope_file", **one, file="passwd")["errors"]


@pytest.mark.slow
def test_a_sealed_envelope_gives_its_proofs_and_verifies(rita: Program) -> None:
    envelope = make_sent_envelope(acting(rita.token.user))
    for recipient in envelope.recipients.all():
        recipient.refresh_from_db()
        sign_all(recipient, typed=recipient.name)
    run_jobs()
    one = {"id": str(envelope.pk)}
    far = rita.call("read_envelope_progress", **one)
    assert far["status"] == "completed"
    which = {"file": "sealed", "document_id": far["documents"][0]["id"]}
    sealed = open_link(rita.call("link_to_envelope_file", **one, **which)).getvalue()
    certificate = rita.call("link_to_envelope_file", **one, file="certificate")
    assert open_link(certificate).getvalue().startswith(b"%PDF")
    package = open_link(rita.call("link_to_envelope_file", **one, file="evidence_package"))
    assert package["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(package.getvalue())) as members:
        assert "verify.py" in {name.rpartition("/")[2] for name in members.namelist()}
    kinds = [each["kind"] for each in rita.call("read_envelope_evidence", **one)["events"]]
    assert kinds[-1] == "evidence.downloaded"

    reader = Program(make_user(), "signing:read")
    report = reader.call("verify_pdf", content=base64.b64encode(sealed).decode())
    assert report["integrity"]["verdict"] == "TOTAL-PASSED"
    broken = bytearray(sealed)
    broken[len(broken) // 3] ^= 1
    report = reader.call("verify_pdf", content=base64.b64encode(broken).decode())
    assert report["integrity"]["verdict"] == "TOTAL-FAILED"


def test_what_is_no_pdf_is_told_so(rita: Program) -> None:
    for arguments in ({}, {"content": "!"}, {"content": "eA==", "file_id": str(uuid4())}):
        assert "content" in rita.refused("verify_pdf", **arguments)["errors"]
    assert rita.refused("verify_pdf", file_id=str(uuid4()))["status"] == 404
    report = rita.call("verify_pdf", content=base64.b64encode(b"plain words").decode())
    assert report["integrity"]["verdict"] != "TOTAL-PASSED"
    blind = Program(rita.token.user, "crm:read")
    assert blind.refused("verify_pdf", content="eA==")["code"] == "scope_missing"
    assert (
        blind.refused("link_to_envelope_file", id=str(uuid4()), file="certificate")["code"]
        == "scope_missing"
    )
