"""Drafting contracts and changing what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import check_create, get_changeable, get_visible
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events import record_event
from dealwright.base.events.records import tell_record_changed
from dealwright.base.files import store_file
from dealwright.base.numbering import next_number
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import insert_record, save_changes
from dealwright.base.spelling import MOST_SUGGESTED, did_you_mean
from dealwright.contracts.agreements.document import render_contract, typed_values
from dealwright.contracts.agreements.events import ContractDrafted
from dealwright.contracts.agreements.models import (
    Contract,
    ContractStatus,
    ContractVersion,
    Renewal,
)
from dealwright.contracts.agreements.sources import Origin, drift_of, fill_variables
from dealwright.contracts.agreements.terms import end_of_term, notice_day
from dealwright.contracts.approvals.models import ApprovalStep
from dealwright.contracts.clauses.models import Clause
from dealwright.contracts.clauses.services import as_template_clause
from dealwright.contracts.library.clauses import check_body, content_hash, read_value, variables_of
from dealwright.contracts.library.models import ContractTemplate
from dealwright.contracts.library.services import default_template
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.quotes.models import Quote

EDITABLE = (ContractStatus.DRAFT, ContractStatus.IN_APPROVAL, ContractStatus.APPROVED)


def create_contract_from_quote(actor: Actor, quote_id: Any, *, template_id: Any = None) -> Contract:
    """A draft with the quote's lines, amount and customer; raises NotFound, NotAllowed."""
    quote: Quote = get_visible(actor, "quote", quote_id)
    origin = Origin(
        opportunity=quote.opportunity,
        quote=quote,
        account=quote.account or quote.opportunity.account,
        contact=quote.contact or quote.opportunity.contact,
    )
    return _draft(actor, origin, currency=quote.currency, template_id=template_id)


def create_contract_from_opportunity(
    actor: Actor, opportunity_id: Any, *, template_id: Any = None
) -> Contract:
    """A draft with the deal's lines, amount and customer; raises NotFound, NotAllowed."""
    deal: Opportunity = get_visible(actor, "opportunity", opportunity_id)
    origin = Origin(opportunity=deal, account=deal.account, contact=deal.contact)
    return _draft(actor, origin, currency=deal.currency, template_id=template_id)


def create_contract(actor: Actor, values: Mapping[str, Any]) -> Contract:
    """A draft by hand, through the API or the form of contracts."""
    from dealwright.crm.accounts.models import Account
    from dealwright.crm.contacts.models import Contact

    deal = Opportunity.objects.filter(pk=values.get("opportunity_id")).first()
    account = Account.objects.filter(pk=values.get("account_id")).first()
    contact = Contact.objects.filter(pk=values.get("contact_id")).first()
    origin = Origin(
        opportunity=deal,
        account=account or (deal.account if deal else None),
        contact=contact or (deal.contact if deal else None),
    )
    currency = values.get("currency") or (deal.currency if deal else "USD")
    return _draft(actor, origin, currency=currency, values=values)


def _draft(
    actor: Actor,
    origin: Origin,
    *,
    currency: str,
    template_id: Any = None,
    values: Mapping[str, Any] | None = None,
) -> Contract:
    check_create(actor, "contract")
    template: ContractTemplate = (
        get_visible(actor, "contract_template", template_id) if template_id else default_template()
    )
    version = template.current
    deal = origin.opportunity
    with change(actor):
        given = dict(values or {})
        title = given.pop("title", "") or f"{template.name}: " + (
            origin.account.name if origin.account else (deal.name if deal else "draft")
        )
        contract: Contract = insert_record(
            actor,
            object_type("contract"),
            {
                "number": next_number("contract", prefix="C", actor=actor),
                "title": title[:250],
                "kind": template.kind,
                "account_id": origin.account.pk if origin.account else None,
                "contact_id": origin.contact.pk if origin.contact else None,
                "opportunity_id": deal.pk if deal else None,
                "quote_id": origin.quote.pk if origin.quote else None,
                "owner_id": given.pop("owner_id", None)
                or (deal.owner_id if deal else None)
                or (actor.user.pk if actor.user else None),
                "template_version_id": version.pk,
                "body": version.body,
                "variables": fill_variables(variables_of(version.body), origin),
                "currency": currency,
            },
        )
        _take_facts(contract)
        for name, value in given.items():
            if value not in (None, ""):
                setattr(contract, name, value)
        _set_dates(contract)
        contract.save()
        tell_record_changed(actor, contract, "created")
        record_event(
            actor,
            ContractDrafted(
                contract_id=contract.pk,
                opportunity_id=contract.opportunity_id,
                account_id=contract.account_id,
                number=contract.number,
            ),
            object="contract",
            record_id=contract.pk,
        )
    contract.refresh_from_db()
    return contract


