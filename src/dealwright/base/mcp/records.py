"""Tools over every kind of record, from the registry of objects: one set for all of them."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import access_level, check_create
from dealwright.base.api.authentication import check_scope
from dealwright.base.api.resources import row_after
from dealwright.base.errors import NotAllowed
from dealwright.base.mcp.tools import Arguments, Caller, tool
from dealwright.base.objects import fields as kinds
from dealwright.base.objects.filters import filterable_fields
from dealwright.base.objects.paths import may_see
from dealwright.base.objects.registry import ObjectType, object_type, object_types
from dealwright.base.people.scopes import has_scope, scope_of_object
from dealwright.base.records import queries, services
from dealwright.base.search.queries import MAX_HITS, MAX_TEXT
from dealwright.base.search.queries import search as search_records

MOST_OPTIONS = 100
System = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")]
Key = Annotated[str, Field(pattern=r"^[^/\x00]{1,200}$")]
ObjectKey = Annotated[str, Field(max_length=60, description="Key of the kind, such as `account`.")]
Values = Annotated[
    dict[str, Any],
    Field(
        description="By field key; a relation takes the id, money a decimal string, a date ISO 8601"
    ),
]
Version = Annotated[
    int | None,
    Field(description="The version that was read: refused if someone changed it since."),
]


def _may_write_something(actor: Actor) -> bool:
    scopes = actor.scopes
    return scopes is None or any(each == "admin" or each.endswith(":write") for each in scopes)


class Nothing(Arguments):
    """No arguments."""


class OfObject(Arguments):
    object: ObjectKey


class Found(OfObject):
    filter: Annotated[
        dict[str, Any] | None,
        Field(
            description='Conditions joined by `all`, `any`, `not`: `{"all": [{"field": "owner", '
            '"op": "is_me"}]}`; fields of related records by dots, as `account.industry`.'
        ),
    ] = None
    search: Annotated[str, Field(max_length=MAX_TEXT, description="Words to find.")] = ""


class Listed(Found):
    sort: Annotated[
        str, Field(max_length=120, description="A sortable field; `-` before it turns the order.")
    ] = ""
    fields: Annotated[
        list[str] | None, Field(max_length=100, description="Keys of the fields wanted; else all.")
    ] = None
    cursor: Annotated[
        str, Field(max_length=2_000, description="The `next_cursor` of the page before.")
    ] = ""
    limit: Annotated[int, Field(ge=1, le=queries.MAX_ROWS)] = 25


class OneRecord(OfObject):
    id: UUID


class Read(OneRecord):
    fields: Annotated[list[str] | None, Field(max_length=100)] = None


class Created(OfObject):
    values: Values


class Upserted(Created):
    system: Annotated[System, Field(description="The other system, such as `erp`.")]
    key: Annotated[Key, Field(description="The record's key in it.")]


class Changed(OneRecord):
    values: Values
    version: Version = None


class Deleted(OneRecord):
    version: Version = None


class Searched(Arguments):
    text: Annotated[
        str,
        Field(max_length=MAX_TEXT, description="A name, words, an e-mail address, a number."),
    ]
    objects: Annotated[
        list[str], Field(max_length=50, description="Only these kinds; all when empty.")
    ] = []  # noqa: RUF012
    limit: Annotated[int, Field(ge=1, le=MAX_HITS)] = 20


@tool("Kinds of records", Nothing, reads=True)
def list_objects(caller: Caller, given: Nothing) -> Any:
    """Which kinds of records there are for you (accounts, opportunities, envelopes, contracts
    and so on), and whether you may make one. Begin here."""
    user = caller.actor.require_user()
    return {
        "objects": [
            {
                "object": of.key,
                "label": of.label,
                "label_plural": of.label_plural,
                "title_field": of.title,
                "system": of.model._meta.app_label,
                "may_create": of.creatable and _may_create(caller.actor, of),
            }
            for of in object_types()
            if has_scope(caller.actor, scope_of_object(of.key)) and access_level(user, of) != "none"
        ]
    }


@tool("Fields of a kind of record", OfObject, reads=True)
def describe_object(caller: Caller, given: OfObject) -> Any:
    """The fields of a kind of record: type, choices, what may be written, sorted and filtered
    by. Ask it before writing or filtering."""
    of = _readable(caller.actor, given.object)
    user = caller.actor.require_user()
    ops = {each["key"]: each["ops"] for each in filterable_fields(of, user)}
    return {
        "object": of.key,
        "label": of.label,
        "default_sort": of.default_sort,
        "fields": [
            _field(each, ops.get(each.key, []))
            for each in of.all_fields()
            if each.in_api and may_see(each, user)
        ],
    }


@tool("Search", Searched, reads=True)
def search(caller: Caller, given: Searched) -> Any:
    """Records of any kind whose name, words, e-mail address or phone number fit, best first."""
    keys = [object_type(key).key for key in given.objects] or [of.key for of in object_types()]
    allowed = [key for key in keys if has_scope(caller.actor, scope_of_object(key))]
    if not allowed:
        raise NotAllowed("This token lacks the scope to read these.", code="scope_missing")
    hits = search_records(caller.actor, given.text, objects=allowed, limit=given.limit)
    keys_of_hit = ("object", "id", "title", "subtitle", "score")
    return {"records": [{key: getattr(hit, key) for key in keys_of_hit} for hit in hits]}


@tool("Find records", Listed, reads=True)
def find_records(caller: Caller, given: Listed) -> Any:
    """A page of the records of one kind, by conditions and words, in an order. `next_cursor` is
    null on the last page."""
    page = queries.list_records(
        caller.actor,
        _readable(caller.actor, given.object),
        filter=given.filter,
        search=given.search,
        sort=given.sort,
        columns=given.fields or None,
        cursor=given.cursor,
        limit=given.limit,
    )
    return {"records": page.rows, "next_cursor": page.next_cursor or None}


@tool("Count records", Found, reads=True)
def count_records(caller: Caller, given: Found) -> Any:
    """How many records of one kind fit; `capped` says that there are more than `count`."""
    of = _readable(caller.actor, given.object)
    total = queries.count_records(caller.actor, of, filter=given.filter, search=given.search)
    return {"count": total.count, "capped": total.capped}


@tool("Read a record", Read, reads=True)
def read_record(caller: Caller, given: Read) -> Any:
    """One record with its fields and its version."""
    of = _readable(caller.actor, given.object)
    return queries.get_row(caller.actor, of, given.id, given.fields or None)


@tool("Create a record", Created, offered_to=_may_write_something)
def create_record(caller: Caller, given: Created) -> Any:
    """Make a record. Calling it twice makes two; `upsert_record` does not."""
    of = _writable(caller.actor, given.object)
    _check_makeable(of)
    return row_after(caller.actor, of, services.create_record(caller.actor, of.key, given.values))


@tool("Create or change a record", Upserted, offered_to=_may_write_something, idempotent=True)
def upsert_record(caller: Caller, given: Upserted) -> Any:
    """Make the record that another system knows by a key, or change it where it is there."""
    of = _writable(caller.actor, given.object)
    _check_makeable(of)
    record, created = services.upsert_record(
        caller.actor, of.key, given.system, given.key, given.values
    )
    return {**row_after(caller.actor, of, record), "created": created}


@tool(
    "Change a record", Changed, offered_to=_may_write_something, destructive=True, idempotent=True
)
def update_record(caller: Caller, given: Changed) -> Any:
    """Change fields of a record; fields that are left out stay, null empties one."""
    of = _writable(caller.actor, given.object)
    record = services.update_record(
        caller.actor, of.key, given.id, given.values, expected_version=given.version
    )
    return row_after(caller.actor, of, record)


@tool("Delete a record", Deleted, offered_to=_may_write_something, destructive=True)
def delete_record(caller: Caller, given: Deleted) -> Any:
    """Put a record in the bin, where it rests for 30 days."""
    of = _writable(caller.actor, given.object)
    services.delete_record(caller.actor, of.key, given.id, expected_version=given.version)
    return {"deleted": True, "id": given.id}


@tool("Restore a record", OneRecord, offered_to=_may_write_something)
def restore_record(caller: Caller, given: OneRecord) -> Any:
    """Bring a record back from the bin."""
    of = _writable(caller.actor, given.object)
    return row_after(caller.actor, of, services.restore_record(caller.actor, of.key, given.id))


def _readable(actor: Actor, key: str) -> ObjectType:
    of = object_type(key)
    check_scope(actor, scope_of_object(key))
    return of


def _writable(actor: Actor, key: str) -> ObjectType:
    of = object_type(key)
    check_scope(actor, scope_of_object(key, "write"))
    return of


def _may_create(actor: Actor, of: ObjectType) -> bool:
    try:
        check_create(actor, of.key)
    except NotAllowed:
        return False
    return has_scope(actor, scope_of_object(of.key, "write"))


def _check_makeable(of: ObjectType) -> None:
    if not of.creatable:
        raise NotAllowed(f"{of.label_plural} are not made from fields alone.", code="not_creatable")


def _field(field: kinds.Field, ops: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "key": field.key,
        "label": field.shown_label,
        "kind": field.kind.value,
        "required": field.required,
        "writable": field.editable,
        "writable_when_created": field.on_create,
        "sortable": field.sortable,
        "filter_ops": ops,
    }
    if field.help:
        told["help"] = field.help
    if field.relation:
        told["relation"] = field.relation
    if field.kind not in (kinds.Kind.RELATION, kinds.Kind.USER):
        options = list(field.options)[: MOST_OPTIONS + 1]
        if options:
            told["choices"] = [{"value": value, "label": str(label)} for value, label in options][
                :MOST_OPTIONS
            ]
            told["more_choices"] = len(options) > MOST_OPTIONS
    return told
