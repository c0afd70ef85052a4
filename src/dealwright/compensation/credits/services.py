"""Recording what happened: bookings, payments, terminations, and whose credit they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.money import check_currency
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.credits.models import CreditEvent, CreditSplit
from dealwright.compensation.territories.queries import credited_by_territory

MOST = Decimal(10) ** 13
_FACTS = (
    "kind",
    "date",
    "title",
    "amount",
    "currency",
    "quantity",
    "cost",
    "payee_id",
    "reference_id",
    "object",
    "record_id",
    "attributes",
    "voided_at",
)


@dataclass(frozen=True, slots=True)
class Share:
    """A payee's part of an event."""

    user_id: UUID
    share: Decimal
    role: str = ""
    kind: str = "direct"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an event that was recorded.

    ``payees`` are those whose pay may change by it, those of before included; ``changed`` is
    false where the same was known already. ``days`` are the day of the event and the one it had
    before.
    """

    event: CreditEvent
    payees: frozenset[UUID]
    changed: bool
    since: date
    days: frozenset[date] = frozenset()


def upsert_event(
    actor: Actor,
    *,
    key: str,
    kind: str,
    on: date,
    amount: Decimal = Decimal(0),
    currency: str,
    quantity: Decimal = Decimal(1),
    cost: Decimal = Decimal(0),
    title: str = "",
    payee_id: UUID | None = None,
    reference: str = "",
    object: str = "",
    record_id: UUID | None = None,
    attributes: Mapping[str, Any] | None = None,
    splits: Sequence[Share] = (),
) -> Recorded:
    """Record an event by the source's key, or change what was recorded under it.

    Nothing is calculated here, see ``calculation.services``. Raises Invalid that names every
    wrong field.
    """
    require_pay_manager(actor)
    with change(actor):
        wrong, currency = _check(key, kind, on, amount, quantity, cost, currency)
        wrong |= _check_splits(splits)
        referred = _referred(reference, key, wrong)
        if payee_id is not None and not User.objects.filter(pk=payee_id).exists():
            wrong["payee"] = ["There is no such user."]
        if wrong:
            raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
        row = CreditEvent.objects.select_for_update(of=("self",)).filter(key=key).first()
        before = _payees_of(row) if row is not None else frozenset()
        facts: dict[str, Any] = {
            "kind": kind,
            "date": on,
            "title": title[:250],
            "amount": amount,
            "currency": currency,
            "quantity": quantity,
            "cost": cost,
            "payee_id": payee_id,
            "reference_id": referred.pk if referred else None,
            "object": object,
            "record_id": record_id,
            "attributes": dict(attributes or {}),
            "voided_at": None,
        }
        days = frozenset({on} if row is None else {on, row.date})
        changed = row is None or any(getattr(row, name) != facts[name] for name in _FACTS)
        if row is None:
            row = CreditEvent.objects.create(key=key, **facts)
        elif changed:
            for name, value in facts.items():
                setattr(row, name, value)
            row.version += 1
            row.updated_at = timezone.now()
            row.save()
        changed = _set_splits(row, splits) or changed
        return Recorded(row, before | _payees_of(row), changed, min(days), days)


def void_event(actor: Actor, key: str) -> Recorded | None:
    """Take an event back: it stays on record and counts no longer. None where it is unknown."""
    require_pay_manager(actor)
    with change(actor):
        row = CreditEvent.objects.select_for_update(of=("self",)).filter(key=key).first()
        if row is None:
            return None
        changed = row.voided_at is None
        if changed:
            row.voided_at = row.updated_at = timezone.now()
            row.version += 1
            row.save(update_fields=["voided_at", "updated_at", "version"])
        return Recorded(row, _payees_of(row), changed, row.date, frozenset({row.date}))


def shares_of(user_ids: Iterable[UUID], fractions: Iterable[Decimal]) -> list[Share]:
    """Shares from the paired lists that events carry."""
    return [
        Share(user_id, fraction)
        for user_id, fraction in zip(user_ids, fractions, strict=True)
        if fraction > 0
    ]


def _check(
    key: str,
    kind: str,
    on: date,
    amount: Decimal,
    quantity: Decimal,
    cost: Decimal,
    currency: str,
) -> tuple[dict[str, list[str]], str]:
    wrong: dict[str, list[str]] = {}
    if not key or len(key) > 200:
        wrong["key"] = ["Give the event a key of at most 200 characters."]
    if not kind or len(kind) > 40:
        wrong["kind"] = ["Give the event a kind of at most 40 characters."]
    figures = (("amount", amount, 2), ("quantity", quantity, 6), ("cost", cost, 2))
    for name, value, places in figures:
        exponent = value.as_tuple().exponent
        if not value.is_finite() or abs(value) >= MOST:
            wrong[name] = [f"The {name} must be below {MOST:,}."]
        elif isinstance(exponent, int) and -exponent > places and value != round(value, places):
            wrong[name] = [f"The {name} may have at most {places} decimals."]
    if not date(1990, 1, 1) <= on <= date(2190, 12, 31):
        wrong["date"] = ["The date must lie between 1990 and 2190."]
    try:
        currency = check_currency(currency)
    except Invalid as error:
        wrong["currency"] = [error.message]
    return wrong, currency


def _check_splits(splits: Sequence[Share]) -> dict[str, list[str]]:
    if not splits:
        return {}
    said: list[str] = []
    direct = [each.share for each in splits if each.kind == "direct"]
    total = sum(direct, Decimal(0))
    if direct and total != 1:
        said.append(f"The shares sum to {(total * 100).normalize():f} %; they must sum to 100 %.")
    if any(not each.share.is_finite() or not 0 < each.share <= 100 for each in splits):
        said.append("Every share must be above zero.")
    if any(each.kind not in ("direct", "overlay") for each in splits):
        said.append("A share is direct or overlay.")
    keys = [(each.user_id, each.role, each.kind) for each in splits]
    if len(set(keys)) < len(keys):
        said.append("Nobody may have two shares in the same role.")
    ids = {each.user_id for each in splits}
    if User.objects.filter(pk__in=ids).count() < len(ids):
        said.append("There is a share of somebody who does not exist.")
    return {"splits": said} if said else {}


def _referred(reference: str, key: str, wrong: dict[str, list[str]]) -> CreditEvent | None:
    if not reference:
        return None
    found: CreditEvent | None = CreditEvent.objects.filter(key=reference).first()
    if found is None or reference == key:
        wrong["reference"] = [f"There is no event “{reference[:80]}” to refer to."]
    return found


def _set_splits(event: CreditEvent, splits: Sequence[Share]) -> bool:
    """Whether they differ from what was there."""
    there = set(event.splits.values_list("user_id", "share", "role", "kind"))
    wanted = {(each.user_id, each.share, each.role, each.kind) for each in splits}
    if {(a, b.normalize(), c, d) for a, b, c, d in there} == {
        (a, b.normalize(), c, d) for a, b, c, d in wanted
    }:
        return False
    event.splits.all().delete()
    CreditSplit.objects.bulk_create(
        CreditSplit(event=event, user_id=user_id, share=share, role=role, kind=kind)
        for user_id, share, role, kind in wanted
    )
    return True


def _payees_of(event: CreditEvent) -> frozenset[UUID]:
    """Those who are credited for an event, by its own splits or those of what it follows, or
    as holders of a territory that one of them names."""
    own = _credited(event)
    if event.reference_id is not None:
        own |= _credited(CreditEvent.objects.get(pk=event.reference_id))
    return frozenset(own)


def _credited(event: CreditEvent) -> set[UUID]:
    own = set(event.splits.values_list("user_id", flat=True))
    if event.payee_id:
        own.add(event.payee_id)
    return own | credited_by_territory(event.attributes, event.date)


def get_event(key: str) -> CreditEvent:
    """The event under a source's key; raises NotFound."""
    row: CreditEvent | None = CreditEvent.objects.filter(key=key).first()
    if row is None:
        raise NotFound(f"There is no event “{key[:80]}”.")
    return row
