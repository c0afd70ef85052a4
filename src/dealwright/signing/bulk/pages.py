"""The pages of bulk sends: upload, say what the columns are, look, start, see what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from dealwright.base.errors import Invalid
from dealwright.base.jobs.runs import get_run
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.signing.blueprints import queries
from dealwright.signing.bulk import services
from dealwright.signing.bulk.mapping import targets


@page
def upload(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Choose a table for a template."""
    actor = actor_of(request)
    template = queries.find_template(actor, template_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            given = request.FILES.get("file")
            if given is None:
                sentence = "Choose a CSV, XLSX or ODS file."
                raise Invalid(sentence, fields={"file": [sentence]})
            content: Any = given
            made = services.upload_rows(
                actor, template_id, name=given.name or "table", content=content
            )
            return done(request, f"/bulk-sends/{made.pk}")
    former = services.visible_bulk_sends(actor).filter(template=template)[:20]
    return form.page(
        "signing/bulk/upload.html",
        {
            "template": template,
            "columns": services.columns_for(template),
            "former": [{"bulk": each, "counts": services.counts(each)} for each in former],
        },
    )


@page(methods=["GET", "HEAD"])
def empty(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """The table to fill in for a template, as CSV."""
    template = queries.find_template(actor_of(request), template_id)
    return _as_csv(services.empty_csv(template), f"{template.name}.csv")


@page
def show(request: HttpRequest, bulk_id: UUID) -> HttpResponse:
    """One bulk send: its columns and bad rows before it starts, its result after."""
    actor = actor_of(request)
    bulk = services.get_bulk_send(actor, bulk_id)
    if bulk.started_at is not None:
        run = get_run(actor, bulk.run) if bulk.run else None
        context = {
            "bulk": bulk,
            "run": run,
            "counts": services.counts(bulk),
            "wrong": bulk.rows.exclude(error="")[:200],
            "sent": bulk.rows.filter(envelope__isnull=False).select_related("envelope")[:50],
        }
        return render(request, "signing/bulk/result.html", context)
    form = Form(request, {f"column.{at}": bulk.mapping.get(each, "")
                          for at, each in enumerate(bulk.columns)})  # fmt: skip
    if request.method == "POST":
        with form:
            mapping = {each: form[f"column.{at}"] for at, each in enumerate(bulk.columns)}
            bulk = services.map_columns(actor, bulk_id, mapping)
            if "start" in request.POST:
                services.start_bulk_send(actor, bulk_id, skip_bad=form.checked("skip_bad"))
            return done(request, f"/bulk-sends/{bulk_id}")
    checked, problem = None, ""
    try:
        checked = services.check_rows(actor, bulk)
    except Invalid as error:
        problem = error.message
    content = {"roles": bulk.template.roles, "fields": bulk.template.fields}
    shown: dict[str, Any] = {
        "bulk": bulk,
        "checked": checked,
        "problem": problem,
        "columns": list(enumerate(bulk.columns)),
        "targets": targets(content),
    }
    return form.page("signing/bulk/mapping.html", shown)


@page(methods=["GET", "HEAD"])
def result(request: HttpRequest, bulk_id: UUID) -> HttpResponse:
    """What became of each row, as CSV."""
    bulk = services.get_bulk_send(actor_of(request), bulk_id)
    name = f"{bulk.name.rpartition('.')[0] or bulk.name} result.csv"
    return _as_csv(services.result_csv(bulk), name)


def _as_csv(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
