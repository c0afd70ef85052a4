"""What was known on a day, what became known since, and two calculations side by side."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.make import TEST, book, make_payee, make_plan
from compensation.statements.test_pages import see, signed_in, statement_address
from compensation.test_api import Caller
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.people.models import Profile, User
from dealwright.compensation.bookings.services import record_termination
from dealwright.compensation.calculation.comparison import compare_runs
from dealwright.compensation.calculation.models import AttainmentVersion, CalculationRun
from dealwright.compensation.calculation.services import (
    Cause,
    calculate_period,
    recalculate_for,
)
from dealwright.compensation.credits.services import void_event
from dealwright.compensation.given import given_moment
from dealwright.compensation.holds.services import place_hold
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.queries import component_totals
from dealwright.compensation.plans.models import PlanAssignment, PlanVersion
from dealwright.compensation.quotas.services import delete_quota
from dealwright.compensation.statements.history import changes_since, period_changes_since
from dealwright.compensation.statements.queries import statement, statement_lines
from make import acting, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

DOLLARS = """
currency: USD
calendar: month
components:
  - flat: {id: commission, rate: 1%}
"""
REWARDS = """
currency: EUR
calendar: month
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
  - reward: {id: points, label: Club points, unit: points, value: 0.5, measure: bookings,
             each: 100, quantity: 5}
