"""Every operation of the OpenAPI document, with real records in its address and a valid body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.test import Client

from dealwright.base.objects.registry import object_types
from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token
from make import acting

from .company import Company

ABSENT = UUID("01900000-0000-7000-8000-000000000000")
SYSTEM = "legacy"  # the other system that knows each record, by the object's key


def bodies_of(one: Company) -> Mapping[str, Any]:
    """Bodies where the smallest valid one says nothing that the service can take."""
    pat = str(one.assignee.pk)
    year = {"starts_on": "2027-01-01", "ends_on": "2027-12-31"}
    return {
        "POST /files": {"object": "account", "record_id": str(one.account.pk)},
        "POST /webhooks": {"url": "https://hooks.example.com/y"},
        "POST /leads/capture": {"email": "some@example.com"},
        "POST /leads/{id}/disqualify": {"reason": "no_budget"},
        "POST /opportunities/{id}/lose": {"reason": "price"},
        "PUT /opportunities/{id}/contacts/{contact_id}": {"role": "champion"},
        "POST /timeline/{object}/{id}/emails": {"to": "a@example.com", "subject": "x", "text": "x"},
        "POST /cases/{id}/status": {"status": "closed"},
        "POST /contracts/{id}/send": {"signers": [{"name": "A", "email": "a@example.com"}]},
        "PUT /sequences/{id}/steps": [{"kind": "call", "subject": "Call"}],
        "POST /cases/{id}/assign": {"owner": str(one.rita.pk)},
        "PUT /contracts/{id}/values": {"term_months": "12"},
        "POST /contracts/draft": {"opportunity": str(one.opportunity.pk)},
        "POST /sequences/{id}/enroll": {"contact": str(one.contact.pk)},
        "POST /bulk-sends": {"template_id": str(one.signing_template.pk)},
        "POST /envelopes/{id}/embedded-sending": {"origin": "https://portal.example.com"},
        "POST /envelopes/{id}/redlines": {"find": "Page 1"},
        "POST /signing-groups": {"name": "New", "members": [{"name": "A", "email": "a@x.test"}]},
        "PUT /signing-groups/{group_id}": {
            "name": "New",
            "members": [{"name": "A", "email": "a@x.test"}],
        },
        "POST /delegations": {
            "to_name": "A",
            "to_email": "a@x.test",
            "starts_on": "2027-01-01",
            "ends_on": "2027-01-31",
        },
        "PUT /compensation/quotas": {"user": pat, "measure": "x", "amount": "1", **year},
        "PUT /compensation/territories": {"territory": "south", "user": pat},
        "POST /compensation/territories/{holder_id}/change": {
            "user": pat,
            "from_day": "2027-03-01",
        },
        "POST /compensation/territories/{holder_id}/end": {"ends_on": "2027-12-31"},
        "PUT /compensation/planning/{scenario_id}/rows/{row_id}/proposal": {"amount": "1"},
        "PUT /compensation/relationships": {
            "user": pat,
            "manager": str(one.mia.pk),
            "relation": "coach",
        },
        "POST /compensation/relationships/{relationship_id}/change": {
            "manager": str(one.mia.pk),
            "from_day": "2027-03-01",
        },
        "POST /compensation/relationships/{relationship_id}/end": {"ends_on": "2027-12-31"},
        "POST /compensation/accounting/payments/{batch_id}/returns": {
            "content": "employee,amount,currency,date\nPat Payee,1,EUR,2027-02-05\n"
        },
        "PUT /compensation/plans/{plan_id}/pay-after-acceptance": {"required": True},
        "POST /compensation/plans/{plan_id}/assignments": {"user": pat, **year},
    }


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    document: Mapping[str, Any] = field(repr=False)
    bodies: Mapping[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path.removeprefix('/api/v1')}"

    @property
    def writes(self) -> bool:
        return self.method != "get"

    @property
    def _spec(self) -> Mapping[str, Any]:
        spec: Mapping[str, Any] = self.document["paths"][self.path][self.method]
        return spec

    @property
    def names_a_record(self) -> bool:
        return "{" in self.path

    def query(self) -> dict[str, str]:
        """What the address must be asked with."""
        return {
            each["name"]: str(_example(self.document, each["schema"]))
            for each in self._spec.get("parameters", [])
            if each["in"] == "query" and each.get("required")
        }

    def body(self) -> tuple[str, str]:
        """The smallest valid body, and its content type."""
        content = self._spec.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content:
            part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
            plain = self.bodies.get(str(self), {})
            parts = [part.format(name, "", value) for name, value in plain.items()]
            parts.append(part.format("file", '; filename="a.csv"', "Name\r\nZeta"))
            return "".join(parts) + "--x--\r\n", "multipart/form-data; boundary=x"
        if "application/json" in content:
            example = self.bodies.get(str(self))
            if example is None:
                example = _example(self.document, content["application/json"]["schema"])
            return json.dumps(example), "application/json"
        if "application/x-ndjson" in content:
            return "{}\n", "application/x-ndjson"
        return "", "application/json"


def operations(document: Mapping[str, Any], bodies: Mapping[str, Any]) -> list[Operation]:
    """All of them; what ends a record comes last."""
    found = [
        Operation(method, path, document, bodies)
        for path, methods in document["paths"].items()
        for method in methods
    ]
    return sorted(found, key=lambda each: each.method == "delete")


def openapi() -> Mapping[str, Any]:
    """The document as a stranger reads it."""
    document: Mapping[str, Any] = json.loads(Client().get("/api/v1/openapi.json").content)
    return document


class Addresses:
    """Fills the places of an operation's address with real records, or with ids of none."""

    def __init__(self, one: Company) -> None:
        self.one = one
        self.by_slug = {of.slug: getattr(one, of.key) for of in object_types()} | {
            "webhooks": one.endpoint,
            "webhook-messages": one.webhook_message,
            "users": one.rita,
            "teams": one.team,
            "imports": one.import_job,
            "jobs": one.run,
            "merges": one.merge,
            "approvals": one.step,
            "files": one.file,
            "bulk-sends": one.bulk_send,
        }
        self.keys = {of.slug: of.key for of in object_types()}

    def fill(self, operation: Operation, *, absent: bool = False) -> str:
        """The address; raises LookupError where no maker of a record is known here."""
        first = operation.path.removeprefix("/api/v1/").split("/")[0]
        values = {
            name: self._value(first, name, operation, absent=absent)
            for name in re.findall(r"{(\w+)}", operation.path)
        }
        return operation.path.format(**values)

    def _value(self, first: str, name: str, operation: Operation, *, absent: bool) -> Any:
        one = self.one
        plain = {
            "slug": "accounts",
            "object": "contact" if first == "journeys" else "opportunity",
            "system": SYSTEM,
            "chain": one.chain,
            "form": "original",
            "number": 1,
            "section": "attainment",
            "component": "commission",
            "contact_id": one.contact.pk,
            "recipient_id": one.recipient.pk,
            "document_id": one.document.pk,
            "period_id": one.period.pk,
            "month": "2027-01",
        }
        ids = {
            "group_id": one.signing_group.pk,
            "delegation_id": one.delegation.pk,
            "payee_id": one.assignee.pk,
            "run_id": one.calculation.pk,
            "plan_id": one.plan.pk,
            "line_id": one.line.pk,
            "opportunity_id": one.opportunity.pk,
            "backtest_id": one.backtest.pk,
            "forecast_id": one.forecast.pk,
            "event_id": one.cost.event_id,
            "batch_id": one.batch.pk,
            "hold_id": one.hold.pk,
            "redline_id": one.redline.pk,
            "payment_id": one.payment.pk,
            "quota_id": one.quota.pk,
            "holder_id": one.territory.pk,
            "relationship_id": one.mentoring.pk,
            "scenario_id": one.scenario.pk,
            "row_id": one.planned.pk,
            "other_id": one.calculation.pk,
        }
        if name == "period_id" and "payee_id" not in operation.path and absent:
            return ABSENT
        if name in plain:
            return plain[name]
        if absent:
            return "nothing" if name == "key" else 2**40 if name == "line_id" else ABSENT
        if name == "hold_id" and first == "envelopes":
            return one.legal_hold.pk
        if name in ids:
            return ids[name]
        if name == "key":
            return self.keys[first]
        if name == "id" and first == "envelopes" and "/payments" in operation.path:
            return one.paying.pk
        if name == "id" and first == "envelopes" and re.search("recipient_id|hold", operation.path):
            return one.sent_envelope.pk
        if name == "id" and first in ("timeline", "journeys", "{slug}"):
            record = {"timeline": one.opportunity, "journeys": one.contact}.get(first, one.account)
            return record.pk
        if name == "id" and first in self.by_slug:
            return self.by_slug[first].pk
        raise LookupError(
            f"{operation}: no record is known for “{name}”. Make one in company.py and name it "
            "in Addresses, so that strangers are tried on the new operation too."
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller gets."""

    status: int
    content_type: str
    text: str


class Caller:
    """A program with a token, whatever it is; each call is taken back afterwards."""

    def __init__(self, secret: str | None) -> None:
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        self.client = Client(headers=headers, raise_request_exception=False)

    @classmethod
    def as_user(cls, user: User, *scopes: str) -> Caller:
        token = create_token(acting(user), name="Test", scopes=scopes or ["admin"])
        return cls(token.secret)

    def call(
        self, operation: Operation, address: str, *, before: Callable[[], None] | None = None
    ) -> Answer:
        """Ask, and take back what it did (and what ``before`` did)."""
        data, content_type = operation.body()
        with transaction.atomic():
            if before is not None:
                before()
            response = self.client.generic(
                operation.method.upper(),
                address,
                data,
                content_type=content_type,
                query_params=operation.query(),
            )
            content = (
                b"".join(response.streaming_content) if response.streaming else response.content
            )
            transaction.set_rollback(True)
        return Answer(
            response.status_code,
            response.headers.get("Content-Type", ""),
            content.decode("utf-8", "replace"),
        )


def problem_of(answer: Answer) -> dict[str, Any]:
    """The refusal without what names this one request; it must be a problem (RFC 9457)."""
    assert answer.content_type == "application/problem+json", answer
    body: dict[str, Any] = json.loads(answer.text)
    assert body["status"] == answer.status
    assert body.pop("request_id")
    body.pop("instance")
    return body


def _example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """The smallest value of a schema."""
    if "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return _example(document, target)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return _example(document, schema[key][0])
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "default" in schema:
        return schema["default"]
    if schema.get("type") == "object" or "properties" in schema:
        return dict(_required(document, schema))
    if schema.get("type") == "array":
        return [_example(document, schema["items"])] * schema.get("minItems", 0)
    if schema.get("type") == "string":
        return _text(schema)
    return {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(
        schema.get("type", ""), "x"
    )


def _required(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in schema.get("required", []):
        yield name, _example(document, schema["properties"][name])


def _text(schema: Mapping[str, Any]) -> str:
    formats = {
        "uuid": str(uuid4()),
        "date": "2027-01-01",
        "date-time": "2027-01-01T00:00:00Z",
        "email": "some@example.com",
    }
    return formats.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
