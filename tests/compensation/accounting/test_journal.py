"""From commission lines to the journal: capitalised, amortised, impaired, accrued, sealed."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.db.utils import InternalError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compensation.accounting.make import FLAT, balance, by_month, make_policy, month
from compensation.make import TEST, book, close, make_payee, make_plan
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Profile
from dealwright.compensation.accounting.models import (
    AccountingRun,
    ContractCost,
    CostPolicy,
    JournalLine,
    MonthClose,
)
from dealwright.compensation.accounting.services import (
    close_month,
    delete_policy,
    impairment_test,
    record_ending,
    revise_period,
    run_month,
    set_cost_centre,
    verify_close,
    withdraw_decision,
)
from dealwright.compensation.bookings.services import record_termination
from dealwright.compensation.calculation.services import Cause, recalculate_for
from dealwright.compensation.credits.services import void_event
from dealwright.compensation.ledger.services import balances_to_pay, pay_period
from dealwright.compensation.periods.models import PayPeriod
from make import acting, make_team, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_a_commission_of_12_000_is_capitalised_and_amortised_over_36_months() -> None:
    plan = make_plan(FLAT)
    make_policy(plan)
    ann = make_payee(plan)
    deal = book(120000, (ann, "1"), on=date(2027, 1, 15))
    run_month(TEST, month(36))
    assert by_month("deferred_asset") == (
        {"2027-01": "11666.67"}
        | {f"{month(n):%Y-%m}": "-333.33" for n in range(2, 36)}
        | {"2029-12": "-333.45"}
    )
    assert balance("amortisation_expense", month(36)) == 12000
    # The extra of 1 % is no cost of a contract by this policy: it stays expense.
    assert by_month("commission_expense") == {"2027-01": "1200.00"}
    assert by_month("commission_expense", deal) == {"2027-01": "-12000.00"}
    cost = ContractCost.objects.get()
    assert (cost.months, cost.because) == (36, "the fixed period of benefit")


def test_running_again_writes_nothing() -> None:
    plan = make_plan(FLAT)
    make_policy(plan)
    book(120000, (make_payee(plan), "1"))
    assert run_month(TEST, month(3)).line_count > 0
    again = run_month(TEST, month(3))
    assert (again.line_count, again.cost_count) == (0, 1)


def test_a_termination_in_month_10_impairs_exactly_what_is_left() -> None:
    """The clawback takes half of 12,000.00 in October; 3,000.03 is left, of which October bears
    a 27th (111.11)."""
    plan = make_plan(FLAT)
    make_policy(plan)
    deal = book(120000, (make_payee(plan), "1"), on=date(2027, 1, 15), key="deal")
    run_month(TEST, month(9))
    record_termination(TEST, booking="deal", on=date(2027, 10, 9))
    run_month(TEST, month(12))
    assert by_month("impairment_expense", deal) == {"2027-10": "2888.92"}
    assert by_month("amortisation_expense", deal)["2027-10"] == "111.11"
    assert by_month("commission_expense", deal) == {"2027-01": "-12000.00", "2027-10": "6000.00"}
    assert balance("deferred_asset", month(12)) == 0


def test_a_termination_after_the_clawbacks_time_impairs_it_all() -> None:
    """Month 14: 14 times 333.33 is borne, 12,000.00 - 4,666.62 is impaired."""
    plan = make_plan(FLAT)
    make_policy(plan)
    deal = book(120000, (make_payee(plan), "1"), on=date(2027, 1, 15), key="deal")
    record_termination(TEST, booking="deal", on=date(2028, 2, 20))
    run_month(TEST, month(16))
    assert by_month("impairment_expense", deal) == {"2028-02": "7333.38"}
    assert balance("deferred_asset", month(16)) == 0


def test_half_a_contract_ends_and_half_is_impaired() -> None:
    plan = make_plan(FLAT)
    make_policy(plan)
    book(120000, (make_payee(plan), "1"), on=date(2027, 1, 15), key="deal")
    record_termination(TEST, booking="deal", on=date(2028, 2, 20), amount=Decimal(60000))
    run_month(TEST, month(14))
    assert by_month("impairment_expense") == {"2028-02": "3666.69"}


def test_the_contracts_term_counts_from_the_contracts_start() -> None:
    plan = make_plan(FLAT)
    make_policy(plan, basis=CostPolicy.Basis.TERM)
    ann = make_payee(plan)
    terms = {"contract_term_months": 24, "contract_starts_on": "2027-03-01", "term_months": 12}
    book(120000, (ann, "1"), on=date(2027, 1, 15), attributes=terms)
    run_month(TEST, month(26))
    assert by_month("amortisation_expense") == {f"{month(n):%Y-%m}": "500.00" for n in range(3, 27)}
    assert ContractCost.objects.get().because == "the contract's term"


def test_renewals_pay_alike_or_not() -> None:
    """Commensurate: the term. Else the fixed months. A renewal: its own term."""
    plan = make_plan(FLAT)
    make_policy(plan, "commission!", "extra", basis=CostPolicy.Basis.BENEFIT, months=60)
    ann = make_payee(plan)
    book(1000, (ann, "1"), key="new", attributes={"term_months": 24})
    book(1000, (ann, "1"), key="again", attributes={"term_months": 36, "deal_kind": "renewal"})
    book(1000, (ann, "1"), key="bare")
    run_month(TEST, month(1))
    found = ContractCost.objects.values_list("event__key", "component", "months", "because")
    assert set(found) == {
        ("new", "commission", 24, "the contract's term"),
        ("new", "extra", 60, "the fixed period of benefit"),
        ("again", "commission", 36, "the renewal's term"),
        ("again", "extra", 36, "the renewal's term"),
        ("bare", "commission", 60, "no term is known, so the fixed period of benefit"),
        ("bare", "extra", 60, "the fixed period of benefit"),
    }


def test_twelve_months_or_less_are_expensed_by_the_expedient() -> None:
    plan = make_plan(FLAT)
    make_policy(plan, basis=CostPolicy.Basis.TERM)
    ann = make_payee(plan)
    book(1000, (ann, "1"), attributes={"term_months": 12})
    book(1000, (ann, "1"), attributes={"term_months": 13})
    run_month(TEST, month(1))
    assert by_month("deferred_asset") == {"2027-01": "92.31"}  # 100.00 - 7.69
    assert set(ContractCost.objects.values_list("months", "is_expensed")) == {
        (12, True),
        (13, False),
    }
    make_policy(plan, basis=CostPolicy.Basis.TERM, expedient=False)
    run_month(TEST, month(1))
    assert by_month("deferred_asset") == {"2027-01": "183.98"}  # and 100.00 - 8.33


def test_the_employers_tax_is_capitalised_as_well() -> None:
    plan = make_plan(FLAT)
    make_policy(plan, tax_rate=Decimal("0.0765"))
    book(120000, (make_payee(plan), "1"))
    run_month(TEST, month(1))
    assert by_month("payroll_tax_expense") == {"2027-01": "-918.00"}
    assert by_month("amortisation_expense") == {"2027-01": "358.83"}
    assert balance("deferred_asset", month(1)) == Decimal("12559.17")


def test_a_cap_on_the_period_is_spread_over_its_deals() -> None:
    """300 and 100 are capped at 200: 150 and 50 are what they cost."""
    plan = make_plan(
        """
        currency: EUR
        calendar: month
        components:
          - flat: {id: commission, rate: 10%}
          - cap: {id: limit, on: commission, amount: 200}
        """
    )
    make_policy(plan, months=20)
    ann = make_payee(plan)
    large, small = book(3000, (ann, "1")), book(1000, (ann, "1"))
    run_month(TEST, month(1))
    assert by_month("commission_expense", large) == {"2027-01": "-150.00"}
    assert by_month("commission_expense", small) == {"2027-01": "-50.00"}
    assert balance("commission_expense", month(1)) == 0


def test_what_another_component_takes_back_falls_on_what_it_acts_on() -> None:
    """The clawback acts on the commission only; the extra keeps its cost."""
    plan = make_plan(FLAT)
    make_policy(plan, "commission", "extra", months=20)
    book(1000, (make_payee(plan), "1"), key="deal")
    record_termination(TEST, booking="deal", on=date(2027, 2, 20))
    run_month(TEST, month(2))
    taken = {
        (row["cost__component"], row["month"]): row["sum"]
        for row in JournalLine.objects.filter(account="commission_expense", cost__isnull=False)
        .values("cost__component", "month")
        .annotate(sum=Sum("amount"))
    }
    assert taken == {
        ("commission", month(1)): -100,
        ("extra", month(1)): -10,
        # All of it is taken back; 95.00 is left of it, 5.00 was borne in January.
        ("commission", month(2)): 95,
    }
    assert by_month("impairment_expense") == {"2027-02": "9.00"}


def test_a_closed_month_stays_and_the_difference_goes_into_the_open_one() -> None:
    plan = make_plan(FLAT)
    make_policy(plan, months=12, expedient=False)
    ann = make_payee(plan)
    book(12000, (ann, "1"), key="deal", on=date(2027, 1, 15))
    run_month(TEST, month(3))
    closed = close_month(TEST, month(3))
    before = list(JournalLine.objects.filter(month__lte=month(3)).order_by("id").values())
    book(24000, (ann, "1"), key="deal", on=date(2027, 1, 15))
    run_month(TEST, month(12))
    assert list(JournalLine.objects.filter(month__lte=month(3)).order_by("id").values()) == before
    assert by_month("amortisation_expense") == (
        {f"2027-0{n}": "100.00" for n in (1, 2, 3)}
        | {f"{month(n):%Y-%m}": "233.33" for n in range(4, 12)}
        | {"2027-12": "233.36"}
    )
    # The expense of the higher pay and its capitalisation come into April together.
    assert by_month("accrued_commission") == {"2027-01": "-1320.00", "2027-04": "-1320.00"}
    assert verify_close(closed)


def test_a_deal_that_never_was_leaves_nothing() -> None:
    plan = make_plan(FLAT)
    make_policy(plan, months=20)
    book(12000, (make_payee(plan), "1"), key="deal", on=date(2027, 1, 15))
    run_month(TEST, month(1))
    close_month(TEST, month(1))
    recorded = void_event(TEST, "deal")
    assert recorded is not None
    recalculate_for(TEST, recorded, Cause("void"))
    run_month(TEST, month(2))
    # 60.00 was borne in January and stays there; the expense has it back in February.
    assert by_month("amortisation_expense") == {"2027-01": "60.00"}
    assert by_month("deferred_asset") == {"2027-01": "1140.00", "2027-02": "-1140.00"}
    assert balance("commission_expense", month(2)) == -60


def test_the_database_guards_the_journal() -> None:
    plan = make_plan(FLAT)
    make_policy(plan)
    ann = make_payee(plan)
    book(1000, (ann, "1"))
    run = run_month(TEST, month(2))
    close_month(TEST, month(1))
    shape: dict[str, Any] = {
        "entry": uuid7(), "run": AccountingRun.objects.get(pk=run.pk), "kind": "accrual",
        "payee": ann, "currency": "EUR",
    }  # fmt: skip

    def write(at: int, *amounts: int) -> None:
        JournalLine.objects.bulk_create(
            [
                JournalLine(**shape, month=month(at), account=account, amount=amount)
                for account, amount in zip(
                    ("commission_expense", "accrued_commission"), amounts, strict=False
                )
            ]
        )

    for refused in (lambda: write(1, 5, -5), lambda: write(2, 5, -4), lambda: write(2, 5)):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            refused()
    for sql in (
        "update compensation_journalline set amount = 1",
        "delete from compensation_journalline",
    ):
        with (
            pytest.raises((IntegrityError, InternalError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
    write(2, 5, -5)


def test_closed_months_refuse_by_name() -> None:
    plan = make_plan(FLAT)
    policy = make_policy(plan)
    deal = book(1000, (make_payee(plan), "1"))
    with pytest.raises(Conflict, match="Run 2027-02 first"):
        close_month(TEST, month(2))
    run_month(TEST, month(2))
    close_month(TEST, month(2))
    said = "2027-0. is closed. The first open month is 2027-03."
    for again in (
        lambda: close_month(TEST, month(2)),
        lambda: run_month(TEST, month(1)),
        lambda: make_policy(plan),
        lambda: delete_policy(TEST, policy.pk),
        lambda: record_ending(TEST, deal.pk, date(2027, 2, 3), "Left"),
    ):
        with pytest.raises(Conflict, match=said):
            again()


def test_an_impairment_test_writes_down_the_excess_in_proportion() -> None:
    """200 and 100 less a tenth each are 270; 150 is expected less 30 to serve: 150 too much,
    100.00 and 50.00 of it."""
    plan = make_plan(FLAT)
    make_policy(plan, "commission", months=10, expedient=False)
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    deal = book(3000, (ann, "0.666667"), (bob, "0.333333"))
    kept = impairment_test(
        TEST, deal.pk, month(1), consideration=Decimal(150), costs=Decimal(30), reason="Behind"
    )
    assert kept.carrying == 270
    assert by_month("impairment_expense") == {"2027-01": "150.00"}
    run_month(TEST, month(10))
    assert balance("deferred_asset", month(10)) == 0
    assert by_month("amortisation_expense")["2027-02"] == "13.32"  # 80/9 + 40/9, rounded down
    withdraw_decision(TEST, kept.pk)
    assert by_month("impairment_expense") == {}
    with pytest.raises(Conflict, match="taken back already"):
        withdraw_decision(TEST, kept.pk)
    fine = impairment_test(
        TEST, deal.pk, month(2), consideration=Decimal(9999), costs=Decimal(0), reason="Fine"
    )
    assert fine.amounts == {}


def test_decisions_ask_for_a_reason_and_a_deal() -> None:
    plan = make_plan(FLAT)
    make_policy(plan)
    deal = book(1000, (make_payee(plan), "1"))
    run_month(TEST, month(1))
    with pytest.raises(Invalid, match="reason"):
        record_ending(TEST, deal.pk, date(2027, 1, 3), "  ")
    with pytest.raises(NotFound):
        record_ending(TEST, uuid7(), date(2027, 1, 3), "Left")
    with pytest.raises(Invalid, match="1 to 600"):
        revise_period(TEST, deal.pk, month(1), 0, "Why")
    with pytest.raises(Invalid, match="zero or more"):
        impairment_test(
            TEST, deal.pk, month(1), consideration=Decimal(-1), costs=Decimal(0), reason="x"
        )


def test_a_customer_who_left_and_a_longer_relation() -> None:
    plan = make_plan(FLAT)
    make_policy(plan, months=20)
    deal = book(1000, (make_payee(plan), "1"))
    run_month(TEST, month(2))
    revise_period(TEST, deal.pk, month(3), 38, "They stay longer")  # 90 over 36
    run_month(TEST, month(4))
    assert by_month("amortisation_expense", deal) == {
        "2027-01": "5.00", "2027-02": "5.00", "2027-03": "2.50", "2027-04": "2.50",
    }  # fmt: skip
    record_ending(TEST, deal.pk, date(2027, 4, 9), "Bought by another")
    assert by_month("impairment_expense", deal) == {"2027-04": "85.00"}


def test_pay_is_accrued_until_it_is_paid() -> None:
    plan = make_plan(FLAT)
    ann = make_payee(plan, salary=12000)
    book(1000, (ann, "1"))
    january = close("2027-01")
    run_month(TEST, month(1))
    assert by_month("accrued_commission") == {"2027-01": "-1110.00"}
    pay_period(TEST, january.pk, paid_at=datetime(2027, 2, 10, tzinfo=UTC))
    run_month(TEST, month(2))
    assert by_month("accrued_commission") == {"2027-01": "-1110.00", "2027-02": "1110.00"}
    assert by_month("payroll_clearing") == {"2027-02": "-1110.00"}
    assert by_month("commission_expense") == {"2027-01": "1110.00"}


def test_lines_carry_the_nearest_cost_centre() -> None:
    plan = make_plan(FLAT)
    ann, bob, cem = (make_payee(plan, name) for name in ("Ann", "Bob", "Cem"))
    team = make_team(bob, ann)
    set_cost_centre(TEST, "100")
    set_cost_centre(TEST, "200", team=team)
    set_cost_centre(TEST, "300", user=ann)
    for user in (ann, bob, cem):
        book(1000, (user, "1"))
    run_month(TEST, month(1))
    found = dict(JournalLine.objects.values_list("payee__name", "cost_centre"))
    assert found == {"Ann": "300", "Bob": "200", "Cem": "100"}
    # Another cost centre moves what stands in open months.
    set_cost_centre(TEST, "210", team=team)
    run_month(TEST, month(1))
    rows = JournalLine.objects.filter(payee=bob, account="commission_expense")
    sums = rows.values_list("cost_centre").annotate(sum=Sum("amount"))
    assert dict(sums) == {"200": 0, "210": 110}


def test_a_policy_says_what_is_wrong_with_it() -> None:
    plan = make_plan(FLAT)
    for fields, said in (
        ({"months": 0}, "1 to 600"),
        ({"months": 601}, "1 to 600"),
        ({"tax_rate": Decimal("1")}, "0 % to below 100 %"),
        ({"tax_rate": Decimal("NaN")}, "0 % to below 100 %"),
        ({"basis": "for ever"}, "one of the list"),
        ({"starts_on": date(1900, 1, 1)}, "between 1990 and 2190"),
        ({"components": [{"plan": str(uuid7()), "component": "x"}]}, "no such component"),
    ):
        with pytest.raises(Invalid, match=said):
            make_policy(plan, **fields)


def test_only_finance_and_administrators_may() -> None:
    plan = make_plan(FLAT)
    make_policy(plan)
    deal = book(1000, (make_payee(plan), "1"))
    run_month(TEST, month(1))
    for profile in (Profile.REP, Profile.MANAGER, Profile.LEGAL, Profile.READ_ONLY):
        actor = acting(make_user(profile=profile))
        for verb in (
            lambda: run_month(actor, month(1)),  # noqa: B023  called at once
            lambda: close_month(actor, month(1)),  # noqa: B023
            lambda: record_ending(actor, deal.pk, month(1), "x"),  # noqa: B023
            lambda: set_cost_centre(actor, "1"),  # noqa: B023
        ):
            with pytest.raises(NotAllowed):
                verb()
    run_month(acting(make_user(profile=Profile.FINANCE)), month(1))


happenings = st.lists(
    st.one_of(
        st.tuples(
            st.just("book"),
            st.integers(0, 3),
            st.integers(-3000, 90000),
            st.integers(0, 200),
        ),
        st.tuples(st.just("terminate"), st.integers(0, 3), st.integers(0, 300)),
        st.tuples(st.just("void"), st.integers(0, 3)),
        st.tuples(st.just("run"), st.integers(0, 5)),
        st.tuples(st.just("close")),
        st.tuples(st.just("pay")),
    ),
    min_size=2,
    max_size=9,
)


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(happenings, st.booleans(), st.booleans())
def test_the_journal_keeps_its_promises(steps: Any, by_days: bool, catch_up: bool) -> None:
    with transaction.atomic():
        plan = make_plan(FLAT)
        make_policy(
            plan,
            months=13,
            convention="days" if by_days else "month",
            method="catch_up" if catch_up else "prospective",
            tax_rate=Decimal("0.0765"),
        )
        ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
        open_from, sealed = 1, {}
        for verb, *values in steps:
            key = f"deal-{values[0]}" if values else ""
            if verb == "book":
                on = date.fromordinal(date(2027, 1, 1).toordinal() + values[2])
                book(values[1], (ann, "0.7"), (bob, "0.3"), on=on, key=key)
            elif verb == "terminate":
                on = date.fromordinal(date(2027, 2, 1).toordinal() + values[1])
                with contextlib.suppress(NotFound):
                    record_termination(TEST, booking=key, on=on)
            elif verb == "void":
                recorded = void_event(TEST, key)
                if recorded is not None:
                    recalculate_for(TEST, recorded, Cause("void"))
            elif verb == "run":
                run_month(TEST, month(open_from + values[0]))
            elif verb == "close":
                run_month(TEST, month(open_from))
                close_month(TEST, month(open_from))
                sealed[open_from] = _lines(open_from)
                open_from += 1
            else:
                _pay()
        run_month(TEST, month(40))
        _check(sealed)
        transaction.set_rollback(True)


def _pay() -> None:
    period = PayPeriod.objects.filter(closed_at__isnull=True).order_by("number").first()
    if period is not None:
        close(period.label)
        if any(row["balance"] > 0 for row in balances_to_pay(period)):
            pay_period(TEST, period.pk, paid_at=datetime(2027, 6, 1, tzinfo=UTC))


def _lines(at: int) -> list[Any]:
    return list(JournalLine.objects.filter(month=month(at)).order_by("id").values_list())


def _check(sealed: dict[int, list[Any]]) -> None:
    for entry in JournalLine.objects.values("entry", "currency", "month").annotate(
        sum=Sum("amount")
    ):
        assert entry["sum"] == 0
    # By a month long after, every asset is gone, and what was paid for deals is what they cost.
    assets = JournalLine.objects.filter(account="deferred_asset")
    assert all(row["sum"] == 0 for row in assets.values("cost_id").annotate(sum=Sum("amount")))
    for at in range(1, 41):
        for row in (
            assets.filter(month__lte=month(at)).values("cost_id").annotate(sum=Sum("amount"))
        ):
            assert row["sum"] >= 0, (at, row)
    for at, lines in sealed.items():
        assert _lines(at) == lines
    for closed in MonthClose.objects.all():
        assert verify_close(closed)
    # What is accrued is what the ledger owes.
    from dealwright.compensation.ledger.models import Account, Posting

    owed = Posting.objects.filter(account=Account.PAYABLE).aggregate(sum=Sum("amount"))["sum"]
    assert balance("accrued_commission", month(40)) == (owed or 0)
    assert run_month(TEST, month(40)).line_count == 0
