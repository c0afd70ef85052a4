"""The journey: every touch of a deal, a company or a person on one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible, visible_to
from dealwright.base.errors import NotFound
from dealwright.base.objects.registry import object_types
from dealwright.intelligence.attribution.models_of_credit import MODELS, share_amount
from dealwright.intelligence.tracking.models import Channel, Touchpoint

MOST_TOUCHES = 500
OBJECTS = ("opportunity", "account", "contact", "lead")


@dataclass(frozen=True, slots=True)
class Touch:
    """One touch as the page shows it; ``url`` leads to its record where the person may see it."""

    id: UUID
    at: datetime
    kind: str
    channel: str
    title: str
    source: str
    url: str
    is_marketing: bool
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Journey:
    """A record's touches, oldest first, with the channels they came through."""

    object: str
    record_id: UUID
    name: str
    touches: Sequence[Touch]
    lanes: Sequence[tuple[str, str]]
    amount: Decimal | None
    currency: str
    model: str
    truncated: bool


def journey_of(actor: Actor, object_key: str, record_id: Any, *, model: str = "linear") -> Journey:
    """The journey of a record that the actor may see; raises NotFound.

    A won deal's amount is shared among its marketing touches by an attribution model; the
    shares sum to the amount.
    """
    if object_key not in OBJECTS:
        raise NotFound("Journeys are kept for deals, companies, people and leads.")
    record = get_visible(actor, object_key, record_id)
    rows = list(
        Touchpoint.objects.filter(_of(object_key, record), is_machine=False)
        .order_by("occurred_at", "id")
        .values()[: MOST_TOUCHES + 1]
    )
    truncated = len(rows) > MOST_TOUCHES
    rows = rows[:MOST_TOUCHES]
    amount, currency, shares = None, "", {}
    if object_key == "opportunity":
        amount, currency = record.amount, record.currency
        if amount is not None and record.status == "won":
            shares = _shares(rows, amount, currency, record.closed_at, model)
    links = _links(actor, rows)
    touches = [
        Touch(
            id=row["id"],
            at=row["occurred_at"],
            kind=row["kind"],
            channel=row["channel"],
            title=row["title"],
            source=" / ".join(
                part for part in (row["utm_source"], row["utm_medium"], row["utm_campaign"]) if part
            ),
            url=links.get((row["ref_object"], row["ref_id"]), ""),
            is_marketing=row["is_marketing"],
            share=shares.get(row["id"]),
        )
        for row in rows
    ]
    used = {touch.channel for touch in touches}
    return Journey(
        object=object_key,
        record_id=record.pk,
        name=str(record),
        touches=touches,
        lanes=[(value, str(label)) for value, label in Channel.choices if value in used],
        amount=amount,
        currency=currency,
        model=model if model in MODELS else "linear",
        truncated=truncated,
    )


def _of(object_key: str, record: Any) -> Q:
    if object_key == "opportunity":
        return Q(opportunity_id=record.pk)
    if object_key == "lead":
        return Q(lead_id=record.pk) | Q(contact_id=record.contact_id, lead__isnull=True)
    return Q(**{f"{object_key}_id": record.pk})


def _shares(
    rows: Sequence[Mapping[str, Any]],
    amount: Decimal,
    currency: str,
    closed_at: datetime,
    model: str,
) -> dict[UUID, Decimal]:
    counted = [row for row in rows if row["is_marketing"] and row["occurred_at"] <= closed_at]
    ages = [
        Decimal((closed_at - row["occurred_at"]).total_seconds()) / Decimal(86400)
        for row in counted
    ]
    parts = share_amount(model if model in MODELS else "linear", amount, currency, ages)
    return {row["id"]: part for row, part in zip(counted, parts, strict=True)}


def _links(actor: Actor, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, UUID | None], str]:
    """Addresses of the records behind touches, one statement per kind of record."""
    wanted: dict[str, set[UUID]] = {}
    for row in rows:
        if row["ref_object"] and row["ref_id"]:
            wanted.setdefault(row["ref_object"], set()).add(row["ref_id"])
    links: dict[tuple[str, UUID | None], str] = {}
    for of in object_types():
        ids = wanted.get(of.key)
        if not ids:
            continue
        model: Any = of.model
        seen = model.objects.filter(pk__in=ids)
        if not actor.is_system:
            seen = seen.filter(visible_to(actor.require_user(), of.key))
        for key in seen.values_list("pk", flat=True):
            links[(of.key, key)] = f"/{of.slug}/{key}"
    return links
