"""Where a record's values come from, on its page."""

from __future__ import annotations

from typing import Any

from dealwright.base.objects.registry import Panel
from dealwright.intelligence.enrichment.services import facts_about


def sources_of(user: Any, record_id: Any) -> dict[str, Any] | None:
    """The facts about the record, or None where nothing was found out."""
    facts = facts_about(record_id)
    return {"facts": facts} if facts else None


SOURCES = Panel(
    key="sources",
    label="Found out",
    template="intelligence/enrichment/panel.html",
    query=sources_of,
    position=200,
)
