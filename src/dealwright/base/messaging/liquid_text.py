"""Templates that users write, in Liquid: no code, no attributes, and bounds on all they may use.

A Liquid template sees only plain values (text, numbers, dates, lists and mappings of them).
Time, output, loops and every filter's input and result are bounded, so that a template can
neither hang a worker nor fill its memory.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from babel.dates import format_date
from liquid import Environment, RenderContext
from liquid.exceptions import (
    ContextDepthError,
    LiquidError,
    LocalNamespaceLimitError,
    LoopIterationLimitError,
    OutputStreamLimitError,
    ResourceLimitError,
)
from liquid.template import BoundTemplate
from liquid.undefined import Undefined

from dealwright.base.errors import Invalid
from dealwright.base.money import format_money, locale_of

LONGEST_SOURCE = 50_000
LONGEST_OUTPUT = 500_000
MOST_SECONDS = 2.0
MOST_LOOPS = 2_000
LONGEST_VALUE = 200_000  # characters of a text, in or out of a filter
MOST_ITEMS = 2_000
WIDEST_NUMBER = 512  # bits of a whole number
_REMOVED_TAGS = ("include", "render", "tablerow")
_REMOVED_FILTERS = ("safe",)

_REASONS: dict[type[Exception], str] = {
    LoopIterationLimitError: f"it loops more than {MOST_LOOPS:,} times",
    OutputStreamLimitError: f"its text grows beyond {LONGEST_OUTPUT:,} characters",
    LocalNamespaceLimitError: "its variables grow too large",
    ContextDepthError: "it is nested too deeply",
}

_missing: ContextVar[list[str] | None] = ContextVar("missing", default=None)
_deadline: ContextVar[float] = ContextVar("deadline", default=0.0)


def render_template_text(source: str, context: Mapping[str, Any], *, html: bool = False) -> str:
    """The template with the values filled in.

    A name the context does not hold shows as ``[missing: contact.first_name]``, unless
    ``| default: "…"`` catches it. With ``html`` values are escaped where they are filled in.

    Raises Invalid, saying where, for a template that is wrong or asks for too much.
    """
    text, _ = _render(source, context, html=html)
    return text


def missing_names(source: str, context: Mapping[str, Any]) -> list[str]:
    """The names that would show as missing, in order: a mail with any should not be sent."""
    _, missing = _render(source, context, html=False)
    return list(dict.fromkeys(missing))


def check_template(source: str) -> None:
    """Raises Invalid, saying what and where, for a template that cannot be read or that names
    a filter there is not."""
    template = _parse(source, html=False)
    for name, places in template.analyze().filters.items():
        if name not in template.env.filters:
            line = source.count("\n", 0, places[0].index) + 1
            sentence = f"The template is not right: unknown filter '{name}' (line {line})."
            raise Invalid(sentence, code="template_syntax", fields={"body": [sentence]})


def _render(source: str, context: Mapping[str, Any], *, html: bool) -> tuple[str, list[str]]:
    template = _parse(source, html=html)
    missing: list[str] = []
    marks = _missing.set(missing)
    deadline = _deadline.set(time.monotonic() + MOST_SECONDS)
    try:
        return template.render(_plain(context)), missing
    except ResourceLimitError as error:
        reason = _REASONS.get(type(error), error.message)
        raise Invalid(f"The template asks for too much: {reason}.", code="template_limit") from None
    except LiquidError as error:
        raise _wrong(error) from None
    except Exception as error:  # a filter given what it cannot take, e.g. a date of the year 0
        raise Invalid(
            f"The template cannot be filled in: {error}.", code="template_failed"
        ) from None
    finally:
        _missing.reset(marks)
        _deadline.reset(deadline)


def _parse(source: str, *, html: bool) -> BoundTemplate:
    if len(source) > LONGEST_SOURCE:
        raise Invalid(
            f"A template may have at most {LONGEST_SOURCE:,} characters.", code="template_limit"
        )
    try:
        return _environment(html).from_string(source)
    except LiquidError as error:
        raise _wrong(error) from None
    except RecursionError:
        raise Invalid("The template is nested too deeply.", code="template_limit") from None


def _wrong(error: LiquidError) -> Invalid:
    place = ""
    if context := error.context():
        place = f" (line {context[0]})"
    sentence = f"The template is not right: {error.message}{place}."
    return Invalid(sentence, code="template_syntax", fields={"body": [sentence]})


class _Missing(Undefined):
    """A name nobody knows: seen where it is printed, empty in conditions and loops."""

    __slots__ = ()

    def __str__(self) -> str:
        name = self.hint or self.name
        if (missing := _missing.get()) is not None:
            missing.append(name)
        return f"[missing: {name}]"


class _Context(RenderContext):
    """Looks at the clock with every name and filter, and guards what filters take and give."""

    __slots__ = ()

    def get(self, path: list[object], **options: Any) -> object:
        _check_time()
        found = super().get(path, **options)
        if isinstance(found, _Missing):
            found.hint = ".".join(str(part) for part in path)
        return found

    def raise_for_loop_limit(self, length: int = 1) -> None:
        _check_time()
        super().raise_for_loop_limit(length)

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        _check_time()
        inner = super().filter(name, token)

        def guarded(*values: Any, **options: Any) -> object:
            for value in (*values, *options.values()):
                _check_size(value)
            _check_growth(name, values)
            result = inner(*values, **options)
            _check_size(result)
            return result

        return guarded


class _Template(BoundTemplate):
    context_class = _Context


class _Environment(Environment):
    template_class = _Template
    block_nesting_limit = 20
    context_depth_limit = 20
    loop_iteration_limit = MOST_LOOPS
    local_namespace_limit = 1_000_000
    output_stream_limit = LONGEST_OUTPUT


@lru_cache(maxsize=2)
def _environment(html: bool) -> Environment:
    made = _Environment(undefined=_Missing, autoescape=html)
    for tag in _REMOVED_TAGS:
        made.tags.pop(tag, None)
    for name in _REMOVED_FILTERS:
        made.filters.pop(name, None)
    made.add_filter("money", _money)
    made.add_filter("long_date", _long_date)
    return made


def _money(value: Any, currency: Any = "", locale: Any = "en") -> str:
    """``{{ amount | money: "EUR", "de" }}``."""
    if isinstance(value, Undefined) or value in ("", None):
        return str(value or "")
    try:
        return format_money(Decimal(str(value)), str(currency), str(locale))
    except InvalidOperation:
        return str(value)


def _long_date(value: Any, locale: Any = "en") -> str:
    """``{{ day | long_date: "de" }}``: 24. November 2026."""
    day = value
    if isinstance(value, str):
        try:
            day = datetime.fromisoformat(value)
        except ValueError:
            return str(value)
    if not isinstance(day, date):
        return str(value or "")
    return str(format_date(day, "long", locale=locale_of(str(locale))))


def _check_time() -> None:
    if time.monotonic() > _deadline.get():
        raise ResourceLimitError("it takes too long", token=None)


def _check_size(value: Any) -> None:
    if isinstance(value, str):
        too_large = len(value) > LONGEST_VALUE
    elif isinstance(value, range):
        too_large = value.stop - value.start > MOST_ITEMS
    elif isinstance(value, list | tuple):
        too_large = len(value) > MOST_ITEMS
    elif isinstance(value, int):
        too_large = value.bit_length() > WIDEST_NUMBER
    else:
        too_large = False
    if too_large:
        raise ResourceLimitError("a value in it grows too large", token=None)


def _check_growth(name: str, values: tuple[Any, ...]) -> None:
    """Refuse what would be large before it is made: the result alone would come too late."""
    if name == "replace" and len(values) == 3:
        text, old, new = (str(value) for value in values)
        times = text.count(old) if old else len(text) + 1
        if len(text) + times * len(new) > LONGEST_VALUE:
            raise ResourceLimitError("a value in it grows too large", token=None)
    if name == "join" and isinstance(values[0], list | tuple | range):
        glue = len(str(values[1])) if len(values) > 1 else 1
        if len(values[0]) * glue > LONGEST_VALUE:
            raise ResourceLimitError("a value in it grows too large", token=None)
    if name == "date" and len(values) > 1 and re.search(r"%[-_^#0]*\d", str(values[1])):
        # glibc pads "%1000000000d" to that width.
        raise ResourceLimitError("a date format may state no width", token=None)


def _plain(value: Any, depth: int = 0) -> Any:
    """Only plain values reach a template: no object whose attributes or methods could be used."""
    if value is None or isinstance(value, bool | int | Decimal | date):
        return value
    if type(value) is float:
        return Decimal(str(value))
    if isinstance(value, Mapping) and depth < 12:
        return {str(key): _plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < 12:
        return [_plain(each, depth + 1) for each in value]
    return str(value)
