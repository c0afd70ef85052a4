"""The endpoints that every object has, made once per object from the registry."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Header, Path, Query, Router, Schema

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json, parse_filter, version_of, with_etag
from dealwright.base.api.schemas import in_schema, out_schema, page_schema, values_of
from dealwright.base.errors import DealwrightError, Invalid, NotFound
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records import queries, services

BULK_LINES = 10_000
_SYSTEM = r"^[A-Za-z0-9_.-]{1,60}$"
_KEY = r"^[^/\x00]{1,200}$"

Slug = Annotated[str, Path(pattern=_SYSTEM)]
Key = Annotated[str, Path(pattern=_KEY)]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that was read.")]


class Count(Schema):
    """How many rows match; ``capped`` says that there are more than ``count``."""

    count: int
    capped: bool


class BulkLine(Schema):
    """The outcome of one line of a bulk write, in the order of the lines."""

    line: int
    status: int
    id: UUID | None = None
    created: bool | None = None
    detail: str | None = None
    errors: dict[str, list[str]] | None = None


def router_for(of: ObjectType) -> Router:
    """All generic endpoints of one object.

    Scopes: ``<system>:read`` and ``<system>:write``, the system being the app the object
    lives in. What the caller may not see answers as if it were not there.
    """
    router = Router(tags=[of.label_plural])
    system = of.model._meta.app_label
    read, write = f"{system}:read", f"{system}:write"
    item = out_schema(of)
    page = page_schema(of, item)
    create_body = in_schema(of, creating=True)
    change_body = in_schema(of, creating=False)
    many, one = of.slug, of.key

    @router.get("", response=page, operation_id=f"list_{many}", summary=f"List {many}")
    def list_rows(
        request: HttpRequest,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: str = "",
        sort: Annotated[
            str, Query(description="A sortable field's key; `-` before it turns the order.")
        ] = "",
        filter: Annotated[
            str,
            Query(description='A filter tree: `{"all":[{"field":"owner","op":"is_me"}]}`.'),
        ] = "",
        q: Annotated[str, Query(max_length=200, description="Words to find.")] = "",
        fields: Annotated[
            str, Query(description="Keys of the fields wanted, with commas; all when empty.")
        ] = "",
    ) -> HttpResponse:
        actor = require_scope(request, read)
        found = queries.list_records(
            actor,
            of,
            filter=parse_filter(filter),
            search=q,
            sort=sort,
            columns=[key for key in fields.split(",") if key] or None,
            cursor=cursor,
            limit=limit,
        )
        return as_json({"items": found.rows, "next_cursor": found.next_cursor or None})

    @router.get(
        "/count", response=Count, operation_id=f"count_{many}", summary=f"Count {many}, capped"
    )
    def count_rows(request: HttpRequest, filter: str = "", q: str = "") -> HttpResponse:
        actor = require_scope(request, read)
        total = queries.count_records(actor, of, filter=parse_filter(filter), search=q)
        return as_json({"count": total.count, "capped": total.capped})

    @router.get("/{uuid:id}", response=item, operation_id=f"get_{one}", summary=f"Read one {one}")
    def get_one(
        request: HttpRequest,
        id: UUID,
        if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
    ) -> HttpResponse:
        actor = require_scope(request, read)
        row = queries.get_row(actor, of, id)
        if if_none_match and if_none_match.removeprefix("W/").strip('"') == str(row["version"]):
            return HttpResponse(status=304, headers={"ETag": if_none_match})
        return with_etag(row)

    if of.creatable:

        @router.post(
            "", response={201: item}, operation_id=f"create_{one}", summary=f"Create one {one}"
        )
        def create_one(request: HttpRequest, values: create_body) -> HttpResponse:  # type: ignore[valid-type]
            actor = require_scope(request, write)
            record = services.create_record(actor, of.key, values_of(values))
            return with_etag(row_after(actor, of, record), status=201)

        @router.put(
            "/by/{system}/{key}",
            response={200: item, 201: item},
            operation_id=f"upsert_{one}",
            summary=f"Create or change the {one} that another system knows by this key",
        )
        def upsert_one(
            request: HttpRequest,
            system: Slug,
            key: Key,
            values: create_body,  # type: ignore[valid-type]
        ) -> HttpResponse:
            actor = require_scope(request, write)
            record, created = services.upsert_record(actor, of.key, system, key, values_of(values))
            return with_etag(row_after(actor, of, record), status=201 if created else 200)

        @router.post(
            "/bulk",
            response={200: list[BulkLine]},
            operation_id=f"bulk_{many}",
            summary=f"Upsert many {many}: NDJSON in, one result line per line out",
            description=(
                "Each line is an object with the values, and `external_system` and "
                "`external_key` to upsert by; without them the line creates. Each line stands "
                f"alone: a wrong line does not stop the others. At most {BULK_LINES} lines."
            ),
            openapi_extra={
                "requestBody": {
                    "required": True,
                    "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
                }
            },
        )
        def bulk(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
            actor = require_scope(request, write)
            lines = [line for line in request.body.splitlines() if line.strip()]
            if len(lines) > BULK_LINES:
                raise Invalid(f"Send at most {BULK_LINES} lines at once; this has {len(lines)}.")
            return StreamingHttpResponse(
                bulk_upsert(actor, of, lines), content_type="application/x-ndjson"
            )

    @router.patch(
        "/{uuid:id}", response=item, operation_id=f"change_{one}", summary=f"Change one {one}"
    )
    def change_one(
        request: HttpRequest,
        id: UUID,
        values: change_body,  # type: ignore[valid-type]
        if_match: IfMatch = None,
    ) -> HttpResponse:
        actor = require_scope(request, write)
        record = services.update_record(
            actor, of.key, id, values_of(values), expected_version=version_of(if_match)
        )
        return with_etag(row_after(actor, of, record))

    @router.delete(
        "/{uuid:id}",
        response={204: None},
        operation_id=f"delete_{one}",
        summary=f"Put one {one} in the bin for 30 days",
    )
    def delete_one(request: HttpRequest, id: UUID, if_match: IfMatch = None) -> HttpResponse:
        actor = require_scope(request, write)
        services.delete_record(actor, of.key, id, expected_version=version_of(if_match))
        return HttpResponse(status=204)

    @router.post(
        "/{uuid:id}/restore",
        response=item,
        operation_id=f"restore_{one}",
        summary=f"Bring one {one} back from the bin",
    )
    def restore_one(request: HttpRequest, id: UUID) -> HttpResponse:
        actor = require_scope(request, write)
        return with_etag(row_after(actor, of, services.restore_record(actor, of.key, id)))

    @router.get(
        "/by/{system}/{key}",
        response=item,
        operation_id=f"find_{one}",
        summary=f"Read the {one} that another system knows by this key",
    )
    def find_one(request: HttpRequest, system: Slug, key: Key) -> HttpResponse:
        actor = require_scope(request, read)
        record = services.find_by_external_id(actor, of.key, system, key)
        if record is None:
            raise NotFound(f"No {of.label.lower()} is known by this key.")
        return with_etag(row_after(actor, of, record))

    return router


def bulk_upsert(actor: Actor, of: ObjectType, lines: list[bytes]) -> Iterator[bytes]:
    """One NDJSON result per line, each line in a transaction of its own."""
    for number, line in enumerate(lines, start=1):
        yield orjson.dumps({"line": number, **_bulk_line(actor, of, line)}, default=str) + b"\n"


def _bulk_line(actor: Actor, of: ObjectType, line: bytes) -> dict[str, Any]:
    try:
        values = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {"status": 400, "detail": f"The line is not JSON: {error}."}
    if not isinstance(values, dict):
        return {"status": 422, "detail": "The line is not a JSON object."}
    system, key = values.pop("external_system", None), values.pop("external_key", None)
    try:
        if system is not None or key is not None:
            record, created = services.upsert_record(actor, of.key, *_known_by(system, key), values)
        else:
            record, created = services.create_record(actor, of.key, values), True
    except DealwrightError as error:
        return {"status": error.status, "detail": error.message, "errors": error.fields}
    return {"status": 201 if created else 200, "id": record.pk, "created": created}


def _known_by(system: Any, key: Any) -> tuple[str, str]:
    """The two keys as the address of the single upsert takes them; raises Invalid by name."""
    wrong = {}
    if not (isinstance(system, str) and re.fullmatch(_SYSTEM, system)):
        wrong["external_system"] = ["Must be 1 to 60 letters, digits, dots, dashes."]
    if not (isinstance(key, str) and re.fullmatch(_KEY, key)):
        wrong["external_key"] = ["Must be text of 1 to 200 characters without a slash."]
    if wrong:
        raise Invalid("The external key is not valid.", fields=wrong)
    return system, key


def row_after(actor: Actor, of: ObjectType, record: Any) -> Mapping[str, Any]:
    """The record as it is read after a write; of what may be written but not read, its id."""
    try:
        get_visible(actor, of.key, record.pk)
    except NotFound:
        return {"id": record.pk, "version": record.version}
    return queries.get_row(actor, of, record.pk)
