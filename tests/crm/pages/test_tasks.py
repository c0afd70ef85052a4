"""The list of tasks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.make import make_activity
from crm.pages.look import page
from dealwright.crm.models import Activity
from make import make_user

pytestmark = pytest.mark.django_db


class TestTasks:
    def test_tasks_stand_under_their_day_and_can_be_ticked_off(self, browser, rep):
        now = timezone.now()
        make_activity(owner=rep, subject="Old", due_at=(now - timedelta(days=2)).isoformat())
        later = make_activity(
            owner=rep, subject="Later", due_at=(now + timedelta(days=30)).isoformat()
        )
        make_activity(owner=make_user(), subject="Not mine")
        text = page(browser, "/tasks")
        assert "Old" in text
        assert "Later" in text
        assert "Not mine" not in text
        browser.post(f"/tasks/{later.pk}/done", headers={"HX-Request": "true"})
        later.refresh_from_db()
        assert later.status == "completed"
        assert "Later" in page(browser, "/tasks?done=1")

    def test_a_task_is_added(self, browser, rep):
        answer = browser.post("/tasks", {"subject": "Ring Bob", "priority": "high"})
        assert answer.status_code == 303
        assert Activity.objects.get().owner == rep
