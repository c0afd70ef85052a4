"""What a deal would pay is what its win then pays."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.make import TEST, book, make_payee, make_plan
from crm.make import make_opportunity
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile, User
from dealwright.compensation.bookings.services import book_opportunity
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.quotas.services import sync_reporting_lines
from dealwright.compensation.simulation.estimate import Estimate, estimate_deal
from dealwright.crm.models import Opportunity
from dealwright.crm.opportunities.services import win_opportunity
from dealwright.crm.opportunities.team import set_team
from make import acting, make_role, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PLAN = """
currency: EUR
calendar: month
components:
  - tiered:
      {id: commission, label: Commission, quota: bookings, cumulate: ytd,
       bands: [[0, 5%], [100%, 9%]]}
  - bonus_milestone: {id: bonus, quota: bookings, milestones: [[100%, 250]]}
  - override: {id: lead, label: Team lead, rate: 1%}
"""


def make_team(text: str = PLAN) -> tuple[User, User, User]:
    plan = make_plan(text)
    mia = make_payee(plan, "Mia", profile=Profile.MANAGER, quota=None)
    return mia, make_payee(plan, "Ann", manager=mia), make_payee(plan, "Bob", manager=mia)


def make_split_deal(ann: User, bob: User, amount: str = "10000") -> Opportunity:
    deal = make_opportunity(name="Acme", owner=ann, amount=amount, currency="EUR")
    set_team(
        TEST,
        deal.pk,
        [{"user": ann.pk, "split_percent": "0.7"}, {"user": bob.pk, "split_percent": "0.3"}],
    )
    return deal


def paid(user: User) -> Decimal:
    rows = Posting.objects.filter(payee=user, account=Account.PAYABLE)
    return -sum((row.amount for row in rows), Decimal(0))


def by_name(found: Estimate) -> dict[str, str]:
    return {row.payee.name: f"{row.amount:.2f}" for row in found.rows}


def test_pay_with_the_deal_less_pay_without_for_splits_and_managers() -> None:
    _mia, ann, bob = make_team()
    sync_reporting_lines()
    book(600, (ann, "1"), on=date(2027, 1, 10))
    deal = make_split_deal(ann, bob, "20000")
    found = estimate_deal(TEST, deal.pk, on=date(2027, 1, 20))
    # Ann: 11,400 of 14,000 at 5 %, 2,600 at 9 %; Bob: 6,000 at 5 %; the milestone for both.
    assert by_name(found) == {"Ann": "1054.00", "Bob": "550.00", "Mia": "200.00"}
    assert found.totals == {"EUR": Decimal("1804")}
    row = found.rows[0]
    assert (row.before, row.after) == (Decimal(30), Decimal(1084))
    assert [line.sentence for line in row.lines if line.component == "commission"] == [
        "11,400 EUR up to 12,000 EUR at 5% is 570 EUR.",
        "2,600 EUR above 12,000 EUR at 9% is 234 EUR.",
    ]
    assert sum(line.amount for line in row.lines) == row.amount


def test_the_estimate_is_what_the_win_pays() -> None:
    mia, ann, bob = make_team()
    sync_reporting_lines()
    book(700, (ann, "1"), on=date(2027, 2, 10))
    book(400, (ann, "1"), on=date(2027, 3, 10))
    deal = make_split_deal(ann, bob, "1234.56")
    before = {user.name: paid(user) for user in (mia, ann, bob)}
    # Dated before what is booked: the tiers of the later deals move as well.
    found = estimate_deal(TEST, deal.pk, on=date(2027, 1, 5))
    win_opportunity(TEST, deal.pk, close_date=date(2027, 1, 5))
    book_opportunity(TEST, deal.pk)
    assert by_name(found) == {
        user.name: f"{paid(user) - before[user.name]:.2f}" for user in (ann, bob, mia)
    }


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(1, 400_000), st.integers(1, 3), st.integers(1, 28)), max_size=5),
    st.integers(0, 500_000),
    st.integers(1, 3),
)
def test_the_estimate_is_what_the_win_pays_whatever_came_before(
    deals: list[tuple[int, int, int]], cents: int, month: int
) -> None:
    mia, ann, bob = make_team()
    sync_reporting_lines()
    for amount, in_month, day in deals:
        book(f"{amount / 100:.2f}", (ann, "0.5"), (bob, "0.5"), on=date(2027, in_month, day))
    deal = make_split_deal(ann, bob, f"{cents / 100:.2f}")
    before = {user.pk: paid(user) for user in (mia, ann, bob)}
    found = {
        row.payee.pk: row.amount
        for row in estimate_deal(TEST, deal.pk, on=date(2027, month, 15)).rows
    }
    win_opportunity(TEST, deal.pk, close_date=date(2027, month, 15))
    book_opportunity(TEST, deal.pk)
    for user in (mia, ann, bob):
        assert found.get(user.pk, Decimal(0)) == paid(user) - before[user.pk]


def test_figures_can_be_tried_without_keeping_them() -> None:
    plan = make_plan(
        """
        currency: EUR
        components:
          - margin: {id: commission, rate: 10%}
          - per_unit: {id: seats, measure: seats, amount: 2}
        measures: {seats: {of: booking, amount: quantity, unit: quantity}}
        """
    )
    ann = make_payee(plan, "Ann")
    deal = make_opportunity(owner=ann, amount="1000", currency="EUR")
    day = date(2027, 1, 20)
    assert by_name(estimate_deal(TEST, deal.pk, on=day)) == {"Ann": "102.00"}
    tried = estimate_deal(
        TEST, deal.pk, on=day, amount=Decimal(2000), margin=Decimal(500), quantity=Decimal(30)
    )
    assert by_name(tried) == {"Ann": "110.00"}
    deal.refresh_from_db()
    assert deal.amount == 1000
    assert not CreditEvent.objects.exists()


def test_a_pool_for_all_is_divided_with_the_deal_in_it() -> None:
    plan = make_plan(
        """
        currency: EUR
        components:
          - spif: {id: push, rate: 10%, budget: 100}
        """
    )
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(900, (bob, "1"), on=date(2027, 1, 10))
    deal = make_opportunity(owner=ann, amount="5000", currency="EUR")
    assert by_name(estimate_deal(TEST, deal.pk, on=date(2027, 1, 20))) == {"Ann": "10.00"}


def test_only_pay_that_may_be_seen_is_told() -> None:
    mia, ann, bob = make_team()
    sync_reporting_lines()
    deal = make_split_deal(ann, bob)
    day = date(2027, 1, 20)
    mine = estimate_deal(acting(ann), deal.pk, on=day)
    assert set(by_name(mine)) == {"Ann"}
    assert mine.hidden
    mia.role = make_role("Lead")
    ann.role = make_role("Agent", parent=mia.role)
    mia.save()
    ann.save()
    assert set(by_name(estimate_deal(acting(mia), deal.pk, on=day))) == {"Ann", "Bob", "Mia"}
    finance = make_user(profile=Profile.FINANCE)
    assert set(by_name(estimate_deal(acting(finance), deal.pk, on=day))) == {"Ann", "Bob", "Mia"}
    with pytest.raises(NotFound):
        estimate_deal(acting(make_user("Stranger")), deal.pk, on=day)


def test_a_closed_deal_and_a_missing_rate_are_refused() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    deal = make_opportunity(owner=ann, amount="1000", currency="JPY")
    with pytest.raises(Invalid, match="no exchange rate from JPY to EUR"):
        estimate_deal(TEST, deal.pk, on=date(2027, 1, 20))
    win_opportunity(TEST, deal.pk, close_date=date(2027, 1, 20))
    with pytest.raises(Invalid, match="stands on the statements"):
        estimate_deal(TEST, deal.pk, on=date(2027, 1, 20))
