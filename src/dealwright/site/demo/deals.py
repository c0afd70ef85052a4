"""Deals of half a year: some won, some lost, some on the board, each with a past."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.people.models import Profile, User
from dealwright.base.records.services import create_record
from dealwright.contracts.approvals.models import ApprovalRule
from dealwright.crm.activities.services import create_task, log_call
from dealwright.crm.leads.models import AssignmentMember, AssignmentRule
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.models import Opportunity, Stage, StageHistory
from dealwright.crm.opportunities.services import (
    lose_opportunity,
    move_opportunity,
    win_opportunity,
)

DEALS = 90
CLOSED_WITHIN = 170  # days
STEPS = ["Send the quote", "Call the buyer", "Security review"]


def make_rules_of_selling(robot: Actor, reps: Sequence[User]) -> None:
    """A form, who gets its leads, what needs approval, what to do in a stage."""
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
    stages = Stage.objects.filter(category="open", pipeline__is_default=True).order_by("position")
    plays = [
        ("Find the pain", "Ask how they do it today and what it costs them.",
         ["Who decides is known", "The problem has a number", "A date is agreed"]),
        ("Write the offer together", "No quote without the words of the buyer in it.",
         ["Scope agreed", "Price said aloud", "Security questions answered"]),
    ]  # fmt: skip
    for stage, (name, guidance, checklist) in zip(stages[1:], plays, strict=False):
        create_record(
            robot,
            "play",
            {"name": name, "stage": stage.pk, "guidance": guidance, "checklist": checklist},
        )


def make_deals(
    robot: Actor,
    dice: random.Random,
    accounts: Sequence[Any],
    contacts: Sequence[Any],
    products: Sequence[Any],
) -> list[Opportunity]:
    """The deals, each with lines; the newest facts of each are those of its stage."""
    by_account: dict[Any, list[Any]] = {}
    for contact in contacts:
        by_account.setdefault(contact.account_id, []).append(contact)
    stages = list(
        Stage.objects.filter(category="open", pipeline__is_default=True).order_by("position")
    )
    today = timezone.localdate()
    made = []
    for _number in range(DEALS):
        account = dice.choice(accounts)
        actor = Actor(user=account.owner, via="cli")
        chosen = dice.sample(list(products), dice.randint(1, 3))
        deal = create_record(
            actor,
            "opportunity",
            {
                "name": f"{chosen[0].name} for {account.name}",
                "account": account.pk,
                "contact": dice.choice(by_account[account.pk]).pk,
                "close_date": today + timedelta(days=dice.randint(5, 90)),
                "next_step": dice.choice([*STEPS, ""]),
            },
        )
        set_line_items(actor, deal.pk, [_line(each, dice) for each in chosen])
        fate, length = dice.random(), dice.randint(12, 75)
        if fate < 0.35:
            closed = today - timedelta(days=dice.randint(0, CLOSED_WITHIN))
            _pass_through(actor, deal, stages[1:])
            win_opportunity(actor, deal.pk, close_date=closed)
            _date_back(deal, closed - timedelta(days=length), closed)
        elif fate < 0.5:
            closed = today - timedelta(days=dice.randint(0, CLOSED_WITHIN))
            _pass_through(actor, deal, stages[1 : dice.randint(1, 3)])
            lose_opportunity(actor, deal.pk, reason=dice.choice(["price", "timing", "competitor"]))
            Opportunity.objects.filter(pk=deal.pk).update(close_date=closed)
            _date_back(deal, closed - timedelta(days=length), closed)
        else:
            _pass_through(actor, deal, stages[1 : dice.randint(1, len(stages))])
            _date_back(deal, today - timedelta(days=length // 2), None)
            _work_on(actor, deal, dice)
        made.append(deal.pk)
    return list(Opportunity.objects.filter(pk__in=made).order_by("id"))


def _line(product: Any, dice: random.Random) -> dict[str, str]:
    return {
        "product": str(product.pk),
        "name": product.name,
        "quantity": str(dice.randint(1, 4)),
        "unit_price": str(product.list_price),
    }


def _pass_through(actor: Actor, deal: Opportunity, stages: Sequence[Stage]) -> None:
    for stage in stages:
        move_opportunity(actor, deal.pk, stage.pk)


def _work_on(actor: Actor, deal: Opportunity, dice: random.Random) -> None:
    if dice.random() < 0.5:
        log_call(actor, "opportunity", deal.pk, subject="Catching up", outcome="reached")
    if dice.random() < 0.7:
        create_task(
            actor,
            subject=f"Follow up: {deal.name}",
            object_key="opportunity",
            record_id=deal.pk,
            due_at=timezone.now() + timedelta(days=dice.randint(-2, 9)),
        )


def _date_back(deal: Opportunity, opened: date, closed: date | None) -> None:
    """Spread the deal's moves over its life; a company begun today would have no past."""
    moves = list(StageHistory.objects.filter(opportunity=deal).order_by("at", "id"))
    # All moves of one transaction may carry one moment: the chain of stages tells their order.
    after = {move.from_stage_id: move for move in moves}
    chain, stage = [], None
    while stage in after:
        chain.append(after.pop(stage))
        stage = chain[-1].to_stage_id
    start = timezone.now() - timedelta(days=(timezone.localdate() - opened).days)
    last = timezone.now()
    if closed is not None:
        last -= timedelta(days=(timezone.localdate() - closed).days)
    steps = len(chain) - 1 if closed else len(chain)
    for number, move in enumerate(chain):
        move.at = start + (last - start) * number / max(steps, 1)
        move.save(update_fields=["at"])
    Opportunity.objects.filter(pk=deal.pk).update(
        created_at=start,
        engaged_on=opened,
        stage_entered_at=chain[-1].at,
        **({"closed_at": last} if closed else {}),
    )
