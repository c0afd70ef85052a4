"""The pages of analyses: who may open them, what opens what, and what is taken away."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from compensation.analytics.test_analysis import Company
from compensation.make import make_plan
from compensation.test_api import Caller
from dealwright.base.people.models import Profile, User
from dealwright.compensation.analytics.sections import SECTIONS
from dealwright.compensation.periods.models import PayPeriod
from make import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

BASE = "/compensation/analysis"
RANGE = "from=2027-01&to=2027-01"


@pytest.fixture
def company() -> Company:
    return Company(make_plan())


@pytest.fixture
def finance() -> User:
    return make_user("Fay Finance", profile=Profile.FINANCE)


def see(user: User, address: str, status: int = 200) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == status, response.content[:2000]
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.mark.parametrize("section", SECTIONS)
def test_every_number_opens_to_its_rows(company: Company, finance: User, section: str) -> None:
    page = see(finance, f"{BASE}/{section}?{RANGE}")
    opened = set(re.findall(rf'href="({BASE}/{section}\?[^"]*open=[^"#]*)', page))
    assert opened
    for address in opened:
        assert 'id="rows"' in see(finance, address.replace("&amp;", "&"))
    assert "What the numbers are" in page


@pytest.mark.parametrize("section", SECTIONS)
def test_a_page_asks_a_bounded_number_of_questions(
    company: Company, finance: User, section: str
) -> None:
    client = Client()
    client.force_login(finance)
    client.get(f"{BASE}/{section}?{RANGE}")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(f"{BASE}/{section}?{RANGE}")
    Company(company.plan)
    Company(company.plan)
    with CaptureQueriesContext(connection) as many:
        client.get(f"{BASE}/{section}?from=2027-01&to=2027-02")
    assert len(many) <= max(len(few), 15), [each["sql"][:200] for each in many]


def test_who_may_open_an_analysis(company: Company, finance: User) -> None:
    assert "Ann" in see(finance, f"{BASE}/performance?{RANGE}")
    assert "Ann" in see(company.head, f"{BASE}/performance?{RANGE}")
    for stranger in (company.ann, make_user("Rep"), make_user("L", profile=Profile.LEGAL)):
        for address in ("", "/performance", "/attainment/histogram.csv"):
            see(stranger, f"{BASE}{address}?{RANGE}", 404)
    other = make_user("Other head", profile=Profile.MANAGER)
    see(other, BASE, 404)
    make_user("Below other", manager=other)
    assert "Ann" not in see(other, f"{BASE}/performance?{RANGE}")
    assert Client().get(BASE).status_code == 302


def test_the_tab_is_there_for_those_who_may(company: Company, finance: User) -> None:
    for user in (finance, company.head):
        assert f'href="{BASE}"' in see(user, "/compensation")
    assert f'href="{BASE}"' not in see(company.ann, "/compensation")


def test_a_dot_opens_the_statement(company: Company, finance: User) -> None:
    period = PayPeriod.objects.get(label="2027-01")
    page = see(finance, f"{BASE}/performance?{RANGE}")
    assert f'<a href="/compensation/statements/{company.ann.pk}?period={period.pk}"' in page
    assert 'aria-label="Ann: 150.0%, €85"' in page
    client = Client()
    client.force_login(finance)
    response = client.get(f"/compensation/statements/{company.ann.pk}?period={period.pk}")
    assert response.status_code == 302


def test_tables_and_rows_as_csv(company: Company, finance: User) -> None:
    client = Client()
    client.force_login(finance)
    response = client.get(f"{BASE}/cost/region.csv?{RANGE}")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response.content.decode().splitlines() == [
        "region,pay,revenue,cost",
        "North,135.00,2500.00,0.0540",
        "South,69.00,1380.00,0.0500",
    ]
    behind = client.get(f"{BASE}/attainment/rows.csv?{RANGE}&open=below").content.decode()
    assert behind.splitlines()[1].split(",")[0] == "Cem"
    assert client.get(f"{BASE}/cost/nothing.csv?{RANGE}").status_code == 404
    assert client.get(f"{BASE}/attainment/rows.csv?{RANGE}&open=nothing").status_code == 404


def test_wrong_addresses(company: Company, finance: User) -> None:
    see(finance, f"{BASE}/nothing", 404)
    see(finance, f"{BASE}/attainment?{RANGE}&open=nothing", 404)
    page = see(finance, f"{BASE}/attainment?{RANGE}&below=much", 422)
    assert "Give a percentage from 0 to 1000." in page
    see(finance, f"{BASE}/attainment?from=x&to=%00&plan=1&region=<&currency=ZZZ")


def test_before_the_first_period(finance: User) -> None:
    assert "No pay periods yet" in see(finance, BASE)


def test_analyses_over_the_api(company: Company, finance: User) -> None:
    call = Caller(finance, "compensation:read")
    found = call("GET", "/analysis/cost?first=2027-01&last=2027-01&open=region-0-pay")
    figures = {each["key"]: each["value"] for each in found["figures"]}
    assert figures["pay"] == "204.00" and figures["cost"] == "0.0526"
    assert (found["first"], found["currency"], found["people"]) == ("2027-01", "EUR", 4)
    assert [row[0]["value"] for row in found["rows"]["rows"]] == ["Ann", "Bob"]
    region = next(each for each in found["tables"] if each["key"] == "region")
    assert [cell["value"] for cell in region["rows"][0]] == [
        "North",
        "135.00",
        "2500.00",
        "0.0540",
    ]
    call("GET", "/analysis/attainment?below=much", status=422)
    call("GET", "/analysis/nothing", status=404)
    call("GET", "/analysis/cost?first=2027-01&last=2027-01&open=nothing", status=404)
    Caller(company.ann, "compensation:read")("GET", "/analysis/cost", status=404)
