"""Notices in the product: what stands under the bell."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.events import record_event
from dealwright.base.messaging.events import NoticeChanged
from dealwright.base.messaging.models import Notice
from dealwright.base.people.models import User

_KEPT = 500  # per user; older ones go when new ones come


def notify(
    user: User,
    title: str,
    body: str = "",
    url: str = "",
    object: str = "",
    record_id: uuid.UUID | None = None,
) -> Notice:
    """Tell a user something, in the caller's transaction; open pages hear of it at once.

    ``url`` is an address inside the product that the notice opens. Raises Invalid for one
    that leads elsewhere.
    """
    if url and (not url.startswith("/") or url.startswith("//") or "\\" in url):
        raise Invalid("A notice opens a page of the product: its address starts with one slash.")
    actor = system()
    with change(actor):
        notice = Notice.objects.create(
            user=user,
            title=title[:200],
            body=body,
            url=url[:500],
            object=object,
            record_id=record_id,
        )
        _tell(actor, user, notice)
    return notice


def notices_of(actor: Actor, *, limit: int = 30) -> Sequence[Notice]:
    """The newest notices of the signed-in user."""
    user = actor.require_user()
    return list(Notice.objects.filter(user=user).order_by("-id")[:limit])


def unread_count(user: User) -> int:
    """How many the user has not read."""
    return Notice.objects.filter(user=user, read_at__isnull=True).count()


def read_notice(actor: Actor, notice_id: Any) -> Notice:
    """Mark one as read; raises NotFound for another's."""
    notice = Notice.objects.filter(user=actor.require_user(), pk=as_uuid(notice_id)).first()
    if notice is None:
        raise NotFound("This notice does not exist.")
    if notice.read_at is None:
        with change(actor):
            notice.read_at = timezone.now()
            notice.save(update_fields=["read_at"])
            _tell(actor, notice.user, notice)
    return notice


def read_all_notices(actor: Actor) -> int:
    """Mark all of the signed-in user's as read; returns how many were not."""
    user = actor.require_user()
    rows = Notice.objects.filter(user=user, read_at__isnull=True)
    with change(actor):
        newest = rows.order_by("-id").first()
        if newest is None:
            return 0
        count = rows.update(read_at=timezone.now())
        _tell(actor, user, newest)
    return count


def _tell(actor: Actor, user: User, notice: Notice) -> None:
    """Let the user's open pages count again."""
    record_event(actor, NoticeChanged(notice=notice.id), object="user", record_id=user.id)


def trim_notices() -> int:
    """Drop what is past the newest 500 of each user; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from base_notice where id in (select id from (select id, row_number() over"
            " (partition by user_id order by id desc) as place from base_notice) ranked"
            " where place > %s)",
            [_KEPT],
        )
        return int(cursor.rowcount)
