"""Scenarios: built from who works here, shared out, changed from above and from below."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from compensation.make import TEST, book, make_payee, make_plan
from compensation.planning.make import House, amounts, make_house, make_scenario, row, values
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.messaging.models import Notice
from dealwright.base.people.models import Profile
from dealwright.compensation.planning.files import grid_csv, grid_xlsx, import_grid
from dealwright.compensation.planning.models import PlanningChange, PlanningRow
from dealwright.compensation.planning.queries import (
    capacity_of,
    compare_scenarios,
    fairness_of,
    list_scenarios,
    read_grid,
    read_line,
)
from dealwright.compensation.planning.row_services import (
    add_row,
    change_row,
    comment,
    lock_quota,
    move_row,
    propose_quota,
    remove_row,
    set_weight,
    take_proposals,
)
from dealwright.compensation.planning.services import (
    change_scenario,
    create_scenario,
    drop_scenario,
    refresh_figures,
    share_scenario,
    take_season,
    unshare_scenario,
)
from dealwright.compensation.planning.sheet import load_sheet
from dealwright.compensation.planning.territories import plan_territory, territory_balance
from dealwright.compensation.territories.services import give_territory
from make import acting, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def test_a_number_goes_down_the_reporting_lines_by_what_was_sold(house: House) -> None:
    scenario = make_scenario(over_assignment=(Decimal("0.05"), Decimal("0.1")))
    # 2400 and 5 % over: 2520 as 900 to 300; below them 10 % over.
    assert amounts(scenario) == {
        "Plan 2028": "2400", "Mia": "1890", "Ann": "1386", "Bob": "693", "Nils": "630",
        "Cem": "693",
    }  # fmt: skip
    grid = read_grid(house.finance, scenario)
    assert [(each.row.name, each.depth) for each in grid.lines] == [
        ("Plan 2028", 0), ("Mia", 1), ("Ann", 2), ("Bob", 2), ("Nils", 1), ("Cem", 2),
    ]  # fmt: skip
    mia = grid.lines[1]
    assert (mia.history, mia.to_history) == (Decimal(900), Decimal("2.1"))
    assert mia.placed.below == Decimal(2079)


def test_steps_leave_an_odd_rest_where_it_is_seen(house: House) -> None:
    scenario = make_scenario(target=Decimal(2450), step=Decimal(100))
    found = amounts(scenario)
    assert (found["Mia"], found["Nils"]) == ("1850", "600")
    assert row(scenario, "Mia").carried == 50
    assert Decimal(found["Ann"]) + Decimal(found["Bob"]) == 1850


def test_trees_by_teams_by_positions_and_of_a_scenario(house: House) -> None:
    make_team(house.ann, house.cem, name="North")
    by_team = make_scenario(build="teams", method="heads")
    assert row(by_team, "Ann").parent == row(by_team, "North")
    assert row(by_team, "Bob").parent == row(by_team, "Plan 2028")
    assert not row(by_team, "North").sets_quota
    house.bob.job_title = "Hunter"
    house.bob.save()
    by_position = make_scenario(build="positions")
    assert row(by_position, "Bob").parent == row(by_position, "Hunter")
    lock_quota(TEST, by_team.pk, row(by_team, "Ann").pk, Decimal(77))
    copied = make_scenario(copy_of=by_team.pk, method="heads")
    assert amounts(copied)["Ann"] == "77"
    assert amounts(copied) == amounts(by_team)
    empty = make_scenario(build="empty")
    assert [each.name for each in empty.rows.all()] == ["Plan 2028"]


def test_days_and_ramps_of_those_who_come_and_go(house: House) -> None:
    plan = make_plan()
    from dealwright.compensation.plans.services import assign_payee

    dora = make_user("Dora", manager=house.nils)
    assign_payee(TEST, plan.pk, dora, date(2028, 7, 1))
    make_payee(plan, "Emil", quota=None, manager=house.nils, ends_on=date(2028, 6, 30))
    scenario = make_scenario(method="heads", ramp=(Decimal(0), Decimal("0.5")))
    assert row(scenario, "Dora").starts_on == row(scenario, "Dora").ramp_from == date(2028, 7, 1)
    assert row(scenario, "Ann").ramp_from is None
    assert row(scenario, "Emil").ends_on == date(2028, 6, 30)
    sheet = load_sheet(scenario)
    dora_row = sheet.by_id[row(scenario, "Dora").pk]
    # Six months, the first of which counts nothing and the second half.
    assert sheet.factors[dora_row.pk] * 12 * 2 == 9
    found = sheet.slices(dora_row)
    assert (found[0].starts_on, found[0].amount) == (date(2028, 7, 1), 0)
    assert sum(each.amount for each in found) == dora_row.amount


def test_what_is_wrong_is_named(house: House) -> None:
    with pytest.raises(Invalid) as refused:
        create_scenario(
            TEST,
            values(
                name=" ", measure="No!", currency="XXQ1", ends_on=date(2027, 1, 1),
                target=Decimal(-1), step=Decimal(0), over_assignment=(Decimal(-1),),
                ramp=(Decimal(11),), expected_attainment=Decimal(0), method="x", grain="y",
                seasonality=(Decimal(1), Decimal(2)), history_ends_on=date(2020, 1, 1),
            ),
        )  # fmt: skip
    assert set(refused.value.fields) == {
        "name", "measure", "currency", "ends_on", "target", "step", "over_assignment", "ramp",
        "expected_attainment", "method", "grain", "seasonality", "history_ends_on",
    }  # fmt: skip
    for who in (house.ann, house.mia):
        with pytest.raises(NotAllowed):
            create_scenario(acting(who), values())


def test_managers_see_their_branch_once_it_is_shared_and_reps_nothing(house: House) -> None:
    scenario = make_scenario()
    mia, ann = acting(house.mia), acting(house.ann)
    assert list_scenarios(mia)[0] == []
    with pytest.raises(NotFound):
        read_line(mia, scenario.pk, row(scenario, "Ann").pk)
    share_scenario(house.finance, scenario.pk)
    told = Notice.objects.values_list("user__name", flat=True)
    assert set(told) == {"Mia", "Nils"}
    assert [each.pk for each in list_scenarios(mia)[0]] == [scenario.pk]
    grid = read_grid(mia, scenario)
    assert [(each.row.name, each.may_propose) for each in grid.lines] == [
        ("Mia", False), ("Ann", True), ("Bob", True),
    ]  # fmt: skip
    for hidden in ("Cem", "Nils", "Plan 2028"):
        with pytest.raises(NotFound):
            read_line(mia, scenario.pk, row(scenario, hidden).pk)
        with pytest.raises(NotFound):
            propose_quota(mia, scenario.pk, row(scenario, hidden).pk, Decimal(1))
    with pytest.raises(NotAllowed, match="their own quota"):
        propose_quota(mia, scenario.pk, row(scenario, "Mia").pk, Decimal(1))
    for act in (lock_quota, set_weight):
        with pytest.raises(NotAllowed):
            act(mia, scenario.pk, row(scenario, "Ann").pk, Decimal(1))
    assert list_scenarios(ann)[0] == []
    for name in ("Ann", "Bob", "Mia"):
        with pytest.raises(NotFound):
            read_line(ann, scenario.pk, row(scenario, name).pk)
    unshare_scenario(house.finance, scenario.pk)
    assert list_scenarios(mia)[0] == []


def test_bottom_up_stands_against_top_down_with_its_reasons(house: House) -> None:
    scenario = make_scenario()
    share_scenario(house.finance, scenario.pk)
    mia = acting(house.mia)
    ann = row(scenario, "Ann")
    propose_quota(mia, scenario.pk, ann.pk, Decimal(1000), reason="Her largest account left")
    comment(mia, scenario.pk, ann.pk, "See the forecast")
    grid = read_grid(house.finance, scenario)
    against = {each.row.name: each.against.difference for each in grid.lines}
    assert against == {
        "Plan 2028": -200, "Mia": -200, "Ann": -200, "Bob": 0, "Nils": 0, "Cem": 0,
    }  # fmt: skip
    assert amounts(scenario)["Ann"] == "1200"
    said = [(each.what, each.after, each.reason, each.by) for each in changes(ann)]
    assert said == [
        ("proposed", "1,000", "Her largest account left", house.mia),
        ("comment", "", "See the forecast", house.mia),
    ]
    assert take_proposals(house.finance, scenario.pk, row(scenario, "Mia").pk) == 1
    assert (amounts(scenario)["Ann"], amounts(scenario)["Bob"]) == ("1000", "800")
    ann.refresh_from_db()
    assert (ann.locked, ann.proposed) == (1000, None)


def changes(row: PlanningRow) -> list[PlanningChange]:
    return list(PlanningChange.objects.filter(row_id=row.pk).order_by("at", "id"))


def test_what_is_said_stays_said(house: House) -> None:
    from django.db import IntegrityError, transaction

    scenario = make_scenario()
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanningChange.objects.filter(scenario=scenario).update(reason="else")


def test_locks_hold_and_what_they_leave_unplaced_shows(house: House) -> None:
    scenario = make_scenario()
    lock_quota(TEST, scenario.pk, row(scenario, "Mia").pk, Decimal(1000), reason="Agreed")
    assert (amounts(scenario)["Nils"], amounts(scenario)["Cem"]) == ("1400", "1400")
    lock_quota(TEST, scenario.pk, row(scenario, "Nils").pk, Decimal(1500))
    assert row(scenario, "Plan 2028").unplaced == -100
    lock_quota(TEST, scenario.pk, row(scenario, "Nils").pk, None)
    assert row(scenario, "Plan 2028").unplaced == 0
    with pytest.raises(Invalid, match="number of the scenario"):
        lock_quota(TEST, scenario.pk, row(scenario, "Plan 2028").pk, Decimal(1))
    with pytest.raises(Invalid):
        lock_quota(TEST, scenario.pk, row(scenario, "Nils").pk, Decimal("0.001"))


def test_rows_come_move_change_and_go(house: House) -> None:
    scenario = make_scenario(method="heads", ramp=(Decimal(0),) * 6)
    whole = row(scenario, "Plan 2028")
    group = add_row(TEST, scenario.pk, whole.pk, name="West")
    hire = add_row(
        TEST, scenario.pk, group.pk, name="New in West", is_hire=True, starts_on=date(2028, 1, 1)
    )
    assert amounts(scenario)["New in West"] == "343"  # half a seat of three and a half
    with pytest.raises(Conflict, match="Ann has a row"):
        add_row(TEST, scenario.pk, group.pk, holder=house.ann)
    with pytest.raises(Invalid, match="neither below itself"):
        move_row(TEST, scenario.pk, group.pk, hire.pk)
    move_row(TEST, scenario.pk, row(scenario, "Cem").pk, group.pk, reason="Moves west")
    assert row(scenario, "Cem").parent == group
    change_row(TEST, scenario.pk, group.pk, {"over": Decimal("0.5"), "name": "Far West"})
    assert row(scenario, "Far West").over == Decimal("0.5")
    with pytest.raises(Invalid):
        change_row(TEST, scenario.pk, hire.pk, {"ends_on": date(2027, 1, 1)})
    remove_row(TEST, scenario.pk, group.pk)
    assert set(amounts(scenario)) == {"Plan 2028", "Mia", "Ann", "Bob", "Nils"}
    assert scenario.changes.filter(what="removed", row_name="Far West").exists()


def test_capacity_fairness_and_the_season_of_history(house: House) -> None:
    scenario = make_scenario(expected_attainment=Decimal("0.9"))
    found = capacity_of(load_sheet(scenario))
    assert (found.assigned, found.reachable, found.gap) == (2400, 2160, 240)
    assert (found.full, found.hires[0].brings, found.hires[0].needed) == (600, 540, 1)
    grid = read_grid(house.finance, scenario)
    fair = fairness_of(house.finance, grid.sheet, grid)
    assert [(each.line.row.name, each.to_history) for each in fair.rows] == [
        ("Ann", 2), ("Bob", 2), ("Cem", 2),
    ]  # fmt: skip
    assert (fair.gini, fair.variation) == (0, 0)
    assert (fair.rows[0].pay, fair.rows[0].coverage) == (100, 12)
    lock_quota(TEST, scenario.pk, row(scenario, "Ann").pk, Decimal(600))
    grid = read_grid(house.finance, scenario)
    fair = fairness_of(house.finance, grid.sheet, grid)
    assert (fair.lowest, fair.highest) == (1, 4)
    take_season(TEST, scenario.pk)
    scenario.refresh_from_db()
    assert scenario.seasonality[:3] == [600, 600, 0]
    bob = row(scenario, "Bob")
    assert load_sheet(scenario).by_month(bob).amounts[:3] == [600, 600, 0]


def test_changed_numbers_and_figures_are_shared_out_anew(house: House) -> None:
    scenario = make_scenario()
    change_scenario(TEST, scenario.pk, values(target=Decimal(4800), method="heads"))
    assert amounts(scenario)["Cem"] == "1600"
    book(900, (house.cem, "1"), on=date(2027, 3, 1))
    change_scenario(TEST, scenario.pk, values(target=Decimal(2100)))
    assert amounts(scenario)["Cem"] == "525"
    refresh_figures(TEST, scenario.pk)
    assert amounts(scenario)["Cem"] == "1200"
    settings = scenario.changes.filter(what="settings").values_list("before", "after")
    assert ("target: 2,400", "4,800") in settings
    drop_scenario(TEST, scenario.pk)
    with pytest.raises(Conflict, match="dropped"):
        refresh_figures(TEST, scenario.pk)


def test_two_scenarios_stand_beside_each_other(house: House) -> None:
    first, second = make_scenario(), make_scenario(name="More", target=Decimal(4800))
    remove_row(TEST, second.pk, row(second, "Bob").pk)
    found = compare_scenarios(house.finance, first.pk, second.pk)
    beside = {each.name: each.difference for each in found.rows}
    assert beside == {"Ann": 2000, "Mia": 1400, "Nils": 1000, "Cem": 1000, "Bob": -600}
    assert next(each.name for each in found.rows) == "Ann"


def test_territories_move_between_holders_and_even_them_out(house: House) -> None:
    for user in (house.ann, house.bob, house.cem):
        give_territory(TEST, f"of {user.name}", user)
    scenario = make_scenario()
    balance = territory_balance(house.finance, scenario)
    assert [(each.name, each.accounts, each.won) for each in balance.territories] == [
        ("of Ann", 1, 600), ("of Bob", 1, 300), ("of Cem", 1, 300),
    ]  # fmt: skip
    plan_territory(house.finance, scenario.pk, "of Bob", house.cem, reason="Nearer")
    balance = territory_balance(house.finance, scenario)
    held = {each.user.name: (each.count, each.won) for each in balance.holders}
    assert held == {
        "Ann": ([1, 1], [600, 600]), "Bob": ([1, 0], [300, 0]), "Cem": ([1, 2], [300, 600]),
    }  # fmt: skip
    assert balance.spread[0] == Decimal("0.3536")
    assert balance.spread[1] == 0
    plan_territory(house.finance, scenario.pk, "of Bob", None)
    assert not scenario.territories.exists()
    with pytest.raises(NotAllowed):
        plan_territory(acting(house.mia), scenario.pk, "of Bob", house.ann)


@pytest.mark.parametrize("write", [grid_csv, grid_xlsx])
def test_the_grid_goes_out_and_comes_back(house: House, write) -> None:  # type: ignore[no-untyped-def]
    import io

    from openpyxl import load_workbook

    scenario = make_scenario()
    ann, bob = row(scenario, "Ann"), row(scenario, "Bob")
    content = write(read_grid(house.finance, scenario))
    assert import_grid(house.finance, scenario.pk, content) == 0
    if write is grid_csv:
        text = content.decode("utf-8-sig")
        lines = text.splitlines()
        heads = lines[0].split(",")
        cells = [line.split(",") for line in lines]
        for line in cells:
            if line[0] == str(ann.pk):
                line[heads.index("by_hand")] = "1000.50"
            if line[0] == str(bob.pk):
                line[heads.index("ends_on")] = "2028-06-30"
        content = "\r\n".join(",".join(line) for line in cells).encode()
    else:
        book = load_workbook(io.BytesIO(content))
        sheet = book["Grid"]
        heads = [cell.value for cell in sheet[1]]
        for line in sheet.iter_rows(min_row=2):
            if line[0].value == str(ann.pk):
                line[heads.index("by_hand")].value = 1000.5
            if line[0].value == str(bob.pk):
                line[heads.index("ends_on")].value = date(2028, 6, 30)
        out = io.BytesIO()
        book.save(out)
        content = out.getvalue()
    assert import_grid(house.finance, scenario.pk, content) == 2
    ann.refresh_from_db()
    bob.refresh_from_db()
    assert (ann.locked, ann.amount) == (Decimal("1000.50"), Decimal("1000.50"))
    assert bob.ends_on == date(2028, 6, 30)
    with pytest.raises(Invalid) as refused:
        import_grid(house.finance, scenario.pk, f"row,by_hand\n{ann.pk},x\nnobody,1\n".encode())
    assert refused.value.fields["file"] == [
        "Row 2: “x” is not an amount.",
        "Row 3: there is no such row in this scenario.",
    ]


def test_a_manager_brings_proposals_by_file_and_nothing_else(house: House) -> None:
    scenario = make_scenario()
    share_scenario(house.finance, scenario.pk)
    mia, ann, cem = acting(house.mia), row(scenario, "Ann"), row(scenario, "Cem")
    assert import_grid(mia, scenario.pk, f"row,bottom_up\n{ann.pk},900\n".encode()) == 1
    ann.refresh_from_db()
    assert ann.proposed == 900
    with pytest.raises(NotAllowed):
        import_grid(mia, scenario.pk, f"row,by_hand\n{ann.pk},900\n".encode())
    with pytest.raises(NotFound):
        import_grid(mia, scenario.pk, f"row,bottom_up\n{cem.pk},900\n".encode())
    assert house.mia.profile == Profile.MANAGER


def test_a_team_that_goes_leaves_its_people_in_the_plan(house: House) -> None:
    team = make_team(house.ann, name="North")
    scenario = make_scenario(build="teams")
    team.delete()
    group = row(scenario, "North")
    assert (group.team, group.has_holder) == (None, False)
    assert row(scenario, "Ann").parent == group
