"""Which stage of ours a stage of another product is most like: the same end, or the same odds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from dealwright.base.transfer.matching import plain
from dealwright.crm.opportunities.models import Stage, StageCategory

# The odds of winning that the products themselves give their first pipeline's stages, in
# percent; Pipedrive gives none, its stages stand in even steps.
_OPEN = {
    # Salesforce and Zoho
    "Prospecting": 10, "Qualification": 10, "Needs Analysis": 20, "Value Proposition": 50,
    "Id. Decision Makers": 60, "Identify Decision Makers": 60, "Perception Analysis": 70,
    "Proposal/Price Quote": 75, "Proposal/Quote": 75, "Negotiation/Review": 90,
    # HubSpot, by name and by id
    "Appointment scheduled": 20, "Qualified to buy": 40, "Presentation scheduled": 60,
    "Decision maker bought-in": 80, "Contract sent": 90,
    # Pipedrive
    "Qualified": 15, "Lead in": 10, "Contact made": 30, "Demo scheduled": 50,
    "Needs defined": 50, "Proposal made": 70, "Negotiations started": 85,
    # Common words
    "New": 10, "Discovery": 20, "Demo": 50, "Quote sent": 60, "Proposal sent": 60,
    "Negotiation": 85, "Verbal agreement": 90,
}  # fmt: skip
_WON = ("Won", "Closed won", "Deal won", "Closed (won)")
_LOST = (
    "Lost", "Closed lost", "Deal lost", "Closed (lost)", "Closed lost to competition",
)  # fmt: skip
_ODDS = {plain(name): Decimal(percent) / 100 for name, percent in _OPEN.items()}
_ENDS = {plain(name): StageCategory.WON for name in _WON} | {
    plain(name): StageCategory.LOST for name in _LOST
}


def like_stage(text: str, stages: Iterable[Stage]) -> Stage | None:
    """The stage that a known word of another product means, None for any other word.

    HubSpot writes the pipeline in brackets behind the stage.
    """
    name = plain(text)
    if name not in _ENDS and name not in _ODDS:
        name = plain(re.sub(r"\s*\([^()]*\)\s*$", "", text))
    living = [stage for stage in stages if stage.archived_at is None]
    if name in _ENDS:
        return next((stage for stage in living if stage.category == _ENDS[name]), None)
    if name not in _ODDS:
        return None
    running = [stage for stage in living if stage.category == StageCategory.OPEN]
    return min(running, key=lambda stage: abs(stage.probability - _ODDS[name]), default=None)
