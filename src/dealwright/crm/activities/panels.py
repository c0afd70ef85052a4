"""The timeline on record pages: composer on top, what is to do, then one line of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.base.access.actor import Actor
from dealwright.base.objects.registry import Panel
from dealwright.crm.activities.models import Activity
from dealwright.crm.activities.timeline import KINDS, open_tasks, timeline, timeline_of
from dealwright.crm.deferred import deferred
from dealwright.crm.opportunities.queries import stage_bar

TIMELINE_OBJECTS = ("account", "contact", "lead", "opportunity", "quote", "case", "campaign")
FILTERS = (
    ("", gettext_noop("Everything")),
    ("activity,message", gettext_noop("Conversations")),
    ("change", gettext_noop("Changes")),
    ("event", gettext_noop("Milestones")),
)
COMPOSERS = (
    ("note", "Note", "message-square"),
    ("call", "Call", "phone"),
    ("task", "Task", "square-check"),
    ("meeting", "Meeting", "calendar"),
    ("email", "E-mail", "mail"),
)


def timeline_panel(object_key: str) -> Panel:
    """The panel for one object."""
    return Panel(
        key="timeline",
        label="Activity",
        template="crm/activities/timeline.html",
        query=deferred(_query(object_key)),
        place="main",
        position=1,
    )


def _query(object_key: str) -> Callable[[Any, Any], Mapping[str, Any] | None]:
    def query(user: Any, record_id: Any) -> Mapping[str, Any] | None:
        # The record page has looked whether the user may see the record.
        return timeline_context(Actor(user=user, via="web"), object_key, record_id, seen=True)

    return query


def timeline_context(
    actor: Actor,
    object_key: str,
    record_id: Any,
    *,
    kinds: str = "",
    composer: str = "note",
    seen: bool = False,
) -> dict[str, Any]:
    """What the panel shows; ``kinds`` is a filter such as ``change`` or ``activity,message``.
    ``seen`` says that the caller made sure that the actor may see the record."""
    chosen = [kind for kind in kinds.split(",") if kind in KINDS] or list(KINDS)
    line = (timeline_of if seen else timeline)(actor, object_key, record_id, kinds=chosen)
    tasks = open_tasks(object_key, record_id)
    return {
        "object_key": object_key,
        "record_id": record_id,
        "line": line,
        "tasks": tasks,
        "kinds": kinds if kinds in dict(FILTERS) else "",
        "filters": FILTERS,
        "composers": COMPOSERS,
        "composer": composer if composer in [key for key, *_ in COMPOSERS] else "note",
        "outcomes": Activity.Outcome.choices,
        "directions": Activity.Direction.choices,
        "priorities": [(key, _(str(label))) for key, label in Activity.Priority.choices],
        "address": _address(object_key, record_id) if composer == "email" else "",
        "stages": (
            stage_bar(record_id, has_task=bool(tasks)) if object_key == "opportunity" else None
        ),
    }


def _address(object_key: str, record_id: Any) -> str:
    """The e-mail address that a mail from this record goes to, if one is known."""
    from dealwright.crm.models import Contact

    via = {
        "contact": {"pk": record_id},
        "lead": {"leads": record_id},
        "opportunity": {"opportunities": record_id},
        "case": {"cases": record_id},
        "quote": {"quotes": record_id},
    }.get(object_key)
    if via is None:
        return ""
    return Contact.objects.filter(**via).values_list("email", flat=True).first() or ""
