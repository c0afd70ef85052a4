"""Converting, disqualifying and assigning leads, and the rules of assignment."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from crm.make import make_lead
from crm.pages.look import page
from dealwright.crm.leads.models import AssignmentRule
from dealwright.crm.models import Opportunity
from make import make_user

pytestmark = pytest.mark.django_db


class TestLeads:
    def test_convert_disqualify_assign(self, browser, rep):
        make_user("Other")
        lead, other = make_lead(owner=rep), make_lead(owner=rep)
        page(browser, f"/leads/{lead.pk}/convert")
        answer = browser.post(
            f"/leads/{lead.pk}/convert", {"name": "Big deal", "amount": "1.234,50"}
        )
        deal = Opportunity.objects.get()
        assert answer["Location"] == f"/opportunities/{deal.pk}"
        assert deal.amount == Decimal("1234.50")
        page(browser, f"/leads/{other.pk}/disqualify")
        wrong = browser.post(f"/leads/{other.pk}/disqualify", {"detail": "Kept"})
        assert wrong.status_code == 422
        assert "Kept" in wrong.content.decode()
        browser.post(f"/leads/{other.pk}/disqualify", {"reason": "spam"})
        other.refresh_from_db()
        assert other.status == "disqualified"
        page(browser, f"/leads/{other.pk}/reopen")
        browser.post(f"/leads/{other.pk}/reopen")
        page(browser, f"/leads/{other.pk}/assign")
        browser.post(f"/leads/{other.pk}/assign", {"by_rule": "1"})
        other.refresh_from_db()
        assert other.assignment_reason == "No assignment rule matched this lead."

    def test_assignment_rules_are_kept_by_managers(self, browser, boss_browser, rep):
        page(browser, "/settings/assignment", 403)
        page(boss_browser, "/settings/assignment")
        page(boss_browser, "/settings/assignment/new")
        values = {
            "name": "Inbound",
            "strategy": "round_robin",
            "response_minutes": "30",
            "is_active": "on",
            "filter": json.dumps({"field": "source", "op": "is", "value": "web"}),
            "members.1.user": str(rep.pk),
            "members.1.capacity": "x",
        }
        wrong = boss_browser.post("/settings/assignment/new", values)
        assert wrong.status_code == 422
        assert "Capacity must be a whole number" in wrong.content.decode()
        boss_browser.post("/settings/assignment/new", {**values, "members.1.capacity": "20"})
        rule = AssignmentRule.objects.get()
        assert rule.members.get().capacity == 20
        page(boss_browser, f"/settings/assignment/{rule.pk}")
        assert "Rita Rep" in page(boss_browser, "/settings/assignment")
        boss_browser.post(f"/settings/assignment/{rule.pk}/delete")
        assert not AssignmentRule.objects.exists()
