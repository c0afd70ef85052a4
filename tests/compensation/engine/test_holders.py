"""Quotas of positions and teams: who holds them, and on which days."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from compensation.engine.calculating import calculate_text, pay
from dealwright.compensation.engine.holders import without

PLAN = """
plan: p
currency: EUR
calendar: month
components:
  - fixed: {id: goal, amount: goal}
"""
EVENTS = "event_id,date,payee,amount\nE1,2027-01-10,ann,1"


def test_days_that_are_not_taken() -> None:
    def day(number: int) -> date:
        return date(2027, 1, number)

    assert without((day(1), day(31)), [(day(5), day(9)), (day(9), day(20))]) == [
        (day(1), day(4)),
        (day(21), day(31)),
    ]
    assert without((day(3), day(4)), [(day(1), day(31))]) == []


def test_an_own_quota_goes_before_the_positions_and_that_before_the_teams(tmp_path: Path) -> None:
    quotas = (
        "payee,position,team,measure,start,end,amount,per\n"
        "ann,,,goal,2027-02-01,2027-02-28,100,month\n"
        ",rep,,goal,2027-01-01,2027-03-31,310,month\n"
        ",,north,goal,2027-01-01,2027-06-30,30,month"
    )
    people = (
        "payee,position,team,start,end\nann,rep,north,2027-01-01,2027-05-31\n"
        "bob,,north,2027-01-01,2027-01-10\nbob,rep,,2027-01-11,2027-01-31"
    )
    result = calculate_text(tmp_path, PLAN, events=EVENTS, quotas=quotas, people=people)
    assert pay(result)["2027-01"] == "310.00"
    found = calculate_text(
        tmp_path,
        PLAN.replace("currency: EUR", "currency: EUR\nuntil: 2027-06-30"),
        events=EVENTS,
        quotas=quotas,
        people=people,
    )
    assert pay(found) == {
        "2027-01": "310.00",
        "2027-02": "100.00",
        "2027-03": "310.00",
        "2027-04": "30.00",
        "2027-05": "30.00",
    }
    # Ten days of the team's 30 and 21 of the position's 310, each of 31.
    assert pay(found, "bob") == {"2027-01": "219.68"}


def test_who_changes_the_team_counts_for_each_on_its_days(tmp_path: Path) -> None:
    plan = """
        plan: p
        currency: EUR
        calendar: quarter
        components:
          - bonus_milestone:
              id: bonus
              quota: {name: team, of: team}
              milestones: [[100%, 500]]
        """
    people = (
        "payee,team,start,end\nann,north,2027-01-01,2027-02-14\nann,south,2027-02-15,2027-12-31\n"
        "bob,north,2027-01-01,2027-12-31\ncem,south,2027-01-01,2027-12-31"
    )
    quotas = "team,measure,period,amount\nnorth,team,2027-Q1,900\nsouth,team,2027-Q1,900"
    events = (
        "event_id,date,payee,amount\nE1,2027-01-10,ann,500\nE2,2027-03-10,ann,600\n"
        "E3,2027-02-20,bob,400"
    )
    result = calculate_text(tmp_path, plan, events=events, people=people, quotas=quotas)
    # North has 900 of 900; south 600; ann is measured by 500 and 600 of 450 and 450.
    assert pay(result, "bob") == {"2027-Q1": "500.00"}
    assert pay(result, "cem") == {}
    assert pay(result, "ann") == {"2027-Q1": "500.00"}
