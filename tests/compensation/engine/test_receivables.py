"""What a clawback could not take from pay stays owed and is taken later."""

from __future__ import annotations

from pathlib import Path

from compensation.engine.calculating import calculate_text, pay

EVENTS = """
event_id,kind,date,payee,amount,reference
E1,booking,2027-01-15,ann,30000,
T1,termination,2027-02-20,ann,30000,E1
E2,booking,2027-03-10,ann,10000,
E3,booking,2027-04-10,ann,90000,
"""


def plan(share: str) -> str:
    return f"""
plan: p
currency: EUR
components:
  - fixed: {{id: salary, amount: 500}}
  - flat: {{id: commission, rate: 10%}}
clawback: {{trigger: termination{share}}}
"""


def test_without_a_limit_pay_may_fall_below_zero(tmp_path: Path) -> None:
    assert pay(calculate_text(tmp_path, plan(""), events=EVENTS)) == {
        "2027-01": "3500.00",
        "2027-02": "-2500.00",
        "2027-03": "1500.00",
        "2027-04": "9500.00",
    }


def test_a_share_of_pay_at_most_and_never_of_fixed_pay(tmp_path: Path) -> None:
    assert pay(calculate_text(tmp_path, plan(", recover_share: 100%"), events=EVENTS)) == {
        "2027-01": "3500.00",
        "2027-02": "500.00",
        "2027-03": "500.00",
        "2027-04": "7500.00",
    }
    result = calculate_text(tmp_path, plan(", recover_share: 25%"), events=EVENTS)
    assert pay(result) == {
        "2027-01": "3500.00",
        "2027-02": "500.00",
        "2027-03": "1250.00",
        "2027-04": "7250.00",
    }
    last = [line for line in result.lines if line.kind == "repaid"][-1]
    assert (f"{last.payout:.2f}", f"{last.balance:.2f}") == ("-2250.00", "500.00")


def test_who_has_left_owes_all_of_it(tmp_path: Path) -> None:
    people = "payee,start,end\nann,2027-01-01,2027-01-31"
    events = "\n".join(EVENTS.strip().splitlines()[:3])
    result = calculate_text(tmp_path, plan(", recover_share: 50%"), events=events, people=people)
    assert pay(result) == {"2027-01": "3500.00"}
    assert [f"{line.balance:.2f}" for line in result.lines if line.kind == "owed"] == ["3000.00"]
