"""A filter as a sentence a person can check."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_noop

from dealwright.base.objects.crossing import living_rows
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.filter_tree import Condition, Every, Negation, Node, Op, Some
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User

_WORDS = {
    Op.IS: gettext_noop("is"),
    Op.IS_NOT: gettext_noop("is not"),
    Op.IN: gettext_noop("is one of"),
    Op.NOT_IN: gettext_noop("is none of"),
    Op.CONTAINS: gettext_noop("contains"),
    Op.STARTS_WITH: gettext_noop("starts with"),
    Op.GT: gettext_noop("is more than"),
    Op.GTE: gettext_noop("is at least"),
    Op.LT: gettext_noop("is less than"),
    Op.LTE: gettext_noop("is at most"),
    Op.BETWEEN: gettext_noop("is between"),
    Op.EMPTY: gettext_noop("is empty"),
    Op.NOT_EMPTY: gettext_noop("is not empty"),
    Op.IS_ME: gettext_noop("is me"),
}
_DAY_WORDS = {
    Op.GT: gettext_noop("is after"),
    Op.GTE: gettext_noop("is on or after"),
    Op.LT: gettext_noop("is before"),
    Op.LTE: gettext_noop("is on or before"),
}


def sentence_of(node: Node, user: Any = None) -> str:
    """ "Industry is Technology and (Amount is at least 50,000 or Owner is me)"."""
    return _words(node, user, outer=True)


def _words(node: Node, user: Any, *, outer: bool = False) -> str:
    match node:
        case Every(()):
            return gettext("everything")
        case Every(parts):
            return _joined(parts, f" {gettext('and')} ", user, outer)
        case Some(parts):
            return _joined(parts, f" {gettext('or')} ", user, outer)
        case Negation(part):
            return gettext("not (%(condition)s)") % {"condition": _words(part, user, outer=True)}
        case Condition():
            return _condition(node, user)


def _joined(parts: tuple[Node, ...], word: str, user: Any, outer: bool) -> str:
    text = word.join(_words(part, user) for part in parts)
    return text if outer or len(parts) == 1 else f"({text})"


def _condition(condition: Condition, user: Any) -> str:
    label, op, kind = condition.path.label, condition.op, condition.kind
    if op in (Op.EMPTY, Op.NOT_EMPTY, Op.IS_ME):
        return f"{label} {gettext(_WORDS[op])}"
    if op in (Op.WITHIN_LAST_DAYS, Op.WITHIN_NEXT_DAYS):
        within = (
            gettext("is within the last %(count)s days")
            if op == Op.WITHIN_LAST_DAYS
            else gettext("is within the next %(count)s days")
        )
        return f"{label} {within % {'count': condition.given}}"
    moment = kind in (Kind.DATE, Kind.DATETIME)
    word = gettext(_DAY_WORDS.get(op, _WORDS[op]) if moment else _WORDS[op])
    # Days are told as they were given: "this month" stays true when the month turns.
    source = condition.given if moment else condition.value
    values = [source] if not isinstance(source, list | tuple) else list(source)
    names = _names(condition, values, user) if kind in (Kind.RELATION, Kind.USER) else {}
    texts = [names.get(value) or _value(condition, value) for value in values]
    if op == Op.BETWEEN:
        return f"{label} {word} {texts[0]} {gettext('and')} {texts[1]}"
    if op == Op.CONTAINS or op == Op.STARTS_WITH:
        return f"{label} {word} " + ", ".join(f"“{text}”" for text in texts)
    return f"{label} {word} " + ", ".join(texts)


def _value(condition: Condition, value: Any) -> str:
    kind = condition.kind
    if kind == Kind.BOOLEAN:
        return gettext("yes") if value else gettext("no")
    if kind == Kind.PERCENT and isinstance(value, Decimal):
        return f"{_plain(value * 100)} %"
    if isinstance(value, Decimal):
        return _plain(value)
    if kind in (Kind.CHOICE, Kind.CHOICES):
        labels = {
            str(stored): gettext(str(label)) if label else ""
            for stored, label in condition.path.field.options
        }
        return labels.get(value, str(value))
    text = str(value)
    return text.replace("_", " ") if kind in (Kind.DATE, Kind.DATETIME) else text


def _plain(number: Decimal) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _names(condition: Condition, values: list[Any], user: Any) -> dict[Any, str]:
    """The names behind ids; what the user may not see stays an id."""
    field = condition.path.field
    if field.kind == Kind.USER:
        names: dict[Any, str] = dict(User.objects.filter(pk__in=values).values_list("pk", "name"))
        if user is not None and user.pk in names:
            names[user.pk] = gettext("me")
        return names
    if not field.relation:
        return {}
    of = object_type(field.relation)
    rows = living_rows(of.model, of, user).filter(pk__in=values)
    return {key: str(title) for key, title in rows.values_list("pk", of.title)}
