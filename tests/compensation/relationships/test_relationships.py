"""Named relationships: dated, in no circle, apart from the reporting line, and paid along."""

from __future__ import annotations

from datetime import date

import pytest

from compensation.make import TEST, book, make_payee, make_plan, owed
from compensation.statements.test_pages import see, signed_in
from compensation.test_api import Caller
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import Profile
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.quotas.models import ReportingLine
from dealwright.compensation.quotas.services import sync_reporting_lines
from dealwright.compensation.relationships.queries import list_relationships, relationships_csv
from dealwright.compensation.relationships.services import (
    change_relationship,
    end_relationship,
    import_relationships,
    remove_relationship,
    state_relationship,
)
from make import make_user

pytestmark = pytest.mark.django_db

PLAN = """
currency: EUR
calendar: month
credits:
  mentored: {along: mentor, depth: 1}
components:
  - flat: {id: commission, rate: 5%}
  - flat: {id: mentoring, label: Mentoring, credit: mentored, rate: 1%}
"""


def test_a_mentor_is_paid_at_once_for_the_days_of_the_relation_and_the_manager_is_not() -> None:
    plan = make_plan(PLAN)
    mia, zoe = make_payee(plan, "Mia", quota=None), make_payee(plan, "Zoe", quota=None)
    ann = make_payee(plan, "Ann", quota=None, manager=mia)
    line = state_relationship(TEST, ann, zoe, "mentor", starts_on=date(2027, 1, 1))
    book(1000, (ann, "1"), on=date(2027, 1, 20))
    book(1000, (ann, "1"), on=date(2027, 2, 20))
    assert (owed(ann, "2027-01"), owed(zoe, "2027-01"), owed(mia, "2027-01")) == (
        "50.00",
        "10.00",
        "0.00",
    )
    end_relationship(TEST, line.pk, date(2027, 1, 31))
    sync_reporting_lines()
    assert owed(zoe, "2027-02") == "10.00"
    calculate_period(TEST, PayPeriod.objects.get(label="2027-02", calendar="month").pk)
    assert (owed(zoe, "2027-01"), owed(zoe, "2027-02")) == ("10.00", "0.00")
    assert ReportingLine.objects.get(relation="mentor").ends_on == date(2027, 1, 31)
    assert ReportingLine.objects.get(relation="reporting").manager == mia


def test_overlaps_and_circles_are_refused_with_names() -> None:
    ann, bob, cem = make_user("Ann"), make_user("Bob"), make_user("Cem")
    state_relationship(TEST, ann, bob, "mentor", ends_on=date(2027, 6, 30))
    with pytest.raises(Conflict) as refused:
        state_relationship(TEST, ann, cem, "mentor", starts_on=date(2027, 6, 1))
    assert refused.value.message == (
        "Ann stands under Bob (mentor) from 1900-01-01 to 2027-06-30 already."
    )
    state_relationship(TEST, bob, cem, "mentor", starts_on=date(2027, 1, 1))
    with pytest.raises(Conflict) as refused:
        state_relationship(TEST, cem, ann, "mentor", starts_on=date(2027, 6, 30))
    assert refused.value.message == "This closes a circle: Cem → Ann → Bob → Cem."
    state_relationship(TEST, cem, ann, "mentor", starts_on=date(2027, 7, 1))  # no day in common
    state_relationship(TEST, cem, ann, "overlay")
    for relation, said in (
        ("reporting", "follows the managers"),
        ("hierarchy", "follows the managers"),
        ("team", "relation of teams"),
        ("My Mentor", "lower case letters"),
    ):
        with pytest.raises(Invalid, match=said):
            state_relationship(TEST, ann, bob, relation)
    with pytest.raises(Invalid, match="Ann cannot stand under themselves"):
        state_relationship(TEST, ann, ann, "mentor")


