"""When a step may go out: working days, in hours when the person is awake. Pure arithmetic."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MOST_DAYS_AHEAD = 14


def zone_of(name: str) -> ZoneInfo:
    """The time zone, UTC where the name is none."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def in_window(moment: datetime, zone: ZoneInfo, opens: time, closes: time) -> bool:
    """Whether a moment lies on a weekday between the two local times."""
    local = moment.astimezone(zone)
    return local.weekday() < 5 and opens <= local.time() < closes


def next_in_window(moment: datetime, zone: ZoneInfo, opens: time, closes: time) -> datetime:
    """The first moment at or after the given one that lies in the window."""
    if in_window(moment, zone, opens, closes):
        return moment
    local = moment.astimezone(zone)
    day = local.date()
    if local.time() >= opens:
        day += timedelta(days=1)
    for _ in range(MOST_DAYS_AHEAD):
        if day.weekday() < 5:
            found = datetime.combine(day, opens, tzinfo=zone)
            return found.astimezone(moment.tzinfo)
        day += timedelta(days=1)
    return moment


def after_working_days(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same local time so many weekdays later."""
    local = moment.astimezone(zone)
    left = days
    while left > 0:
        local += timedelta(days=1)
        if local.weekday() < 5:
            left -= 1
    return local.astimezone(moment.tzinfo)
