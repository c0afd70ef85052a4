"""A calculation holds a bounded memory; what does not fit is written, and more is allowed."""

from __future__ import annotations

from pathlib import Path

from compensation.engine.calculating import calculate_text
from dealwright.compensation.engine.inputs import Inputs, load_csv
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import calculate
from dealwright.compensation.plans.reading import read_plan

PLAN = """
plan: p
currency: EUR
calendar: month
components:
  - tiered: {id: commission, quota: goal, cumulate: ytd, bands: [[0, 5%], [100%, 7%]]}
"""
QUOTAS = "payee,measure,start,end,amount\n" + "\n".join(
    f"p{number},goal,2027-01-01,2027-12-31,90000" for number in range(20)
)
EVENTS = "event_id,date,payee,amount\n" + "\n".join(
    f"E{number},2027-{1 + number % 12:02}-10,p{number % 20},{number % 997}"
    for number in range(6_000)
)


def prepared(folder: Path) -> Inputs:
    paths = {"events": folder / "events.csv", "quotas": folder / "quotas.csv"}
    return prepare_inputs(load_csv(read_plan(PLAN), paths))


def test_a_stage_that_runs_out_of_memory_is_made_again_with_more(tmp_path: Path) -> None:
    expected = calculate_text(tmp_path, PLAN, events=EVENTS, quotas=QUOTAS)
    inputs = prepared(tmp_path)
    inputs.memory = 6_000_000
    inputs.connection.execute("SET memory_limit = '6MB'")

    found = calculate(inputs)

    assert found.hash == expected.hash
    assert inputs.memory > 6_000_000
    inputs.close()


def test_what_is_written_goes_with_the_calculation(tmp_path: Path) -> None:
    calculate_text(tmp_path, PLAN, events=EVENTS, quotas=QUOTAS)
    inputs = prepared(tmp_path)
    assert inputs.spilled is not None
    folder = Path(inputs.spilled.name)
    assert folder.stat().st_mode & 0o077 == 0
    assert inputs.rows("SELECT current_setting('temp_directory')") == [(str(folder),)]
    inputs.connection.execute("SET memory_limit = '30MB'")
    inputs.connection.execute(
        "CREATE TABLE large AS SELECT n, sha256(n::VARCHAR) AS text FROM range(600000) AS t(n)"
    )
    assert list(folder.iterdir())

    inputs.close()

    assert not folder.exists()
