"""What scripts in a list, a board or a record page write: cells, pasted blocks, many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.access.actor import Actor
from dealwright.base.api.problems import problem
from dealwright.base.errors import Conflict, DealwrightError, Invalid
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.queries import get_row
from dealwright.base.records.selections import selected_records
from dealwright.base.records.services import delete_record, update_record
from dealwright.base.web.pages import actor_of, page
from dealwright.base.web.records.addresses import body_of
from dealwright.base.web.records.cells import column_of, text_of, typed_values, value_of
from dealwright.base.web.records.lists import render_row
from dealwright.base.web.records.state import read_state
from dealwright.base.web.records.undo import (
    former_values,
    keep_undo,
    take_back,
    undone_sentence,
)

MOST_AT_ONCE = 1_000


@page(methods=["POST"])
def write_cells(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """Change some fields of one record.

    Takes ``values``, the ``version`` the person saw and the ``columns`` of the row to send
    back. A stale version answers 409 with ``current``: the values, the row and the version now.
    """
    actor = actor_of(request)
    body = body_of(request)
    values = _values_in(of, body)
    columns = _columns_in(body)
    before = former_values(actor, of, record_id, list(values))
    try:
        record = update_record(actor, of.key, record_id, values, expected_version=_version_in(body))
    except Conflict as error:
        if error.code != "version_conflict":
            raise
        return _conflict(request, actor, of, record_id, error, list(values), columns)
    undo = keep_undo(
        actor, of.key, [{"id": str(record.pk), "version": record.version, "values": before}]
    )
    answer: dict[str, Any] = {"version": record.version, "undo": undo}
    if columns:
        answer["row"] = render_row(request, of, record.pk, columns)
    else:
        answer["fields"] = _shown_fields(actor, of, record.pk, list(values))
    return JsonResponse(answer)


def _conflict(
    request: HttpRequest,
    actor: Actor,
    of: ObjectType,
    record_id: Any,
    error: Conflict,
    keys: Sequence[str],
    columns: str,
) -> HttpResponse:
    row = get_row(actor, of, record_id, ["id"])
    current: dict[str, Any] = {
        "version": row["version"],
        "values": _shown_fields(actor, of, record_id, keys),
    }
    if columns:
        current["row"] = render_row(request, of, record_id, columns)
    return problem(request, 409, error.message, code=error.code, more={"current": current})


def _shown_fields(
    actor: Actor, of: ObjectType, record_id: Any, keys: Sequence[str]
) -> dict[str, dict[str, str]]:
    columns = [column_of(of, key, actor.user) for key in keys]
    extra = ["currency"] if any(column.kind == Kind.MONEY for column in columns) else []
    known = {field.key for field in of.fields}
    row = get_row(actor, of, record_id, [*keys, *(key for key in extra if key in known)])
    return {
        column.key: {"text": text_of(column, row), "value": value_of(column, row)}
        for column in columns
    }


@page(methods=["POST"])
def paste_block(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """Write a block of cells, record by record; what is wrong is told and leaves its record."""
    actor = actor_of(request)
    body = body_of(request)
    changes = body.get("changes")
    if not isinstance(changes, list) or not 0 < len(changes) <= 100:
        raise Invalid(_("Paste at most 100 rows at once."))
    undo: list[dict[str, Any]] = []
    wrong: list[dict[str, str]] = []
    for change in changes:
        if not isinstance(change, dict):
            raise Invalid(_("The request is not understood."))
        try:
            values = _found_relations(actor, of, _values_in(of, change), wrong, change.get("id"))
            if not values:
                continue
            before = former_values(actor, of, change.get("id"), list(values))
            record = update_record(
                actor, of.key, change.get("id"), values, expected_version=_version_in(change)
            )
            undo.append({"id": str(record.pk), "version": record.version, "values": before})
        except DealwrightError as error:
            wrong += _sentences(change, error)
    columns = _columns_in(body)
    rows = {step["id"]: render_row(request, of, step["id"], columns) for step in undo}
    message = ngettext("%(count)s row changed.", "%(count)s rows changed.", len(undo)) % {
        "count": len(undo)
    }
    if wrong:
        message = " ".join([message, wrong[0]["sentence"]])
    return JsonResponse(
        {
            "rows": rows,
            "wrong": wrong,
            "message": message,
            "undo": keep_undo(actor, of.key, undo),
        }
    )


def _found_relations(
    actor: Actor, of: ObjectType, values: dict[str, Any], wrong: list[dict[str, str]], row_id: Any
) -> dict[str, Any]:
    """Pasted names of records and people as ids: an exact name that only one has."""
    from dealwright.base.web.records.lookups import find_by_title

    found: dict[str, Any] = {}
    for key, value in values.items():
        field = of.field(key)
        if field.kind not in (Kind.RELATION, Kind.USER) or not value:
            found[key] = value
            continue
        target = "user" if field.kind == Kind.USER else field.relation
        record_id = find_by_title(actor, target, str(value))
        if record_id is None:
            sentence = _("%(field)s: “%(value)s” names no one record.") % {
                "field": field.label,
                "value": str(value)[:60],
            }
            wrong.append({"id": str(row_id), "field": key, "sentence": sentence})
        else:
            found[key] = record_id
    return found


def _sentences(change: Mapping[str, Any], error: DealwrightError) -> Iterator[dict[str, str]]:
    for key in error.fields or dict.fromkeys(change.get("values") or {}):
        sentence = " ".join(error.fields.get(key, [])) or error.message
        yield {"id": str(change.get("id")), "field": key, "sentence": sentence}


@page(methods=["POST"])
def change_many(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """Change one value of many records, or put them in the bin.

    Takes ``ids``, or ``all`` with the ``query`` of the list, at most 1,000 records; then
    ``values`` or ``delete``.
    """
    actor = actor_of(request)
    body = body_of(request)
    ids = _ids_in(actor, of, body)
    if body.get("delete"):
        done, sentences, undo = _each(ids, _deleter(actor, of))
        said = ngettext("%(count)s record deleted.", "%(count)s records deleted.", done)
    else:
        values = _values_in(of, body)
        done, sentences, undo = _each(ids, _changer(actor, of, values))
        said = ngettext("%(count)s record changed.", "%(count)s records changed.", done)
    message = said % {"count": done}
    if sentences:
        left = len(ids) - done
        message += " " + ngettext(
            "%(count)s was left as it is:", "%(count)s were left as they are:", left
        ) % {"count": left}
        message += " " + " ".join(list(dict.fromkeys(sentences))[:2])
    if not done and sentences:
        raise Invalid(message)
    return JsonResponse(
        {
            "message": message,
            "done": done,
            "wrong": len(ids) - done,
            "undo": keep_undo(actor, of.key, undo),
        }
    )


def _ids_in(actor: Actor, of: ObjectType, body: Mapping[str, Any]) -> list[Any]:
    if body.get("all"):
        state = read_state(
            of, actor.require_user(), QueryDict(str(body.get("query", "")).lstrip("?"))
        )
        rows = selected_records(actor, of, filter=state.filter, search=state.text)
        ids: list[Any] = list(rows.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    else:
        given = body.get("ids")
        ids = given if isinstance(given, list) else []
    if not ids:
        raise Invalid(_("Select at least one row."))
    if len(ids) > MOST_AT_ONCE:
        raise Invalid(
            _("At most %(count)s records can be changed at once. Narrow the list with a filter.")
            % {"count": MOST_AT_ONCE}
        )
    return ids


Step = Callable[[Any], dict[str, Any]]


def _each(ids: Sequence[Any], step: Step) -> tuple[int, list[str], list[dict[str, Any]]]:
    """Run a step per record in a transaction of its own."""
    undo: list[dict[str, Any]] = []
    sentences: list[str] = []
    for record_id in ids:
        try:
            undo.append(step(record_id))
        except DealwrightError as error:
            sentences.append(error.message)
    return len(undo), sentences, undo


def _deleter(actor: Actor, of: ObjectType) -> Step:
    def delete(record_id: Any) -> dict[str, Any]:
        delete_record(actor, of.key, record_id)
        return {"id": str(record_id), "restore": True}

    return delete


def _changer(actor: Actor, of: ObjectType, values: Mapping[str, Any]) -> Step:
    def change(record_id: Any) -> dict[str, Any]:
        before = former_values(actor, of, record_id, list(values))
        record = update_record(actor, of.key, record_id, values)
        return {"id": str(record.pk), "version": record.version, "values": before}

    return change


@page(methods=["POST"])
def undo(request: HttpRequest, step_id: Any) -> HttpResponse:
    """Take one's own change back."""
    undone = take_back(actor_of(request), step_id)
    return JsonResponse(
        {"message": undone_sentence(undone), "object": undone.object, "done": undone.done}
    )


def _values_in(of: ObjectType, body: Mapping[str, Any]) -> dict[str, Any]:
    values = body.get("values")
    if not isinstance(values, dict) or not values or len(values) > 60:
        raise Invalid(_("Say which field to change."))
    return typed_values(of, values)


def _version_in(body: Mapping[str, Any]) -> int | None:
    version = body.get("version")
    return version if isinstance(version, int) and not isinstance(version, bool) else None


def _columns_in(body: Mapping[str, Any]) -> str:
    columns = body.get("columns")
    return columns[:2_000] if isinstance(columns, str) else ""
