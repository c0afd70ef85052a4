"""Planning on pages and over the API: shown, changed in the cell, adopted, refused."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from compensation.make import TEST
from compensation.planning.make import House, amounts, make_house, make_scenario, row
from compensation.statements.test_pages import see, send, signed_in
from compensation.test_api import Caller
from dealwright.compensation.planning.models import PlanningRow, PlanningScenario
from dealwright.compensation.planning.row_services import propose_quota
from dealwright.compensation.planning.services import share_scenario
from dealwright.compensation.quotas.models import Quota
from dealwright.compensation.territories.services import give_territory

pytestmark = pytest.mark.django_db
HOME = "/compensation/planning"


@pytest.fixture
def house() -> House:
    return make_house()


def test_a_scenario_from_the_form_to_the_quotas_and_back(house: House) -> None:
    fay = signed_in(house.fay)
    assert "No scenario yet" in see(fay, HOME)
    assert "By managers" in see(fay, f"{HOME}/new")
    typed = {
        "name": "Next year", "measure": "bookings", "currency": "eur", "first": "2028",
        "history_first": "2027", "target": "2,400", "step": "100", "method": "history",
        "over_assignment": "5%, 0%", "ramp": "0%, 50%", "expected_attainment": "90%",
        "grain": "quarter", "seasonality": "1; 1; 1; 2", "build": "reporting",
    }  # fmt: skip
    refused = send(fay, f"{HOME}/new", 422, **typed | {"target": "much", "ramp": "x"})
    assert "is not an amount" in refused and 'value="much"' in refused
    at = send(fay, f"{HOME}/new", **typed)
    scenario = PlanningScenario.objects.get()
    assert (scenario.currency, scenario.over_assignment) == ("EUR", [Decimal("0.05"), 0])
    shown = see(fay, at)
    for text in ("Next year", "Mia", "Ann", "900", "€2,400.00", "1 900"):
        assert text in shown, text
    assert 'value="2028"' in see(fay, f"{at}/settings")
    send(fay, f"{at}/settings", **typed | {"target": "4800"})
    ann = row(scenario, "Ann")
    page = see(fay, f"{at}/rows/{ann.pk}")
    assert "Deal of Ann" in page and "weighs 600 of 900, 66.67%" in page
    send(fay, f"{at}/rows/{ann.pk}/lock", locked="3000", reason="Agreed in May")
    assert "Agreed in May" in see(fay, f"{at}/rows/{ann.pk}")
    for part in ("capacity", "fairness", "territories", "compare", "adopt"):
        assert "Next year" in see(fay, f"{at}/{part}")
    assert "20 quotas “bookings” for 5 holders" in see(fay, f"{at}/adopt")
    send(fay, f"{at}/adopt")
    assert Quota.objects.filter(user=house.ann).count() == 4
    assert "Undo the adoption" in see(fay, at)
    assert "is adopted" in send(fay, f"{at}/settings", 422, **typed)
    send(fay, f"{at}/undo")
    assert not Quota.objects.exists()
    send(fay, f"{at}/do/drop")
    assert "Dropped" in see(fay, HOME)
    copy = send(fay, f"{HOME}/new?copy={scenario.pk}", **typed | {"copy": str(scenario.pk)})
    assert amounts(PlanningScenario.objects.get(pk=copy.split("/")[-1]))["Ann"] == "3000"


def cell(client: Client, scenario: PlanningScenario, **values: Any) -> Any:
    return client.post(
        f"{HOME}/{scenario.pk}/cell",
        json.dumps(values),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def test_a_cell_is_written_and_all_sums_come_back(house: House) -> None:
    scenario = make_scenario()
    fay, ann = signed_in(house.fay), row(scenario, "Ann")
    answer = cell(fay, scenario, row=str(ann.pk), field="locked", value="1500", reason="Her wish")
    assert answer.status_code == 200
    html = answer.json()["html"]
    assert f'id="locked-{ann.pk}"' in html and "data-locked" in html
    assert amounts(scenario)["Bob"] == "300"
    assert cell(fay, scenario, row=str(ann.pk), field="locked", value="").status_code == 200
    assert amounts(scenario)["Ann"] == "1200"
    wrong = cell(fay, scenario, row=str(ann.pk), field="locked", value="a lot")
    assert wrong.status_code == 422
    assert cell(fay, scenario, row=str(ann.pk), field="name", value="1").status_code == 422
    assert cell(fay, scenario, row="nobody", field="weight", value="1").status_code == 404
    assert fay.post(f"{HOME}/{scenario.pk}/cell", "[", "application/json").status_code == 422


def test_a_manager_answers_from_below_and_a_rep_sees_nothing(house: House) -> None:
    scenario = make_scenario()
    mia, ann, nils = (signed_in(each) for each in (house.mia, house.ann, house.nils))
    at = f"{HOME}/{scenario.pk}"
    assert "Nothing is being planned with you" in see(mia, HOME)
    see(mia, at, 404)
    share_scenario(TEST, scenario.pk)
    shown = see(mia, at)
    assert "Ann" in shown and "Cem" not in shown and "2 400" not in shown
    assert "€2,400.00" not in see(mia, HOME)
    one = row(scenario, "Ann")
    assert cell(mia, scenario, row=str(one.pk), field="proposed", value="1000").status_code == 200
    assert cell(mia, scenario, row=str(one.pk), field="locked", value="1000").status_code == 403
    assert cell(nils, scenario, row=str(one.pk), field="proposed", value="1").status_code == 404
    send(mia, f"{at}/rows/{one.pk}/comment", reason="Fewer accounts than before")
    assert "Fewer accounts" in see(signed_in(house.fay), f"{at}/rows/{one.pk}")
    assert "Cem" not in see(mia, f"{at}/fairness")
    grid = mia.get(f"{at}/grid.csv").content.decode()
    assert "Ann" in grid and "Cem" not in grid and "2400" not in grid
    for part in ("capacity", "territories", "compare", "adopt", "settings"):
        see(mia, f"{at}/{part}", 403)
    assert "Only finance" in send(mia, f"{at}/rows/{one.pk}/remove", 422)
    assert PlanningRow.objects.filter(pk=one.pk).exists()
    for address in (HOME, at, f"{at}/rows/{one.pk}", f"{at}/grid.csv", f"{at}/fairness"):
        see(ann, address, 404)
    assert cell(ann, scenario, row=str(one.pk), field="proposed", value="1").status_code == 404


def test_rows_are_added_moved_and_removed_on_the_page(house: House) -> None:
    scenario = make_scenario()
    fay, at = signed_in(house.fay), f"{HOME}/{scenario.pk}/rows"
    mia = row(scenario, "Mia")
    send(
        fay, f"{at}/{mia.pk}/add", kind="hire", name="New one", starts_on="2028-04-01", weight="300"
    )
    new = row(scenario, "New one")
    assert (new.is_hire, new.ramp_from, new.weight) == (True, date(2028, 4, 1), 300)
    assert "Planned hire" in see(fay, f"{at}/{new.pk}")
    assert "Choose a person." in send(fay, f"{at}/{mia.pk}/add", 422, kind="person")
    send(fay, f"{at}/{new.pk}/move", parent=str(row(scenario, "Nils").pk))
    assert row(scenario, "New one").parent == row(scenario, "Nils")
    send(fay, f"{at}/{new.pk}/edit", name="Later one", method="", starts_on="2028-07-01", over="10")
    assert row(scenario, "Later one").over == Decimal("0.1")
    propose_quota(TEST, scenario.pk, new.pk, Decimal(5))
    send(fay, f"{at}/{row(scenario, 'Nils').pk}/take")
    assert row(scenario, "Later one").locked == 5
    send(fay, f"{at}/{new.pk}/remove")
    assert not PlanningRow.objects.filter(pk=new.pk).exists()


def test_a_territory_is_moved_on_the_page(house: House) -> None:
    give_territory(TEST, "of Ann", house.ann)
    scenario = make_scenario()
    fay, at = signed_in(house.fay), f"{HOME}/{scenario.pk}"
    send(fay, f"{at}/territories", territory="of Ann", user=str(house.bob.pk), reason="Even")
    shown = see(fay, f"{at}/territories")
    assert "before: Ann" in shown
    assert "territories that change hands: 1." in see(fay, f"{at}/adopt")
    other = make_scenario(name="Other", target=Decimal(1200))
    assert "Other" in see(fay, f"{at}/compare?with={other.pk}")


def test_a_large_grid_opens_branch_by_branch_in_few_statements(house: House) -> None:
    scenario = make_scenario(build="empty")
    whole = scenario.rows.get()
    groups = PlanningRow.objects.bulk_create(
        PlanningRow(scenario=scenario, parent=whole, name=f"Group {n}", place=n) for n in range(4)
    )
    PlanningRow.objects.bulk_create(
        PlanningRow(scenario=scenario, parent=group, name=f"{group.name} seat {n}", place=n)
        for group in groups
        for n in range(150)
    )
    fay, at = signed_in(house.fay), f"{HOME}/{scenario.pk}"
    with CaptureQueriesContext(connection) as asked:
        shown = see(fay, at)
    assert len(asked) <= 15
    assert "Group 3" in shown and "Group 3 seat 7" not in shown
    assert f"?under={groups[3].pk}" in shown
    assert "Group 3 seat 7" in see(fay, f"{at}?under={groups[3].pk}")
    assert len(fay.get(f"{at}/grid.csv").content.decode().splitlines()) == 606


def test_programs_read_propose_and_adopt(house: House) -> None:
    scenario = make_scenario()
    share_scenario(TEST, scenario.pk)
    finance, mia = Caller(house.fay), Caller(house.mia)
    (found,) = finance("GET", "/planning")
    assert (found["name"], found["status"], found["target"]) == ("Plan 2028", "shared", "2400.00")
    assert mia("GET", f"/planning/{scenario.pk}")["target"] is None
    rows = finance("GET", f"/planning/{scenario.pk}/rows")
    assert [(each["name"], each["quota"]) for each in rows][:2] == [
        ("Plan 2028", "2400.00"), ("Mia", "1800.00"),
    ]  # fmt: skip
    assert {each["name"] for each in mia("GET", f"/planning/{scenario.pk}/rows")} == {
        "Mia", "Ann", "Bob",
    }  # fmt: skip
    ann = row(scenario, "Ann")
    proposal = f"/planning/{scenario.pk}/rows/{ann.pk}/proposal"
    said = mia("PUT", proposal, {"amount": "1000", "reason": "Less"})
    assert (said["bottom_up"], said["difference"]) == ("1000.00", "-200.00")
    preview = finance("GET", f"/planning/{scenario.pk}/adoption")
    assert (len(preview["quotas"]), preview["refused"]) == (60, [])
    mia("POST", f"/planning/{scenario.pk}/adopt", status=403)
    assert finance("POST", f"/planning/{scenario.pk}/adopt")["status"] == "adopted"
    assert finance("POST", f"/planning/{scenario.pk}/undo")["status"] == "shared"
    Caller(house.ann)("GET", f"/planning/{scenario.pk}", status=404)
