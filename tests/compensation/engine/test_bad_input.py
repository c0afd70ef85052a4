"""What input cannot be calculated, and in which words it is said. Nothing is ever half done."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from compensation.engine.calculating import calculate_text, pay
from dealwright.base.errors import Invalid
from dealwright.compensation.engine.inputs import InputInvalid, load_csv
from dealwright.compensation.plans.reading import read_plan

PLAN = """
plan: p
currency: EUR
components:
  - tiered: {id: commission, quota: goal, bands: [[0, 5%], [100%, 7%]]}
"""
EVENTS = "event_id,date,payee,amount\nE1,2027-01-10,ann,1000"


def problems(folder: Path, plan: str = PLAN, **files: str) -> list[str]:
    with pytest.raises(InputInvalid) as error:
        calculate_text(folder, plan, **{"events": EVENTS, **files})
    assert error.value.message.endswith("nothing was calculated.")
    return [str(each) for each in error.value.problems]


def test_shares_that_miss_the_whole(tmp_path: Path) -> None:
    assert problems(tmp_path, splits="event_id,payee,share\nE1,ann,69.99%\nE1,bob,30%") == [
        "splits row 2: the direct shares of event “E1” sum to 99.99 %, not 100 %."
    ]


def test_quota_given_twice_for_the_same_days(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        quotas="payee,measure,start,end,amount\n"
        "ann,goal,2027-01-01,2027-03-31,1000\nann,goal,2027-03-31,2027-06-30,1000",
    ) == ["quotas row 3: the quota “goal” of ann is given twice: from 2027-03-31, also in row 2."]


def test_quota_of_nobody_or_of_two(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        people="payee,position,team\nann,rep,north",
        quotas="payee,position,team,measure,period,amount\n,lead,,goal,2027-01,5\n"
        ",,,goal,2027-02,5\nann,rep,,goal,2027-03,5\n,,south,goal,2027-01,5",
    ) == [
        "quotas row 2: nobody has the position “lead”.",
        "quotas row 3: name one of payee, position or team.",
        "quotas row 4: name one of payee, position or team.",
        "quotas row 5: nobody has the team “south”.",
    ]


def test_a_relation_may_not_be_the_team(tmp_path: Path) -> None:
    assert problems(tmp_path, hierarchy="payee,manager,relation\nann,bob,team") == [
        "hierarchy row 2: “team” is the relation of teams; name it otherwise."
    ]


def test_circle_in_the_hierarchy(tmp_path: Path) -> None:
    assert problems(tmp_path, hierarchy="payee,manager\nann,bob\nbob,cem\ncem,ann")[0] == (
        "hierarchy row 2: a circle: ann → bob → cem → ann."
    )


def test_two_managers_at_a_time(tmp_path: Path) -> None:
    assert problems(tmp_path, hierarchy="payee,manager\nann,bob\nann,cem") == [
        "hierarchy row 3: ann reports to two managers: from 1900-01-01, also in row 2."
    ]


def test_missing_exchange_rate(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        events="event_id,date,payee,amount,currency\nE1,2027-01-10,ann,1000,USD",
        rates="from,to,date,rate\nUSD,EUR,2027-02-01,0.9",
    ) == [
        "events row 2: there is no spot rate from USD to EUR for 2027-01-10 (measure “bookings”)."
    ]


def test_missing_rate_of_a_policy(tmp_path: Path) -> None:
    plan = PLAN + "measures: {sales: {of: booking, rates: month}}"
    events = "event_id,date,payee,amount,currency\nE1,2027-01-10,ann,1000,USD"
    rates = "from,to,date,rate,type\nUSD,EUR,2027-02-01,0.9,average\nUSD,EUR,2027-01-01,0.9,spot"
    assert problems(tmp_path, plan, events=events, rates=rates) == [
        "events row 2: there is no average rate from USD to EUR for 2027-01 (measure “sales”)."
    ]
    late = plan.replace("rates: month", "rates: pay")
    rates = "from,to,date,rate\nUSD,EUR,2027-02-01,0.9"
    assert problems(tmp_path, late, events=events, rates=rates) == [
        "events row 2: there is no spot rate from USD to EUR for 2027-01-31 (measure “sales”)."
    ]
    mean = rates.replace("rate\n", "rate,type\n") + ",mean"
    said = problems(tmp_path, plan, events=events, rates=mean)
    assert "rates row 2: type “mean” is none of spot, plan and average." in said


def test_territory_held_twice_or_without_a_share(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        territories="territory,payee,start,end,share\nnorth,ann,2027-01-01,2027-03-31,\n"
        "north,ann,2027-03-01,,\nsouth,bob,,,0",
    ) == [
        "territories row 3: ann holds “north” twice: from 2027-03-01, also in row 2.",
        "territories row 4: a share must be above zero, not 0 %.",
    ]


def test_event_given_twice(tmp_path: Path) -> None:
    assert problems(tmp_path, events=EVENTS + "\nE1,2027-01-11,bob,5") == [
        "events row 3: event id “E1” is given twice (first in row 2)."
    ]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("1,000", "5 values stand here, but the first row names 4 columns."),
        ('"1,000"', "amount “1,000” can be read in two ways; write it without separators of "),
        ("$5", "amount “$5” is not an amount such as 1234.56."),
        ("12.34567", "amount “12.34567” is not an amount such as 1234.56."),
        ("1e5", "amount “1e5” is not an amount such as 1234.56."),
        ("NaN", "amount “NaN” is not an amount such as 1234.56."),
        ("=1+1", "amount “=1+1” is not an amount such as 1234.56."),
        ("99999999999999", "amount “99999999999999” is not an amount such as 1234.56."),
    ],
)
def test_a_cell_that_is_no_amount(tmp_path: Path, cell: str, sentence: str) -> None:
    (said,) = problems(tmp_path, events=f"event_id,date,payee,amount\nE1,2027-01-10,ann,{cell}")
    assert said.startswith("events row 2: " + sentence)


def test_a_day_that_does_not_exist(tmp_path: Path) -> None:
    assert problems(
        tmp_path, events="event_id,date,payee,amount\nE1,2027-02-30,ann,1\nE2,,ann,1"
    ) == [
        "events row 2: date “2027-02-30” is not a date like 2027-01-31.",
        "events row 3: date is empty.",
    ]


def test_reference_to_nothing(tmp_path: Path) -> None:
    assert problems(
        tmp_path, events="event_id,date,payee,amount,reference\nE1,2027-01-10,ann,1,E9"
    ) == ["events row 2: refers to “E9”, which is not among the events."]


def test_unknown_payee(tmp_path: Path) -> None:
    assert problems(tmp_path, people="payee\nbob") == [
        "events row 2: “ann” is not among the people."
    ]


def test_missing_column_and_field(tmp_path: Path) -> None:
    plan = PLAN + "fields: {segment: text}"
    assert problems(tmp_path, plan, events="event_id,payee,amount\nE1,ann,5") == [
        "events row 1: the column “date” is missing; there are event_id, payee, amount.",
        "events row 1: the plan uses the field “segment”, but there is no such column.",
    ]


def test_unknown_currency(tmp_path: Path) -> None:
    said = problems(
        tmp_path, events="event_id,date,payee,amount,currency\nE1,2027-01-10,ann,1000,XX1"
    )
    assert "events row 2: “XX1” is not a currency code." in said


def test_file_that_is_no_csv(tmp_path: Path) -> None:
    said = problems(tmp_path, events='event_id,date,payee,amount\nE1,"2027-01-10,ann,5')
    assert said[0].startswith("events: this file cannot be read as CSV:")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid) as error:
        load_csv(read_plan(PLAN), {"events": tmp_path / "none.csv"})
    assert "there is no file" in str(error.value.problems[0])


def test_zero_quota_pays_nothing(tmp_path: Path) -> None:
    result = calculate_text(
        tmp_path, PLAN, events=EVENTS, quotas="payee,measure,period,amount\nann,goal,2027-01,0"
    )
    assert pay(result) == {}


def test_negative_amounts_take_back_at_the_rate_they_were_paid(tmp_path: Path) -> None:
    result = calculate_text(
        tmp_path,
        PLAN,
        events=EVENTS + "\nE2,2027-01-20,ann,-500\nE3,2027-02-01,ann,-300",
        quotas="payee,measure,start,end,amount,per\nann,goal,2027-01-01,2027-12-31,800,month",
    )
    # 800 at 5 % and 200 at 7 %; of the 500 back, 200 at 7 % and 300 at 5 %.
    assert pay(result) == {"2027-01": "25.00", "2027-02": "-15.00"}


def test_a_million_millions_is_exact(tmp_path: Path) -> None:
    result = calculate_text(
        tmp_path,
        PLAN,
        events="event_id,date,payee,amount\nE1,2027-01-10,ann,1000000000000.01",
        quotas="payee,measure,period,amount\nann,goal,2027-01,1000000000000",
    )
    assert pay(result) == {"2027-01": "50000000000.00"}


def test_what_outgrows_exact_numbers_is_refused_not_cut(tmp_path: Path) -> None:
    plan = textwrap.dedent(
        """
        plan: p
        currency: EUR
        components:
          - flat: {id: commission, rate: 999}
        """
    )
    people = "\n".join(f"E{n},2027-01-10,ann,9999999999999" for n in range(3))
    result = calculate_text(tmp_path, plan, events=f"event_id,date,payee,amount\n{people}")
    assert pay(result) == {"2027-01": "29969999999997003.00"}


def test_unknown_engine() -> None:
    from dealwright.compensation.engine.inputs import load_rows
    from dealwright.compensation.engine.prepared import prepare_inputs
    from dealwright.compensation.engine.results import calculate

    with pytest.raises(Invalid, match="no engine “abacus”"):
        calculate(prepare_inputs(load_rows(read_plan(PLAN), {})), "abacus")


def test_days_that_can_be_read_in_two_ways(tmp_path: Path) -> None:
    assert problems(
        tmp_path, events="event_id,date,payee,amount\nE1,01/02/2027,ann,1\nE2,2027-01-03,ann,1"
    ) == [
        "events row 2: date “01/02/2027” can be read in two ways; write it like 2027-01-31, with "
        "the year first."
    ]


def test_days_that_contradict_each_other(tmp_path: Path) -> None:
    said = problems(
        tmp_path, events="event_id,date,payee,amount\nE1,31/01/2027,ann,1\nE2,01/31/2027,ann,1"
    )
    assert len(said) == 2
    assert all("can be read in two ways" in each for each in said)


def test_points_between_semicolons_may_be_thousands(tmp_path: Path) -> None:
    assert problems(
        tmp_path, events="event_id;date;payee;amount\nE1;2027-01-10;ann;1.234\nE2;2027-01-10;ann;5"
    ) == [
        "events row 2: amount “1.234” can be read in two ways; write it without separators of "
        "thousands and with a decimal point."
    ]


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ("", "the file is empty; its first row must name the columns."),
        ("event_id,date,Date,amount", "the first row must name each column once; “Date” is there"),
        ("event_id,,payee,amount", "column 2 of the first row has no name."),
    ],
)
def test_a_first_row_that_names_no_columns(tmp_path: Path, events: str, sentence: str) -> None:
    (tmp_path / "events.csv").write_text(events)
    with pytest.raises(InputInvalid) as error:
        load_csv(read_plan(PLAN), {"events": tmp_path / "events.csv"})
    assert error.value.problems[0].message.startswith(sentence)
    assert error.value.problems[0].row == 1


def test_another_encoding_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "january.csv"
    path.write_bytes(b"event_id,date,payee,amount\n1,2027-01-10,M\xfcller,1000\n")
    with pytest.raises(InputInvalid) as error:
        load_csv(read_plan(PLAN), {"events": path})
    assert str(error.value.problems[0]).startswith(
        "events row 1: this file is not CSV text in UTF-8; save it as “CSV UTF-8”"
    )


def test_a_factor_on_a_line_holds_for_very_large_pay(tmp_path: Path) -> None:
    plan = """
    plan: p
    currency: EUR
    measures: {sold: {of: booking}, deals: {of: booking, unit: quantity}}
    components:
      - flat: {id: commission, measure: sold, rate: 3}
      - multiplier: {id: by_deals, on: commission, measure: deals, points: [[0, 0.5], [24, 1.5]]}
    """
    deals = "\n".join(f"E{n},2027-01-10,ann,9999999999999.99" for n in range(12))
    result = calculate_text(tmp_path, plan, events=f"event_id,date,payee,amount\n{deals}")
    assert pay(result) == {"2027-01": "359999999999999.64"}
