"""What the home page shows of the CRM: one's open tasks, one's pipeline, deals that rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
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
TEAM = 12


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
    for is_mine, deals in (
        (True, Opportunity.objects.filter(owner=user)),
        (False, Opportunity.objects.filter(visible_to(user, "opportunity"))),
    ):
        shown = _by_stage(deals)
        if shown is not None:
            return shown | {"is_mine": is_mine} | _won_this_month(deals)
    return None


def _month() -> date:
    return formats.today().replace(day=1)


def _won_this_month(deals: QuerySet[Opportunity]) -> dict[str, Any]:
    """How many were won since the month began, their sum by currency, and the list of them."""
    rows = (
        deals.filter(status="won", close_date__gte=_month(), close_date__lte=formats.today())
        .values("currency")
        .annotate(count=Count("id"), total=Sum("amount"))
        .order_by("currency")
    )
    won = list(rows)
    return {
        "won": sum(row["count"] for row in won),
        "won_total": " + ".join(
            formats.format_compact_money(row["total"] or 0, row["currency"]) for row in won
        ),
        "since": _month().isoformat(),
        "until": formats.today().isoformat(),
    }


def team_this_month(user: User) -> Mapping[str, Any] | None:
    """The people below the person: what each has won this month and has open, the most won
    first; None for who leads nobody."""
    people = dict(
        User.objects.filter(manager=user, is_active=True)
        .order_by("name")
        .values_list("id", "name")[:TEAM]
    )
    if not people:
        return None
    this_month = Q(status="won", close_date__gte=_month(), close_date__lte=formats.today())
    rows = (
        Opportunity.objects.filter(visible_to(user, "opportunity"), owner__in=people)
        .filter(this_month | Q(status="open"))
        .values("owner_id", "currency")
        .annotate(
            won=Coalesce(Sum("amount", filter=this_month), Decimal(0)),
            open=Coalesce(Sum("amount", filter=Q(status="open")), Decimal(0)),
            deals=Count("id", filter=Q(status="open")),
        )
        .order_by("currency")
    )
    team: dict[Any, dict[str, Any]] = {
        key: {"id": key, "name": name, "won": [], "open": [], "deals": 0, "rank": Decimal(0)}
        for key, name in people.items()
    }
    for row in rows:
        line = team[row["owner_id"]]
        line["deals"] += row["deals"]
        line["rank"] += row["won"]
        for key in ("won", "open"):
            if row[key]:
                line[key].append(formats.format_compact_money(row[key], row["currency"]))
    lines = sorted(team.values(), key=lambda line: (-line["rank"], line["name"]))
    return {"team": lines, "since": _month().isoformat(), "until": formats.today().isoformat()}


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
