"""Working hours and holidays, for administrators."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.calendars import WEEKDAYS
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.base.web.settings.profile import timezones
from dealwright.base.work_calendars import WorkCalendar, delete_calendar, save_calendar

_ADMINISTRATORS = [Profile.ADMINISTRATOR]
_LOOK_AHEAD = 400  # days in which the next holidays are shown


@page(profiles=_ADMINISTRATORS)
def calendars(request: HttpRequest, calendar_id: uuid.UUID | None = None) -> HttpResponse:
    """All calendars, and the form of one: ``calendar_id``, or a new one."""
    chosen = WorkCalendar.objects.filter(pk=calendar_id).first() if calendar_id else None
    if calendar_id and chosen is None:
        raise NotFound(_("This calendar does not exist."))
    form = Form(request, _typed(chosen))
    if request.method == "POST":
        with form:
            saved = save_calendar(
                actor_of(request),
                name=form["name"],
                timezone=form["timezone"],
                hours={str(day): _intervals(form, day) for day in range(7)},
                country=form["country"],
                subdivision=form["subdivision"],
                own_holidays=_holidays(form["own_holidays"]),
                is_default=form.checked("is_default"),
                calendar=chosen,
            )
            return done(
                request, "/settings/calendars", _("“%(name)s” saved.") % {"name": saved.name}
            )
    context = {
        "calendars": WorkCalendar.objects.all(),
        "chosen": chosen,
        "weekdays": [(f"hours_{day}", _(name)) for day, name in enumerate(WEEKDAYS)],
        "timezones": [(zone, zone.replace("_", " ")) for zone in timezones()],
        "coming": _coming(chosen) if chosen else [],
    }
    return form.page("base/web/settings/calendars.html", context)


@page(profiles=_ADMINISTRATORS, methods=["POST"])
def remove(request: HttpRequest, calendar_id: uuid.UUID) -> HttpResponse:
    """Take a calendar away."""
    delete_calendar(actor_of(request), calendar_id)
    return done(request, "/settings/calendars", _("The calendar is gone."))


def _typed(chosen: WorkCalendar | None) -> dict[str, Any]:
    """A calendar as the form holds it; the usual week for a new one."""
    if chosen is None:
        week = {f"hours_{day}": "09:00-17:00" if day < 5 else "" for day in range(7)}
        first = not WorkCalendar.objects.exists()
        return {"timezone": organization().timezone, "is_default": first, **week}
    hours = {
        f"hours_{day}": ", ".join("-".join(pair) for pair in chosen.hours.get(str(day), []))
        for day in range(7)
    }
    return {
        "name": chosen.name,
        "timezone": chosen.timezone,
        "country": chosen.country,
        "subdivision": chosen.subdivision,
        "own_holidays": "\n".join(f"{day} {name}" for day, name in chosen.own_holidays.items()),
        "is_default": chosen.is_default,
        **hours,
    }


def _intervals(form: Form, day: int) -> list[list[str]]:
    """``09:00-12:30, 13:30-18:00`` as pairs; raises Invalid at the weekday's field."""
    pairs = []
    for part in filter(None, re.split(r"\s*[,;]\s*", form[f"hours_{day}"].strip())):
        ends = re.split(r"\s*[-–]\s*", part)
        if len(ends) != 2:
            sentence = _("Write hours like 09:00-12:30, 13:30-18:00.")
            raise Invalid(sentence, fields={f"hours_{day}": [sentence]})
        pairs.append(ends)
    return pairs


def _holidays(text: str) -> dict[str, str]:
    """A line per day: the date, then its name."""
    lines = (line.strip().partition(" ") for line in text.splitlines() if line.strip())
    return {day: name.strip() for day, _space, name in lines}


def _coming(chosen: WorkCalendar) -> list[tuple[Any, str]]:
    """The next holidays, so that a wrong country shows."""
    calendar, today = chosen.calendar, timezone.localdate()
    days = (today + timedelta(days=offset) for offset in range(_LOOK_AHEAD))
    return [(day, name) for day in days if (name := calendar.holiday_name(day))][:8]
