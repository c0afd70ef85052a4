"""Statements of lists and records, kept from request to request.

The ORM takes longer to write the statement of a list than the database to answer it, and the
same people ask the same questions all day. So what was compiled is kept, under everything that
went into it: who asks and how far they see, the question, the custom fields, the day. A
statement that was written with anything else in view (a row of the database, the moment) is
used once and not kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Expression
from django.utils import timezone
from django.utils.translation import get_language

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import reach_of
from dealwright.base.objects.custom_fields import custom_fields_version
from dealwright.base.objects.moments import noting_moments, today_of
from dealwright.base.people.models import Profile

MAX_KEPT = 512

Values = Mapping[Any, Any]


class Slot(Expression):
    """A value that is given when the statement runs: its ``name`` stands in the parameters."""

    def __init__(self, name: str, output_field: Any = None) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (_Given(self.name),)


@dataclass(frozen=True, slots=True)
class _Given:
    name: str


# Stands in a filter for the id of a record that is given when the statement runs.
LINKED = UUID("ffffffff-ffff-7fff-bfff-6c696e6b6564")


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled query: its text, parameters with empty places, what makes values of columns.

    ``sql`` is empty where the conditions exclude each other, so that there is nothing to ask.
    """

    sql: str
    params: tuple[Any, ...]
    converters: tuple[tuple[int, tuple[Callable[..., Any], ...], Any], ...]

    NOTHING: ClassVar[Statement]

    def rows(self, given: Values | None = None) -> list[tuple[Any, ...]]:
        """All rows; ``given`` has a value for each slot by its name."""
        if not self.sql:
            return []
        values = given or {}
        params = [
            values[param.name] if isinstance(param, _Given) else param for param in self.params
        ]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        if not self.converters:
            return found
        rows = []
        for row in found:
            changed = list(row)
            for position, converters, expression in self.converters:
                value = changed[position]
                for convert in converters:
                    value = convert(value, expression, connection)
                changed[position] = value
            rows.append(tuple(changed))
        return rows


Statement.NOTHING = Statement("", (), ())


def compile_rows(rows: models.QuerySet[Any], names: Sequence[str] = ()) -> Statement:
    """The statement that reads ``names`` of the rows, or what ``values_list`` chose before."""
    query = (rows.values_list(*names) if names else rows).query
    compiler = query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return Statement.NOTHING
    columns = [each[0] for each in compiler.select[: compiler.col_count]]
    converters = tuple(
        (position, tuple(converters), expression)
        for position, (converters, expression) in compiler.get_converters(columns).items()
    )
    given = tuple(_Given("linked") if param == LINKED else param for param in params)
    return Statement(sql, given, converters)


_kept: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.Lock()


def keep[T](actor: Actor, question: Hashable, write: Callable[[], T]) -> T:
    """What ``write`` makes for this actor and question, kept for the next who ask the same.

    ``write`` may look at the actor, the question, the registry, custom fields and the day, and
    at nothing that changes while a process lives; what else it reads is noticed where it is the
    database or the clock.
    """
    key = (_state_of(actor), question)
    with _lock:
        known = _kept.get(key)
        if known is not None:
            _kept.move_to_end(key)
            return known  # type: ignore[no-any-return]
    reads = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return execute(*arguments)

    with connection.execute_wrapper(count), noting_moments() as moments:
        made = write()
    if not reads and not moments:
        with _lock:
            _kept[key] = made
            if len(_kept) > MAX_KEPT:
                _kept.popitem(last=False)
    return made


def forget_statements() -> None:
    """Begin anew: for code that changes the registry while the process lives."""
    with _lock:
        _kept.clear()


def _state_of(actor: Actor) -> Hashable:
    """Everything about who asks that a statement may depend on."""
    user = actor.user
    who: Hashable = None
    if user is not None:
        limited = user.is_active and user.profile != Profile.ADMINISTRATOR
        who = (
            user.pk,
            user.profile,
            user.role_id,
            user.is_active,
            user.timezone,
            reach_of(user).digest if limited else None,
        )
    return (
        who,
        actor.is_system,
        actor.via == "api",
        today_of(user),
        timezone.get_current_timezone_name(),
        get_language(),
        custom_fields_version(),
    )


def as_word(value: Any) -> Hashable:
    """A filter tree or another value of JSON as one that can be a key."""
    import orjson

    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS) if value else b""
