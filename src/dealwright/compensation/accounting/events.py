"""What accounting tells the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from dealwright.base.events import Event, event


@event("accounting_month.closed")
@dataclass(frozen=True)
class AccountingMonthClosed(Event):
    """A month of contract costs was closed; its journal lines are sealed under the Merkle root."""

    close_id: UUID
    month: date
    merkle_root: str