def update_contract(actor: Actor, contract: Contract, values: Mapping[str, Any]) -> Contract:
    """Change facts of a contract. What stands in its text changes through ``fill_contract``."""
    in_text = {"amount", "currency", "effective_on", "term_months", "notice_days", "renewal"}
    touched = {name for name, value in values.items() if getattr(contract, name, None) != value}
    if touched & in_text and contract.status not in EDITABLE:
        raise Conflict(
            f"This contract is {_words(contract)}; its terms stay as they were signed. "
            "Make an amendment instead."
        )
    saved: Contract = save_changes(actor, contract, values)
    return saved


def fill_contract(actor: Actor, contract_id: Any, typed: Mapping[str, Any]) -> Contract:
    """Set variables by key. Raises Invalid that names each wrong one and each key that the text
    does not have, Conflict once it is out."""
    with change(actor):
        contract = _editable(actor, contract_id)
        variables = variables_of(contract.body)
        known = [variable.key for variable in variables]
        wrong = {
            key: [
                gettext("The contract has no such value.")
                + did_you_mean(key, known if number < MOST_SUGGESTED else ())
            ]
            for number, key in enumerate(key for key in typed if key not in known)
        }
        filled = {key: dict(value) for key, value in contract.variables.items()}
        for variable in variables:
            if variable.key not in typed:
                continue
            try:
                value = read_value(variable, typed[variable.key])
            except ValueError as error:
                wrong[variable.key] = [str(error)]
                continue
            text = _as_text(value)
            kept = filled.setdefault(variable.key, {"source": "", "source_value": ""})
            if text != kept.get("value", ""):
                kept["value"] = text
                kept["overridden"] = bool(kept.get("source")) and text != kept["source_value"]
        if wrong:
            raise Invalid("Some values are not right.", fields=wrong)
        return _save_content(actor, contract, {"variables": filled})


def refresh_from_source(actor: Actor, contract_id: Any, keys: list[str]) -> Contract:
    """Take over what the deal, the quote or the customer say now for these variables."""
    with change(actor):
        contract = _editable(actor, contract_id)
        fresh = fill_variables(variables_of(contract.body), origin_of(contract))
        filled = {**contract.variables, **{key: fresh[key] for key in keys if key in fresh}}
        return _save_content(actor, contract, {"variables": filled})


def edit_clauses(
    actor: Actor,
    contract_id: Any,
    texts: Mapping[str, str],
    *,
    chosen: Mapping[str, Clause] | None = None,
) -> Contract:
    """Change the text of clauses by uid for this contract alone, or put a clause of the library
    (``chosen`` by uid) in their place; locked ones refuse.

    Raises Invalid, Conflict.
    """
    chosen = chosen or {}
    with change(actor):
        contract = _editable(actor, contract_id)
        body = _copy(contract.body)
        legal = actor.user is not None and actor.user.profile in ("legal", "administrator")
        for section in body["sections"]:
            for clause in section["clauses"]:
                text = texts.get(clause["uid"])
                other = chosen.get(clause["uid"])
                if other is None and (text is None or text.strip() == clause["text"].strip()):
                    continue
                if clause.get("locked") and not legal:
                    raise Invalid(
                        f"Clause “{clause.get('heading')}” is locked; ask Legal to change it.",
                        fields={clause["uid"]: ["This clause is locked."]},
                    )
                if other is not None:
                    clause |= as_template_clause(other)
                elif text is not None:
                    clause["text"] = text.strip()
                    clause["position"] = "custom"
        return _save_content(actor, contract, {"body": check_body(body)})


def missing_values(contract: Contract) -> list[str]:
    """Labels of required variables that are still empty or cannot be read."""
    values = typed_values(contract)
    return [
        variable.label
        for variable in variables_of(contract.body)
        if variable.required and values.get(variable.key) in (None, "")
    ]


