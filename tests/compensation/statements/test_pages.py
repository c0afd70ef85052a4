"""The pages of compensation: what they show, to whom, and how they refuse."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from compensation.make import TEST, TIERS, book, close, make_payee, make_plan, owed
from crm.make import make_opportunity
from dealwright.base.people.models import Profile, User
from dealwright.compensation.bookings.services import record_termination
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.disputes.models import Adjustment, Dispute
from dealwright.compensation.ledger.models import PaymentBatch
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def see(client: Client, address: str, status: int = 200, **headers: Any) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == status, response.content[:2000]
    return re.sub(r"\s+", " ", response.content.decode())


def send(client: Client, address: str, status: int = 303, **values: Any) -> str:
    response = client.post(address, values)
    assert response.status_code == status, response.content[:3000]
    return response.headers.get("Location", "") or response.content.decode()


@pytest.fixture
def finance() -> User:
    return make_user("Fay Finance", profile=Profile.FINANCE)


@pytest.fixture
def plan() -> CompensationPlan:
    return make_plan()


def statement_address(user: User, label: str = "2027-01") -> str:
    period = PayPeriod.objects.get(label=label)
    return f"/compensation/statements/{user.pk}/{period.pk}"


def test_a_statement_opens_level_by_level_to_the_deal(plan: CompensationPlan) -> None:
    deal = make_opportunity(name="Big deal")
    ann = make_payee(plan, "Ann Agent")
    book(
        1500,
        (ann, "1"),
        title="Big deal",
        object="opportunity",
        record_id=deal.pk,
        attributes={"contract_id": "x"},
    )
    client = signed_in(ann)
    home = see(client, "/compensation")
    assert "€85.00" in home and "150.0%" in home
    address = statement_address(ann)
    shown = see(client, address)
    assert "€85.00" in shown and "On “bookings” of the month: 5% up to 100% of quota" in shown
    lines = see(client, f"{address}/{plan.pk}/commission", **{"HX-Request": "true"})
    assert "500 EUR above 1,000 EUR at 7% is 35 EUR." in lines
    assert "<html" not in lines
    line = RunLine.objects.get(payout=35)
    detail = see(client, f"/compensation/lines/{line.pk}", **{"HX-Request": "true"})
    assert f'href="/opportunities/{deal.pk}"' in detail
    assert "clause-" in detail
    for whole in (f"{address}/{plan.pk}/commission", f"/compensation/lines/{line.pk}"):
        assert "<html" in see(client, whole)


def test_only_the_payee_the_managers_above_finance_and_administrators_see_pay(
    plan: CompensationPlan, finance: User
) -> None:
    director = make_user("Dora Director", profile=Profile.MANAGER)
    manager = make_user("Mia Manager", profile=Profile.MANAGER, manager=director)
    ann = make_payee(plan, "Ann", manager=manager)
    other = make_payee(plan, "Otto Other")
    peer = make_user("Pia Peer", profile=Profile.MANAGER)
    legal = make_user("Leo Legal", profile=Profile.LEGAL)
    book(1500, (ann, "1"))
    address = statement_address(ann)
    line = RunLine.objects.filter(payee=ann).first()
    assert line is not None
    every = (
        address,
        f"{address}/statement.pdf",
        f"{address}/statement.xlsx",
        f"{address}/{plan.pk}/commission",
        f"{address}/{plan.pk}/commission/why",
        f"/compensation/lines/{line.pk}",
        f"/compensation/statements/{ann.pk}",
    )
    for user in (ann, manager, director, finance, make_administrator()):
        client = signed_in(user)
        for each in every:
            assert client.get(each).status_code in (200, 302), (user, each)
    for user in (other, peer, legal):
        client = signed_in(user)
        for each in every:
            assert client.get(each).status_code == 404, (user, each)
        assert "85.00" not in see(client, "/compensation")
    assert "Ann" in see(signed_in(manager), "/compensation")


def test_why_nothing_is_answered(plan: CompensationPlan) -> None:
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob", quota=None)
    cem = make_payee(plan, "Cem")
    book(1500, (ann, "0.5"), (bob, "0.5"))
    base = f"{statement_address(bob)}/{plan.pk}/commission/why"
    assert "There is no quota “bookings” above zero" in see(signed_in(bob), base)
    base = f"{statement_address(cem)}/{plan.pk}/commission/why"
    assert "No event was credited for “bookings” in this period." in see(signed_in(cem), base)


def test_statement_as_workbook_and_pdf(plan: CompensationPlan) -> None:
    ann = make_payee(plan, "Ann Agent")
    book(1500, (ann, "1"), title="=1+1")
    client = signed_in(ann)
    content = client.get(f"{statement_address(ann)}/statement.xlsx").content
    sheet = load_workbook(io.BytesIO(content))
    assert sheet["Statement"]["C4"].value == "=SUM(Lines!G2:G3)"
    assert [cell.value for cell in sheet["Lines"]["G"]] == ["Amount", 50, 35]
    assert sheet["Lines"]["C2"].data_type == "s"
    values = load_workbook(io.BytesIO(content), data_only=True)
    assert values["Statement"]["C4"].value == 85
    pdf = client.get(f"{statement_address(ann)}/statement.pdf").content
    assert pdf.startswith(b"%PDF-")
    import pypdfium2

    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert "Ann Agent" in text and "€85.00" in text


def test_a_plan_is_written_checked_activated_and_assigned(finance: User) -> None:
    client = signed_in(finance)
    assert "In plain English" in see(client, "/compensation/plans/new")
    wrong = send(client, "/compensation/plans/new", 422, text="plan: x\ncurrency: EUR\n", name="X")
    assert "“components” is missing." in wrong and "plan: x" in wrong
    beside = "/compensation/plans/new/change?beside"
    checked = send(client, beside, 200, text="plan: x\ncurency: EUR")
    assert "Did you mean “currency”?" in checked
    address = send(
        client, "/compensation/plans/new", text="plan: x\r\n" + TIERS.replace("\n", "\r\n")
    )
    plan = CompensationPlan.objects.get(key="x")
    assert address == f"/compensation/plans/{plan.pk}"
    assert "\r" not in plan.versions.get().text
    said = send(client, f"{address}/versions/1/activate", 422, starts_on="2027-01-02")
    assert "A version starts with a period: on 2027-01-01 or 2027-02-01." in said
    send(client, f"{address}/versions/1/activate", starts_on="2027-01-01")
    rep = make_user("Rita")
    send(
        client, f"{address}/assign", who="one", user=rep.pk, starts_on="2027-01-01", salary="60000"
    )
    assert "60,000" in see(client, address)
    assert "Choose a person." in send(
        client, f"{address}/assign", 422, who="one", starts_on="2027-01-01"
    )
    send(client, f"{address}/edit", text="plan: x\n" + TIERS.replace("5%", "6%"))
    assert plan.versions.count() == 2
    assert "6% up to" in see(client, f"{address}/versions/2")
    assert see(signed_in(rep), address)
    see(signed_in(rep), f"{address}/versions/2", 404)
    see(signed_in(make_user()), address, 404)


def test_what_others_may_not_do(plan: CompensationPlan) -> None:
    ann = make_payee(plan, "Ann")
    book(1500, (ann, "1"))
    client = signed_in(ann)
    period = PayPeriod.objects.get()
    for address in (
        "/compensation/plans/new",
        "/compensation/periods",
        f"/compensation/periods/{period.pk}",
        f"/compensation/plans/{plan.pk}/edit",
        f"/compensation/adjustments/new?payee={ann.pk}&period={period.pk}&plan={plan.pk}",
    ):
        see(client, address, 403)
    for address in (
        f"/compensation/periods/{period.pk}/close",
        f"/compensation/plans/{plan.pk}/assign",
        "/compensation/quotas/new",
        "/compensation/quotas/import",
    ):
        assert client.post(address, {}).status_code in (403, 422), address
    period.refresh_from_db()
    assert period.state == "open"


def test_a_period_is_run_from_calculation_to_payroll_file(
    plan: CompensationPlan, finance: User
) -> None:
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(1500, (ann, "1"), key="a", on=date(2027, 1, 5))
    book(800, (bob, "1"), key="b", on=date(2027, 1, 5))
    boss = signed_in(make_administrator())
    client = signed_in(finance)
    period = PayPeriod.objects.get()
    address = f"/compensation/periods/{period.pk}"
    assert "Calculate" in see(client, address)
    assert "Calculate it first." in send(client, f"{address}/submit", 422)
    for step in ("calculate", "submit"):
        assert send(client, f"{address}/{step}") == address
    assert "Somebody else must approve" in send(client, f"{address}/approve", 422)
    send(boss, f"{address}/approve")
    send(client, f"{address}/pay")
    batch = PaymentBatch.objects.get()
    assert batch.payee_count == 2
    assert "There is nothing to pay" in send(client, f"{address}/pay", 422)
    send(client, f"{address}/close")
    shown = see(client, address)
    assert "Sealed: " in shown and "Payroll file" in shown
    content = (
        b"".join(client.get(f"/files/{batch.file_id}").streaming_content).decode()
        if hasattr(client.get(f"/files/{batch.file_id}"), "streaming_content")
        else client.get(f"/files/{batch.file_id}").content.decode()
    )
    assert "Ann" in content and "85.00" in content and "40.00" in content
    assert signed_in(ann).get(f"/files/{batch.file_id}").status_code == 404
    record_termination(TEST, booking="a", on=date(2027, 2, 10))
    assert owed(ann, "2027-02") == "-85.00"
    february = PayPeriod.objects.get(label="2027-02")
    see(client, f"/compensation/periods/{february.pk}")
    run = RunLine.objects.filter(posted_period=february).first()
    assert run is not None
    assert "is taken back" in see(client, f"/compensation/runs/{run.run_id}")


def test_quotas_by_form_and_by_file(finance: User) -> None:
    client = signed_in(finance)
    ann = make_user("Ann Agent")
    send(
        client,
        "/compensation/quotas/new",
        user=ann.pk,
        measure="bookings",
        amount="70,000",
        period="2027-Q1",
        per="range",
    )
    assert "70,000.00" in see(client, "/compensation/quotas")
    said = send(
        client,
        "/compensation/quotas/new",
        422,
        user=ann.pk,
        measure="bookings",
        amount="5",
        period="2027-02",
        per="range",
    )
    assert "has a quota “bookings” for some of these days already" in said
    assert "2027-02" in said
    file = io.BytesIO(
        b"payee,measure,amount,period\nann agent,bookings,5,2027-Q2\nnobody,x,5,2027\n"
    )
    file.name = "quotas.csv"
    said = send(client, "/compensation/quotas/import", 422, file=file)
    assert "Row 3: there is nobody called “nobody”." in said
    file = io.BytesIO(b"payee,measure,amount,period\nann agent,bookings,5,2027-Q2\n")
    file.name = "quotas.csv"
    send(client, "/compensation/quotas/import", file=file)
    assert ann.quotas.count() == 2


def test_a_question_is_asked_answered_and_leads_to_an_adjustment(
    plan: CompensationPlan, finance: User
) -> None:
    ann = make_payee(plan, "Ann")
    book(1500, (ann, "1"))
    line = RunLine.objects.filter(payee=ann).first()
    assert line is not None
    period = PayPeriod.objects.get()
    about = f"payee={ann.pk}&period={period.pk}&plan={plan.pk}&component=commission"
    mine, theirs = signed_in(ann), signed_in(finance)
    assert "Write a word about it." in send(
        mine, f"/compensation/disputes/new?{about}", 422, body=" "
    )
    address = send(
        mine, f"/compensation/disputes/new?{about}&line={line.pk}", body="One deal is missing."
    )
    see(signed_in(make_user()), address, 404)
    assert "One deal is missing." in see(theirs, address)
    send(theirs, address, body="We look into it.")
    assert Dispute.objects.get().status == "answered"
    send(mine, f"{address}/resolve", 422, outcome="accepted", reason="x")
    send(theirs, f"{address}/resolve", outcome="accepted", reason="It was missing.", amount="12.50")
    row = Adjustment.objects.get()
    decide = f"/compensation/adjustments/{row.pk}/approve"
    assert theirs.post(decide).status_code == 403
    assert owed(ann, "2027-01") == "85.00"
    send(signed_in(make_administrator()), decide)
    assert owed(ann, "2027-01") == "97.50"
    assert "€12.50 by hand" in see(mine, statement_address(ann))
    see(mine, "/compensation/disputes")


def test_an_adjustment_after_the_close_goes_into_the_open_period(
    plan: CompensationPlan, finance: User
) -> None:
    ann = make_payee(plan, "Ann")
    book(1500, (ann, "1"))
    january = close("2027-01")
    about = f"payee={ann.pk}&period={january.pk}&plan={plan.pk}&component=commission"
    client = signed_in(finance)
    assert "not an amount" in send(
        client, f"/compensation/adjustments/new?{about}", 422, amount="x", reason="r"
    )
    send(client, f"/compensation/adjustments/new?{about}", amount="-5", reason="Agreed.")
    row = Adjustment.objects.get()
    send(signed_in(make_administrator()), f"/compensation/adjustments/{row.pk}/approve")
    assert owed(ann, "2027-01") == "85.00"
    assert owed(ann, "2027-02") == "-5.00"


def test_bad_addresses_are_not_found(finance: User) -> None:
    client = signed_in(finance)
    nothing = "01890000-0000-7000-8000-000000000001"
    for address in (
        f"/compensation/statements/{nothing}",
        f"/compensation/plans/{nothing}",
        f"/compensation/periods/{nothing}",
        f"/compensation/runs/{nothing}",
        f"/compensation/disputes/{nothing}",
        "/compensation/lines/999999999999999",
        "/compensation?period=abc",
        f"/compensation/disputes/new?payee={nothing}",
    ):
        see(client, address, 404)
    assert client.post(f"/compensation/periods/{nothing}/explode").status_code == 404


def test_empty_pages_teach(finance: User) -> None:
    client = signed_in(finance)
    for address, sentence in (
        ("/compensation", "No pay periods yet"),
        ("/compensation/plans", "No plans yet"),
        ("/compensation/quotas", "No quotas yet"),
        ("/compensation/periods", "No periods yet"),
        ("/compensation/disputes", "No questions"),
    ):
        assert sentence in see(client, address)
    assert "You are on no plan yet" in see(signed_in(make_user()), "/compensation")


def test_a_plan_of_a_year_that_is_over_offers_that_year(plan: CompensationPlan) -> None:
    client = signed_in(make_administrator())
    text = TIERS.replace("currency:", "effective: 2017-01-01\nuntil: 2017-12-31\ncurrency:")
    send(client, "/compensation/plans/new", text=f"plan: old-year\n{text.strip()}")
    old = CompensationPlan.objects.exclude(pk=plan.pk).get()
    shown = see(client, f"/compensation/plans/{old.pk}")
    assert shown.count('value="2017-01-01"') == 2  # pays from, put on the plan from
    send(client, f"/compensation/plans/{old.pk}/versions/1/activate", starts_on="2017-01-01")
    shown = see(client, f"/compensation/plans/{old.pk}")
    assert shown.count('value="2017-01-01"') == 2  # put on the plan from, won from
    assert 'value="2017-12-31"' in shown


def test_my_statements_say_what_each_period_came_to(plan: CompensationPlan) -> None:
    ann = make_payee(plan, "Ann Alone")
    book(1000, (ann, "1"), on=date(2027, 1, 10))
    book(400, (ann, "1"), on=date(2027, 2, 10))
    home = see(signed_in(ann), "/compensation")
    assert "50.00" in home
    assert "20.00" in home
