"""Redlines by page, API and tool; what signers see of them; and how they are forgotten."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from django.test import Client
from PIL import Image, ImageChops

from base.mcp.caller import Program
from contracts.make import make_contract
from dealwright.base.access.actor import Actor
from dealwright.base.files.services import read_file
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Profile, User
from dealwright.base.people.tokens import create_token
from dealwright.base.records.models import AuditEvent
from dealwright.signing.blueprints.models import TemplateDocument
from dealwright.signing.blueprints.services import save_as_template
from dealwright.signing.consent.services import current_consent
from dealwright.signing.documents.reading import page_text
from dealwright.signing.embedding import sending
from dealwright.signing.embedding.services import allow_site
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import send_envelope, void_envelope
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.redlines.models import Redline
from dealwright.signing.redlines.queries import changes_of
from dealwright.signing.redlines.services import remove_redline
from dealwright.signing.retention.purging import purge_envelope
from make import acting, make_administrator, make_user
from signing.embedding.test_embedded_sending import SITE, visit
from signing.make import make_envelope, make_pdf, recipient_of, token_of
from signing.redlines.make import PAYMENT, make_terms, strike

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def page(client: Client, rep: User) -> Client:
    client.force_login(rep)
    return client


def put(client: Client, envelope: Envelope, **values: Any) -> Any:
    return client.post(
        f"/envelopes/{envelope.pk}/redlines/put",
        json.dumps(values),
        content_type="application/json",
        headers=JSON,
    )


def call(user: User, method: str, path: str, body: Any = None, *, scope: str = "write") -> Any:
    token = create_token(acting(user), name="t", scopes=["signing:read", f"signing:{scope}"])
    return Client().generic(
        method,
        f"/api/v1{path}",
        data=b"" if body is None else json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token.secret}"},
    )


# ---- Pages ----


def test_words_are_offered_and_redlined(page: Client, draft: Envelope) -> None:
    document = draft.documents.get()
    words = page.get(f"/envelopes/{draft.pk}/words/{document.pk}/1").json()["words"]
    texts = [word["text"] for word in words]
    first = texts.index("thirty")
    assert texts[first : first + 3] == ["thirty", "(30)", "days"]
    assert all(0 <= word["x"] <= 1 and 0 <= word["y"] <= 1 for word in words)
    made = put(
        page, draft, document=str(document.pk), page=1, first=first, last=first + 2,
        inserted="sixty (60) days", id=str(uuid7()),
    )  # fmt: skip
    assert made.status_code == 200, made.content
    answer = made.json()
    assert answer["said"] == "“thirty (30) days” struck out, “sixty (60) days” inserted"
    assert [each["number"] for each in answer["redlines"]] == [1]
    assert answer["looks"][str(document.pk)]
    assert "sixty (60) days" in answer["list"]
    changed = put(page, draft, change=answer["id"], inserted="ninety days").json()
    assert changed["looks"] != answer["looks"]
    address = f"/envelopes/{draft.pk}/redlines/{answer['id']}/remove"
    removed = page.post(address, headers=JSON).json()
    assert removed["redlines"] == []
    assert not Redline.objects.exists()
    again = put(page, draft, **removed["again"]).json()
    assert again["redlines"][0]["said"] == "“thirty (30) days” struck out, “ninety days” inserted"


def test_the_form_finds_words_without_script(page: Client, draft: Envelope) -> None:
    base = f"/envelopes/{draft.pk}"
    given = {"find": "thirty (30) days", "occurrence": "2", "what": "replace", "inserted": "a week"}
    answer = page.post(f"{base}/redlines", given)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{base}/send#redlines"
    text = page.get(f"{base}/send").content.decode()
    assert "page 2: “thirty (30) days” struck out, “a week” inserted" in text
    page.post(f"{base}/redlines", {"find": "renews", "what": "before", "inserted": "silently"})
    page.post(f"{base}/redlines", {"find": "renews", "what": "after", "inserted": "once"})
    assert sorted(each["said"] for each in changes_of(draft)) == [
        "“once” inserted after “renews”",
        "“silently” inserted before “renews”",
        "“thirty (30) days” struck out, “a week” inserted",
    ]
    one = Redline.objects.get(inserted="once")
    assert page.post(f"{base}/redlines/{one.pk}/remove").status_code == 303
    assert Redline.objects.count() == 2


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"find": "ninety days", "what": "strike"}, "“ninety days” does not occur in Terms.pdf."),
        ({"find": "renews", "what": "replace"}, "Write the text."),
        ({"find": "renews", "what": "eat"}, "Choose what to do."),
        ({"find": "renews"}, "Choose what to do."),
        ({"find": "", "what": "strike"}, "Give 1 to 500 characters that stand in the document."),
        (
            {"find": "renews", "what": "strike", "occurrence": "many"},
            "Which occurrence is a number from 1.",
        ),
        (
            {"find": "renews", "what": "strike", "occurrence": "9" * 5_000},
            "Which occurrence is a number from 1.",
        ),
        ({"find": "renews", "what": "strike", "occurrence": "7"}, "occurs 2 times in Terms.pdf."),
    ],
)
def test_the_form_comes_back_with_what_was_typed(
    page: Client, draft: Envelope, given: dict[str, str], sentence: str
) -> None:
    answer = page.post(f"/envelopes/{draft.pk}/redlines", given)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert sentence in text
    assert f'value="{given["find"]}"' in text
    assert not Redline.objects.exists()


@pytest.mark.parametrize(
    "body", ["", "[]", "nonsense", '{"page": 1}', '{"change": "x", "inserted": "y"}', "null"]
)
def test_bad_bodies_are_refused(page: Client, draft: Envelope, body: str) -> None:
    answer = page.post(
        f"/envelopes/{draft.pk}/redlines/put", body, content_type="application/json", headers=JSON
    )
    assert answer.status_code in (404, 422)
    assert not Redline.objects.exists()


def test_strangers_find_no_door(draft: Envelope, actor: Actor, client: Client) -> None:
    row = strike(actor, draft, "two years")
    document = draft.documents.get()
    client.force_login(make_user())
    base = f"/envelopes/{draft.pk}"
    assert client.get(f"{base}/words/{document.pk}/1").status_code == 404
    assert client.post(f"{base}/redlines", {"find": "x", "what": "strike"}).status_code == 404
    assert put(client, draft, change=str(row.pk), inserted="x").status_code == 404
    assert client.post(f"{base}/redlines/{row.pk}/remove", headers=JSON).status_code == 404
    client.force_login(make_user(profile=Profile.READ_ONLY))
    assert put(client, draft, change=str(row.pk), inserted="x").status_code in (403, 404)
    signed_out = Client()
    assert signed_out.post(f"{base}/redlines", {"find": "x"}).status_code == 302
    assert [each.inserted for each in Redline.objects.all()] == [""]


def test_pages_that_are_none_have_no_words(page: Client, draft: Envelope) -> None:
    document = draft.documents.get()
    for number in (0, 3, 10**12):
        answer = page.get(f"/envelopes/{draft.pk}/words/{document.pk}/{number}")
        assert answer.status_code == 404


def test_the_preview_shows_what_will_be_sent(page: Client, actor: Actor, draft: Envelope) -> None:
    document = draft.documents.get()
    address = f"/envelopes/{draft.pk}/pages/{document.pk}/1.png"
    before = Image.open(io.BytesIO(page.get(address).content))
    strike(actor, draft, "thirty (30) days", replace="sixty (60) days")
    after = Image.open(io.BytesIO(page.get(address).content))
    assert ImageChops.difference(before.convert("L"), after.convert("L")).getbbox()
    allow_site(acting(make_administrator()), SITE)
    client, framed = visit(sending.create_sending_url(actor, draft.pk, origin=SITE))
    there = Image.open(io.BytesIO(client.get(f"{framed}/pages/{document.pk}/1.png").content))
    assert there.tobytes() == after.tobytes()
    send_envelope(actor, draft.pk)
    sent = Image.open(io.BytesIO(page.get(address).content))
    assert sent.tobytes() == after.tobytes()


def test_a_contract_s_own_text_is_told_apart(page: Client, rep: User) -> None:
    contract = make_contract(owner=rep)
    terms = NewDocument(name="Terms.pdf", content=make_pdf(PAYMENT))
    envelope = make_envelope(acting(rep), documents=[terms], subject=("contract", contract.pk))
    text = page.get(f"/envelopes/{envelope.pk}/send").content.decode()
    assert "This changes the document alone." in text
    assert f'href="/contracts/{contract.pk}">Change the text there instead</a>' in text
    other = make_terms(acting(rep))
    assert "This changes the document alone." not in (
        page.get(f"/envelopes/{other.pk}/send").content.decode()
    )


def test_redlines_stay_with_their_envelope(page: Client, actor: Actor, draft: Envelope) -> None:
    strike(actor, draft, "two years", replace="three years")
    address = f"/envelopes/{draft.pk}/save-as-template"
    assert "belongs to this envelope and is not taken along" in page.get(address).content.decode()
    save_as_template(actor, draft.pk, name="Terms")
    kept = read_file(TemplateDocument.objects.get().prepared)
    assert "two years" in page_text(kept, 0)
    assert "three years" not in page_text(kept, 0)


# ---- What signers see ----


def test_signers_see_the_changes_as_a_list_and_in_the_text(actor: Actor, draft: Envelope) -> None:
    row = strike(actor, draft, "thirty (30) days", replace="sixty (60) days", note="As agreed")
    Envelope.objects.get(pk=draft.pk).recipients.update(identity_methods=[])
    send_envelope(actor, draft.pk)
    ada = recipient_of(draft, "Ada")
    client = Client()
    link = f"/sign/{token_of(ada)}"
    consent = client.get(link)
    assert "struck out" not in consent.content.decode()
    client.post(f"{link}/opened")
    client.post(f"{link}/consent", {"agree": "on", "consent": str(current_consent().pk)})
    document = draft.documents.get()
    said = "page 1: “thirty (30) days” struck out, “sixty (60) days” inserted, by Rita Rep"
    text = client.get(link).content.decode()
    assert "Changes in this document" in text
    assert said in text
    assert "As agreed" in text
    assert f'href="#page-{document.pk}-1"' in text
    assert f'id="page-{document.pk}-1" tabindex="-1" data-page="1" data-redlined' in text
    assert text.count("data-redlined") == 1
    assert "[struck out: thirty (30) days] [inserted: sixty (60) days]" in text
    for path in ("form", "review"):
        other = client.get(f"{link}/{path}").content.decode()
        assert said in other
        assert f'href="{link}#page-{document.pk}-1"' in other
    # They may not change them: the doors are the sender's.
    for address in ("redlines", "redlines/put", f"redlines/{row.pk}/remove"):
        assert client.post(f"{link}/{address}").status_code == 404
        assert client.post(f"/envelopes/{draft.pk}/{address}").status_code == 302


def test_the_sender_s_page_lists_them(page: Client, actor: Actor, draft: Envelope) -> None:
    strike(actor, draft, "two years", replace="three years")
    text = page.get(f"/envelopes/{draft.pk}").content.decode()
    assert "Changes in the documents, made on sending" in text
    send_envelope(actor, draft.pk)
    text = page.get(f"/envelopes/{draft.pk}").content.decode()
    assert "Changes made by the sender before sending" in text
    assert "page 1: “two years” struck out, “three years” inserted, by Rita Rep" in text


# ---- API and tools ----


def test_the_api_redlines_by_text(rep: User, draft: Envelope) -> None:
    base = f"/envelopes/{draft.pk}/redlines"
    given = {
        "document": 1, "find": "thirty (30) days", "occurrence": 1, "replace": "sixty (60) days",
    }  # fmt: skip
    made = call(rep, "POST", base, given)
    assert made.status_code == 201, made.content
    (one,) = made.json()
    assert (one["kind"], one["page"], one["struck"], one["inserted"], one["author"]) == (
        "replacement", 1, "thirty (30) days", "sixty (60) days", "Rita Rep",
    )  # fmt: skip
    changed = call(rep, "PATCH", f"{base}/{one['id']}", {"inserted": "", "note": "n"}).json()
    assert [(each["kind"], each["note"]) for each in changed] == [("strike", "n")]
    assert call(rep, "GET", base).json() == changed
    assert call(rep, "POST", base, given).status_code == 422
    assert call(rep, "POST", base, {**given, "find": ""}).status_code == 422
    assert call(rep, "POST", base, {**given, "occurrence": 0}).status_code == 422
    assert call(rep, "POST", base, {**given, "document": 9}).status_code == 404
    assert call(rep, "POST", base, {**given, "with": "x"}).status_code == 422
    assert call(make_user(), "GET", base).status_code == 404
    assert call(rep, "POST", base, given, scope="read").status_code == 403
    assert call(rep, "DELETE", f"{base}/{one['id']}").status_code == 204
    assert call(rep, "DELETE", f"{base}/{one['id']}").status_code == 404
    assert call(rep, "POST", f"/envelopes/{draft.pk}/send").status_code == 200
    assert call(rep, "POST", base, given).status_code == 409


def test_an_envelope_is_made_with_redlines_or_not_at_all(rep: User) -> None:
    body = {
        "title": "Terms",
        "documents": [
            {"name": "Terms.pdf", "content": base64.b64encode(make_pdf(PAYMENT)).decode()}
        ],
        "recipients": [{"name": "Ada Lovelace", "email": "ada@buyer.test"}],
        "redlines": [{"find": "thirty (30) days", "replace": "sixty (60) days"}],
        "send": True,
    }
    made = call(rep, "POST", "/envelopes", body)
    assert made.status_code == 201, made.content
    envelope = Envelope.objects.get()
    assert "[inserted: sixty (60) days]" in envelope.documents.get().texts[0]
    body["redlines"] = [{"find": "ninety days"}]
    refused = call(rep, "POST", "/envelopes", body)
    assert refused.status_code == 422
    assert refused.json()["errors"] == {"find": ["“ninety days” does not occur in Terms.pdf."]}
    assert Envelope.objects.count() == 1


def test_programs_redline_by_tools(rep: User, draft: Envelope) -> None:
    program = Program(rep)
    made = program.call("add_redline", id=str(draft.pk), find="two years", replace="one year")
    rows = made["items"] if isinstance(made, dict) else made
    assert [each["said"] for each in rows] == ["“two years” struck out, “one year” inserted"]
    refused = program.refused("add_redline", id=str(draft.pk), find="nowhere to be found")
    assert refused["status"] == 422
    program.call("remove_redline", id=str(draft.pk), redline_id=rows[0]["id"])
    assert not Redline.objects.exists()


# ---- Forgetting ----


def test_a_purge_forgets_the_words(actor: Actor, draft: Envelope) -> None:
    gone = strike(actor, draft, "one year", replace="eternity")
    remove_redline(actor, draft.pk, gone.pk)
    strike(actor, draft, "two years", replace="Lovelace decides", note="said Hopper")
    send_envelope(actor, draft.pk)
    void_envelope(actor, draft.pk, reason="Not needed.")
    legal = acting(make_user("Lea Legal", profile=Profile.LEGAL))
    envelope = purge_envelope(legal, draft.pk, reason="Its time is over")
    row = Redline.objects.get()
    assert (row.struck, row.inserted, row.note, row.author_name) == ("", "", "", "")
    assert row.fixed_at is not None
    assert changes_of(envelope) == []
    kept = str(list(AuditEvent.objects.filter(table="signing_redline").values("before", "after")))
    assert not [word for word in ("Lovelace", "Hopper", "eternity", "two years") if word in kept]
    assert verify_envelope(envelope).ok
