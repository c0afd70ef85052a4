"""What can be asked of activities beside the timeline of a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.crm.activities.models import Activity

SHOWN = 200
_COLUMNS = (
    "id", "kind", "subject", "body", "status", "priority", "due_at", "starts_at", "completed_at",
    "rrule", "account_id", "account__name", "contact_id", "contact__name", "contact__phone",
    "opportunity_id", "opportunity__name", "lead_id", "lead__contact__name", "case_id",
    "case__subject",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """Tasks under one heading. ``tone`` marks what is late."""

    key: str
    label: str
    tasks: Sequence[Mapping[str, Any]]
    tone: str = ""


def my_tasks(actor: Actor, *, show_done: bool = False) -> list[TaskGroup]:
    """What the actor has to do: late, today, this week, later, without a date; two statements
    at most."""
    user = actor.require_user()
    mine = Activity.objects.filter(owner=user)
    now = timezone.now()
    tomorrow = _midnight(now) + timedelta(days=1)
    week = tomorrow + timedelta(days=7)
    moment = Coalesce("due_at", "starts_at")
    rows = list(
        mine.filter(status=Activity.Status.OPEN)
        .annotate(moment=moment)
        .order_by(moment.asc(nulls_last=True), "-priority", "id")
        .values(*_COLUMNS, "moment")[:SHOWN]
    )
    groups = [
        TaskGroup("late", "Late", [row for row in rows if _before(row, now)], "danger"),
        TaskGroup("today", "Today", [row for row in rows if _between(row, now, tomorrow)]),
        TaskGroup(
            "week", "Next seven days", [row for row in rows if _between(row, tomorrow, week)]
        ),
        TaskGroup(
            "later", "Later", [row for row in rows if row["moment"] and row["moment"] >= week]
        ),
        TaskGroup("undated", "Without a date", [row for row in rows if row["moment"] is None]),
    ]
    if show_done:
        done = mine.filter(
            Q(kind=Activity.Kind.TASK) | Q(kind=Activity.Kind.MEETING),
            status=Activity.Status.COMPLETED,
        ).order_by("-completed_at")
        groups.append(TaskGroup("done", "Done", list(done.values(*_COLUMNS)[:50])))
    return [group for group in groups if group.tasks]


def _midnight(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)


def _before(row: Mapping[str, Any], end: datetime) -> bool:
    return row["moment"] is not None and row["moment"] < end


def _between(row: Mapping[str, Any], start: datetime, end: datetime) -> bool:
    return row["moment"] is not None and start <= row["moment"] < end
