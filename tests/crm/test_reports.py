"""Reports: exact counts, and every number opens to exactly what it counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.make import make_account, make_opportunity, make_product
from dealwright.base.access.actor import system
from dealwright.base.objects.registry import object_type
from dealwright.base.records.queries import count_records
from dealwright.crm.accounts.queries import family_of, rollups
from dealwright.crm.models import Opportunity, Stage, StageHistory
from dealwright.crm.opportunities.board import ageing_deals, stage_groups
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from dealwright.crm.opportunities.queries import stage_bar
from dealwright.crm.opportunities.services import move_opportunity, win_opportunity
from dealwright.crm.reports.queries import (
    Period,
    deals_of_step,
    funnel,
    pipeline_by_stage,
    total_win_rate,
    win_rates,
)
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db
YEAR = Period(date(2017, 1, 1), date(2017, 12, 31))


def counted(tree):
    return count_records(system(), object_type("opportunity"), filter=tree).count


def make_company():
    east, west = make_user("Eve", region="East"), make_user("Will", region="West")
    pro, basic = make_product(name="GTX Pro"), make_product(name="GTX Basic")
    for owner, product, stage, amount in (
        (east, pro, "Won", "100"), (east, pro, "Won", "300"), (east, basic, "Lost", "0"),
        (west, pro, "Lost", "0"), (west, None, "Won", "50"),
    ):  # fmt: skip
        make_opportunity(
            owner=owner, product=product, stage=stage, amount=amount, close_date="2017-05-01"
        )
    make_opportunity(owner=east, stage="Won", amount="999", close_date="2018-01-01")
    make_opportunity(owner=west, amount="70", stage="Prospecting")
    return east, west


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("agent", {"Eve": (2, 1), "Will": (1, 1)}),
        ("region", {"East": (2, 1), "West": (1, 1)}),
        ("product", {"GTX Pro": (2, 1), "GTX Basic": (0, 1), "": (1, 0)}),
    ],
)
def test_win_rates_and_their_lists(by, expected):
    make_company()
    rates = win_rates(system(), by=by, period=YEAR)
    assert {each.label: (each.won, each.lost) for each in rates} == expected
    for each in rates:
        assert counted(each.won_tree) == each.won
        assert counted(each.lost_tree) == each.lost
        assert counted(each.closed_tree) == each.closed
    total = total_win_rate(rates, YEAR)
    assert (total.won, total.lost, total.rate) == (3, 2, Decimal("0.6"))
    assert total.amounts == {"USD": Decimal("450.00")}
    assert counted(total.closed_tree) == 5


def test_currencies_are_never_added_together():
    make_opportunity(stage="Won", amount="10", currency="EUR", close_date="2017-05-01")
    make_opportunity(stage="Won", amount="20", currency="USD", close_date="2017-05-01")
    (row,) = win_rates(system(), by="region", period=YEAR)
    assert row.amounts == {"EUR": 10, "USD": 20}


def test_reports_count_what_one_may_see():
    east, _ = make_company()
    assert [each.label for each in win_rates(acting(east), by="agent", period=YEAR)] == ["Eve"]


def test_the_pipeline_by_stage_and_its_lists():
    make_opportunity(amount="100")
    make_opportunity(amount="200")
    make_opportunity(amount="50", stage="Contract")
    sums = pipeline_by_stage(system())
    assert [(each.stage, each.count, each.amount, each.weighted) for each in sums] == [
        ("Prospecting", 2, Decimal(300), Decimal(30)),
        ("Contract", 1, Decimal(50), Decimal(40)),
    ]
    assert [counted(each.tree) for each in sums] == [2, 1]


def test_the_funnel_counts_how_far_deals_came():
    pipeline = ensure_default_pipeline()
    stages = {stage.name: stage for stage in pipeline.stages.all()}
    make_opportunity()
    engaged = make_opportunity(amount="10")
    move_opportunity(system(), engaged.pk, stages["Engaging"].pk)
    won = make_opportunity(amount="400", engaged_on="2026-01-01")
    win_opportunity(system(), won.pk, close_date=date(2026, 1, 21))
    found = funnel(system(), pipeline_id=pipeline.pk, period=Period())
    assert [(step.stage, step.count) for step in found.steps] == [
        ("Prospecting", 3), ("Engaging", 2), ("Proposal", 1), ("Contract", 1), ("Won", 1),
    ]  # fmt: skip
    for step, counted in enumerate(found.steps):
        deals = deals_of_step(system(), pipeline_id=pipeline.pk, period=Period(), step=step)
        assert len(deals) == counted.count
    (last,) = deals
    assert last["id"] == won.pk
    (velocity,) = found.velocities
    assert (velocity.win_rate, velocity.mean_amount, velocity.mean_days) == (1, 400, 20)
    assert velocity.per_day == Decimal(60)


def test_the_stage_bar_counts_days_in_each_stage():
    deal = make_opportunity(amount="10")
    engaging = Stage.objects.get(name="Engaging", pipeline=deal.pipeline)
    move_opportunity(system(), deal.pk, engaging.pk)
    first, second = StageHistory.objects.filter(opportunity=deal)
    StageHistory.objects.filter(pk=first.pk).update(at=datetime(2026, 1, 1, tzinfo=UTC))
    StageHistory.objects.filter(pk=second.pk).update(at=datetime(2026, 1, 11, tzinfo=UTC))
    bar = stage_bar(deal.pk, has_task=False)
    steps = {step.name: step for step in bar.steps}
    assert (steps["Prospecting"].state, steps["Prospecting"].days) == ("done", 10)
    assert steps["Engaging"].state == "current"
    assert steps["Won"].state == "ahead"


def test_ageing_deals_say_why():
    resting, late, idle, later, fine = (make_opportunity(next_step=step) for step in "abcde")
    Opportunity.objects.filter(pk=resting.pk).update(
        stage_entered_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    Opportunity.objects.filter(pk=late.pk).update(close_date=date(2026, 1, 1))
    today = timezone.localdate()
    for deal, days in ((idle, 10), (later, 20)):
        Opportunity.objects.filter(pk=deal.pk).update(
            next_step="", close_date=today + timedelta(days=days)
        )
    said = ageing_deals(system(), [each.pk for each in (resting, late, idle, later, fine)])
    assert said[resting.pk].startswith("In this stage for ")
    assert said[late.pk] == "The close date has passed"
    assert said[idle.pk] == "Closes soon without a next step"
    assert {later.pk, fine.pk}.isdisjoint(said)


def test_the_board_shows_one_pipeline_at_a_time():
    groups = stage_groups()
    assert [group.label for group in groups] == ["Sales"]
    assert len(groups[0].values) == 6


def test_a_group_of_companies_sums_up():
    boss = make_administrator()
    top = make_account(name="Top")
    middle = make_account(name="Middle", parent=top)
    make_account(name="Low", parent=middle)
    make_opportunity(account=middle, amount="100")
    make_opportunity(account=top, amount="50", stage="Won")
    make_opportunity(account=make_account(), amount="7")
    (sums,) = rollups(boss, top.pk)
    assert (sums.open_count, sums.open_amount, sums.weighted) == (1, 100, 10)
    assert (sums.won_count, sums.won_amount) == (1, 50)
    assert rollups(boss, middle.pk)[0].won_count == 0
    family = [(each["name"], each["depth"]) for each in family_of(boss, middle.pk)]
    assert family == [("Top", 0), ("Middle", 1), ("Low", 2)]


def test_hidden_companies_of_a_group_have_no_name():
    rep = make_user()
    top = make_account(name="Secret", owner=make_user("Other"))
    mine = make_account(name="Mine", parent=top, owner=rep)
    family = family_of(rep, mine.pk)
    assert [(each["name"], each["id"]) for each in family] == [("", None), ("Mine", mine.pk)]
