"""What every object answers on the API, shown on accounts and opportunities."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from crm.make import make_account
from dealwright.base.api.idempotency import IdempotentRequest
from dealwright.crm.models import Account
from make import acting, make_administrator, make_user

from .caller import Caller, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def call() -> Caller:
    return Caller(make_administrator())


def walk(call: Caller, path: str) -> list[Any]:
    """All rows of a list, page by page."""
    rows, cursor = [], ""
    while True:
        page = call("GET", f"{path}&cursor={quote(cursor)}")
        rows += page["items"]
        cursor = page["next_cursor"] or ""
        if not cursor:
            return rows


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "industry", "-industry"])
def test_all_pages_together_are_all_rows_once(call: Caller, sort: str) -> None:
    made = {
        str(make_account(name=f"A{n % 4}", industry="x" if n % 3 else "").pk) for n in range(11)
    }
    ids = [row["id"] for row in walk(call, f"/accounts?limit=3&sort={sort}")]
    assert len(ids) == 11
    assert set(ids) == made


def test_rows_added_while_paging_neither_repeat_nor_hide_any(call: Caller) -> None:
    made = [str(make_account(name=f"N{n}").pk) for n in range(6)]
    first = call("GET", "/accounts?limit=3&sort=name")
    make_account(name="N0a")
    make_account(name="N9")
    rest = call("GET", f"/accounts?limit=50&sort=name&cursor={quote(first['next_cursor'])}")
    names = [row["name"] for row in first["items"] + rest["items"]]
    assert names == ["N0", "N1", "N2", "N3", "N4", "N5", "N9"]
    assert set(made) <= {row["id"] for row in first["items"] + rest["items"]}


def test_a_list_is_filtered_counted_and_narrowed(call: Caller) -> None:
    for number, industry in enumerate(["Steel", "Steel", "Paper"]):
        make_account(name=f"Zed {number}", industry=industry)
    steel = quote(json.dumps({"all": [{"field": "industry", "op": "is", "value": "Steel"}]}))
    page = call("GET", f"/accounts?filter={steel}&sort=name&fields=name")
    assert [row["name"] for row in page["items"]] == ["Zed 0", "Zed 1"]
    assert "industry" not in page["items"][0]
    assert call("GET", f"/accounts/count?filter={steel}") == {"count": 2, "capped": False}
    assert len(call("GET", "/accounts?q=zed")["items"]) == 3


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("sort=nonsense", "nonsense"),
        ("cursor=nonsense", "cursor"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("filter=%7B", "filter"),
        ("filter=[]", "filter"),
        ("q=" + "x" * 201, "q"),
    ],
)
def test_a_wrong_question_is_refused_and_named(call: Caller, question: str, field: str) -> None:
    assert field in call("GET", f"/accounts?{question}", status=422)["errors"]


def test_an_unchanged_record_is_not_sent_again(call: Caller) -> None:
    account = make_account(name="Still")
    response = call.send("GET", f"/accounts/{account.pk}")
    etag = response["ETag"]
    assert etag == '"1"'
    again = call.send("GET", f"/accounts/{account.pk}", If_None_Match=etag)
    assert (again.status_code, again.content) == (304, b"")
    assert call("PATCH", f"/accounts/{account.pk}", {"name": "Moved"})["version"] == 2
    assert call.send("GET", f"/accounts/{account.pk}", If_None_Match=etag).status_code == 200


def test_who_read_an_older_version_does_not_overwrite(call: Caller) -> None:
    path = f"/accounts/{make_account(name='First').pk}"
    call("PATCH", path, {"name": "Second"}, If_Match='"1"')
    problem = call("PATCH", path, {"name": "Third"}, If_Match='"1"', status=409)
    assert problem["code"] == "version_conflict"
    for etag in ("nonsense", "9" * 5_000, "²"):
        call("PATCH", path, {"name": "Third"}, If_Match=f'"{etag}"', status=409)
    call("DELETE", path, If_Match='"1"', status=409)
    assert call("GET", path)["name"] == "Second"


def test_a_record_is_made_deleted_and_brought_back(call: Caller) -> None:
    made = call("POST", "/accounts", {"name": "Here"}, status=201)
    path = f"/accounts/{made['id']}"
    assert call("DELETE", path, status=204) is None
    call("GET", path, status=404)
    call("PATCH", path, {"name": "x"}, status=404)
    assert call("POST", f"{path}/restore")["name"] == "Here"
    assert call("GET", path)["name"] == "Here"


def test_upsert_makes_once_and_changes_then(call: Caller) -> None:
    path = "/accounts/by/erp/K-17"
    call("GET", path, status=404)
    made = call("PUT", path, {"name": "One"}, status=201)
    changed = call("PUT", path, {"name": "Two"}, status=200)
    assert made["id"] == changed["id"] == call("GET", path)["id"]
    assert call("GET", path)["name"] == "Two"


def test_bulk_takes_each_line_by_itself(call: Caller) -> None:
    lines = [
        json.dumps({"external_system": "erp", "external_key": "1", "name": "One"}),
        "{not json",
        json.dumps(["a list"]),
        json.dumps({"name": "Two", "nonsense": 1}),
        json.dumps({"external_system": "erp", "external_key": "1", "name": "One again"}),
        json.dumps({"name": "Three"}),
        json.dumps({"name": "nul \x00 byte"}),
        json.dumps({"external_system": "e\x00rp", "external_key": "1", "name": "Four"}),
        json.dumps({"external_system": {"a": 1}, "external_key": [2], "name": "Five"}),
    ]
    response = call.send("POST", "/accounts/bulk", "\n".join(lines))
    results = [json.loads(line) for line in text_of(response).splitlines()]
    assert [(each["line"], each["status"]) for each in results[:6]] == [
        (1, 201), (2, 400), (3, 422), (4, 422), (5, 200), (6, 201)
    ]  # fmt: skip
    assert results[0]["id"] == results[4]["id"]
    assert list(results[3]["errors"]) == ["nonsense"]
    assert [each["status"] for each in results[6:]] == [422, 422, 422]
    assert set(Account.objects.values_list("name", flat=True)) == {"One again", "Three"}


def test_a_write_sent_twice_happens_once(call: Caller) -> None:
    first = call.send("POST", "/accounts", {"name": "Once"}, Idempotency_Key="k1")
    again = call.send("POST", "/accounts", {"name": "Once"}, Idempotency_Key="k1")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"
    assert again["ETag"] == first["ETag"]
    assert Account.objects.count() == 1


def test_a_key_belongs_to_one_request_and_one_caller(call: Caller) -> None:
    call("POST", "/accounts", {"name": "Once"}, Idempotency_Key="k1", status=201)
    reused = call("POST", "/accounts", {"name": "Else"}, Idempotency_Key="k1", status=422)
    assert reused["code"] == "idempotency_key_reused"
    other = Caller(make_user())
    other("POST", "/accounts", {"name": "Other"}, Idempotency_Key="k1", status=201)
    IdempotentRequest.objects.update(status=0)
    running = call("POST", "/accounts", {"name": "Once"}, Idempotency_Key="k1", status=409)
    assert running["code"] == "idempotency_running"
    call("POST", "/accounts", {"name": "Long"}, Idempotency_Key="k" * 201, status=422)


def test_a_refusal_is_a_problem_of_one_shape(call: Caller) -> None:
    response = call.send("POST", "/accounts", {"name": "", "nonsense": 1})
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert problem["title"] == "Not valid"
    assert problem["instance"] == "/api/v1/accounts"
    assert problem["request_id"]
    assert {"nonsense", "name"} & set(problem["errors"])
    for body in ("{", "\xff", '{"name": NaN}'):
        assert call("POST", "/accounts", body, status=400)["status"] == 400
    call("POST", "/accounts", "[]", status=422)
    assert call("GET", "/nowhere", status=404)["status"] == 404
    assert call("PUT", "/accounts", {}, status=405)["status"] == 405


@pytest.mark.parametrize(
    "value",
    ["nul \x00 byte", "x" * 100_000, 10**30, {"a": 1}, ["a"], True, "\u202e\ufffe"],
)
def test_hostile_text_is_refused_or_kept_never_a_crash(call: Caller, value: Any) -> None:
    assert call.send("POST", "/accounts", {"name": value}).status_code in (201, 422)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "1e400"), ("amount", "NaN"), ("amount", "Infinity"), ("amount", 10**40),
        ("amount", "9" * 5000), ("close_date", "0000-00-00"), ("close_date", "99999-01-01"),
        ("close_date", 10**20), ("currency", "€€€"), ("account", "nonsense"),
        ("account", 7), ("owner", {"id": 1}),
    ],
)  # fmt: skip
def test_hostile_values_are_refused_by_name(call: Caller, field: str, value: Any) -> None:
    from dealwright.crm.opportunities.pipelines import ensure_default_pipeline

    ensure_default_pipeline()
    body = {"name": "Deal", field: value}
    assert field in call("POST", "/opportunities", body, status=422)["errors"]


def test_decimals_go_out_as_text_and_come_in_either_way(call: Caller) -> None:
    from dealwright.crm.opportunities.pipelines import ensure_default_pipeline

    ensure_default_pipeline()
    deal = call(
        "POST", "/opportunities", {"name": "D", "amount": "1234.5", "currency": "EUR"}, status=201
    )
    assert deal["amount"] == "1234.50"
    changed = call("PATCH", f"/opportunities/{deal['id']}", {"amount": 7})
    assert changed["amount"] == "7.00"


def test_a_token_reaches_as_far_as_its_scopes() -> None:
    user = make_administrator()
    account = make_account(actor=acting(user))
    reader, writer = Caller(user, "crm:read"), Caller(user, "crm:write")
    stranger = Caller(user, "signing:write")
    path = f"/accounts/{account.pk}"
    reader("GET", path)
    for method, where in (("PATCH", path), ("DELETE", path), ("POST", f"{path}/restore"),
                          ("POST", "/accounts"), ("PUT", "/accounts/by/a/b"),
                          ("POST", "/accounts/bulk")):  # fmt: skip
        assert reader(method, where, {}, status=403)["code"] == "scope_missing"
    writer("GET", path)
    writer("PATCH", path, {"name": "By the writer"})
    for where in (path, "/accounts", "/accounts/count", "/accounts/by/a/b"):
        assert stranger("GET", where, status=403)["code"] == "scope_missing"


def test_the_document_is_openapi_3_1(call: Caller) -> None:
    document = call("GET", "/openapi.json")
    assert document["openapi"].startswith("3.1")
    names = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("cursor", ["x", "-1", "²", "9" * 5_000, str(2**63)])
def test_a_cursor_of_the_change_feed_that_nobody_gave(call: Caller, cursor: str) -> None:
    problem = call("GET", f"/changes?cursor={quote(cursor)}", status=422)
    assert list(problem["errors"]) == ["cursor"]
