"""Who is in a segment, on its page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import changeable_by
from dealwright.base.objects.filters import describe_filter
from dealwright.base.objects.registry import Panel, object_type
from dealwright.intelligence.segments.models import Segment
from dealwright.intelligence.segments.services import members_of

SHOWN = 20


def _members(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    segment = Segment.objects.filter(pk=record_id).first()
    if segment is None:
        return None
    of = object_type(segment.of)
    members = members_of(Actor(user, "web"), segment)
    # A frozen segment is a list of records, which no filter of the list page can say.
    query = {"filter": json.dumps(segment.filter)} if segment.filter else {}
    list_url = "" if segment.frozen_at else f"/{of.slug}?{urlencode(query)}"
    return {
        "segment": segment,
        "sentence": describe_filter(of, segment.filter, user) if segment.filter else "",
        "rows": [
            {"id": key, "title": title}
            for key, title in members.order_by(of.title, "id").values_list("pk", of.title)[:SHOWN]
        ],
        "count": members.count(),
        "label": _(of.label_plural),
        "one": _(of.label),
        "icon": of.icon,
        "slug": of.slug,
        "list_url": list_url,
        "may_write": Segment.objects.filter(changeable_by(user, "segment"), pk=record_id).exists(),
    }


MEMBERS = Panel(
    key="members",
    label="Who is in it",
    template="intelligence/segments/panel.html",
    query=_members,
    place="main",
    leads=True,
)
