"""Quotes, and a contract in each state from draft to ended early, made by their owners."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import typst
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.people.models import Profile, User
from dealwright.base.records.services import create_record
from dealwright.contracts.agreements.lifecycle import (
    Signer,
    send_for_signature,
    terminate_contract,
)
from dealwright.contracts.agreements.models import Contract
from dealwright.contracts.agreements.services import create_contract_from_quote, fill_contract
from dealwright.contracts.approvals.services import (
    decide_approval,
    open_steps,
    submit_for_approval,
)
from dealwright.contracts.clauses.services import collect_clauses, write_clause
from dealwright.contracts.library.services import default_template
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.quotes.delivery import send_quote
from dealwright.signing.blueprints.contents import NewRole
from dealwright.signing.blueprints.services import create_template
from dealwright.signing.envelopes.drafts import NewDocument, NewRecipient
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.services import create_envelope, send_envelope
from dealwright.signing.public_forms.services import create_form
from dealwright.site.demo.settling import settle
from dealwright.site.demo.signatures import decline_as, sign_as

NDA = """
#set page(margin: 70pt)
#set text(size: 11pt)
= Mutual confidentiality
The parties keep secret what they learn from each other while they talk about working
together, for three years from today, and use it for nothing else.

This does not cover what was public, what the other already knew, and what the law wants told.
"""

# Marks become fields of the roles in order.
PARTNER = """

Company: {{text:1:Company}}

#v(5em)
{{sign:1}} #h(180pt) {{date:1}}

#v(5em)
{{sign:2}} #h(180pt) {{date:2}}
"""


def make_agreements(people: Sequence[User], deals: Sequence[Any], accounts: Sequence[Any]) -> None:
    """Eight contracts, three envelopes of their own, a template and a public form."""
    _library(Actor(user=people[0], via="cli"))
    finance = Actor(user=next(u for u in people if u.profile == Profile.FINANCE), via="cli")
    ids = [deal.pk for deal in deals]
    open_deals = list(
        Opportunity.objects.filter(pk__in=ids, status="open")
        .select_related("owner", "contact", "account")
        .order_by("-amount", "id")
    )
    ways: list[Callable[[Actor, Contract], object]] = [
        lambda who, it: _execute(who, finance, it),
        lambda who, it: terminate_contract(
            Actor(user=people[0], via="cli"),
            _execute(who, finance, it).pk,
            on=timezone.localdate(),
            reason="The customer was bought and leaves",
        ),
        lambda who, it: submit_for_approval(who, it.pk),
        lambda who, it: _sign_first(who, finance, it),
        lambda who, it: _decline(who, finance, it),
        lambda who, it: _approved(who, finance, it),
        lambda who, it: _execute(who, finance, it),
        lambda who, it: it,
    ]
    for way, deal in zip(ways, open_deals, strict=False):
        actor = Actor(user=deal.owner, via="cli")
        quote = create_record(actor, "quote", {"opportunity": deal.pk})
        send_quote(actor, quote.pk)
        contract = create_contract_from_quote(actor, quote.pk)
        way(actor, _fill(actor, contract))
        settle()
    _confidentiality(people, accounts)
    _offered(people)


def _library(actor: Actor) -> None:
    """The clauses of the template, one in its second version, one to give way to."""
    template = default_template()
    by_name = {each.name: each for each in collect_clauses(actor, template.pk)}
    liability = by_name["Liability"]
    create_record(
        actor,
        "clause",
        {
            "name": "Liability, twice the fee",
            "topic": liability.topic,
            "position": "fallback",
            "text": liability.text.replace("the fee of", "twice the fee of"),
            "guidance": "For contracts above 50,000, once Finance has agreed.",
            "is_locked": True,
        },
    )
    confidence = by_name["Confidentiality"]
    write_clause(
        actor,
        confidence.pk,
        name=confidence.name,
        text=confidence.text.replace("three years", "five years"),
        note="Five years, as the works council asked",
    )


def _fill(actor: Actor, contract: Contract) -> Contract:
    start = timezone.localdate() - timedelta(days=100)
    return fill_contract(
        actor, contract.pk, {"effective_on": start.isoformat(), "term_months": "12"}
    )


def _approved(actor: Actor, finance: Actor, contract: Contract) -> Contract:
    contract = submit_for_approval(actor, contract.pk)
    for step in open_steps(contract):
        contract = decide_approval(finance, step.pk, approve=True, comment="Margin is fine.")
    return contract


def _sent(actor: Actor, finance: Actor, contract: Contract) -> list[Recipient]:
    contract = _approved(actor, finance, contract)
    contact, owner = contract.contact, actor.require_user()
    assert contact is not None
    sent = send_for_signature(
        actor,
        contract.pk,
        [
            Signer(contact.name, contact.email, contract.account.name if contract.account else ""),
            Signer(owner.name, owner.email),
        ],
    )
    settle()
    assert sent.envelope_id is not None
    return list(Recipient.objects.filter(envelope_id=sent.envelope_id).order_by("order"))


def _sign_first(actor: Actor, finance: Actor, contract: Contract) -> None:
    sign_as(_sent(actor, finance, contract)[0])


def _decline(actor: Actor, finance: Actor, contract: Contract) -> None:
    decline_as(_sent(actor, finance, contract)[0], "We need 45 days to pay, not 30.")


def _execute(actor: Actor, finance: Actor, contract: Contract) -> Contract:
    for recipient in _sent(actor, finance, contract):
        sign_as(recipient)
    executed: Contract = Contract.objects.get(pk=contract.pk)
    return executed


def _offered(people: Sequence[User]) -> None:
    """A template with marks in its text, and a public form that hands it out."""
    rep = next(user for user in people if user.profile == Profile.REP)
    actor = Actor(user=people[0], via="cli")
    pdf = bytes(typst.compile((NDA + PARTNER).encode(), format="pdf"))
    template = create_template(
        actor,
        name="Partner confidentiality",
        title="Confidentiality with {{ roles.partner.name }}",
        documents=[NewDocument(name="Confidentiality.pdf", content=pdf)],
        roles=[
            NewRole(name="Partner"),
            NewRole(name="Us", order=2, person_name=rep.name, person_email=rep.email),
        ],
    )
    title = "Become a partner"
    form = {"name": title, "title": title, "slug": "partner-nda", "template_id": template.pk}
    with change(actor):
        create_form(actor, {**form, "role": 1})


def _confidentiality(people: Sequence[User], accounts: Sequence[Any]) -> None:
    """A draft, one that is out, one that is sealed."""
    rep = next(user for user in people if user.profile == Profile.REP)
    actor = Actor(user=rep, via="cli")
    pdf = bytes(typst.compile(NDA.encode(), format="pdf"))

    def make(account: Any) -> Envelope:
        return create_envelope(
            actor,
            title=f"Confidentiality with {account.name}",
            documents=[NewDocument(name="Confidentiality.pdf", content=pdf)],
            recipients=[
                NewRecipient(name="Robin Keller", email=f"robin.keller@{account.domain}"),
                NewRecipient(name=rep.name, email=rep.email, order=2),
            ],
            subject=("account", account.pk),
        )

    theirs = [account for account in accounts if account.owner_id == rep.pk][:3]
    make(theirs[0])
    send_envelope(actor, make(theirs[1]).pk)
    sealed = send_envelope(actor, make(theirs[2]).pk)
    settle()
    for recipient in Recipient.objects.filter(envelope=sealed).order_by("order"):
        sign_as(recipient)
