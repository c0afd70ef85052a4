"""The import wizard: choose files, map columns, check, import, look at the result, undo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.jobs.runs import get_run
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import object_type_by_slug
from dealwright.base.transfer import drafts
from dealwright.base.transfer.engine import no_key
from dealwright.base.transfer.export import FORMATS, export_records
from dealwright.base.transfer.formats import DATE_FORMATS
from dealwright.base.transfer.models import ImportJob
from dealwright.base.transfer.plan import EXTERNAL_ID, TablePlan, table_plan
from dealwright.base.transfer.report import Report
from dealwright.base.transfer.services import get_import
from dealwright.base.transfer.sources import Table
from dealwright.base.transfer.undo import undo_import
from dealwright.base.transfer.writers import importable_objects, writer_for
from dealwright.base.web.pages import Form, actor_of, done, page, render

_DATES = (Kind.DATE, Kind.DATETIME)
_NUMBERS = (Kind.NUMBER, Kind.MONEY, Kind.INTEGER, Kind.PERCENT)


@page
def start(request: HttpRequest) -> HttpResponse:
    """Former imports, and where a new one begins."""
    actor = actor_of(request)
    form = Form(request)
    if request.method == "POST":
        with form:
            files = [(each.name or "file", each) for each in request.FILES.getlist("files")]
            draft = drafts.upload_tables(actor, files)  # type: ignore[arg-type]
            return done(request, f"/import/{draft.pk}")
    rows = ImportJob.objects.select_related("user")
    if not actor.require_user().is_administrator:
        rows = rows.filter(user=actor.user)
    return form.page("base/transfer/start.html", {"imports": rows[:50], "summary": drafts.summary})


@page
def show(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One import: its mapping while it waits, its result after."""
    actor = actor_of(request)
    draft = get_import(actor, job_id)
    run = get_run(actor, draft.run) if draft.run else None
    if run is not None and not run.is_over:
        return render(request, "base/transfer/running.html", {"draft": draft, "run": run})
    if request.method != "POST" and request.headers.get("HX-Request"):
        # The page of the running job asks: with the job, its whole frame has changed.
        return done(request, f"/import/{draft.pk}")
    if draft.state != "waiting":
        return render(
            request,
            "base/transfer/result.html",
            {"draft": draft, "summary": drafts.summary(draft), "run": run},
        )
    form = Form(request)
    if request.method == "POST":
        with form:
            _save_mapping(request, draft)
            if "check" in request.POST:
                drafts.start_check(actor, draft)
            elif "import" in request.POST:
                drafts.start_import(actor, draft)
            return done(request, f"/import/{draft.pk}")
    return form.page("base/transfer/mapping.html", _mapping(actor, draft))


@page(methods=["POST"])
def choose_object(request: HttpRequest, job_id: UUID, place: int) -> HttpResponse:
    """Say what the rows of one file are."""
    actor = actor_of(request)
    draft = get_import(actor, job_id)
    if place < len(draft.files):
        drafts.replan_table(actor, draft, place, request.POST.get("object", ""))
    return done(request, f"/import/{draft.pk}")


@page(methods=["POST"])
def accept(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Take one suggestion."""
    draft = get_import(actor_of(request), job_id)
    typed = request.POST
    drafts.accept_suggestion(
        draft,
        typed.get("table", ""),
        typed.get("column", ""),
        typed.get("value", ""),
        typed.get("use", ""),
    )
    return done(request, f"/import/{draft.pk}", _("Noted. Check again to see the effect."))


@page(methods=["POST"])
def undo(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Take a finished import back."""
    actor = actor_of(request)
    counts = undo_import(actor, get_import(actor, job_id))
    sentence = _("Removed %(removed)s, restored %(restored)s, kept %(kept)s.") % counts
    return done(request, f"/import/{job_id}", sentence)


@page(methods=["GET"])
def export(request: HttpRequest, slug: str) -> HttpResponse:
    """What a list shows, as a file."""
    from dealwright.base.api.responses import parse_filter

    of = object_type_by_slug(slug)
    kind = request.GET.get("format", "csv")
    types = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ndjson": "application/x-ndjson",
    }
    response = HttpResponse(content_type=types.get(kind, "application/octet-stream"))
    import io

    buffer = io.BytesIO()
    columns = [key for key in request.GET.get("columns", "").split(",") if key]
    export_records(
        actor_of(request),
        of,
        buffer,
        format=kind if kind in FORMATS else "csv",
        filter=parse_filter(request.GET.get("filter", "")),
        search=request.GET.get("q", ""),
        sort=request.GET.get("sort", ""),
        columns=columns or None,
    )
    response.content = buffer.getvalue()
    response["Content-Disposition"] = f'attachment; filename="{slug}.{kind}"'
    return response


def _save_mapping(request: HttpRequest, draft: ImportJob) -> None:
    with drafts.opened(draft) as tables:
        for place, (table, raw) in enumerate(zip(tables, draft.plan, strict=True)):
            if raw is not None and f"t{place}" in request.POST:
                plan = drafts.mapping_from(request.POST, place, table_plan(raw), table.header)
                if plan.as_json() != raw:
                    drafts.map_columns(draft, place, plan)


def _mapping(actor: Any, draft: ImportJob) -> dict[str, Any]:
    """What the mapping page shows: per file its columns with samples and choices."""
    objects = sorted(importable_objects().items(), key=lambda pair: pair[1])
    shown = []
    with drafts.opened(draft) as tables:
        for place, (table, raw) in enumerate(zip(tables, draft.plan, strict=True)):
            plan = table_plan(raw) if raw else None
            shown.append(_shown_table(actor, place, table, plan))
    return {
        "draft": draft,
        "tables": shown,
        "objects": objects,
        "date_formats": [(name, name) for name in DATE_FORMATS],
        "report": draft.report if draft.is_checked else None,
    }


def _shown_table(actor: Any, place: int, table: Table, plan: TablePlan | None) -> dict[str, Any]:
    rows = drafts.samples(table)
    base = {"place": place, "table": table, "plan": plan, "rows": rows}
    if plan is None:
        return base
    fields = {each.key: each for each in writer_for(plan.object)(actor, plan, Report()).fields()}
    key = plan.column_for(EXTERNAL_ID)
    columns = []
    for number, name in enumerate(table.header):
        mapped = next(
            (each for each in plan.columns if each.column == name and each.field != EXTERNAL_ID),
            None,
        )
        kind = fields[mapped.field].kind if mapped and mapped.field in fields else None
        columns.append(
            {
                "number": number,
                "name": name,
                "field": mapped.field if mapped else "",
                "is_date": kind in _DATES,
                "date_format": mapped.date_format if mapped else "",
                "is_number": kind in _NUMBERS,
                "decimal_comma": bool(mapped and mapped.decimal_comma),
                "replacements": mapped.replacements if mapped else {},
                "otherwise": mapped.otherwise if mapped else "",
                "samples": [row.get(name, "") for row in rows[:3]],
            }
        )
    options = sorted(((each.key, each.label) for each in fields.values()), key=lambda each: each[1])
    return {
        **base,
        "columns": columns,
        "fields": options,
        "key": key.column if key else "",
        "warning": "" if plan.match_by else no_key(table),
        "header_options": [(name, name) for name in table.header],
        "match_options": [
            (each, fields[each].label) for each in _match_keys(plan.object) if each in fields
        ],
    }


def _match_keys(object_key: str) -> list[str]:
    from dealwright.base.objects.registry import object_types

    known = next((each.match_keys for each in object_types() if each.key == object_key), ["email"])
    return list(known)
