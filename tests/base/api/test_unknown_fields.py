"""What a body says and its shape does not know is refused by name, wherever it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args
from uuid import uuid4

import pytest
from pydantic import BaseModel

from base.mcp.caller import Program
from contracts.make import make_contract
from crm.make import make_account, make_contact, make_lead, make_opportunity
from dealwright.base.api.application import api
from dealwright.base.objects.registry import object_types
from dealwright.base.records.custom_fields import create_custom_field
from dealwright.crm.models import Account
from make import acting, make_administrator

from .caller import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Caller:
    return Caller(make_administrator())


def document(call: Caller) -> Mapping[str, Any]:
    found: Mapping[str, Any] = call("GET", "/openapi.json")
    return found


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """The models of a type, however deep."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models_in(field.annotation)
    for part in get_args(kind):
        yield from models_in(part)


def shapes_in(document: Mapping[str, Any], schema: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every object with named members in a body, however deep."""
    if isinstance(schema, list):
        for each in schema:
            yield from shapes_in(document, each, place)
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from shapes_in(document, document["components"]["schemas"][name], f"{place} {name}")
        return
    if "properties" in schema:
        yield place, schema
    for key, value in schema.items():
        below = value.values() if key == "properties" else [value]
        for each in below:
            yield from shapes_in(document, each, place)


def test_every_body_of_the_api_is_closed_in_the_document(call: Caller) -> None:
    said = document(call)
    records = {
        "".join(part.title() for part in of.key.split("_")) + how
        for of in object_types()
        for how in ("Create", "Change")
    }
    closed, open_ones = 0, set()
    for path, methods in said["paths"].items():
        for method, spec in methods.items():
            content = spec.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            name = f"{method.upper()} {path.removeprefix('/api/v1')}"
            found = dict(shapes_in(said, content["schema"], name))
            if not found:
                open_ones.add(name)
            for place, shape in found.items():
                is_record = place.rpartition(" ")[2] in records
                assert shape.get("additionalProperties") is is_record, place
                closed += not is_record
    assert open_ones == {"PUT /contracts/{id}/values"}  # its keys are those of the text
    assert closed > 100


def test_each_shape_of_the_document_has_a_name_of_its_own() -> None:
    named: dict[str, set[type[BaseModel]]] = {}
    for router in api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                answers = [each for each in operation.response_models.values() if each]
                for model in [*operation.models, *answers]:
                    for shape in models_in(model):
                        named.setdefault(shape.__name__, set()).add(shape)
    twice = {name for name, shapes in named.items() if len(shapes) > 1}
    assert twice - {"NinjaResponseSchema"} - {n for n in twice if n.endswith("Params")} == set()


def test_a_misspelt_field_of_a_record_is_told_and_nothing_is_written(call: Caller) -> None:
    said = call("POST", "/accounts", {"name": "Halden", "industri": "Retail"}, status=422)
    assert said["errors"] == {
        "industri": ["Account has no such field. Did you mean “industry”?"],
    }
    assert not Account.objects.exists()
    account = make_account(name="Halden")
    said = call("PATCH", f"/accounts/{account.pk}", {"wibsite": "https://x.test"}, status=422)
    assert said["errors"] == {"wibsite": ["Account has no such field. Did you mean “website”?"]}
    said = call("PUT", "/accounts/by/erp/7", {"name": "New", "zzqq": 1}, status=422)
    assert said["errors"] == {"zzqq": ["Account has no such field."]}
    response = call.send("POST", "/accounts/bulk", '{"nam": "One"}\n{"name": "Two"}\n')
    lines = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    assert [line["status"] for line in lines] == [422, 201]
    assert lines[0]["errors"]["nam"] == ["Account has no such field. Did you mean “name”?"]
    account.refresh_from_db()
    assert (account.version, account.website) == (1, "")


def test_a_custom_field_is_a_known_field(call: Caller) -> None:
    create_custom_field(acting(make_administrator()), "account", label="Fleet size", kind="number")
    made = call("POST", "/accounts", {"name": "Halden", "fleet_size": 12}, status=201)
    assert made["fleet_size"] == "12"
    said = call("PATCH", f"/accounts/{made['id']}", {"flet_size": 13}, status=422)
    assert said["errors"] == {
        "flet_size": ["Account has no such field. Did you mean “fleet_size”?"]
    }


def test_the_body_of_a_verb_is_closed(call: Caller) -> None:
    lead = make_lead()
    said = call("POST", f"/leads/{lead.pk}/convert", {"ammount": "1"}, status=422)
    assert said["errors"] == {"ammount": ["There is no such field. Did you mean “amount”?"]}
    lead.refresh_from_db()
    assert lead.converted_at is None
    deal = make_opportunity()
    said = call(
        "PUT", f"/opportunities/{deal.pk}/lines", [{"name": "A"}, {"nmae": "B"}], status=422
    )
    assert said["errors"] == {"1.nmae": ["There is no such field. Did you mean “name”?"]}


def test_a_body_within_a_body_is_closed_and_every_wrong_place_is_told(call: Caller) -> None:
    said = call(
        "POST",
        "/envelopes",
        {
            "titel": "Offer",
            "title": "Offer",
            "documents": [{"file": str(uuid4()), "zz": 3}],
            "recipients": [{"name": "A", "emial": "a@x.test"}],
        },
        status=422,
    )
    assert said["errors"]["recipients.0.emial"] == ["There is no such field. Did you mean “email”?"]
    assert said["errors"]["documents.0.zz"] == ["There is no such field."]
    assert said["errors"]["titel"] == ["There is no such field. Did you mean “title”?"]


def test_a_value_that_the_text_of_a_contract_does_not_have_is_told(call: Caller) -> None:
    contract = make_contract()
    path = f"/contracts/{contract.pk}/values"
    said = call("PUT", path, {"term_month": "24", "effective_on": "2027-01-01"}, status=422)
    assert said["errors"] == {
        "term_month": ["The contract has no such value. Did you mean “term_months”?"]
    }
    contract.refresh_from_db()
    assert contract.variables["effective_on"].get("value", "") != "2027-01-01"
    call("PUT", path, {"term_months": "24"})


def test_names_of_any_kind_are_told_without_harm(call: Caller) -> None:
    contact = make_contact()
    path = f"/contacts/{contact.pk}/erase"
    for name in ("", "x" * 50_000, "<b>", "a.b", "{sentence}", "ключ"):
        said = call("POST", path, {name: 1}, status=422)
        assert said["errors"][name or "body"] == ["There is no such field."]


def test_a_tool_tells_the_nearest_argument_as_well() -> None:
    program = Program(make_administrator())
    said = program.refused("win_opportunity", id=str(uuid4()), close_dat="2027-01-01")
    assert said["errors"] == {
        "close_dat": ["There is no such argument. Did you mean “close_date”?"]
    }
    said = program.refused("list_objects", objekt="account")
    assert said["errors"] == {"objekt": ["There is no such field."]}


def test_a_thousand_unknown_names_are_all_told(call: Caller) -> None:
    many = {f"naame{number}": 1 for number in range(1_000)}
    said = call("POST", "/accounts", many, status=422)["errors"]
    assert len(said) == 1_001  # and the name that is required
    assert said["naame0"] == ["Account has no such field. Did you mean “name”?"]
    assert said["naame999"] == ["Account has no such field."]
    said = call("POST", f"/contacts/{uuid4()}/erase", many, status=422)["errors"]
    assert len(said) == 1_000
