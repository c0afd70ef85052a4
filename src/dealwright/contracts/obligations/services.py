"""Duties of executed contracts: made once, fulfilled, waived, ended with the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict
from dealwright.base.records.services import save_changes
from dealwright.contracts.agreements.document import typed_values
from dealwright.contracts.agreements.models import Contract
from dealwright.contracts.obligations.models import Obligation

ANCHORS = ("effective_on", "ends_on", "notice_by", "executed_at")


def make_obligations(actor: Actor, contract: Contract) -> list[Obligation]:
    """The duties the contract's text brings, and the decision on its renewal. Safe to repeat."""
    made = []
    with change(actor):
        for origin, fields in _duties(contract):
            duty, new = Obligation.everything.get_or_create(
                contract=contract,
                origin=origin,
                due_on=fields.pop("due_on"),
                defaults={
                    "owner": contract.owner,
                    "currency": contract.currency,
                    "created_by": actor.user,
                    **fields,
                },
            )
            if new:
                made.append(duty)
    return made


def _duties(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    values = typed_values(contract)
    for number, rule in enumerate(contract.body.get("obligations", [])):
        start = _anchor(contract, str(rule.get("anchor", "effective_on")))
        if start is None:
            continue
        amount = values.get(str(rule.get("amount", "")))
        yield (
            f"text:{number}",
            {
                "kind": rule.get("kind", Obligation.Kind.OTHER),
                "party": rule.get("party", Obligation.Party.US),
                "action": str(rule.get("action", "Do what was agreed"))[:250],
                "due_on": start + timedelta(days=int(rule.get("offset_days", 0))),
                "amount": amount if isinstance(amount, Decimal) else None,
            },
        )
    if contract.notice_by is not None:
        yield (
            "renewal",
            {
                "kind": Obligation.Kind.RENEW,
                "party": Obligation.Party.US,
                "action": f"Decide on the renewal of {contract.number}",
                "due_on": contract.notice_by,
            },
        )


def _anchor(contract: Contract, name: str) -> date | None:
    if name not in ANCHORS:
        return None
    value = getattr(contract, name)
    return timezone.localdate(value) if name == "executed_at" and value else value


def fulfil_obligation(actor: Actor, obligation_id: Any, *, on: date | None = None) -> Obligation:
    """Note that a duty was done; raises Conflict for one that is settled already."""
    with change(actor):
        duty: Obligation = get_changeable(actor, "obligation", obligation_id)
        if duty.fulfilled_on or duty.waived_on:
            raise Conflict("This obligation is settled already.")
        saved: Obligation = save_changes(actor, duty, {"fulfilled_on": on or timezone.localdate()})
        return saved


def waive_obligation(actor: Actor, obligation_id: Any, *, note: str = "") -> Obligation:
    """Note that a duty need not be done."""
    with change(actor):
        duty: Obligation = get_changeable(actor, "obligation", obligation_id)
        if duty.fulfilled_on or duty.waived_on:
            raise Conflict("This obligation is settled already.")
        saved: Obligation = save_changes(
            actor, duty, {"waived_on": timezone.localdate(), "notes": note or duty.notes}
        )
        return saved


def cancel_obligations(actor: Actor, contract: Contract, *, after: date) -> int:
    """Open duties due after the contract's end need not be done."""
    open_duties = Obligation.objects.filter(
        contract=contract, due_on__gt=after, fulfilled_on__isnull=True, waived_on__isnull=True
    )
    count = 0
    for duty in open_duties.select_for_update():
        save_changes(actor, duty, {"waived_on": after, "notes": "The contract was terminated."})
        count += 1
    return count
