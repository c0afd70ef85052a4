"""Pipelines and their stages: the default one, and what the settings page changes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from dealwright.crm.opportunities.models import ForecastCategory, Pipeline, Stage, StageCategory

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
