"""A long job as a person watches it; the pages of events and webhooks on desk and phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from browser import BOTH_LOOKS, Live
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.webhooks.services import create_endpoint, send_test
from dealwright.base.jobs.models import JobRun
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.browser


def make_run(**fields: Any) -> JobRun:
    return JobRun.objects.create(title="Import of accounts", job="test", **fields)


def test_the_page_moves_with_the_job_and_can_cancel_it(live: Live) -> None:
    user = make_user()
    live.sign_in(user)
    run = make_run(user=user, total=100)
    page = live.open(f"/jobs/{run.pk}")
    expect(page.get_by_text("waiting")).to_be_visible()
    JobRun.objects.filter(pk=run.pk).update(
        started_at=timezone.now(), done=40, message="Forty accounts."
    )
    expect(page.get_by_text("40 of 100")).to_be_visible()
    expect(page.get_by_text("Forty accounts.")).to_be_visible()
    live.shot("job")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelling")).to_be_visible()
    JobRun.objects.filter(pk=run.pk).update(cancelled_at=timezone.now())
    expect(page.get_by_text("cancelled")).to_be_visible()
    expect(page.locator("[hx-get]")).to_have_count(0)


@BOTH_LOOKS
def test_the_pages_fit_and_are_accessible(live: Live, size: dict[str, int], theme: str) -> None:
    administrator = make_administrator()
    live.sign_in(administrator)
    live.use(size, theme=theme)
    endpoint = create_endpoint(acting(administrator), url="https://example.com/hook").endpoint
    message = send_test(acting(administrator), endpoint.pk)
    event = OutboxEvent.objects.create(name="test.gone")
    EventDelivery.objects.create(
        event=event, subscriber="gone.since", attempts=3, error="KeyError: x\n\nFile y" * 20
    )
    run = make_run(
        user=administrator, started_at=timezone.now(), failed_at=timezone.now(), error="No header."
    )
    for path in (
        "/jobs",
        f"/jobs/{run.pk}",
        "/settings/jobs",
        "/settings/events",
        "/settings/events?show=newest",
        "/settings/events?show=listeners",
        "/settings/webhooks",
        f"/settings/webhooks/{endpoint.pk}",
        f"/settings/webhook-messages/{message.pk}",
    ):
        live.open(path)
        live.settled()
        live.check_no_overflow()
        live.check_accessibility()
        name = "-".join(part for part in path.split("?")[0].split("/") if part and len(part) < 30)
        live.shot(f"{name}-{path.partition('=')[2]}-{size['width']}-{theme}")
