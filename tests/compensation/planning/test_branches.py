"""What hangs on a changed cell alone comes to what sharing everything out anew comes to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from compensation.planning.make import make_house, make_scenario, row
from dealwright.base.identifiers import uuid7
from dealwright.compensation.planning.allocation import METHODS
from dealwright.compensation.planning.models import PlanningRow, PlanningScenario
from dealwright.compensation.planning.row_services import change_row, lock_quota
from dealwright.compensation.planning.services import reckon
from dealwright.compensation.planning.sheet import Branch, Sheet, in_order

money = st.decimals(0, 10**6, places=2)
fractions = st.decimals(0, 2, places=2)
days = st.none() | st.dates(date(2027, 6, 1), date(2028, 12, 31))


@st.composite
def sheets(draw: Any) -> Sheet:
    """Any tree of up to twelve rows, shared out."""
    scenario = PlanningScenario(
        starts_on=date(2028, 1, 1),
        ends_on=date(2028, 12, 31),
        target=draw(money),
        method=draw(st.sampled_from(METHODS)),
        step=draw(st.sampled_from([Decimal(1), Decimal("0.01"), Decimal(500)])),
        over_assignment=draw(st.lists(fractions, max_size=3)),
        ramp=[Decimal(0), Decimal("0.5")],
        seasonality=[],
    )
    rows: list[PlanningRow] = []
    for place in range(draw(st.integers(2, 12))):
        above = rows[draw(st.integers(0, place - 1))] if place else None
        rows.append(
            PlanningRow(
                id=uuid7(),
                scenario=scenario,
                parent=above,
                place=place,
                method=draw(st.sampled_from(["", *METHODS])),
                over=draw(st.none() | fractions),
                locked=draw(st.none() | money) if place else None,
                weight=draw(st.none() | money),
                history=draw(money),
                pipeline=draw(money),
                starts_on=draw(days),
                ramp_from=draw(days),
            )
        )
    return shared_out(Sheet(scenario, in_order(rows)))


def shared_out(sheet: Sheet) -> Sheet:
    for each in sheet.rows:
        each.amount = sheet.placed[each.pk].amount
    return sheet


def branch_of(sheet: Sheet, top: PlanningRow) -> Branch:
    """As it is loaded: what it takes from above, found by walking up."""
    method, over = "", top.parent_id
    while over is not None:
        method, over = method or sheet.by_id[over].method, sheet.by_id[over].parent_id
    below = {top.pk, *(each.pk for each in sheet.descendants(top))}
    return Branch(
        sheet.scenario,
        [each for each in sheet.rows if each.pk in below],
        sheet.depth[top.pk],
        method or sheet.scenario.method,
    )


@settings(deadline=None)
@given(sheet=sheets(), data=st.data())
def test_a_branch_comes_to_what_the_whole_comes_to(sheet: Sheet, data: st.DataObject) -> None:
    changed = data.draw(st.sampled_from(sheet.rows))
    kind = data.draw(st.sampled_from(["locked", "method", "over"]))
    if kind == "locked" and changed.parent_id is not None:
        changed.locked, top = data.draw(st.none() | money), sheet.by_id[changed.parent_id]
    elif kind == "method":
        changed.method, top = data.draw(st.sampled_from(["", *METHODS])), changed
    else:
        changed.over, top = data.draw(st.none() | fractions), changed
    whole = Sheet(sheet.scenario, sheet.rows).placed
    branch = branch_of(sheet, top).placed
    for each in sheet.rows:
        if each.pk not in branch:
            assert whole[each.pk].amount == each.amount  # nothing else changes
            continue
        one, other = branch[each.pk], whole[each.pk]
        assert (one.amount, one.unplaced) == (other.amount, other.unplaced)
        assert each is top or one.carried == other.carried


def kept(scenario: PlanningScenario) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    return {each.name: (each.amount, each.carried, each.unplaced) for each in scenario.rows.all()}


@pytest.mark.django_db
def test_what_is_kept_after_a_cell_is_what_reckoning_anew_keeps() -> None:
    house = make_house()
    scenario = make_scenario(
        target=Decimal(2410), step=Decimal(100), over_assignment=[Decimal(0), Decimal("0.1")]
    )
    mia = row(scenario, "Mia").pk
    for change in (
        lambda: lock_quota(house.finance, scenario.pk, row(scenario, "Ann").pk, Decimal(777)),
        lambda: lock_quota(house.finance, scenario.pk, mia, Decimal(1550)),
        lambda: change_row(house.finance, scenario.pk, mia, {"method": "heads"}),
        lambda: change_row(house.finance, scenario.pk, mia, {"over": Decimal("0.25")}),
        lambda: lock_quota(house.finance, scenario.pk, row(scenario, "Ann").pk, None),
        lambda: change_row(
            house.finance, scenario.pk, row(scenario, "Bob").pk, {"starts_on": date(2028, 7, 1)}
        ),
        lambda: lock_quota(house.finance, scenario.pk, mia, None),
    ):
        change()
        after = kept(scenario)
        reckon(scenario)
        assert kept(scenario) == after


@pytest.mark.django_db
def test_a_cell_reads_the_rows_of_its_branch_alone() -> None:
    house = make_house()
    scenario = make_scenario()
    ann = row(scenario, "Ann")
    with CaptureQueriesContext(connection) as captured:
        found = lock_quota(house.finance, scenario.pk, ann.pk, Decimal(500))
    assert found.amount == Decimal(500)
    cem = str(row(scenario, "Cem").pk)
    assert all(cem not in each["sql"] for each in captured)
    read = [each["sql"] for each in captured if 'FROM "compensation_planningrow"' in each["sql"]]
    assert all('"parent_id" IN' in each or '"id" = ' in each for each in read), read
