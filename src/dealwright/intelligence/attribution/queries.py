"""Revenue by where it came from, by the model of credit the reader chooses."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.errors import Invalid
from dealwright.intelligence.attribution.models_of_credit import MODELS, share_amount
from dealwright.intelligence.tracking.models import Channel, Touchpoint

BY = {"channel": "channel", "source": "utm_source", "campaign": "utm_campaign"}
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attributed:
    """What one channel, source or campaign brought: its share of won amounts, of how many deals."""

    key: str
    label: str
    amount: Decimal
    deals: int


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
    amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    counted: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for key, deal in won.items():
        currency = deal["currency"]
        totals[currency] += deal["amount"]
        before = [each for each in touches.get(key, []) if each[0] <= deal["closed_at"]]
        if not before:
            amounts[(currency, UNKNOWN)] += deal["amount"]
            counted[(currency, UNKNOWN)].add(key)
            continue
        ages = [
            Decimal((deal["closed_at"] - at).total_seconds()) / Decimal(86400) for at, _ in before
        ]
        parts = share_amount(model, deal["amount"], currency, ages)
        for (_, name), part in zip(before, parts, strict=True):
            amounts[(currency, name)] += part
            if part:
                counted[(currency, name)].add(key)
    return Attribution(_rows(amounts, counted, by), dict(totals), model, by)


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
    amounts: dict[tuple[str, str], Decimal], counted: dict[tuple[str, str], set[UUID]], by: str
) -> dict[str, list[Attributed]]:
    labels = dict(Channel.choices) if by == "channel" else {}
    rows: dict[str, list[Attributed]] = defaultdict(list)
    for (currency, name), amount in sorted(amounts.items(), key=lambda item: -item[1]):
        label = str(labels.get(name, "Not known" if name == UNKNOWN else name))
        rows[currency].append(Attributed(name, label, amount, len(counted[(currency, name)])))
    return dict(rows)
