"""Segments: who is in them, and freezing them on a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable, visible_records
from dealwright.base.objects.filters import compile_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes
from dealwright.intelligence.segments.models import Segment, SegmentMember


def create_segment(actor: Actor, values: Mapping[str, Any]) -> Segment:
    """Make a segment; its filter must be one of its object. Raises Invalid."""
    compile_filter(object_type(values.get("of") or "contact"), values.get("filter") or {})
    made: Segment = insert_record(actor, object_type("segment"), values)
    return made


def update_segment(actor: Actor, segment: Segment, values: Mapping[str, Any]) -> Segment:
    """Change a segment; raises Invalid for a filter that its object does not know."""
    of = values.get("of", segment.of)
    compile_filter(object_type(of), values.get("filter", segment.filter) or {})
    saved: Segment = save_changes(actor, segment, values)
    return saved


def members_of(actor: Actor, segment: Segment) -> models.QuerySet[Any]:
    """The records in a segment that the actor may see."""
    of = object_type(segment.of)
    rows = visible_records(actor, segment.of)
    if segment.frozen_at is not None:
        return rows.filter(pk__in=segment.members.values("record_id"))
    if not segment.filter:
        return rows
    return rows.filter(compile_filter(of, segment.filter, user=actor.user))


def freeze_segment(actor: Actor, segment_id: UUID) -> Segment:
    """Keep who is in it now; later changes of the records change it no more."""
    with change(actor):
        segment: Segment = get_changeable(actor, "segment", segment_id)
        ids = list(members_of(actor, segment).values_list("pk", flat=True))
        SegmentMember.objects.filter(segment=segment).delete()
        SegmentMember.objects.bulk_create(
            (SegmentMember(segment=segment, record_id=key) for key in ids), batch_size=2000
        )
        frozen: Segment = save_changes(actor, segment, {"frozen_at": timezone.now()})
        return frozen


def thaw_segment(actor: Actor, segment_id: UUID) -> Segment:
    """Let a frozen segment follow its filter again."""
    with change(actor):
        segment: Segment = get_changeable(actor, "segment", segment_id)
        SegmentMember.objects.filter(segment=segment).delete()
        thawed: Segment = save_changes(actor, segment, {"frozen_at": None})
        return thawed
