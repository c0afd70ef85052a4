"""Leads: captured without doubling anybody, given out in turn, converted by linking."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from crm.make import make_account, make_contact, make_lead, make_opportunity
from dealwright.base.access.actor import Actor, system
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.people.models import User
from dealwright.base.records.services import create_record, update_record
from dealwright.crm.activities.services import log_call
from dealwright.crm.leads.capture import capture_lead
from dealwright.crm.leads.card import waiting_leads
from dealwright.crm.leads.models import AssignmentMember, AssignmentRule, Lead
from dealwright.crm.leads.services import (
    assign_lead,
    convert_lead,
    disqualify_lead,
    reopen_lead,
    respond_to_lead,
)
from dealwright.crm.models import Account, Contact, Opportunity
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db

VISITOR = Actor(user=None, via="public", label="Visitor")


def make_rule(*users, capacity=None, **fields):
    rule = AssignmentRule.objects.create(**{"name": "Inbound", **fields})
    for user in users:
        AssignmentMember.objects.create(rule=rule, user=user, capacity=capacity)
    return rule


def test_a_captured_lead_makes_person_and_account():
    lead = capture_lead(
        VISITOR,
        {"first_name": "Ada", "last_name": "Byron", "email": "ADA@Engine.example"},
        utm={"utm_source": "newsletter", "utm_medium": "email"},
        message="Please call me.",
    )
    assert lead.contact.name == "Ada Byron"
    assert lead.contact.email == "ada@engine.example"
    assert lead.account.name == "Engine"
    assert lead.account.domain == "engine.example"
    assert lead.contact.account == lead.account
    assert (lead.utm_source, lead.utm_medium) == ("newsletter", "email")
    assert lead.message == "Please call me."
    assert lead.status == "new"
    assert lead.response_due_at > lead.created_at


def test_a_known_person_is_matched_by_any_address_and_not_overwritten():
    person = make_contact(first_name="Ada", last_name="Byron", email="ada@engine.example")
    lead = capture_lead(
        VISITOR, {"first_name": "A.", "email": "Ada@Engine.example", "phone": "+49 30 123456"}
    )
    assert lead.contact == person
    assert Contact.objects.count() == 1
    person.refresh_from_db()
    assert (person.first_name, person.phone) == ("Ada", "+4930123456")


def test_free_mail_makes_no_account():
    lead = capture_lead(VISITOR, {"email": "someone@gmail.com"})
    assert lead.account is None
    assert Account.objects.count() == 0


def test_the_company_is_found_by_domain_before_name():
    ours = make_account(name="Acme", domain="acme.example")
    make_account(name="Acme Corp")
    lead = capture_lead(VISITOR, {"email": "jo@sales.acme.example", "company": "Acme Corp"})
    assert lead.account == ours


def test_capture_without_anything_to_reach_is_refused():
    with pytest.raises(Invalid) as refusal:
        capture_lead(VISITOR, {"company": "Acme"})
    assert refusal.value.fields == {"email": ["Tell us at least your e-mail address."]}
    assert Lead.objects.count() == Account.objects.count() == 0


def test_overlong_tracking_is_cut_and_never_refused():
    lead = capture_lead(
        VISITOR, {"email": "a@b.example"}, utm={"utm_source": "x" * 300}, referrer="r" * 1200
    )
    assert len(lead.utm_source) == 250
    assert len(lead.referrer) == 1000


def test_leads_are_given_out_in_turn_with_reasons():
    anna, ben = make_user("Anna"), make_user("Ben")
    make_rule(anna, ben)
    owners = [
        capture_lead(VISITOR, {"email": f"p{number}@x{number}.example"}).owner
        for number in range(4)
    ]
    assert owners == [anna, ben, anna, ben]
    lead = Lead.objects.order_by("-created_at").first()
    assert lead.assignment_reason == "Rule “Inbound”: Ben was next in turn (1 open)."
    assert lead.contact.owner == ben


def test_capacity_passes_the_turn_on_and_then_says_that_all_are_full():
    anna, ben = make_user("Anna"), make_user("Ben")
    rule = make_rule(anna)
    AssignmentMember.objects.filter(rule=rule, user=anna).update(capacity=1)
    AssignmentMember.objects.create(rule=rule, user=ben, capacity=2)
    owners = [
        capture_lead(VISITOR, {"email": f"p{number}@x{number}.example"}).owner
        for number in range(4)
    ]
    assert owners == [anna, ben, ben, None]
    full = Lead.objects.get(owner=None)
    assert full.assignment_reason == "Nobody of “Inbound” has room for another lead."


def test_the_first_rule_whose_filter_matches_decides():
    anna, ben = make_user("Anna"), make_user("Ben")
    make_rule(
        anna,
        name="Newsletter",
        position=1,
        filter={"field": "utm_source", "op": "is", "value": "newsletter"},
    )
    make_rule(ben, name="Rest", position=2)
    by_mail = capture_lead(VISITOR, {"email": "a@x.example"}, utm={"utm_source": "newsletter"})
    other = capture_lead(VISITOR, {"email": "b@y.example"})
    assert (by_mail.owner, other.owner) == (anna, ben)


def test_a_member_who_knows_the_person_gets_the_lead():
    anna, ben = make_user("Anna"), make_user("Ben")
    make_rule(anna, ben)
    make_contact(email="old@friend.example", owner=ben)
    lead = capture_lead(VISITOR, {"email": "old@friend.example"})
    assert lead.owner == ben
    assert lead.assignment_reason == "Rule “Inbound”: Ben owns the contact already (0 open)."


def test_least_loaded_gives_to_whom_has_fewest():
    anna, ben = make_user("Anna"), make_user("Ben")
    make_rule(anna, ben, strategy="least_loaded")
    make_lead(owner=anna)
    assert capture_lead(VISITOR, {"email": "a@x.example"}).owner == ben


def test_without_a_rule_the_lead_says_why_it_has_no_owner():
    lead = capture_lead(VISITOR, {"email": "a@x.example"})
    assert lead.owner is None
    assert lead.assignment_reason == "No assignment rule matched this lead."


def test_a_lead_given_by_hand_says_by_whom():
    boss, ben = make_administrator("Bo Boss"), make_user("Ben")
    lead = assign_lead(acting(boss), make_lead().pk, owner_id=ben.pk)
    assert lead.owner == ben
    assert lead.assignment_reason == "Given to Ben by Bo Boss."


def test_the_first_response_stops_the_clock_once():
    lead = make_lead()
    first = respond_to_lead(system(), lead.pk)
    again = respond_to_lead(system(), lead.pk, at=datetime(2099, 1, 1, tzinfo=UTC))
    assert first.status == "working"
    assert again.first_response_at == first.first_response_at


def test_a_logged_call_answers_the_lead():
    rep = make_user()
    lead = make_lead(owner=rep)
    log_call(acting(rep), "lead", lead.pk, outcome="reached")
    lead.refresh_from_db()
    assert lead.first_response_at is not None


def test_an_inbound_call_does_not_answer_the_lead():
    lead = make_lead()
    log_call(system(), "lead", lead.pk, direction="inbound")
    lead.refresh_from_db()
    assert lead.first_response_at is None


def test_conversion_links_and_copies_nothing():
    rep = make_user()
    account = make_account(owner=rep)
    contact = make_contact(account=account, owner=rep)
    lead = make_lead(contact=contact, owner=rep)
    deal = convert_lead(acting(rep), lead.pk, amount=Decimal("1200.00"))
    lead.refresh_from_db()
    assert (lead.status, lead.converted_opportunity) == ("converted", deal)
    assert lead.converted_at <= timezone.now()
    assert (deal.account, deal.contact, deal.owner) == (account, contact, rep)
    assert deal.name == account.name
    assert deal.amount == Decimal("1200.00")
    assert Contact.objects.count() == Account.objects.count() == 1
    contact.refresh_from_db()
    assert contact.lifecycle_stage == "opportunity"


def test_conversion_can_link_an_existing_deal():
    lead = make_lead()
    deal = convert_lead(system(), make_lead().pk)
    assert convert_lead(system(), lead.pk, opportunity_id=deal.pk) == deal
    assert Opportunity.objects.count() == 1


def test_a_converted_lead_is_not_converted_again():
    lead = make_lead()
    convert_lead(system(), lead.pk)
    with pytest.raises(Conflict, match="This lead is converted already"):
        convert_lead(system(), lead.pk)


def test_disqualifying_needs_a_reason_and_can_be_taken_back():
    lead = make_lead()
    with pytest.raises(Invalid, match="Reason: choose one of Does not fit"):
        disqualify_lead(system(), lead.pk, reason="bored")
    gone = disqualify_lead(system(), lead.pk, reason="no_budget", detail="next year")
    assert (gone.status, gone.disqualified_reason) == ("disqualified", "no_budget")
    back = reopen_lead(system(), lead.pk)
    assert (back.status, back.disqualified_reason, back.disqualified_at) == ("working", "", None)


def test_the_status_field_cannot_convert():
    lead = make_lead()
    with pytest.raises(Invalid) as refusal:
        update_record(system(), "lead", lead.pk, {"status": "converted"})
    assert refusal.value.fields == {"status": ["Use “Convert” to turn a lead into an opportunity."]}


def test_flat_names_write_through_to_the_person():
    lead = make_lead(last_name="Byron", email="ada@engine.example", company="Engines")
    update_record(
        system(),
        "lead",
        lead.pk,
        {"first_name": "Ada", "phone": "+1 415 555 2671", "company": "Looms"},
    )
    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.contact.first_name, lead.contact.phone) == ("Ada", "+14155552671")
    assert lead.account.name == "Looms"


def test_a_lead_made_by_a_person_is_theirs():
    rep = make_user()
    make_rule(make_user("Other"))
    lead = create_record(acting(rep), "lead", {"email": "x@y.example"})
    assert lead.owner == rep


def test_leads_of_nobody_are_a_queue_from_which_reps_take():
    rep, other = make_user("Rita Rep"), make_user("Otto Other")
    lead = make_lead(owner=None)
    assert lead.owner is None
    (waiting,) = waiting_leads(User.objects.get(pk=rep.pk))["leads"]
    assert waiting["id"] == lead.pk
    assign_lead(acting(rep), lead.pk, owner_id=rep.pk)
    assert Lead.objects.get(pk=lead.pk).owner == rep
    with pytest.raises(NotFound):
        get_visible(acting(other), "lead", lead.pk)


def test_companies_and_people_of_nobody_are_seen_but_not_changed():
    rep = make_user("Rita Rep")
    account = make_account(name="Imported")
    assert account.owner is None
    assert get_visible(acting(rep), "account", account.pk) == account
    deal = make_opportunity(name="First", account=account.pk, actor=acting(rep))
    assert deal.account == account
    with pytest.raises(NotAllowed):
        update_record(acting(rep), "account", account.pk, {"name": "Mine"})
