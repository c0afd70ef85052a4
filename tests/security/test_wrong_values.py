"""Every form answers a wrong value with a sentence that names the field, and writes nothing."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType, object_type, object_types
from dealwright.base.records.models import AuditEvent

from .company import Company, listed
from .operations import ABSENT
from .test_page_doors import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HUGE = "1" + "0" * 30
LONG = "long " * 4_000
WRONG: dict[Kind, list[str]] = {
    Kind.TEXT: [LONG, "a\x00b"],
    Kind.LONG_TEXT: ["a\x00b"],
    Kind.NUMBER: ["twelve", HUGE],
    Kind.INTEGER: ["twelve", HUGE],
    Kind.MONEY: ["twelve", HUGE],
    Kind.PERCENT: ["twelve", HUGE],
    Kind.DATE: ["31 Febtober 2027", "2027-02-31"],
    Kind.DATETIME: ["2027-02-31T25:00"],
    Kind.CHOICE: ["no such choice"],
    Kind.EMAIL: ["not an address"],
    Kind.PHONE: ["a\x00b"],
    Kind.URL: ["javascript:alert(1)"],
    Kind.RELATION: [str(ABSENT), "nonsense"],
    Kind.USER: [str(ABSENT)],
}
OBJECTS = [
    "message_template", "lead", "opportunity", "account", "contact", "activity", "quote",
    "product", "price_book", "campaign", "case", "web_form", "envelope", "signing_template",
    "signing_form", "contract",
    "obligation", "contract_template", "clause", "segment", "sequence", "enrollment", "play",
]  # fmt: skip


@pytest.fixture(scope="module")
def ada(company: Company) -> Client:
    return signed_in(company.ada)


def test_every_object_is_tried() -> None:
    assert [of.key for of in object_types()] == OBJECTS


def wrong_values(of: ObjectType, *, creating: bool) -> Iterator[tuple[Field, str]]:
    for field in of.all_fields():
        if field.on_create if creating else field.editable:
            for value in WRONG.get(field.kind, []):
                yield field, value


@pytest.mark.parametrize("object_key", OBJECTS)
def test_a_wrong_cell_is_refused_by_name(company: Company, ada: Client, object_key: str) -> None:
    of = object_type(object_key)
    record = getattr(company, object_key)
    model: Any = of.model
    before = model.everything.filter(pk=record.pk).values().get()
    wrong = []
    for field, value in wrong_values(of, creating=False):
        answer = ada.post(
            f"/{of.slug}/{record.pk}/cells",
            json.dumps({"values": {field.key: value}, "version": before["version"]}),
            content_type="application/json",
            headers={"Accept": "application/json"},
        )
        said = answer.json().get("errors", {}).get(field.key) if answer.status_code == 422 else None
        if not (said and all(sentence.strip() for sentence in said)):
            wrong.append((field.key, value[:30], answer.status_code, answer.content[:200]))
    assert not wrong, listed(wrong)
    assert model.everything.filter(pk=record.pk).values().get() == before


@pytest.mark.parametrize("object_key", OBJECTS)
def test_a_cell_of_a_stale_page_is_not_written(
    company: Company, ada: Client, object_key: str
) -> None:
    of = object_type(object_key)
    record = getattr(company, object_key)
    texts = [each for each in of.fields if each.editable and each.kind == Kind.TEXT]
    if not texts:
        return
    answer = ada.post(
        f"/{of.slug}/{record.pk}/cells",
        json.dumps({"values": {texts[0].key: "Newer"}, "version": 10_000}),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "version_conflict"


@pytest.mark.parametrize(
    "object_key",
    [key for key in OBJECTS if key not in ("envelope", "signing_template", "enrollment")],
)
def test_a_wrong_value_of_a_new_record_is_refused_and_kept(
    company: Company, ada: Client, object_key: str
) -> None:
    of = object_type(object_key)
    model: Any = of.model
    before = model.everything.count()
    wrong = []
    for field, value in wrong_values(of, creating=True):
        answer = ada.post(f"/{of.slug}/new", {field.key: value})
        page = html.unescape(answer.content.decode())
        kept = (
            "\x00" in value
            or value in page
            or field.kind in (Kind.CHOICE, Kind.RELATION, Kind.USER)
        )
        if (
            answer.status_code != 422
            or field.label not in page
            or "field-error" not in page
            or not kept
        ):
            wrong.append((field.key, value[:30], answer.status_code, kept))
    assert not wrong, listed(wrong)
    assert model.everything.count() == before


def test_a_record_of_another_is_no_value(company: Company) -> None:
    """Neither by its id nor by telling its name does a form lead to what one may not see."""
    sam = signed_in(company.sam)
    for address, values in (
        ("/contacts/new", {"last_name": "Own", "account": str(company.account.pk)}),
        ("/opportunities/new", {"name": "Own", "account": str(company.account.pk)}),
        ("/opportunities/new", {"name": "Own", "contact": str(company.contact.pk)}),
        ("/cases/new", {"subject": "Own", "contact": str(company.contact.pk)}),
    ):
        answer = sam.post(address, values)
        page = answer.content.decode()
        assert answer.status_code == 422, address
        assert "Own" in page
        assert company.account.name not in page
        assert company.contact.email not in page


# Who, where, what is sent with one wrong value, a word of the sentence, and what stays typed.
FORMS = [
    ("ada", "/settings/company", {"name": "", "currency": "EUR"}, "name", "EUR"),
    ("ada", "/settings/users/invite", {"email": "nobody at", "name": "Nia"}, "e-mail", "Nia"),
    ("ada", "/settings/teams", {"name": "t" * 300}, "name", "t" * 300),
    ("ada", "/settings/roles", {"name": "r" * 300}, "name", "r" * 300),
    ("ada", "/settings/tokens", {"name": "Sync"}, "scope", "Sync"),
    ("ada", "/settings/webhooks", {"url": "ftp://x.example"}, "address", "ftp://x.example"),
    ("ada", "/settings/webhooks", {"url": "http://127.0.0.1/x"}, "address", "http://127.0.0.1/x"),
    ("ada", "/settings/mail", {"smtp_host": "m.example", "smtp_port": "many"}, "port", "m.example"),
    ("ada", "/settings/calendars", {"name": "Depot", "timezone": "Mars/Base"}, "zone", "Depot"),
    ("ada", "/settings/approvals/new", {"name": "Big", "filter": "{"}, "filter", "Big"),
    ("ada", "/settings/assignment/new", {"name": "", "response_minutes": "x"}, "name", "x"),
    ("ada", "/settings/identity/programs/add", {"name": "Hub", "redirect_uris": "x"}, "address",
     "Hub"),
    ("rita", "/opportunities/{opportunity}/lose", {"reason": "because", "detail": "So it is"},
     "reason", "So it is"),
    ("rita", "/leads/{lead}/disqualify", {"reason": "because"}, "reason", ""),
    ("rita", "/quotes/{quote}/send", {"to": "nobody at", "subject": "Our offer"}, "e-mail",
     "Our offer"),
    ("rita", "/contacts/{contact}/points", {"kind": "email", "value": "nobody at"}, "e-mail",
     "nobody at"),
    ("rita", "/send-for-signature", {"title": "Lease", "expires_in": "never"}, "days", "Lease"),
    ("rita", "/contracts/{contract}/terminate", {"effective_on": "soon", "reason": "Moved"},
     "date", "Moved"),
    ("fay", "/compensation/plans/new", {"text": "plan: [", "name": "Mine"}, "line", "plan: ["),
    ("fay", "/compensation/quotas/new", {"amount": "much", "measure": "bookings"}, "amount",
     "much"),
    ("mia", "/sequences/{sequence}/steps", {"kind-0": "email", "wait_days-0": "x"}, "step", "x"),
    ("mia", "/web-forms/{web_form}/questions", {"email.asked": "on", "email.label": "L" * 500},
     "label", "L" * 500),
]  # fmt: skip


@pytest.mark.parametrize(("who", "address", "values", "word", "kept"), FORMS)
def test_a_form_of_its_own_refuses_names_and_keeps(
    company: Company, who: str, address: str, values: dict[str, str], word: str, kept: str
) -> None:
    ids = {key: getattr(company, key).pk for key in OBJECTS}
    before = written()
    answer = signed_in(getattr(company, who)).post(address.format(**ids), values)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert word in page.lower()
    assert kept in page
    assert written() == before


def written() -> int:
    """How often anything was written: each change leaves its line."""
    return AuditEvent.objects.count()
