"""The history of a record's fields, in words, for those who may see them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from base.make import make_deal
from crm.make import make_account
from dealwright.base.access.actor import system
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.records.custom_fields import create_custom_field
from dealwright.base.records.history import field_history
from dealwright.base.records.services import update_record
from make import acting, make_user

pytestmark = pytest.mark.django_db
SYSTEM = system("Importer", via="import")


def test_who_changed_what_through_what_in_words() -> None:
    ann, bob = make_user("Ann"), make_user("Bob")
    acme = make_account(name="Acme", owner=ann)
    deal = make_deal(name="Deal", owner=ann, kind="new", actor=SYSTEM)
    update_record(
        acting(ann, via="api"), "opportunity", deal.pk, {"kind": "renewal", "account": acme.pk}
    )
    update_record(acting(ann), "opportunity", deal.pk, {"amount": "12.50"})
    changes = field_history(acting(ann), "opportunity", deal.pk)
    amount = changes[0]
    assert amount.after == Decimal("12.50")
    assert (amount.field, amount.before_text, amount.after_text) == ("amount", "", "12.50")
    assert (amount.by, amount.by_id, amount.via, amount.action) == ("Ann", ann.pk, "web", "update")
    kind = next(change for change in changes if change.field == "kind")
    assert (kind.label, kind.before_text, kind.after_text) == ("Type", "New business", "Renewal")
    assert kind.via == "api"
    account = next(change for change in changes if change.field == "account")
    assert account.after_text == "Acme"
    first = [change for change in changes if change.action == "insert"]
    assert {change.field for change in first} >= {"name", "owner", "stage"}
    assert next(change for change in first if change.field == "owner").after_text == "Ann"
    assert {change.by for change in first} == {"Importer"}
    with pytest.raises(NotFound):
        field_history(acting(bob), "opportunity", deal.pk)


def test_one_field_alone_custom_ones_too() -> None:
    create_custom_field(SYSTEM, "account", label="Tier", kind="choice", options=["A", "B"])
    account = make_account(name="Acme", tier="A")
    update_record(SYSTEM, "account", account.pk, {"tier": "B"})
    update_record(SYSTEM, "account", account.pk, {"name": "Acme Inc"})
    assert [
        (change.before_text, change.after_text)
        for change in field_history(SYSTEM, "account", account.pk, "tier")
    ] == [("A", "B"), ("", "A")]
    assert [
        (change.before, change.after)
        for change in field_history(SYSTEM, "account", account.pk, "name")
    ] == [("Acme", "Acme Inc"), (None, "Acme")]
    with pytest.raises(Invalid):
        field_history(SYSTEM, "account", account.pk, "colour")


def test_the_name_of_a_hidden_record_is_not_told() -> None:
    ann, bob = make_user(), make_user()
    hidden = make_account(name="Hidden", owner=bob)
    deal = make_deal(owner=ann, account=hidden)
    (change,) = field_history(acting(ann), "opportunity", deal.pk, "account")
    assert (change.after, change.after_text) == (str(hidden.pk), "")
