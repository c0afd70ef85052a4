"""What is kept of attainments that change, go and come again."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from compensation.make import TEST, book, make_payee, make_plan
from dealwright.base.people.models import User
from dealwright.compensation.calculation.models import Attainment, AttainmentVersion
from dealwright.compensation.calculation.services import Cause, recalculate_plan
from dealwright.compensation.plans.models import CompensationPlan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan() -> CompensationPlan:
    """Ann and Bob reached 800 each, and that was known before."""
    plan = make_plan()
    for name in ("Ann", "Bob"):
        book(800, (make_payee(plan, name), "1"), key=name)
    with connection.cursor() as cursor:
        cursor.execute("update compensation_attainmentversion set since = now() - interval '1 day'")
    return plan


def versions() -> list[tuple[str, int, bool]]:
    """(payee, reached, whether it holds)."""
    rows = AttainmentVersion.objects.order_by("id").values_list("payee__name", "reached", "until")
    return [(name, int(reached), until is None) for name, reached, until in rows]


def test_what_goes_and_comes_again_goes_on(plan: CompensationPlan) -> None:
    ann = User.objects.get(name="Ann")
    book(900, (ann, "1"), key="Ann")
    assert versions() == [("Ann", 800, False), ("Bob", 800, True), ("Ann", 900, True)]
    book(800, (ann, "1"), key="Ann")
    assert versions() == [("Ann", 800, True), ("Bob", 800, True), ("Ann", 900, False)]


def test_all_that_were_taken_away_are_taken_up_again(plan: CompensationPlan) -> None:
    before = list(AttainmentVersion.objects.order_by("id").values())
    Attainment.objects.all().delete()
    assert versions() == [("Ann", 800, False), ("Bob", 800, False)]
    recalculate_plan(TEST, plan, since=date(2027, 1, 1), cause=Cause("again"))
    assert list(AttainmentVersion.objects.order_by("id").values()) == before
