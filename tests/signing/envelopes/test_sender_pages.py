"""The sender's pages, the API and the command line, through the front door."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm.make import make_account, make_contact, make_opportunity
from dealwright.base.files.services import read_file
from dealwright.base.jobs.running import run_jobs
from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.seals.services import ensure_organisation_seal
from make import acting, make_administrator, make_user
from signing.make import make_envelope, make_pdf, make_sent_envelope, recipient_of, sign_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep(client: Client) -> User:
    user = make_user()
    client.force_login(user)
    return user


def upload(name: str = "Order.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or make_pdf("The order."), "application/pdf")


def form(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Order form",
        "documents": upload(),
        "name": ["Ada Lovelace", "Grace Hopper", ""],
        "email": ["ada@buyer.test", "grace@seller.test", ""],
        "role": ["signer", "signer", "signer"],
        "order": ["1", "2", "3"],
        "message": "Please sign.",
        "expires_in": "30",
        "remind_every": "3",
        **changes,
    }


def proposed(client: Client, query: str) -> list[tuple[str, str]]:
    found = client.get(f"/send-for-signature/people?{query}").json()["results"]
    return [(each["title"], each["subtitle"]) for each in found]


def test_people_are_proposed_by_name_or_address_as_far_as_one_may_see_them(
    client: Client, rep: User
) -> None:
    account = make_account(owner=rep)
    mine = {"first_name": "Greta", "last_name": "Holm", "email": "g.holm@buyer.example"}
    contact = make_contact(owner=rep, account=account, **mine)
    make_contact(owner=rep, first_name="Rosa", last_name="Lindgret", email="rosa@x.example")
    make_contact(owner=rep, first_name="Gret", last_name="Nobody", email="")
    other = make_user(email="other@seller.example")
    make_contact(owner=other, first_name="Greta", last_name="Hidden", email="hidden@x.example")
    colleague = make_user("Greta Colleague", email="colleague@seller.example")
    assert proposed(client, "q=gret") == [
        ("Greta Colleague", colleague.email),
        ("Greta Holm", contact.email),
        ("Rosa Lindgret", "rosa@x.example"),
    ]
    assert proposed(client, "q=G.HOLM") == [("Greta Holm", contact.email)]
    assert proposed(client, "q=") == [(rep.name, rep.email)]
    assert proposed(client, "q=%25") == []
    deal = make_opportunity(owner=rep, account=account)
    about = f"object=opportunity&record={deal.pk}"
    assert proposed(client, f"{about}&q=") == [("Greta Holm", contact.email), (rep.name, rep.email)]
    theirs = make_opportunity(owner=other)
    unseen = f"/send-for-signature/people?q=&object=opportunity&record={theirs.pk}"
    assert client.get(unseen).status_code == 404


def test_the_sender_is_told_where_no_mail_leaves(client: Client, rep: User) -> None:
    envelope = make_envelope(acting(rep))
    answer = client.post(f"/envelopes/{envelope.pk}/send", follow=True)
    assert "No mail server is set: the e-mails rest in the outbox." in answer.content.decode()


def test_a_deal_is_sent_for_signature_from_its_page(client: Client, rep: User) -> None:
    deal = make_opportunity(owner=rep, name="Contoso renewal")
    address = f"/send-for-signature?object=opportunity&record={deal.pk}"
    assert "Contoso renewal" in client.get(address).content.decode()
    answer = client.post(address, form())
    envelope = Envelope.objects.get()
    assert answer.headers["Location"] == f"/envelopes/{envelope.pk}/send"
    assert envelope.subject_id == deal.pk
    preview = client.get(answer.headers["Location"]).content.decode()
    assert "a page for signatures is added" in preview
    answer = client.post(answer.headers["Location"])
    assert answer.headers["Location"] == f"/envelopes/{envelope.pk}"
    envelope.refresh_from_db()
    assert envelope.status == "sent"


def test_what_was_typed_stays_when_something_is_wrong(client: Client, rep: User) -> None:
    answer = client.post(
        "/send-for-signature", form(email=["ada at buyer", "grace@seller.test", ""])
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is not an e-mail address" in page
    assert 'value="ada at buyer"' in page
    assert 'value="Grace Hopper"' in page
    assert not Envelope.objects.exists()


def test_a_file_that_is_no_pdf_is_named(client: Client, rep: User) -> None:
    answer = client.post("/send-for-signature", form(documents=upload("plan.pdf", b"just text")))
    assert "plan.pdf: This is not a PDF file." in answer.content.decode()


def test_fields_are_placed_and_removed_on_the_preview(client: Client, rep: User) -> None:
    envelope = make_envelope(acting(rep))
    document = envelope.documents.get()
    ada = recipient_of(envelope, "Ada")
    client.post(
        f"/envelopes/{envelope.pk}/fields",
        {
            "recipient": str(ada.pk),
            "kind": "signature",
            "page": f"{document.pk}:1",
            "x": "50",
            "y": "99.5",
        },
    )
    field = EnvelopeField.objects.get()
    assert field.y + field.h <= 1.000001
    assert field.x + field.w / 2 == pytest.approx(0.5, abs=1e-5)
    page = client.get(f"/envelopes/{envelope.pk}/send").content.decode()
    assert f'id="field-{field.pk}"' in page
    assert (
        f"#field-{field.pk}" in client.get(f"/envelopes/{envelope.pk}/layout.css").content.decode()
    )
    client.post(f"/envelopes/{envelope.pk}/fields/{field.pk}/remove")
    assert not EnvelopeField.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"x": "abc"}, "is not a number"),
        ({"y": "140"}, "in percent of the page"),
        ({"kind": "king"}, "Choose a kind"),
        ({"page": "nothing:1"}, ""),
    ],
)
def test_a_wrong_place_is_refused(
    client: Client, rep: User, changes: dict[str, str], words: str
) -> None:
    envelope = make_envelope(acting(rep))
    document = envelope.documents.get()
    given = {
        "recipient": str(recipient_of(envelope, "Ada").pk),
        "kind": "signature",
        "page": f"{document.pk}:1",
        "x": "50",
        "y": "50",
        **changes,
    }
    answer = client.post(f"/envelopes/{envelope.pk}/fields", given)
    assert answer.status_code in (404, 422)
    assert words in answer.content.decode()
    assert not EnvelopeField.objects.exists()


def test_the_page_of_an_envelope_shows_people_documents_and_log(client: Client, rep: User) -> None:
    envelope = make_sent_envelope(acting(rep))
    sign_all(recipient_of(envelope, "Ada"))
    page = client.get(f"/envelopes/{envelope.pk}").content.decode()
    for words in ("Ada Lovelace", "grace@seller.test", "Order.pdf", "Invited"):
        assert words in page
    log = client.get(f"/envelopes/{envelope.pk}?tab=evidence").content.decode()
    assert "Ada Lovelace signed" in log
    assert "203.0.113.7" in log


def test_evidence_is_verified_at_a_press(client: Client, rep: User) -> None:
    envelope = make_sent_envelope(acting(rep))
    page = client.post(f"/envelopes/{envelope.pk}/verify").content.decode()
    assert "unchanged and in order" in page


def test_voiding_and_reminding(client: Client, rep: User) -> None:
    envelope = make_sent_envelope(acting(rep))
    assert "Ada Lovelace" in client.get(f"/envelopes/{envelope.pk}/remind").content.decode()
    assert client.post(f"/envelopes/{envelope.pk}/remind").status_code == 303
    assert client.post(f"/envelopes/{envelope.pk}/void", {"reason": ""}).status_code == 422
    assert client.post(f"/envelopes/{envelope.pk}/void", {"reason": "Old"}).status_code == 303
    envelope.refresh_from_db()
    assert envelope.status == "voided"


def test_the_sealed_file_is_downloaded(client: Client, rep: User) -> None:
    envelope = make_sent_envelope(acting(rep))
    for name in ("Ada", "Grace"):
        sign_all(recipient_of(envelope, name))
    run_jobs()
    document = envelope.documents.get()
    answer = client.get(f"/envelopes/{envelope.pk}/files/{document.pk}/sealed")
    assert answer.content == read_file(document.sealed)
    assert client.get(f"/envelopes/{envelope.pk}/certificate").content.startswith(b"%PDF")
    assert client.get(f"/envelopes/{envelope.pk}/files/{document.pk}/other").status_code == 404


@pytest.mark.parametrize(
    "path", ["send", "void", "remind", "layout.css", "certificate", "files/{document}/original",
             "pages/{document}/1.png"]
)  # fmt: skip
def test_a_stranger_gets_the_same_as_for_nothing(client: Client, rep: User, path: str) -> None:
    envelope = make_sent_envelope()
    document = envelope.documents.get()
    address = f"/envelopes/{envelope.pk}/{path.format(document=document.pk)}"
    absent = f"/envelopes/0197f0c0-0000-7000-8000-000000000000/{path.format(document=document.pk)}"
    assert client.get(address).status_code == client.get(absent).status_code == 404
    assert Client().get(address).status_code == 302


class TestVerifying:
    def test_anyone_checks_a_document_that_was_sealed_here(self, client: Client) -> None:
        envelope = make_sent_envelope()
        for name in ("Ada", "Grace"):
            sign_all(recipient_of(envelope, name))
        run_jobs()
        content = read_file(envelope.documents.get().sealed)
        page = client.post("/verify", {"document": upload("signed.pdf", content)}).content.decode()
        assert "Unchanged since signing: Passed" in page
        assert "Signer vouched for: Passed" in page
        assert "byte for byte" in page
        changed = content.replace(b"/Lang", b"/Lung", 1) + b"\n% more"
        page = client.post("/verify", {"document": upload("signed.pdf", changed)}).content.decode()
        assert "Unchanged since signing: Failed" in page
        assert "byte for byte" not in page

    def test_without_a_file_it_asks_for_one(self, client: Client) -> None:
        answer = client.post("/verify", {})
        assert answer.status_code == 422
        assert "Choose a PDF file." in answer.content.decode()

    def test_the_root_can_be_downloaded(self, client: Client) -> None:
        assert client.get("/signing/root.pem").content.startswith(b"-----BEGIN CERTIFICATE-----")

    def test_garbage_is_not_proven(self, client: Client) -> None:
        content = b"%PDF-1.4\n" + b"\xff" * 5000
        page = client.post("/verify", {"document": upload("x.pdf", content)})
        assert page.status_code == 200
        assert "Not proven" in page.content.decode()


class TestApi:
    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "title": "Order form",
            "documents": [
                {"name": "Order.pdf", "content": base64.b64encode(make_pdf("{{sign:1}}")).decode()}
            ],
            "recipients": [{"name": "Ada", "email": "ada@buyer.test"}],
            **changes,
        }

    def post(self, client: Client, path: str, body: Any = None) -> Any:
        return client.post(
            f"/api/v1{path}", json.dumps(body or {}), content_type="application/json"
        )

    def test_an_envelope_is_made_and_sent_in_one_call(self, client: Client, rep: User) -> None:
        answer = self.post(client, "/envelopes", self.body(send=True))
        assert answer.status_code == 201
        told = answer.json()
        assert told["status"] == "sent"
        assert told["recipients"][0]["status"] == "sent"
        assert "token" not in json.dumps(told)
        again = client.get(f"/api/v1/envelopes/{told['id']}/progress").json()
        assert again["documents"][0]["pages"] == 1
        row = client.get(f"/api/v1/envelopes/{told['id']}").json()
        assert row["status"] == "sent"

    def test_wrong_values_are_named(self, client: Client, rep: User) -> None:
        answer = self.post(
            client, "/envelopes", self.body(documents=[{"name": "a.pdf", "content": "###"}])
        )
        assert answer.status_code == 422
        assert "not base64" in answer.content.decode()
        answer = self.post(client, "/envelopes", self.body(expires_at="2001-01-01T00:00:00"))
        assert answer.status_code == 422
        answer = self.post(client, "/envelopes", self.body(title="a\x00b"))
        assert answer.status_code == 422

    def test_void_remind_and_evidence(self, client: Client, rep: User) -> None:
        envelope = make_sent_envelope(acting(rep))
        path = f"/envelopes/{envelope.pk}"
        assert self.post(client, f"{path}/remind").json() == {"reminded": 1}
        assert self.post(client, f"{path}/void", {"reason": "Old"}).json()["status"] == "voided"
        told = client.get(f"/api/v1{path}/evidence").json()
        assert told["ok"] is True
        assert told["events"][-1]["kind"] == "envelope.voided"
        assert self.post(client, f"{path}/void", {"reason": "Old"}).status_code == 409

    def test_a_stranger_s_envelope_is_absent(self, client: Client, rep: User) -> None:
        envelope = make_sent_envelope()
        document = envelope.documents.get()
        for path in ("progress", "evidence", "certificate", f"documents/{document.pk}/original"):
            assert client.get(f"/api/v1/envelopes/{envelope.pk}/{path}").status_code == 404
        for path in ("send", "remind"):
            assert self.post(client, f"/envelopes/{envelope.pk}/{path}").status_code == 404

    def test_any_pdf_is_checked(self, client: Client, rep: User) -> None:
        answer = client.post("/api/v1/verify", {"file": io.BytesIO(b"hello")})
        assert answer.json()["integrity"]["verdict"] == "INDETERMINATE"


@pytest.mark.slow
def test_the_command_line_checks_a_file(tmp_path: Path) -> None:
    from dealwright.signing.documents.normalising import normalise_pdf
    from dealwright.signing.seals.sealing import seal_pdf

    key = ensure_organisation_seal()
    sealed = seal_pdf(normalise_pdf(make_pdf()).pdf, key=key, reason="Test")
    (tmp_path / "sealed.pdf").write_bytes(sealed)
    (tmp_path / "changed.pdf").write_bytes(sealed.replace(b"/Page", b"/Pagf", 1))
    (tmp_path / "root.pem").write_bytes(key.root_pem)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        program = "import sys; from dealwright.site.commands.line import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", program, "--data-dir", str(tmp_path / "data"), "sign", *words],
            capture_output=True, text=True, cwd=tmp_path, check=False,
            env={"PYTHONPATH": str(Path(__file__).parents[3] / "src"), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip

    done = run("verify", "sealed.pdf", "--json", "--trust", "root.pem")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert report["integrity"]["verdict"] == report["trust"]["verdict"] == "TOTAL-PASSED"
    done = run("verify", "changed.pdf", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["integrity"]["verdict"] != "TOTAL-PASSED"
    done = run("verify", "absent.pdf")
    assert done.returncode == 1
    assert "absent.pdf cannot be read" in done.stderr


def test_the_doctor_finds_the_seal_key() -> None:
    from dealwright.signing.seals.readiness import check_seal_key

    assert check_seal_key().ok


def test_an_administrator_sees_every_envelope_in_the_list(client: Client) -> None:
    make_sent_envelope(title="Someone else's order")
    client.force_login(make_administrator())
    assert "Someone else" in client.get("/envelopes").content.decode()
