"""What the home page shows of the CRM: one's open tasks, one's pipeline, deals that rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from dealwright.base.access.visibility import visible_to
from dealwright.base.people.models import User
from dealwright.base.web import formats
from dealwright.crm.activities.models import Activity
from dealwright.crm.opportunities.models import Opportunity

TASKS = 8


def my_tasks(user: User) -> Mapping[str, Any] | None:
    """The person's open tasks and meetings, the most urgent first."""
    rows = list(
        Activity.objects.filter(owner=user, status=Activity.Status.OPEN)
        .annotate(when=Coalesce("due_at", "starts_at"))
        .order_by(F("when").asc(nulls_last=True), "id")
        .values(
            "id",
            "kind",
            "subject",
            "when",
            "priority",
            about=Coalesce("opportunity__name", "account__name", "contact__name"),
        )[: TASKS + 1]
    )
    now = timezone.now()
    return {
        "tasks": [row | {"late": row["when"] is not None and row["when"] < now} for row in rows][
            :TASKS
        ],
        "more": len(rows) > TASKS,
    }


def pipeline(user: User) -> Mapping[str, Any] | None:
    """The person's open deals by stage, money by currency; who has none sees those that the
    person may see, as a head of sales does. None where there are none at all."""
    mine = _by_stage(Opportunity.objects.filter(owner=user))
    if mine is not None:
        return mine | {"is_mine": True}
    seen = _by_stage(Opportunity.objects.filter(visible_to(user, "opportunity")))
    return seen | {"is_mine": False} if seen is not None else None


def _by_stage(deals: QuerySet[Opportunity]) -> dict[str, Any] | None:
    rows = (
        deals.filter(status="open")
        .values("stage_id", "stage__name", "currency")
        .annotate(count=Count("id"), total=Sum("amount"), weighted=Sum("expected_revenue"))
        .order_by("pipeline__position", "stage__position", "currency")
    )
    stages: dict[Any, dict[str, Any]] = {}
    totals: dict[str, list[Any]] = {}
    for row in rows:
        stage = stages.setdefault(
            row["stage_id"],
            {"id": row["stage_id"], "name": row["stage__name"], "count": 0, "amounts": []},
        )
        stage["count"] += row["count"]
        if row["total"]:
            stage["amounts"].append(formats.format_compact_money(row["total"], row["currency"]))
            sums = totals.setdefault(row["currency"], [0, 0])
            sums[0] += row["total"]
            sums[1] += row["weighted"] or 0
    if not stages:
        return None
    most = max(stage["count"] for stage in stages.values())
    return {
        "stages": [stage | {"share": stage["count"] / most} for stage in stages.values()],
        "count": sum(stage["count"] for stage in stages.values()),
        "total": _joined(totals, 0),
        "weighted": _joined(totals, 1),
    }


def resting_deals(user: User) -> Mapping[str, Any] | None:
    """Open deals of the person that rest in their stage longer than its limit, or whose
    closing day is past; None where there are none."""
    today = formats.today()
    rows: Sequence[Mapping[str, Any]] = list(
        Opportunity.objects.filter(owner=user, status="open")
        .filter(Q(close_date__lt=today) | Q(stage__rot_days__isnull=False))
        .order_by("close_date", "stage_entered_at")
        .values("id", "name", "close_date", "stage__name", "stage__rot_days", "stage_entered_at")[
            :200
        ]
    )
    now = timezone.now()
    resting = []
    for row in rows:
        days = (now - row["stage_entered_at"]).days
        late = row["close_date"] is not None and row["close_date"] < today
        old = row["stage__rot_days"] is not None and days > row["stage__rot_days"]
        if late or old:
            resting.append(dict(row) | {"days": days, "late": late})
    return {"deals": resting[:6], "count": len(resting)} if resting else None


def _joined(totals: Mapping[str, Sequence[Any]], at: int) -> str:
    return " + ".join(
        formats.format_compact_money(sums[at], currency) for currency, sums in totals.items()
    )
