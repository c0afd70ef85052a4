"""What can be done with leads, from the first sign of interest to the deal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events import record_event
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import clean_values
from dealwright.base.people.models import User
from dealwright.base.records.services import check_may_own, save_changes
from dealwright.crm.accounts.models import Lifecycle
from dealwright.crm.leads.assignment import choose_owner, response_due
from dealwright.crm.leads.events import (
    FirstResponseMade,
    LeadAssigned,
    LeadConverted,
    LeadDisqualified,
)
from dealwright.crm.leads.models import Lead
from dealwright.crm.leads.persons import insert_lead, write_through
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.opportunities.services import create_opportunity

CLOSED = (Lead.Status.DISQUALIFIED, Lead.Status.CONVERTED)
_VERBS = {
    Lead.Status.CONVERTED: "Use “Convert” to turn a lead into an opportunity.",
    Lead.Status.DISQUALIFIED: "Use “Disqualify” and give a reason.",
}


def create_lead(actor: Actor, values: Mapping[str, Any]) -> Lead:
    """Make a lead by hand, by import or by the API.

    The person is ``contact_id``, or found by e-mail or made from the flat names. A lead
    without an owner is assigned by rule when it was not made by a person for themselves.
    Raises Invalid.
    """
    _refuse_verbs(values)
    with change(actor):
        lead, _ = insert_lead(actor, values)
        if actor.user is None and lead.owner_id is None:
            lead = assign_lead(actor, lead.pk)
        return lead


def update_lead(actor: Actor, lead: Lead, values: Mapping[str, Any]) -> Lead:
    """Change a lead; names and addresses are written through to the person."""
    if values.get("status", lead.status) != lead.status:
        _refuse_verbs(values)
        if lead.status in CLOSED:
            sentence = f"Status: this lead is {lead.get_status_display().lower()}. Reopen it first."
            raise Invalid(sentence, fields={"status": [sentence]})
    own = write_through(actor, lead, values)
    updated: Lead = save_changes(actor, lead, own)
    return updated


def _refuse_verbs(values: Mapping[str, Any]) -> None:
    sentence = _VERBS.get(values.get("status", ""))
    if sentence:
        raise Invalid(f"Status: {sentence}", fields={"status": [sentence]})


def assign_lead(actor: Actor, lead_id: Any, *, owner_id: Any = None) -> Lead:
    """Give a lead to ``owner_id``, or to whom the assignment rules choose.

    Where no rule finds anybody the lead stays as it is, and ``assignment_reason`` says why.
    Raises Invalid for a user who cannot own it, Conflict for a closed lead.
    """
    with change(actor):
        lead = _lead_for_assignment(actor, lead_id)
        _require_open(lead)
        rule = None
        if owner_id is not None:
            user = _active_user(owner_id)
            reason = f"Given to {user.name} by {actor.name}."
        else:
            choice = choose_owner(lead)
            rule, reason = choice.rule, choice.reason
            if choice.user is None:
                saved: Lead = save_changes(actor, lead, {"assignment_reason": reason})
                return saved
            user = choice.user
        now = timezone.now()
        values: dict[str, Any] = {
            "owner_id": user.pk,
            "assigned_at": now,
            "assignment_reason": reason[:400],
            "assignment_rule_id": rule.pk if rule else None,
        }
        if lead.first_response_at is None:
            values["response_due_at"] = response_due(rule, lead.created_at)
        assigned: Lead = save_changes(actor, lead, values)
        _give_what_nobody_owns(actor, lead, user)
        record_event(
            actor,
            LeadAssigned(
                lead_id=lead.pk,
                owner_id=user.pk,
                reason=reason[:400],
                rule_id=rule.pk if rule else None,
            ),
            object="lead",
            record_id=lead.pk,
        )
        return assigned


def _lead_for_assignment(actor: Actor, lead_id: Any) -> Lead:
    """A visitor's own lead is assigned on the visitor's behalf; else one must be able to
    change it."""
    if actor.via == "public":
        lead = Lead.objects.select_for_update(of=("self",)).filter(pk=lead_id).first()
        if lead is None:
            raise NotFound("This lead does not exist.")
        public: Lead = lead
        return public
    found: Lead = get_changeable(actor, "lead", lead_id)
    return found


def _give_what_nobody_owns(actor: Actor, lead: Lead, user: User) -> None:
    """Person and company that nobody owns come with the lead, so that its owner can work."""
    for record in (lead.contact, lead.account):
        if record is not None and record.owner_id is None:
            save_changes(actor, record, {"owner_id": user.pk})


def _active_user(user_id: Any) -> User:
    user = User.objects.filter(pk=getattr(user_id, "pk", user_id)).first()
    if user is None or not user.is_active:
        sentence = "Owner: there is no such active user."
        raise Invalid(sentence, fields={"owner": [sentence]})
    check_may_own(user)
    return user


def respond_to_lead(actor: Actor, lead_id: Any, *, at: datetime | None = None) -> Lead:
    """Note that the person heard from us; only the first time counts and stops the clock."""
    with change(actor):
        lead: Lead = get_changeable(actor, "lead", lead_id)
        if lead.first_response_at is not None or lead.status in CLOSED:
            return lead
        at = at or timezone.now()
        values: dict[str, Any] = {"first_response_at": at}
        if lead.status == Lead.Status.NEW:
            values["status"] = Lead.Status.WORKING
        lead = save_changes(actor, lead, values)
        record_event(
            actor,
            FirstResponseMade(
                lead_id=lead.pk,
                at=at,
                due_at=lead.response_due_at,
                in_time=lead.response_due_at is None or at <= lead.response_due_at,
                owner_id=lead.owner_id,
            ),
            object="lead",
            record_id=lead.pk,
        )
        return lead


def convert_lead(
    actor: Actor,
    lead_id: Any,
    *,
    opportunity_id: Any = None,
    name: str = "",
    amount: Decimal | None = None,
    close_date: date | None = None,
    stage_id: Any = None,
    product_id: Any = None,
    owner_id: Any = None,
) -> Opportunity:
    """Turn a lead into an opportunity by linking: person, account, campaign and source stay
    the same records.

    With ``opportunity_id`` an existing deal is linked instead of a new one. Raises Conflict
    for a lead that is closed already, Invalid for values a deal cannot have.
    """
    with change(actor):
        lead: Lead = get_changeable(actor, "lead", lead_id)
        _require_open(lead)
        if opportunity_id is not None:
            opportunity: Opportunity = get_visible(actor, "opportunity", opportunity_id)
        else:
            subject = lead.account.name if lead.account else lead.contact.name
            given = {
                "name": name.strip() or str(subject),
                "amount": amount,
                "close_date": close_date,
                "stage": stage_id,
                "product": product_id,
                "owner": owner_id,
            }
            values = clean_values(
                object_type("opportunity"),
                {key: value for key, value in given.items() if value not in (None, "")},
                creating=False,
                user=actor.user,
            )
            opportunity = create_opportunity(
                actor,
                {
                    "account_id": lead.account_id,
                    "contact_id": lead.contact_id,
                    "campaign_id": lead.campaign_id,
                    "lead_source": lead.get_source_display(),
                    "owner_id": lead.owner_id or (actor.user and actor.user.pk),
                    **values,
                },
                lead=lead,
            )
        now = timezone.now()
        save_changes(
            actor,
            lead,
            {
                "status": Lead.Status.CONVERTED,
                "converted_at": now,
                "converted_opportunity_id": opportunity.pk,
            },
        )
        _raise_lifecycle(actor, lead)
        if opportunity.owner is not None:
            _give_what_nobody_owns(actor, lead, opportunity.owner)
        record_event(
            actor,
            LeadConverted(
                lead_id=lead.pk,
                opportunity_id=opportunity.pk,
                contact_id=lead.contact_id,
                account_id=lead.account_id,
            ),
            object="lead",
            record_id=lead.pk,
        )
        return opportunity


def _raise_lifecycle(actor: Actor, lead: Lead) -> None:
    """Person and account are now part of a deal, unless they have come further already."""
    further = (Lifecycle.OPPORTUNITY, Lifecycle.CUSTOMER)
    for record in (lead.contact, lead.account):
        if record is not None and record.lifecycle_stage not in further:
            save_changes(actor, record, {"lifecycle_stage": Lifecycle.OPPORTUNITY})


def disqualify_lead(actor: Actor, lead_id: Any, *, reason: str, detail: str = "") -> Lead:
    """Close a lead that is not worth pursuing. Raises Invalid for an unknown reason."""
    if reason not in Lead.DisqualifiedReason.values:
        labels = ", ".join(str(label) for label in Lead.DisqualifiedReason.labels)
        sentence = f"Reason: choose one of {labels}."
        raise Invalid(sentence, fields={"reason": [sentence]})
    with change(actor):
        lead: Lead = get_changeable(actor, "lead", lead_id)
        _require_open(lead)
        lead = save_changes(
            actor,
            lead,
            {
                "status": Lead.Status.DISQUALIFIED,
                "disqualified_reason": reason,
                "disqualified_detail": detail.strip(),
                "disqualified_at": timezone.now(),
            },
        )
        record_event(
            actor,
            LeadDisqualified(lead_id=lead.pk, contact_id=lead.contact_id, reason=reason),
            object="lead",
            record_id=lead.pk,
        )
        return lead


def reopen_lead(actor: Actor, lead_id: Any) -> Lead:
    """Take a disqualified lead up again. Raises Conflict for one that is open or converted."""
    with change(actor):
        lead: Lead = get_changeable(actor, "lead", lead_id)
        if lead.status != Lead.Status.DISQUALIFIED:
            raise Conflict("Only a disqualified lead can be reopened.")
        reopened: Lead = save_changes(
            actor,
            lead,
            {
                "status": Lead.Status.WORKING,
                "disqualified_reason": "",
                "disqualified_detail": "",
                "disqualified_at": None,
            },
        )
        return reopened


def _require_open(lead: Lead) -> None:
    if lead.status in CLOSED:
        raise Conflict(f"This lead is {lead.get_status_display().lower()} already.", code="closed")
