"""A made-up company, written through the real services so that every screen has a story."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict
from dealwright.base.people.models import Profile, Role, User
from dealwright.base.people.organization import Organization
from dealwright.base.records.services import create_record
from dealwright.crm.accounts.models import Account
from dealwright.crm.opportunities.models import Opportunity
from dealwright.site.demo.agreements import make_agreements
from dealwright.site.demo.deals import make_deals, make_rules_of_selling
from dealwright.site.demo.engagement import make_outreach, make_visitors, make_visits
from dealwright.site.demo.pay import go_through_months, make_plan
from dealwright.site.demo.settling import settle

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
ACCOUNTS = 36


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """Who can sign in, all with one password."""

    emails: Sequence[str]
    password: str


def has_records() -> bool:
    """Whether somebody works here already."""
    return Account.everything.exists()


def fill_empty_company() -> DemoCompany:
    """Make the company; the same each time but for the password. Raises Conflict unless the
    database holds no accounts yet."""
    if has_records():
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
        make_rules_of_selling(robot, reps)
        make_plan(robot, reps)
        make_visitors(people[0], dice)
        deals = make_deals(robot, dice, accounts, contacts, products)
        make_visits(robot, deals, dice)
        make_outreach(people, contacts, dice)
    # From here on each part needs what the one before it set in motion.
    settle()
    make_agreements(people, deals, accounts)
    go_through_months(people)
    settle()
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


def count_deals() -> int:
    """How many deals there are; for what the command prints."""
    return int(Opportunity.objects.count())
