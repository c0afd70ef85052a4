"""Where administrators set up pipelines and their stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.base.web.records.numbers import percent_to_fraction, plain_number
from dealwright.crm.opportunities.criteria import explain_criteria
from dealwright.crm.opportunities.models import ForecastCategory, Pipeline, Stage, StageCategory
from dealwright.crm.opportunities.pipelines import (
    archive_pipeline,
    archive_stage,
    ensure_default_pipeline,
    move_stage,
    save_pipeline,
    save_stage,
)
from dealwright.crm.products.line_form import plain_number_text
from dealwright.crm.typed import typed_decimal

_ADMINISTRATORS = [Profile.ADMINISTRATOR]
_URL = "/settings/pipelines"


@page(profiles=_ADMINISTRATORS)
def pipelines(request: HttpRequest) -> HttpResponse:
    """Every pipeline with its stages, and a line to add another."""
    ensure_default_pipeline()
    form = Form(request)
    if request.method == "POST":
        with form:
            save_pipeline(actor_of(request), form["name"])
            return done(request, _URL, _("Pipeline made."))
    stages = (
        Stage.objects.filter(archived_at__isnull=True)
        .annotate(deals=Count("opportunities", filter=Q(opportunities__deleted_at__isnull=True)))
        .order_by("position")
    )
    by_pipeline: dict[Any, list[Stage]] = {}
    for stage in stages:
        by_pipeline.setdefault(stage.pipeline_id, []).append(stage)
    labels = {field.key: field.label for field in object_type("opportunity").all_fields()}
    context = {
        "pipelines": [
            (pipeline, by_pipeline.get(pipeline.pk, []))
            for pipeline in Pipeline.objects.filter(archived_at__isnull=True)
        ],
        "labels": labels,
    }
    return form.page("crm/opportunities/pipelines.html", context)


@page(profiles=_ADMINISTRATORS)
def edit_pipeline(request: HttpRequest, pipeline_id: UUID) -> HttpResponse:
    """Rename a pipeline, make it the default, take it out of use."""
    pipeline = Pipeline.objects.filter(pk=pipeline_id, archived_at__isnull=True).first()
    if pipeline is None:
        raise NotFound(_("This pipeline does not exist."))
    form = Form(request, {"name": pipeline.name, "is_default": pipeline.is_default})
    if request.method == "POST":
        actor = actor_of(request)
        with form:
            if "archive" in request.POST:
                archive_pipeline(actor, pipeline_id)
                return done(request, _URL, _("Taken out of use."))
            save_pipeline(
                actor, form["name"], pipeline_id=pipeline_id, is_default=form.checked("is_default")
            )
            return done(request, _URL, _("Saved."))
    return form.page("crm/opportunities/pipeline.html", {"pipeline": pipeline})


@page(profiles=_ADMINISTRATORS)
def edit_stage(
    request: HttpRequest, pipeline_id: UUID, stage_id: UUID | None = None
) -> HttpResponse:
    """A stage with what it asks."""
    pipeline = Pipeline.objects.filter(pk=pipeline_id, archived_at__isnull=True).first()
    stage = Stage.objects.filter(pk=stage_id).first() if stage_id else Stage(pipeline=pipeline)
    if pipeline is None or stage is None:
        raise NotFound(_("This stage does not exist."))
    form = Form(request, _initial(stage), lists=["required_fields"])
    if request.method == "POST":
        actor = actor_of(request)
        with form:
            if "archive" in request.POST and stage_id:
                archive_stage(actor, stage_id)
                return done(request, _URL, _("Taken out of use."))
            save_stage(actor, pipeline_id, _typed(form), stage_id=stage_id)
            return done(request, _URL, _("Stage saved."))
    of = object_type("opportunity")
    context = {
        "pipeline": pipeline,
        "stage": stage,
        "is_new": stage_id is None,
        "categories": StageCategory.choices,
        "forecast_categories": ForecastCategory.choices,
        "fields": [
            (field.key, field.label)
            for field in of.all_fields()
            if field.editable and field.key not in ("stage", "pipeline", "name")
        ],
        "criteria_said": _said(stage),
    }
    return form.page("crm/opportunities/stage.html", context)


def _said(stage: Stage) -> str:
    try:
        return explain_criteria(stage.exit_criteria) if stage.exit_criteria else ""
    except Invalid:
        return ""


def _initial(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "category": stage.category,
        "probability": plain_number_text(stage.probability, times=100),
        "forecast_category": stage.forecast_category,
        "rot_days": str(stage.rot_days or ""),
        "required_fields": list(stage.required_fields),
        "exit_criteria": stage.exit_criteria,
        "guidance": stage.guidance,
    }


def _typed(form: Form) -> Mapping[str, Any]:
    percent = form["probability"] or "0"
    days = typed_decimal("rot_days", _("Days"), form["rot_days"])
    return {
        "name": form["name"],
        "category": form["category"],
        "probability": typed_decimal(
            "probability", _("Probability"), percent_to_fraction(plain_number(percent))
        ),
        "forecast_category": form["forecast_category"],
        "rot_days": int(days) if days is not None else None,
        "required_fields": form["required_fields"] or [],
        "exit_criteria": form["exit_criteria"].strip(),
        "guidance": form["guidance"].strip(),
    }


@page(profiles=_ADMINISTRATORS, methods=["POST"])
def shift_stage(request: HttpRequest, stage_id: UUID) -> HttpResponse:
    """Put a stage before or after its neighbour."""
    move_stage(actor_of(request), stage_id, -1 if request.POST.get("step") == "up" else 1)
    return done(request, _URL)
