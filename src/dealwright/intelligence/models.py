"""Gathers the models of this system's concepts for Django."""

from dealwright.intelligence.enrichment.models import Fact
from dealwright.intelligence.scoring.models import LeadScore, Scorecard
from dealwright.intelligence.segments.models import Segment, SegmentMember
from dealwright.intelligence.tracking.models import Touchpoint, TrackingSettings, Visitor

__all__ = [
    "Fact",
    "LeadScore",
    "Scorecard",
    "Segment",
    "SegmentMember",
    "Touchpoint",
    "TrackingSettings",
    "Visitor",
]
