"""Contracts for tests, made through the real services."""

from __future__ import annotations

from typing import Any

from crm.make import make_account, make_contact, make_opportunity
from dealwright.base.people.models import User
from dealwright.contracts.agreements.models import Contract
from dealwright.contracts.agreements.services import (
    create_contract_from_opportunity,
    fill_contract,
)
from make import acting, make_administrator


def make_contract(
    *, owner: User | None = None, amount: str = "12000.00", **variables: Any
) -> Contract:
    """A draft over a deal of the owner's; ``variables`` are set by key."""
    owner = owner or make_administrator("Olga Owner")
    account = make_account(name="Northwind", owner=owner.pk)
    contact = make_contact(
        first_name="Nora", last_name="North", email=f"nora.{account.pk.hex[-8:]}@northwind.test",
        account=account.pk, owner=owner.pk,
    )  # fmt: skip
    deal = make_opportunity(
        name="Rollout", account=account.pk, contact=contact.pk, amount=amount, owner=owner.pk
    )
    contract = create_contract_from_opportunity(acting(owner), deal.pk)
    if variables:
        contract = fill_contract(acting(owner), contract.pk, variables)
    return contract
