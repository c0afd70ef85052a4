"""The board of deals: one pipeline at a time, with the deals that rest too long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.access.actor import Actor
from dealwright.base.web.records.board_rules import BoardRules, ColumnGroup
from dealwright.crm.activities.models import Activity
from dealwright.crm.opportunities.models import Opportunity, Stage, StageCategory

SOON = timedelta(days=14)


def stage_groups() -> Sequence[ColumnGroup]:
    """The stages of each pipeline in use, the default one first; one statement."""
    rows = (
        Stage.objects.filter(archived_at__isnull=True, pipeline__archived_at__isnull=True)
        .order_by("-pipeline__is_default", "pipeline__position", "position")
        .values_list("pipeline_id", "pipeline__name", "id")
    )
    groups: dict[str, tuple[str, list[str]]] = {}
    for pipeline_id, name, stage_id in rows:
        groups.setdefault(str(pipeline_id), (name, []))[1].append(str(stage_id))
    return [
        ColumnGroup(key, name, values, {"field": "pipeline", "op": "is", "value": key})
        for key, (name, values) in groups.items()
    ]


def ageing_deals(actor: Actor, ids: Sequence[Any]) -> Mapping[Any, str]:
    """A sentence for each open deal that rests longer than its stage allows, should have closed,
    or should close soon without a next step; one statement. The ids come from a list the actor
    may see.

    Many deals have no next step, above all right after an import; if all of them were marked,
    the mark would tell nothing.
    """
    now, today = timezone.now(), timezone.localdate()
    soon = today + SOON
    planned = Activity.objects.filter(opportunity=OuterRef("pk"), status=Activity.Status.OPEN)
    rows = (
        Opportunity.objects.filter(pk__in=ids, status=StageCategory.OPEN)
        .annotate(rot_days=F("stage__rot_days"), has_task=Exists(planned))
        .filter(
            Q(next_step="", has_task=False, close_date__lte=soon)
            | Q(rot_days__isnull=False)
            | Q(close_date__lt=today)
        )
        .values("pk", "stage_entered_at", "rot_days", "close_date", "next_step", "has_task")
    )
    said: dict[Any, str] = {}
    for row in rows:
        days = (now - row["stage_entered_at"]).days
        if row["rot_days"] is not None and days > row["rot_days"]:
            said[row["pk"]] = ngettext(
                "In this stage for %(days)s day", "In this stage for %(days)s days", days
            ) % {"days": days}
        elif row["close_date"] is not None and row["close_date"] < today:
            said[row["pk"]] = _("The close date has passed")
        elif (
            not row["next_step"]
            and not row["has_task"]
            and row["close_date"] is not None
            and row["close_date"] <= soon
        ):
            said[row["pk"]] = _("Closes soon without a next step")
    return said


OPPORTUNITY_BOARD = BoardRules(groups=stage_groups, ageing=ageing_deals)
