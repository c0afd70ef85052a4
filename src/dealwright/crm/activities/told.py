"""How events read on a timeline. Rooms above add the sentences of their own events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dealwright.base.money import format_money


@dataclass(frozen=True, slots=True)
class Told:
    """An event in a person's words."""

    title: str
    icon: str
    tone: str = ""
    body: str = ""


Teller = Callable[[Mapping[str, Any]], Told]


class _ToldAs:
    """The tellers by event name."""

    def __init__(self) -> None:
        self._tellers: dict[str, Teller] = {}

    def add(self, name: str, teller: Teller) -> None:
        """Let an event stand on the timeline of its record."""
        self._tellers[name] = teller

    def names(self) -> Sequence[str]:
        return list(self._tellers)

    def __call__(self, name: str, payload: Mapping[str, Any]) -> Told | None:
        teller = self._tellers.get(name)
        return teller(payload) if teller else None


told_as = _ToldAs()


def add_timeline_event(name: str, teller: Teller) -> None:
    """Let an event of any room stand on the timeline of the record it is about.

    ``teller`` gets the event's payload as JSON and returns a Told.
    """
    told_as.add(name, teller)


def _amount(payload: Mapping[str, Any]) -> str:
    amount = payload.get("amount") or payload.get("total")
    return format_money(Decimal(amount), payload["currency"]) if amount else ""


def _worth(payload: Mapping[str, Any]) -> str:
    amount = _amount(payload)
    return f": {amount}" if amount else ""


add_timeline_event(
    "lead.captured",
    lambda told: Told(
        "Lead captured" + (" of a new person" if told["is_new_contact"] else " of a known person"),
        "sparkles",
    ),
)
add_timeline_event("lead.assigned", lambda told: Told("Assigned", "user-plus", body=told["reason"]))
add_timeline_event(
    "lead.first_response_made",
    lambda told: Told(
        "First answer " + ("in time" if told["in_time"] else "too late"),
        "clock",
        "success" if told["in_time"] else "warning",
    ),
)
add_timeline_event(
    "lead.converted", lambda told: Told("Converted to an opportunity", "target", "success")
)
add_timeline_event(
    "lead.disqualified",
    lambda told: Told(f"Disqualified: {told['reason'].replace('_', ' ')}", "x", "warning"),
)
add_timeline_event(
    "opportunity.stage_changed",
    lambda told: Told(f"Moved from {told['from_stage']} to {told['to_stage']}", "git-branch"),
)
add_timeline_event("opportunity.won", lambda told: Told(f"Won{_worth(told)}", "trophy", "success"))
add_timeline_event(
    "opportunity.lost",
    lambda told: Told(
        "Lost" + (f": {told['reason'].replace('_', ' ')}" if told["reason"] else ""),
        "x",
        "danger",
    ),
)
add_timeline_event("opportunity.reopened", lambda told: Told("Reopened", "flag", "warning"))
add_timeline_event(
    "quote.sent", lambda told: Told(f"Quote sent to {told['to']}{_worth(told)}", "file-text")
)
add_timeline_event(
    "quote.accepted",
    lambda told: Told(
        f"Quote accepted by {told['accepted_by']}{_worth(told)}", "circle-check", "success"
    ),
)
add_timeline_event(
    "quote.rejected",
    lambda told: Told("Quote rejected", "circle-alert", "danger", body=told["reason"]),
)
add_timeline_event("record.merged", lambda told: Told("Merged with a duplicate", "copy"))
add_timeline_event("record.unmerged", lambda told: Told("Merge taken apart", "copy", "warning"))
add_timeline_event(
    "case.solved",
    lambda told: Told(
        "Solved " + ("in time" if told["in_time"] else "too late"),
        "circle-check",
        "success" if told["in_time"] else "warning",
    ),
)
