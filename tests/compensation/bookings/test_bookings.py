"""Won deals as bookings, and the Maven export's year of commission."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from compensation.bookings.maven import MAVEN, load_maven
from compensation.make import TEST, ledger_total, make_payee, make_plan, owed
from crm.make import make_opportunity, make_product
from dealwright.base.access.actor import system
from dealwright.base.errors import Conflict
from dealwright.compensation.bookings.queries import pay_of_record
from dealwright.compensation.bookings.services import (
    book_opportunity,
    booking_key,
    run_plan_over_opportunities,
    withdraw_booking,
)
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.services import activate_version, assign_payees, create_plan
from dealwright.compensation.quotas.services import import_quotas
from dealwright.compensation.statements.queries import statement, statement_lines
from dealwright.crm.opportunities.services import reopen_opportunity, win_opportunity
from dealwright.crm.opportunities.team import set_team
from make import acting

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[3] / "docs" / "compensation"


def test_a_won_deal_is_booked_with_its_splits_and_facts() -> None:
    plan = make_plan(
        """
        currency: EUR
        fields: {product: text, deal_kind: text}
        components:
          - flat: {id: commission, rate: 10%, when: product = 'Nova' and deal_kind = 'new'}
        """
    )
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    deal = make_opportunity(
        name="Big", owner=ann, amount="1000", currency="EUR", product=make_product(name="Nova")
    )
    set_team(
        TEST,
        deal.pk,
        [{"user": ann.pk, "split_percent": "0.7"}, {"user": bob.pk, "split_percent": "0.3"}],
    )
    assert book_opportunity(TEST, deal.pk) is None
    win_opportunity(TEST, deal.pk, close_date=date(2027, 1, 20))
    event = book_opportunity(TEST, deal.pk, attributes={"contract_id": "c1"})
    assert event is not None
    assert (owed(ann, "2027-01"), owed(bob, "2027-01")) == ("70.00", "30.00")
    again = book_opportunity(TEST, deal.pk)
    assert again is not None
    assert again.attributes["contract_id"] == "c1"
    assert [(row["payee"], f"{row['amount']:.2f}") for row in pay_of_record(TEST, deal.pk)] == [
        ("Ann", "70.00"),
        ("Bob", "30.00"),
    ]
    assert [row["payee"] for row in pay_of_record(acting(bob), deal.pk)] == ["Bob"]
    reopen_opportunity(TEST, deal.pk)
    withdraw_booking(TEST, deal.pk)
    assert (owed(ann, "2027-01"), owed(bob, "2027-01")) == ("0.00", "0.00")
    assert CreditEvent.objects.get(key=booking_key(deal.pk)).voided_at is not None


@pytest.mark.slow
@pytest.mark.skipif(not MAVEN.exists(), reason="the Maven export is not here")
def test_the_year_2017_pays_five_percent_to_quota_and_seven_above() -> None:
    agents = load_maven()
    version = create_plan(TEST, (DOCS / "examples" / "maven-2017.yaml").read_text())
    activate_version(TEST, version.pk, date(2017, 1, 1))
    assign_payees(TEST, version.plan_id, agents.values(), date(2017, 1, 1))
    rows = [f"{name},bookings,2017,70000,quarter" for name in agents]
    import_quotas(TEST, "\n".join(["payee,measure,period,amount,per", *rows]))
    run_plan_over_opportunities(system("test"), version.plan, date(2017, 1, 1), date(2017, 12, 31))
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    won: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with (MAVEN / "sales_pipeline.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["deal_stage"] == "Won":
                day = date.fromisoformat(row["close_date"])
                key = (row["sales_agent"], f"{day.year}-Q{(day.month + 2) // 3}")
                won[key] += Decimal(row["close_value"])
    for key, amount in won.items():
        below = min(amount, Decimal(70000))
        expected[key] = below * Decimal("0.05") + (amount - below) * Decimal("0.07")
    assert sum(won.values()) == 10_005_534
    for label in ("2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4"):
        for name, user in agents.items():
            assert Decimal(owed(user, label, calendar="quarter")) == expected[name, label]
    assert sum(expected.values()) == Decimal("562404.30")
    assert ledger_total() == 0

    period = PayPeriod.objects.get(label="2017-Q2")
    agent = agents["Darcel Schlecht"]
    shown = statement(TEST, agent.pk, period.pk)
    (row,) = shown.parts[0].components
    lines, start, more = [], 0, True
    while more:
        found, more = statement_lines(
            TEST, agent.pk, period.pk, version.plan_id, row.id, start=start
        )
        lines += found
        start += len(found)
    assert sum((line.amount for line in lines), Decimal(0)) == row.amount
    assert all(line.event for line in lines)

    before = Posting.objects.count()
    run_plan_over_opportunities(system("test"), version.plan, date(2017, 1, 1), date(2017, 12, 31))
    assert Posting.objects.count() == before


def test_deals_won_before_there_was_a_plan_are_paid_by_one_command() -> None:
    from dealwright.compensation.bookings.whole_runs import run_for_all_reps
    from make import make_user

    ann = make_user("Ann Agent")
    make_user("Nobody's Deal")
    deal = make_opportunity(owner=ann, amount="1500", currency="EUR")
    win_opportunity(TEST, deal.pk, close_date=date(2027, 1, 20))
    text = (
        "plan: late\ncurrency: EUR\ncalendar: quarter\n"
        "components:\n  - tiered: {id: c, quota: bookings, bands: [[0, 5%], [100%, 7%]]}\n"
    )
    quotas = "payee,measure,period,amount\nann agent,bookings,2027-Q1,1000\n"
    expected = [{"payee": "Ann Agent", "period": "2027-Q1", "amount": "85.00", "currency": "EUR"}]
    year = (date(2027, 1, 1), date(2027, 12, 31))
    assert run_for_all_reps(text, *year, quotas) == expected
    assert run_for_all_reps(text, *year) == expected
    assert Posting.objects.count() == 2
    cheaper = text.replace("5%", "4%")
    with pytest.raises(Conflict, match="Another version pays"):
        run_for_all_reps(cheaper, *year)


def test_the_same_from_the_plan_page_as_a_job_that_can_be_watched() -> None:
    from django.test import Client

    from dealwright.base.jobs import run_jobs
    from dealwright.base.jobs.models import JobRun
    from make import make_administrator

    plan = make_plan()
    ann = make_payee(plan, "Ann")
    deal = make_opportunity(owner=ann, amount="1500", currency="EUR")
    win_opportunity(TEST, deal.pk, close_date=date(2027, 1, 20))
    client = Client()
    client.force_login(make_administrator())
    address = f"/compensation/plans/{plan.pk}/run"
    wrong = client.post(address, {"first": "2027-02-01", "last": "2027-01-01"})
    assert wrong.status_code == 422
    assert "The last day comes before the first" in wrong.content.decode()
    response = client.post(address, {"first": "2027-01-01", "last": "2027-02-28"})
    run_jobs()
    run = JobRun.objects.get(title__startswith=plan.name)
    assert response.headers["Location"] == f"/jobs/{run.pk}"
    assert run.status == "done", run.error
    assert owed(ann, "2027-01") == "85.00"
