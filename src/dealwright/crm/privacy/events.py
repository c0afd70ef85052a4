"""What the care for personal data tells the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events import Event, event


@event("contact.erased")
@dataclass(frozen=True)
class ContactErased(Event):
    """A person was erased; whoever keeps personal data of the contact must forget it too."""

    contact_id: UUID
