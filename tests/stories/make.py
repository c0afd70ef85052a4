"""The stage of the story: what stands ready before the first visitor comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from crm.make import make_product
from dealwright.acceleration.sequences.services import save_steps
from dealwright.base.access.actor import system
from dealwright.base.events.delivery import deliver_pending
from dealwright.base.jobs import run_jobs
from dealwright.base.messaging import receive_email
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.models import User
from dealwright.base.records.services import create_record
from dealwright.compensation.plans.services import activate_version, assign_payee, create_plan
from dealwright.compensation.quotas.services import set_quota
from dealwright.contracts.approvals.models import ApprovalRule
from dealwright.crm.leads.models import AssignmentMember, AssignmentRule
from make import acting, make_user

PLAN = """
plan: reps
currency: USD
calendar: month
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
clawback: {trigger: termination, schedule: [[3, 100%], [12, 50%]]}
"""
APPROVAL = "Five thousand and more"


@dataclass(frozen=True)
class Stage:
    """Rita gets the leads; Rita and Carl are on the plan; Fay approves what is large."""

    rita: User
    carl: User
    finance: User
    sequence: UUID
    start: date


def set_the_stage(admin: User) -> Stage:
    """People, product, form, assignment in turn, plan with quotas of 5,000 a month, a sequence
    of two mails, an approval from 5,000 on."""
    finance = make_user("Fay Finance", profile="finance")
    rita, carl = make_user("Rita Rep"), make_user("Carl Colleague")
    make_product(name="Platform", list_price="10000", actor=acting(admin))
    create_record(
        acting(admin), "web_form", {"name": "F", "slug": "contact-us", "title": "Talk to us"}
    )
    rule = AssignmentRule.objects.create(name="All")
    AssignmentMember.objects.create(rule=rule, user=rita)
    start = timezone.localdate().replace(day=1)
    version = create_plan(system("setup"), PLAN)
    activate_version(system("setup"), version.pk, start)
    for rep in (rita, carl):
        assign_payee(system("setup"), version.plan_id, rep, start)
        set_quota(
            system("setup"), rep, "bookings", Decimal(5000),
            starts_on=start, ends_on=date(start.year + 1, 12, 31), per="month",
        )  # fmt: skip
    sequence = create_record(acting(admin), "sequence", {"name": "Welcome", "any_time": True})
    save_steps(
        acting(admin),
        sequence.pk,
        [
            {"kind": "email", "subject": "Hello {{ contact.first_name }}", "body": "Good to talk."},
            {"kind": "email", "wait_days": 3, "body": "Did you see my mail?"},
        ],
    )
    ApprovalRule.objects.create(
        name=APPROVAL,
        filter={"field": "amount", "op": "gte", "value": "5000"},
        profile="finance",
    )
    return Stage(rita, carl, finance, sequence.pk, start)


def settle() -> None:
    """What the worker would do now."""
    for _ in range(6):
        deliver_pending()
        run_jobs()


def nora_answers(rita: User) -> None:
    """The customer's reply to the first mail of the sequence comes in."""
    mail = OutboundMessage.objects.get(to="nora@northwind.de", subject="Hello Nora")
    receive_email(
        (
            f"From: nora@northwind.de\r\nTo: {rita.email}\r\nSubject: Re: Hello Nora\r\n"
            f"Message-ID: <answer@northwind.de>\r\nIn-Reply-To: {mail.message_id}\r\n\r\nYes!\r\n"
        ).encode()
    )
    settle()
