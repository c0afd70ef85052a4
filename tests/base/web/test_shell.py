"""The frame of every page: errors by status, request ids, language and zone, navigation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from dealwright.base.web.jinja import SOURCE, environment, template_path
from dealwright.base.web.navigation import navigation_for
from dealwright.base.web.pages import Form, page
from dealwright.base.web.words import WORDS
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db

REFUSALS: dict[str, Exception] = {
    "invalid": Invalid("The amount is wrong.", fields={"amount": ["Give an amount."]}),
    "not-allowed": NotAllowed("You may see this but not change it."),
    "not-found": NotFound("This deal does not exist."),
    "conflict": Conflict("This deal was changed meanwhile."),
    "unavailable": Unavailable("The mail server does not answer."),
    "crash": ZeroDivisionError("division by zero"),
}


@page
def refuse(request: HttpRequest, name: str) -> HttpResponse:
    raise REFUSALS[name]


@page(profiles=["administrator"])
def for_administrators(request: HttpRequest) -> HttpResponse:
    return HttpResponse("welcome")


urlpatterns = [path("refuse/<str:name>", refuse), path("only", for_administrators)]
handler404 = "dealwright.base.web.errors.not_found"


@pytest.fixture
def inside(client: Client) -> Client:
    client.force_login(make_user())
    client.raise_request_exception = False
    return client


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("invalid", 422),
        ("not-allowed", 403),
        ("not-found", 404),
        ("conflict", 409),
        ("unavailable", 503),
        ("crash", 500),
    ],
)
class TestRefusals:
    def test_a_person_gets_a_page_that_says_why(
        self, inside: Client, name: str, status: int
    ) -> None:
        answer = inside.get(f"/refuse/{name}")
        assert answer.status_code == status
        text = answer.content.decode()
        assert "Go to the home page" in text
        said = "Something broke on our side." if status == 500 else str(REFUSALS[name])
        assert said in text

    def test_htmx_swaps_nothing_and_shows_a_toast(
        self, inside: Client, name: str, status: int
    ) -> None:
        answer = inside.get(f"/refuse/{name}", headers={"HX-Request": "true"})
        assert answer.status_code == status
        assert answer["HX-Reswap"] == "none"
        assert json.loads(answer["HX-Trigger"])["dw:toast"]["tone"] == "danger"

    def test_a_script_gets_problem_details(self, inside: Client, name: str, status: int) -> None:
        answer = inside.get(f"/refuse/{name}", headers={"Accept": "application/json"})
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["request_id"] == answer["X-Request-ID"]
        said = "Something broke on our side." if status == 500 else str(REFUSALS[name])
        assert said in answer.json()["detail"]


@pytest.mark.urls(__name__)
class TestTheWayOn:
    """Where what is there now is the way on, the page offers to load it again."""

    def again(self, answer: HttpResponse) -> str:
        found = re.search(r'href="([^"]*)">(?:<svg.*?</svg>)?Load the page again', answer.text)
        return found[1] if found else ""

    def test_a_page_that_was_looked_at_is_loaded_again(self, inside: Client) -> None:
        for name in ("conflict", "unavailable", "crash"):
            assert self.again(inside.get(f"/refuse/{name}?a=1")) == f"/refuse/{name}?a=1"

    def test_what_was_sent_leads_back_to_where_it_was_written(self, inside: Client) -> None:
        came_from = {"Referer": "http://testserver/deals/1/edit?tab=2#x"}
        answer = inside.post("/refuse/conflict", headers=came_from)
        assert answer.status_code == 409
        assert self.again(answer) == "/deals/1/edit?tab=2"
        assert "/refuse/conflict" not in answer.content.decode()

    @pytest.mark.parametrize(
        ("came_from", "again"),
        [
            ("", ""),
            ("http://elsewhere.example/deals", ""),
            ("http://testserver//elsewhere.example/x", "/%2Felsewhere.example/x"),
        ],
    )
    def test_it_never_leads_elsewhere(self, inside: Client, came_from: str, again: str) -> None:
        answer = inside.post("/refuse/conflict", headers={"Referer": came_from})
        assert self.again(answer) == again

    def test_where_that_helps_nothing_it_is_not_offered(self, inside: Client) -> None:
        for name in ("invalid", "not-allowed", "not-found"):
            assert self.again(inside.get(f"/refuse/{name}")) == ""


@pytest.mark.urls(__name__)
def test_a_crash_tells_nothing_but_the_number(inside: Client) -> None:
    answer = inside.get("/refuse/crash")
    assert "division by zero" not in answer.content.decode()
    assert answer["X-Request-ID"] in answer.content.decode()


@pytest.mark.urls(__name__)
def test_the_tests_client_still_sees_a_crash(client: Client) -> None:
    client.force_login(make_user())
    with pytest.raises(ZeroDivisionError):
        client.get("/refuse/crash")


@pytest.mark.urls(__name__)
def test_a_page_for_administrators_refuses_others(inside: Client) -> None:
    assert inside.get("/only").status_code == 403
    inside.force_login(make_administrator())
    assert inside.get("/only").content == b"welcome"


def test_who_is_not_signed_in_comes_back_after_signing_in(client: Client) -> None:
    answer = client.get("/accounts?q=acme")
    assert answer.status_code == 302
    assert answer["Location"] == "/me/login/?next=/accounts%3Fq%3Dacme"


def test_htmx_without_a_session_goes_to_the_sign_in_page(client: Client) -> None:
    answer = client.get("/accounts/totals", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"].startswith("/me/login/")


def test_a_given_request_id_is_kept_and_a_strange_one_is_not(client: Client) -> None:
    assert client.get("/offline", headers={"X-Request-ID": "abc-12345"})["X-Request-ID"] == (
        "abc-12345"
    )
    strange = client.get("/offline", headers={"X-Request-ID": "<script>"})["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", strange)


def test_times_are_shown_in_the_persons_zone(client: Client) -> None:
    from crm.make import make_account

    user = make_administrator(timezone="Asia/Kathmandu")
    account = make_account()
    type(account).objects.filter(pk=account.pk).update(created_at="2027-01-31T20:00:00Z")
    client.force_login(user)
    text = client.get("/accounts?columns=name,created_at").content.decode()
    # The year stands there only in other years.
    assert re.search(r"Feb 1(, 2027)?, 1:45", text)


def test_no_page_carries_inline_script_or_style(client: Client) -> None:
    client.force_login(make_administrator())
    for address in ("/", "/accounts", "/opportunities/board", "/design", "/settings/access"):
        answer = client.get(address)
        text = answer.content.decode()
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text), address
        assert not re.search(r"<[^>]+ style=", text), address
        assert not re.search(r"<[^>]+ on[a-z]+=", text), address
        assert "unsafe" not in answer["Content-Security-Policy"]


def test_the_navigation_hides_what_a_profile_may_not_open() -> None:
    from dealwright.base.access.models import ObjectAccess

    rep = make_user()
    ObjectAccess.objects.create(object="campaign", profile="rep", level="none")
    shown = {link.url for group in navigation_for(rep) for link in group.links}
    assert "/accounts" in shown
    assert "/campaigns" not in shown
    current = [
        link.key
        for group in navigation_for(rep, "/accounts/0193")
        for link in group.links
        if link.current
    ]
    assert current == ["accounts"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("base/web/layout.html", "base/web/templates/layout.html"),
        ("base/web/records/list.html", "base/web/templates/records/list.html"),
        ("crm/leads/list.html", "crm/leads/templates/list.html"),
        ("site/error.html", "site/templates/error.html"),
        ("account/login.html", "base/people/templates/account/login.html"),
    ],
)
def test_a_template_lies_with_its_concept(name: str, place: str) -> None:
    assert template_path(name) == SOURCE / place


@pytest.mark.parametrize("name", ["base/../secrets.html", "/etc/passwd", "base//x.html", "x"])
def test_a_template_name_leads_nowhere_else(name: str) -> None:
    assert template_path(name) is None


def test_templates_escape_and_notice_a_missing_name() -> None:
    made = environment().from_string("{{ name }}{% if not missing %}!{% endif %}")
    assert made.render(name="<b>") == "&lt;b&gt;!"
    with pytest.raises(Exception, match="missing"):
        environment().from_string("{{ missing }}").render()


def test_a_form_keeps_what_was_typed_and_collects_the_sentences() -> None:
    request = RequestFactory().post("/", {"name": "Acme", "amount": "many"})
    form = Form(request, {"name": "", "amount": ""})
    with form:
        raise Invalid("Wrong.", fields={"amount": ["Amount is not a number."]})
    assert not form.ok
    assert form["amount"] == "many"
    assert form.errors == {"amount": ["Amount is not a number."]}


def test_a_form_lets_a_missing_record_through() -> None:
    form = Form(RequestFactory().post("/", {}))
    with pytest.raises(NotFound), form:
        raise NotFound("Gone.")


def test_every_word_of_the_scripts_is_in_the_translators_list() -> None:
    used: set[str] = set()
    for file in (Path(SOURCE) / "base" / "web" / "islands").rglob("*.ts"):
        used |= set(re.findall(r'\bt\(\s*"((?:[^"\\]|\\.)*)"', file.read_text()))
    assert used <= set(WORDS), sorted(used - set(WORDS))


def test_another_language_travels_with_the_page(client: Client) -> None:
    user: Any = make_user(language="de")
    client.force_login(user)
    text = client.get("/offline").content.decode()
    assert '<html lang="de"' in text
    assert 'id="words"' in text
