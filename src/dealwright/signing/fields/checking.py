"""What may stand in a field: the one truth, beside which a browser's checks are a comfort.

``checks`` of a field may hold ``pattern`` (RE2, matched against the whole text, in time linear
in its length), ``min_length`` and ``max_length``, ``minimum`` and ``maximum`` (of a number, or
days as YYYY-MM-DD), ``places`` (decimal places of a number, at most), and ``message``, which is
said in place of the usual sentence. Of an attachment, ``private`` says that only the sender sees
it; a payment has ``amount``, ``currency`` and ``description``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import re2  # type: ignore[import-untyped]
from babel.numbers import format_decimal
from email_validator import EmailNotValidError, validate_email

from dealwright.base.errors import Invalid
from dealwright.signing.fields.paid import shown_payment, wrong_payment

MAX_VALUE = 1_000
MAX_RULE = 500
MAX_OPTIONS = 50
MAX_PATTERN = 200
MAX_PLACES = 6  # as many as the language takes
CHOICES = ("dropdown", "multi_select")
_DIGITS = 16  # before the point, as the language counts
_LENGTHS = {"min_length", "max_length"}
_LIMITS = {"minimum", "maximum"}
_TEXT = {"pattern", "message"} | _LENGTHS
_OF_KIND: Mapping[str, set[str]] = {
    "text": _TEXT,
    "name": _TEXT,
    "email": _TEXT,
    "number": {"places", "message"} | _LIMITS,
    "formula": {"places"},
    "payment": {"amount", "currency", "description"},
    "date": {"message"} | _LIMITS,
    "multi_select": {"message"} | _LENGTHS,
    "attachment": {"private"},
}


class Checked(Protocol):
    """A field, whether of an envelope, of a template, or not kept yet."""

    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def options(self) -> Sequence[str]: ...
    @property
    def option(self) -> str: ...
    @property
    def condition(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def checks(self) -> Mapping[str, Any]: ...


def wrong_definition(field: Checked) -> str:
    """What is wrong with a field's options and checks; nothing where it can be filled."""
    if field.kind in CHOICES:
        if wrong := _wrong_options(field.options):
            return wrong
    elif field.options:
        return "Only a dropdown and a field of several choices have options."
    if field.kind == "radio":
        if not field.label.strip():
            return "Radio buttons need a label: those with the same label are one group."
        if not field.option.strip() or len(field.option) > 80 or "\x00" in field.option:
            return "A radio button needs an option of at most 80 characters."
    elif field.option:
        return "Only a radio button stands for an option."
    if field.formula and field.kind not in ("formula", "payment"):
        return "Only a formula or a payment is computed."
    if max(len(field.formula), len(field.condition)) > MAX_RULE:
        return f"A formula or a condition may have at most {MAX_RULE} characters."
    if "\x00" in field.formula + field.condition:
        return "This contains a character that cannot be stored."
    return _wrong_checks(field.kind, field.checks)


def clean_value(field: Checked, value: str) -> str:
    """The value as it is kept; raises Invalid with the sentence for whoever filled it in.

    An empty one stays empty: whether a value is needed is asked at the end.
    """
    value = value.strip()
    if len(value) > MAX_VALUE or "\x00" in value:
        raise Invalid(f"This may have at most {MAX_VALUE} characters.")
    if not value:
        return ""
    match field.kind:
        case "number":
            return _number(field, value)
        case "date":
            return _day(field, value)
        case "checkbox":
            return "on" if value in ("on", "true", "1", "yes") else ""
        case "dropdown":
            return _choice(field, value)
        case "multi_select":
            return _choices(field, value)
        case "email":
            return _text(field, _address(value))
        case _:
            return _text(field, value)


def shown_value(field: Checked, value: str, language: str = "en") -> str:
    """The value as it stands in the document: numbers in the envelope's language, choices in
    one line, a day as it is."""
    if field.kind in ("number", "formula") and value:
        number = Decimal(value)
        places = field.checks.get("places")
        exact = max(0, -int(number.as_tuple().exponent)) if places is None else int(places)
        form = "#,##0" + ("." + "0" * exact if exact else "")
        return str(format_decimal(number, format=form, locale=language.replace("-", "_")))
    if field.kind == "payment":
        return shown_payment(value, language)
    if field.kind == "multi_select":
        return ", ".join(value.split("\n"))
    return value


def as_number(text: str) -> Decimal | None:
    """A number as it is written, with a point or a comma; None for anything else."""
    plain = "".join(char for char in text if char not in " \u00a0\u202f'")
    if "," in plain and "." in plain:
        plain = plain.replace("," if plain.rfind(".") > plain.rfind(",") else ".", "")
    plain = plain.replace(",", ".")
    digits = plain.removeprefix("-").replace(".", "", 1)
    if len(plain) > 40 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _text(field: Checked, value: str) -> str:
    checks = field.checks
    if len(value) < checks.get("min_length", 0):
        raise _wrong(field, f"Write at least {checks['min_length']} characters.")
    if len(value) > checks.get("max_length", MAX_VALUE):
        raise _wrong(field, f"Write at most {checks['max_length']} characters.")
    if "pattern" in checks and re2.fullmatch(checks["pattern"], value) is None:
        raise _wrong(field, "This does not have the form that is asked for.")
    return value


