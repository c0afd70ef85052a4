"""Revenue by where it came from, by the model of credit the reader chooses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.errors import Invalid
from dealwright.crm.opportunities.models import Opportunity
from dealwright.intelligence.attribution.models_of_credit import MODELS, share_amount
from dealwright.intelligence.tracking.models import Channel, Touchpoint

BY = {"channel": "channel", "source": "utm_source", "campaign": "utm_campaign"}
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attributed:
    """What one channel, source or campaign brought: its share of won amounts, of how many deals.

    ``parts`` is the share of each of these deals; they sum to ``amount``.
    """

    key: str
    label: str
    amount: Decimal
    deals: int
    parts: Mapping[UUID, Decimal]


@dataclass(frozen=True, slots=True)
class Part:
    """A won deal and how much of it is credited to one row."""

    deal_id: UUID
    name: str
    closed_at: datetime
    amount: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Attribution:
    """Rows per currency; the rows of a currency sum to ``totals`` of it."""

    rows: dict[str, list[Attributed]]
    totals: dict[str, Decimal]
    model: str
    by: str


def attribute_revenue(
    actor: Actor,
    *,
    model: str = "linear",
    by: str = "channel",
    since: date | None = None,
    until: date | None = None,
) -> Attribution:
    """Share the amounts of won deals the actor may see among what touched them before.

    A deal nobody touched stands under ``unknown``, so that the sum is the won value. Raises
    Invalid for a model or grouping that does not exist.
    """
    if model not in MODELS:
        raise Invalid(f"Choose a model of: {', '.join(MODELS)}.", fields={"model": ["Unknown."]})
    if by not in BY:
        raise Invalid(f"Group by one of: {', '.join(BY)}.", fields={"by": ["Unknown."]})
    deals = visible_records(actor, "opportunity").filter(status="won", amount__isnull=False)
    if since:
        deals = deals.filter(closed_at__date__gte=since)
    if until:
        deals = deals.filter(closed_at__date__lte=until)
    won = {row["pk"]: row for row in deals.values("pk", "amount", "currency", "closed_at")}
    touches = _touches(list(won), BY[by])
    parts: dict[tuple[str, str], dict[UUID, Decimal]] = defaultdict(dict)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for key, deal in won.items():
        currency = deal["currency"]
        totals[currency] += deal["amount"]
        before = [each for each in touches.get(key, []) if each[0] <= deal["closed_at"]]
        if not before:
            parts[(currency, UNKNOWN)][key] = deal["amount"]
            continue
        ages = [
            Decimal((deal["closed_at"] - at).total_seconds()) / Decimal(86400) for at, _ in before
        ]
        shares = share_amount(model, deal["amount"], currency, ages)
        for (_, name), share in zip(before, shares, strict=True):
            if share:
                of_row = parts[(currency, name)]
                of_row[key] = of_row.get(key, Decimal(0)) + share
    return Attribution(_rows(parts, by), dict(totals), model, by)


def deals_behind(row: Attributed) -> list[Part]:
    """The deals of a row, what is credited most first. The row comes from
    ``attribute_revenue``, so the actor may see them all."""
    deals = Opportunity.objects.filter(pk__in=row.parts).values_list(
        "pk", "name", "closed_at", "amount"
    )
    found = [
        Part(key, name, closed_at, amount, row.parts[key]) for key, name, closed_at, amount in deals
    ]
    return sorted(found, key=lambda part: (-part.credit, part.name))


def _touches(deals: list[UUID], column: str) -> dict[UUID, list[tuple[Any, str]]]:
    found: dict[UUID, list[tuple[Any, str]]] = defaultdict(list)
    rows = (
        Touchpoint.objects.filter(opportunity__in=deals, is_marketing=True, is_machine=False)
        .order_by("occurred_at", "id")
        .values_list("opportunity_id", "occurred_at", column)
    )
    for opportunity_id, at, name in rows:
        if opportunity_id is not None:
            found[opportunity_id].append((at, name or UNKNOWN))
    return found


def _rows(
    parts: Mapping[tuple[str, str], Mapping[UUID, Decimal]], by: str
) -> dict[str, list[Attributed]]:
    labels = dict(Channel.choices) if by == "channel" else {}
    rows: dict[str, list[Attributed]] = defaultdict(list)
    for (currency, name), of_row in parts.items():
        label = str(labels.get(name, "Not known" if name == UNKNOWN else name))
        amount = sum(of_row.values(), Decimal(0))
        rows[currency].append(Attributed(name, label, amount, len(of_row), of_row))
    return {
        currency: sorted(each, key=lambda row: (-row.amount, row.label))
        for currency, each in rows.items()
    }
