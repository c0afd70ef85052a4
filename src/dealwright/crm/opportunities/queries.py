"""What can be asked of deals for their pages: the stage bar, the health of a deal, its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from dealwright.crm.opportunities.models import (
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


def stage_bar(opportunity_id: Any, *, has_task: bool) -> StageBar | None:
    """The bar of a deal; two statements. ``has_task`` tells whether something is planned."""
    rows = list(
        Stage.objects.filter(
            Q(archived_at__isnull=True) | Q(pk=F("pipeline__opportunities__stage_id")),
            pipeline__opportunities=opportunity_id,
        )
        .order_by("position")
        .values(
            "id", "name", "category", "guidance", "position", "rot_days",
            stage_id=F("pipeline__opportunities__stage_id"),
            entered=F("pipeline__opportunities__stage_entered_at"),
            status=F("pipeline__opportunities__status"),
            next_step=F("pipeline__opportunities__next_step"),
        )
    )  # fmt: skip
    present = next((row for row in rows if row["id"] == row["stage_id"]), None)
    if present is None:
        return None
    now = timezone.now()
    is_open = present["status"] == StageCategory.OPEN
    spent = _days_per_stage(opportunity_id, now, is_open=is_open)
    steps = []
    for row in rows:
        state = "ahead"
        if row is present:
            state = "current"
        elif row["position"] < present["position"] and row["category"] == StageCategory.OPEN:
            state = "done"
        days = spent.get(row["id"])
        steps.append(
            StageStep(row["id"], row["name"], row["category"], state, days, row["guidance"])
        )
    resting = (now - present["entered"]).days
    rot_days = present["rot_days"]
    return StageBar(
        steps=steps,
        status=present["status"],
        is_ageing=bool(rot_days and resting > rot_days),
        days_in_stage=resting,
        next_step=present["next_step"],
        has_next=bool(present["next_step"]) or has_task,
    )


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
