"""What doctor says of events and webhooks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dealwright.base.database.doctor import examine
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.webhooks.services import create_endpoint, disable_endpoint
from make import acting, make_administrator

pytestmark = pytest.mark.django_db


def test_all_is_well_while_everything_is_told() -> None:
    found = examine()
    assert found["events"].ok and found["webhooks"].ok


def test_what_was_given_up_or_waits_too_long_is_found() -> None:
    event = OutboxEvent.objects.create(
        name="test.gone", occurred_at=timezone.now() - timedelta(hours=2)
    )
    delivery = EventDelivery.objects.create(event=event, subscriber="gone.since")
    assert examine()["events"].message == "1 events have waited for over an hour."
    delivery.gave_up_at = timezone.now()
    delivery.save()
    assert examine()["events"].message == "1 events could not be told to a subscriber."


def test_a_webhook_that_does_not_answer_is_found_but_not_one_switched_off_by_hand() -> None:
    actor = acting(make_administrator())
    endpoint = create_endpoint(actor, url="https://example.com/hook").endpoint
    disable_endpoint(actor, endpoint.pk)
    assert examine()["webhooks"].ok
    endpoint = create_endpoint(actor, url="https://example.com/gone").endpoint
    disable_endpoint(actor, endpoint.pk, reason="It answered 410 Gone.")
    assert "gone: It answered 410 Gone." in examine()["webhooks"].message
