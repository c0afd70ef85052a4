"""The pages and endpoints of long jobs and of the queue."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dealwright.base.events.delivery import deliver_records
from dealwright.base.jobs import defer
from dealwright.base.jobs.models import JobRun
from dealwright.base.people.models import User
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())


def make_run(user: User, **fields: Any) -> JobRun:
    return JobRun.objects.create(title="Import of accounts", job="test", user=user, **fields)


def test_a_running_job_shows_how_far_it_is_and_asks_again() -> None:
    user = make_user()
    run = make_run(user, started_at=timezone.now(), done=1500, total=6000, message="Rows…")
    page = text_of(browser(user).get(f"/jobs/{run.pk}"))
    assert "1,500 of 6,000" in page
    assert f'hx-get="/jobs/{run.pk}/progress"' in page
    assert f'action="/jobs/{run.pk}/cancel"' in page


def test_a_job_that_is_over_stops_asking_and_offers_its_result() -> None:
    user, file = make_user(), uuid.uuid4()
    run = make_run(
        user, started_at=timezone.now(), finished_at=timezone.now(), result_file=file, total=3
    )
    part = text_of(browser(user).get(f"/jobs/{run.pk}/progress"))
    assert f"/files/{file}" in part
    assert "hx-get" not in part and "/cancel" not in part


def test_a_job_is_cancelled_once() -> None:
    user = make_user()
    client, run = browser(user), make_run(user)
    assert client.post(f"/jobs/{run.pk}/cancel").status_code == 303
    assert client.post(f"/jobs/{run.pk}/cancel").status_code == 409


def test_anothers_job_is_as_if_absent() -> None:
    run = make_run(make_user())
    client = browser(make_user())
    for path in (f"/jobs/{run.pk}", f"/jobs/{run.pk}/progress"):
        assert client.get(path).status_code == 404
    assert client.post(f"/jobs/{run.pk}/cancel").status_code == 404
    assert "No jobs yet" in text_of(client.get("/jobs"))
    assert "Import of accounts" in text_of(browser(make_administrator()).get("/jobs"))


def test_jobs_on_the_api() -> None:
    user = make_user()
    client, run = browser(user), make_run(user, total=10, done=5)
    answer = client.get(f"/api/v1/jobs/{run.pk}").json()
    assert (answer["status"], answer["done"], answer["total"]) == ("waiting", 5, 10)
    assert [each["id"] for each in client.get("/api/v1/jobs").json()] == [str(run.pk)]
    cancelled = client.post(f"/api/v1/jobs/{run.pk}/cancel", content_type="application/json")
    assert (cancelled.status_code, cancelled.json()["status"]) == (202, "cancelled")
    assert browser(make_user()).get(f"/api/v1/jobs/{run.pk}").status_code == 404


def test_the_queue_is_an_administrators_view() -> None:
    defer(deliver_records, record_ids=[])
    page = text_of(browser(make_administrator()).get("/settings/jobs"))
    assert "No worker" in page
    assert "jobs.forget" in page
    assert browser(make_user()).get("/settings/jobs").status_code == 403
    assert browser(make_user()).post("/settings/jobs/1/retry").status_code == 403
    assert browser(make_administrator()).post("/settings/jobs/1/retry").status_code == 404
