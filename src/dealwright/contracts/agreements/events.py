"""What contracts tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from dealwright.base.events import Event, event


@event("contract.drafted")
@dataclass(frozen=True)
class ContractDrafted(Event):
    """A contract was made from a quote, a deal or by hand."""

    contract_id: UUID
    opportunity_id: UUID | None
    account_id: UUID | None
    number: str


@event("contract.submitted")
@dataclass(frozen=True)
class ContractSubmitted(Event):
    """A contract asks for approval; ``steps`` is how many decisions are needed."""

    contract_id: UUID
    opportunity_id: UUID | None
    steps: int


@event("contract.approved")
@dataclass(frozen=True)
class ContractApproved(Event):
    """All who must agree did; ``by_rule`` is false where no rule asked anybody."""

    contract_id: UUID
    opportunity_id: UUID | None
    by_rule: bool


@event("contract.rejected")
@dataclass(frozen=True)
class ContractRejected(Event):
    """Someone who must agree did not; the contract is a draft again."""

    contract_id: UUID
    opportunity_id: UUID | None
    decided_by: UUID
    comment: str


@event("contract.sent_for_signature")
@dataclass(frozen=True)
class ContractSentForSignature(Event):
    """The document is out to its signers."""

    contract_id: UUID
    opportunity_id: UUID | None
    envelope_id: UUID


@event("contract.executed")
@dataclass(frozen=True)
class ContractExecuted(Event):
    """Signed by all and sealed: the agreement counts from ``effective_on``."""

    contract_id: UUID
    opportunity_id: UUID | None
    account_id: UUID | None
    owner_id: UUID | None
    number: str
    amount: Decimal | None
    currency: str
    effective_on: date
    executed_at: datetime
    envelope_id: UUID
    sealed_sha256: str


@event("contract.terminated")
@dataclass(frozen=True)
class ContractTerminated(Event):
    """The agreement ends before its time on ``terminated_on``; ``months_served`` are whole
    months from its start, of ``term_months``."""

    contract_id: UUID
    opportunity_id: UUID | None
    account_id: UUID | None
    number: str
    amount: Decimal | None
    currency: str
    effective_on: date
    terminated_on: date
    months_served: int
    term_months: int | None
    reason: str


@event("contract.notice_due")
@dataclass(frozen=True)
class RenewalNoticeDue(Event):
    """The last day for a notice comes near: decide on the renewal."""

    contract_id: UUID
    account_id: UUID | None
    notice_by: date
    ends_on: date


@event("obligation.due")
@dataclass(frozen=True)
class ObligationDue(Event):
    """A duty is due within the week."""

    obligation_id: UUID
    contract_id: UUID
    action: str
    due_on: date
