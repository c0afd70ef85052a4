"""Cases: numbered, with clocks that count business time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from crm.make import make_account, make_case, make_contact
from dealwright.base.access.actor import system
from dealwright.base.calendars import business_minutes_between
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events.models import OutboxEvent
from dealwright.base.work_calendars import default_calendar
from dealwright.crm.cases.services import (
    assign_case,
    escalate_late_cases,
    respond_to_case,
    set_case_status,
    set_sla_target,
)
from dealwright.crm.models import Case
from make import make_user

pytestmark = pytest.mark.django_db


def minutes(case: Case, end: datetime) -> int:
    return business_minutes_between(case.created_at, end, default_calendar())


def test_a_case_has_a_number_an_account_and_its_clocks():
    person = make_contact(account=make_account())
    case = make_case(contact=person, priority="high")
    assert case.number == f"C-{timezone.localdate().year}-00001"
    assert case.account == person.account
    assert minutes(case, case.response_due_at) == 4 * 60
    assert minutes(case, case.resolution_due_at) == 16 * 60


def test_targets_can_be_set_per_priority():
    set_sla_target(system(), "urgent", response_minutes=15, resolution_minutes=120)
    case = make_case(priority="urgent")
    assert minutes(case, case.response_due_at) == 15
    with pytest.raises(Invalid) as refusal:
        set_sla_target(system(), "urgent", response_minutes=60, resolution_minutes=30)
    assert "resolution_minutes" in refusal.value.fields


def test_waiting_for_the_customer_does_not_count():
    case = make_case()
    due = case.resolution_due_at
    case = set_case_status(system(), case.pk, "waiting")
    Case.objects.filter(pk=case.pk).update(waiting_since=timezone.now() - timedelta(days=7))
    case = set_case_status(system(), case.pk, "open")
    week_ago = timezone.now() - timedelta(days=7)
    waited = business_minutes_between(week_ago, timezone.now(), default_calendar())
    added = business_minutes_between(due, case.resolution_due_at, default_calendar())
    assert abs(added - waited) <= 1
    assert case.waiting_since is None


def test_the_first_answer_counts_once():
    case = respond_to_case(system(), make_case().pk)
    assert case.status == "open"
    assert respond_to_case(system(), case.pk).first_response_at == case.first_response_at


def test_solving_is_told_and_a_closed_case_must_be_taken_up_first():
    case = set_case_status(system(), make_case().pk, "solved", resolution="Plugged in")
    assert case.resolved_at is not None
    assert OutboxEvent.objects.get(name="case.solved").payload["in_time"] is True
    set_case_status(system(), case.pk, "closed")
    with pytest.raises(Conflict):
        set_case_status(system(), case.pk, "waiting")
    assert set_case_status(system(), case.pk, "open").resolved_at is None


def test_late_cases_are_marked_once():
    late, waiting, fine = make_case(), make_case(), make_case()
    long_ago = timezone.now() - timedelta(days=30)
    Case.objects.filter(pk=late.pk).update(response_due_at=long_ago)
    Case.objects.filter(pk=waiting.pk).update(
        resolution_due_at=long_ago, waiting_since=long_ago, first_response_at=long_ago
    )
    assert (escalate_late_cases(system()), escalate_late_cases(system())) == (1, 0)
    late.refresh_from_db()
    fine.refresh_from_db()
    assert (late.is_escalated, fine.is_escalated) == (True, False)


def test_a_case_is_given_to_an_active_user():
    ben = make_user("Ben")
    assert assign_case(system(), make_case().pk, ben.pk).owner == ben
    assert OutboxEvent.objects.filter(name="case.assigned").count() == 1
    with pytest.raises(Invalid):
        assign_case(system(), make_case().pk, make_user(is_active=False).pk)
