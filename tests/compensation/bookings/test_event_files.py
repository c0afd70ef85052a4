"""Events from files and over the API: all rows or none, and what they do in closed periods."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from compensation.make import TEST, balance, book, close, make_payee, make_plan, owed
from compensation.statements.test_pages import see, send, signed_in, statement_address
from compensation.test_api import Caller
from crm.make import make_opportunity
from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.people.models import Profile, User
from dealwright.compensation.bookings.event_files import import_events, preview_events
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.ledger.models import Account, Posting
from make import acting, make_user

pytestmark = pytest.mark.django_db

PLAN = """
currency: EUR
calendar: month
fields: {segment: text}
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
  - spif: {id: push, rate: 1%, when: "segment = 'enterprise'"}
clawback: {on: commission, trigger: [termination, refund, non_payment], by_amount: true,
           schedule: [[3, 100%], [12, 50%]]}
"""


def text(*rows: str, head: str = "event_id,date,kind,payee,amount,reference,segment") -> str:
    return "\n".join((head, *rows)) + "\n"


def test_bookings_refunds_and_non_payments_come_by_file() -> None:
    plan = make_plan(PLAN)
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    found = import_events(
        TEST,
        text(
            "r1,2027-02-10,refund,,400,b1,",  # before what it refers to
            "b1,2027-01-15,booking,Ann,800,,enterprise",
            f"b2,2027-01-16,booking,{bob.email},600,,",
            "n1,2027-06-20,non_payment,,600,b2,",
        ),
    )
    assert [(row.number, row.outcome) for row in found.rows] == [
        (2, "new"), (3, "new"), (4, "new"), (5, "new"),
    ]  # fmt: skip
    # Ann: 40 and 8 for the enterprise; half of the deal is refunded within three months.
    assert (owed(ann, "2027-01"), owed(ann, "2027-02")) == ("48.00", "-20.00")
    # Bob: 30; all is unpaid within twelve months: half of it.
    assert (owed(bob, "2027-01"), owed(bob, "2027-06")) == ("30.00", "-15.00")
    assert CreditEvent.objects.get(key="r1").currency == "EUR"  # that of the booking
    runs = CalculationRun.objects.count()
    again = import_events(
        TEST,
        text(
            "b1,2027-01-15,booking,Ann,800.00,,enterprise",
            "r1,2027-02-10,refund,,400,b1,",
        ),
    )
    assert [row.outcome for row in again.rows] == ["same", "same"]
    assert CalculationRun.objects.count() == runs


def test_splits_come_in_a_file_of_their_own() -> None:
    plan = make_plan(PLAN)
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    splits = "event_id,payee,share\nb1,Ann,70%\nb1,Bob,0.3\n"
    import_events(TEST, text("b1,2027-01-15,booking,,1000,,"), splits)
    assert (owed(ann, "2027-01"), owed(bob, "2027-01")) == ("35.00", "15.00")
    with pytest.raises(Invalid) as refused:
        import_events(TEST, text("b1,2027-01-15,booking,,1000,,"), splits.replace("0.3", "0.2999"))
    assert "The shares sum to 99.99 %" in refused.value.fields["file"][0]
    with pytest.raises(Invalid) as refused:
        import_events(TEST, text("b2,2027-01-15,booking,,1000,,"), splits)
    assert refused.value.fields["file"][0] == "Row 2: splits: there is no event “b1” in the file."


def test_a_wrong_row_lets_nothing_in_and_every_one_is_named() -> None:
    plan = make_plan(PLAN)
    make_payee(plan, "Ann")
    wrong = text(
        "b1,2027-01-15,booking,Ann,800,,",
        "b1,2027-01-16,booking,Ann,800,,",
        "b2,15.01.2027,booking,Ann,800,,",
        "b3,2027-01-15,booking,Nobody,800,,",
        "b4,2027-01-15,booking,Ann,eight,,",
        "b5,2027-01-15,booking,Ann,8,b9,",
        "b6,2027-01-15,booking,Ann,8,b7,",
        "b7,2027-01-15,booking,Ann,8,b6,",
        "b8,2027-01-15,booking,Ann,10000000000000,,",
        ",2027-01-15,booking,Ann,1,,",
        "c1,2027-01-15,booking,Ann,1,,a,b",
        "c2,2027-01-15,booking,Ann,NaN,,",
    )
    with pytest.raises(Invalid) as refused:
        import_events(TEST, wrong)
    said = refused.value.fields["file"]
    assert said == [
        "Row 3: the event “b1” stands in row 2 already.",
        "Row 4: “15.01.2027” is not a day such as 2027-01-31.",
        "Row 5: there is nobody called “Nobody”, or more than one.",
        "Row 6: “eight” is not a number: amount such as 1200.50.",
        "Row 7: There is no event “b9” to refer to.",
        "Row 8: the references go round in a circle.",
        "Row 9: the references go round in a circle.",
        "Row 10: The amount must be below 10,000,000,000,000.",
        "Row 11: Give the event a key of at most 200 characters.",
        "Row 12: there are more cells than columns.",
        "Row 13: The amount must be below 10,000,000,000,000.",
    ]
    assert not CreditEvent.objects.exists()
    seen = preview_events(TEST, wrong)
    assert [number for number, _ in seen.wrong] == list(range(3, 14))
    assert not CreditEvent.objects.exists() and not Posting.objects.exists()
    for no_file in ("", "event_id\n1\n", "event_id,date,date\n1,2,3\n", "event_id,date\n"):
        with pytest.raises(Invalid):
            import_events(TEST, no_file)


def test_events_of_two_years_are_both_calculated() -> None:
    plan = make_plan(PLAN)
    ann = make_payee(plan, "Ann")
    import_events(
        TEST,
        text("b1,2027-03-15,booking,Ann,800,,", "b2,2028-02-15,booking,Ann,600,,"),
    )
    assert (owed(ann, "2027-03"), owed(ann, "2028-02")) == ("40.00", "30.00")


def test_an_event_of_a_closed_period_posts_into_the_open_one_and_says_so() -> None:
    plan = make_plan(PLAN)
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), key="b1", on=date(2027, 1, 15))
    january = close("2027-01")
    sealed = list(Posting.objects.filter(posted_period=january).values_list("id", "amount"))
    found = import_events(TEST, text("b1,2027-01-15,booking,Ann,900,,"))
    note = (
        "2027-01 is closed and stays as it is: what this changes of it is posted into 2027-02, "
        "marked as of 2027-01."
    )
    assert list(found.notes) == [note]
    assert sealed == list(Posting.objects.filter(posted_period=january).values_list("id", "amount"))
    assert (owed(ann, "2027-01"), owed(ann, "2027-02")) == ("40.00", "5.00")
    then = see(signed_in(ann), statement_address(ann, "2027-01"))
    assert "€5.00 of 2027-01 became known when it took no postings any more" in then
    assert "€5.00 of earlier periods" in see(signed_in(ann), statement_address(ann, "2027-02"))
    call = Caller(make_user("Fay", profile=Profile.FINANCE))
    body = {
        "key": "b1", "date": "2027-01-15", "amount": "1000", "currency": "EUR",
        "payee": str(ann.pk),
    }  # fmt: skip
    assert call("PUT", "/events", [body])[0]["notes"] == [note]
    assert call("PUT", "/events", [body])[0]["notes"] == []  # nothing changed
    fresh = body | {"key": "b2", "date": "2027-02-02"}
    assert call("PUT", "/events", [fresh])[0]["notes"] == []
    assert call("POST", "/events/void", {"key": "b1"})["notes"] == [note]
    assert owed(ann, "2027-01") == "40.00"


def test_a_double_key_in_one_call_is_refused() -> None:
    ann = make_payee(make_plan(PLAN), "Ann")
    call = Caller(make_user("Fay", profile=Profile.FINANCE))
    one = {"key": "b1", "date": "2027-01-15", "amount": "1", "currency": "EUR"}
    refused = call("PUT", "/events", [one, one | {"amount": "2"}], 422)
    assert "“b1” stands twice" in refused["detail"]
    assert not CreditEvent.objects.exists()
    assert balance(ann, Account.PAYABLE) == "0.00"


def test_a_refund_leads_to_the_deal_it_takes_back() -> None:
    ann = make_payee(make_plan(PLAN), "Ann")
    deal = make_opportunity(name="Big deal")
    book(800, (ann, "1"), key="b1", object="opportunity", record_id=deal.pk)
    import_events(TEST, text("r1,2027-02-10,refund,,800,b1,"))
    refund = CreditEvent.objects.get(key="r1")
    assert (refund.record_id, refund.currency) == (deal.pk, "EUR")
    assert owed(ann, "2027-02") == "-40.00"


def upload(content: str, name: str = "events.csv") -> Any:
    return SimpleUploadedFile(name, content.encode(), content_type="text/csv")


def test_a_file_is_looked_at_and_recorded_in_the_browser() -> None:
    ann = make_payee(make_plan(PLAN), "Ann")
    finance: User = make_user("Fay", profile=Profile.FINANCE)
    client = signed_in(finance)
    assert "No events yet" in see(client, "/compensation/events")
    good = text("b1,2027-01-15,booking,Ann,800,,")
    seen = send(client, "/compensation/events/preview", 200, file=upload(good))
    assert "1 new, 0 changed, 0 as they are." in seen and not CreditEvent.objects.exists()
    assert "Pay changes by" in seen and "€40.00" in seen
    foreign = text("b1,2027-01-15,Ann,1,JPY", head="event_id,date,payee,amount,currency")
    assert "JPY" in send(client, "/compensation/events/preview", 200, file=upload(foreign))
    assert not Posting.objects.exists()
    send(client, "/compensation/events/import", text=good, splits_text="")
    assert CreditEvent.objects.get().amount == Decimal(800)
    assert "b1" in see(client, "/compensation/events?search=b1")
    bad = send(client, "/compensation/events/preview", 200, file=upload(good + "b2,x,,,1,,\n"))
    assert "1 row is wrong; nothing can be recorded." in bad
    assert "</svg>Record</button>" not in bad and "</svg>Record</button>" in seen
    refused = send(client, "/compensation/events/import", 422, text=good + "b2,x,,,1,,\n")
    assert "nothing was recorded" in refused
    assert "at most 2 MB" in send(client, "/compensation/events/preview", 422)
    broken = SimpleUploadedFile("x.csv", b"\xff\xfe\x00", content_type="text/csv")
    assert "UTF-8" in send(client, "/compensation/events/preview", 422, file=broken)
    for user in (ann, make_user(profile=Profile.MANAGER)):
        other = signed_in(user)
        see(other, "/compensation/events", 403)
        send(other, "/compensation/events/preview", 403, file=upload(good))
        send(other, "/compensation/events/import", 403, text=good)
    with pytest.raises(NotAllowed):
        import_events(acting(ann), good)
