"""The tests' own database: what migrations made is there for each test, whatever the one before."""

from __future__ import annotations

import pytest
from django.db import connection

from dealwright.base.people.models import User
from dealwright.base.records.models import AuditEvent


@pytest.mark.parametrize("run", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_what_a_test_commits_is_gone_in_the_next(run: int) -> None:
    assert not User.objects.filter(email="someone@example.com").exists()
    someone = User.objects.create(email="someone@example.com", name=f"Run {run}")
    assert AuditEvent.objects.filter(record_id=someone.id).count() == 1


@pytest.mark.django_db
def test_the_migrations_are_recorded_as_done() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from django_migrations where app = 'base'")
        assert cursor.fetchone()[0] >= 2
