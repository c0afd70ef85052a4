"""What templates tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events.registry import Event, event


@event("template.created")
@dataclass(frozen=True)
class TemplateCreated(Event):
    """A signing template was made; ``from_envelope`` where it was saved from one."""

    template_id: UUID
    name: str
    from_envelope: UUID | None = None


@event("template.updated")
@dataclass(frozen=True)
class TemplateUpdated(Event):
    """A signing template changed; ``revision`` is the version that envelopes get from now on."""

    template_id: UUID
    name: str
    revision: int


@event("template.archived")
@dataclass(frozen=True)
class TemplateArchived(Event):
    """A signing template is offered no longer."""

    template_id: UUID
    name: str
