"""How values look on a page: numbers, money and dates in the reader's language and zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from babel import Locale, UnknownLocaleError
from babel import dates as babel_dates
from babel import lists as babel_lists
from babel import numbers as babel_numbers
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def locale() -> Locale:
    """Babel's locale for the active language, English where it knows none."""
    try:
        return Locale.parse((translation.get_language() or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def format_money(amount: Any, currency: str = "", *, short: bool = False) -> str:
    """An amount with its currency; ``short`` drops the minor units, for tables and charts."""
    number = _decimal(amount)
    if number is None:
        return ""
    if not currency:
        return format_number(number)
    whole = short and number == number.to_integral_value()
    return babel_numbers.format_currency(
        number,
        currency,
        locale=locale(),
        format=locale().currency_formats["standard"].pattern.replace(".00", "") if whole else None,
        currency_digits=not whole,
    )


def format_whole_money(amount: Any, currency: str = "") -> str:
    """As ``format_money``, without minor units where they are zero: for dense tables."""
    return format_money(amount, currency, short=True)


def format_compact_money(amount: Any, currency: str = "") -> str:
    """An amount in few characters (``€1.2M``), for sums over a column of a board."""
    number = _decimal(amount)
    if number is None:
        return ""
    short = (
        babel_numbers.format_compact_currency(number, currency, locale=locale(), fraction_digits=1)
        if currency
        else babel_numbers.format_compact_decimal(number, locale=locale(), fraction_digits=1)
    )
    # Some languages shorten from a million on and leave what is below without separators.
    if re.search(r"\d{4}", short):
        return format_whole_money(round(number), currency)
    return short


def format_number(value: Any, places: int | None = None) -> str:
    """A number with the reader's separators; ``places`` fixes the digits after the point."""
    number = _decimal(value)
    if number is None:
        return ""
    if places is None:
        return babel_numbers.format_decimal(
            number.normalize() if number else Decimal(0),
            locale=locale(),
            decimal_quantization=False,
        )
    return babel_numbers.format_decimal(
        round(number, places),
        format=f"#,##0{'.' + '0' * places if places else ''}",
        locale=locale(),
    )


def format_percent(fraction: Any, places: int = 0, *, fixed: bool = True) -> str:
    """A fraction as percent: 0.25 is shown as 25%; without ``fixed`` trailing zeros go."""
    number = _decimal(fraction)
    if number is None:
        return ""
    digit = "0" if fixed else "#"
    pattern = f"#,##0{'.' + digit * places if places else ''}"
    base = locale().percent_formats[None].pattern
    return babel_numbers.format_percent(
        number, format=base.replace("#,##0", pattern), locale=locale()
    )


def format_date(value: Any, style: str = "medium") -> str:
    """A day; a moment is first brought to the reader's zone."""
    day = _day(value)
    return babel_dates.format_date(day, style, locale=locale()) if day else ""


def format_short_date(value: Any) -> str:
    """Day and month, with the year where it is not this one: what a dense table shows."""
    day = _day(value)
    if day is None:
        return ""
    if day.year == today().year:
        return babel_dates.format_skeleton("MMMd", day, locale=locale())
    return babel_dates.format_date(day, "medium", locale=locale())


def format_month(value: date) -> str:
    """A month and its year, as a calendar's heading."""
    return babel_dates.format_skeleton("yMMMM", value, locale=locale())


def format_datetime(value: Any, style: str = "medium") -> str:
    """A moment in the reader's zone, its day written as days are elsewhere; ``short`` leaves
    this year's number out."""
    moment = _moment(value)
    if moment is None:
        return format_date(value)
    day = format_short_date(moment) if style == "short" else format_date(moment, style)
    pattern = str(locale().datetime_formats["medium"])
    return pattern.replace("{1}", day).replace("{0}", format_time(moment))


def format_time(value: Any) -> str:
    """The time of day of a moment in the reader's zone."""
    moment = _moment(value)
    return babel_dates.format_time(moment, "short", locale=locale()) if moment else ""


def format_ago(value: Any) -> str:
    """How long ago, in one word or two: "just now", "5 minutes ago", "in 3 days"."""
    moment = _moment(value)
    if moment is None:
        return ""
    gap = moment - timezone.now()
    if abs(gap) < timedelta(seconds=45):
        return _("just now")
    if abs(gap) > timedelta(days=30):
        return format_short_date(moment)
    return babel_dates.format_timedelta(gap, add_direction=True, locale=locale(), threshold=1.2)


def format_day_heading(value: Any) -> str:
    """Today, Yesterday, or the day's name and date: heads the groups of a timeline."""
    day = _day(value)
    if day is None:
        return ""
    gap = (today() - day).days
    if gap == 0:
        return _("Today")
    if gap == 1:
        return _("Yesterday")
    if gap == -1:
        return _("Tomorrow")
    skeleton = "MMMEd" if day.year == today().year else "yMMMEd"
    return babel_dates.format_skeleton(skeleton, day, locale=locale())


def format_size(count: Any) -> str:
    """A number of bytes in the unit a person reads."""
    size = float(count or 0)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            places = 0 if unit == "B" or size >= 100 else 1
            return f"{format_number(Decimal(str(size)), places)} {unit}"
        size /= 1000
    raise AssertionError("unreachable")


def format_duration(seconds: Any) -> str:
    """A length of time in its two largest units: "3 h 20 min"."""
    whole = int(seconds or 0)
    if whole < 60:
        return _("%(count)s s") % {"count": whole}
    minutes, hours, days = whole // 60 % 60, whole // 3600 % 24, whole // 86400
    if days:
        text = ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
        return text + (" " + _("%(count)s h") % {"count": hours} if hours else "")
    if hours:
        text = _("%(count)s h") % {"count": hours}
        return text + (" " + _("%(count)s min") % {"count": minutes} if minutes else "")
    return _("%(count)s min") % {"count": minutes}


def format_list(values: Any) -> str:
    """Words joined as the language joins them: "a, b and c"."""
    return babel_lists.format_list([str(value) for value in values], locale=locale())


def in_sentence(word: Any) -> str:
    """A word inside a sentence: in small letters, where the language does not write nouns big."""
    text = str(word or "")
    return text if (translation.get_language() or "en").startswith("de") else text.lower()


def iso(value: Any) -> str:
    """What a ``datetime`` attribute or a date input takes."""
    if isinstance(value, datetime):
        return (_moment(value) or value).isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value or "")


def iso_local(value: Any) -> str:
    """What a ``datetime-local`` input takes, in the reader's zone."""
    moment = _moment(value)
    return moment.strftime("%Y-%m-%dT%H:%M") if moment else ""


def initials(name: Any) -> str:
    """Up to two letters for an avatar."""
    words = [word for word in str(name or "").split() if word[:1].isalnum()]
    picked = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0] for word in picked).upper() or "?"


def tint(name: Any) -> int:
    """A stable number from 0 to 7 for a name, to tell avatars apart."""
    return sum(str(name or "").encode()) % 8


def now() -> datetime:
    """This moment in the reader's zone."""
    return timezone.localtime()


def today() -> date:
    """This day in the reader's zone."""
    return timezone.localdate()


def _decimal(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return timezone.localtime(value) if timezone.is_aware(value) else value


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        moment = _moment(value)
        return moment.date() if moment else None
    if isinstance(value, date):
        return value
    if isinstance(value, str) and value:
        try:
            return date.fromisoformat(value[:10]) if len(value) == 10 else _day(_moment(value))
        except ValueError:
            return None
    return None


FILTERS: dict[str, Callable[..., Any]] = {
    "money": format_money,
    "compact_money": format_compact_money,
    "number": format_number,
    "percent": format_percent,
    "date": format_date,
    "short_date": format_short_date,
    "datetime": format_datetime,
    "time": format_time,
    "ago": format_ago,
    "day_heading": format_day_heading,
    "size": format_size,
    "duration": format_duration,
    "join_words": format_list,
    "in_sentence": in_sentence,
    "iso": iso,
    "iso_local": iso_local,
    "initials": initials,
    "tint": tint,
}