def drift(contract: Contract) -> list[dict[str, str]]:
    """What the records behind the contract say differently by now."""
    return drift_of(variables_of(contract.body), contract.variables, origin_of(contract))


def origin_of(contract: Contract) -> Origin:
    """The records the contract was made from."""
    return Origin(
        opportunity=contract.opportunity,
        quote=contract.quote,
        account=contract.account,
        contact=contract.contact,
    )


def keep_version(actor: Actor, contract: Contract, document_id: Any = None) -> ContractVersion:
    """Keep the present content as a version; the same content is kept once."""
    latest = contract.versions.first()
    if (
        latest is not None
        and latest.content_hash == contract.content_hash
        and (document_id is None or latest.document_id == document_id)
    ):
        return latest
    number = (contract.versions.aggregate(latest=Max("number"))["latest"] or 0) + 1
    return ContractVersion.objects.create(
        contract=contract,
        number=number,
        content_hash=contract.content_hash,
        body=contract.body,
        variables=contract.variables,
        document_id=document_id,
        created_by=actor.user,
    )


def keep_document(actor: Actor, contract: Contract, pdf: bytes) -> Any:
    """Store a rendered contract with its record."""
    return store_file(
        actor,
        name=f"{contract.number}.pdf",
        content=pdf,
        object="contract",
        record_id=contract.pk,
        purpose="contract",
    )


def preview_contract(actor: Actor, contract_id: Any) -> bytes:
    """The PDF as it would be now; nothing is kept."""
    contract: Contract = get_visible(actor, "contract", contract_id)
    return render_contract(contract)


def _editable(actor: Actor, contract_id: Any) -> Contract:
    contract: Contract = get_changeable(actor, "contract", contract_id)
    if contract.status not in EDITABLE:
        raise Conflict(f"This contract is {_words(contract)} and its text stays as it is.")
    return contract


def _save_content(actor: Actor, contract: Contract, values: Mapping[str, Any]) -> Contract:
    """Write new content: dates and hash follow, and what was approved of the old counts no more."""
    was = contract.content_hash
    for name, value in values.items():
        setattr(contract, name, value)
    _take_facts(contract)
    _set_dates(contract)
    now = {
        name: getattr(contract, name)
        for name in (
            *values, "amount", "effective_on", "term_months", "ends_on", "renewal", "notice_days",
            "notice_by", "content_hash",
        )
    }  # fmt: skip
    fresh = Contract.everything.get(pk=contract.pk)
    if contract.content_hash != was:
        from django.utils import timezone

        ApprovalStep.objects.filter(contract=contract, voided_at__isnull=True).update(
            voided_at=timezone.now()
        )
        now |= {"submitted_at": None, "approved_at": None}
    saved: Contract = save_changes(actor, fresh, now)
    saved.refresh_from_db()
    return saved


def _take_facts(contract: Contract) -> None:
    """The facts that lists and reports ask for stand in columns beside the text."""
    values = typed_values(contract)
    if isinstance(values.get("amount"), Decimal):
        contract.amount = values["amount"]
    elif contract.amount is None and contract.opportunity is not None:
        contract.amount = contract.opportunity.amount
    if isinstance(values.get("effective_on"), date):
        contract.effective_on = values["effective_on"]
    if isinstance(values.get("term_months"), Decimal):
        contract.term_months = max(int(values["term_months"]), 0)
    if isinstance(values.get("notice_days"), Decimal):
        contract.notice_days = max(int(values["notice_days"]), 0)
    if "renews" in values:
        contract.renewal = Renewal.AUTO if values["renews"] else Renewal.NONE
    contract.content_hash = content_hash(
        contract.body,
        {key: value.get("value", "") for key, value in contract.variables.items()},
        contract.currency,
    )


def _set_dates(contract: Contract) -> None:
    if contract.effective_on and contract.term_months:
        contract.ends_on = end_of_term(contract.effective_on, contract.term_months)
    else:
        contract.ends_on = None
    if contract.ends_on and contract.notice_days is not None and contract.renewal == Renewal.AUTO:
        contract.notice_by = notice_day(contract.ends_on, contract.notice_days)
    else:
        contract.notice_by = None


def _copy(body: Mapping[str, Any]) -> dict[str, Any]:
    import copy

    return copy.deepcopy(dict(body))


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value)


def _words(contract: Contract) -> str:
    return str(ContractStatus(contract.status).label).lower()
