"""What the page of a deal shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dealwright.base.access.visibility import changeable_by
from dealwright.base.objects.registry import Action, Panel
from dealwright.crm.deferred import deferred
from dealwright.crm.opportunities.models import (
    Opportunity,
    OpportunityContactRole,
    StageCategory,
)
from dealwright.crm.opportunities.queries import committee_of, line_items, team_of
from dealwright.crm.products.line_form import plain_number_text, shown_lines


def _deal(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    row: Mapping[str, Any] | None = (
        Opportunity.objects.filter(pk=record_id)
        .values("id", "currency", "amount", "amount_source", "status")
        .first()
    )
    if row is None:
        return None
    may_write = Opportunity.objects.filter(
        changeable_by(user, "opportunity"), pk=record_id
    ).exists()
    return {**row, "may_write": may_write}


def lines_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    deal = _deal(user, record_id)
    if deal is None:
        return None
    rows = line_items(record_id)
    return {
        "deal": deal,
        "rows": rows,
        "shown": shown_lines(rows),
        "may_write": deal["may_write"],
        "address": f"/opportunities/{record_id}/lines",
        "currency": deal["currency"],
    }


def people_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    deal = _deal(user, record_id)
    if deal is None:
        return None
    return {
        "deal": deal,
        "may_write": deal["may_write"],
        "team": shown_team(team_of(record_id)),
        "committee": committee_of(record_id),
        "roles": OpportunityContactRole.Role.choices,
    }


def shown_team(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Team rows with the split as its input shows it: 70 for 0.7."""
    return [
        {**row, "split_shown": plain_number_text(row.get("split_percent"), times=100)}
        for row in rows
    ]


PANELS = (
    Panel(
        key="lines",
        label="Products",
        template="crm/opportunities/lines_panel.html",
        query=deferred(lines_context),
        place="main",
        position=10,
    ),
    Panel(
        key="people",
        label="People",
        template="crm/opportunities/people_panel.html",
        query=deferred(people_context),
        place="main",
        position=20,
    ),
)


def _is_open(user: Any, row: Mapping[str, Any]) -> bool:
    return row.get("status") in (StageCategory.OPEN, StageCategory.OPEN.label)


def _is_closed(user: Any, row: Mapping[str, Any]) -> bool:
    return not _is_open(user, row)


ACTIONS = (
    Action(
        key="quote",
        label="New quote",
        url=lambda record_id: f"/opportunities/{record_id}/quotes/new",
        available=lambda user, row: row.get("status") != StageCategory.LOST,
    ),
    Action(
        key="win",
        label="Win",
        url=lambda record_id: f"/opportunities/{record_id}/win",
        available=_is_open,
        primary=True,
        for_writers=True,
    ),
    Action(
        key="lose",
        label="Lose",
        url=lambda record_id: f"/opportunities/{record_id}/lose",
        available=_is_open,
        for_writers=True,
    ),
    Action(
        key="reopen",
        label="Reopen",
        url=lambda record_id: f"/opportunities/{record_id}/reopen",
        available=_is_closed,
        for_writers=True,
    ),
)
