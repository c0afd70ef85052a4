"""The pipeline's commission: certain deals give the calculation itself, impossible ones nothing."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.make import TEST, book, make_payee, make_plan
from crm.make import make_opportunity
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.jobs import run_jobs
from dealwright.base.jobs.models import JobRun
from dealwright.base.people.models import Profile, User
from dealwright.compensation.bookings.services import book_opportunity
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.quotas.services import sync_reporting_lines
from dealwright.compensation.simulation.comparison import percentile
from dealwright.compensation.simulation.forecasting import (
    EVERYTHING,
    NOTHING,
    Chance,
    draw_outcomes,
)
from dealwright.compensation.simulation.forecasts import calculate_forecast, create_forecast
from dealwright.compensation.simulation.jobs import start_forecast
from dealwright.compensation.simulation.models import Forecast, ForecastFigure, ForecastShare
from dealwright.crm.models import Opportunity
from dealwright.crm.opportunities.services import win_opportunity
from dealwright.crm.opportunities.team import set_team
from make import acting, make_user

PLAN = """
currency: EUR
calendar: month
components:
  - tiered:
      {id: commission, quota: bookings, cumulate: ytd, bands: [[0, 5%], [100%, 9%]]}
  - bonus_milestone: {id: bonus, quota: bookings, milestones: [[100%, 250]]}
  - override: {id: lead, rate: 1%}
