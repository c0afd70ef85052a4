"""Analyses of a small company, every figure worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from compensation.make import TEST, book, make_payee, make_plan
from dealwright.base.people.models import Profile, User
from dealwright.compensation.analytics.report import Report, Table
from dealwright.compensation.analytics.scope import Scope
from dealwright.compensation.analytics.sections import analyse
from dealwright.compensation.analytics.statistics import (
    correlation,
    gini,
    median,
    quantile,
    straight_line,
)
from dealwright.compensation.bookings.services import record_termination
from dealwright.compensation.disputes.models import Dispute
from dealwright.compensation.disputes.services import (
    decide_adjustment,
    open_dispute,
    propose_adjustment,
)
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.services import assign_payee
from dealwright.compensation.quotas.services import set_quota
from make import acting, make_administrator, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

D = Decimal
JANUARY = {"from": "2027-01", "to": "2027-01"}
BOTH = {"from": "2027-01", "to": "2027-02"}


def look(section: str, actor: Any = TEST, **given: str) -> tuple[Scope, Report]:
    scope, report = analyse(actor, section, {**JANUARY, **given})
    assert scope is not None and report is not None
    return scope, report


def figure(report: Report, key: str) -> Any:
    return next(each.value for each in report.figures if each.key == key)


def rows(table: Table | None) -> list[tuple[Any, ...]]:
    assert table is not None
    return [tuple(cell.value for cell in row) for row in table.rows]


def names(report: Report, opens: str) -> list[str]:
    return [str(row[0].value) for row in report.behind[opens]().rows]


class Company:
    """Four reps: two in the north, two in the south; 5% to the quota of 1,000, 7% above."""

    def __init__(self, plan: CompensationPlan) -> None:
        self.plan = plan
        self.head = make_user("Head", profile=Profile.MANAGER)
        self.ann, self.bob, self.cem, self.dot = (
            self._payee(name, region)
            for name, region in (
                ("Ann", "North"),
                ("Bob", "North"),
                ("Cem", "South"),
                ("Dot", "South"),
            )
        )
        first, second = date(2027, 1, 15), date(2027, 2, 15)
        for who, january, february in (
            (self.ann, 1500, 500),
            (self.bob, 1000, 1200),
            (self.cem, 400, 0),
            (self.dot, 980, 1000),
        ):
            product = "Anvil" if who in (self.ann, self.cem) else "Rope"
            for amount, day in ((january, first), (february, second)):
                if amount:
                    book(amount, (who, "1"), on=day, attributes={"product": product})

    def _payee(self, name: str, region: str) -> User:
        user = make_payee(self.plan, name, manager=self.head)
        user.region, user.job_title = region, "Account executive"
        user.save()
        return user


@pytest.fixture
def company() -> Company:
    return Company(make_plan())


def test_how_attainment_is_distributed(company: Company) -> None:
    _scope, report = look("attainment")
    assert {each.key: each.value for each in report.figures} == {
        "payees": 4,
        "below": D("0.25"),  # Cem, 40%
        "middle": D("0.5"),  # Bob 100%, Dot 98%
        "quota": D("0.5"),  # Ann 150%, Bob 100%
        "excellence": D("0.25"),  # Ann
        "median": D("0.99"),
    }
    assert names(report, "below") == ["Cem"]
    assert names(report, "middle") == ["Bob", "Dot"]
    assert rows(report.table("histogram")) == [
        ("0%–25%", 0, D(0)),
        ("25%–50%", 1, D("0.25")),
        ("50%–75%", 0, D(0)),
        ("75%–100%", 1, D("0.25")),
        ("100%–125%", 1, D("0.25")),
        ("125%–150%", 0, D(0)),
        ("150%+", 1, D("0.25")),
    ]
    assert rows(report.table("groups")) == [
        ("North", 2, D(0), D("0.5"), D(1), D("0.5"), D("1.25")),
        ("South", 2, D("0.5"), D("0.5"), D(0), D(0), D("0.69")),
    ]
    assert names(report, "group-1-below") == ["Cem"]


def test_over_two_periods_reached_and_quota_are_summed(company: Company) -> None:
    _scope, report = look("attainment", **BOTH)
    # Ann 2000, Bob 2200, Cem 400, Dot 1980 of 2000 each
    assert figure(report, "quota") == D("0.5")
    assert figure(report, "middle") == D("0.5")  # Ann 100%, Dot 99%
    assert figure(report, "median") == D("0.995")
    assert rows(report.table("trend")) == [
        ("2027-01", 4, D("0.25"), D("0.5"), D("0.5"), D("0.25")),
        # Ann 50%, Bob 120%, Cem 0%, Dot 100%
        ("2027-02", 4, D("0.25"), D("0.25"), D("0.5"), D(0)),
    ]


def test_a_years_quota_counts_once_over_its_months() -> None:
    plan = make_plan(
        "currency: EUR\ncalendar: month\ncomponents:\n"
        "  - tiered: {id: commission, quota: bookings, cumulate: ytd, bands: [[0, 5%], [100%, 7%]]}"
    )
    ann = make_payee(plan, "Ann")
    for month in (1, 2, 3):
        book(3000, (ann, "1"), on=date(2027, month, 10))
    scope, report = look("attainment", to="2027-03")
    (row,) = report.behind["all"]().rows
    assert [cell.value for cell in row][3:] == [D(9000), D(12000), D("0.75")]
    assert len(scope.periods) == 3


def test_thresholds_can_be_set_and_wrong_ones_are_told(company: Company) -> None:
    _scope, report = look("attainment", below="99", excellence="150")
    assert figure(report, "below") == D("0.5")
    assert figure(report, "excellence") == D("0.25")
    scope, report = look("attainment", below="much")
    assert scope.errors == {"below": ["Give a percentage from 0 to 1000."]}
    assert figure(report, "below") == D("0.25")


def test_filters_leave_whom_they_name(company: Company) -> None:
    _scope, report = look("attainment", region="South")
    assert names(report, "all") == ["Cem", "Dot"]
    scope, nothing = analyse(TEST, "attainment", {**JANUARY, "region": "West"})
    assert scope is not None and nothing is None


def test_pay_goes_with_performance(company: Company) -> None:
    _scope, report = look("performance")
    # (1.5, 85), (1.0, 50), (0.4, 20), (0.98, 49): means 0.97 and 51,
    # Sxx 4.3704 - 4 * 0.9409 = 0.6068, Sxy 233.52 - 197.88 = 35.64, Syy 12526 - 10404 = 2122.
    assert figure(report, "people") == 4
    assert figure(report, "slope") == D("0.587343")  # 35.64 / 0.6068 per 100 points
    assert figure(report, "correlation") == D("0.9932")  # 35.64 / sqrt(0.6068 * 2122)
    assert figure(report, "per_point") == D("0.5")
    assert [each[:5] for each in rows(report.table("people"))] == [
        ("Ann", company.plan.name, D("1.5"), D(85), D(85) / 150),
        ("Bob", company.plan.name, D(1), D(50), D("0.5")),
        ("Dot", company.plan.name, D("0.98"), D(49), D("0.5")),
        ("Cem", company.plan.name, D("0.4"), D(20), D("0.5")),
    ]


def adjust(company: Company, who: User, amount: int) -> None:
    period = PayPeriod.objects.get(label="2027-01")
    adjustment = propose_adjustment(
        acting(make_administrator()),
        payee_id=who.pk,
        period_id=period.pk,
        plan_id=company.plan.pk,
        component="commission",
        amount=Decimal(amount),
        reason="Agreed by hand",
    )
    decide_adjustment(acting(make_administrator()), adjustment.pk, approve=True)


def test_high_pay_for_little_stands_out(company: Company) -> None:
    adjust(company, company.cem, 100)  # 120 for 40%
    adjust(company, company.ann, -50)  # 35 for 150%
    _scope, report = look("performance")
    assert names(report, "over") == ["Cem"]
    assert names(report, "under") == ["Ann"]
    assert {row[0]: row[5] for row in rows(report.table("people"))} == {
        "Cem": "High pay, low attainment",
        "Ann": "High attainment, low pay",
        "Bob": "",
        "Dot": "",
    }


def test_what_selling_costs(company: Company) -> None:
    _scope, report = look("cost", budget="5")
    assert figure(report, "pay") == D(204)  # 85 + 50 + 20 + 49
    assert figure(report, "revenue") == D(3880)
    assert figure(report, "cost") == D("0.0526")
    assert figure(report, "budget") == D(194)
    assert figure(report, "over_budget") == D(10)
    assert figure(report, "above") == D("0.07")  # 35 on the 500 above Ann's quota
    assert figure(report, "up_to") == D("0.05")
    assert rows(report.table("region")) == [
        ("North", D(135), D(2500), D("0.0540")),
        ("South", D(69), D(1380), D("0.0500")),
    ]
    assert rows(report.table("product")) == [
        ("Anvil", D(105), D(1900), D("0.0553")),
        ("Rope", D(99), D(1980), D("0.0500")),
    ]
    assert names(report, "product-0-pay") == ["Ann", "Ann", "Cem"]
    assert [row[4].value for row in report.behind["product-0-revenue"]().rows] == [1500, 400]
    assert [row[-1].value for row in report.behind["above"]().rows] == [35]


def test_statistics_by_definition() -> None:
    values = [D(1), D(2), D(3), D(4)]
    pairs = sum(abs(a - b) for a in values for b in values)
    assert gini(values) == pairs / (2 * 16 * D("2.5")) == D("0.25")
    assert gini([D(1), D(1)]) == 0
    assert gini([]) is None and gini([D(0)]) is None
    assert median(values) == D("2.5")
    assert [quantile(values, D(each)) for each in ("0.1", "0.25", "0.75", "1")] == [1, 1, 3, 4]
    line = [(D(x), 3 + 2 * D(x)) for x in range(4)]
    assert correlation(line) == 1 and straight_line(line) == (3, 2)
    assert correlation([(x, -y) for x, y in line]) == -1
    assert correlation([(D(1), D(1)), (D(1), D(2)), (D(1), D(3))]) is None
    assert straight_line(line[:2]) is None


def test_a_manager_sees_those_below_only(company: Company) -> None:
    book(100, (make_payee(company.plan, "Eve"), "1"))
    _scope, report = look("attainment", acting(company.head))
    assert names(report, "all") == ["Ann", "Bob", "Cem", "Dot"]
    _scope, report = look("attainment")
    assert names(report, "all") == ["Ann", "Bob", "Cem", "Dot", "Eve"]


def test_whether_quotas_are_fair(company: Company) -> None:
    assign_payee(TEST, company.plan.pk, company.head, date(2027, 1, 1))
    set_quota(
        TEST,
        company.head,
        "bookings",
        D(3200),
        starts_on=date(2027, 1, 1),
        ends_on=date(2027, 12, 31),
        per="month",
    )
    book(1600, (company.head, "1"), on=date(2027, 1, 20))
    for actor in (acting(company.head), TEST):
        _scope, report = look("fairness", actor)
        assert rows(report.table("over_assignment")) == [
            ("Head", 4, D(4000), D(3200), D("0.25")),
        ]
    _scope, report = look("fairness", acting(company.head))
    # 0.4, 0.98, 1, 1.5: (2 * (0.4 + 1.96 + 3 + 6)) / (4 * 3.88) - 5/4 = 0.2139
    assert figure(report, "gini") == D("0.2139")
    assert rows(report.table("groups")) == [
        ("North", 2, D("0.1000"), D("1.25"), D(1), D("1.5")),
        ("South", 2, D("0.2101"), D("0.69"), D("0.4"), D("0.98")),
    ]
    _scope, report = look("fairness", acting(company.head), **BOTH)
    assert rows(report.table("ramp")) == [(1, 4, D("0.97")), (2, 4, D("0.675"))]


def test_how_far_pay_reaches() -> None:
    plan = make_plan(
        """
        currency: EUR
        calendar: month
        components:
          - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 8%]]}
          - cap: {id: limit, label: Limit, on: commission, amount: 100}
        """
    )
    ann = make_payee(plan, "Ann", target=Decimal(600))
    bob = make_payee(plan, "Bob", target=Decimal(1200))
    book(2000, (ann, "1"))  # 50 + 80, capped at 100
    book(4000, (bob, "0.5"), (ann, "0.5"), on=date(2027, 2, 1))
    book(500, (bob, "1"))  # 25
    _scope, report = look("leverage")
    assert figure(report, "top") == D(2)  # Ann: 100 of 50
    assert figure(report, "all") == D("0.8333")  # 125 of 150
    assert figure(report, "capped") == D("0.5")
    assert figure(report, "accelerators") == D(30)  # 80 - 50 of the 1,000 above quota
    assert figure(report, "windfalls") == 0
    assert [row[-1].value for row in report.behind["capped"]().rows] == [-30]
    _scope, report = look("leverage", windfall="15")
    # 2,000 of a year's 12,000
    assert [(row[2], row[3], row[4]) for row in rows(report.table("windfalls"))] == [
        ("Ann", D(2000), D(12000))
    ]


def test_small_components_and_what_a_spif_brought() -> None:
    plan = make_plan(
        """
        currency: EUR
        calendar: month
        fields: {product: text}
        components:
          - flat: {id: base, label: Base, rate: 10%}
          - spif:
              id: push
              label: Push
              rate: 1%
              from: 2027-01-11
              to: 2027-01-20
              when: "product = 'Rope'"
        """
    )
    ann = make_payee(plan, "Ann", quota=None, target=Decimal(12000))
    for amount, day, product in (
        (1000, 5, "Rope"),
        (3000, 5, "Anvil"),
        (2500, 12, "Rope"),
        (2000, 12, "Anvil"),
        (400, 25, "Rope"),
    ):
        book(amount, (ann, "1"), on=date(2027, 1, day), attributes={"product": product})
    _scope, report = look("mechanisms")
    # 10% of 8,900, 1% of 2,500; target 1,000 for January
    assert [row[2:] for row in rows(report.table("components"))] == [
        (D(890), 1, D("0.9727"), D("0.89"), ""),
        (D(25), 1, D("0.0273"), D("0.025"), "Small"),
    ]
    (spif,) = rows(report.table("spifs"))
    assert spif[3:9] == (D(25), D(2500), D(1000), D(1500), D("1.5"), D(1000))
    assert [row[3].value for row in report.behind["spif-0-before"]().rows] == [1000]


def test_how_pay_is_run(company: Company) -> None:
    period = PayPeriod.objects.get(label="2027-01")
    PayPeriod.objects.filter(pk=period.pk).update(
        calculated_at="2027-02-02T00:00Z",
        submitted_at="2027-02-03T12:00Z",
        approved_at="2027-02-04T00:00Z",
        closed_at="2027-02-06T12:00Z",
    )
    late = book(100, (company.cem, "1"), on=date(2027, 1, 20))  # 5 into February
    assert late
    adjust(company, company.ann, 17)
    dispute = open_dispute(
        acting(company.bob),
        payee_id=company.bob.pk,
        period_id=period.pk,
        plan_id=company.plan.pk,
        component="commission",
        line_id=None,
        body="Is this all?",
    )
    Dispute.objects.filter(pk=dispute.pk).update(
        opened_at="2027-02-03T09:00Z", answered_at="2027-02-04T21:00Z"
    )
    _scope, report = look("operations")
    assert figure(report, "cycle") == D("5.5")
    assert rows(report.table("cycle")) == [
        ("2027-01", "Closed", D(1), D("1.5"), D("0.5"), D("2.5"), D("5.5"))
    ]
    assert figure(report, "disputes") == D(25)  # one on four statements
    assert figure(report, "answer") == D("1.5")
    assert figure(report, "adjustments") == D("0.0833")  # 17 of 204
    assert figure(report, "late") == D(5)
    assert figure(report, "accuracy") == D("0.5")  # Ann and Cem were corrected
    assert names(report, "wrong") == ["Ann", "Cem"]
    assert rows(report.table("late")) == [("2027-01", 1, D(5), D(0), D(5))]
    assert [row[:2] for row in rows(report.table("disputes"))] == [("Something else", 1)]


def test_what_clawbacks_recover(company: Company) -> None:
    booked = book(1000, (company.dot, "1"), on=date(2027, 2, 20), key="gone")
    record_termination(TEST, booking=booked.key, on=date(2027, 2, 25))
    _scope, report = look("operations", to="2027-02")
    clawed = [row[-1].value for row in report.behind["clawbacks"]().rows]
    assert clawed == [D(-70)]  # all of what the band above quota paid
    assert figure(report, "recovered") == D(1)
