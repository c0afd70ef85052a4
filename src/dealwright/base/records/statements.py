"""Statements of lists and records, kept from request to request.

The same people ask the same questions all day. So what was compiled is kept, under everything
that went into it: who asks and how far they see, the question, the custom fields, the day. A
statement that was written with anything else in view (a row of the database, the moment) is
used once and not kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import get_language

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import reach_of
from dealwright.base.objects.custom_fields import custom_fields_version
from dealwright.base.objects.moments import noting_moments, today_of
from dealwright.base.people.models import Profile

MAX_KEPT = 512

_kept: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.Lock()


def keep[T](actor: Actor, question: Hashable, write: Callable[[], T]) -> T:
    """What ``write`` makes for this actor and question, kept for the next who ask the same.

    ``write`` may look at the actor, the question, the registry, custom fields and the day, and
    at nothing that changes while a process lives; what else it reads is noticed where it is the
    database or the clock.
    """
    key = (_state_of(actor), question)
    with _lock:
        known = _kept.get(key)
        if known is not None:
            _kept.move_to_end(key)
            return known  # type: ignore[no-any-return]
    reads = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return execute(*arguments)

    with connection.execute_wrapper(count), noting_moments() as moments:
        made = write()
    if not reads and not moments:
        with _lock:
            _kept[key] = made
            if len(_kept) > MAX_KEPT:
                _kept.popitem(last=False)
    return made


def forget_statements() -> None:
    """Begin anew: for code that changes the registry while the process lives."""
    with _lock:
        _kept.clear()


def _state_of(actor: Actor) -> Hashable:
    """Everything about who asks that a statement may depend on."""
    user = actor.user
    who: Hashable = None
    if user is not None:
        limited = user.is_active and user.profile != Profile.ADMINISTRATOR
        who = (
            user.pk,
            user.profile,
            user.role_id,
            user.is_active,
            user.timezone,
            reach_of(user).digest if limited else None,
        )
    return (
        who,
        actor.is_system,
        actor.via == "api",
        today_of(user),
        timezone.get_current_timezone_name(),
        get_language(),
        custom_fields_version(),
    )


def as_word(value: Any) -> Hashable:
    """A filter tree or another value of JSON as one that can be a key."""
    import orjson

    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS) if value else b""
