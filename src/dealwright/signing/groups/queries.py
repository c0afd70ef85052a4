"""What can be asked about signing groups."""

from __future__ import annotations

from typing import Any

from dealwright.signing.groups.models import SigningGroup


def groups(*, offered: bool = False) -> list[dict[str, Any]]:
    """Every group with its members; ``offered`` leaves out those that were retired."""
    rows = SigningGroup.objects.prefetch_related("members__user")
    if offered:
        rows = rows.filter(retired_at=None)
    return [describe(each) for each in rows]


def describe(group: SigningGroup) -> dict[str, Any]:
    """One group for a screen or the API."""
    return {
        "id": group.pk,
        "name": group.name,
        "retired_at": group.retired_at,
        "members": [
            {"user_id": each.user_id, "name": each.shown_name, "email": each.address}
            for each in group.members.all()
        ],
    }
