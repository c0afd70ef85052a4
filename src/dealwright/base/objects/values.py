"""From what was sent to what a column holds, with a sentence for each wrong value."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext

from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind, in_sentence
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.spelling import MOST_SUGGESTED, did_you_mean

_TRUE = {"true", "yes", "on", "1", "y"}
_FALSE = {"false", "no", "off", "0", "n", ""}


def clean_values(
    of: ObjectType, values: Mapping[str, Any], *, creating: bool, user: Any = None
) -> dict[str, Any]:
    """Check every value against its field and turn it into what the model's attribute takes.

    Relations come out under the model's ``<name>_id`` attribute and are checked to be
    visible to ``user``; custom fields under ``custom``. Empty text clears an optional
    field. Raises Invalid that names every wrong field at once.
    """
    fields = {field.key: field for field in of.all_fields()}
    cleaned: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for key, value in values.items():
        field = fields.get(key)
        if field is None or (field.visible and not field.visible(user)):
            known = fields.values() if len(wrong) < MOST_SUGGESTED else ()
            wrong[key] = [_no_such_field(of, known, key, creating=creating, user=user)]
            continue
        if not (field.editable or (creating and field.on_create)):
            wrong[key] = [
                gettext("%(field)s cannot be set by hand.") % {"field": field.shown_label}
            ]
            continue
        try:
            clean = clean_value(of, field, value, user=user)
        except ValueError as error:
            wrong[key] = [str(error)]
            continue
        if clean is None and field.required:
            wrong[key] = [gettext("%(field)s is required.") % {"field": field.shown_label}]
        elif field.custom:
            custom[key] = clean
        else:
            cleaned[attribute_of(of, field)] = _empty(of, field) if clean is None else clean
    if creating:
        for field in fields.values():
            if field.required and field.key not in values and not _has_default(of, field):
                wrong[field.key] = [
                    gettext("%(field)s is required.") % {"field": field.shown_label}
                ]
    if wrong:
        raise Invalid(
            "Some values are not right: "
            + " ".join(sentence for each in wrong.values() for sentence in each),
            fields=wrong,
        )
    if custom:
        cleaned["custom"] = custom
    return cleaned


def _no_such_field(
    of: ObjectType, fields: Iterable[Field], key: str, *, creating: bool, user: Any
) -> str:
    """The sentence for an unknown key, with the nearest that this user may set."""
    known = [
        field.key
        for field in fields
        if (field.editable or (creating and field.on_create))
        and (field.visible is None or field.visible(user))
    ]
    sentence: str = gettext("%(thing)s has no such field.") % {"thing": gettext(of.label)}
    return sentence + did_you_mean(key, known)


def attribute_of(of: ObjectType, field: Field) -> str:
    """The model attribute that a field's value is written to."""
    path = field.column
    if field.kind in (Kind.RELATION, Kind.USER) and not path.endswith("_id"):
        return f"{path}_id"
    return path


