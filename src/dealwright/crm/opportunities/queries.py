"""What can be asked of deals for their pages: the stage bar, the health of a deal, its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from dealwright.crm.activities.models import Activity
from dealwright.crm.opportunities.models import (
    Opportunity,
    OpportunityContactRole,
    OpportunityTeamMember,
    Stage,
    StageCategory,
    StageHistory,
)


@dataclass(frozen=True, slots=True)
class StageStep:
    """One stage on the bar. ``state`` is done, current or ahead; ``days`` how long the deal was
    in it, all its stays together."""

    id: UUID
    name: str
    category: str
    state: str
    days: int | None
    guidance: str


@dataclass(frozen=True, slots=True)
class StageBar:
    """The way of a deal through its pipeline."""

    steps: Sequence[StageStep]
    status: str
    is_ageing: bool
    days_in_stage: int
    next_step: str
    has_next: bool


def stage_bar(opportunity_id: Any) -> StageBar | None:
    """The bar of a deal; three statements."""
    deal = (
        Opportunity.objects.filter(pk=opportunity_id)
        .values(
            "pipeline_id", "stage_id", "stage__position", "stage__rot_days", "stage_entered_at",
            "status", "next_step", "next_step_on",
        )
        .first()
    )  # fmt: skip
    if deal is None:
        return None
    now = timezone.now()
    spent = _days_per_stage(opportunity_id, now, is_open=deal["status"] == StageCategory.OPEN)
    stages = Stage.objects.filter(
        Q(archived_at__isnull=True) | Q(pk=deal["stage_id"]), pipeline=deal["pipeline_id"]
    ).order_by("position")
    steps = []
    for stage in stages:
        state = "ahead"
        if stage.pk == deal["stage_id"]:
            state = "current"
        elif stage.position < deal["stage__position"] and stage.category == StageCategory.OPEN:
            state = "done"
        steps.append(
            StageStep(
                stage.pk, stage.name, stage.category, state, spent.get(stage.pk), stage.guidance
            )
        )
    resting = (now - deal["stage_entered_at"]).days
    rot_days = deal["stage__rot_days"]
    return StageBar(
        steps=steps,
        status=deal["status"],
        is_ageing=bool(rot_days and resting > rot_days),
        days_in_stage=resting,
        next_step=deal["next_step"],
        has_next=bool(deal["next_step"]) or _has_open_activity(opportunity_id),
    )


def _has_open_activity(opportunity_id: Any) -> bool:
    return Activity.objects.filter(opportunity=opportunity_id, status=Activity.Status.OPEN).exists()


def _days_per_stage(opportunity_id: Any, now: datetime, *, is_open: bool) -> dict[UUID, int]:
    moves = list(
        StageHistory.objects.filter(opportunity=opportunity_id)
        .order_by("at", "id")
        .values_list("to_stage_id", "at")
    )
    spent: dict[UUID, float] = {}
    ends = [at for _, at in moves[1:]] + [now if is_open else (moves[-1][1] if moves else now)]
    for (stage_id, begins), end in zip(moves, ends, strict=True):
        spent[stage_id] = spent.get(stage_id, 0.0) + (end - begins).total_seconds()
    return {stage_id: int(seconds // 86_400) for stage_id, seconds in spent.items()}


def line_items(opportunity_id: Any) -> Sequence[Mapping[str, Any]]:
    """The lines of a deal in order."""
    from dealwright.crm.opportunities.models import OpportunityLineItem

    return list(
        OpportunityLineItem.objects.filter(opportunity=opportunity_id)
        .order_by("position", "id")
        .values(
            "id", "position", "product_id", "product__name", "name", "description", "quantity",
            "list_price", "unit_price", "discount", "tax_rate", "amount", "starts_on",
            "term_months",
        )
    )  # fmt: skip


def team_of(opportunity_id: Any) -> Sequence[Mapping[str, Any]]:
    """The colleagues on a deal, the largest split first."""
    return list(
        OpportunityTeamMember.objects.filter(opportunity=opportunity_id)
        .order_by("-split_percent", "user__name")
        .values("user_id", "user__name", "role", "split_percent")
    )


def committee_of(opportunity_id: Any) -> Sequence[Mapping[str, Any]]:
    """The people at the customer's and the part each plays."""
    rows = (
        OpportunityContactRole.objects.filter(
            opportunity=opportunity_id, contact__deleted_at__isnull=True
        )
        .order_by("contact__name")
        .values("contact_id", "contact__name", "contact__job_title", "contact__email", "role")
    )
    labels = dict(OpportunityContactRole.Role.choices)
    return [{**row, "label": labels[row["role"]]} for row in rows]
