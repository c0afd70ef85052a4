"""The product pays what ``comp calculate`` pays from the files that it hands out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from compensation.engine.calculating import amounts, calculate_both
from compensation.make import TEST, book, close, make_payee, make_plan, owed
from dealwright.base.people.models import Team, TeamMembership, User
from dealwright.compensation.calculation.models import Attainment
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.quotas.queries import quotas_csv
from dealwright.compensation.quotas.services import set_quota
from dealwright.compensation.relationships.queries import relationships_csv
from dealwright.compensation.relationships.services import state_relationship
from dealwright.compensation.territories.queries import territories_csv
from dealwright.compensation.territories.services import give_territory
from make import make_user

pytestmark = pytest.mark.django_db

PLAN = """
plan: all-three
currency: EUR
calendar: month
fields: {region: text}
payee_fields: {grade: text}
credits:
  overlay_team: {along: specialist, depth: 1}
  territory: {from: territories, by: region}
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5.15%], [100%, 7.35%]]}
  - bonus_milestone:
      id: team_bonus
      quota: {name: team_goal, of: team}
      milestones: [[50%, 111.11], [100%, 1000]]
  - tiered: {id: territory, credit: territory, quota: goal, bands: [[0, 1.3%], [100%, 2.7%]]}
  - flat: {id: overlay, credit: overlay_team, rate: 0.77%}
clawback: {trigger: termination, schedule: [[12, 100%]]}
"""
MONTHS = ("2027-01", "2027-02", "2027-03")


@pytest.fixture
def people() -> dict[str, User]:
    """Ann and Bob in the team North, Cem a specialist over Ann and then Bob, Mia their manager."""
    plan = make_plan(PLAN)
    mia = make_payee(plan, "Mia", quota=None)
    found = {"Mia": mia}
    for name, position in (("Ann", "rep"), ("Bob", "rep"), ("Cem", "specialist")):
        found[name] = make_payee(
            plan, name, quota=None, manager=mia, fields={"position": position, "grade": "a"}
        )
    ann, bob, cem = found["Ann"], found["Bob"], found["Cem"]
    team = Team.objects.create(name="North")
    TeamMembership.objects.bulk_create(TeamMembership(team=team, user=each) for each in (ann, bob))
    year = {"starts_on": date(2027, 1, 1), "ends_on": date(2027, 12, 31), "per": "month"}
    set_quota(TEST, "rep", "bookings", Decimal("3100.10"), **year)  # type: ignore[arg-type]
    set_quota(TEST, bob, "bookings", Decimal("999.99"), **year)  # type: ignore[arg-type]
    set_quota(TEST, team, "team_goal", Decimal(8000), **year)  # type: ignore[arg-type]
    set_quota(TEST, team, "goal", Decimal(2500), **year)  # type: ignore[arg-type]
    set_quota(TEST, "specialist", "goal", Decimal(1000), **year)  # type: ignore[arg-type]
    february = date(2027, 2, 10)
    state_relationship(TEST, ann, cem, "specialist", ends_on=date(2027, 2, 9))
    state_relationship(TEST, bob, cem, "specialist", starts_on=february)
    give_territory(TEST, "north", ann, ends_on=date(2027, 2, 9))
    give_territory(TEST, "north", bob, starts_on=february, share=Decimal("0.333333"))
    give_territory(TEST, "north", cem, starts_on=february, share=Decimal("0.666667"))
    return found


def sell(people: dict[str, User]) -> None:
    deals = (
        ("E1", "Ann", "2027-01-12", "4321.09", "north"),
        ("E2", "Bob", "2027-01-20", "3700.55", ""),
        ("E3", "Ann", "2027-02-09", "2999.99", "north"),
        ("E4", "Bob", "2027-02-11", "5050.05", "north"),
        ("E5", "Mia", "2027-03-01", "1234.56", "north"),
        ("E6", "Ann", "2027-03-15", "8000", "elsewhere"),
    )
    for key, name, day, amount, region in deals:
        book(
            amount,
            (people[name], "1"),
            on=date.fromisoformat(day),
            key=key,
            attributes={"region": region},
        )


def by_files(folder: Path, people: dict[str, User]) -> dict[tuple[str, str], str]:
    """What both engines pay from the product's own files: (name, month) -> amount."""
    texts = {
        "quotas": quotas_csv(TEST).decode(),
        "hierarchy": relationships_csv(TEST).decode(),
        "territories": territories_csv(TEST).decode(),
        "people": "\n".join(
            ["payee,position,team,grade,start"]
            + [
                f"{user.email},{position},{team},a,2027-01-01"
                for user, position, team in (
                    (people["Mia"], "", ""),
                    (people["Ann"], "rep", "North"),
                    (people["Bob"], "rep", "North"),
                    (people["Cem"], "specialist", ""),
                )
            ]
        ),
        "events": "\n".join(
            ["event_id,date,payee,amount,region"]
            + [
                f"{e.key},{e.date},{e.splits.get().user.email},{e.amount},{e.attributes['region']}"
                for e in CreditEvent.objects.filter(voided_at__isnull=True)
            ]
        ),
    }
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(text)
    names = {user.email: name for name, user in people.items()}
    found = {(name, month): Decimal(0) for name in people for month in MONTHS}
    for (email, month, _), amount in amounts(calculate_both(PLAN, paths)).items():
        found[names[email], month] += amount
    return {each: f"{amount:.2f}" for each, amount in found.items()}


