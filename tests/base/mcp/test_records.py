"""The tools over every kind of record, held against what the API answers the same person."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from base.api.caller import Caller
from crm.make import make_account, make_lead, make_opportunity
from dealwright.base.access.models import ObjectAccess
from dealwright.base.objects.registry import object_types
from dealwright.base.people.models import Profile
from dealwright.base.records.models import AuditEvent
from dealwright.crm.models import Account, Activity
from make import make_administrator, make_user
from signing.make import make_envelope

from .caller import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Program:
    return Program(make_administrator())


def let_reps(level: str) -> None:
    """How far reps see accounts."""
    ObjectAccess.objects.create(object="account", profile=Profile.REP, level=level)


def test_all_kinds_of_records_are_there(ada: Program) -> None:
    found = ada.call("list_objects")["objects"]
    assert [each["object"] for each in found] == [of.key for of in object_types()]
    may = {each["object"]: each["may_create"] for each in found}
    assert may["account"]
    assert not may["envelope"]
    read_only = Program(make_user(profile=Profile.READ_ONLY)).call("list_objects")["objects"]
    assert not any(each["may_create"] for each in read_only)


def test_a_kind_is_described_as_it_can_be_written_and_filtered(ada: Program) -> None:
    fields = {each["key"]: each for each in ada.call("describe_object", object="account")["fields"]}
    assert fields["name"]["required"]
    assert "is" in fields["industry"]["filter_ops"]
    assert {"value": "prospect", "label": "Prospect"} in fields["kind"]["choices"]
    assert fields["parent"]["relation"] == "account"
    assert not fields["created_at"]["writable"]
    assert ada.refused("describe_object", object="nonsense")["code"] == "unknown_object"


@pytest.mark.parametrize("level", ["own", "read", "none"])
def test_two_people_find_what_the_api_shows_each(level: str) -> None:
    rita, sam = make_user("Rita Rep"), make_user("Sam Stranger")
    for number in range(3):
        make_account(name=f"Acme {number}", owner=rita, industry="Steel")
        make_account(name=f"Zeta {number}", owner=sam, industry="Paper")
    let_reps(level)
    seen = []
    for user in (rita, sam):
        api, program = Caller(user), Program(user)
        page = api("GET", "/accounts?sort=name&limit=100")
        assert program.call("find_records", object="account", sort="name", limit=100) == {
            "records": page["items"],
            "next_cursor": page["next_cursor"],
        }
        assert program.call("count_records", object="account") == api("GET", "/accounts/count")
        hits = program.call("search", text="acme")["records"]
        assert hits == api("GET", "/search?q=acme")
        seen.append({row["name"] for row in page["items"]})
        for account in Account.objects.all():
            path = f"/accounts/{account.pk}"
            if api.send("GET", path).status_code == 200:
                read = program.call("read_record", object="account", id=str(account.pk))
                assert read == api("GET", path)
            else:
                problem = api("GET", path, status=404)
                refused = program.refused("read_record", object="account", id=str(account.pk))
                assert (refused["status"], refused["detail"]) == (404, problem["detail"])
    assert [len(names) for names in seen] == {"own": [3, 3], "read": [6, 6], "none": [0, 0]}[level]
    assert (seen[0] == seen[1]) is (level != "own")


def test_a_list_is_filtered_narrowed_and_paged(ada: Program) -> None:
    for number in range(5):
        make_account(name=f"Acme {number}", industry="Steel" if number else "Paper")
    steel: dict[str, Any] = {
        "object": "account",
        "filter": {"all": [{"field": "industry", "op": "is", "value": "Steel"}]},
        "sort": "name",
        "fields": ["name"],
        "limit": 3,
    }
    first = ada.call("find_records", **steel)
    assert [row["name"] for row in first["records"]] == ["Acme 1", "Acme 2", "Acme 3"]
    assert "industry" not in first["records"][0]
    rest = ada.call("find_records", **steel, cursor=first["next_cursor"])
    assert [row["name"] for row in rest["records"]] == ["Acme 4"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"object": "account", "limit": 101}, "limit"),
        ({"object": "account", "limit": "many"}, "limit"),
        ({"object": "account", "sort": "nonsense"}, "nonsense"),
        ({"object": "account", "cursor": "nonsense"}, "cursor"),
        ({"object": "account", "filter": {"field": "nope", "op": "is"}}, "nope"),
        ({"object": "account", "filter": []}, "filter"),
        ({"object": "account", "fields": ["nope"]}, "nope"),
        ({"object": 7}, "object"),
        ({"object": "account", "nonsense": 1}, "nonsense"),
        ({}, "object"),
    ],
)
def test_a_wrong_question_is_refused_and_named(
    ada: Program, arguments: dict[str, Any], field: str
) -> None:
    refused = ada.refused("find_records", **arguments)
    assert refused["status"] == 422
    assert field in refused["errors"]


def test_text_that_cannot_be_stored_is_refused(ada: Program) -> None:
    for arguments in (
        {"object": "account", "values": {"name": "nul \x00 byte"}},
        {"object": "acc\x00ount", "values": {"name": "x"}},
        {"object": "account", "values": {"na\x00me": "x"}},
    ):
        assert ada.refused("create_record", **arguments)["status"] == 422
    assert not Account.objects.exists()


def test_a_record_is_made_changed_binned_and_brought_back(ada: Program) -> None:
    made = ada.call("create_record", object="account", values={"name": "Here", "employees": 4})
    one = {"object": "account", "id": made["id"]}
    changed = ada.call("update_record", **one, values={"employees": 5}, version=1)
    assert (changed["employees"], changed["version"]) == (5, 2)
    stale = ada.refused("update_record", **one, values={"employees": 6}, version=1)
    assert (stale["status"], stale["code"]) == (409, "version_conflict")
    assert ada.refused("delete_record", **one, version=1)["status"] == 409
    assert ada.call("delete_record", **one) == {"deleted": True, "id": made["id"]}
    assert ada.refused("read_record", **one)["status"] == 404
    assert ada.call("restore_record", **one)["name"] == "Here"


def test_the_audit_tells_by_which_token(ada: Program) -> None:
    made = ada.call("create_record", object="account", values={"name": "Here"})
    line = AuditEvent.objects.get(record_id=made["id"], action="insert")
    assert (line.actor_name, line.via) == ("Ada Admin (Desk helper)", "api")
    assert line.actor_id == ada.token.user_id
    assert line.request_id


def test_a_record_of_another_system_is_made_once(ada: Program) -> None:
    one = {"object": "account", "system": "erp", "key": "10042"}
    assert ada.call("upsert_record", **one, values={"name": "One"})["created"]
    again = ada.call("upsert_record", **one, values={"name": "Two"})
    assert (again["created"], again["name"]) == (False, "Two")
    assert Account.objects.count() == 1
    wrong = ada.refused("upsert_record", **{**one, "key": "a/b"}, values={"name": "x"})
    assert "key" in wrong["errors"]


def test_refusals_speak_with_the_words_of_the_api(ada: Program) -> None:
    values = {"name": "", "employees": "many"}
    problem = Caller(ada.token.user)("POST", "/accounts", values, status=422)
    refused = ada.refused("create_record", object="account", values=values)
    keys = ("title", "status", "detail", "code", "errors")
    assert refused == {key: problem[key] for key in keys}


def test_what_is_not_made_from_fields_is_refused(ada: Program) -> None:
    refused = ada.refused("create_record", object="envelope", values={"title": "x"})
    assert (refused["status"], refused["code"]) == (403, "not_creatable")


def test_scopes_hold_for_every_tool() -> None:
    user = make_administrator()
    account = make_account(name="Acme")
    one: dict[str, Any] = {"object": "account", "id": str(account.pk)}
    reader, stranger = Program(user, "crm:read"), Program(user, "signing:write")
    assert reader.call("read_record", **one)["name"] == "Acme"
    writes: list[tuple[str, dict[str, Any]]] = [
        ("create_record", {"object": "account", "values": {"name": "x"}}),
        ("upsert_record", {"object": "account", "values": {}, "system": "erp", "key": "1"}),
        ("update_record", {**one, "values": {"name": "x"}}),
        ("delete_record", one),
        ("restore_record", one),
        ("add_note", {"object": "account", "id": one["id"], "body": "x"}),
    ]
    for tool, arguments in writes:
        assert reader.refused(tool, **arguments)["code"] == "scope_missing", tool
    for tool in ("find_records", "count_records", "describe_object"):
        assert stranger.refused(tool, object="account")["code"] == "scope_missing", tool
    assert stranger.refused("read_record", **one)["code"] == "scope_missing"
    assert stranger.refused("search", text="x", objects=["account"])["code"] == "scope_missing"
    assert "account" not in {each["object"] for each in stranger.call("list_objects")["objects"]}
    account.refresh_from_db()
    assert account.name == "Acme"


def test_who_may_only_see_writes_nothing() -> None:
    account = make_account(name="Acme")
    reed = Program(make_user(profile=Profile.READ_ONLY))
    one: dict[str, Any] = {"object": "account", "id": str(account.pk)}
    assert reed.refused("create_record", object="account", values={"name": "x"})["status"] == 403
    assert reed.refused("update_record", **one, values={"name": "x"})["status"] == 403
    assert reed.refused("delete_record", **one)["status"] == 403
    assert list(Account.objects.values_list("name", flat=True)) == ["Acme"]


def test_work_is_logged_and_deals_are_moved(ada: Program) -> None:
    deal = make_opportunity(name="Looms", owner=ada.token.user)
    one = {"object": "opportunity", "id": str(deal.pk)}
    ada.call("add_note", **one, body="They want it in May.")
    assert Activity.objects.get(opportunity=deal).body == "They want it in May."
    texts = str(ada.call("read_timeline", **one)["entries"])
    assert "They want it in May." in texts
    lost = ada.call("lose_opportunity", id=str(deal.pk), reason="price")
    assert lost["id"] == str(deal.pk)
    wrong = ada.refused("lose_opportunity", id=str(deal.pk), reasonn="price")
    assert set(wrong["errors"]) == {"reason", "reasonn"}


@pytest.mark.parametrize("record_id", ["nonsense", 7, None, {"a": 1}, ["x"], "../../users", ""])
def test_an_id_that_is_none_is_no_crash(ada: Program, record_id: Any) -> None:
    make_lead()
    assert ada.refused("convert_lead", id=record_id)["status"] in (404, 422)
    assert ada.refused("read_record", object="lead", id=record_id)["status"] == 422


def test_strangers_records_are_as_if_they_were_not_there() -> None:
    rita, sam = make_user(), make_user()
    let_reps("own")
    envelope = make_envelope()
    account = make_account(owner=rita)
    program = Program(sam)
    for record in (account.pk, uuid4()):
        hidden = program.refused("read_record", object="account", id=str(record))
        assert hidden["status"] == 404
        note = program.refused("add_note", object="account", id=str(record), body="x")
        assert note["status"] == 404
    assert program.refused("send_envelope", id=str(envelope.pk))["status"] in (403, 404)
