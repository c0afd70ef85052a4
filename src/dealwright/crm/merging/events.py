"""What merging tells the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events import Event, event


@event("record.merged")
@dataclass(frozen=True)
class RecordsMerged(Event):
    """Two records of one object became one: ``merged_id`` is now ``survivor_id``."""

    object: str
    survivor_id: UUID
    merged_id: UUID
    merge_id: UUID


@event("record.unmerged")
@dataclass(frozen=True)
class RecordsUnmerged(Event):
    """A merge was taken apart again."""

    object: str
    survivor_id: UUID
    merged_id: UUID
    merge_id: UUID
