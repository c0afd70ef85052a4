"""What supervisors and Prometheus read, and that logs keep secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.db import connection
from django.test import Client, RequestFactory, override_settings

from dealwright.base.access.actor import change, system
from dealwright.base.events.delivery import deliver_records
from dealwright.base.jobs import defer
from dealwright.base.operations import pages
from dealwright.base.operations.logs import HIDDEN, configure_logging, hide_secrets
from dealwright.base.operations.stream_address import stream_address, stream_origins


@pytest.fixture(autouse=True)
def _look_anew() -> Iterator[None]:
    pages._known.clear()
    yield
    pages._known.clear()


def test_healthz_needs_no_database() -> None:
    assert Client().get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_readyz_tells_whether_database_and_tables_are_right() -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"ready": True, "database": "ok", "tables": "ok"},
    )


@pytest.mark.django_db
def test_readyz_is_503_while_an_upgrade_is_missing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'base' and name like '0002%'")
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["tables"]) == (503, "not of this release")


@pytest.mark.django_db
def test_metrics_count_requests_by_route_and_jobs_by_queue() -> None:
    client = Client()
    client.get("/healthz")
    defer(deliver_records, record_ids=[])
    text = client.get("/metrics").content.decode()
    assert 'dealwright_requests_total{method="GET",route="/healthz",status="200"}' in text
    assert 'dealwright_request_seconds_bucket{le="0.1",method="GET",route="/healthz"}' in text
    assert 'dealwright_jobs_waiting{queue="events"} 1.0' in text
    assert "dealwright_worker_silence_seconds -1.0" in text
    assert "dealwright_event_deliveries_open 0.0" in text


@pytest.mark.django_db
def test_metrics_are_for_who_has_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALWRIGHT_METRICS_TOKEN", "letmein")
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", HTTP_AUTHORIZATION="Bearer letmein").status_code == 200


@pytest.mark.django_db
def test_metrics_are_not_for_who_comes_through_a_proxy() -> None:
    assert Client().get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.9").status_code == 404
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404


def test_secrets_are_hidden_by_name_and_by_form() -> None:
    line = {
        "password": "hunter2",
        "event": "token dw_abcdefghijklmnopqrstuvwxyz in the text",
        "headers": {"Authorization": "Bearer abc", "Accept": "text/html"},
        "url": "postgresql://me:secret@host/db",
        "webhook": "whsec_AAAA",
        "empty_token": "",
        "count": 3,
    }
    assert hide_secrets(None, "info", line) == {
        "password": HIDDEN,
        "event": f"token {HIDDEN} in the text",
        "headers": {"Authorization": HIDDEN, "Accept": "text/html"},
        "url": f"postgresql://{HIDDEN}@host/db",
        "webhook": HIDDEN,
        "empty_token": "",
        "count": 3,
    }


def test_a_line_is_json_with_the_request_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    with structlog.contextvars.bound_contextvars(request_id="request-7"):
        structlog.get_logger("dealwright.test").info("done", milliseconds=3)
        logging.getLogger("dealwright.other").warning("plain %s", "words")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert ours["event"] == "done"
    assert (ours["request_id"], ours["milliseconds"], ours["level"]) == ("request-7", 3, "info")
    assert theirs["event"] == "plain words"
    assert (theirs["logger"], theirs["request_id"]) == ("dealwright.other", "request-7")


def test_a_traceback_does_not_carry_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("dw_abcdefghijklmnopqrstuvwxyz is wrong")
    except ValueError as error:
        structlog.get_logger("dealwright.test").exception("failed", exc_info=error)
    text = capsys.readouterr().err
    assert "ValueError" in text
    assert "dw_abcdef" not in text


@pytest.mark.django_db
def test_paths_that_hold_links_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    Client().get("/sign/very-secret-link")
    assert "very-secret-link" not in capsys.readouterr().err


def test_pages_may_connect_to_the_stream_and_nowhere_else() -> None:
    assert stream_origins("http://localhost:8000", "", 8001) == [
        "http://localhost:8001",
        "http://127.0.0.1:8001",
    ]
    assert stream_origins("https://crm.example", "https://live.crm.example/events/stream", 0) == [
        "https://live.crm.example"
    ]
    assert stream_origins("http://localhost:8000", "", 0) == []


def test_the_stream_is_on_the_host_the_page_was_opened_at() -> None:
    request = RequestFactory().get("/", HTTP_HOST="192.168.1.5:8000")
    with override_settings(STREAM_PORT=8001, STREAM_URL=""):
        assert stream_address(request) == "http://192.168.1.5:8001/events/stream"
    with override_settings(STREAM_PORT=0, STREAM_URL="https://crm.example/events/stream"):
        assert stream_address(request) == "https://crm.example/events/stream"
    with override_settings(STREAM_PORT=0, STREAM_URL=""):
        assert stream_address(request) == ""


@pytest.mark.django_db
def test_changes_are_attributed_in_nested_changes() -> None:
    with change(system("outer")):
        with change(system("inner")):
            pass
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('dealwright.actor')")
            assert cursor.fetchone()[0].endswith("|outer")
