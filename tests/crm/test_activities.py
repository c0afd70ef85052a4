"""What people do: noted in place, done once, reminded in time, seen on one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from crm.make import (
    make_account,
    make_activity,
    make_campaign,
    make_contact,
    make_lead,
    make_opportunity,
    make_quote,
)
from dealwright.base.access.actor import system
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events.delivery import deliver_pending
from dealwright.base.events.models import OutboxEvent
from dealwright.base.messaging import receive_email
from dealwright.base.messaging.models import Notice, OutboundMessage
from dealwright.base.records.services import update_record
from dealwright.crm.activities.jobs import remind
from dealwright.crm.activities.mail import send_email_from_record
from dealwright.crm.activities.services import (
    add_note,
    complete_task,
    create_task,
    log_call,
    log_meeting,
    reopen_task,
)
from dealwright.crm.activities.timeline import timeline
from dealwright.crm.leads.services import convert_lead
from dealwright.crm.models import Activity
from dealwright.crm.opportunities.services import win_opportunity
from make import acting, make_user

pytestmark = pytest.mark.django_db


def test_what_is_about_a_deal_is_about_its_account_and_person():
    person = make_contact(account=make_account())
    deal = make_opportunity(contact=person, account=person.account)
    note = add_note(system(), "opportunity", deal.pk, "First line\nsecond")
    assert (note.opportunity, note.account, note.contact) == (deal, person.account, person)
    assert (note.subject, note.status) == ("First line", "completed")


def test_an_object_without_a_column_is_linked():
    campaign, quote = make_campaign(), make_quote()
    note = add_note(system(), "campaign", campaign.pk, "Idea")
    assert note.links.get().record_id == campaign.pk
    on_quote = add_note(system(), "quote", quote.pk, "Asked for less")
    assert on_quote.opportunity == quote.opportunity


def test_a_call_keeps_its_outcome_and_length():
    call = log_call(
        system(), "contact", make_contact().pk, outcome="voicemail", duration_seconds=42
    )
    assert (call.subject, call.outcome, call.duration_seconds) == (
        "Left a voicemail", "voicemail", 42,
    )  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        log_call(system(), "contact", call.contact.pk, outcome="magic")
    assert "outcome" in refusal.value.fields


def test_one_cannot_write_about_what_one_cannot_see():
    hidden = make_account(owner=make_user())
    with pytest.raises(NotFound):
        add_note(acting(make_user()), "account", hidden.pk, "Peek")


def test_a_task_is_done_once_and_told():
    task = create_task(system(), subject="Send offer")
    done = complete_task(system(), task.pk)
    assert complete_task(system(), task.pk).completed_at == done.completed_at
    assert OutboxEvent.objects.filter(name="activity.completed").count() == 1
    assert reopen_task(system(), task.pk).completed_at is None
    with pytest.raises(Conflict):
        reopen_task(system(), make_activity(kind="note").pk)


def test_setting_the_status_completes_as_well():
    task = create_task(system(), subject="Send offer")
    assert update_record(system(), "activity", task.pk, {"status": "completed"}).completed_at


@pytest.mark.parametrize(
    ("zone", "due", "following"),
    [
        # Germany's clocks went forward on 28 March 2027.
        ("Europe/Berlin", "2027-03-24T08:00", "2027-03-31T07:00"),
        ("Asia/Kathmandu", "2027-03-24T03:15", "2027-03-31T03:15"),
    ],
)
def test_a_repeating_task_comes_again_at_the_same_hour(zone, due, following):
    rep = make_user(timezone=zone)
    due, following = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (due, following))
    task = create_task(
        acting(rep),
        subject="Weekly",
        due_at=due,
        remind_at=due - timedelta(minutes=10),
        rrule="FREQ=WEEKLY",
    )
    complete_task(acting(rep), task.pk)
    again = Activity.objects.get(status="open")
    assert (again.due_at, again.remind_at) == (following, following - timedelta(minutes=10))


def test_a_rule_that_is_none_is_refused():
    with pytest.raises(Invalid) as refusal:
        create_task(system(), subject="X", rrule="EVERY DAY")
    assert "rrule" in refusal.value.fields


def test_a_reminder_comes_once():
    rep = make_user(timezone="Europe/Berlin")
    now = timezone.now()
    task = create_task(acting(rep), subject="Ring Bob", due_at=now, remind_at=now)
    create_task(acting(rep), subject="Later", remind_at=now + timedelta(hours=1))
    assert (remind(), remind()) == (1, 0)
    notice = Notice.objects.get()
    assert (notice.user, notice.title) == (rep, "Ring Bob")
    assert notice.url == f"/activities/{task.pk}"


def test_a_meeting_to_come_is_open_and_a_past_one_is_held():
    lead = make_lead()
    now = timezone.now()
    ahead = log_meeting(
        system(), "lead", lead.pk, subject="Demo", starts_at=now + timedelta(days=1)
    )
    past = log_meeting(system(), "lead", lead.pk, subject="Demo", starts_at=now - timedelta(days=1))
    assert (ahead.status, past.status, past.outcome) == ("open", "completed", "held")


class TestMail:
    def test_a_mail_is_sent_and_kept(self):
        rep = make_user()
        person = make_contact(email="ada@acme.example", owner=rep)
        deal = make_opportunity(owner=rep)
        kept = send_email_from_record(
            acting(rep), "opportunity", deal.pk, to="ADA@acme.example", subject="Hi", text="Hello"
        )
        message = OutboundMessage.objects.get()
        assert (kept.message_id, kept.contact, kept.opportunity) == (message.pk, person, deal)
        assert (message.to, message.reply_to) == ("ada@acme.example", rep.email)

    def test_who_wants_no_mail_gets_none(self):
        person = make_contact(email="ada@acme.example", do_not_email=True)
        with pytest.raises(Conflict, match="does not want e-mail"):
            send_email_from_record(
                system(), "contact", person.pk, to=person.email, subject="Hi", text="x"
            )

    def test_everything_missing_is_named_at_once(self):
        person = make_contact()
        with pytest.raises(Invalid) as refusal:
            send_email_from_record(system(), "contact", person.pk, to="", subject="", text="")
        assert set(refusal.value.fields) == {"to", "subject", "text"}

    def test_an_answer_stands_on_the_timeline(self):
        person = make_contact(email="ada@acme.example")
        deal = make_opportunity(contact=person)
        send_email_from_record(
            system(), "opportunity", deal.pk, to=person.email, subject="Hi", text="Hello"
        )
        message = OutboundMessage.objects.get()
        receive_email(
            f"From: Ada <ada@acme.example>\r\nTo: us@example.com\r\nSubject: Re: Hi\r\n"
            f"Message-ID: <1@acme.example>\r\nIn-Reply-To: {message.message_id}\r\n"
            "Content-Type: text/plain\r\n\r\nYes please\r\n".encode()
        )
        deliver_pending()
        answer = Activity.objects.get(direction="inbound")
        assert (answer.contact, answer.opportunity, answer.kind) == (person, deal, "email")
        assert "Yes please" in answer.body


class TestTimeline:
    def test_everything_stands_on_one_line_newest_first(self):
        rep = make_user("Rita")
        deal = make_opportunity(owner=rep, amount="10")
        update_record(acting(rep), "opportunity", deal.pk, {"next_step": "Call", "amount": "20"})
        add_note(acting(rep), "opportunity", deal.pk, "They like it")
        win_opportunity(acting(rep), deal.pk)
        entries = timeline(acting(rep), "opportunity", deal.pk).entries
        titles = [entry.title for entry in entries]
        assert titles.index("Won: $20.00") < titles.index("Note")
        assert "Changed Amount, Next step" in titles
        assert [entry.at for entry in entries] == sorted(
            (entry.at for entry in entries), reverse=True
        )
        change = next(entry for entry in entries if entry.title == "Changed Amount, Next step")
        assert [(each.label, each.before, each.after) for each in change.changes] == [
            ("Amount", 10.0, 20.0),
            ("Next step", "", "Call"),
        ]

    def test_a_deal_goes_on_with_the_line_of_its_lead(self):
        lead = make_lead()
        add_note(system(), "lead", lead.pk, "Asked for a price")
        deal = convert_lead(system(), lead.pk)
        bodies = [entry.body for entry in timeline(system(), "opportunity", deal.pk).entries]
        assert "Asked for a price" in bodies

    def test_it_takes_a_bounded_number_of_statements(self, django_assert_max_num_queries):
        rep = make_user()
        deal = make_opportunity(owner=rep)
        for number in range(30):
            update_record(acting(rep), "opportunity", deal.pk, {"next_step": f"{number}"})
            add_note(acting(rep), "opportunity", deal.pk, f"Note {number}")
        actor = acting(rep)
        with django_assert_max_num_queries(14):
            timeline(actor, "opportunity", deal.pk)

    def test_pages_miss_nothing(self):
        deal = make_opportunity()
        for number in range(30):
            add_note(system(), "opportunity", deal.pk, f"Note {number}")
        everything = timeline(system(), "opportunity", deal.pk, limit=1000).entries
        seen, before = [], None
        while True:
            part = timeline(system(), "opportunity", deal.pk, before=before, limit=7)
            seen += [entry.id for entry in part.entries]
            before = part.more_before
            if before is None:
                break
        assert seen == [entry.id for entry in everything]
