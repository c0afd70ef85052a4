"""Territories: who holds them when, what falls into them, and what that pays."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from compensation.make import TEST, book, close, make_payee, make_plan, owed
from compensation.statements.test_pages import see, signed_in
from compensation.test_api import Caller
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.base.people.models import Profile, User
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import open_period
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.territories.models import TerritoryHolder
from dealwright.compensation.territories.queries import (
    events_in,
    list_territories,
    territories_csv,
)
from dealwright.compensation.territories.services import (
    change_holder,
    end_holder,
    give_territory,
    import_territories,
    remove_holder,
)
from make import acting, make_user

pytestmark = pytest.mark.django_db

PLAN = """
currency: EUR
calendar: month
fields: {region: text}
credits:
  territory: {from: territories, by: region}
components:
  - flat: {id: commission, credit: territory, rate: 5%}
clawback: {trigger: termination, schedule: [[12, 100%]]}
"""
YEAR = (date(2027, 1, 1), date(2027, 12, 31))


@pytest.fixture
def plan() -> CompensationPlan:
    return make_plan(PLAN)


@pytest.fixture
def ann(plan: CompensationPlan) -> User:
    return make_payee(plan, "Ann", quota=None)


@pytest.fixture
def bob(plan: CompensationPlan) -> User:
    return make_payee(plan, "Bob", quota=None)


def sell(amount: int, region: str, on: date, **fields: str) -> None:
    """A deal of somebody who is on no plan."""
    owner = User.objects.filter(name="Olga").first() or make_user("Olga")
    book(amount, (owner, "1"), on=on, attributes={"region": region}, **fields)


def test_whoever_holds_the_territory_on_the_day_is_paid_at_once(ann: User, bob: User) -> None:
    give_territory(TEST, "north", ann, ends_on=date(2027, 1, 31))
    give_territory(TEST, "north", bob, starts_on=date(2027, 2, 1), share=Decimal("0.75"))
    sell(1000, "north", date(2027, 1, 20), key="deal")
    sell(1000, "north", date(2027, 2, 20))
    sell(1000, "south", date(2027, 2, 20))
    assert (owed(ann, "2027-01"), owed(bob, "2027-01")) == ("50.00", "0.00")
    assert (owed(ann, "2027-02"), owed(bob, "2027-02")) == ("0.00", "37.50")
    sell(1000, "north", date(2027, 2, 3), key="deal")  # the deal was closed later
    assert (owed(ann, "2027-01"), owed(bob, "2027-02")) == ("0.00", "75.00")


def test_the_holder_gives_back_what_ends_early(ann: User) -> None:
    from dealwright.compensation.bookings.services import record_termination

    give_territory(TEST, "north", ann)
    sell(1000, "north", date(2027, 1, 20), key="deal")
    assert owed(ann, "2027-01") == "50.00"
    record_termination(TEST, booking="deal", on=date(2027, 2, 10))
    assert (owed(ann, "2027-01"), owed(ann, "2027-02")) == ("50.00", "-50.00")


def test_a_hand_over_of_closed_days_is_posted_into_the_open_period(
    plan: CompensationPlan, ann: User, bob: User
) -> None:
    held = give_territory(TEST, "north", ann)
    sell(1000, "north", date(2027, 1, 20))
    sell(400, "north", date(2027, 1, 5))
    close("2027-01")
    after = change_holder(
        TEST,
        held.pk,
        user=bob,
        share=Decimal(1),
        role="",
        from_day=date(2027, 1, 10),
        ends_on=None,
    )
    held.refresh_from_db()
    assert (held.user, held.ends_on) == (ann, date(2027, 1, 9))
    assert (after.user, after.starts_on) == (bob, date(2027, 1, 10))
    february = open_period(TEST, plan, date(2027, 2, 1))
    calculate_period(TEST, february.pk)
    assert (owed(ann, "2027-01"), owed(bob, "2027-01")) == ("70.00", "0.00")
    assert (owed(ann, "2027-02"), owed(bob, "2027-02")) == ("-50.00", "50.00")


def test_what_cannot_be_is_refused(ann: User, bob: User) -> None:
    held = give_territory(TEST, "north", ann, starts_on=date(2027, 2, 1))
    with pytest.raises(Conflict, match="Ann holds “north” on some of these days already"):
        give_territory(TEST, "north", ann, starts_on=date(2027, 3, 1))
    give_territory(TEST, "north", ann, starts_on=date(2027, 3, 1), role="specialist")
    give_territory(TEST, "north", bob, starts_on=date(2027, 3, 1))
    with pytest.raises(Invalid, match="It holds from 2027-02-01; remove it instead"):
        end_holder(TEST, held.pk, date(2027, 1, 31))
    with pytest.raises(Invalid, match="a change comes then or later"):
        change_holder(
            TEST, held.pk, user=bob, share=Decimal(1), role="", from_day=date(2027, 1, 1),
            ends_on=None,
        )  # fmt: skip
    for wrong in ({"share": Decimal(0)}, {"ends_on": date(1800, 1, 1)}, {"role": "x" * 81}):
        with pytest.raises(Invalid):
            give_territory(TEST, "south", ann, **wrong)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        give_territory(acting(ann), "south", ann)
    with pytest.raises(NotAllowed):
        list_territories(acting(ann), *YEAR)
    assert TerritoryHolder.objects.count() == 3


def test_what_falls_where_is_counted_and_listed(ann: User) -> None:
    held = give_territory(TEST, "north", ann, starts_on=date(2027, 2, 1))
    sell(100, "north", date(2027, 1, 20))
    sell(200, "north", date(2027, 2, 20))
    sell(300, "west", date(2027, 2, 20))
    rows = list_territories(TEST, *YEAR)
    assert [(r.name, len(r.holders), r.events, r.loose) for r in rows] == [
        ("north", 1, 2, 1),
        ("west", 0, 1, 1),
    ]
    placed, more = events_in(TEST, "north", *YEAR)
    assert [(f"{p.event.amount:.0f}", p.holders) for p in placed] == [("200", ["Ann"]), ("100", [])]
    assert not more
    remove_holder(TEST, held.pk)
    january = PayPeriod.objects.get(label="2027-02", calendar="month")
    calculate_period(TEST, january.pk)
    assert owed(ann, "2027-02") == "0.00"


def test_a_file_goes_in_and_comes_out_again(ann: User, bob: User) -> None:
    text = f"territory,payee,start,end,share\nnorth,Ann,,2027-01-31,\nsouth,{bob.email},,,75%"
    assert import_territories(TEST, text) == 2
    out = territories_csv(TEST).decode()
    assert f"south,{bob.email},1900-01-01,,0.750000," in out
    TerritoryHolder.objects.all().delete()
    assert import_territories(TEST, out) == 2
    assert territories_csv(TEST).decode() == out
    with pytest.raises(Invalid) as refused:
        import_territories(TEST, "territory,payee,share\nx,Nobody,1\nx,Ann,much\n,Ann,1")
    assert refused.value.fields["file"] == [
        "Row 2: there is nobody called “Nobody”.",
        "Row 3: “much” is not a share such as 0.7 or 70%.",
        "Row 4: Name the territory in at most 120 characters.",
    ]


def test_the_pages_and_the_api(ann: User, bob: User) -> None:
    finance = make_user("Fay", profile=Profile.FINANCE)
    client, call = signed_in(finance), Caller(finance)
    home = "/compensation/territories"
    sent = client.post(f"{home}/new", {"territory": "north", "user": ann.pk, "share": "80%"})
    assert sent.status_code == 303, sent.content
    sell(100, "north", date(2027, 1, 20), title="Northern deal")
    shown = see(client, f"{home}?year=2027")
    assert "north" in shown and "Ann" in shown and "80%" in shown
    assert "Northern deal" in see(client, f"{home}/events?territory=north&year=2027")
    held = TerritoryHolder.objects.get()
    see(client, f"{home}/{held.pk}")
    sent = client.post(
        f"{home}/{held.pk}", {"user": bob.pk, "share": "100%", "from_day": "2027-03-01"}
    )
    assert sent.status_code == 303, sent.content
    sent = client.post(f"{home}/{held.pk}/end", {"until": "2027-02-15"})
    assert sent.status_code == 303, sent.content
    rows = call("GET", "/territories?territory=north")
    assert [(row["user_id"], row["starts_on"], row["ends_on"]) for row in rows] == [
        (str(ann.pk), "1900-01-01", "2027-02-15"),
        (str(bob.pk), "2027-03-01", None),
    ]
    again = client.post(f"{home}/new", {"territory": "north", "user": bob.pk, "starts_on": "soon"})
    assert again.status_code == 422
    other = {"territory": "south", "user": str(bob.pk), "share": "0.5"}
    made = call("PUT", "/territories", other)
    assert made["share"] == "0.5"
    changed = call(
        "POST",
        f"/territories/{made['id']}/change",
        {"user": str(ann.pk), "from_day": "2027-05-01"},
    )
    assert (changed["user_id"], changed["share"]) == (str(ann.pk), "1")
    assert call("POST", f"/territories/{changed['id']}/end", {"ends_on": "2027-06-30"})["ends_on"]
    (event,) = call(
        "GET", "/territories/events?territory=north&starts_on=2027-01-01&ends_on=2027-12-31"
    )
    assert (event["title"], event["held_by"]) == ("Northern deal", ["Ann"])
    assert client.post(f"{home}/{made['id']}/remove").status_code == 303
    answer = call.client.delete(f"/api/v1/compensation/territories/{changed['id']}")
    assert answer.status_code == 204
    assert len(call("GET", "/territories?territory=south")) == 0
    see(signed_in(ann), home, 403)
