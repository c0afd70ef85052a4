"""Queries are copied into DuckDB while they come, and tell of what went wrong on either side."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest
from django.db import transaction
from django.db.models import F, IntegerField, QuerySet, Value
from django.db.models.expressions import CombinedExpression

from dealwright.base.people.models import User
from dealwright.compensation.calculation.copied import copied, stream
from make import make_user

pytestmark = pytest.mark.django_db

COLUMNS = {"id": "UUID", "name": "VARCHAR", "long": "VARCHAR"}
LONG = 1 << 18  # characters: more than a pipe holds


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=1) as worker:
        yield worker


@pytest.fixture
def people() -> QuerySet[User]:
    for name in ('a "b", c\nd', "", "Ünal"):
        make_user(name or "Nobody")
    User.objects.filter(name="Nobody").update(name="")
    return User.objects.order_by().annotate(long=Value("x" * LONG)).values_list(*COLUMNS)


def test_what_comes_is_what_the_query_yields(
    people: QuerySet[User], worker: ThreadPoolExecutor
) -> None:
    found = duckdb.connect()
    stream(
        people, COLUMNS, lambda source: found.execute(f"CREATE TABLE t AS FROM {source}"), worker
    )
    assert set(found.execute("FROM t").fetchall()) == set(people)
    with copied(people, COLUMNS) as source:
        for _ in range(2):
            assert set(found.execute(f"FROM {source}").fetchall()) == set(people)


def test_a_reader_that_gives_up_does_not_hold_the_database(
    people: QuerySet[User], worker: ThreadPoolExecutor
) -> None:
    found = duckdb.connect()
    with pytest.raises(duckdb.ConversionException), transaction.atomic():
        stream(
            people,
            COLUMNS | {"name": "INTEGER"},
            lambda source: found.execute(f"CREATE TABLE t AS FROM {source}"),
            worker,
        )
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        stream(people, COLUMNS, lambda _: 1 / 0, worker)
    assert people.count() == len(people)


def test_a_query_that_fails_midway_tells(
    people: QuerySet[User], worker: ThreadPoolExecutor
) -> None:
    one, none = Value(1, IntegerField()), F("zero")
    failing = people.annotate(zero=Value(0, IntegerField())).annotate(
        never=CombinedExpression(one, "/", none, output_field=IntegerField())
    )
    rows = failing.values_list(*COLUMNS, "never")
    found = duckdb.connect()
    with pytest.raises(Exception, match="division by zero") as told, transaction.atomic():
        stream(
            rows,
            COLUMNS | {"never": "INTEGER"},
            lambda source: found.execute(f"CREATE TABLE t AS FROM {source}"),
            worker,
        )
    assert not isinstance(told.value, duckdb.Error)
    assert people.count() == len(people)
