"""What a batch of deals costs and leaves: a bounded number of statements, each row once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealwright.base.access.actor import system
from dealwright.base.events.models import OutboxEvent
from dealwright.base.records.models import AuditEvent
from dealwright.base.search.models import SearchEntry
from dealwright.base.transfer import cells, engine
from dealwright.base.transfer.models import ImportRow
from dealwright.base.transfer.services import import_tables, open_tables, propose_plans
from dealwright.crm.models import Opportunity, StageHistory

pytestmark = pytest.mark.django_db
ROBOT = system("test", via="cli")
HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
STAGES = [
    "Won,2017-01-02,2017-03-01,100",
    "Lost,2017-01-03,2017-03-02,0",
    "Engaging,2017-01-04,,",
    "Prospecting,,,",
]


def bring(folder: Path, count: int, *, name: str = "sales_pipeline") -> None:
    rows = [f"{name}{at:05},,,,{STAGES[at % 4]}" for at in range(count)]
    path = folder / f"{name}.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    pairs = [(table, plan) for table, plan in propose_plans(ROBOT, open_tables(path)) if plan]
    import_tables(ROBOT, pairs)


def touched() -> Counter[str]:
    """Rows that were inserted and updated by table, since this connection last told of them."""
    with connection.cursor() as cursor:
        cursor.execute("select relname, n_tup_ins, n_tup_upd from pg_stat_xact_user_tables")
        return Counter(
            {
                f"{table} {what}": count
                for table, inserted, updated in cursor.fetchall()
                for what, count in (("made", inserted), ("changed", updated))
            }
        )


def test_each_row_is_written_once(tmp_path: Path) -> None:
    before = touched()
    bring(tmp_path, 200)
    found = touched()
    found.subtract(before)
    once = [
        "crm_opportunity", "base_searchentry", "base_externalid", "base_importrow",
        "base_outboxevent",
    ]  # fmt: skip
    assert {table: found[f"{table} made"] for table in once} == dict.fromkeys(once, 200)
    assert found["crm_stagehistory made"] == 300  # closed deals have two lines
    for table in [*once, "crm_stagehistory"]:
        assert found[f"{table} changed"] == 0, table
    assert AuditEvent.objects.filter(table="crm_opportunity").count() == 200
    assert SearchEntry.objects.filter(object="opportunity").count() == 200
    assert ImportRow.objects.filter(action="created", version=1).count() == 200
    events = OutboxEvent.objects.filter(name="opportunity.created")
    assert set(events.values_list("record_id", flat=True)) == set(
        Opportunity.objects.values_list("pk", flat=True)
    )
    assert {str(each.payload) for each in events} == {
        "{'action': 'created', 'object': 'opportunity', 'changed': []}"
    }


def test_more_rows_of_a_batch_take_no_more_statements(tmp_path: Path) -> None:
    bring(tmp_path, 4, name="warm")
    taken = []
    for count in (100, 800):
        with CaptureQueriesContext(connection) as queries:
            bring(tmp_path, count, name=f"of{count}")
        taken.append(len(queries))
    assert taken[0] == taken[1], taken


def test_a_text_that_comes_again_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[Any] = Counter()
    clean = cells.clean_value

    def counted(of: Any, field: Any, value: Any) -> Any:
        read[field.key] += 1
        return clean(of, field, value)

    monkeypatch.setattr(cells, "clean_value", counted)
    bring(tmp_path, 400)
    assert {key: read[key] for key in ("engaged_on", "close_date", "amount")} == {
        "engaged_on": 3,
        "close_date": 2,
        "amount": 2,
    }
    assert Opportunity.objects.filter(amount=100, close_date="2017-03-01").count() == 100


def test_a_closed_deal_came_through_the_first_open_stage_on_the_day_it_was_engaged(
    tmp_path: Path,
) -> None:
    bring(tmp_path, 4)
    found: dict[str, list[tuple[str, str, str]]] = {}
    for line in StageHistory.objects.select_related("opportunity__stage").order_by("at", "id"):
        source = line.from_stage.name if line.from_stage else ""
        found.setdefault(line.opportunity.stage.name, []).append(
            (source, line.to_stage.name, f"{line.at:%Y-%m-%d %H:%M} {line.amount}")
        )
    assert found["Won"] == [
        ("", "Engaging", "2017-01-02 12:00 None"),
        ("Engaging", "Won", "2017-03-01 12:00 100.00"),
    ]
    assert found["Lost"] == [
        ("", "Engaging", "2017-01-03 12:00 None"),
        ("Engaging", "Lost", "2017-03-02 12:00 0.00"),
    ]
    assert found["Engaging"] == [("", "Engaging", "2017-01-04 12:00 None")]
    assert [move[:2] for move in found["Prospecting"]] == [("", "Prospecting")]
    # What is made afterwards in the same transaction has come through nothing.
    stage = Opportunity.objects.get(stage__name="Won").stage
    deal = Opportunity.objects.create(
        name="By hand", stage=stage, pipeline=stage.pipeline, engaged_on="2017-01-01",
        close_date="2017-02-01",
    )  # fmt: skip
    assert [line.from_stage for line in deal.stage_history.all()] == [None]


def test_the_planner_looks_anew_each_time_a_table_has_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "COUNT_FROM", 1_000)
    with CaptureQueriesContext(connection) as queries:
        bring(tmp_path, 4_100)
    looked = [each["sql"] for each in queries if each["sql"].startswith("analyze")]
    assert looked == ['analyze (skip_locked) "crm_opportunity"'] * 3  # at 1,000, 2,000 and 4,000
    with connection.cursor() as cursor:
        cursor.execute("select reltuples from pg_class where relname = 'crm_opportunity'")
        assert cursor.fetchone()[0] == 4_000
