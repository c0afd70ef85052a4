"""The audit's lines of new rows: one each, whatever made them and however many at once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import F

from crm.make import make_account
from dealwright.base.access.actor import change
from dealwright.base.database.copying import copy_values
from dealwright.base.people.models import User
from dealwright.base.records.audit import AUDIT_BY_ROW, AUDIT_BY_STATEMENT
from dealwright.base.records.models import AuditEvent
from dealwright.crm.models import Account
from make import acting, make_user

pytestmark = pytest.mark.django_db


def lines(table: str = "crm_account"):
    return AuditEvent.objects.filter(table=table).order_by("id")


def sql(statement: str):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_many_rows_of_one_statement_leave_a_line_each_in_their_order() -> None:
    ann = make_user("Ann")
    with change(acting(ann, via="import")):
        copy_values(Account, ("name",), [(f"Company {number}",) for number in range(300)])
    found = list(lines())
    assert [line.after["name"] for line in found] == [f"Company {at}" for at in range(300)]
    assert [line.record_id for line in found] == list(
        Account.objects.order_by("pk").values_list("pk", flat=True)
    )
    who = {(line.action, line.before, line.via, line.actor_name, line.actor_id) for line in found}
    assert who == {("insert", None, "import", "Ann", ann.pk)}


def test_a_line_holds_the_whole_row() -> None:
    account = make_account(name="Acme", annual_revenue="12.50")
    (line,) = lines()
    ((row,),) = sql("select to_jsonb(a)::text from crm_account a")
    ((kept,),) = sql("select after::text from base_auditevent where \"table\" = 'crm_account'")
    assert kept == row
    assert (line.record_id, line.after["name"]) == (account.pk, "Acme")


def test_a_secret_of_a_new_row_is_not_told_and_an_empty_one_stays_empty() -> None:
    ann = make_user("Ann")
    ben = User(name="Ben", email="ben@dealwright.test", password="")
    ben.save()
    told = {line.record_id: line.after for line in lines("base_user")}
    assert told[ann.pk]["password"] == "kept secret"
    assert told[ben.pk]["password"] == ""
    assert told[ann.pk]["email"] == ann.email


def test_what_a_statement_passes_over_or_changes_instead_is_no_new_row() -> None:
    acme = make_account(name="Acme")
    # Twice the same key, and one that is new: by INSERT … ON CONFLICT.
    new, old = Account(name="New"), Account(id=acme.pk, name="Other")
    Account.objects.bulk_create([old], ignore_conflicts=True)
    assert lines().count() == 1
    Account.objects.bulk_create(
        [new, old], update_conflicts=True, unique_fields=["id"], update_fields=["name"]
    )
    assert [(line.action, line.record_id) for line in lines()][1:] == [
        ("update", acme.pk),
        ("insert", new.pk),
    ]
    assert lines().get(action="update").after == {"name": "Other"}


def test_a_statement_without_rows_leaves_nothing() -> None:
    sql("insert into crm_account select * from crm_account where false")
    assert not lines().exists()


def test_every_audited_table_notes_new_rows_once_a_statement_and_has_a_key_of_its_own() -> None:
    rows = sql(
        "select tgrelid::regclass::text, array_agg(tgname::text || ' ' || (tgtype & 1) || ' ' "
        "|| (tgtype & 28) order by tgname) from pg_trigger "
        "where tgname like 'dealwright\\_audit%' group by 1"
    )
    assert len(rows) > 25
    wanted = ["dealwright_audit 1 24", "dealwright_audit_inserts 0 4"]  # row u+d, statement i
    assert {table: found for table, found in rows if found != wanted} == {}
    keys = sql(
        "select tgrelid::regclass::text from pg_trigger where tgname = 'dealwright_audit' and not "
        "exists (select from pg_attribute where attrelid = tgrelid and attname = 'id' "
        "and atttypid = 'uuid'::regtype)"
    )
    assert keys == []


def test_tables_that_were_audited_by_row_are_turned_and_back() -> None:
    """What the migration does to an older database, and its way back."""
    sql(AUDIT_BY_ROW)
    kinds = "select distinct tgtype from pg_trigger where tgname like 'dealwright\\_audit%'"
    assert sql(kinds) == [(29,)]  # one trigger for each row: insert, update, delete
    sql(AUDIT_BY_STATEMENT)
    sql(AUDIT_BY_STATEMENT)  # again is nothing
    assert sorted(sql(kinds)) == [(4,), (25,)]
    account = make_account(name="Acme")
    Account.objects.update(name="Other")
    Account.objects.filter(pk=account.pk).update(version=F("version") + 1)
    sql("set constraints all immediate")
    Account.everything.all().delete()
    assert [line.action for line in lines()] == ["insert", "update", "delete"]
