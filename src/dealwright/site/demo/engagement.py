"""How people came: visits and forms that became leads and deals, a sequence, segments."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dealwright.acceleration.sequences.services import enroll_contact, save_steps
from dealwright.base.access.actor import Actor
from dealwright.base.people.models import User
from dealwright.base.records.services import create_record
from dealwright.crm.leads.capture import capture_lead
from dealwright.crm.leads.services import convert_lead
from dealwright.crm.opportunities.services import win_opportunity
from dealwright.intelligence.tracking.services import record_touch

COMPANIES = ["Brightwater Labs", "Cedar & Finch", "Dovetail Freight", "Everline Motors",
             "Foxglove Clinics", "Grantham Steel", "Hollybank Foods", "Inkwell Media",
             "Jasper Optics", "Kestrel Air", "Lindenhof Power", "Mistral Textiles"]  # fmt: skip
VISITORS = ["Nadia Rahimi", "Owen Pryce", "Paula Santos", "Quentin Roy", "Rosa Lindgren",
            "Stefan Maier", "Teresa Rossi", "Umar Siddiqui", "Vera Koval", "William Okoro",
            "Xenia Papadaki", "Yusuf Demir"]  # fmt: skip
CAME_FROM = [("google", "cpc", "paid"), ("newsletter", "email", "email"),
              ("linkedin", "social", "social"), ("bing", "organic", "search")]  # fmt: skip
PAGES = [
    ("/", "Read the start page"),
    ("/product", "Read about the product"),
    ("/pricing", "Read the prices"),
    ("/stories/oriel", "Read a customer's story"),
]
CONVERTED = 5


def make_visitors(admin: User, dice: random.Random) -> None:
    """Twelve people who read, then asked; five have a deal by now, three of them a won one."""
    robot = Actor(user=admin, via="cli")
    visitor = Actor(user=None, via="public", label="Contact us")
    now = timezone.now()
    for number, (name, company) in enumerate(zip(VISITORS, COMPANIES, strict=True)):
        given, family = name.split()
        source, medium, channel = dice.choice(CAME_FROM)
        utm = {"utm_source": source, "utm_medium": medium, "utm_campaign": "spring"}
        lead = capture_lead(
            visitor,
            {
                "first_name": given,
                "last_name": family,
                "email": f"{given}.{family}@{_domain(company)}".lower(),
                "company": company,
                "job_title": dice.choice(["Head of IT", "Buyer", "Director", "Engineer"]),
            },
            message=dice.choice(["", "Please send prices.", "Can we talk next week?"]),
            utm=utm,
        )
        for visit, (path, title) in enumerate(dice.sample(PAGES, dice.randint(2, 4))):
            record_touch(
                robot,
                key=f"demo:{lead.pk}:{visit}",
                kind="page_view",
                channel=channel if visit == 0 else "direct",
                title=title,
                occurred_at=now - timedelta(days=40 - 9 * visit, hours=dice.randint(1, 9)),
                lead_id=lead.pk,
                utm=utm if visit == 0 else None,
                url=f"https://northlight.example{path}",
                is_marketing=True,
            )
        if number < CONVERTED:
            owner = Actor(user=lead.owner, via="cli")
            deal = convert_lead(
                owner,
                lead.pk,
                name=f"Core platform for {company}",
                amount=Decimal(9600 + 1200 * number),
                close_date=timezone.localdate() + timedelta(days=20),
            )
            if number < CONVERTED - 2:
                win_opportunity(owner, deal.pk, close_date=timezone.localdate())


def make_visits(robot: Actor, deals: Sequence[Any], dice: random.Random) -> None:
    """What the people of most deals read before there was a deal, and where they came from."""
    for deal in deals:
        if dice.random() < 0.3:
            continue
        source, medium, channel = dice.choice(CAME_FROM)
        utm = {"utm_source": source, "utm_medium": medium, "utm_campaign": "spring"}
        for visit, (path, title) in enumerate(dice.sample(PAGES, dice.randint(1, 3))):
            record_touch(
                robot,
                key=f"demo:{deal.pk}:{visit}",
                kind="page_view",
                channel=channel if visit == 0 else dice.choice(["direct", "email", "search"]),
                title=title,
                occurred_at=deal.created_at - timedelta(days=9 - 3 * visit, hours=visit + 1),
                opportunity_id=deal.pk,
                utm=utm if visit == 0 else None,
                url=f"https://northlight.example{path}",
                is_marketing=True,
            )


def make_outreach(people: Sequence[User], contacts: Sequence[Any], dice: random.Random) -> None:
    """A sequence with people in it, a campaign, segments."""
    admin = Actor(user=people[0], via="cli")
    sequence = create_record(admin, "sequence", {"name": "First contact", "any_time": True})
    save_steps(
        admin,
        sequence.pk,
        [
            {"kind": "email", "subject": "An idea for {{ account.name | default: 'your team' }}",
             "body": "Hello {{ contact.first_name | default: 'there' }},\n\nmay I show you how "
             "others in your field saved a day a week?\n\n{{ sender.first_name }}"},
            {"kind": "call", "wait_days": 2, "subject": "Call {{ contact.name }}"},
            {"kind": "email", "wait_days": 3, "body": "Did you find the time to look at it?"},
        ],
    )  # fmt: skip
    for contact in dice.sample(list(contacts), 6):
        owner = next(user for user in people if user.pk == contact.owner_id)
        enroll_contact(Actor(user=owner, via="cli"), sequence.pk, contact.pk)
    for name, of, filter_ in (
        ("Who decides", "contact",
         {"any": [{"field": "job_title", "op": "contains", "value": word}
                  for word in ("Head", "Director")]}),
        ("Larger companies", "account", {"field": "employees", "op": "gte", "value": "350"}),
        ("Open deals above 20,000", "opportunity",
         {"all": [{"field": "status", "op": "is", "value": "open"},
                  {"field": "amount", "op": "gt", "value": "20000"}]}),
    ):  # fmt: skip
        create_record(admin, "segment", {"name": name, "of": of, "filter": filter_})


def _domain(company: str) -> str:
    return "-".join(company.replace("&", "").split()).lower() + ".example"
