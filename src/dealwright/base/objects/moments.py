"""The clock as conditions read it: days in a person's zone, and who asked for this moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

_noted: ContextVar[list[datetime] | None] = ContextVar("moments", default=None)


def zone_of(user: Any) -> ZoneInfo:
    """The zone in which the user's days begin; UTC for the product itself."""
    try:
        return ZoneInfo(user.timezone) if user is not None and user.timezone else ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def today_of(user: Any) -> date:
    """The day it is where the user is."""
    return timezone.now().astimezone(zone_of(user)).date()


def this_moment() -> datetime:
    """Now, to the microsecond. What is made with it holds for no other moment."""
    moment = timezone.now()
    noted = _noted.get()
    if noted is not None:
        noted.append(moment)
    return moment


@contextmanager
def noting_moments() -> Iterator[list[datetime]]:
    """Which moments were read within the block."""
    outer = _noted.get()
    moments: list[datetime] = []
    token = _noted.set(moments)
    try:
        yield moments
    finally:
        _noted.reset(token)
        if outer is not None:
            outer.extend(moments)
