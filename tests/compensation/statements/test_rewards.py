"""Rewards on the ledger and on statements: apart from pay, at their taxable value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from compensation.make import TEST, balance, book, ledger_total, make_payee, make_plan, owed
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.calculation.services import Cause, recalculate_for
from dealwright.compensation.credits.services import void_event
from dealwright.compensation.ledger.models import Account
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.statements.files import statement_pdf, statement_xlsx
from dealwright.compensation.statements.queries import Statement, statement, statement_lines

pytestmark = pytest.mark.django_db

PLAN = """
currency: EUR
calendar: month
components:
  - flat: {id: commission, rate: 10%}
  - reward: {id: points, label: Club points, unit: points, value: 0.015, measure: bookings,
             each: 100, quantity: 5}
"""


def points_of(found: Statement) -> tuple[str, str, str]:
    (part,) = found.parts
    row = next(each for each in part.components if each.id == "points")
    assert row.reward is not None
    return row.reward.text, f"{row.reward.taxable:.2f}", f"{row.amount:.2f}"


def test_points_are_owed_beside_pay_and_taken_back_with_the_deal() -> None:
    plan = make_plan(PLAN)
    ann = make_payee(plan)
    book(1550, (ann, "1"), on=date(2027, 1, 10))
    book(320, (ann, "1"), on=date(2027, 1, 20), key="late")
    january = PayPeriod.objects.get(label="2027-01", calendar="month")
    # 15 and 3 full hundreds: 75 and 15 points, worth 1.13 and 0.23 (each rounded).
    assert points_of(statement(TEST, ann.pk, january.pk)) == ("90 points", "1.36", "0.00")
    assert balance(ann, Account.POINTS) == "-1.36"
    assert owed(ann, "2027-01") == "187.00"
    assert statement(TEST, ann.pk, january.pk).totals == {"EUR": Decimal("187.00")}
    assert sum((run.delta for run in CalculationRun.objects.all()), Decimal(0)) == Decimal(187)
    recorded = void_event(TEST, "late")
    assert recorded is not None
    recalculate_for(TEST, recorded, Cause("void"))
    assert points_of(statement(TEST, ann.pk, january.pk)) == ("75 points", "1.13", "0.00")
    assert balance(ann, Account.POINTS) == "-1.13"
    assert ledger_total() == 0


def test_lines_and_files_show_the_unit() -> None:
    plan = make_plan(PLAN)
    ann = make_payee(plan)
    book(1550, (ann, "1"), on=date(2027, 1, 10))
    january = PayPeriod.objects.get(label="2027-01", calendar="month")
    lines, _ = statement_lines(TEST, ann.pk, january.pk, plan.pk, "points")
    assert [(f"{line.amount:.0f}", line.unit, line.sentence) for line in lines] == [
        ("75", "points", "5 points for each full 100 of 1,550 is 75 points.")
    ]
    found = statement(TEST, ann.pk, january.pk)
    assert statement_pdf(TEST, found).startswith(b"%PDF")
    assert statement_xlsx(TEST, found)[:2] == b"PK"
