"""The list as a month: each record on the day of one of its dates."""

from __future__ import annotations

import calendar as months
import re
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.queries import MAX_ROWS, list_records
from dealwright.base.web import formats
from dealwright.base.web.pages import actor_of, page, render
from dealwright.base.web.records.addresses import require_openable
from dealwright.base.web.records.cells import title_key
from dealwright.base.web.records.lists import list_context
from dealwright.base.web.records.state import read_state

MOST_PER_DAY = 4


@page(methods=["GET", "HEAD"])
def calendar_page(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """A month, six weeks at most; ``month`` names it and ``dates`` the field."""
    actor = actor_of(request)
    user = actor.require_user()
    require_openable(user, of)
    state = read_state(of, user, request.GET, layout="calendar")
    fields = date_fields(of, user)
    field = next((each for each in fields if each.key == request.GET.get("dates")), fields[0])
    month = month_of(request.GET.get("month", ""))
    weeks = months.Calendar(formats.locale().first_week_day).monthdatescalendar(
        month.year, month.month
    )
    first, last = weeks[0][0], weeks[-1][-1]
    found = list_records(
        actor,
        of,
        filter=state.narrowed(
            {"field": field.key, "op": "between", "value": [first.isoformat(), last.isoformat()]}
        ),
        search=state.text,
        sort=field.key if field.sortable else "",
        columns=[title_key(of), field.key],
        limit=MAX_ROWS,
    )
    context = list_context(state, user) | {
        "fields_for_dates": fields,
        "date_field": field,
        "month": month,
        "month_name": formats.format_month(month),
        "previous": state.address(month=f"{month - timedelta(days=1):%Y-%m}"),
        "following": state.address(month=f"{month + timedelta(days=31):%Y-%m}"),
        "this_month": state.address(month=None),
        "day_names": day_names(),
        "days": _days(weeks, month, field, found.rows),
        "cut_off": bool(found.next_cursor),
        "most_per_day": MOST_PER_DAY,
    }
    return render(request, "base/web/records/calendar.html", context)


def date_fields(of: ObjectType, user: Any) -> list[Field]:
    """The dates a calendar can go by, those of the list's columns first."""
    fields = [
        field for field in visible_fields(of, user) if field.kind in (Kind.DATE, Kind.DATETIME)
    ]
    if not fields:
        raise Invalid(_("%(things)s have no date.") % {"things": _(of.label_plural)})
    order = {key: at for at, key in enumerate(of.columns)}
    return sorted(fields, key=lambda field: (order.get(field.key, 99), not field.editable))


def month_of(text: str) -> date:
    """The first day of the month that "2027-01" names, of this month for anything else."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", text)
    if match and 1970 <= int(match[1]) <= 2200 and 1 <= int(match[2]) <= 12:
        return date(int(match[1]), int(match[2]), 1)
    return formats.today().replace(day=1)


def day_names() -> list[str]:
    """The names of the week's days, the first day of the reader's week first."""
    names = formats.locale().days["stand-alone"]["abbreviated"]
    first = formats.locale().first_week_day
    return [str(names[(first + step) % 7]) for step in range(7)]


def _days(
    weeks: list[list[date]], month: date, field: Field, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    by_day: dict[date, list[dict[str, Any]]] = {}
    for row in rows:
        value = row[field.key]
        day = timezone.localtime(value).date() if field.kind == Kind.DATETIME else value
        by_day.setdefault(day, []).append(row)
    today = formats.today()
    names = day_names()
    return [
        {
            "date": day,
            "weekday": names[at],
            "rows": by_day.get(day, []),
            "other": day.month != month.month,
            "today": day == today,
        }
        for week in weeks
        for at, day in enumerate(week)
    ]
