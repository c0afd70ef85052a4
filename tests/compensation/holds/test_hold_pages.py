"""Holding and releasing in the browser and over the API: what is shown, to whom."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from django.test import Client

from compensation.make import TEST, book, make_payee, make_plan
from compensation.statements.test_pages import see, send, signed_in, statement_address
from compensation.test_api import Caller
from crm.make import make_opportunity
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import read_file
from dealwright.base.people.models import Profile, User
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.ledger.services import pay_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import approve_period, submit_period
from make import make_administrator, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def finance() -> User:
    return make_user("Fay Finance", profile=Profile.FINANCE)


def test_a_deal_is_held_from_its_line_and_released(finance: User) -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann Agent")
    book(1500, (ann, "1"), title="Big deal", key="big")
    client = signed_in(finance)
    line = RunLine.objects.filter(payee=ann).order_by("pk").first()
    assert line is not None
    form = f"/compensation/holds/new?payee={ann.pk}&event={line.event_id}"
    detail = see(client, f"/compensation/lines/{line.pk}", **{"HX-Request": "true"})
    assert form.replace("&", "&amp;") in detail
    assert "Big deal" in see(client, form)
    refused = send(client, form, 422, whose="one", starts_on="2027-01-01", reason=" ")
    assert "the payee reads it" in refused
    send(client, form, whose="one", starts_on="2027-01-01", reason="Delivery is disputed")
    held = Hold.objects.get()
    assert (held.payee, held.event_id, held.held_by) == (ann, line.event_id, finance)
    for user in (finance, ann):
        shown = see(signed_in(user), statement_address(ann))
        assert "Delivery is disputed" in shown and "Fay Finance" in shown
        assert "€85.00" in shown and "€0.00" in shown
    assert "Delivery is disputed" in see(signed_in(ann), f"/compensation/lines/{line.pk}")
    listed = see(client, "/compensation/holds")
    assert "Ann Agent" in listed and "€85.00" in listed
    send(client, f"/compensation/holds/{held.pk}/release")
    assert "€85.00" in see(signed_in(ann), statement_address(ann))
    assert "Nothing is on hold" in see(client, "/compensation/holds")


def test_a_person_or_a_won_deal_is_chosen_on_the_form(finance: User) -> None:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(1000, (ann, "0.5"), (bob, "0.5"))
    client = signed_in(finance)
    assert "Choose a person, a deal, or both." in send(
        client, "/compensation/holds/new", 422, starts_on="2027-01-01", reason="x"
    )
    send(client, "/compensation/holds/new", payee=ann.pk, starts_on="2027-01-01", reason="Leave")
    assert Hold.objects.get().payee == ann
    deal = make_opportunity(name="Not won")
    said = send(
        client, "/compensation/holds/new", 404,
        opportunity=deal.pk, starts_on="2027-01-01", reason="x",
    )  # fmt: skip
    assert "not booked" in said


def test_a_payment_leaves_out_what_is_on_hold_and_says_so(finance: User) -> None:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(600, (ann, "1"), title="Big deal", key="big")
    book(400, (bob, "1"))
    client = signed_in(finance)
    send(client, "/compensation/holds/new", payee=ann.pk, starts_on="2027-01-01", reason="Leave")
    period = PayPeriod.objects.get()
    for step in (calculate_period, submit_period, approve_period):
        step(TEST, period.pk)
    shown = see(client, f"/compensation/periods/{period.pk}")
    assert "Leave" in shown and "€30.00" in shown and "€20.00" in shown
    batch = pay_period(TEST, period.pk)
    stored = StoredFile.objects.get(pk=batch.file_id)
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(read_file(stored).decode()))}
    assert (rows["Bob"]["amount"], rows["Bob"]["held"]) == ("20.00", "")
    assert (rows["Ann"]["amount"], rows["Ann"]["held"]) == ("0.00", "30.00")
    assert rows["Ann"]["held_because"] == "All pay: Leave (Fay Finance)"
    assert Posting.objects.filter(kind="payment", payee=ann).count() == 0
    pdf = client.get(f"{statement_address(ann)}/statement.pdf").content
    import pypdfium2

    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert "On hold" in text and "Leave (Fay Finance)" in text and "€0.00" in text


def test_nobody_else_holds_or_releases(finance: User) -> None:
    plan = make_plan()
    manager = make_user("Mia", profile=Profile.MANAGER)
    ann = make_payee(plan, "Ann", manager=manager)
    event = book(1500, (ann, "1"))
    send(
        signed_in(make_administrator()), "/compensation/holds/new",
        payee=ann.pk, starts_on="2027-01-01", reason="Leave",
    )  # fmt: skip
    held = Hold.objects.get()
    for user in (ann, manager, make_user("Otto")):
        client = signed_in(user)
        see(client, "/compensation/holds", 403)
        see(client, f"/compensation/holds/new?event={event.pk}", 403)
        send(client, f"/compensation/holds/{held.pk}/release", 403)
        shown = client.get(statement_address(ann))
        assert shown.status_code == (404 if user.name == "Otto" else 200)
    held.refresh_from_db()
    assert held.is_active
    assert Client().get("/compensation/holds").status_code == 302
    see(signed_in(finance), "/compensation/holds/new?payee=x", 404)
    assert date(2027, 1, 1) == held.starts_on


def test_holds_over_the_api(finance: User) -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1500, (ann, "1"), title="Big deal", key="big")
    call = Caller(finance)
    body = {"event_key": "big", "reason": "Disputed", "starts_on": "2027-01-01"}
    made = call("POST", "/holds", body, 201)
    assert (made["what"], made["amounts"]) == (
        "Big deal",
        [{"amount": "85.00", "currency": "EUR"}],
    )
    assert call("POST", "/holds", body, 409)["detail"].startswith("This is on hold already")
    assert call("POST", "/holds", body | {"reason": ""}, 422)
    period = PayPeriod.objects.get()
    statement = call("GET", f"/statements/{ann.pk}/{period.pk}")
    assert statement["totals"] == [{"amount": "85.00", "currency": "EUR"}]
    assert statement["payable"] == [{"amount": "0.00", "currency": "EUR"}]
    assert statement["held"][0]["reason"] == "Disputed"
    assert [row["amount"] for row in call("GET", f"/periods/{period.pk}/held")] == ["85.00"]
    reader = Caller(ann, "compensation:read", "compensation:write")
    reader("GET", "/holds", status=403)
    reader("POST", "/holds", body, 403)
    reader("POST", f"/holds/{made['id']}/release", {}, 403)
    assert call("POST", f"/holds/{made['id']}/release", {"reason": "Done"})["amounts"] == []
    assert call("GET", "/holds")[0]["released_at"] is not None
