"""What can be asked of an account and the companies below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, Sum

from dealwright.base.access.visibility import visible_to
from dealwright.crm.accounts.models import Account, AccountContact
from dealwright.crm.opportunities.models import Opportunity

_FAMILY = """
with recursive above as (
    select id, parent_id, 0 as step from crm_account where id = %(account)s
    union
    select account.id, account.parent_id, above.step + 1
      from crm_account account join above on account.id = above.parent_id
     where above.step < 50
), top as (
    select id from above order by step desc limit 1
), family as (
    select id, parent_id, 0 as depth, array[name::text] as path
      from crm_account where id = (select id from top)
    union all
    select account.id, account.parent_id, family.depth + 1, family.path || account.name::text
      from crm_account account join family on account.parent_id = family.id
     where account.deleted_at is null and family.depth < 20
       and not account.name::text = any(family.path[20:])
)
select id, depth from family order by path limit 200
"""
_BELOW = """
with recursive below as (
    select id from crm_account where id = %(account)s
    union
    select account.id from crm_account account join below on account.parent_id = below.id
     where account.deleted_at is null
)
select id from below
"""


@dataclass(frozen=True, slots=True)
class Rollup:
    """Sums over an account and all below it, of what the user may see, in one currency."""

    currency: str
    open_count: int
    open_amount: Decimal
    weighted: Decimal
    won_count: int
    won_amount: Decimal


def family_of(user: Any, account_id: Any) -> Sequence[Mapping[str, Any]]:
    """The whole tree that an account belongs to, top first; empty where it stands alone. What
    the user may not see has no name."""
    with connection.cursor() as cursor:
        cursor.execute(_FAMILY, {"account": account_id})
        rows = cursor.fetchall()
    if len(rows) < 2:
        return []
    names = dict(
        Account.objects.filter(
            visible_to(user, "account"), pk__in=[key for key, _ in rows]
        ).values_list("pk", "name")
    )
    return [
        {"id": key if key in names else None, "name": names.get(key, ""), "depth": depth,
         "is_self": key == account_id}
        for key, depth in rows
    ]  # fmt: skip


def accounts_below(account_id: Any) -> list[UUID]:
    """The account and all living ones below it."""
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, {"account": account_id})
        return [key for (key,) in cursor.fetchall()]


def rollups(user: Any, account_id: Any) -> list[Rollup]:
    """Pipeline and wins over an account and all below it, one row per currency."""
    deals = Opportunity.objects.filter(
        visible_to(user, "opportunity"), account__in=accounts_below(account_id)
    )
    is_open, is_won = Q(status="open"), Q(status="won")
    rows = (
        deals.values("currency")
        .annotate(
            open_count=Count("id", filter=is_open),
            open_amount=Sum("amount", filter=is_open),
            weighted=Sum("expected_revenue", filter=is_open),
            won_count=Count("id", filter=is_won),
            won_amount=Sum("amount", filter=is_won),
        )
        .order_by("currency")
    )
    zero = Decimal(0)
    return [
        Rollup(
            row["currency"],
            row["open_count"],
            row["open_amount"] or zero,
            row["weighted"] or zero,
            row["won_count"],
            row["won_amount"] or zero,
        )
        for row in rows
    ]


def people_of(user: Any, account_id: Any) -> Sequence[Mapping[str, Any]]:
    """People linked to an account with their roles; the account's own first."""
    rows = (
        AccountContact.objects.filter(
            account=account_id,
            contact__in=_visible_contacts(user),
            contact__deleted_at__isnull=True,
        )
        .order_by("ended_on", "-is_primary", "contact__name")
        .values(
            "id", "contact_id", "contact__name", "contact__job_title", "role", "influence",
            "is_primary", "ended_on",
        )
    )  # fmt: skip
    labels = dict(AccountContact.Influence.choices)
    return [{**row, "influence_label": labels.get(row["influence"], "")} for row in rows[:50]]


def _visible_contacts(user: Any) -> Any:
    from dealwright.crm.contacts.models import Contact

    return Contact.objects.filter(visible_to(user, "contact")).values("pk")