def by_product(people: dict[str, User]) -> dict[tuple[str, str], str]:
    return {(name, month): owed(user, month) for name, user in people.items() for month in MONTHS}


def test_team_quotas_territories_and_relations_pay_the_same_from_files(
    people: dict[str, User], tmp_path: Path
) -> None:
    sell(people)
    paid = by_product(people)
    assert paid == by_files(tmp_path, people)
    # Ann: 3,100.10 at 5.15 % and 1,220.99 at 7.35 %; both milestones of a team that has all of
    # its 8,000; 2,500 at 1.3 % and 1,821.09 at 2.7 % of her territory.
    # Cem: 0.77 % of what Ann sold.
    assert paid["Ann", "2027-01"] == "1442.18"
    assert paid["Cem", "2027-01"] == "33.27"
    for label in MONTHS:
        calculate_period(TEST, PayPeriod.objects.get(label=label, calendar="month").pk)
    assert by_product(people) == paid


def test_a_whole_run_finds_what_single_deals_found_and_later_changes(
    people: dict[str, User], tmp_path: Path
) -> None:
    sell(people)
    before = by_product(people)
    close("2027-01")
    team = Team.objects.get()
    set_quota(
        TEST,
        team,
        "team_goal",
        Decimal(20000),
        starts_on=date(2027, 1, 1),
        ends_on=date(2027, 12, 31),
        per="month",
    )
    february = PayPeriod.objects.get(label="2027-02", calendar="month")
    calculate_period(TEST, february.pk)
    truth, after = by_files(tmp_path, people), by_product(people)
    assert after["Ann", "2027-01"] == before["Ann", "2027-01"] != truth["Ann", "2027-01"]
    for name in people:  # what January paid too much is taken back in February
        got = sum(Decimal(after[name, month]) for month in MONTHS)
        assert got == sum(Decimal(truth[name, month]) for month in MONTHS), name


def test_attainment_counts_the_quota_of_the_position(people: dict[str, User]) -> None:
    sell(people)
    found = Attainment.objects.get(
        payee=people["Ann"], component="commission", period__label="2027-01"
    )
    assert (f"{found.reached:.2f}", f"{found.quota:.2f}") == ("4321.09", "3100.10")


def test_a_deal_of_a_stranger_estimates_the_holders_pay(people: dict[str, User]) -> None:
    from dealwright.compensation.calculation.snapshot import PossibleEvent
    from dealwright.compensation.simulation.deals import concerned

    possible = PossibleEvent(
        key="p",
        date=date(2027, 1, 5),
        amount=Decimal(100),
        currency="EUR",
        attributes={"region": "north"},
        splits=((make_user("Olga").pk, Decimal(1), "", "direct"),),
    )
    assert people["Ann"].pk in concerned(possible)
    assert people["Bob"].pk not in concerned(possible)
