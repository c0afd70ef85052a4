"""The settings pages of exchange rates and working time."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dealwright.base.exchange_rates import ExchangeRate
from dealwright.base.work_calendars import WorkCalendar, default_calendar
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db
RATE = {"base": "EUR", "rate": "1,0853", "quote": "usd", "valid_on": "2026-11-24", "source": "ECB"}
WEEK = {
    "name": "Berlin",
    "timezone": "Europe/Berlin",
    "hours_0": "09:00-12:30, 13:30-18:00",
    "country": "de",
    "subdivision": "be",
    "own_holidays": "2026-12-24 Company holiday",
    "is_default": "on",
}


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_finance_states_rates() -> None:
    client = browser(make_user(profile="finance"))
    assert client.post("/settings/rates", RATE).status_code == 303
    assert str(ExchangeRate.objects.get()) == "1 EUR = 1.0853 USD from 2026-11-24"
    assert "EUR → USD" in text_of(client.get("/settings/rates"))
    assert browser(make_user()).get("/settings/rates").status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("rate", "1.2.3", "“1.2.3” is not a rate such as 1.0853."),
        ("rate", "-1", "The rate must be above zero"),
        ("valid_on", "24.11.", "“24.11.” is not a date like 2027-01-31."),
        ("quote", "EUR", "A rate needs two different currencies."),
        ("base", "Euro", "is not a currency code"),
    ],
)
def test_a_wrong_rate_is_told_at_its_field(field: str, value: str, sentence: str) -> None:
    answer = browser(make_administrator()).post("/settings/rates", RATE | {field: value})
    assert answer.status_code == 422
    assert sentence in text_of(answer) and f'value="{value}"' in text_of(answer)
    assert not ExchangeRate.objects.exists()


def test_a_calendar_is_made_changed_and_deleted() -> None:
    admin = browser(make_administrator())
    assert admin.post("/settings/calendars", WEEK).status_code == 303
    saved = WorkCalendar.objects.get()
    assert saved.hours["0"] == [["09:00", "12:30"], ["13:30", "18:00"]]
    assert (saved.country, saved.subdivision, saved.is_default) == ("DE", "BE", True)
    assert default_calendar() == saved.calendar
    address = f"/settings/calendars/{saved.pk}"
    page = text_of(admin.get(address))
    assert 'value="09:00-12:30, 13:30-18:00"' in page and "2026-12-24 Company holiday" in page
    assert admin.post(address, WEEK | {"name": "Head office"}).status_code == 303
    assert WorkCalendar.objects.get().name == "Head office"
    assert admin.post(f"{address}/delete").status_code == 303
    assert not WorkCalendar.objects.exists()
    assert admin.get(address).status_code == 404
    assert browser(make_user()).get("/settings/calendars").status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("hours_0", "9 to 5", "Write hours like 09:00-12:30, 13:30-18:00."),
        ("hours_0", "18:00-09:00", "Monday: 18:00 to 09:00 runs backwards."),
        ("country", "XX", "Holidays of “XX” are not known"),
        ("own_holidays", "24.12. x", "“24.12.” is not a date like 2026-12-24."),
        ("timezone", "Mars/Olympus", "“Mars/Olympus” is no time zone"),
        ("name", "", "Give it a name."),
    ],
)
def test_a_wrong_calendar_is_told_at_its_field(field: str, value: str, sentence: str) -> None:
    answer = browser(make_administrator()).post("/settings/calendars", WEEK | {field: value})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not WorkCalendar.objects.exists()


def test_two_calendars_do_not_share_a_name() -> None:
    admin = browser(make_administrator())
    admin.post("/settings/calendars", WEEK)
    admin.post("/settings/calendars", WEEK | {"name": "Munich", "is_default": ""})
    munich = WorkCalendar.objects.get(name="Munich")
    answer = admin.post(f"/settings/calendars/{munich.pk}", WEEK)
    assert answer.status_code == 422
    assert "Another calendar is called “Berlin”." in text_of(answer)
