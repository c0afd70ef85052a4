"""What can be asked about quotas."""

from __future__ import annotations

from collections.abc import Sequence

from dealwright.base.access.actor import Actor
from dealwright.compensation.access import visible_pay
from dealwright.compensation.quotas.models import Quota


def list_quotas(
    actor: Actor, *, search: str = "", start: int = 0, limit: int = 100
) -> tuple[Sequence[Quota], bool]:
    """Quotas of people whose pay the actor may see, and whether there are more."""
    rows = Quota.objects.filter(visible_pay(actor, "user")).select_related("user")
    if search:
        rows = rows.filter(user__name__icontains=search)
    found = list(rows.order_by("user__name", "measure", "-starts_on")[start : start + limit + 1])
    return found[:limit], len(found) > limit
