"""From bookings to the ledger: at once, by the truth, and never into a closed period."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import Error, transaction

from compensation.make import (
    TEST,
    balance,
    book,
    close,
    ledger_total,
    make_payee,
    make_plan,
    owed,
    standing_lines,
)
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events.models import OutboxEvent
from dealwright.base.exchange_rates import set_rate
from dealwright.compensation.bookings.services import (
    record_payment,
    record_termination,
)
from dealwright.compensation.calculation.models import Attainment, CalculationRun, RunLine
from dealwright.compensation.calculation.services import Cause, calculate_period, recalculate_for
from dealwright.compensation.credits.services import void_event
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.services import activate_version, write_version

pytestmark = pytest.mark.django_db


def test_a_booking_pays_each_share_by_its_own_tiers() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(2000, (ann, "0.7"), (bob, "0.3"))
    # Ann: 1,000 at 5 % and 400 at 7 %; Bob: 600 at 5 %.
    assert owed(ann, "2027-01") == "78.00"
    assert owed(bob, "2027-01") == "30.00"
    assert standing_lines(ann) == [
        ("commission", "band", "28.00"),
        ("commission", "band", "50.00"),
    ]
    assert ledger_total() == 0


def test_a_second_booking_posts_only_the_difference() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), on=date(2027, 1, 10))
    book(800, (ann, "1"), on=date(2027, 1, 20))
    assert owed(ann, "2027-01") == "92.00"
    runs = CalculationRun.objects.order_by("id")
    assert [run.delta_count for run in runs] == [1, 2]
    assert [f"{run.delta:.2f}" for run in runs] == ["40.00", "52.00"]


def test_an_earlier_deal_that_arrives_late_moves_the_later_one_to_another_band() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), on=date(2027, 1, 20))
    book(800, (ann, "1"), on=date(2027, 1, 10))
    assert owed(ann, "2027-01") == "92.00"
    assert RunLine.objects.filter(sign=-1).count() == 1  # the 800 at 5 % is true no longer
    assert ledger_total() == 0


def test_the_same_booking_again_changes_nothing() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), key="deal")
    before = (Posting.objects.count(), CalculationRun.objects.count())
    book(800, (ann, "1"), key="deal")
    assert (Posting.objects.count(), CalculationRun.objects.count()) == before


def test_a_corrected_booking_corrects_the_statement() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan), make_payee(plan)
    book(800, (ann, "1"), key="deal")
    book(600, (bob, "1"), key="deal")
    assert owed(ann, "2027-01") == "0.00"
    assert owed(bob, "2027-01") == "30.00"


def test_a_void_booking_pays_nothing() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), key="deal")
    recorded = void_event(TEST, "deal")
    assert recorded is not None
    recalculate_for(TEST, recorded, Cause("void"))
    assert owed(ann, "2027-01") == "0.00"
    assert standing_lines(ann) == []


def test_nobody_on_a_plan_is_no_error() -> None:
    from make import make_user

    book(800, (make_user(), "1"))
    assert Posting.objects.count() == 0


def test_closed_periods_stay_and_late_deals_post_into_the_open_one() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), on=date(2027, 1, 10))
    january = close("2027-01")
    before = list(Posting.objects.filter(posted_period=january).values_list("id", "amount"))
    book(800, (ann, "1"), on=date(2027, 1, 20))
    assert owed(ann, "2027-01") == "40.00"
    assert owed(ann, "2027-02") == "52.00"
    late = Posting.objects.filter(posted_period__label="2027-02", account=Account.PAYABLE).get()
    assert late.earned_period == january
    assert list(Posting.objects.filter(posted_period=january).values_list("id", "amount")) == before


def test_the_database_itself_refuses_postings_into_closed_periods_and_lopsided_entries() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), on=date(2027, 1, 10))
    posting = Posting.objects.first()
    assert posting is not None
    for change in (
        "update compensation_posting set amount = 1",
        "delete from compensation_posting",
    ):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            _sql(change)
    posting.pk, posting.entry = TEST_ID, TEST_ID
    with pytest.raises(Error, match="is off by"), transaction.atomic():
        posting.save(force_insert=True)
    january = close("2027-01")
    with pytest.raises(Error, match="takes no postings any more"), transaction.atomic():
        posting.save(force_insert=True)
    with pytest.raises(Error, match="is closed"), transaction.atomic():
        PayPeriod.objects.filter(pk=january.pk).update(label="x")


def test_clawback_posts_into_the_open_period_and_no_more_than_was_paid() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan), make_payee(plan)
    book(2000, (ann, "0.7"), (bob, "0.3"), on=date(2027, 1, 10), key="deal")
    january = close("2027-01")
    record_termination(TEST, booking="deal", on=date(2027, 2, 20))
    assert owed(ann, "2027-01") == "78.00"
    assert owed(ann, "2027-02") == "-78.00"
    assert owed(bob, "2027-02") == "-30.00"
    assert ledger_total() == 0
    assert january.merkle_root
    # A second termination finds nothing left to take back.
    record_termination(TEST, booking="deal", on=date(2027, 2, 25), key="deal:again")
    assert owed(ann, "2027-02") == "-78.00"


def test_clawback_of_a_deal_of_last_year() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(1000, (ann, "1"), on=date(2027, 11, 10), key="deal")
    record_termination(TEST, booking="deal", on=date(2028, 3, 20))
    assert owed(ann, "2027-11") == "50.00"
    assert owed(ann, "2028-03") == "-25.00"


def test_holdback_waits_for_the_money() -> None:
    plan = make_plan(
        """
        currency: EUR
        components:
          - flat: {id: commission, rate: 10%}
          - holdback: {id: collection, on: commission, share: 40%}
        """
    )
    ann = make_payee(plan)
    book(1000, (ann, "1"), on=date(2027, 1, 10), key="deal")
    assert owed(ann, "2027-01") == "60.00"
    assert balance(ann, Account.HOLDBACK) == "-40.00"
    record_payment(TEST, booking="deal", key="p1", on=date(2027, 2, 1), amount=Decimal(500))
    record_payment(TEST, booking="deal", key="p2", on=date(2027, 3, 1), amount=Decimal(500))
    assert (owed(ann, "2027-02"), owed(ann, "2027-03")) == ("20.00", "20.00")
    assert balance(ann, Account.HOLDBACK) == "0.00"
    assert balance(ann, Account.EXPENSE) == "100.00"


def test_draws_are_a_receivable_until_recovered() -> None:
    plan = make_plan(
        """
        currency: EUR
        components:
          - flat: {id: commission, rate: 10%}
          - draw: {id: draw, amount: 1000}
        """
    )
    ann = make_payee(plan)
    book(4000, (ann, "1"), on=date(2027, 1, 10))
    assert owed(ann, "2027-01") == "1000.00"
    assert balance(ann, Account.DRAW) == "600.00"
    book(13000, (ann, "1"), on=date(2027, 2, 10))
    assert owed(ann, "2027-02") == "1000.00"
    assert balance(ann, Account.DRAW) == "300.00"


def test_managers_above_are_paid_on_their_reports() -> None:
    plan = make_plan(
        """
        currency: EUR
        components:
          - flat: {id: commission, rate: 10%}
          - override: {id: lead, rate: 3%}
        """
    )
    mia = make_payee(plan, "Mia")
    ann = make_payee(plan, "Ann", manager=mia)
    book(1000, (ann, "1"))
    assert owed(ann, "2027-01") == "100.00"
    assert owed(mia, "2027-01") == "30.00"
    assert standing_lines(mia) == [("lead", "rate", "30.00")]


def test_a_new_version_pays_from_its_day_on() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), on=date(2027, 1, 10))
    text = plan.versions.get().text.replace("5%", "6%")
    version = write_version(TEST, plan.pk, text)
    activate_version(TEST, version.pk, date(2027, 2, 1))
    book(800, (ann, "1"), on=date(2027, 2, 10))
    assert (owed(ann, "2027-01"), owed(ann, "2027-02")) == ("40.00", "48.00")


def test_the_text_of_an_active_version_stays() -> None:
    plan = make_plan()
    version = plan.versions.get()
    version.text += "\n"
    with pytest.raises(Error, match="is active"), transaction.atomic():
        version.save()


def test_attainment_is_kept_for_the_leaderboard() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(1500, (ann, "1"))
    row = Attainment.objects.get(payee=ann, period__label="2027-01")
    assert (row.component, row.reached, row.quota) == ("commission", 1500, 1000)


def test_other_currencies_need_a_rate_and_use_it() -> None:
    from dealwright.base.exchange_rates import set_rate

    plan = make_plan()
    ann = make_payee(plan)
    with pytest.raises(Invalid, match="no exchange rate from USD to EUR"):
        book(1000, (ann, "1"), currency="USD")
    assert Posting.objects.count() == 0
    set_rate(
        TEST, base="USD", quote="EUR", rate=Decimal("0.5"), valid_on=date(2027, 1, 1), source="t"
    )
    book(1000, (ann, "1"), currency="USD")
    assert owed(ann, "2027-01") == "25.00"


def test_splits_that_miss_the_whole_are_refused() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan), make_payee(plan)
    with pytest.raises(Invalid, match=r"The shares sum to 99.99 %; they must sum to 100 %\."):
        book(1000, (ann, "0.6999"), (bob, "0.3"))


def test_calculating_a_period_finds_what_the_fast_way_found() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan), make_payee(plan)
    book(2000, (ann, "0.7"), (bob, "0.3"))
    period = PayPeriod.objects.get(label="2027-01")
    (run,) = calculate_period(TEST, period.pk)
    assert run.delta_count == 0
    assert run.line_count == 3
    period.refresh_from_db()
    assert period.state == "calculated"


def test_a_closed_period_is_not_calculated() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"))
    january = close("2027-01")
    with pytest.raises(Conflict, match="2027-01 is closed and stays as it is"):
        calculate_period(TEST, january.pk)


def test_statement_changed_is_told_with_the_deal_behind_it() -> None:
    from crm.make import make_opportunity

    deal = make_opportunity()
    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), object="opportunity", record_id=deal.pk)
    told = OutboxEvent.objects.get(name="statement.changed")
    assert told.payload["user_id"] == str(ann.pk)
    assert told.record_id == deal.pk
    assert "amount" not in told.payload


def _sql(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)


TEST_ID = "01890000-0000-7000-8000-000000000001"


def test_what_pay_cannot_cover_of_a_clawback_is_a_receivable() -> None:
    plan = make_plan(
        """
        currency: EUR
        calendar: month
        components:
          - flat: {id: commission, rate: 10%}
        clawback: {trigger: termination, recover_share: 50%}
        """
    )
    ann = make_payee(plan)
    book(3000, (ann, "1"), on=date(2027, 1, 10), key="deal")
    record_termination(TEST, booking="deal", on=date(2027, 2, 9))
    assert owed(ann, "2027-02") == "0.00"
    assert balance(ann, Account.CLAWBACK) == "300.00"
    book(4000, (ann, "1"), on=date(2027, 3, 1))
    # Half of March's 400 goes into what is owed; 100 stays.
    assert owed(ann, "2027-03") == "200.00"
    assert balance(ann, Account.CLAWBACK) == "100.00"
    assert ledger_total() == 0


def test_a_plan_may_pay_by_periods_of_weeks() -> None:
    plan = make_plan(
        """
        currency: EUR
        calendar: {kind: 4-4-5, starts: 2027-02-01}
        components:
          - flat: {id: commission, rate: 10%}
        """,
        starts_on=date(2027, 2, 1),
    )
    ann = make_payee(plan)
    book(1000, (ann, "1"), on=date(2027, 2, 28))
    book(500, (ann, "1"), on=date(2027, 3, 1))
    weeks = "4-4-5@2027-02-01"
    assert owed(ann, "2027-P01", calendar=weeks) == "100.00"
    assert owed(ann, "2027-P02", calendar=weeks) == "50.00"
    first = PayPeriod.objects.get(label="2027-P01", calendar=weeks)
    assert (first.starts_on, first.ends_on) == (date(2027, 2, 1), date(2027, 2, 28))
    close("2027-P01", calendar=weeks)
    book(200, (ann, "1"), on=date(2027, 2, 20))
    # Late for a closed period: posted into the one that is open.
    assert owed(ann, "2027-P02", calendar=weeks) == "70.00"


def test_the_average_rate_of_a_month_is_the_mean_of_its_days() -> None:
    for day, rate in ((1, "0.90"), (11, "0.93")):
        set_rate(
            TEST,
            base="USD",
            quote="EUR",
            rate=Decimal(rate),
            valid_on=date(2027, 1, day),
            source="test",
        )
    plan = make_plan(
        """
        currency: EUR
        calendar: month
        measures:
          sales: {of: booking, rates: month}
        components:
          - flat: {id: commission, rate: 10%}
        """
    )
    ann = make_payee(plan)
    book(1000, (ann, "1"), on=date(2027, 1, 5), currency="USD")
    # Ten days at 0.90 and 21 at 0.93 are 0.920322581 on average: 920.32 EUR.
    assert owed(ann, "2027-01") == "92.03"