"""
TODAY = date(2027, 2, 10)


def make_company(text: str = PLAN) -> tuple[User, User, User]:
    plan = make_plan(text)
    mia = make_payee(plan, "Mia", profile=Profile.MANAGER, quota=None)
    ann, bob = make_payee(plan, "Ann", manager=mia), make_payee(plan, "Bob", manager=mia)
    sync_reporting_lines()
    book(5000, (ann, "1"), on=date(2027, 1, 10))
    book(600, (bob, "1"), on=date(2027, 2, 5))
    return mia, ann, bob


def make_deal(owner: User, amount: str, on: date | None, probability: str = "0.5") -> Opportunity:
    deal = make_opportunity(owner=owner, amount=amount, currency="EUR", close_date=on)
    Opportunity.objects.filter(pk=deal.pk).update(
        probability=Decimal(probability), probability_source="manual"
    )
    deal.refresh_from_db()
    return deal


def forecast(until: date = date(2027, 4, 30), **values: Any) -> Forecast:
    made = create_forecast(TEST, ends_on=until, as_of=TODAY, **({"seed": 7, "draws": 100} | values))
    return calculate_forecast(TEST, made.pk)


def figure(found: Forecast, **of: Any) -> ForecastFigure:
    chosen = {"plan__isnull": True, "payee__isnull": True, "period": ""}
    for key, value in of.items():
        chosen.pop(f"{key}__isnull", None)
        chosen[key] = value
    return found.figures.get(**chosen)


def earned(payee: User, labels: set[str]) -> Decimal:
    rows = Posting.objects.filter(
        payee=payee, account=Account.PAYABLE, earned_period__label__in=labels
    )
    return -sum((row.amount for row in rows), Decimal(0))


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("probability", ["1", "0"])
def test_certain_deals_give_the_calculation_and_impossible_ones_nothing(probability: str) -> None:
    people = _mia, ann, bob = make_company()
    months = {"2027-02", "2027-03", "2027-04"}
    before = {user.pk: earned(user, months) for user in people}
    deals = [
        make_deal(ann, "9000", date(2027, 2, 20), probability),
        make_deal(bob, "777.77", date(2027, 3, 5), probability),
        make_deal(ann, "1234.56", date(2027, 4, 30), probability),
    ]
    set_team(
        TEST,
        deals[2].pk,
        [{"user": ann.pk, "split_percent": "0.5"}, {"user": bob.pk, "split_percent": "0.5"}],
    )
    found = forecast()
    total = figure(found)
    assert (total.expected, total.expected) == (
        (total.everything, total.p10) if probability == "1" else (total.certain, total.p90)
    )
    for deal in deals:
        win_opportunity(TEST, deal.pk, close_date=deal.close_date)
        book_opportunity(TEST, deal.pk)
    for user in people:
        row = figure(found, payee=user, plan__isnull=False)
        after = earned(user, months)
        assert row.certain == before[user.pk]
        assert row.everything == after
        assert row.expected == (after if probability == "1" else before[user.pk])


@pytest.mark.slow
@pytest.mark.django_db
def test_every_number_opens_to_what_made_it() -> None:
    mia, ann, _bob = make_company()
    first = make_deal(ann, "9000", date(2027, 2, 20))
    make_deal(ann, "4000", date(2027, 3, 20), "0.25")
    found = forecast(draws=200)
    cells = found.figures.filter(plan__isnull=False, payee__isnull=False).exclude(period="")
    for cell in cells:
        shares = found.shares.filter(plan=cell.plan_id, payee=cell.payee_id, period=cell.period)
        assert cell.expected == cell.certain + sum(each.expected for each in shares)
    whole: dict[str, Decimal] = defaultdict(Decimal)
    for cell in cells:
        whole[cell.period] += cell.expected
    for period, amount in whole.items():
        assert figure(found, period=period).expected == amount
    assert figure(found).expected == sum(whole.values())
    share = found.shares.get(payee=ann, opportunity_id=first.pk)
    assert (share.period, share.probability, share.closes_on) == (
        "2027-02",
        Decimal("0.5"),
        date(2027, 2, 20),
    )
    won = draw_outcomes([Chance("k", str(first.pk), Decimal("0.5"))], 200, 7)
    count = sum(number == EVERYTHING for number in won.scenario_of)
    # 7,000 of the year's 12,000 are left at 5 %, 2,000 are above; its month's milestone is no
    # line of a deal.
    assert share.expected == (7000 * Decimal("0.05") + 2000 * Decimal("0.09")) * count / 200
    rest = found.shares.get(payee=ann, period="2027-02", opportunity_id=None)
    assert rest.expected == Decimal(250) * count / 200
    assert found.shares.filter(payee=mia, opportunity_id=first.pk).get().expected == (
        Decimal(90) * count / 200
    )


@pytest.mark.slow
@pytest.mark.django_db
def test_the_same_seed_gives_the_same_figures_and_another_others() -> None:
    _mia, ann, bob = make_company()
    for place in range(8):
        make_deal((ann, bob)[place % 2], f"{1000 + 250 * place}", date(2027, 3, 2 + place))
    one, same, other = forecast(), forecast(), forecast(seed=8)
    values = ("currency", "plan", "payee", "period", "certain", "expected", "p10", "p50", "p90")
    assert list(one.figures.values_list(*values).order_by("id")) == list(
        same.figures.values_list(*values).order_by("id")
    )
    assert one.input_hash == same.input_hash
    assert figure(one).expected != figure(other).expected
    assert figure(one).certain == figure(other).certain
    for row in one.figures.all():
        assert row.p10 <= row.p50 <= row.p90 <= row.everything
        assert row.certain <= row.p10


@pytest.mark.slow
@pytest.mark.django_db
def test_deals_that_cannot_be_counted_are_named() -> None:
    _mia, ann, _bob = make_company()
    make_deal(ann, "100", None)
    late = make_deal(ann, "100", date(2027, 1, 5))
    make_deal(ann, "100", date(2027, 9, 5))
    omitted = make_deal(ann, "100", date(2027, 3, 5))
    Opportunity.objects.filter(pk=omitted.pk).update(forecast_category="omitted")
    yen = make_opportunity(
        owner=ann, amount="100", currency="JPY", close_date=date(2027, 3, 5), name="Yen"
    )
    found = forecast()
    assert sorted(each["why"].split(" from")[0] for each in found.left_out) == [
        "It has no close date.",
        "It is omitted",
        "There is no exchange rate",
    ]
    assert {each["id"] for each in found.left_out} >= {str(yen.pk), str(omitted.pk)}
    # What should have closed already counts as closing today.
    assert found.shares.get(opportunity_id=late.pk, payee=ann).closes_on == TODAY


@pytest.mark.slow
@pytest.mark.django_db
def test_a_budget_for_all_is_drawn_scenario_by_scenario() -> None:
    plan = make_plan(
        """
        currency: EUR
        components:
          - spif: {id: push, rate: 10%, budget: 100}
        """
    )
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    make_deal(ann, "900", date(2027, 2, 20))
    make_deal(bob, "900", date(2027, 2, 21))
    found = forecast(until=date(2027, 2, 28))
    total = figure(found)
    assert (total.certain, total.everything) == (Decimal(0), Decimal(100))
    assert total.p90 == 100
    assert 0 < total.expected < 100


@pytest.mark.slow
@pytest.mark.django_db
def test_what_cannot_be_forecast_is_refused() -> None:
    for values, said in (
        ({"ends_on": date(2027, 1, 1)}, "from today on"),
        ({"draws": 333}, "Draw 100, 200"),
        ({"seed": -1}, "seed is a whole number"),
    ):
        given_ = {"ends_on": date(2027, 3, 31), "seed": 1, "draws": 100} | values
        with pytest.raises(Invalid, match=said):
            create_forecast(TEST, as_of=TODAY, **given_)
    with pytest.raises(NotAllowed):
        start_forecast(acting(make_user()), ends_on=date(2030, 1, 1), seed=1)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_runs_as_a_job_over_no_deals_and_no_plans() -> None:
    from django.utils import timezone

    made = start_forecast(
        acting(make_user(profile=Profile.FINANCE)), ends_on=timezone.localdate(), seed=1
    )
    run_jobs()
    run = JobRun.objects.get(pk=made.job_id)
    assert (run.status, run.error, run.message) == ("done", "", "0 open deals, 500 draws.")
    assert not ForecastShare.objects.exists()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.decimals(0, 1, places=2), max_size=6),
    st.sampled_from([100, 200]),
    st.integers(0, 50),
)
def test_draws_are_scenarios(probabilities: list[Decimal], draws: int, seed: int) -> None:
    chances = [Chance(f"k{n}", f"d{n}", each) for n, each in enumerate(probabilities)]
    drawn = draw_outcomes(chances, draws, seed)
    assert len(drawn.scenario_of) == draws
    assert sum(drawn.weights.values()) == draws
    for chance in chances:
        won = {n for n in drawn.numbers if n in drawn.happens[chance.key]}
        assert NOTHING not in won
        assert EVERYTHING in won
        count = sum(number in won for number in drawn.scenario_of)
        assert count == draws * chance.probability if chance.probability in (0, 1) else True
    # Another deal more leaves the outcomes of those before as they are.
    more = draw_outcomes([*chances, Chance("new", "new", Decimal("0.5"))], draws, seed)
    for chance in chances:
        assert [n in drawn.happens[chance.key] for n in drawn.scenario_of] == [
            n in more.happens[chance.key] for n in more.scenario_of
        ]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.integers(1, 900_000), st.sampled_from(["0.1", "0.5", "0.8"])),
        min_size=1,
        max_size=3,
    )
)
@pytest.mark.slow
@pytest.mark.django_db
def test_a_forecast_is_the_mean_and_spread_of_calculations(deals: list[tuple[int, str]]) -> None:
    """Each draw calculated by an estimate of its own: the plan has one deal a month and payee."""
    from dealwright.compensation.simulation.estimate import estimate_event
    from dealwright.compensation.simulation.forecasts import open_deals

    plan = make_plan("currency: EUR\ncomponents:\n  - flat: {id: c, rate: 3%}\n")
    ann = make_payee(plan, "Ann", quota=None)
    Opportunity.objects.filter(status="open").delete()
    made = [
        make_deal(ann, f"{cents / 100:.2f}", date(2027, 2, 20), chance) for cents, chance in deals
    ]
    found = forecast(until=date(2027, 2, 28))
    row = found.figures.get(plan=plan, payee=ann, period="2027-02")
    events = {
        each.opportunity.pk: each.event for each in open_deals(TODAY, TODAY.replace(day=28))[0]
    }
    alone = {
        deal.pk: sum(each.amount for each in estimate_event(TEST, events[deal.pk]).rows)
        for deal in made
    }
    chances = [Chance(f"{deal.pk}", f"{deal.pk}", deal.probability) for deal in made]
    drawn = draw_outcomes(chances, 100, 7)
    draws = [
        sum(alone[deal.pk] for deal in made if number in drawn.happens[f"{deal.pk}"])
        for number in drawn.scenario_of
    ]
    assert row.expected == sum(draws) / Decimal(100)
    assert (row.p10, row.p50, row.p90) == tuple(
        percentile(map(Decimal, draws), each) for each in (10, 50, 90)
    )
