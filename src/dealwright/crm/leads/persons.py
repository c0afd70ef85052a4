"""The person behind a lead: found by e-mail or made, never doubled, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes
from dealwright.crm.accounts.models import Account, Lifecycle
from dealwright.crm.accounts.services import find_or_make_account
from dealwright.crm.addresses import company_domain
from dealwright.crm.contacts.models import Contact
from dealwright.crm.contacts.services import create_contact, find_contact, update_contact
from dealwright.crm.leads.assignment import response_due
from dealwright.crm.leads.models import Lead

PERSON = "contact__"  # fields of the lead that are the person's own
COMPANY = "account__name"


def insert_lead(actor: Actor, values: Mapping[str, Any]) -> tuple[Lead, bool]:
    """Write a lead with its person and account; also tells whether the person is new."""
    own, person, company = _split(values)
    contact, is_new = _person(actor, own.pop("contact_id", None), person)
    account_id = own.pop("account_id", None) or _account_of(actor, contact, company)
    if account_id and contact.account_id is None:
        contact = save_changes(actor, contact, {"account_id": account_id})
    owner_id = own.pop("owner_id", None) or (actor.user and actor.user.pk)
    now = timezone.now()
    lead = insert_record(
        actor,
        object_type("lead"),
        {
            **own,
            "contact_id": contact.pk,
            "account_id": account_id,
            "owner_id": owner_id,
            "created_at": now,
            "assigned_at": now if owner_id else None,
            "response_due_at": response_due(None, now),
        },
    )
    return lead, is_new


def write_through(actor: Actor, lead: Lead, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write what is the person's to the person and the company's name to the link; returns
    what is the lead's own."""
    own, person, company = _split(values)
    if person:
        contact = get_changeable(actor, "contact", lead.contact_id)
        update_contact(actor, contact, {key: value or "" for key, value in person.items()})
    if company and (lead.account is None or lead.account.name.casefold() != company.casefold()):
        account = find_or_make_account(actor, name=company)
        own.setdefault("account_id", account.pk if account else None)
    return own


def _split(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The lead's own values, the person's, and the company's name."""
    person = {
        key.removeprefix(PERSON): value for key, value in values.items() if key.startswith(PERSON)
    }
    own = {
        key: value for key, value in values.items() if not key.startswith(PERSON) and key != COMPANY
    }
    return own, person, str(values.get(COMPANY) or "").strip()


def _person(actor: Actor, contact_id: Any, given: Mapping[str, Any]) -> tuple[Contact, bool]:
    person = {key: value for key, value in given.items() if value}
    if contact_id:
        contact = Contact.objects.get(pk=contact_id)
        return _complete(actor, contact, person), False
    email = str(person.get("email", ""))
    known = find_contact(email)
    if known is not None:
        return _complete(actor, known, person), False
    if not person:
        sentence = "Choose a contact, or give a name, an e-mail address or a phone number."
        raise Invalid(sentence, fields={"email": [sentence]})
    try:
        with transaction.atomic():
            return create_contact(actor, {**person, "lifecycle_stage": Lifecycle.LEAD}), True
    except (Conflict, IntegrityError):
        # Someone else made the person in this very moment.
        known = find_contact(email)
        if known is None:
            raise
        return _complete(actor, known, person), False


def _complete(actor: Actor, contact: Contact, person: Mapping[str, Any]) -> Contact:
    """Fill what is not known of the person yet; what is known stays."""
    gaps = {
        key: value
        for key, value in person.items()
        if key != "email" and not getattr(contact, key, "")
    }
    if {"first_name", "last_name"} & gaps.keys() and (contact.first_name or contact.last_name):
        # Half a name of another spelling would make a person nobody knows.
        gaps = {key: value for key, value in gaps.items() if key not in ("first_name", "last_name")}
    if person.get("email") and not contact.email:
        gaps["email"] = person["email"]
    return update_contact(actor, contact, gaps) if gaps else contact


def _account_of(actor: Actor, contact: Contact, company: str) -> Any:
    """The person's account, else the one of the company's name or of the e-mail's domain."""
    if contact.account_id is not None:
        return contact.account_id
    account: Account | None = find_or_make_account(
        actor, name=company, domain=company_domain(contact.email)
    )
    return account.pk if account else None