def test_another_mentor_from_a_day_on() -> None:
    ann, bob, cem = make_user("Ann"), make_user("Bob"), make_user("Cem")
    line = state_relationship(TEST, ann, bob, "mentor")
    after = change_relationship(
        TEST, line.pk, manager=cem, from_day=date(2027, 3, 1), ends_on=date(2027, 12, 31)
    )
    rows, _ = list_relationships(TEST)
    assert [(r.manager.name, str(r.starts_on), str(r.ends_on)) for r in rows] == [
        ("Cem", "2027-03-01", "2027-12-31"),
        ("Bob", "1900-01-01", "2027-02-28"),
    ]
    with pytest.raises(Conflict, match="Ann stands under Cem"):
        end_relationship(TEST, line.pk, date(2027, 3, 1))
    remove_relationship(TEST, after.pk)
    assert list(ReportingLine.objects.all()) == [line]


def test_the_reporting_line_is_shown_and_not_touched() -> None:
    mia = make_user("Mia")
    ann = make_user("Ann", manager=mia)
    sync_reporting_lines()
    line = ReportingLine.objects.get()
    assert list_relationships(TEST)[0] == []
    assert list(list_relationships(TEST, relation="reporting")[0]) == [line]
    with pytest.raises(NotFound):
        remove_relationship(TEST, line.pk)
    text = f"payee,manager,relation,start\nAnn,{mia.email},mentor,2027-01-01\nMia,Ann,coach,"
    assert import_relationships(TEST, text) == 2
    out = relationships_csv(TEST).decode()
    assert f"{ann.email},{mia.email},mentor,2027-01-01," in out
    assert f"{ann.email},{mia.email},reporting,1900-01-01," in out
    with pytest.raises(Invalid) as refused:
        import_relationships(TEST, "payee,manager,relation\nMia,Ann,mentor\nAnn,Mia,reporting")
    assert refused.value.fields["file"] == [
        "Row 2: This closes a circle: Mia → Ann → Mia.",
        "Row 3: The reporting line follows the managers of people; name this one otherwise.",
    ]


def test_the_pages_and_the_api() -> None:
    finance = make_user("Fay", profile=Profile.FINANCE)
    client, call = signed_in(finance), Caller(finance)
    ann, bob, cem = make_user("Ann"), make_user("Bob"), make_user("Cem")
    home = "/compensation/relationships"
    typed = {"user": ann.pk, "manager": bob.pk, "relation": "mentor"}
    assert client.post(f"{home}/new", typed).status_code == 303
    shown = see(client, home)
    assert "Ann" in shown and "Bob" in shown and "mentor" in shown
    circle = client.post(f"{home}/new", typed | {"user": bob.pk, "manager": ann.pk})
    assert circle.status_code == 422 and "Bob → Ann → Bob" in circle.content.decode()
    line = ReportingLine.objects.get()
    see(client, f"{home}/{line.pk}")
    sent = client.post(f"{home}/{line.pk}", {"manager": cem.pk, "from_day": "2027-03-01"})
    assert sent.status_code == 303, sent.content
    assert client.post(f"{home}/{line.pk}/end", {"until": "2027-01-31"}).status_code == 303
    assert client.get(f"{home}/hierarchy.csv").content == relationships_csv(TEST)
    rows = call("GET", "/relationships?relation=mentor")
    assert [(row["manager_id"], row["ends_on"]) for row in rows] == [
        (str(cem.pk), None),
        (str(bob.pk), "2027-01-31"),
    ]
    body = {"user": str(bob.pk), "manager": str(cem.pk), "relation": "coach"}
    made = call("PUT", "/relationships", body)
    call("PUT", "/relationships", body | {"manager": str(bob.pk)}, 422)
    changed = call(
        "POST",
        f"/relationships/{made['id']}/change",
        {"manager": str(ann.pk), "from_day": "2027-05-01"},
    )
    assert changed["manager_id"] == str(ann.pk)
    ended = call("POST", f"/relationships/{changed['id']}/end", {"ends_on": "2027-06-30"})
    assert ended["ends_on"] == "2027-06-30"
    answer = call.client.delete(f"/api/v1/compensation/relationships/{made['id']}")
    assert answer.status_code == 204
    assert client.post(f"{home}/{changed['id']}/remove").status_code == 303
    assert call("GET", "/relationships?relation=coach") == []
    see(signed_in(ann), home, 403)