def clean_value(of: ObjectType, field: Field, value: Any, *, user: Any = None) -> Any:
    """One value as its column takes it, None for empty; raises ValueError with a sentence."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError(
                gettext("%(field)s contains a character that cannot be stored.")
                % {"field": field.shown_label}
            )
        value = value.strip() if field.kind != Kind.LONG_TEXT else value
    if value is None or value == "" or value == []:
        return None
    match field.kind:
        case Kind.TEXT | Kind.LONG_TEXT | Kind.PHONE:
            return _text(of, field, value)
        case Kind.EMAIL:
            return _email(of, field, value)
        case Kind.URL:
            return _url(of, field, value)
        case Kind.INTEGER:
            return _integer(of, field, value)
        case Kind.NUMBER | Kind.MONEY | Kind.PERCENT:
            number = _decimal(of, field, value)
            return str(number) if field.custom else number
        case Kind.BOOLEAN:
            return _boolean(field, value)
        case Kind.DATE:
            day = _date(field, value)
            return day.isoformat() if field.custom else day
        case Kind.DATETIME:
            return _datetime(field, value)
        case Kind.CHOICE:
            return _choice(field, value)
        case Kind.CHOICES:
            if not isinstance(value, list | tuple):
                value = [part.strip() for part in str(value).split(",") if part.strip()]
            return [_choice(field, each) for each in value]
        case Kind.RELATION:
            return _relation(field, value, user)
        case Kind.USER:
            return _user(field, value)
        case Kind.JSON:
            return value
        case _:
            raise ValueError(gettext("%(field)s cannot be set.") % {"field": field.shown_label})


def _text(of: ObjectType, field: Field, value: Any) -> str:
    if not isinstance(value, str | int | Decimal):
        raise ValueError(gettext("%(field)s must be text.") % {"field": field.shown_label})
    text = str(value)
    limit = _max_length(of, field) or (20_000 if field.kind == Kind.LONG_TEXT else 1_000)
    if len(text) > limit:
        raise ValueError(
            gettext("%(field)s may have at most %(limit)s characters; this has %(count)s.")
            % {"field": field.shown_label, "limit": limit, "count": len(text)}
        )
    return text


def _email(of: ObjectType, field: Field, value: Any) -> str:
    from email_validator import EmailNotValidError, validate_email

    text = _text(of, field, value)
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError(
            gettext("%(field)s: “%(text)s” is not an e-mail address.")
            % {"field": field.shown_label, "text": text[:80]}
        ) from None
    return checked.normalized.lower()


def _url(of: ObjectType, field: Field, value: Any) -> str:
    from urllib.parse import urlsplit

    text = _text(of, field, value)
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or "." not in host or " " in text:
        raise ValueError(
            gettext("%(field)s: “%(text)s” is not a web address.")
            % {"field": field.shown_label, "text": text[:80]}
        )
    return text


def _integer(of: ObjectType, field: Field, value: Any) -> int:
    number = _decimal(of, field, value)
    if number != number.to_integral_value():
        raise ValueError(
            gettext("%(field)s must be a whole number.") % {"field": field.shown_label}
        )
    if abs(number) > 2_147_483_647:
        raise ValueError(gettext("%(field)s is too large.") % {"field": field.shown_label})
    return int(number)


def _decimal(of: ObjectType, field: Field, value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError(gettext("%(field)s must be a number.") % {"field": field.shown_label})
    try:
        number = Decimal(str(value).replace(" ", "").replace("\u00a0", ""))
    except InvalidOperation:
        raise ValueError(
            gettext("%(field)s: “%(text)s” is not a number.")
            % {"field": field.shown_label, "text": str(value)[:40]}
        ) from None
    if not number.is_finite():
        raise ValueError(
            gettext("%(field)s must be a finite number.") % {"field": field.shown_label}
        )
    column = _column(of, field)
    if isinstance(column, models.DecimalField):
        places, digits = column.decimal_places or 0, column.max_digits or 18
        whole = digits - places
        if abs(number) >= Decimal(10) ** whole:
            raise ValueError(
                gettext("%(field)s may have at most %(digits)s digits before the point.")
                % {"field": field.shown_label, "digits": whole}
            )
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            raise ValueError(
                gettext("%(field)s may have at most %(places)s digits after the point.")
                % {"field": field.shown_label, "places": places}
            )
    elif abs(number) >= Decimal(10) ** 16:
        raise ValueError(gettext("%(field)s is too large.") % {"field": field.shown_label})
    if isinstance(column, models.PositiveIntegerField) and number < 0:
        raise ValueError(gettext("%(field)s may not be negative.") % {"field": field.shown_label})
    return number


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(gettext("%(field)s must be yes or no.") % {"field": field.shown_label})


def _date(field: Field, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        day = parse_date(str(value))
    except ValueError:
        day = None
    if day is None:
        raise ValueError(
            gettext("%(field)s: “%(text)s” is not a date like 2027-01-31.")
            % {"field": field.shown_label, "text": str(value)[:40]}
        )
    return day


def _datetime(field: Field, value: Any) -> datetime:
    moment: datetime | None
    if isinstance(value, datetime):
        moment = value
    else:
        try:
            moment = parse_datetime(str(value))
            if moment is None:
                day = parse_date(str(value))
                moment = datetime(day.year, day.month, day.day) if day else None
        except ValueError:
            moment = None
    if moment is None:
        raise ValueError(
            gettext("%(field)s: “%(text)s” is not a time like 2027-01-31T14:30:00Z.")
            % {"field": field.shown_label, "text": str(value)[:40]}
        )
    try:
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        raise ValueError(
            gettext("%(field)s is out of range.") % {"field": field.shown_label}
        ) from None


def _choice(field: Field, value: Any) -> str:
    text = str(value)
    for stored, label in field.options:
        if text == str(stored) or text.casefold() in (
            str(label).casefold(),
            gettext(str(label)).casefold() if label else "",
        ):
            return stored
    allowed = ", ".join(gettext(str(label)) for _, label in field.options[:12] if label)
    raise ValueError(
        gettext("%(field)s: “%(text)s” is none of: %(allowed)s.")
        % {"field": field.shown_label, "text": text[:40], "allowed": allowed}
    )


def _relation(field: Field, value: Any, user: Any) -> uuid.UUID:
    from dealwright.base.access.visibility import visible_to

    target = object_type(field.relation)
    model: Any = target.model
    try:
        key = value if isinstance(value, uuid.UUID) else uuid.UUID(str(getattr(value, "pk", value)))
    except ValueError:
        raise ValueError(
            gettext("%(field)s: “%(text)s” is no id.")
            % {"field": field.shown_label, "text": str(value)[:40]}
        ) from None
    rows = model.objects.filter(pk=key)
    if user is not None:
        rows = rows.filter(visible_to(user, field.relation))
    if not rows.exists():
        raise ValueError(
            gettext("%(field)s: there is no such %(thing)s.")
            % {"field": field.shown_label, "thing": in_sentence(target.label)}
        )
    return key


def _user(field: Field, value: Any) -> uuid.UUID:
    from dealwright.base.people.models import User

    text = str(getattr(value, "pk", value)).strip()
    rows = User.objects.filter(is_active=True)
    try:
        found = rows.filter(pk=uuid.UUID(text)).values_list("pk", flat=True).first()
    except ValueError:
        found = rows.filter(email=text.lower()).values_list("pk", flat=True).first()
    if found is None:
        raise ValueError(
            gettext("%(field)s: there is no such active user.") % {"field": field.shown_label}
        )
    return found


def _column(of: ObjectType, field: Field) -> Any:
    if field.custom:
        return None
    try:
        return of.model._meta.get_field(attribute_of(of, field).removesuffix("_id"))
    except Exception:
        return None


def _max_length(of: ObjectType, field: Field) -> int | None:
    limit: int | None = getattr(_column(of, field), "max_length", None)
    return limit


def _empty(of: ObjectType, field: Field) -> Any:
    """What empty is in this column: NULL where it may be, else its default."""
    column = _column(of, field)
    if column is None or column.null:
        return None
    return column.get_default()


def _has_default(of: ObjectType, field: Field) -> bool:
    column = _column(of, field)
    return column is not None and column.has_default()
