"""Reminders of what is due."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from dealwright.base.access.actor import change, system
from dealwright.base.jobs import claim_due, due
from dealwright.base.messaging import notify
from dealwright.crm.activities.models import Activity


@due(every=20, name="crm.remind")
def remind() -> int:
    """Tell owners of open activities whose moment to be reminded has come."""
    now = timezone.now()
    waiting = Activity.objects.filter(
        status=Activity.Status.OPEN, reminded_at__isnull=True, remind_at__lte=now
    ).order_by("remind_at")
    with transaction.atomic(), change(system("Reminders")):
        activities = claim_due(waiting.select_related("owner"), limit=200)
        for activity in activities:
            if activity.owner is not None and activity.owner.is_active:
                notify(
                    activity.owner,
                    activity.subject[:200],
                    body=_due(activity),
                    url=f"/activities/{activity.pk}",
                    object="activity",
                    record_id=activity.pk,
                )
        Activity.objects.filter(pk__in=[each.pk for each in activities]).update(reminded_at=now)
    return len(activities)


def _due(activity: Activity) -> str:
    """When it is due, on the owner's clock."""
    if activity.due_at is None or activity.owner is None:
        return ""
    local = activity.due_at.astimezone(ZoneInfo(activity.owner.timezone))
    return f"Due {local:%Y-%m-%d %H:%M}"
