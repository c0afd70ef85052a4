"""Rows by COPY are the rows an INSERT would have made, and the triggers see them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from crm.make import make_account
from dealwright.base.database.copying import copy_rows, copy_values
from dealwright.base.records.models import AuditEvent, ExternalId
from dealwright.base.search.models import SearchEntry
from dealwright.crm.models import Account
from make import make_user

pytestmark = pytest.mark.django_db


def test_a_copied_row_is_what_was_given():
    owner = make_user()
    made = Account(
        name="Tab\tand\\break\nÄ",
        owner=owner,
        annual_revenue=Decimal("12.50"),
        custom={"a": [1, "x"], "b": None},
        access_keys=[owner.pk],
    )
    copy_rows([made, Account(name="Plain")])
    kept = Account.objects.get(pk=made.pk)
    assert kept.name == made.name
    assert (kept.owner, kept.annual_revenue, kept.custom) == (owner, Decimal("12.50"), made.custom)
    assert kept.access_keys == [owner.pk]
    assert AuditEvent.objects.filter(record_id=made.pk, action="insert").count() == 1
    assert SearchEntry.objects.get(record_id=made.pk).folded == "tab and\\break a"
    made.name = "Renamed"
    made.save()
    assert Account.objects.filter(name="Renamed").count() == 1


def test_values_become_rows_with_the_defaults_of_their_model():
    account = make_account(name="Acme")
    copy_values(
        ExternalId,
        ("key", "system", "record_id", "object"),
        [("1", "erp", account.pk, "account"), ("2\t\\N", "erp", account.pk, "account")],
    )
    made = ExternalId.objects.order_by("key")
    assert [(each.key, each.system, each.record_id) for each in made] == [
        ("1", "erp", account.pk),
        ("2\t\\N", "erp", account.pk),
    ]
    assert len({each.pk for each in made}) == 2


def test_values_of_a_record_get_its_defaults():
    copy_values(Account, ("name",), [("One",), ("Two",)])
    one, two = Account.objects.order_by("name")
    assert (one.version, one.custom, one.access_keys, one.deleted_at) == (1, {}, [], None)
    assert one.pk != two.pk


def test_nothing_is_copied_of_nothing():
    copy_rows([])
    copy_values(ExternalId, ("key",), [])


def test_a_broken_rule_is_an_error_of_the_database_layer():
    account = make_account(name="Acme")
    key = {"object": "account", "system": "erp", "key": "1", "record_id": account.pk}
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_rows([ExternalId(**key), ExternalId(**key)])
    assert ExternalId.objects.count() == 0


def test_one_object_in_many_rows_is_the_same_in_each():
    shared = {"colour": "grün", "none": None}
    copy_values(Account, ("name", "custom"), [("One", shared), ("Two", shared), ("Three", {})])
    kept = dict(Account.objects.values_list("name", "custom"))
    assert kept == {"One": shared, "Two": shared, "Three": {}}


def test_keys_given_by_default_rise_with_the_rows():
    copy_values(Account, ("name",), [(f"{number:04}",) for number in range(500)])
    assert list(Account.objects.order_by("pk").values_list("name", flat=True)) == [
        f"{number:04}" for number in range(500)
    ]
