"""What can be done with accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes
from dealwright.crm.accounts.models import Account, AccountContact
from dealwright.crm.addresses import (
    FREE_MAIL_DOMAINS,
    checked_domain,
    normal_phone,
    registrable_domain,
)
from dealwright.crm.columns import checked_currency


def create_account(actor: Actor, values: Mapping[str, Any]) -> Account:
    """Make an account; its domain is read from the website where none is given and no other
    account has it. Raises Invalid, or Conflict for a domain that is taken."""
    cleaned = normal_account(values)
    if not cleaned.get("domain") and cleaned.get("website"):
        domain = registrable_domain(cleaned["website"])
        free = domain not in FREE_MAIL_DOMAINS
        if free and not Account.objects.filter(domain=domain).exists():
            cleaned["domain"] = domain
    account: Account = insert_record(actor, object_type("account"), cleaned)
    return account


def update_account(actor: Actor, account: Account, values: Mapping[str, Any]) -> Account:
    """Change an account. Raises Invalid for a parent that would close a circle."""
    cleaned = normal_account(values)
    if cleaned.get("parent_id"):
        _refuse_circle(account.pk, cleaned["parent_id"])
    updated: Account = save_changes(actor, account, cleaned)
    return updated


def normal_account(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with domain, phone and currency in their normal form."""
    cleaned = dict(values)
    if cleaned.get("domain"):
        cleaned["domain"] = checked_domain(cleaned["domain"])
    if cleaned.get("phone"):
        cleaned["phone"] = normal_phone(cleaned["phone"], cleaned.get("billing_country") or "")
    if cleaned.get("currency"):
        cleaned["currency"] = checked_currency(cleaned["currency"])
    return cleaned


def _refuse_circle(account_id: UUID, parent_id: UUID) -> None:
    """Raises Invalid where ``parent_id`` is the account or lies below it. Moves wait for one
    another, so that two at once cannot close a circle together."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('crm_account.parent'))")
        cursor.execute(
            """
            with recursive above as (
                select id, parent_id from crm_account where id = %(parent)s
                union
                select account.id, account.parent_id
                  from crm_account account join above on account.id = above.parent_id
            )
            select exists(select from above where id = %(account)s)
            """,
            {"parent": parent_id, "account": account_id},
        )
        (circular,) = cursor.fetchone()
    if circular:
        sentence = "Parent account: this account lies above the chosen one already."
        raise Invalid(sentence, fields={"parent": [sentence]})


def find_or_make_account(actor: Actor, *, name: str = "", domain: str = "") -> Account | None:
    """The living account of a domain, else of a name (without case), else a new one.

    None where neither says anything. A new account is named after its domain where no name
    is given.
    """
    if domain:
        known = account_of_domain(domain)
        if known is not None:
            return known
    name = name.strip()[:200]
    if name:
        named: Account | None = (
            Account.objects.filter(name__iexact=name).order_by("created_at").first()
        )
        if named is not None:
            return named
    if not (name or domain):
        return None
    values = {"name": name or domain.partition(".")[0].capitalize(), "domain": domain}
    with change(actor):
        return create_account(actor, values)


def account_of_domain(domain: str) -> Account | None:
    """The living account that has a registrable domain as its own or as a further one."""
    if not domain:
        return None
    own: Account | None = Account.objects.filter(domain=domain).first()
    if own is not None:
        return own
    further: Account | None = Account.objects.filter(other_domains__contains=[domain]).first()
    return further


def link_contact(
    actor: Actor,
    account_id: Any,
    contact_id: Any,
    *,
    role: str = "",
    influence: str = "",
    is_primary: bool = False,
) -> AccountContact:
    """Put a person to an account in a role, or change the role the person has there."""
    if influence and influence not in AccountContact.Influence.values:
        sentence = f"Influence: “{influence[:40]}” is not known."
        raise Invalid(sentence, fields={"influence": [sentence]})
    with change(actor):
        account = get_changeable(actor, "account", account_id)
        contact = get_visible(actor, "contact", contact_id)
        link, _ = AccountContact.objects.update_or_create(
            account=account,
            contact=contact,
            defaults={"role": role.strip()[:120], "influence": influence, "ended_on": None},
        )
        if is_primary:
            contact = get_changeable(actor, "contact", contact_id)
            save_changes(actor, contact, {"account_id": account.pk})
            link.refresh_from_db()
        return link


def unlink_contact(actor: Actor, link_id: Any) -> None:
    """Take a person off an account; where it was the person's main account, that is cleared."""
    with change(actor):
        link = AccountContact.objects.filter(pk=link_id).first()
        if link is None:
            raise NotFound("This person is not linked to the account.")
        get_changeable(actor, "account", link.account_id)
        if link.is_primary:
            contact = get_changeable(actor, "contact", link.contact_id)
            save_changes(actor, contact, {"account_id": None})
        link.delete()
