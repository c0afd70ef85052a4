"""The attachments of a record, as a piece of its page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from dealwright.base.access.visibility import changeable_by
from dealwright.base.files.models import StoredFile
from dealwright.base.objects.registry import Panel, object_type
from dealwright.base.people.models import User

PURPOSE = "attachment"
_SHOWN = 50


def attachments_panel(object_key: str, *, place: str = "side", position: int = 90) -> Panel:
    """A panel with the record's attachments and a place to add some::

    add_panel("account", attachments_panel("account"))
    """

    def query(user: User, record_id: Any) -> Mapping[str, Any] | None:
        return attachments_context(user, object_key, record_id)

    return Panel(
        key="attachments",
        label="Files",
        template="base/files/panel.html",
        query=query,
        place=place,
        position=position,
    )


def attachments_context(user: User, object_key: str, record_id: Any) -> Mapping[str, Any]:
    """What the panel shows, in two statements: the newest version of each file, newest first."""
    model: Any = object_type(object_key).model
    newest = (
        StoredFile.objects.filter(object=object_key, record_id=record_id, purpose=PURPOSE)
        .order_by("name", "-version")
        .distinct("name")
        .select_related("created_by")
    )
    return {
        "files": sorted(newest, key=lambda stored: stored.created_at, reverse=True)[:_SHOWN],
        "files_object": object_key,
        "files_record": uuid.UUID(str(record_id)),
        "may_attach": model.objects.filter(changeable_by(user, object_key), pk=record_id).exists(),
        "files_error": "",
    }
