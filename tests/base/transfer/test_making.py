"""Records made many at a time are the records their model makes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from crm.make import make_account
from dealwright.base.transfer.making import Maker
from dealwright.crm.models import Opportunity
from make import make_user

pytestmark = pytest.mark.django_db


def plain(record: Opportunity) -> dict[str, object]:
    return {
        column.attname: record.__dict__[column.attname]
        for column in record._meta.concrete_fields
        if column.attname in record.__dict__
    }


def test_a_made_record_is_what_the_model_makes_of_the_same():
    account, owner, now = make_account(name="Acme"), make_user(), timezone.now()
    given = {
        "id": account.pk,
        "name": "Deal",
        "account_id": account.pk,
        "owner_id": owner.pk,
        "amount": Decimal("12.50"),
        "created_at": now,
        "updated_at": now,
        "stage_entered_at": now,
    }
    made = Maker(Opportunity).make(given)
    assert plain(made) == plain(Opportunity(**given))
    assert made._state.adding
    assert made.account == account


def test_records_share_no_default_that_can_change():
    maker = Maker(Opportunity)
    one, two = maker.make({"name": "One"}), maker.make({"name": "Two"})
    one.custom["a"] = 1
    one.access_keys.append(one.pk)
    assert (two.custom, two.access_keys) == ({}, [])
    assert one.pk < two.pk


def test_what_is_no_column_is_set_all_the_same():
    account = make_account(name="Acme")
    made = Maker(Opportunity).make({"name": "Deal", "account": account})
    assert made.account_id == account.pk
