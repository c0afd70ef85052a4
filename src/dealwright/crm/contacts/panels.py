"""What the page of a person shows beside the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.visibility import changeable_by, visible_to
from dealwright.base.objects.registry import Action, Panel
from dealwright.base.people.models import Profile
from dealwright.crm.accounts.models import Account, AccountContact
from dealwright.crm.contacts.models import Contact, ContactPoint


def reach_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Every way to reach the person, and every company the person belongs to."""
    may_write = Contact.objects.filter(changeable_by(user, "contact"), pk=record_id).exists()
    points = list(
        ContactPoint.objects.filter(contact=record_id)
        .order_by("kind", "-is_primary", "value")
        .values("id", "kind", "value", "label", "is_primary", "bounced_at", "opted_out_at")
    )
    accounts = (
        AccountContact.objects.filter(
            contact=record_id,
            account__in=Account.objects.filter(visible_to(user, "account")).values("pk"),
        )
        .order_by("-is_primary", "account__name")
        .values("account_id", "account__name", "role", "is_primary", "ended_on")
    )
    return {
        "points": points,
        "kinds": ContactPoint.Kind.choices,
        "accounts": list(accounts),
        "may_write": may_write,
    }


PANELS = (
    Panel(
        key="reach",
        label="Ways to reach",
        template="crm/contacts/reach_panel.html",
        query=reach_context,
        position=5,
    ),
)


def _is_administrator(user: Any, row: Mapping[str, Any]) -> bool:
    return bool(user.profile == Profile.ADMINISTRATOR)


ACTIONS = (
    Action(
        key="merge",
        label="Merge with…",
        url=lambda record_id: f"/contacts/{record_id}/merge",
        for_writers=True,
    ),
    Action(
        key="export-person",
        label="Export everything about this person",
        url=lambda record_id: f"/contacts/{record_id}/export",
        for_writers=True,
    ),
    Action(
        key="erase-person",
        label="Erase this person…",
        url=lambda record_id: f"/contacts/{record_id}/erase",
        available=_is_administrator,
    ),
)
