"""A text tried on past periods: exact differences, kept, and nothing is posted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation.make import TEST, TIERS, book, close, make_payee, make_plan
from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.jobs import run_jobs
from dealwright.base.jobs.models import JobRun
from dealwright.base.jobs.runs import cancel_run
from dealwright.base.people.models import Profile
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.services import activate_version, write_version
from dealwright.compensation.simulation.comparison import Pay, compare, histogram, percentile
from dealwright.compensation.simulation.jobs import start_backtest
from dealwright.compensation.simulation.models import Backtest
from dealwright.compensation.simulation.services import calculate_backtest, create_backtest
from make import acting, make_user

YEAR = (date(2027, 1, 1), date(2027, 3, 31))


def text_of(plan: CompensationPlan, old: str = "", new: str = "") -> str:
    return (
        plan.versions.get(number=1).text.replace(old, new)
        if old
        else (plan.versions.get(number=1).text)
    )


def tried(plan: CompensationPlan, text: str, **more: object) -> Backtest:
    first, last = YEAR
    backtest = create_backtest(
        TEST, plan.pk, text=text, label="Edited", starts_on=first, ends_on=last, **more
    )
    return calculate_backtest(TEST, backtest.pk)


def rows_of(backtest: Backtest) -> list[tuple[str, str, str, str, str]]:
    return [
        (row.payee.name, row.period, row.component, f"{row.before}", f"{row.after}")
        for row in backtest.pay.select_related("payee").order_by("payee__name", "number")
    ]


@pytest.mark.slow
@pytest.mark.django_db
def test_what_was_and_what_would_be() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(1500, (ann, "1"), on=date(2027, 1, 10))
    book(400, (bob, "1"), on=date(2027, 2, 10))
    posted = Posting.objects.count()
    found = tried(plan, text_of(plan, "[[0, 5%], [100%, 7%]]", "[[0, 4%], [100%, 10%]]"))
    # Ann: 1,000 at 5 % and 500 at 7 %, against 4 % and 10 %. Bob: 400 at 5 %, against 4 %.
    assert rows_of(found) == [
        ("Ann", "2027-01", "commission", "85.00", "90.00"),
        ("Bob", "2027-02", "commission", "20.00", "16.00"),
    ]
    assert (found.before, found.after) == (Decimal(105), Decimal(106))
    assert found.finished_at
    assert found.base_hash == plan.versions.get().hash
    assert len(found.input_hash) == 64
    assert Posting.objects.count() == posted


@pytest.mark.slow
@pytest.mark.django_db
def test_a_plan_against_itself_changes_nobodys_pay() -> None:
    plan = make_plan(TIERS + "draw: {amount: 100, periods: 6}\n")
    mia = make_payee(plan, "Mia", profile=Profile.MANAGER)
    ann = make_payee(plan, "Ann", manager=mia)
    for month, amount in ((1, 1500), (2, 20), (3, 900)):
        book(amount, (ann, "0.6"), (mia, "0.4"), on=date(2027, month, 10))
    found = tried(plan, text_of(plan))
    assert found.pay.count() > 4
    assert all(row.before == row.after for row in found.pay.all())
    assert found.before == found.after
    assert found.text_hash == found.base_hash


@pytest.mark.slow
@pytest.mark.django_db
def test_what_was_is_what_the_closed_periods_paid() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1500, (ann, "1"), on=date(2027, 1, 10))
    close("2027-01")
    found = tried(plan, text_of(plan, "7%", "8%"))
    assert [row[3:] for row in rows_of(found)] == [("85.00", "90.00")]


@pytest.mark.slow
@pytest.mark.django_db
def test_each_period_is_compared_with_the_version_that_was_active_in_it() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    for month in (1, 2):
        book(1000, (ann, "1"), on=date(2027, month, 10))
    version = write_version(TEST, plan.pk, text_of(plan, "5%", "6%"))
    activate_version(TEST, version.pk, date(2027, 2, 1))
    found = tried(plan, text_of(plan, "5%", "8%"))
    assert [row[3:] for row in rows_of(found)] == [("50.00", "80.00"), ("60.00", "80.00")]
    against_first = tried(plan, text_of(plan, "5%", "8%"), base=plan.versions.get(number=1))
    assert [row[3:] for row in rows_of(against_first)] == [("50.00", "80.00")] * 2


@pytest.mark.slow
@pytest.mark.django_db
def test_a_draft_of_next_year_is_tried_on_this_one() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1000, (ann, "1"), on=date(2027, 1, 10))
    text = text_of(plan, "currency: EUR", "currency: EUR\neffective: 2028-01-01")
    assert [row[3:] for row in rows_of(tried(plan, text))] == [("50.00", "50.00")]


@pytest.mark.slow
@pytest.mark.django_db
def test_what_cannot_be_compared_is_refused() -> None:
    plan = make_plan()
    with pytest.raises(Invalid, match="another currency"):
        tried(plan, text_of(plan, "EUR", "USD"))
    with pytest.raises(Invalid, match="another calendar"):
        tried(plan, text_of(plan, "month", "quarter"))
    with pytest.raises(Invalid, match="The plan has 2 errors"):
        tried(plan, text_of(plan, "tiered", "tierd"))
    with pytest.raises(Invalid, match="No version"):
        create_backtest(
            TEST,
            plan.pk,
            text=text_of(plan),
            label="",
            starts_on=date(2025, 1, 1),
            ends_on=date(2025, 12, 31),
        )
    with pytest.raises(Invalid, match="before the first"):
        create_backtest(
            TEST,
            plan.pk,
            text=text_of(plan),
            label="",
            starts_on=date(2027, 2, 1),
            ends_on=date(2027, 1, 1),
        )
    assert not Backtest.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db
def test_only_who_runs_pay_may_try_a_plan() -> None:
    plan = make_plan()
    first, last = YEAR
    for profile in (Profile.REP, Profile.MANAGER):
        with pytest.raises(NotAllowed):
            start_backtest(
                acting(make_user(profile=profile)),
                plan.pk,
                text=text_of(plan),
                label="x",
                starts_on=first,
                ends_on=last,
            )
    with pytest.raises(NotFound):
        create_backtest(
            TEST, make_user().pk, text=text_of(plan), label="x", starts_on=first, ends_on=last
        )


def started(actor: Actor, plan: CompensationPlan) -> Backtest:
    first, last = YEAR
    return start_backtest(
        actor, plan.pk, text=text_of(plan, "5%", "6%"), label="6 %", starts_on=first, ends_on=last
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_runs_as_a_job_that_can_be_watched() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1000, (ann, "1"), on=date(2027, 1, 10))
    backtest = started(acting(make_user(profile=Profile.FINANCE)), plan)
    run_jobs()
    run = JobRun.objects.get(pk=backtest.job_id)
    assert (run.status, run.error) == ("done", "")
    assert run.result_url == f"/compensation/backtests/{backtest.pk}"
    backtest.refresh_from_db()
    assert (backtest.before, backtest.after) == (Decimal(50), Decimal(60))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_can_be_cancelled_and_then_keeps_nothing() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1000, (ann, "1"), on=date(2027, 1, 10))
    finance = acting(make_user(profile=Profile.FINANCE))
    backtest = started(finance, plan)
    run = JobRun.objects.get(pk=backtest.job_id)
    run.started_at = backtest.created_at
    run.save()
    cancel_run(finance, run.pk)
    run_jobs()
    run.refresh_from_db()
    backtest.refresh_from_db()
    assert run.status == "cancelled"
    assert backtest.finished_at is None
    assert not backtest.pay.exists()


AMOUNTS = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.integers(1, 3), st.sampled_from(["x", "y"])),
    st.decimals(-1000, 1000, places=2),
)


@given(AMOUNTS, AMOUNTS)
def test_winners_less_losers_is_the_difference_of_the_totals(
    before: dict[tuple[str, int, str], Decimal], after: dict[tuple[str, int, str], Decimal]
) -> None:
    from dealwright.compensation.simulation.comparison import by_component, by_payee, total_of

    rows = compare(before, after)
    total = total_of(rows)
    assert total.difference == sum(after.values()) - sum(before.values())
    payees = by_payee(rows)
    won = sum(each.difference for each in payees if each.difference > 0)
    lost = sum(-each.difference for each in payees if each.difference < 0)
    assert won - lost == total.difference
    assert sum(each.difference for each in by_component(rows)) == total.difference
    assert [each.difference for each in payees] == sorted(
        (each.difference for each in payees), reverse=True
    )
    assert compare(before, before) == [
        Pay(*key, value, value) for key, value in sorted(before.items()) if value
    ]


@given(
    st.lists(st.decimals(-5000, 5000, places=2), max_size=30),
    st.lists(st.decimals(-5000, 5000, places=2), max_size=30),
)
def test_every_payee_stands_in_one_column(before: list[Decimal], after: list[Decimal]) -> None:
    bins = histogram(before, after)
    assert sum(each.before for each in bins) == len(before)
    assert sum(each.after for each in bins) == len(after)
    assert len(bins) <= 14
    assert all(one.high == other.low for one, other in pairwise(bins))


def test_a_percentile_is_one_of_the_values() -> None:
    values = [Decimal(each) for each in (50, 10, 40, 20, 30)]
    assert [percentile(values, each) for each in (10, 20, 21, 50, 90, 100)] == [
        10, 10, 20, 30, 50, 50,
    ]  # fmt: skip
    assert percentile([], 50) == 0