def _address(value: str) -> str:
    try:
        checked = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Invalid(f"“{value[:80]}” is not an e-mail address.") from None
    return str(checked.normalized)


def _number(field: Checked, value: str) -> str:
    number = as_number(value)
    if number is None or abs(number) >= 10**_DIGITS:
        raise _wrong(field, f"“{value[:30]}” is not a number.")
    places = field.checks.get("places", MAX_PLACES)
    if number != round(number, places):
        sentence = f"Write at most {places} decimal places." if places else "Write a whole number."
        raise _wrong(field, sentence)
    low, high = (as_number(str(field.checks.get(key, ""))) for key in ("minimum", "maximum"))
    if low is not None and number < low:
        raise _wrong(field, f"Write a number of at least {low}.")
    if high is not None and number > high:
        raise _wrong(field, f"Write a number of at most {high}.")
    return f"{number:f}"


def _day(field: Checked, value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _wrong(field, "Write a day as YYYY-MM-DD.") from None
    low, high = field.checks.get("minimum"), field.checks.get("maximum")
    if low and day < date.fromisoformat(low):
        raise _wrong(field, f"Choose {low} or a later day.")
    if high and day > date.fromisoformat(high):
        raise _wrong(field, f"Choose {high} or an earlier day.")
    return day.isoformat()


def _choice(field: Checked, value: str) -> str:
    if value not in field.options:
        raise _wrong(field, "Choose one of the options.")
    return value


def _choices(field: Checked, value: str) -> str:
    chosen = {each.strip() for each in value.split("\n") if each.strip()}
    if chosen - set(field.options):
        raise _wrong(field, "Choose some of the options.")
    if len(chosen) < field.checks.get("min_length", 0):
        raise _wrong(field, f"Choose at least {field.checks['min_length']}.")
    if len(chosen) > field.checks.get("max_length", MAX_OPTIONS):
        raise _wrong(field, f"Choose at most {field.checks['max_length']}.")
    return "\n".join(each for each in field.options if each in chosen)


def _wrong(field: Checked, sentence: str) -> Invalid:
    return Invalid(str(field.checks.get("message") or sentence))


def _wrong_options(options: Sequence[str]) -> str:
    if not 1 <= len(options) <= MAX_OPTIONS:
        return f"Give 1 to {MAX_OPTIONS} options."
    for option in options:
        if not isinstance(option, str) or not option.strip() or len(option) > 80:
            return "An option has 1 to 80 characters."
        if "\n" in option or "\x00" in option or option != option.strip():
            return "An option is one line of text."
    return "" if len(set(options)) == len(options) else "Two options are the same."


def _wrong_checks(kind: str, checks: Mapping[str, Any]) -> str:
    unknown = set(checks) - _OF_KIND.get(kind, set())
    if unknown:
        return f"A field of this kind has no check “{min(unknown)[:30]}”."
    if any(not _is_whole(checks[key], MAX_VALUE) for key in _LENGTHS & set(checks)):
        return f"A length is a number from 0 to {MAX_VALUE}."
    if checks.get("min_length", 0) > checks.get("max_length", MAX_VALUE):
        return "The least length is greater than the most."
    if "places" in checks and not _is_whole(checks["places"], MAX_PLACES):
        return f"Decimal places are a number from 0 to {MAX_PLACES}."
    if not isinstance(checks.get("private", False), bool):
        return "Whether an attachment is for the sender alone is true or false."
    if kind == "payment" and (sentence := wrong_payment(checks)):
        return sentence
    message = str(checks.get("message", ""))
    if len(message) > 200 or "\x00" in message:
        return "The message may have at most 200 characters."
    return _wrong_limits(kind, checks) or _wrong_pattern(checks.get("pattern"))


def _wrong_limits(kind: str, checks: Mapping[str, Any]) -> str:
    limits: list[Any] = []
    for key in ("minimum", "maximum"):
        if key not in checks:
            continue
        given = checks[key]
        if kind == "date":
            try:
                limits.append(date.fromisoformat(given))
            except (ValueError, TypeError):
                return "A limit of a date is a day as YYYY-MM-DD."
        else:
            number = as_number(given) if isinstance(given, str) else None
            if number is None:
                return "A limit of a number is a number."
            limits.append(number)
    return "The minimum is greater than the maximum." if limits != sorted(limits) else ""


def _wrong_pattern(pattern: Any) -> str:
    if pattern is None:
        return ""
    if not isinstance(pattern, str) or not pattern or len(pattern) > MAX_PATTERN:
        return f"A pattern has 1 to {MAX_PATTERN} characters."
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        re2.compile(pattern, options)
    except re2.error:
        return "The pattern cannot be understood (RE2 syntax, without look-around)."
    return ""


def _is_whole(given: Any, most: int) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= most
