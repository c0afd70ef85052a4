"""Adopting: dated quotas in one go, refused by name, and back again as it was."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.make import TEST, book
from compensation.planning.make import YEAR, House, make_house, make_scenario, row
from dealwright.base.errors import Conflict, NotAllowed
from dealwright.base.events.models import OutboxEvent
from dealwright.compensation.planning.adoption import (
    adopt_scenario,
    preview_adoption,
    undo_adoption,
    why_not_undone,
)
from dealwright.compensation.planning.row_services import add_row, change_row, lock_quota
from dealwright.compensation.planning.sheet import load_sheet
from dealwright.compensation.planning.territories import plan_territory
from dealwright.compensation.quotas.models import Quota
from dealwright.compensation.quotas.services import change_quota, set_quota
from dealwright.compensation.territories.models import TerritoryHolder
from dealwright.compensation.territories.services import change_holder, give_territory
from make import acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def state() -> tuple[list[Any], list[Any]]:
    """All quotas and holders of territories, whole."""
    return (
        list(Quota.objects.order_by("id").values()),
        list(TerritoryHolder.objects.order_by("id").values()),
    )


def test_adopting_writes_each_month_and_sums_to_the_plan(house: House) -> None:
    scenario = make_scenario()
    shown = preview_adoption(house.finance, scenario.pk)
    assert (shown.count, shown.refused) == (60, [])
    adopt_scenario(house.finance, scenario.pk)
    ann = Quota.objects.filter(user=house.ann, measure="bookings").order_by("starts_on")
    assert [each.amount for each in ann] == [Decimal(100)] * 12
    assert (ann[0].starts_on, ann[0].ends_on) == (date(2028, 1, 1), date(2028, 1, 31))
    total = sum(each.amount for each in Quota.objects.filter(user__in=[house.mia, house.nils]))
    assert total == 2400
    scenario.refresh_from_db()
    assert (scenario.status, scenario.adopted_by) == ("adopted", house.fay)
    assert OutboxEvent.objects.filter(name="planning.adopted").exists()
    with pytest.raises(Conflict, match="is adopted"):
        lock_quota(TEST, scenario.pk, row(scenario, "Ann").pk, Decimal(1))
    with pytest.raises(Conflict, match="is adopted"):
        adopt_scenario(house.finance, scenario.pk)


@pytest.mark.parametrize(("grain", "count"), [("quarter", 4), ("range", 1)])
def test_quarters_or_the_whole_year(house: House, grain: str, count: int) -> None:
    scenario = make_scenario(grain=grain, seasonality=tuple(Decimal(each) for each in "1234"))
    change_row(TEST, scenario.pk, row(scenario, "Cem").pk, {"ends_on": date(2028, 12, 15)})
    adopt_scenario(TEST, scenario.pk)
    cem = Quota.objects.filter(user=house.cem).order_by("starts_on")
    assert len(cem) == count
    assert cem[count - 1].ends_on == date(2028, 12, 15)
    assert sum(each.amount for each in cem) == row(scenario, "Cem").amount


def test_overlaps_are_refused_by_name_and_nothing_is_written(house: House) -> None:
    scenario = make_scenario()
    set_quota(
        TEST, house.bob, "bookings", Decimal(5), starts_on=date(2028, 5, 1),
        ends_on=date(2028, 5, 31),
    )  # fmt: skip
    set_quota(TEST, house.ann, "other", Decimal(5), starts_on=YEAR[0], ends_on=YEAR[1])
    give_territory(TEST, "north", house.ann, starts_on=date(2028, 3, 1))
    plan_territory(TEST, scenario.pk, "north", house.bob)
    before = state()
    with pytest.raises(Conflict) as refused:
        adopt_scenario(house.finance, scenario.pk)
    assert refused.value.message == (
        "Bob has a quota “bookings” from 2028-05-01 to 2028-05-31 already. "
        "Ann holds “north” from 2028-03-01 on already."
    )
    assert state() == before
    with pytest.raises(NotAllowed):
        adopt_scenario(acting(house.mia), scenario.pk)


def test_a_quota_for_no_days_is_refused(house: House) -> None:
    scenario = make_scenario()
    bob = row(scenario, "Bob")
    lock_quota(TEST, scenario.pk, bob.pk, Decimal(10))
    change_row(TEST, scenario.pk, bob.pk, {"starts_on": date(2029, 1, 1)})
    with pytest.raises(Conflict, match="Bob has a quota but no days on the job"):
        adopt_scenario(TEST, scenario.pk)


def test_territories_are_handed_over_and_come_back(house: House) -> None:
    give_territory(TEST, "north", house.ann, ends_on=date(2029, 6, 30))
    give_territory(TEST, "north", house.cem, role="specialist")
    give_territory(TEST, "south", house.bob)
    scenario = make_scenario()
    plan_territory(TEST, scenario.pk, "north", house.bob)
    plan_territory(TEST, scenario.pk, "south", house.bob)
    before = state()
    assert [each.territory for each in preview_adoption(TEST, scenario.pk).handovers] == ["north"]
    adopt_scenario(TEST, scenario.pk)
    held = TerritoryHolder.objects.filter(territory="north").order_by("starts_on", "role")
    assert [(each.user.name, each.ends_on) for each in held] == [
        ("Ann", date(2027, 12, 31)), ("Cem", None), ("Bob", None),
    ]  # fmt: skip
    undo_adoption(TEST, scenario.pk)
    assert state() == before
    scenario.refresh_from_db()
    assert scenario.is_open
    adopt_scenario(TEST, scenario.pk)
    new = TerritoryHolder.objects.get(territory="north", user=house.bob)
    change_holder(
        TEST, new.pk, user=house.cem, share=Decimal(1), role="", from_day=YEAR[0], ends_on=None
    )
    with pytest.raises(Conflict, match="Who holds “north” was changed since"):
        undo_adoption(TEST, scenario.pk)


def test_it_is_undone_until_a_period_of_it_is_calculated(house: House) -> None:
    scenario = make_scenario()
    adopt_scenario(TEST, scenario.pk)
    book(100, (house.ann, "1"), on=date(2027, 5, 1))  # of another year
    assert why_not_undone(reload(scenario)) == []
    book(100, (house.ann, "1"), on=date(2028, 5, 1), title="Early bird")
    with pytest.raises(Conflict, match="was calculated since") as refused:
        undo_adoption(house.finance, scenario.pk)
    assert "Early bird" in refused.value.message


def test_a_quota_that_was_changed_since_is_named(house: House) -> None:
    scenario = make_scenario()
    adopt_scenario(TEST, scenario.pk)
    quota = Quota.objects.filter(user=house.bob).earliest("starts_on")
    change_quota(
        TEST, quota.pk, amount=Decimal(1), starts_on=quota.starts_on, ends_on=quota.ends_on,
        per="range",
    )  # fmt: skip
    with pytest.raises(Conflict, match="The quota of Bob from 2028-01-01 was changed since"):
        undo_adoption(TEST, scenario.pk)


def reload(scenario: Any) -> Any:
    return type(scenario).objects.get(pk=scenario.pk)


amounts = st.none() | st.decimals(0, 5000, places=2)
days = st.none() | st.dates(date(2027, 10, 1), date(2029, 2, 1))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    target=st.decimals(0, 10**6, places=2),
    over=st.lists(st.decimals(0, 1, places=3), max_size=3),
    ramp=st.lists(st.decimals(0, 1, places=2), max_size=4),
    step=st.sampled_from([Decimal("0.01"), Decimal(1), Decimal(100)]),
    grain=st.sampled_from(["month", "quarter", "range"]),
    method=st.sampled_from(["heads", "history", "weights"]),
    locks=st.lists(amounts, min_size=3, max_size=3),
    begins=st.lists(days, min_size=3, max_size=3),
)
def test_whatever_is_planned_adopting_and_undoing_leaves_all_as_it_was(
    house: House, target: Decimal, over: list[Decimal], ramp: list[Decimal], step: Decimal,
    grain: str, method: str, locks: list[Decimal | None], begins: list[date | None],
) -> None:  # fmt: skip
    with transaction.atomic():
        give_territory(TEST, "north", house.ann)
        scenario = make_scenario(
            target=target, over_assignment=tuple(over), ramp=tuple(ramp), step=step, grain=grain,
            method=method,
        )  # fmt: skip
        plan_territory(TEST, scenario.pk, "north", house.cem)
        add_row(TEST, scenario.pk, row(scenario, "Nils").pk, name="Hire", is_hire=True)
        for name, locked, begin in zip(("Ann", "Bob", "Cem"), locks, begins, strict=True):
            if locked is not None:
                lock_quota(TEST, scenario.pk, row(scenario, name).pk, locked)
            change_row(TEST, scenario.pk, row(scenario, name).pk, {"starts_on": begin})
        sheet = load_sheet(scenario)
        for each in sheet.rows:
            below = sheet.below.get(each.pk)
            placed = sheet.placed[each.pk]
            if below:
                assert sum(sheet.placed[b.pk].amount for b in below) + placed.unplaced == (
                    placed.below
                )
        before = state()
        if preview_adoption(TEST, scenario.pk).refused:
            with pytest.raises(Conflict):
                adopt_scenario(TEST, scenario.pk)
        else:
            adopt_scenario(TEST, scenario.pk)
            for each in scenario.rows.filter(user__isnull=False):
                quotas = Quota.objects.filter(user=each.user, starts_on__gte=YEAR[0])
                assert sum((q.amount for q in quotas), Decimal(0)) == each.amount
            undo_adoption(TEST, scenario.pk)
        assert state() == before
        transaction.set_rollback(True)
