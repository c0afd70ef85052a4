"""A contract on its way: out for signature, executed, ended."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events import record_event
from dealwright.base.people.organization import organization
from dealwright.base.records.services import save_changes
from dealwright.contracts.agreements.document import language_of, render_contract
from dealwright.contracts.agreements.events import (
    ContractExecuted,
    ContractSentForSignature,
    ContractTerminated,
)
from dealwright.contracts.agreements.models import Contract, ContractStatus
from dealwright.contracts.agreements.services import keep_document, keep_version, missing_values
from dealwright.contracts.agreements.terms import months_between
from dealwright.contracts.obligations.services import cancel_obligations, make_obligations
from dealwright.signing.envelopes.drafts import NewDocument, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import create_envelope, send_envelope, void_envelope


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs; ``party`` is the name printed above the line, ours when empty."""

    name: str
    email: str
    party: str = ""


def send_for_signature(
    actor: Actor, contract_id: Any, signers: Sequence[Signer], *, message: str = ""
) -> Contract:
    """Freeze the text as a PDF and send it to its signers, one after the other.

    Raises Conflict unless it is approved, Invalid for missing values or signers.
    """
    if not signers:
        raise Invalid("Name at least one signer.", fields={"signers": ["Name a signer."]})
    with change(actor):
        contract: Contract = get_changeable(actor, "contract", contract_id)
        if contract.status != ContractStatus.APPROVED:
            raise Conflict("Only an approved contract can be sent for signature.")
        missing = missing_values(contract)
        if missing:
            raise Invalid(f"Fill in first: {', '.join(missing)}.")
        ours = organization().name
        pdf = render_contract(
            contract, [{"party": each.party or ours, "name": each.name} for each in signers]
        )
        stored = keep_document(actor, contract, pdf)
        envelope = create_envelope(
            actor,
            title=f"{contract.title} ({contract.number})",
            documents=[NewDocument(name=f"{contract.number}.pdf", content=pdf)],
            recipients=[
                NewRecipient(name=each.name, email=each.email, order=place)
                for place, each in enumerate(signers, 1)
            ],
            subject=("contract", contract.pk),
            message=message,
            language=language_of(contract),
            owner=contract.owner,
        )
        send_envelope(actor, envelope.pk)
        keep_version(actor, contract, stored.pk)
        saved: Contract = save_changes(
            actor,
            contract,
            {
                "sent_at": timezone.now(),
                "envelope_id": envelope.pk,
                "document_id": stored.pk,
                "document_sha256": hashlib.sha256(pdf).hexdigest(),
            },
        )
        record_event(
            actor,
            ContractSentForSignature(
                contract_id=contract.pk,
                opportunity_id=contract.opportunity_id,
                envelope_id=envelope.pk,
            ),
            object="contract",
            record_id=contract.pk,
        )
        return saved


def recall_contract(actor: Actor, contract_id: Any, *, reason: str) -> Contract:
    """Take a contract back from signature; it is approved again and can be changed or resent."""
    with change(actor):
        contract: Contract = get_changeable(actor, "contract", contract_id)
        if contract.status != ContractStatus.SIGNING:
            raise Conflict("Only a contract that is out for signature can be taken back.")
        if contract.envelope_id:
            void_envelope(actor, contract.envelope_id, reason=reason)
        return reopen_after_signing(actor, contract.pk)


def reopen_after_signing(actor: Actor, contract_id: UUID) -> Contract:
    """The envelope ended without a seal (declined, voided, expired): back to approved."""
    with change(actor):
        contract: Contract = Contract.objects.select_for_update(of=("self",)).get(pk=contract_id)
        if contract.status != ContractStatus.SIGNING:
            return contract
        saved: Contract = save_changes(actor, contract, {"sent_at": None, "envelope_id": None})
        return saved


def execute_contract(
    actor: Actor, contract_id: UUID, *, envelope_id: UUID, sha256: str
) -> Contract:
    """Signed by all and sealed. Safe to repeat; raises Conflict for another envelope."""
    with change(actor):
        contract: Contract = Contract.objects.select_for_update(of=("self",)).get(pk=contract_id)
        if contract.executed_at is not None:
            return contract
        if contract.envelope_id != envelope_id:
            raise Conflict("Another envelope was sent for this contract meanwhile.")
        envelope = Envelope.everything.get(pk=envelope_id)
        executed_at = envelope.completed_at or timezone.now()
        values: dict[str, Any] = {"executed_at": executed_at, "sealed_sha256": sha256}
        if contract.effective_on is None:
            values["effective_on"] = timezone.localdate(executed_at)
        saved: Contract = save_changes(actor, contract, values)
        saved.refresh_from_db()
        make_obligations(actor, saved)
        assert saved.effective_on is not None
        record_event(
            actor,
            ContractExecuted(
                contract_id=saved.pk,
                opportunity_id=saved.opportunity_id,
                account_id=saved.account_id,
                owner_id=saved.owner_id,
                number=saved.number,
                amount=saved.amount,
                currency=saved.currency,
                effective_on=saved.effective_on,
                executed_at=executed_at,
                envelope_id=envelope_id,
                sealed_sha256=sha256,
            ),
            object="contract",
            record_id=saved.pk,
        )
        return saved


def terminate_contract(actor: Actor, contract_id: Any, *, on: date, reason: str) -> Contract:
    """End an executed contract before its time on a day; raises Conflict, Invalid."""
    if not reason.strip():
        raise Invalid("Say why it ends.", fields={"reason": ["Say why it ends."]})
    with change(actor):
        contract: Contract = get_changeable(actor, "contract", contract_id)
        if contract.status != ContractStatus.EXECUTED or contract.effective_on is None:
            raise Conflict("Only an executed contract can be terminated.")
        if on < contract.effective_on:
            sentence = f"It cannot end before it began on {contract.effective_on:%Y-%m-%d}."
            raise Invalid(sentence, fields={"on": [sentence]})
        saved: Contract = save_changes(
            actor,
            contract,
            {
                "terminated_at": timezone.now(),
                "terminated_on": on,
                "termination_reason": reason.strip(),
            },
        )
        saved.refresh_from_db()
        cancel_obligations(actor, saved, after=on)
        record_event(
            actor,
            ContractTerminated(
                contract_id=saved.pk,
                opportunity_id=saved.opportunity_id,
                account_id=saved.account_id,
                number=saved.number,
                amount=saved.amount,
                currency=saved.currency,
                effective_on=contract.effective_on,
                terminated_on=on,
                months_served=months_between(contract.effective_on, on),
                term_months=saved.term_months,
                reason=reason.strip(),
            ),
            object="contract",
            record_id=saved.pk,
        )
        return saved


def cancel_contract(actor: Actor, contract_id: Any) -> Contract:
    """Give up a contract that was never executed."""
    with change(actor):
        contract: Contract = get_changeable(actor, "contract", contract_id)
        if contract.executed_at is not None:
            raise Conflict("An executed contract is terminated, not cancelled.")
        if contract.status == ContractStatus.SIGNING and contract.envelope_id:
            void_envelope(actor, contract.envelope_id, reason="The contract was cancelled.")
        saved: Contract = save_changes(actor, contract, {"cancelled_at": timezone.now()})
        return saved
