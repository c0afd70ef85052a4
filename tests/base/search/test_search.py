"""Finding records: ranks, slips of the pen, addresses, access, and that the index keeps up."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from base.make import make_deal
from crm.make import make_account, make_contact, make_lead
from dealwright.base.access.actor import Actor, system
from dealwright.base.access.models import SharingRule
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Team
from dealwright.base.records.queries import list_records
from dealwright.base.records.services import (
    delete_record,
    restore_record,
    share_record,
    update_record,
)
from dealwright.base.search import queries
from dealwright.base.search.commands import run_reindex
from dealwright.base.search.models import SearchEntry
from dealwright.base.search.queries import search
from dealwright.base.search.triggers import install_search, reindex
from dealwright.crm.models import Account, Contact
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db
SYSTEM = system("test")


def titles(text: str, actor: Actor = SYSTEM, **options: Any) -> list[str]:
    return [hit.title for hit in search(actor, text, **options)]


class TestFinding:
    def test_a_beginning_ranks_before_a_word_and_a_word_before_a_likeness(self) -> None:
        make_account(name="Global Acme Holding")
        make_account(name="Acme")
        make_account(name="Acme Rockets")
        make_account(name="Acne Clinic")
        assert titles("acme", objects=["account"]) == [
            "Acme",
            "Acme Rockets",
            "Global Acme Holding",
            "Acne Clinic",
        ]

    @pytest.mark.parametrize(
        "text", ["jonson", "Jhonson", "johnsn", "maria jonson", "Johnson, María", "mar joh"]
    )
    def test_slips_accents_and_order_do_not_matter(self, text: str) -> None:
        make_contact(first_name="María", last_name="Johnson")
        make_contact(first_name="Peter", last_name="Müller")
        assert titles(text)[0] == "María Johnson"

    def test_umlauts_are_found_with_and_without(self) -> None:
        make_contact(first_name="Jörg", last_name="Weiß")
        assert titles("jorg weiss") == titles("JÖRG") == ["Jörg Weiß"]

    def test_addresses_and_phone_numbers_are_found_as_they_are_written_anywhere(self) -> None:
        make_contact(
            first_name="Ann", last_name="A", email="ann@example.org", phone="+49 30 1234567"
        )
        make_contact(
            first_name="Ben", last_name="B", email="ben@example.org", phone="+49 30 7654321"
        )
        assert titles("ann@example.org")[0] == "Ann A"
        assert titles("030 / 123 45 67")[0] == "Ann A"
        assert titles("0049 30 7654321")[0] == "Ben B"

    def test_one_question_goes_over_all_objects_and_can_be_narrowed(self) -> None:
        account = make_account(name="Zephyr Ltd", industry="Aviation")
        make_contact(first_name="Zephyrine", last_name="Moss", job_title="Pilot")
        make_deal(name="Zephyr renewal", account=account)
        hits = search(SYSTEM, "zeph")
        assert {(hit.object, hit.title, hit.subtitle) for hit in hits} == {
            ("account", "Zephyr Ltd", "Aviation"),
            ("contact", "Zephyrine Moss", "Pilot"),
            ("opportunity", "Zephyr renewal", "Zephyr Ltd"),
        }
        assert titles("zeph", objects=["contact"]) == ["Zephyrine Moss"]
        assert len(search(SYSTEM, "zeph", limit=2)) == 2

    @pytest.mark.parametrize(
        "text", ["", "   ", "---", "'", "\x00", "a' | 'b", "%", "_", "\\", "🙂", ":*", "x" * 5_000]
    )
    def test_odd_texts_find_nothing_and_break_nothing(self, text: str) -> None:
        make_account(name="Plain")
        assert titles(text) == []


class TestAccess:
    def test_only_what_one_may_see_is_found(self) -> None:
        ann, bob = make_user(), make_user()
        account = make_account(name="Secret Sauce", owner=bob)
        assert titles("secret", acting(ann)) == []
        assert titles("sekret", acting(ann)) == []
        assert titles("secret", acting(bob)) == ["Secret Sauce"]
        assert titles("secret", acting(make_administrator())) == ["Secret Sauce"]
        share_record(acting(bob), "account", account.pk, ann.pk)
        assert titles("secret", acting(ann)) == ["Secret Sauce"]
        update_record(acting(make_administrator()), "account", account.pk, {"owner": ann.pk})
        assert titles("secret", acting(bob)) == []

    def test_the_name_of_a_hidden_record_neither_finds_nor_shows(self) -> None:
        ann, bob = make_user(), make_user()
        account = make_account(name="Hidden Holding", owner=bob)
        make_deal(name="Visible deal", account=account, owner=ann)
        assert titles("hidden", acting(ann)) == []
        (hit,) = search(acting(ann), "visible")
        assert hit.subtitle == ""
        assert titles("hidden", acting(make_administrator())) == ["Hidden Holding", "Visible deal"]

    @pytest.mark.parametrize("few,many", [(10_000, 100_000), (-1, 100_000), (-1, 0)])
    def test_the_same_is_found_however_much_one_sees(
        self, few: int, many: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queries, "FEW", few)
        monkeypatch.setattr(queries, "MANY", many)
        team = Team.objects.create(name="Partners")
        ann, bob = make_user(), make_user()
        team.members.add(ann)
        SharingRule.objects.create(
            object="account",
            name="Partners see energy",
            filter={"field": "industry", "op": "is", "value": "Energy"},
            to_team=team,
        )
        make_account(name="Harbor Own", owner=ann)
        make_account(name="Harbor Ruled", owner=bob, industry="Energy")
        make_account(name="Harbor Hidden", owner=bob, industry="Media")
        make_deal(name="Harbor Deal", owner=ann)
        make_account(name="The 50% Harbor", owner=ann)

        def found(text: str, **options: Any) -> set[str]:
            return set(titles(text, acting(ann), **options))

        assert found("harbor") == {"Harbor Own", "Harbor Ruled", "Harbor Deal", "The 50% Harbor"}
        assert found("harbor", objects=["account"]) == found("harbor") - {"Harbor Deal"}
        assert found("hrabor ruled") == {"Harbor Ruled"}
        assert found("50%") == {"The 50% Harbor"}


class TestKeepingUp:
    def test_the_index_follows_changes_deletion_and_restoring(self) -> None:
        account = make_account(name="Before")
        update_record(SYSTEM, "account", account.pk, {"name": "Afterwards"})
        assert titles("before") == []
        assert titles("afterwards") == ["Afterwards"]
        delete_record(SYSTEM, "account", account.pk)
        assert titles("afterwards") == []
        restore_record(SYSTEM, "account", account.pk)
        assert titles("afterwards") == ["Afterwards"]

    def test_bulk_sql_is_followed_too(self) -> None:
        Account.objects.bulk_create(Account(name=f"Bulk {number}") for number in range(50))
        assert len(search(SYSTEM, "bulk", limit=100)) == 50
        Account.objects.filter(name="Bulk 7").update(name="Singular")
        assert titles("singular") == ["Singular"]
        Account.objects.filter(name__startswith="Bulk").update(deleted_at=timezone.now())
        assert titles("bulk") == []
        Account.everything.filter(name="Singular").delete()
        assert SearchEntry.objects.count() == 0

    def test_a_record_that_goes_by_anothers_name_follows_that_one(self) -> None:
        contact = make_contact(first_name="Old", last_name="Nameson")
        make_lead(contact=contact)
        Contact.objects.filter(pk=contact.pk).update(last_name="Newton")
        assert titles("newton", objects=["lead"]) == ["Old Newton"]
        assert titles("nameson", objects=["lead"]) == []

    def test_a_new_definition_indexes_afresh_and_the_command_repairs(self) -> None:
        make_account(name="Acme")
        with connection.cursor() as cursor:
            cursor.execute("delete from base_searchentry")
            cursor.execute("comment on function dealwright_index_account(uuid[]) is 'older'")
        install_search()
        assert titles("acme") == ["Acme"]
        SearchEntry.objects.all().delete()
        assert reindex(object_type("account")) == 1
        assert titles("acme") == ["Acme"]


def test_the_list_is_narrowed_by_words_parts_and_addresses() -> None:
    make_account(name="Northwind Traders", domain="northwind.example")
    make_account(name="Southwind")
    of = object_type("account")

    def names(text: str) -> list[str]:
        return [row["name"] for row in list_records(SYSTEM, of, search=text, sort="name").rows]

    assert names("wind") == ["Northwind Traders", "Southwind"]
    assert names("trad north") == ["Northwind Traders"]
    assert names("northwind.example") == ["Northwind Traders"]
    assert names("nowhere") == []


def test_the_api_answers_with_hits_of_the_person() -> None:
    ann = make_user()
    account = make_account(name="Quasar", owner=ann)
    make_account(name="Quasar of others", owner=make_user())
    client = Client()
    client.force_login(ann)
    answer = client.get("/api/v1/search", {"q": "quasar", "objects": "account,contact"})
    assert answer.status_code == 200
    assert [(hit["object"], hit["id"], hit["title"]) for hit in answer.json()] == [
        ("account", str(account.pk), "Quasar")
    ]
    assert client.get("/api/v1/search", {"q": "x", "objects": "nothing"}).status_code == 404
    assert Client().get("/api/v1/search", {"q": "quasar"}).status_code == 401


def test_the_command_says_how_many_can_be_found(capsys: pytest.CaptureFixture[str]) -> None:
    make_account()
    run_reindex(argparse.Namespace(objects=["account"], json=True))
    assert capsys.readouterr().out == '{"account": 1}\n'
