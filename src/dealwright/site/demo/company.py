"""A made-up company, written through the real services so that every screen has a story."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dealwright.acceleration.sequences.services import enroll_contact, save_steps
from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict
from dealwright.base.people.models import Profile, Role, User
from dealwright.base.people.organization import Organization
from dealwright.base.records.services import create_record
from dealwright.compensation.plans.services import activate_version, assign_payee, create_plan
from dealwright.compensation.quotas.services import set_quota
from dealwright.contracts.approvals.models import ApprovalRule
from dealwright.crm.accounts.models import Account
from dealwright.crm.activities.services import create_task, log_call
from dealwright.crm.leads.capture import capture_lead
from dealwright.crm.leads.models import AssignmentMember, AssignmentRule
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.models import Opportunity, Stage
from dealwright.crm.opportunities.services import (
    lose_opportunity,
    move_opportunity,
    win_opportunity,
)

SEED = 20270101
PEOPLE = [
    ("Marta Lindqvist", Profile.MANAGER, "North"),
    ("Jonas Albrecht", Profile.REP, "North"),
    ("Priya Raman", Profile.REP, "North"),
    ("Tomás Herrera", Profile.REP, "South"),
    ("Chloé Fabre", Profile.REP, "South"),
    ("Fiona Kerr", Profile.FINANCE, ""),
    ("Lukas Weber", Profile.LEGAL, ""),
]
FIRST = ["Halcyon", "Tessera", "Birchwood", "Oriel", "Quayside", "Marlow", "Fennec", "Cobalt",
         "Larkspur", "Ironbark", "Sable", "Juniper"]  # fmt: skip
SECOND = ["Foods", "Logistics", "Robotics", "Health", "Energy", "Textiles", "Media", "Optics"]
INDUSTRIES = ["Retail", "Transportation", "Machinery", "Healthcare", "Energy", "Apparel", "Media",
              "Electronics"]  # fmt: skip
NAMES = ["Amara Osei", "Ben Whitlock", "Carla Nunez", "Dmitri Orlov", "Elif Kaya",
         "Farid Haddad",
         "Greta Holm", "Hana Sato", "Igor Novak", "Julia Brandt",
         "Kofi Mensah", "Lena Vogel"]  # fmt: skip
PRODUCTS = [("Core platform", "9600"), ("Analytics", "4200"), ("Onboarding", "3500"),
            ("Premium support", "2400")]  # fmt: skip
ACCOUNTS, DEALS = 36, 70
PLAN = """
plan: field-sales
currency: USD
calendar: month
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
clawback: {trigger: termination, schedule: [[3, 100%], [12, 50%]]}
"""


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """Who can sign in, all with one password."""

    emails: Sequence[str]
    password: str


def fill_empty_company() -> DemoCompany:
    """Make the company; the same each time but for the password. Raises Conflict unless the
    database holds no accounts yet."""
    if Account.everything.exists():
        raise Conflict("There are records already; the demo company fills only an empty database.")
    dice = random.Random(SEED)  # noqa: S311  repeatable, nothing secret
    password = secrets.token_urlsafe(9)
    robot = system("Demo")
    with change(robot):
        Organization.objects.get_or_create(pk=1, defaults={"name": "Northlight Systems"})
        people = _people(password)
        reps = [user for user in people if user.profile == Profile.REP]
        products = [
            create_record(robot, "product", {"name": name, "list_price": price})
            for name, price in PRODUCTS
        ]
        accounts, contacts = _customers(robot, dice, reps)
        _selling(robot, reps)
        _deals(dice, reps, accounts, contacts, products)
        _outreach(people, contacts, dice)
    return DemoCompany([user.email for user in people], password)


def _people(password: str) -> list[User]:
    top = Role.objects.create(name="Sales")
    field = Role.objects.create(name="Field sales", parent=top)
    admin = User.objects.create_superuser(
        "demo@northlight.example", password, name="Alex Morgan", timezone="UTC"
    )
    people = [admin]
    for name, profile, region in PEOPLE:
        email = name.split()[0].lower().replace("é", "e").replace("á", "a")
        people.append(
            User.objects.create_user(
                f"{email}@northlight.example",
                password,
                name=name,
                profile=profile,
                region=region,
                role=top if profile == Profile.MANAGER else field if region else None,
            )
        )
    manager = people[1]
    User.objects.filter(profile=Profile.REP).update(manager=manager)
    return [User.objects.get(pk=user.pk) for user in people]


def _customers(
    robot: Actor, dice: random.Random, reps: Sequence[User]
) -> tuple[list[Any], list[Any]]:
    accounts, contacts = [], []
    names = dice.sample([(a, b) for a in FIRST for b in range(len(SECOND))], ACCOUNTS)
    for number, (first, second) in enumerate(names):
        owner = reps[number % len(reps)]
        domain = f"{first}-{SECOND[second]}.example".lower()
        account = create_record(
            robot,
            "account",
            {
                "name": f"{first} {SECOND[second]}",
                "domain": domain,
                "industry": INDUSTRIES[second],
                "employees": dice.choice([40, 120, 350, 900, 2400]),
                "billing_country": dice.choice(["Germany", "France", "Spain", "Sweden"]),
                "owner": owner.pk,
            },
        )
        accounts.append(account)
        for name in dice.sample(NAMES, 2):
            given, family = name.split()
            contacts.append(
                create_record(
                    robot,
                    "contact",
                    {
                        "first_name": given,
                        "last_name": family,
                        "email": f"{given}.{family}@{domain}".lower(),
                        "job_title": dice.choice(["Head of IT", "Buyer", "Director", "Engineer"]),
                        "account": account.pk,
                        "owner": owner.pk,
                    },
                )
            )
    return accounts, contacts


def _selling(robot: Actor, reps: Sequence[User]) -> None:
    """A form, who gets its leads, what needs approval, and what a win pays."""
    rule = AssignmentRule.objects.create(name="All leads in turn")
    for rep in reps:
        AssignmentMember.objects.create(rule=rule, user=rep)
    create_record(
        robot, "web_form", {"name": "Contact us", "slug": "contact-us", "title": "Talk to us"}
    )
    ApprovalRule.objects.create(
        name="Fifteen thousand and more",
        filter={"field": "amount", "op": "gte", "value": "15000"},
        profile=Profile.FINANCE,
    )
    start = timezone.localdate().replace(day=1)
    version = create_plan(robot, PLAN)
    activate_version(robot, version.pk, start)
    for rep in reps:
        assign_payee(robot, version.plan_id, rep, start)
        set_quota(
            robot, rep, "bookings", Decimal(20000),
            starts_on=start, ends_on=date(start.year + 1, 12, 31), per="month",
        )  # fmt: skip


def _deals(
    dice: random.Random,
    reps: Sequence[User],
    accounts: Sequence[Any],
    contacts: Sequence[Any],
    products: Sequence[Any],
) -> None:
    by_account: dict[Any, list[Any]] = {}
    for contact in contacts:
        by_account.setdefault(contact.account_id, []).append(contact)
    owners = {rep.pk: rep for rep in reps}
    stages = list(
        Stage.objects.filter(category="open", pipeline__is_default=True).order_by("position")
    )
    today = timezone.localdate()
    for _number in range(DEALS):
        account = dice.choice(accounts)
        actor = Actor(user=owners[account.owner_id], via="cli")
        chosen = dice.sample(list(products), dice.randint(1, 3))
        deal = create_record(
            actor,
            "opportunity",
            {
                "name": f"{chosen[0].name} for {account.name}",
                "account": account.pk,
                "contact": dice.choice(by_account[account.pk]).pk,
                "close_date": today + timedelta(days=dice.randint(5, 90)),
                "next_step": dice.choice(["Send the quote", "Call the buyer", "Security review"]),
            },
        )
        set_line_items(
            actor,
            deal.pk,
            [
                {
                    "product": str(each.pk),
                    "name": each.name,
                    "quantity": str(dice.randint(1, 4)),
                    "unit_price": str(each.list_price),
                }
                for each in chosen
            ],
        )
        fate = dice.random()
        if fate < 0.3:
            win_opportunity(actor, deal.pk, close_date=today - timedelta(days=dice.randint(0, 300)))
        elif fate < 0.5:
            lose_opportunity(actor, deal.pk, reason=dice.choice(["price", "timing", "competitor"]))
        else:
            stage = dice.choice(stages)
            if stage != stages[0]:
                move_opportunity(actor, deal.pk, stage.pk)
        if fate > 0.6:
            log_call(actor, "opportunity", deal.pk, subject="Catching up", outcome="reached")
            create_task(
                actor,
                subject=f"Follow up with {account.name}",
                object_key="opportunity",
                record_id=deal.pk,
                due_at=timezone.now() + timedelta(days=dice.randint(-2, 9)),
            )


def _outreach(people: Sequence[User], contacts: Sequence[Any], dice: random.Random) -> None:
    admin = Actor(user=people[0], via="cli")
    sequence = create_record(admin, "sequence", {"name": "First contact"})
    save_steps(
        admin,
        sequence.pk,
        [
            {
                "kind": "email",
                "subject": "An idea for {{ account.name | default: 'your team' }}",
                "body": "Hello {{ contact.first_name | default: 'there' }},\n\nmay I show you how "
                "others in your field saved a day a week?\n\n{{ sender.first_name }}",
            },
            {"kind": "call", "wait_days": 2, "subject": "Call {{ contact.name }}"},
            {"kind": "email", "wait_days": 3, "body": "Did you find the time to look at it?"},
        ],
    )
    for contact in dice.sample(list(contacts), 6):
        owner = next(user for user in people if user.pk == contact.owner_id)
        enroll_contact(Actor(user=owner, via="cli"), sequence.pk, contact.pk)
    visitor = Actor(user=None, via="public", label="Contact us")
    for number, name in enumerate(dice.sample(NAMES, 8)):
        given, family = name.split()
        capture_lead(
            visitor,
            {
                "first_name": given,
                "last_name": family,
                "email": f"{given}.{family}@prospect{number}.example".lower(),
                "company": f"Prospect {number}",
            },
            message=dice.choice(["", "Please send prices.", "Can we talk next week?"]),
            utm={
                "utm_source": dice.choice(["google", "newsletter", "linkedin"]),
                "utm_medium": dice.choice(["cpc", "email", "social"]),
                "utm_campaign": "spring",
            },
        )


def count_deals() -> int:
    """How many deals there are; for what the command prints."""
    return int(Opportunity.objects.count())
