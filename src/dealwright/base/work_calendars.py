"""The company's own calendars: when people work, kept in the database."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.db import models

from dealwright.base.access.actor import Actor, change
from dealwright.base.calendars import BusinessCalendar, calendar_from
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.identifiers import uuid7


class WorkCalendar(models.Model):
    """Working hours and holidays under a name; one of them is the default.

    ``hours`` maps weekdays (Monday is "0") to intervals of local time
    (``[["09:00", "12:30"], ["13:30", "18:00"]]``); ``own_holidays`` maps days to names.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120, unique=True)
    timezone = models.CharField(max_length=64)
    hours = models.JSONField()
    country = models.CharField(max_length=3, blank=True)
    subdivision = models.CharField(max_length=10, blank=True)
    own_holidays = models.JSONField(default=dict, blank=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"],
                name="work_calendar_one_default",
                condition=models.Q(is_default=True),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def calendar(self) -> BusinessCalendar:
        """The value that the computing takes."""
        return calendar_from(
            timezone=self.timezone,
            hours=self.hours,
            country=self.country,
            subdivision=self.subdivision,
            own_holidays=self.own_holidays,
        )


def default_calendar() -> BusinessCalendar:
    """The company's working time: its default calendar, or Monday to Friday 9 to 17 in its zone."""
    from dealwright.base.people.organization import organization

    row = WorkCalendar.objects.filter(is_default=True).first()
    return row.calendar if row else BusinessCalendar.weekdays(timezone=organization().timezone)


def calendar_named(name: str) -> BusinessCalendar:
    """A calendar by its name; raises NotFound."""
    row = WorkCalendar.objects.filter(name=name).first()
    if row is None:
        raise NotFound(f"There is no calendar “{name}”.")
    return row.calendar


def save_calendar(
    actor: Actor,
    *,
    name: str,
    timezone: str,
    hours: Mapping[str, Any],
    country: str = "",
    subdivision: str = "",
    own_holidays: Mapping[str, str] | None = None,
    is_default: bool = False,
    calendar: WorkCalendar | None = None,
) -> WorkCalendar:
    """Change ``calendar``, or without it make one or change the one of that name.

    Raises NotAllowed but for administrators, Invalid naming each wrong field.
    """
    actor.require_administrator("Calendars are set by administrators.")
    name = name.strip()
    if not name or len(name) > 120:
        raise Invalid("A calendar needs a name.", fields={"name": ["Give it a name."]})
    values: dict[str, Any] = {
        "timezone": timezone,
        "hours": dict(hours),
        "country": country.strip().upper(),
        "subdivision": subdivision.strip().upper(),
        "own_holidays": dict(own_holidays or {}),
    }
    calendar_from(**values)  # raises Invalid
    with change(actor):
        if is_default:
            # Before the other one is set: the database allows one default at a time.
            WorkCalendar.objects.filter(is_default=True).update(is_default=False)
        rows = WorkCalendar.objects.select_for_update()
        if calendar is not None and rows.filter(name=name).exclude(pk=calendar.pk).exists():
            sentence = f"Another calendar is called “{name}”."
            raise Conflict(sentence, code="not_unique", fields={"name": [sentence]})
        row = calendar or rows.filter(name=name).first() or WorkCalendar()
        row.name, row.is_default = name, is_default
        for key, value in values.items():
            setattr(row, key, value)
        row.save()
    return row


def delete_calendar(actor: Actor, calendar_id: uuid.UUID) -> None:
    """Take a calendar away. Raises NotAllowed but for administrators, NotFound."""
    actor.require_administrator("Calendars are set by administrators.")
    with change(actor):
        if not WorkCalendar.objects.filter(pk=calendar_id).delete()[0]:
            raise NotFound("This calendar does not exist.")


def is_working_day(day: date) -> bool:
    """Whether the company works on a day."""
    return default_calendar().is_working_day(day)
