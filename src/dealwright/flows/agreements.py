"""From contract to signature and back: a seal executes, an execution wins."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from dealwright.base.events import Delivery, subscribe
from dealwright.contracts.agreements.events import (
    ContractApproved,
    ContractDrafted,
    ContractExecuted,
    ContractTerminated,
)
from dealwright.contracts.agreements.lifecycle import execute_contract, reopen_after_signing
from dealwright.contracts.agreements.models import Contract
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.opportunities.services import win_opportunity
from dealwright.intelligence.tracking.services import record_touch
from dealwright.signing.envelopes.events import (
    EnvelopeDeclined,
    EnvelopeExpired,
    EnvelopeSealed,
    EnvelopeSent,
    EnvelopeViewed,
    EnvelopeVoided,
    RecipientSigned,
)
from dealwright.signing.envelopes.models import Recipient


@subscribe(EnvelopeSealed, name="contracts.execute")
def execute(delivery: Delivery, event: EnvelopeSealed) -> None:
    """A sealed contract is executed."""
    if event.subject_object == "contract" and event.subject_id is not None:
        execute_contract(
            delivery.actor, event.subject_id, envelope_id=event.envelope_id, sha256=event.sha256
        )


@subscribe(EnvelopeDeclined, EnvelopeVoided, EnvelopeExpired, name="contracts.reopen")
def reopen(delivery: Delivery, event: EnvelopeDeclined | EnvelopeVoided | EnvelopeExpired) -> None:
    """A contract whose envelope ended without a seal can be changed and sent again."""
    if event.subject_object == "contract" and event.subject_id is not None:
        reopen_after_signing(delivery.actor, event.subject_id)


@subscribe(ContractExecuted, name="crm.win_on_execution")
def win_on_execution(delivery: Delivery, event: ContractExecuted) -> None:
    """An executed contract wins its deal at the contract's amount."""
    if event.opportunity_id is None:
        return
    deal = Opportunity.objects.filter(pk=event.opportunity_id).first()
    if deal is None or deal.status != "open":
        return
    win_opportunity(
        delivery.actor,
        event.opportunity_id,
        close_date=timezone.localdate(event.executed_at),
        amount=event.amount if event.currency == deal.currency else None,
    )


@subscribe(ContractDrafted, name="intelligence.touch_of_draft")
def touch_of_draft(delivery: Delivery, event: ContractDrafted) -> None:
    """A drafted contract stands on the journey."""
    _touch(delivery, event.contract_id, "drafted", f"Drafted contract {event.number}")


@subscribe(ContractApproved, name="intelligence.touch_of_approval")
def touch_of_approval(delivery: Delivery, event: ContractApproved) -> None:
    """An approved contract stands on the journey."""
    _touch(delivery, event.contract_id, "approved", "Contract approved")


@subscribe(ContractExecuted, name="intelligence.touch_of_execution")
def touch_of_execution(delivery: Delivery, event: ContractExecuted) -> None:
    """An executed contract stands on the journey."""
    _touch(delivery, event.contract_id, "executed", f"Contract {event.number} executed")


@subscribe(ContractTerminated, name="intelligence.touch_of_termination")
def touch_of_termination(delivery: Delivery, event: ContractTerminated) -> None:
    """That a contract ended early, and why, stands on the journey."""
    _touch(
        delivery,
        event.contract_id,
        "terminated",
        f"Contract {event.number} ended early: {event.reason}",
    )


def _touch(delivery: Delivery, contract_id: UUID, kind: str, title: str) -> None:
    contract = Contract.everything.get(pk=contract_id)
    record_touch(
        delivery.actor,
        key=f"contract:{delivery.event_id}",
        kind=f"contract_{kind}",
        channel="contract",
        title=title,
        occurred_at=delivery.occurred_at,
        contact_id=contract.contact_id,
        account_id=contract.account_id,
        opportunity_id=contract.opportunity_id,
        ref=("contract", contract_id),
    )


@subscribe(
    EnvelopeSent,
    EnvelopeViewed,
    RecipientSigned,
    EnvelopeSealed,
    name="intelligence.touch_of_envelope",
)
def touch_of_envelope(
    delivery: Delivery, event: EnvelopeSent | EnvelopeViewed | RecipientSigned | EnvelopeSealed
) -> None:
    """What happens around a signature stands on the journey of the contract's deal."""
    contact_id = account_id = opportunity_id = None
    if event.subject_object == "contract" and event.subject_id is not None:
        contract = Contract.everything.filter(pk=event.subject_id).first()
        if contract is not None:
            contact_id, account_id = contract.contact_id, contract.account_id
            opportunity_id = contract.opportunity_id
    elif event.subject_object == "opportunity":
        opportunity_id = event.subject_id
    if not (contact_id or account_id or opportunity_id):
        return
    record_touch(
        delivery.actor,
        key=f"envelope:{delivery.event_id}",
        kind=delivery.name.replace(".", "_"),
        channel="signature",
        title=_title(event),
        occurred_at=delivery.occurred_at,
        contact_id=contact_id,
        account_id=account_id,
        opportunity_id=opportunity_id,
        ref=("envelope", event.envelope_id),
    )


def _title(event: EnvelopeSent | EnvelopeViewed | RecipientSigned | EnvelopeSealed) -> str:
    if isinstance(event, EnvelopeSent):
        return f"Sent for signature: {event.title}"
    if isinstance(event, EnvelopeSealed):
        return f"Sealed, SHA-256 {event.sha256[:12]}…"
    name = Recipient.objects.values_list("name", flat=True).get(pk=event.recipient_id)
    return f"{name} opened it" if isinstance(event, EnvelopeViewed) else f"{name} signed"
