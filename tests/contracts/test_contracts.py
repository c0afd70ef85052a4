"""From a deal to an approved document, and what may not happen on the way."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pypdfium2
import pytest
from django.test import Client

from contracts.make import make_contract
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.contracts.agreements.document import render_contract
from dealwright.contracts.agreements.services import (
    drift,
    edit_clauses,
    fill_contract,
    preview_contract,
    refresh_from_source,
)
from dealwright.contracts.approvals.models import ApprovalRule, ApprovalStep
from dealwright.contracts.approvals.services import (
    approvals_waiting_for,
    decide_approval,
    open_steps,
    submit_for_approval,
)
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


def rule(**fields):
    filter = {"field": "amount", "op": "gte", "value": "10000"}
    return ApprovalRule.objects.create(
        **{"name": "Ten thousand and more", "filter": filter, "profile": "finance"} | fields
    )


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(p.get_textpage().get_text_bounded() for p in document).split())


def test_a_draft_is_filled_from_the_deal():
    contract = make_contract()
    values = {key: each["value"] for key, each in contract.variables.items()}
    assert values["customer_name"] == "Northwind"
    assert values["amount"] == "12000.00"
    assert (contract.amount, contract.term_months, contract.status) == (Decimal(12000), 12, "draft")
    assert contract.number.startswith("C-")


def test_dates_follow_the_values():
    contract = make_contract(effective_on="2027-01-01", term_months="24", notice_days="60")
    assert contract.ends_on == date(2028, 12, 31)
    assert contract.notice_by == date(2028, 11, 1)
    contract = fill_contract(acting(contract.owner), contract.pk, {"renews": "no"})
    assert (contract.renewal, contract.notice_by) == ("none", None)


def test_the_pdf_says_what_was_filled_in_and_is_equal_twice():
    contract = make_contract(effective_on="2027-01-01")
    pdf = preview_contract(acting(contract.owner), contract.pk)
    text = text_of(pdf)
    assert "Northwind (the customer)" in text
    assert "$12,000.00" in text
    assert render_contract(contract) == pdf


def test_text_of_a_customer_is_never_typeset_as_markup():
    contract = make_contract(customer_name='#panic("x") $1+1$ *bold* [[amount]]')
    assert '#panic("x") $1+1$ *bold* [[amount]]' in text_of(render_contract(contract))


def test_drift_is_seen_and_taken_over():
    contract = make_contract()
    deal = contract.opportunity
    type(deal).everything.filter(pk=deal.pk).update(amount=15000)
    contract.refresh_from_db()
    assert drift(contract) == [
        {"key": "amount", "label": "Fee for the term", "value": "12000.00", "now": "15000.00"}
    ]
    contract = refresh_from_source(acting(contract.owner), contract.pk, ["amount"])
    assert contract.amount == 15000
    assert drift(contract) == []


def test_wrong_values_name_their_fields_and_write_nothing():
    contract = make_contract()
    with pytest.raises(Invalid) as caught:
        fill_contract(
            acting(contract.owner), contract.pk, {"amount": "much", "effective_on": "soon"}
        )
    assert sorted(caught.value.fields) == ["amount", "effective_on"]
    contract.refresh_from_db()
    assert contract.amount == 12000


def test_without_a_rule_it_is_approved_at_once():
    contract = make_contract()
    submitted = submit_for_approval(acting(contract.owner), contract.pk)
    assert submitted.status == "approved"
    assert not ApprovalStep.objects.exists()


def test_a_threshold_asks_finance_and_nobody_approves_their_own():
    rule()
    owner = make_user("Rita Rep")
    contract = make_contract(owner=owner)
    assert submit_for_approval(acting(owner), contract.pk).status == "in_approval"
    (step,) = open_steps(contract)
    finance = make_user("Fay Finance", profile="finance")
    assert [each.pk for each in approvals_waiting_for(finance)] == [step.pk]
    with pytest.raises(NotAllowed):
        decide_approval(acting(owner), step.pk, approve=True)
    with pytest.raises(NotAllowed):
        decide_approval(acting(make_administrator()), step.pk, approve=True)
    assert decide_approval(acting(finance), step.pk, approve=True).status == "approved"
    with pytest.raises(Conflict):
        decide_approval(acting(finance), step.pk, approve=True)


def test_below_the_threshold_nobody_is_asked():
    rule()
    contract = make_contract(amount="9999.99")
    assert submit_for_approval(acting(contract.owner), contract.pk).status == "approved"


def test_a_changed_text_must_be_approved_again():
    rule()
    owner = make_user()
    contract = make_contract(owner=owner)
    submit_for_approval(acting(owner), contract.pk)
    (step,) = open_steps(contract)
    seen = step.content_hash
    changed = fill_contract(acting(owner), contract.pk, {"amount": "20000"})
    assert changed.status == "draft"
    finance = make_user(profile="finance")
    with pytest.raises(Conflict):
        decide_approval(acting(finance), step.pk, approve=True, content_hash=seen)


def test_a_rejection_says_why_and_makes_it_a_draft():
    rule()
    owner = make_user()
    contract = make_contract(owner=owner)
    submit_for_approval(acting(owner), contract.pk)
    (step,) = open_steps(contract)
    finance = make_user(profile="finance")
    with pytest.raises(Invalid):
        decide_approval(acting(finance), step.pk, approve=False)
    back = decide_approval(acting(finance), step.pk, approve=False, comment="Too cheap")
    assert back.status == "draft"


def test_stages_come_one_after_the_other():
    rule()
    rule(name="Legal too", filter={}, profile="legal", stage=2)
    owner = make_user()
    contract = make_contract(owner=owner)
    submit_for_approval(acting(owner), contract.pk)
    later = ApprovalStep.objects.get(stage=2)
    legal = make_user(profile="legal")
    with pytest.raises(Conflict):
        decide_approval(acting(legal), later.pk, approve=True)
    (first,) = open_steps(contract)
    decide_approval(acting(make_user(profile="finance")), first.pk, approve=True)
    assert decide_approval(acting(legal), later.pk, approve=True).status == "approved"


def test_missing_values_are_named_before_submitting():
    contract = make_contract(services="")
    with pytest.raises(Invalid, match="Services"):
        submit_for_approval(acting(contract.owner), contract.pk)


def test_locked_clauses_are_for_legal():
    owner = make_user()
    contract = make_contract(owner=owner)
    with pytest.raises(Invalid) as caught:
        edit_clauses(acting(owner), contract.pk, {"liability": "None at all."})
    assert list(caught.value.fields) == ["liability"]
    changed = edit_clauses(acting(owner), contract.pk, {"law": "The law of France applies."})
    assert "The law of France applies." in text_of(render_contract(changed))


def test_who_may_only_read_a_contract_is_offered_no_change():
    owner, finance = make_user("Olga Owner"), make_user("Fay Finance", profile="finance")
    contract = make_contract(owner=owner)
    shown = {}
    for user in (owner, finance):
        client = Client()
        client.force_login(user)
        shown[user] = client.get(f"/contracts/{contract.pk}").content.decode()
    for verb in ("submit", "clauses", "cancel"):
        assert f"/contracts/{contract.pk}/{verb}" in shown[owner]
        assert f"/contracts/{contract.pk}/{verb}" not in shown[finance]
    assert f"/contracts/{contract.pk}/document.pdf" in shown[finance]
