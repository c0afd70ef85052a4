"""The list of an object: rows first, totals in a second request, state in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.filters import filterable_fields
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType
from dealwright.base.people.models import User
from dealwright.base.records.queries import Page, count_records, get_row, list_records
from dealwright.base.records.summaries import summarize_records
from dealwright.base.records.views import may_change, teams_of, views_for
from dealwright.base.web.pages import actor_of, page, render
from dealwright.base.web.records import cells
from dealwright.base.web.records.addresses import (
    may_create,
    may_make_elsewhere,
    may_write_any,
    require_openable,
)
from dealwright.base.web.records.cells import Column, column_of, field_infos, hidden_columns
from dealwright.base.web.records.row_html import rows_html
from dealwright.base.web.records.state import ListState, read_state

ROWS = 50
MOST_SUMS = 4


@page(methods=["GET", "HEAD"])
def list_page(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """The list as a table; for htmx and scripts only the list itself."""
    actor = actor_of(request)
    user = actor.require_user()
    require_openable(user, of)
    state = read_state(of, user, request.GET)
    found = list_records(
        actor,
        of,
        filter=state.filter,
        search=state.text,
        sort=state.sort,
        columns=row_columns(of, state.columns),
        cursor=request.GET.get("after", ""),
        limit=ROWS,
    )
    template = "base/web/records/list.html"
    if request.headers.get("HX-Request"):
        template = "base/web/records/results.html"
    return render(request, template, list_context(state, user, found))


def list_context(state: ListState, user: User, found: Page | None = None) -> dict[str, Any]:
    """What the toolbar and the rows of any layout show."""
    of = state.of
    context: dict[str, Any] = {
        "of": of,
        "state": state,
        "cells": cells,
        "layouts": layouts_of(of),
        "may_create": may_create(user, of) or may_make_elsewhere(user, of),
        "may_write": may_write_any(user, of),
        "may_change_view": may_change,
        "views": views_for(user, of.key),
        "teams": teams_of(user),
        "fields": field_infos(of, user) if may_write_any(user, of) else [],
        "listable": [field for field in visible_fields(of, user) if field.kind != Kind.JSON],
        "filter_fields": filterable_fields(of, user),
    }
    if found is not None:
        context |= rows_context(state, found)
    return context


def rows_context(state: ListState, found: Page, chunk: str = "") -> dict[str, Any]:
    """A chunk of rows and where the next one is."""
    rows_path = f"/{state.of.slug}/rows"
    return {
        "rows": found.rows,
        "rows_html": rows_html(
            state.of, found.rows, state.columns, may_write=may_write_any(state.user, state.of)
        ),
        "chunk": chunk or state.address(rows_path, after=None),
        "next": state.address(rows_path, after=found.next_cursor) if found.next_cursor else "",
        "totals_url": state.address(f"/{state.of.slug}/totals", after=None),
        "empty_text": empty_text(state.of),
        "is_empty": not found.rows and not found.previous_cursor,
        "is_narrowed": bool(state.filter or state.text),
    }


def empty_text(of: ObjectType) -> str:
    """What to do about an empty list; that it is empty, the heading says already."""
    text = of.empty_text.removeprefix(f"No {of.label_plural.lower()} yet.").strip()
    return _(text) if text else ""


def layouts_of(of: ObjectType) -> list[tuple[str, str, str, str]]:
    """The layouts an object has: key, label, address, icon."""
    layouts = [("table", _("Table"), f"/{of.slug}", "table-2")]
    if of.board_field:
        layouts.append(("board", _("Board"), f"/{of.slug}/board", "square-kanban"))
    if any(field.kind in (Kind.DATE, Kind.DATETIME) for field in of.fields):
        layouts.append(("calendar", _("Calendar"), f"/{of.slug}/calendar", "calendar"))
    return layouts


def row_columns(of: ObjectType, columns: Sequence[Column]) -> list[str]:
    """The field keys to read for rows with these columns."""
    return [*(column.key for column in columns), *hidden_columns(of, columns)]


@page(methods=["GET"])
def more_rows(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """The next chunk of rows, as one scrolls."""
    actor = actor_of(request)
    user = actor.require_user()
    require_openable(user, of)
    state = read_state(of, user, request.GET)
    found = list_records(
        actor,
        of,
        filter=state.filter,
        search=state.text,
        sort=state.sort,
        columns=row_columns(of, state.columns),
        cursor=request.GET.get("after", ""),
        limit=ROWS,
    )
    context = {
        "of": of,
        "state": state,
        "cells": cells,
        "may_write": may_write_any(user, of),
        **rows_context(state, found, chunk=f"{request.path}?{request.GET.urlencode()}"),
    }
    return render(request, "base/web/records/chunk.html", context)


@page(methods=["GET"])
def totals(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """How many rows, and the sums of the columns that show money or numbers."""
    actor = actor_of(request)
    user = actor.require_user()
    require_openable(user, of)
    state = read_state(of, user, request.GET)
    count = count_records(actor, of, filter=state.filter, search=state.text)
    sums = [] if count.capped else shown_sums(actor, state)
    return render(request, "base/web/records/totals.html", {"of": of, "count": count, "sums": sums})


def shown_sums(actor: Actor, state: ListState) -> list[tuple[str, str]]:
    """Label and sum of the shown columns that add up; money by currency, never across."""
    columns = [column for column in state.columns if adds_up(state.of, column)][:MOST_SUMS]
    if not columns:
        return []
    (group,) = summarize_records(
        actor,
        state.of,
        filter=state.filter,
        search=state.text,
        sums=[column.key for column in columns],
    )
    texts = [(column.label, cells.sum_text(column, group.sums[column.key])) for column in columns]
    return [(label, text) for label, text in texts if text]


def adds_up(of: ObjectType, column: Column) -> bool:
    """Whether a total of the column means something: a year or a score is a number too, but
    nobody adds those up."""
    if "." in column.key:
        return False
    return column.kind == Kind.MONEY or (column.kind == Kind.NUMBER and not column.field.custom)


@page(methods=["GET"])
def one_row(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """One row anew, after somebody else changed it."""
    return HttpResponse(render_row(request, of, record_id, request.GET.get("columns", "")))


def render_row(request: HttpRequest, of: ObjectType, record_id: Any, columns: str) -> str:
    """The HTML of one row with the columns named by a comma-separated text."""
    actor = actor_of(request)
    shown = []
    for key in columns.split(","):
        try:
            shown.append(column_of(of, key, actor.user))
        except Invalid:
            continue
    row = get_row(actor, of, record_id, row_columns(of, shown))
    return rows_html(of, [row], shown, may_write=may_write_any(actor.require_user(), of))


@page(methods=["GET"])
def filter_fields(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """The fields a condition may ask about, over a relation with ``over``: for the builder."""
    from django.http import JsonResponse

    user = actor_of(request).require_user()
    require_openable(user, of)
    fields = filterable_fields(of, user, over=request.GET.get("over", ""))
    return JsonResponse(
        {
            "fields": [
                {
                    **field,
                    "options": [
                        [str(key), _(str(label)) if label else ""]
                        for key, label in field["options"]
                    ],
                }
                for field in fields
            ]
        }
    )


@page(methods=["POST"])
def describe(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """A filter as a sentence, or what is wrong with it: shown while one builds it.

    With ``?count=1`` also how many records match it now, and the list of them.
    """
    from django.http import JsonResponse

    from dealwright.base.objects.filters import describe_filter
    from dealwright.base.web.filter_forms import list_address
    from dealwright.base.web.records.addresses import body_of

    actor = actor_of(request)
    tree = body_of(request)
    answer = {"sentence": describe_filter(of, tree, actor.require_user())}
    if "count" in request.GET:
        count = count_records(actor, of, filter=tree)
        context = {"of": of, "count": count}
        answer["matching"] = render_to_string("base/web/records/matching.html", context).strip()
        answer["url"] = list_address(of, tree)
    return JsonResponse(answer)