"""
TABLES = ("compensation_posting", "compensation_calculationrun")


def happened_on(day: date) -> None:
    """All that was calculated and posted since the last such day came to be on this one."""
    noon = datetime.combine(day, time(12), UTC)
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        for table in TABLES:
            cursor.execute(f"alter table {table} disable trigger user")
            cursor.execute(
                f"update {table} set created_at = %s where created_at > now() - interval '1 hour'",
                [noon],
            )
            cursor.execute(f"alter table {table} enable trigger user")
        for name in ("since", "until"):
            cursor.execute(
                f"update compensation_attainmentversion set {name} = %s"
                f" where {name} > now() - interval '1 hour'",
                [noon],
            )


def known(payee: User, day: str, label: str = "2027-01") -> tuple[str, str]:
    """(earned, payable) as known at the end of a day."""
    period = PayPeriod.objects.get(label=label)
    found = statement(TEST, payee.pk, period.pk, as_of=given_moment(day))
    return f"{found.totals.get('EUR', 0):.2f}", f"{found.payable.get('EUR', 0):.2f}"


@pytest.fixture
def ann() -> User:
    """Known: 40 on 20 January, 92 on 5 February, a hold of 40 on 10 February."""
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    PlanVersion.objects.update(activated_at=datetime(2025, 12, 1, tzinfo=UTC))
    PlanAssignment.objects.update(created_at=datetime(2025, 12, 1, tzinfo=UTC))
    book(800, (ann, "1"), on=date(2027, 1, 10), key="one", title="First")
    happened_on(date(2026, 1, 20))
    book(800, (ann, "1"), on=date(2027, 1, 20), key="two", title="Second")
    happened_on(date(2026, 2, 5))
    place_hold(TEST, event_key="one", starts_on=date(2027, 1, 1), reason="Disputed")
    happened_on(date(2026, 2, 10))
    return ann


def test_a_statement_as_it_was_known_on_each_day(ann: User) -> None:
    assert known(ann, "2026-01-19") == ("0.00", "0.00")
    assert known(ann, "2026-01-20") == ("40.00", "40.00")
    assert known(ann, "2026-02-05") == ("92.00", "92.00")
    assert known(ann, "2026-02-10") == ("92.00", "52.00")
    period = PayPeriod.objects.get()
    plan = CalculationRun.objects.first().version.plan  # type: ignore[union-attr]
    then = given_moment("2026-01-31")
    lines, _ = statement_lines(TEST, ann.pk, period.pk, plan.pk, "commission", as_of=then)
    assert [f"{line.amount:.2f}" for line in lines] == ["40.00"]
    assert [f"{row.amount:.2f}" for row in component_totals(period, then)] == ["40.00"]


def test_attainments_and_rewards_as_they_were_known_on_each_day() -> None:
    plan = make_plan(REWARDS)
    ann = make_payee(plan, "Ann")
    PlanVersion.objects.update(activated_at=datetime(2025, 12, 1, tzinfo=UTC))
    PlanAssignment.objects.update(created_at=datetime(2025, 12, 1, tzinfo=UTC))
    book(800, (ann, "1"), on=date(2027, 1, 10), key="one")
    happened_on(date(2026, 1, 20))
    book(900, (ann, "1"), on=date(2027, 1, 20), key="two")
    happened_on(date(2026, 2, 5))
    book(900, (ann, "1"), on=date(2027, 1, 20), key="two")  # the same again: no new version
    calculate_period(TEST, PayPeriod.objects.get().pk)
    withdrawn = void_event(TEST, "one")
    assert withdrawn is not None
    recalculate_for(TEST, withdrawn, Cause("void"))
    happened_on(date(2026, 2, 10))
    delete_quota(TEST, ann.quotas.get().pk)
    calculate_period(TEST, PayPeriod.objects.get().pk)
    happened_on(date(2026, 2, 15))

    def seen(day: str) -> tuple[str, str, str]:
        found = statement(TEST, ann.pk, PayPeriod.objects.get().pk, as_of=given_moment(day))
        commission, points = found.parts[0].components
        reached = commission.attainment
        assert points.reward is not None
        shown = f"{reached.reached:.0f} of {reached.quota:.0f}" if reached else ""
        return shown, points.reward.text, f"{points.reward.taxable:.2f}"

    assert seen("2026-01-19") == ("", "0 points", "0.00")
    assert seen("2026-01-20") == ("800 of 1000", "40 points", "20.00")
    assert seen("2026-02-05") == ("1700 of 1000", "85 points", "42.50")
    assert seen("2026-02-09") == seen("2026-02-05")
    assert seen("2026-02-10") == ("900 of 1000", "45 points", "22.50")
    assert seen("2026-02-15")[0] in ("", "900 of 0")
    now = statement(TEST, ann.pk, PayPeriod.objects.get().pk).parts[0].components[0].attainment
    assert seen("2026-02-15")[0] == (f"{now.reached:.0f} of {now.quota:.0f}" if now else "")
    assert AttainmentVersion.objects.filter(payee=ann).count() >= 3
    address = f"{statement_address(ann)}?as_of=2026-01-31"
    assert "40 points" in see(signed_in(ann), address) and "80.0%" in see(signed_in(ann), address)


def test_what_became_known_since_sums_to_the_difference(ann: User) -> None:
    period = PayPeriod.objects.get()
    later = changes_since(ann, period, given_moment("2026-01-31"))  # type: ignore[arg-type]
    assert [(row.cause, f"{row.amount:.2f}") for row in later] == [
        ("Booked: Second", "52.00"),
        ("On hold: Disputed", "-40.00"),
    ]
    assert later[0].run_id is not None and later[1].run_id is None
    whole = period_changes_since(TEST, period, given_moment("2026-01-01"))  # type: ignore[arg-type]
    assert [f"{row.amount:.2f}" for row in whole] == ["40.00", "52.00", "-40.00"]
    assert [row.payees for row in whole] == [1, 1, 1]
    assert list(period_changes_since(acting(make_user()), period, given_moment("2026-01-01"))) == []  # type: ignore[arg-type]


def test_the_days_of_pages_and_api(ann: User) -> None:
    finance = make_user("Fay", profile=Profile.FINANCE)
    address = statement_address(ann)
    for user in (ann, finance):
        shown = see(signed_in(user), f"{address}?as_of=2026-01-31")
        assert "As known on" in shown and "Booked: Second" in shown and "€40.00" in shown
        assert ("/compensation/runs/" in shown) == (user == finance)
    period = PayPeriod.objects.get()
    shown = see(signed_in(finance), f"/compensation/periods/{period.pk}?as_of=2026-01-31")
    assert "Booked: Second" in shown and "€52.00" in shown
    see(signed_in(make_user()), f"{address}?as_of=2026-01-31", 404)
    call = Caller(ann, "compensation:read")
    base = f"/statements/{ann.pk}/{period.pk}"
    found = call("GET", f"{base}?as_of=2026-01-31")
    assert found["totals"] == [{"amount": "40.00", "currency": "EUR"}]
    assert [row["amount"] for row in found["changes_since"]] == ["52.00", "-40.00"]
    at = call("GET", f"{base}?as_of=2026-02-05T11:59:00Z")
    assert at["totals"] == [{"amount": "40.00", "currency": "EUR"}]
    assert call("GET", f"{base}?as_of=soon", status=422)
    see(signed_in(ann), f"{address}?as_of=soon", 422)


def test_two_runs_are_compared_in_the_order_of_time(ann: User) -> None:
    first, second = CalculationRun.objects.order_by("pk")
    found = compare_runs(TEST, second.pk, first.pk)
    assert (found.before, found.after) == (first, second)
    assert [
        (r.payee, r.period, r.component, f"{r.before:.2f}", f"{r.after:.2f}") for r in found.rows
    ] == [("Ann", "2027-01", "commission", "40.00", "92.00")]
    assert (found.count, f"{found.delta:.2f}") == (1, "52.00")
    assert dict(found.same)["Plan"] and not dict(found.same)["Input"]
    assert found.between == [second]
    assert compare_runs(TEST, first.pk, first.pk).rows == []
    finance = make_user("Fay", profile=Profile.FINANCE)
    page = see(signed_in(finance), f"/compensation/runs/{first.pk}/compare?with={second.pk}")
    assert "€52.00" in page and "Booked: Second" in page
    assert f'value="{second.pk}"' in see(signed_in(finance), f"/compensation/runs/{first.pk}")
    see(signed_in(finance), f"/compensation/runs/{first.pk}/compare?with=x", 404)
    see(signed_in(ann), f"/compensation/runs/{first.pk}/compare?with={second.pk}", 403)
    answer = Caller(finance)("GET", f"/runs/{first.pk}/compare/{second.pk}")
    assert (answer["count"], answer["delta"]) == (1, "52.000000")
    with pytest.raises(NotAllowed):
        compare_runs(acting(ann), first.pk, second.pk)
    with pytest.raises(NotFound):
        compare_runs(TEST, first.pk, ann.pk)


def test_runs_of_two_plans_and_of_two_currencies(ann: User) -> None:
    first = CalculationRun.objects.order_by("pk").first()
    assert first is not None
    bob = make_payee(make_plan(), "Bob")
    book(200, (bob, "1"), on=date(2027, 1, 10))
    other = CalculationRun.objects.order_by("-pk").first()
    assert other is not None
    found = compare_runs(TEST, first.pk, other.pk)
    assert [(r.payee, f"{r.before:.2f}", f"{r.after:.2f}") for r in found.rows] == [
        ("Ann", "40.00", "0.00"),
        ("Bob", "0.00", "10.00"),
    ]
    cem = make_payee(make_plan(DOLLARS))
    book(200, (cem, "1"), currency="USD")
    last = CalculationRun.objects.order_by("-pk").first()
    assert last is not None
    with pytest.raises(Invalid, match="do not compare"):
        compare_runs(TEST, first.pk, last.pk)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(-400, 3000), min_size=2, max_size=5), st.integers(0, 4))
def test_what_was_known_and_what_came_since_are_what_is_known(
    amounts: list[int], when: int
) -> None:
    plan = make_plan()
    ann = make_payee(plan)
    for number, amount in enumerate(amounts):
        book(amount, (ann, "1"), key=f"{plan.pk}-{number % 3}", on=date(2027, 1, 3 + number))
        happened_on(date(2026, 1, 1 + number))
    record_termination(TEST, booking=f"{plan.pk}-0", on=date(2027, 1, 29))
    happened_on(date(2026, 1, 20))
    period = PayPeriod.objects.get(label="2027-01")
    moment = given_moment(f"2026-01-{1 + when:02}")
    assert moment is not None
    later = sum((row.amount for row in changes_since(ann, period, moment)), Decimal(0))
    now = statement(TEST, ann.pk, period.pk).payable.get("EUR", Decimal(0))
    then = Posting.objects.filter(payee=ann, account="payable", created_at__lte=moment)
    known_then = sum((-row.amount for row in then), Decimal(0))
    assert known_then + later == now
