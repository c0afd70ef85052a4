"""Business time across weekends, holidays and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dealwright.base.calendars import (
    BusinessCalendar,
    add_business_days,
    add_business_time,
    business_minutes_between,
    calendar_from,
    next_business_day,
    previous_business_day,
)
from dealwright.base.errors import Invalid

ROUND_THE_CLOCK = {day: ((time(0), time(0)),) for day in range(7)}
NINE_TO_FIVE = BusinessCalendar.weekdays(timezone="Europe/Berlin", country="DE", subdivision="BE")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-24 10:00", 30, "2026-11-24 10:30"),
        ("2026-11-24 16:45", 30, "2026-11-25 09:15"),
        ("2026-11-27 16:30", 60, "2026-11-30 09:30"),  # over a weekend
        ("2026-11-28 12:00", 0, "2026-11-30 09:00"),  # from a Saturday
        ("2026-12-24 16:00", 120, "2026-12-28 10:00"),  # Christmas, then a weekend
        ("2026-11-24 09:00", 480, "2026-11-24 17:00"),  # a day to its last minute
        ("2026-11-24 17:00", 1, "2026-11-25 09:01"),
        ("2026-11-24 03:00", 5 * 480, "2026-11-30 17:00"),
    ],
)
def test_it_counts_only_working_minutes(start: str, minutes: int, end: str) -> None:
    assert add_business_time(berlin(start), minutes, NINE_TO_FIVE) == berlin(end)


def test_it_measures_what_it_adds() -> None:
    assert (
        business_minutes_between(
            berlin("2026-12-24 16:00"), berlin("2026-12-28 10:00"), NINE_TO_FIVE
        )
        == 120
    )
    assert (
        business_minutes_between(
            berlin("2026-12-28 10:00"), berlin("2026-12-24 16:00"), NINE_TO_FIVE
        )
        == -120
    )


def test_lunch_is_no_working_time() -> None:
    calendar = calendar_from(
        timezone="Europe/Berlin", hours={"1": [["13:30", "18:00"], ["09:00", "12:30"]]}
    )
    assert add_business_time(berlin("2026-11-24 12:00"), 60, calendar) == berlin("2026-11-24 14:00")


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("Europe/Berlin", "2026-03-29", 23 * 60),  # the clock skips 02:00 to 03:00
        ("Europe/Berlin", "2026-10-25", 25 * 60),
        ("America/Sao_Paulo", "2018-11-04", 23 * 60),  # the day begins at 01:00
        ("America/Sao_Paulo", "2018-02-17", 25 * 60),  # 23:00 comes twice
        ("Asia/Kathmandu", "1986-01-01", 24 * 60 - 15),  # from +05:30 to +05:45
        ("Asia/Kathmandu", "2026-11-24", 24 * 60),
        ("Pacific/Apia", "2011-12-30", 0),  # the day that was left out
        ("Pacific/Apia", "2011-12-29", 24 * 60),
        ("Pacific/Apia", "2011-12-31", 24 * 60),
    ],
)
def test_a_day_has_the_minutes_that_pass_on_it(zone: str, day: str, minutes: int) -> None:
    spans = BusinessCalendar(zone, ROUND_THE_CLOCK).spans_on(date.fromisoformat(day))
    assert sum((end - start for start, end in spans), timedelta()) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/Sao_Paulo", "2018-11-04"),
        ("Asia/Kathmandu", "1986-01-01"),
        ("Pacific/Apia", "2011-12-30"),
    ],
)
def test_round_the_clock_is_plain_time_across_every_change(zone: str, around: str) -> None:
    calendar = BusinessCalendar(zone, ROUND_THE_CLOCK)
    start = datetime.fromisoformat(around).replace(tzinfo=UTC) - timedelta(days=2)
    assert add_business_time(start, 5 * 24 * 60, calendar) == start + timedelta(days=5)
    assert business_minutes_between(start, start + timedelta(days=5), calendar) == 5 * 24 * 60


@given(
    some.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"]),
    some.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1)),
    some.integers(0, 20_000),
)
def test_adding_and_measuring_agree(zone: str, moment: datetime, minutes: int) -> None:
    calendar = calendar_from(
        timezone=zone,
        hours={str(day): [["00:30", "12:00"], ["22:15", "24:00"]] for day in range(6)},
    )
    start = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    end = add_business_time(start, minutes, calendar)
    assert end >= start
    assert business_minutes_between(start, end, calendar) == minutes


def test_holidays_differ_by_state_and_company() -> None:
    bavaria = BusinessCalendar.weekdays(timezone="Europe/Berlin", country="DE", subdivision="BY")
    epiphany = date(2026, 1, 6)
    assert bavaria.holiday_name(epiphany) and not NINE_TO_FIVE.holiday_name(epiphany)
    own = calendar_from(
        timezone="UTC",
        hours={"3": [["09:00", "17:00"]]},
        own_holidays={"2026-12-24": "Company holiday"},
    )
    assert own.holiday_name(date(2026, 12, 24)) == "Company holiday"
    assert not own.is_working_day(date(2026, 12, 24))


def test_working_days_before_and_after() -> None:
    assert add_business_days(date(2026, 12, 23), 2, NINE_TO_FIVE) == date(2026, 12, 28)
    assert add_business_days(date(2026, 12, 28), -1, NINE_TO_FIVE) == date(2026, 12, 24)
    assert next_business_day(date(2026, 12, 25), NINE_TO_FIVE) == date(2026, 12, 28)
    assert previous_business_day(date(2026, 12, 27), NINE_TO_FIVE) == date(2026, 12, 24)
    assert next_business_day(date(2026, 11, 24), NINE_TO_FIVE) == date(2026, 11, 24)


def test_it_names_every_wrong_value() -> None:
    with pytest.raises(Invalid) as refusal:
        calendar_from(
            timezone="Mars/Olympus",
            hours={"0": [["17:00", "09:00"]], "1": [["9", "10:00"]], "8": []},
            country="XX",
            own_holidays={"24.12.": "x"},
        )
    assert refusal.value.fields == {
        "timezone": ["“Mars/Olympus” is no time zone such as Europe/Berlin."],
        "hours": [
            "Monday: 17:00 to 09:00 runs backwards.",
            "Tuesday: “9” is not a time like 09:30.",
            "A weekday is a number from 0 (Monday) to 6.",
        ],
        "own_holidays": ["“24.12.” is not a date like 2026-12-24."],
        "country": ["Holidays of “XX” are not known; leave it empty and list your own."],
    }


@pytest.mark.parametrize(
    "intervals",
    [[["09:00", "12:00"], ["11:00", "13:00"]], [["09:00", "24:00"], ["10:00", "11:00"]]],
)
def test_hours_may_not_overlap(intervals: list[list[str]]) -> None:
    with pytest.raises(Invalid, match="Monday: the hours overlap"):
        calendar_from(timezone="UTC", hours={"0": intervals})


def test_a_calendar_without_working_time_is_refused_at_last() -> None:
    every_day = {str(date(2026, 1, 1) + timedelta(days=n)): "Shut" for n in range(5000)}
    shut = calendar_from(timezone="UTC", hours={"0": [["09:00", "17:00"]]}, own_holidays=every_day)
    with pytest.raises(Invalid, match="no working time within ten years"):
        add_business_time(datetime(2026, 1, 1, tzinfo=UTC), 1, shut)
