"""The timeline: notes, calls, tasks, meetings and mails written in place."""

from __future__ import annotations

import re

import pytest

from crm.make import make_account, make_activity, make_contact, make_lead, make_opportunity
from crm.pages.look import page
from dealwright.crm.models import Activity, Opportunity
from make import make_user

pytestmark = pytest.mark.django_db


class TestTimeline:
    def test_a_note_call_task_meeting_and_mail_are_written_in_place(self, browser, rep):
        deal = make_opportunity(owner=rep, contact=make_contact(email="ada@acme.example"))
        base = f"/timeline/opportunity/{deal.pk}"
        sent = {
            "note": {"body": "They like it"},
            "call": {"body": "Spoke", "outcome": "reached", "minutes": "2,5"},
            "task": {"subject": "Send offer", "due_at": "2030-01-31T09:30"},
            "meeting": {"subject": "Demo", "starts_at": "2020-01-31T09:30", "minutes": "45"},
            "email": {"to": "ada@acme.example", "subject": "Hi", "body": "Dear Ada"},
        }
        for kind, values in sent.items():
            page(browser, f"{base}?composer={kind}")
            answer = browser.post(f"{base}/{kind}", values, headers={"HX-Request": "true"})
            assert answer.status_code == 200, kind
        kinds = set(Activity.objects.filter(opportunity=deal).values_list("kind", flat=True))
        assert kinds == set(sent)
        assert Activity.objects.get(kind="call").duration_seconds == 150
        line = page(browser, base)
        for words in ("They like it", "Spoke", "Send offer", "Demo", "Dear Ada"):
            assert words in line

    def test_what_is_wrong_is_told_and_what_was_typed_stays(self, browser, rep):
        lead = make_lead(owner=rep)
        answer = browser.post(
            f"/timeline/lead/{lead.pk}/task",
            {"subject": "", "body": "Mind the gap", "due_at": "soon"},
            headers={"HX-Request": "true"},
        )
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "is no time" in text
        assert "Mind the gap" in text
        assert not Activity.objects.exists()

    def test_it_pages_and_filters(self, browser, rep):
        account = make_account(owner=rep)
        for number in range(45):
            make_activity(account=account, kind="note", subject=f"N{number}", body=f"N{number}.")
        first = page(browser, f"/timeline/account/{account.pk}?kinds=activity,message")
        assert "N44." in first
        assert "N1." not in first
        more = re.search(r'hx-get="(/timeline/[^"]+before=[^"]+)"', first)[1].replace("&amp;", "&")
        assert "N1." in page(browser, more)
        changes = page(browser, f"/timeline/account/{account.pk}?kinds=change")
        assert "N44." not in changes

    def test_hidden_changes_have_no_names(self, browser, rep):
        hidden = make_account(owner=make_user(), name="Secret Ltd")
        deal = make_opportunity(owner=rep)
        Opportunity.objects.filter(pk=deal.pk).update(account=hidden)
        line = page(browser, f"/timeline/opportunity/{deal.pk}")
        assert "Secret Ltd" not in line
        assert "hidden" in line
