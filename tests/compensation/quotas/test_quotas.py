"""Quotas of persons, positions and teams: one holder, one at a time, and who is paid by them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from compensation.acceptance.test_acceptance import words_of
from compensation.make import TEST, book, make_payee, make_plan, owed
from compensation.statements.test_pages import see, signed_in
from compensation.test_api import Caller
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.base.people.models import Profile, Team, TeamMembership, User
from dealwright.compensation.acceptance.document import plan_document
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.quotas.models import Quota
from dealwright.compensation.quotas.queries import list_quotas, quotas_csv
from dealwright.compensation.quotas.services import (
    Holder,
    change_quota,
    delete_quota,
    import_quotas,
    set_quota,
)
from make import acting, make_user

pytestmark = pytest.mark.django_db

YEAR = {"starts_on": date(2027, 1, 1), "ends_on": date(2027, 12, 31)}


def quota(holder: Holder, amount: int, **fields: object) -> Quota:
    fields = {"per": "month", **YEAR, **fields}
    return set_quota(TEST, holder, "bookings", Decimal(amount), **fields)  # type: ignore[arg-type]


def make_team(name: str, *members: User) -> Team:
    team = Team.objects.create(name=name)
    for user in members:
        TeamMembership.objects.create(team=team, user=user)
    return team


def test_the_own_quota_pays_before_the_positions_and_that_before_the_teams() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann", quota=None, fields={"position": "rep"})
    north = make_team("North", ann)
    of_team = quota(north, 4000)
    book(2000, (ann, "1"))
    assert owed(ann, "2027-01") == "100.00"  # 2,000 of 4,000 at 5 %
    of_position = quota("rep", 1500)
    january = PayPeriod.objects.get(label="2027-01", calendar="month")
    calculate_period(TEST, january.pk)
    assert owed(ann, "2027-01") == "110.00"  # 1,500 at 5 %, 500 at 7 %
    quota(ann, 1000)
    calculate_period(TEST, january.pk)
    assert owed(ann, "2027-01") == "120.00"
    for each in (of_team, of_position):
        delete_quota(TEST, each.pk)
    calculate_period(TEST, january.pk)
    assert owed(ann, "2027-01") == "120.00"


def test_days_that_overlap_are_refused_naming_both() -> None:
    ann = make_user("Ann")
    for holder, name in ((ann, "Ann"), ("rep", "rep"), (make_team("North"), "North")):
        first = quota(holder, 1000)
        said = (
            f"{name} has a quota “bookings” for some of these days already, 1,000.00 from "
            "2027-01-01 to 2027-12-31; the new one is from 2027-06-01 to 2028-05-31."
        )
        with pytest.raises(Conflict) as refused:
            quota(holder, 1, starts_on=date(2027, 6, 1), ends_on=date(2028, 5, 31))
        assert refused.value.message == said
        assert quota(holder, 1200).pk == first.pk  # exactly the same days: in place of it
        later = quota(holder, 5, starts_on=date(2028, 1, 1), ends_on=date(2028, 12, 31))
        with pytest.raises(Conflict, match=r"1,200\.00 from 2027-01-01 to 2027-12-31"):
            change_quota(
                TEST,
                later.pk,
                amount=Decimal(5),
                starts_on=date(2027, 12, 1),
                ends_on=date(2028, 12, 31),
                per="month",
            )
    assert Quota.objects.count() == 6
    with pytest.raises(IntegrityError), transaction.atomic():
        Quota.objects.filter(user=ann).update(position="rep")
    with pytest.raises(Invalid):
        quota(" ", 1)


def test_a_file_of_all_three_goes_in_and_comes_out_again() -> None:
    ann, team = make_user("Ann"), make_team("North")
    text = (
        "payee,position,team,measure,period,amount,per\nAnn,,,bookings,2027,1000,month\n"
        ",rep,,bookings,2027,900,month\n,,north,goal,2027-Q1,5000,"
    )
    assert import_quotas(TEST, text) == 3
    assert [each.holder for each in list_quotas(TEST)[0]] == ["Ann", "North", "rep"]
    out = quotas_csv(TEST).decode()
    assert f"{ann.email},,,bookings,2027-01-01,2027-12-31,1000.00,month" in out
    assert ",,North,goal,2027-01-01,2027-03-31,5000.00,range" in out
    Quota.objects.all().delete()
    assert import_quotas(TEST, out) == 3
    assert quotas_csv(TEST).decode() == out
    wrong = "payee,position,team,measure,period,amount\nAnn,rep,,a,2027,1\n,,South,a,2027,1"
    with pytest.raises(Invalid) as refused:
        import_quotas(TEST, wrong)
    assert refused.value.fields["file"] == [
        "Row 2: name one of payee, position and team, not payee and position.",
        "Row 3: there is no team called “South”.",
    ]
    assert Quota.objects.filter(team=team).count() == 1


def test_a_rep_sees_the_quotas_of_the_own_position_and_team_only() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann", quota=None, fields={"position": "rep"})
    for holder in ("rep", "boss", make_team("North", ann), make_team("South"), make_user("Bob")):
        quota(holder, 10)
    assert [each.holder for each in list_quotas(acting(ann))[0]] == ["North", "rep"]
    assert [each.holder for each in list_quotas(TEST, kind="team")[0]] == ["North", "South"]
    with pytest.raises(NotAllowed):
        quotas_csv(acting(ann))


def test_the_document_to_sign_names_whose_quota_it_is() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann", quota=None, fields={"position": "rep"})
    for holder in ("rep", "boss", make_team("North", ann), make_team("South")):
        quota(holder, 1000)
    shown = words_of(plan_document(plan.versions.get(), ann))
    assert "per month, of the position rep" in shown and "per month, of the team North" in shown
    assert "boss" not in shown and "South" not in shown


def test_the_page_sets_shows_and_changes_all_three() -> None:
    finance = make_user("Fay", profile=Profile.FINANCE)
    client = signed_in(finance)
    ann = make_payee(make_plan(), "Ann", quota=None, fields={"position": "rep"})
    team = make_team("North", ann)
    common = {"measure": "bookings", "amount": "1000", "period": "2027", "per": "month"}
    for holder in ({"user": str(ann.pk)}, {"position": "rep"}, {"team": str(team.pk)}):
        sent = client.post("/compensation/quotas/new", common | holder)
        assert sent.status_code == 303, sent.content
    twice = client.post("/compensation/quotas/new", common | {"position": "x", "team": team.pk})
    assert twice.status_code == 422 and "Choose one of the three" in twice.content.decode()
    shown = see(client, "/compensation/quotas")
    assert "rep" in shown and "North" in shown and "bookings · Ann" in shown
    only = see(client, "/compensation/quotas?kind=position")
    assert "North</option>" in only and 'North <span class="badge' not in only
    row = Quota.objects.get(position="rep")
    sent = client.post(
        f"/compensation/quotas/{row.pk}",
        {"amount": "750", "per": "quarter", "starts_on": "2027-01-01", "ends_on": "2027-06-30"},
    )
    assert sent.status_code == 303, sent.content
    row.refresh_from_db()
    assert (row.amount, row.per, row.ends_on) == (Decimal(750), "quarter", date(2027, 6, 30))
    assert client.get("/compensation/quotas/quotas.csv").content == quotas_csv(TEST)
    assert 'href="/compensation/territories"' not in see(signed_in(ann), "/compensation/quotas")


def test_the_api_sets_and_removes_all_three() -> None:
    call = Caller(make_user("Fay", profile=Profile.FINANCE))
    team = make_team("North")
    body = {"measure": "x", "amount": "5", "starts_on": "2027-01-01", "ends_on": "2027-12-31"}
    of_team = call("PUT", "/quotas", body | {"team": str(team.pk)})
    assert (of_team["team_id"], of_team["user_id"], of_team["position"]) == (str(team.pk), None, "")
    assert call("PUT", "/quotas", body | {"position": "rep"})["position"] == "rep"
    answer = call("PUT", "/quotas", body | {"position": "rep", "team": str(team.pk)}, 422)
    assert answer["detail"] == "Name one of user, position and team."
    assert len(call("GET", "/quotas")) == 2
    assert [each["position"] for each in call("GET", "/quotas?kind=position")] == ["rep"]
    answer = call.client.delete(f"/api/v1/compensation/quotas/{of_team['id']}")
    assert answer.status_code == 204
    assert len(call("GET", "/quotas")) == 1
