"""Pipelines and their stages: the default one, and what the settings page changes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.objects.registry import object_type
from dealwright.crm.opportunities.criteria import check_criteria
from dealwright.crm.opportunities.models import (
    ForecastCategory,
    Opportunity,
    Pipeline,
    Stage,
    StageCategory,
)

DEFAULT_PIPELINE = "Sales"
DEFAULT_STAGES: list[dict[str, Any]] = [
    {
        "name": "Prospecting",
        "probability": Decimal("0.10"),
        "forecast_category": ForecastCategory.PIPELINE,
        "rot_days": 30,
        "guidance": "Find out whether there is a need and who decides.",
    },
    {
        "name": "Engaging",
        "probability": Decimal("0.30"),
        "forecast_category": ForecastCategory.PIPELINE,
        "rot_days": 45,
        "guidance": "Qualify: need, budget, people, date.",
    },
    {
        "name": "Proposal",
        "probability": Decimal("0.55"),
        "forecast_category": ForecastCategory.BEST_CASE,
        "rot_days": 21,
        "required_fields": ["amount", "close_date"],
        "guidance": "Send a quote and agree on the steps to a decision.",
    },
    {
        "name": "Contract",
        "probability": Decimal("0.80"),
        "forecast_category": ForecastCategory.COMMIT,
        "rot_days": 14,
        "required_fields": ["account", "amount", "close_date", "contact"],
        "exit_criteria": "amount > 0",
        "guidance": "Agree on the contract and have it signed.",
    },
    {
        "name": "Won",
        "category": StageCategory.WON,
        "probability": Decimal(1),
        "forecast_category": ForecastCategory.CLOSED,
    },
    {
        "name": "Lost",
        "category": StageCategory.LOST,
        "probability": Decimal(0),
        "forecast_category": ForecastCategory.OMITTED,
        "required_fields": ["lost_reason"],
    },
]
_STAGE_FIELDS = (
    "name",
    "category",
    "probability",
    "forecast_category",
    "rot_days",
    "required_fields",
    "exit_criteria",
    "guidance",
)


def ensure_default_pipeline() -> Pipeline:
    """The default pipeline, made with its stages where none is there yet."""
    known: Pipeline | None = Pipeline.objects.filter(is_default=True).first()
    if known is not None:
        return known
    with transaction.atomic():
        pipeline, new = Pipeline.objects.get_or_create(
            name=DEFAULT_PIPELINE, defaults={"is_default": True}
        )
        if not pipeline.is_default:
            pipeline.is_default = True
            pipeline.save(update_fields=["is_default"])
        if new:
            Stage.objects.bulk_create(
                Stage(pipeline=pipeline, position=position, **stage)
                for position, stage in enumerate(DEFAULT_STAGES, 1)
            )
    return pipeline


def save_pipeline(
    actor: Actor, name: str, *, pipeline_id: Any = None, is_default: bool = False
) -> Pipeline:
    """Make a pipeline, with won and lost stages to begin with, or rename one.

    Raises NotAllowed but for administrators, Invalid, Conflict for a name that is taken.
    """
    _require_administrator(actor)
    name = name.strip()[:120]
    if not name:
        raise Invalid("Name is required.", fields={"name": ["Name is required."]})
    with change(actor):
        if Pipeline.objects.filter(name=name).exclude(pk=pipeline_id).exists():
            raise Conflict(
                "Another pipeline has this name.", fields={"name": ["This name is taken."]}
            )
        if is_default:
            Pipeline.objects.filter(is_default=True).exclude(pk=pipeline_id).update(
                is_default=False
            )
        if pipeline_id is not None:
            pipeline = _pipeline(pipeline_id)
            pipeline.name = name
            pipeline.is_default = pipeline.is_default or is_default
            pipeline.save(update_fields=["name", "is_default"])
            return pipeline
        position = Pipeline.objects.count() + 1
        pipeline = Pipeline.objects.create(name=name, is_default=is_default, position=position)
        Stage.objects.bulk_create(
            Stage(pipeline=pipeline, position=place, **stage)
            for place, stage in enumerate([DEFAULT_STAGES[0], *DEFAULT_STAGES[-2:]], 1)
        )
        return pipeline


def archive_pipeline(actor: Actor, pipeline_id: Any) -> None:
    """Take a pipeline out of use. Raises Conflict while it is the default or has open deals."""
    _require_administrator(actor)
    with change(actor):
        pipeline = _pipeline(pipeline_id)
        if pipeline.is_default:
            raise Conflict("The default pipeline cannot be archived. Make another one it first.")
        open_deals = Opportunity.objects.filter(pipeline=pipeline, status=StageCategory.OPEN)
        if open_deals.exists():
            raise Conflict("Open deals are in this pipeline. Move or close them first.")
        pipeline.archived_at = timezone.now()
        pipeline.save(update_fields=["archived_at"])


def save_stage(
    actor: Actor, pipeline_id: Any, values: Mapping[str, Any], *, stage_id: Any = None
) -> Stage:
    """Add a stage to a pipeline, at the end of its category, or change one.

    ``values`` holds name, category, probability (a fraction), forecast_category, rot_days,
    required_fields, exit_criteria and guidance. Raises NotAllowed but for administrators,
    Invalid, Conflict for a name that is taken.
    """
    _require_administrator(actor)
    cleaned = _checked_stage(values)
    with change(actor):
        pipeline = _pipeline(pipeline_id)
        stage = _stage(pipeline, stage_id) if stage_id is not None else Stage(pipeline=pipeline)
        _refuse_reclassing(stage, cleaned)
        for key, value in cleaned.items():
            setattr(stage, key, value)
        if stage.category != StageCategory.OPEN:
            stage.probability = Decimal(stage.category == StageCategory.WON)
            stage.rot_days, stage.exit_criteria = None, ""
        others = pipeline.stages.filter(archived_at__isnull=True).exclude(pk=stage.pk)
        if others.filter(name=stage.name).exists():
            raise Conflict(
                "Another stage of this pipeline has this name.",
                fields={"name": ["This name is taken."]},
            )
        if stage_id is None:
            stage.position = 1 + max((each.position for each in others), default=0)
            stage.save(force_insert=True)
        else:
            stage.save()
        _put_in_order(pipeline)
        stage.refresh_from_db()
        return stage


def move_stage(actor: Actor, stage_id: Any, step: int) -> None:
    """Put a stage before or after its neighbour of the same category (``step`` -1 or 1)."""
    _require_administrator(actor)
    with change(actor):
        stage = _stage(None, stage_id)
        same = list(
            Stage.objects.filter(
                pipeline=stage.pipeline_id, category=stage.category, archived_at__isnull=True
            ).order_by("position")
        )
        place = next(index for index, each in enumerate(same) if each.pk == stage.pk)
        if 0 <= place + step < len(same):
            other = same[place + step]
            stage.position, other.position = other.position, stage.position
            Stage.objects.bulk_update([stage, other], ["position"])


def archive_stage(actor: Actor, stage_id: Any) -> None:
    """Take a stage out of use. Raises Conflict while open deals are in it, or where it is the
    last of its category."""
    _require_administrator(actor)
    with change(actor):
        stage = _stage(None, stage_id)
        if Opportunity.objects.filter(stage=stage, status=StageCategory.OPEN).exists():
            raise Conflict("Open deals are in this stage. Move them first.")
        others = Stage.objects.filter(
            pipeline=stage.pipeline_id, category=stage.category, archived_at__isnull=True
        ).exclude(pk=stage.pk)
        if not others.exists():
            raise Conflict("A pipeline needs an open, a won and a lost stage.")
        stage.archived_at = timezone.now()
        stage.save(update_fields=["archived_at"])


def _checked_stage(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = {key: values[key] for key in _STAGE_FIELDS if key in values}
    wrong: dict[str, list[str]] = {}
    cleaned["name"] = str(cleaned.get("name", "")).strip()[:80]
    if not cleaned["name"]:
        wrong["name"] = ["Name is required."]
    for key, choices in (("category", StageCategory), ("forecast_category", ForecastCategory)):
        if key in cleaned and cleaned[key] not in choices.values:
            wrong[key] = [f"Choose one of {', '.join(str(each) for each in choices.labels)}."]
    probability = cleaned.get("probability", Decimal(0))
    if not isinstance(probability, Decimal) or not 0 <= probability <= 1:
        wrong["probability"] = ["Probability must be between 0 and 100 %."]
    rot_days = cleaned.get("rot_days")
    if rot_days is not None and not 1 <= rot_days <= 3650:
        wrong["rot_days"] = ["Days must be between 1 and 3650."]
    known = {field.key for field in object_type("opportunity").all_fields() if field.editable}
    unknown = [key for key in cleaned.get("required_fields", []) if key not in known]
    if unknown:
        wrong["required_fields"] = [f"There is no field “{unknown[0]}”."]
    if cleaned.get("exit_criteria"):
        try:
            check_criteria(cleaned["exit_criteria"])
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
    return cleaned


def _refuse_reclassing(stage: Stage, cleaned: Mapping[str, Any]) -> None:
    """Deals in a stage were told to be open, won or lost; that cannot change under them."""
    if stage._state.adding or cleaned.get("category", stage.category) == stage.category:
        return
    if Opportunity.objects.filter(stage=stage).exists():
        sentence = "Category: there are deals in this stage. Add a new stage instead."
        raise Invalid(sentence, fields={"category": [sentence]})


def _put_in_order(pipeline: Pipeline) -> None:
    """Open stages first, then won, then lost."""
    order = list(StageCategory)
    stages = sorted(
        pipeline.stages.filter(archived_at__isnull=True),
        key=lambda each: (order.index(StageCategory(each.category)), each.position),
    )
    for position, stage in enumerate(stages, 1):
        stage.position = position
    Stage.objects.bulk_update(stages, ["position"])


def _pipeline(pipeline_id: Any) -> Pipeline:
    pipeline = Pipeline.objects.select_for_update().filter(pk=as_uuid(pipeline_id)).first()
    if pipeline is None:
        raise NotFound("This pipeline does not exist.")
    return pipeline


def _stage(pipeline: Pipeline | None, stage_id: Any) -> Stage:
    stages = Stage.objects.filter(pk=as_uuid(stage_id), archived_at__isnull=True)
    stage = (stages.filter(pipeline=pipeline) if pipeline else stages).first()
    if stage is None:
        raise NotFound("This stage does not exist.")
    return stage


def _require_administrator(actor: Actor) -> None:
    actor.require_administrator("Pipelines are set up by administrators.")
