"""The company's calendars."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dealwright.base.calendars import add_business_time
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.work_calendars import (
    WorkCalendar,
    calendar_named,
    default_calendar,
    save_calendar,
)
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db
HOURS = {"1": [["08:00", "12:00"]]}
MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_without_one_the_company_works_monday_to_friday_nine_to_five() -> None:
    assert add_business_time(MONDAY, 6 * 60, default_calendar()) == datetime(
        2026, 11, 24, 10, tzinfo=UTC
    )


def test_the_default_moves_to_the_calendar_saved_as_default() -> None:
    admin = acting(make_administrator())
    save_calendar(admin, name="Old", timezone="UTC", hours=HOURS, is_default=True)
    save_calendar(
        admin, name="Berlin", timezone="Europe/Berlin", hours=HOURS, country="de", is_default=True
    )
    assert list(WorkCalendar.objects.filter(is_default=True).values_list("name", flat=True)) == [
        "Berlin"
    ]
    assert default_calendar() == calendar_named("Berlin")
    assert add_business_time(MONDAY, 30, default_calendar()) == datetime(
        2026, 11, 24, 7, 30, tzinfo=UTC
    )


def test_it_refuses_wrong_hours_strangers_and_unknown_names() -> None:
    with pytest.raises(Invalid, match="Monday: 12:00 to 08:00 runs backwards"):
        save_calendar(
            acting(make_administrator()),
            name="Wrong",
            timezone="UTC",
            hours={"0": [["12:00", "08:00"]]},
        )
    with pytest.raises(NotAllowed, match="set by administrators"):
        save_calendar(acting(make_user()), name="Mine", timezone="UTC", hours=HOURS)
    with pytest.raises(NotFound, match="no calendar “Mine”"):
        calendar_named("Mine")
