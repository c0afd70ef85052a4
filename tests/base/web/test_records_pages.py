"""Lists, boards and record pages by request: what is shown, written, refused and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from base.make import make_deal
from crm.make import make_account, make_activity, make_contact
from dealwright.base.objects.registry import object_types
from dealwright.base.records.services import update_record
from dealwright.base.web.models import UndoStep
from dealwright.base.web.records.undo import forget_old_steps
from dealwright.crm.models import Account, Activity, Opportunity
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db

MOST_STATEMENTS = 15


@pytest.fixture
def ada(client: Client) -> Any:
    user = make_administrator("Ada Lovelace", timezone="Europe/Berlin")
    client.force_login(user)
    return user


@pytest.fixture
def send(client: Client) -> Callable[..., Any]:
    """POST JSON as the scripts of the pages do."""

    def post(address: str, **body: Any) -> Any:
        return client.post(
            address,
            json.dumps(body),
            content_type="application/json",
            headers={"Accept": "application/json"},
        )

    return post


class TestCells:
    def test_a_value_is_written_and_the_fresh_row_comes_back(
        self, ada: Any, send: Callable[..., Any]
    ) -> None:
        account = make_account(name="Acme", employees=10)
        answer = send(
            f"/accounts/{account.pk}/cells",
            values={"employees": "1200"},
            version=1,
            columns="name,employees",
        )
        assert answer.status_code == 200
        assert answer.json()["version"] == 2
        assert "1,200" in answer.json()["row"]
        account.refresh_from_db()
        assert account.employees == 1200

    def test_a_stale_version_shows_what_is_there_now(
        self, ada: Any, send: Callable[..., Any]
    ) -> None:
        account = make_account(name="Acme", employees=10)
        update_record(acting(ada), "account", account.pk, {"employees": 20})
        answer = send(f"/accounts/{account.pk}/cells", values={"employees": "30"}, version=1)
        assert answer.status_code == 409
        current = answer.json()["current"]
        assert current == {"version": 2, "values": {"employees": {"text": "20", "value": "20"}}}
        account.refresh_from_db()
        assert account.employees == 20

    def test_a_wrong_value_is_told_and_writes_nothing(
        self, ada: Any, send: Callable[..., Any]
    ) -> None:
        account = make_account(name="Acme")
        answer = send(f"/accounts/{account.pk}/cells", values={"website": "not a site"})
        assert answer.status_code == 422
        assert "not a web address" in answer.json()["errors"]["website"][0]
        account.refresh_from_db()
        assert (account.website, account.version) == ("", 1)

    def test_a_time_is_in_the_persons_zone(self, ada: Any, send: Callable[..., Any]) -> None:
        activity = make_activity(subject="Demo")
        send(f"/activities/{activity.pk}/cells", values={"due_at": "2027-07-01T09:00"})
        activity.refresh_from_db()
        assert activity.due_at.isoformat() == "2027-07-01T07:00:00+00:00"

    @pytest.mark.parametrize("body", [b"not json", b"[]", b'{"values": {}}', b'{"values": 3}'])
    def test_a_strange_body_is_refused(self, ada: Any, client: Client, body: bytes) -> None:
        account = make_account()
        answer = client.post(f"/accounts/{account.pk}/cells", body, content_type="application/json")
        assert answer.status_code == 422

    def test_another_persons_record_looks_absent(
        self, client: Client, send: Callable[..., Any]
    ) -> None:
        account = make_account(name="Secret", owner=make_user())
        client.force_login(make_user())
        for address in ("", "/peek", "/facts", "/side", "/row", "/history/name", "/sharing"):
            assert client.get(f"/accounts/{account.pk}{address}").status_code == 404, address
        for address in ("/cells", "/delete", "/restore"):
            answer = send(f"/accounts/{account.pk}{address}", values={"name": "Mine"})
            assert answer.status_code == 404, address
        assert Account.objects.get().name == "Secret"


class TestUndo:
    def test_a_change_is_taken_back_once(self, ada: Any, send: Callable[..., Any]) -> None:
        account = make_account(name="Acme", employees=10)
        undo = send(f"/accounts/{account.pk}/cells", values={"employees": 20}).json()["undo"]
        assert send(undo).json()["message"] == "Taken back."
        account.refresh_from_db()
        assert account.employees == 10
        assert send(undo).status_code == 409

    def test_a_later_change_is_not_overwritten(self, ada: Any, send: Callable[..., Any]) -> None:
        account = make_account(name="Acme", employees=10)
        undo = send(f"/accounts/{account.pk}/cells", values={"employees": 20}).json()["undo"]
        update_record(acting(ada), "account", account.pk, {"employees": 30})
        answer = send(undo).json()
        assert answer["done"] == 0
        assert "changed meanwhile" in answer["message"]
        account.refresh_from_db()
        assert account.employees == 30

    def test_it_belongs_to_the_person(
        self, ada: Any, client: Client, send: Callable[..., Any]
    ) -> None:
        account = make_account(name="Acme", employees=10)
        undo = send(f"/accounts/{account.pk}/cells", values={"employees": 20}).json()["undo"]
        client.force_login(make_administrator("Grace Hopper"))
        assert send(undo).status_code == 404

    def test_it_ends_after_a_day(self, ada: Any, send: Callable[..., Any]) -> None:
        account = make_account(name="Acme")
        undo = send(f"/accounts/{account.pk}/cells", values={"employees": 20}).json()["undo"]
        UndoStep.objects.update(created_at=timezone.now() - timedelta(days=2))
        assert send(undo).status_code == 404
        assert forget_old_steps() == 1

    def test_relations_and_dates_come_back_exactly(
        self, ada: Any, send: Callable[..., Any]
    ) -> None:
        first, second = make_account(name="First"), make_account(name="Second")
        deal = make_deal(account=first, close_date="2027-03-01", amount="10.50")
        undo = send(
            f"/opportunities/{deal.pk}/cells",
            values={"account": str(second.pk), "close_date": "2027-04-01", "amount": "99"},
        ).json()["undo"]
        send(undo)
        deal.refresh_from_db()
        assert deal.account_id == first.pk
        assert (str(deal.close_date), str(deal.amount)) == ("2027-03-01", "10.50")


class TestMany:
    def test_those_that_may_not_change_are_told_of(
        self, client: Client, send: Callable[..., Any]
    ) -> None:
        rep = make_user()
        mine = make_account(name="Mine", owner=rep)
        theirs = make_account(name="Theirs", owner=make_user())
        client.force_login(rep)
        answer = send(
            "/accounts/bulk", ids=[str(mine.pk), str(theirs.pk)], values={"industry": "Retail"}
        ).json()
        assert (answer["done"], answer["wrong"]) == (1, 1)
        assert answer["message"].startswith("1 record changed. 1 was left as it is:")
        assert set(Account.objects.values_list("name", "industry")) == {
            ("Mine", "Retail"),
            ("Theirs", ""),
        }

    def test_all_that_match_the_list_are_deleted_and_restored(
        self, ada: Any, send: Callable[..., Any]
    ) -> None:
        for name, industry in (("A", "Retail"), ("B", "Retail"), ("C", "Software")):
            make_account(name=name, industry=industry)
        tree = json.dumps({"field": "industry", "op": "is", "value": "Retail"})
        answer = send("/accounts/bulk", all=True, query=f"?filter={tree}", delete=True).json()
        assert answer["message"] == "2 records deleted."
        assert [each.name for each in Account.objects.all()] == ["C"]
        send(answer["undo"])
        assert Account.objects.count() == 3

    def test_nothing_selected_is_refused(self, ada: Any, send: Callable[..., Any]) -> None:
        assert send("/accounts/bulk", ids=[], delete=True).status_code == 422

    def test_a_pasted_name_finds_its_record(self, ada: Any, send: Callable[..., Any]) -> None:
        make_account(name="Globex")
        contact = make_contact(last_name="Petrov")
        answer = send(
            "/contacts/paste",
            changes=[{"id": str(contact.pk), "version": 1, "values": {"account": "globex"}}],
        ).json()
        assert answer["message"] == "1 row changed."
        contact.refresh_from_db()
        assert contact.account.name == "Globex"


class TestLists:
    def test_the_address_holds_filter_columns_and_order(self, ada: Any, client: Client) -> None:
        for name, employees in (("Acme", 10), ("Globex", 500), ("Initech", 90)):
            make_account(name=name, employees=employees)
        tree = json.dumps({"field": "employees", "op": "gt", "value": 50})
        text = client.get(
            "/accounts", {"filter": tree, "columns": "name,employees", "sort": "employees"}
        ).content.decode()
        assert text.index("Initech") < text.index("Globex")
        assert "Acme" not in text
        assert 'aria-sort="ascending"' in text
        assert "Employees is more than 50" in text

    def test_a_column_over_a_relation(self, ada: Any, client: Client) -> None:
        make_deal(account=make_account(name="Acme", industry="Retail"))
        text = client.get("/opportunities?columns=name,account.industry").content.decode()
        assert "Account › Industry" in text
        assert "Retail" in text

    @pytest.mark.parametrize(
        "query",
        [
            "columns=nonsense",
            "sort=nonsense",
            "sort=-description",
            "month=2027-99",
            "columns=name&columns=%00",
        ],
    )
    def test_an_old_or_strange_address_still_opens(
        self, ada: Any, client: Client, query: str
    ) -> None:
        assert client.get(f"/accounts?{query}").status_code == 200

    @pytest.mark.parametrize("filter_", ["{", "[]", '{"field": "nonsense", "op": "is"}'])
    def test_a_broken_filter_says_so(self, ada: Any, client: Client, filter_: str) -> None:
        assert client.get("/accounts", {"filter": filter_}).status_code == 422

    def test_totals_never_mix_currencies(self, ada: Any, client: Client) -> None:
        make_deal(amount="100", currency="EUR")
        make_deal(amount="50", currency="EUR")
        make_deal(amount="70", currency="USD")
        text = client.get("/opportunities/totals").content.decode()
        assert "€150" in text
        assert "$70" in text
        assert '<span data-total="3">' in text

    def test_a_year_has_no_separator(self, ada: Any, client: Client) -> None:
        account = make_account(name="Old", employees=12345, year_founded=1984)
        shown = client.get("/accounts?columns=name,employees,year_founded").content.decode()
        assert ">1984<" in shown
        assert "12,345" in shown
        assert "1984" in client.get(f"/accounts/{account.pk}").content.decode()
        update_record(acting(ada), "account", account.pk, {"year_founded": 1985})
        page = client.get(f"/accounts/{account.pk}").content.decode()
        assert "1985" in page
        assert "1,98" not in page

    def test_the_next_chunk_follows_the_first(self, ada: Any, client: Client) -> None:
        Account.objects.bulk_create(
            Account(name=f"Account {number:03}", owner=ada) for number in range(60)
        )
        first = client.get("/accounts?sort=name").content.decode()
        address = first.split('data-next="')[1].split('"')[0].replace("&amp;", "&")
        second = client.get(address).content.decode()
        assert second.count("<tr data-id=") == 10
        assert "Account 050" in second
        assert "data-next" not in second

    def test_an_empty_list_teaches(self, ada: Any, client: Client) -> None:
        text = client.get("/accounts").content.decode()
        assert "No accounts yet" in text
        assert "Import a file" in text

    def test_an_empty_board_teaches_and_shows_its_stages(self, ada: Any, client: Client) -> None:
        make_deal(name="Gone").delete()
        text = client.get("/opportunities/board").content.decode()
        assert "No opportunities yet" in text
        assert "New opportunity" in text
        assert "Prospecting" in text
        assert "Nothing matches" in client.get("/opportunities/board?q=zz").content.decode()
        make_deal(name="Acme")
        assert "No opportunities yet" not in client.get("/opportunities/board").content.decode()

    def test_a_plain_list_is_not_taken_for_a_changed_one(self, ada: Any, client: Client) -> None:
        for of in object_types():
            assert "Save view" not in client.get(f"/{of.slug}").content.decode(), of.key

    def test_a_word_that_breaks_html_stays_a_word(self, ada: Any, client: Client) -> None:
        make_account(name='<script>alert("x")</script>', industry='"><img src=x>')
        for address in ("/accounts", "/opportunities/board", "/"):
            text = client.get(address).content.decode()
            assert "<script>alert" not in text
            assert "<img src=x>" not in text

    def test_a_lookup_puts_the_exact_name_first(self, ada: Any, client: Client) -> None:
        for name in ("Acme Holding", "Acme", "Old Acme"):
            make_account(name=name)
        results = client.get("/lookup/account?q=acme").json()["results"]
        assert [each["title"] for each in results] == ["Acme", "Acme Holding", "Old Acme"]

    def test_the_search_knows_only_what_may_be_seen(self, client: Client) -> None:
        make_account(name="Acme Mine", owner=(rep := make_user()))
        make_account(name="Acme Theirs", owner=make_user())
        client.force_login(rep)
        hits = client.get("/search?q=acme", headers={"Accept": "application/json"}).json()["hits"]
        assert [hit["title"] for hit in hits] == ["Acme Mine"]


class TestStatements:
    """At most 15 SQL statements a page (experience.md)."""

    def count(self, client: Client, address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    def test_of_the_pages_one_uses_all_day(self, ada: Any, client: Client) -> None:
        account = make_account(name="Acme")
        for number in range(12):
            make_deal(name=f"Deal {number}", account=account, owner=ada, amount="100")
            make_activity(owner=ada, subject=f"Task {number}")
        deal = Opportunity.objects.first()
        assert deal is not None
        for address in (
            "/",
            "/opportunities",
            "/opportunities/board",
            "/opportunities/board/sums",
            "/opportunities/calendar",
            "/opportunities/totals",
            f"/opportunities/{deal.pk}",
            f"/accounts/{account.pk}",
            "/palette",
        ):
            assert self.count(client, address) <= MOST_STATEMENTS, address


class TestNewRecord:
    def test_create_and_add_another(self, ada: Any, client: Client) -> None:
        answer = client.post("/accounts/new", {"name": "Acme", "again": "1"})
        assert (answer.status_code, answer["Location"]) == (303, "/accounts/new")
        assert Account.objects.get().owner == ada

    def test_a_percent_and_a_grouped_number_are_read(self, ada: Any, client: Client) -> None:
        client.post(
            "/opportunities/new", {"name": "Deal", "amount": "1,250.50", "probability": "12.5"}
        )
        deal = Opportunity.objects.get()
        assert (str(deal.amount), str(deal.probability)) == ("1250.50", "0.125000")

    def test_who_may_only_read_may_not_create(self, client: Client) -> None:
        client.force_login(make_user(profile="read_only"))
        assert client.get("/accounts/new").status_code == 403

    def test_a_relation_is_filled_in_from_the_address(self, ada: Any, client: Client) -> None:
        account = make_account(name="Acme")
        text = client.get(f"/opportunities/new?account={account.pk}").content.decode()
        assert 'value="Acme"' in text


class TestHome:
    def test_the_first_steps_go_when_they_are_done(self, ada: Any, client: Client) -> None:
        text = client.get("/").content.decode()
        assert "First steps" in text
        assert "Import your data" in text
        client.force_login(make_user())
        assert "First steps" not in client.get("/").content.decode()

    def test_tasks_and_pipeline_are_ones_own(self, client: Client) -> None:
        rep = make_user()
        make_activity(owner=rep, subject="Call Acme back")
        make_activity(owner=make_user(), subject="Not mine")
        make_deal(owner=rep, amount="1200", currency="EUR")
        client.force_login(rep)
        text = client.get("/").content.decode()
        assert "Call Acme back" in text
        assert "Not mine" not in text
        assert "€1.2K" in text
        assert Activity.objects.count() == 2
