"""Why a lead has its score, on its page."""

from __future__ import annotations

from typing import Any

from dealwright.base.objects.registry import Panel
from dealwright.intelligence.scoring.models import LeadScore


def score_of(user: Any, record_id: Any) -> dict[str, Any] | None:
    """The score with its reasons, or None before the first scoring."""
    detail = LeadScore.objects.filter(lead_id=record_id).select_related("scorecard").first()
    return {"detail": detail} if detail else None


SCORE = Panel(
    key="score",
    label="Why this score",
    template="intelligence/scoring/panel.html",
    query=score_of,
    position=20,
)
