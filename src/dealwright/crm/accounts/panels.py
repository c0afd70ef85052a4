"""What the page of an account shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.visibility import changeable_by
from dealwright.base.objects.registry import Action, Panel
from dealwright.crm.accounts.models import Account, AccountContact
from dealwright.crm.accounts.queries import family_of, people_of, rollups
from dealwright.crm.deferred import deferred


def group_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The companies above and below, and the money over all below."""
    family = family_of(user, record_id)
    sums = rollups(user, record_id)
    domains = Account.objects.filter(pk=record_id).values_list("other_domains", flat=True).first()
    if not family and not sums and not domains:
        return None
    return {"family": family, "rollups": sums, "other_domains": domains or []}


def people_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    may_write = Account.objects.filter(changeable_by(user, "account"), pk=record_id).exists()
    return {
        "people": people_of(user, record_id),
        "may_write": may_write,
        "influences": AccountContact.Influence.choices,
    }


PANELS = (
    Panel(
        key="people",
        label="People",
        template="crm/accounts/people_panel.html",
        query=deferred(people_context),
        place="main",
        position=10,
    ),
    Panel(
        key="group",
        label="Business",
        template="crm/accounts/group_panel.html",
        query=group_context,
        position=5,
    ),
)
ACTIONS = (
    Action(
        key="merge",
        label="Merge with…",
        url=lambda record_id: f"/accounts/{record_id}/merge",
        for_writers=True,
    ),
)
