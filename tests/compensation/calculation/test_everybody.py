"""What is read for everybody by COPY is what the snapshot's rows are, to the hash."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from compensation.make import TEST, book, make_payee, make_plan
from dealwright.base.exchange_rates import set_rate
from dealwright.compensation.calculation.everybody import load_everybody
from dealwright.compensation.calculation.snapshot import take_snapshot
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.engine.inputs import Inputs, load_rows
from dealwright.compensation.engine.tables import FILES, columns_of
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan

FIELDS = """
currency: EUR
calendar: month
fields: {margin: number, region: text, signed: date, renewed: bool}
components:
  - flat: {id: commission, rate: 5%, when: margin >= 0.3}
  - override: {id: lead, rate: 1%}
clawback: {trigger: termination, schedule: [[24, 100%]]}
"""
FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)

pytestmark = pytest.mark.django_db


def tables(inputs: Inputs) -> dict[str, Any]:
    return {
        file: sorted(
            inputs.rows(
                "SELECT "
                + ", ".join(f'"{each.name}"' for each in columns_of(
                    file, inputs.plan.fields, inputs.plan.payee_fields))
                + f" FROM input_{file}"
            ),
            key=repr,
        )
        for file in FILES
    }  # fmt: skip


def both(row: CompensationPlan) -> tuple[Inputs, Inputs]:
    plan = read_plan(row.versions.get().text)
    snapshot = take_snapshot(row, plan, None, first=FIRST, last=LAST)
    return (
        load_rows(plan, snapshot.tables, check_names=False),
        load_everybody(row, plan, first=FIRST, last=LAST),
    )


def test_it_reads_what_the_snapshot_reads() -> None:
    plan = make_plan(FIELDS)
    boss = make_payee(plan, "Mia", salary=Decimal(48000))
    ann = make_payee(plan, "Ann", manager=boss)
    bob = make_payee(plan, "Bob", manager=boss)
    book(1000, (ann, "1"), attributes={"margin": 0.1 + 0.2, "region": 'a "b", c\nd', "renewed": 1})
    book(2000, (ann, "0.7"), (bob, "0.3"), attributes={"margin": "x", "signed": "2027-02-30"})
    book(3000, (bob, "1"), attributes={"margin": 12, "region": "", "signed": "2027-02-03"})
    book(4000, (bob, "1"), attributes={"margin": None, "region": ["r"], "renewed": "no"})
    early = book(500, (ann, "1"), on=date(2026, 5, 1), key="early")
    void = book(600, (ann, "1"), key="void")
    for key, follows in (("ends", early), ("follows-void", void)):
        CreditEvent.objects.create(
            key=key, kind="termination", date=date(2027, 3, 1), currency="EUR", reference=follows
        )
    CreditEvent.objects.filter(pk=void.pk).update(voided_at=timezone.now())
    CreditEvent.objects.create(
        key=',"x"\r\n', kind="booking", date=FIRST, amount=Decimal("7.01"), currency="EUR"
    )

    by_rows, by_copy = both(plan)

    assert tables(by_copy) == tables(by_rows)
    assert by_copy.hash == by_rows.hash
    assert (by_copy.given, by_copy.check_names) == (by_rows.given, by_rows.check_names)
    references = dict(by_copy.rows("SELECT event_id, reference FROM input_events"))
    assert references["ends"] == "early" and references["follows-void"] == ""
    assert len(references) == 8


def test_it_states_the_rates_of_other_currencies() -> None:
    set_rate(
        TEST, base="USD", quote="EUR", rate=Decimal("0.5"), valid_on=date(2027, 1, 1), source="t"
    )
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1000, (ann, "1"), currency="USD", on=date(2027, 1, 15))
    book(2000, (ann, "1"), currency="USD", on=date(2027, 1, 15))

    by_rows, by_copy = both(plan)

    ((rate,),) = by_copy.rows("SELECT rate FROM input_rates")
    assert rate == Decimal("0.5")
    assert tables(by_copy) == tables(by_rows)
    assert by_copy.hash == by_rows.hash


def test_there_may_be_nothing() -> None:
    by_rows, by_copy = both(make_plan())

    assert tables(by_copy) == tables(by_rows)
    assert by_copy.hash == by_rows.hash
