"""Disputes from a statement's line, and adjustments that need two people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.files.services import store_file
from dealwright.base.people.models import User
from dealwright.compensation.access import (
    MANAGES_PAY,
    get_payee,
    manages_pay,
    require_pay_manager,
    visible_pay,
)
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.disputes.models import (
    Adjustment,
    Category,
    Dispute,
    DisputeMessage,
)
from dealwright.compensation.holds.services import lock_holds
from dealwright.compensation.holds.settling import settle_holds
from dealwright.compensation.ledger.services import post_adjustment
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan

ANSWER_DAYS = 10
DISPUTE = "dispute"  # what attached files belong to; ``registration`` says who may read them


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with a question or an answer."""

    name: str
    content: bytes


MOST = Decimal(10) ** 10


def open_dispute(
    actor: Actor,
    *,
    payee_id: Any,
    period_id: Any,
    plan_id: Any,
    component: str,
    body: str,
    line_id: Any = None,
    category: str = Category.OTHER,
    file: Attachment | None = None,
    today: date | None = None,
) -> Dispute:
    """Say what is wrong with a component or one line of a statement; an answer is due in ten
    days. Raises NotFound where the statement may not be seen, Invalid without a word or for a
    file that is not allowed."""
    payee = get_payee(actor, payee_id)
    body = _body(body)
    category = _category(category)
    with change(actor):
        line = None
        if line_id:
            line = RunLine.objects.filter(pk=line_id, payee=payee).first()
            if line is None:
                raise NotFound("This line does not exist, or you may not see it.")
        period = PayPeriod.objects.filter(pk=period_id).first()
        plan = CompensationPlan.objects.filter(pk=plan_id).first()
        if period is None or plan is None:
            raise NotFound("This statement does not exist.")
        user = actor.require_user()
        dispute = Dispute.objects.create(
            payee=payee,
            period=period,
            plan=plan,
            component=component[:40],
            line=line,
            category=category,
            opened_by=user,
            due_on=(today or timezone.localdate()) + timedelta(days=ANSWER_DAYS),
        )
        _write(actor, dispute, body, file)
        _tell(
            User.objects.filter(is_active=True, is_placeholder=False, profile__in=MANAGES_PAY),
            actor,
            f"{payee.name} questions {period.label}",
            body,
            dispute,
        )
        return dispute


def answer_dispute(
    actor: Actor, dispute_id: Any, body: str, file: Attachment | None = None
) -> DisputeMessage:
    """Add to the thread. The first word of somebody who manages pay counts as the answer."""
    body = _body(body)
    with change(actor):
        dispute = get_dispute(actor, dispute_id, lock=True)
        if dispute.resolved_at is not None:
            raise Conflict("This dispute is resolved. Open another one from the statement.")
        user = actor.require_user()
        message = _write(actor, dispute, body, file)
        if manages_pay(user) and user.pk != dispute.payee_id and dispute.answered_at is None:
            dispute.answered_at = message.at
            dispute.save(update_fields=["answered_at"])
        others = {dispute.opened_by, dispute.payee} - {user}
        _tell(others, actor, f"{user.name} answered about {dispute.period.label}", body, dispute)
        return message


def resolve_dispute(
    actor: Actor,
    dispute_id: Any,
    *,
    accepted: bool,
    body: str,
    amount: Decimal | None = None,
) -> Dispute:
    """End a dispute with a word; accepted ones may carry an amount, which becomes an
    adjustment for another person to approve."""
    require_pay_manager(actor)
    body = _body(body)
    with change(actor):
        dispute = get_dispute(actor, dispute_id, lock=True)
        if dispute.resolved_at is not None:
            raise Conflict("This dispute is resolved already.")
        user = actor.require_user()
        if user.pk == dispute.payee_id:
            raise NotAllowed("Nobody resolves a dispute about their own pay.")
        DisputeMessage.objects.create(dispute=dispute, author=user, body=body)
        dispute.resolved_at, dispute.resolved_by = timezone.now(), user
        dispute.answered_at = dispute.answered_at or dispute.resolved_at
        dispute.accepted = accepted
        dispute.save(update_fields=["resolved_at", "resolved_by", "answered_at", "accepted"])
        if accepted and amount:
            propose_adjustment(
                actor,
                payee_id=dispute.payee_id,
                period_id=dispute.period_id,
                plan_id=dispute.plan_id,
                component=dispute.component,
                amount=amount,
                reason=body,
                category=dispute.category,
                line_id=dispute.line_id,
                dispute=dispute,
            )
        said = "accepted" if accepted else "not accepted"
        others = {dispute.opened_by, dispute.payee} - {user}
        _tell(
            others, actor, f"Your question about {dispute.period.label} was {said}", body, dispute
        )
        return dispute


def propose_adjustment(
    actor: Actor,
    *,
    payee_id: Any,
    period_id: Any,
    plan_id: Any,
    component: str,
    amount: Decimal,
    reason: str,
    category: str = Category.OTHER,
    line_id: Any = None,
    dispute: Dispute | None = None,
) -> Adjustment:
    """Propose an amount by hand, of a line or of a component; it is posted when another person
    approves it."""
    require_pay_manager(actor)
    payee = get_payee(actor, payee_id)
    category = _category(category)
    wrong: dict[str, list[str]] = {}
    line = RunLine.objects.filter(pk=line_id, payee=payee).first() if line_id else None
    if line_id and line is None:
        raise NotFound("This line does not exist, or you may not see it.")
    if not reason.strip():
        wrong["reason"] = ["Say why."]
    if not amount.is_finite() or amount == 0 or abs(amount) >= MOST:
        wrong["amount"] = ["Give an amount other than zero, below 10,000,000,000."]
    elif amount != round(amount, 2):
        wrong["amount"] = ["At most two decimals."]
    plan = CompensationPlan.objects.filter(pk=plan_id).first()
    period = PayPeriod.objects.filter(pk=period_id).first()
    if plan is None or period is None:
        wrong["plan"] = ["Choose a plan and a period."]
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
    assert plan is not None and period is not None
    user = actor.require_user()
    if user.pk == payee.pk:
        raise NotAllowed("Nobody adjusts their own pay.")
    with change(actor):
        return Adjustment.objects.create(
            payee=payee,
            plan=plan,
            component=component[:40],
            period=period,
            dispute=dispute,
            line=line,
            category=category,
            amount=amount,
            currency=plan.currency,
            reason=reason.strip()[:5000],
            proposed_by=user,
        )


def decide_adjustment(actor: Actor, adjustment_id: Any, *, approve: bool) -> Adjustment:
    """Approve (and so post) or reject what another person proposed."""
    require_pay_manager(actor)
    user = actor.require_user()
    with change(actor):
        lock_holds(shared=True)
        row = (
            Adjustment.objects.select_for_update(of=("self",))
            .select_related("period")
            .filter(pk=adjustment_id)
            .first()
        )
        if row is None:
            raise NotFound("This adjustment does not exist.")
        if row.status != "proposed":
            raise Conflict(f"This adjustment is {row.status} already.")
        if user.pk in (row.proposed_by_id, row.payee_id):
            raise NotAllowed("Another person must decide this.")
        row.decided_by = user
        if approve:
            row.approved_at = timezone.now()
            row.save(update_fields=["decided_by", "approved_at"])
            post_adjustment(actor, row)
            settle_holds(actor, [row.payee_id])
        else:
            row.rejected_at = timezone.now()
            row.save(update_fields=["decided_by", "rejected_at"])
        return row


def get_dispute(actor: Actor, dispute_id: Any, *, lock: bool = False) -> Dispute:
    """A dispute about pay that the actor may see; raises NotFound."""
    rows = Dispute.objects.select_related("payee", "period", "plan", "opened_by", "line")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(visible_pay(actor), pk=dispute_id).first()
    if found is None:
        raise NotFound("This dispute does not exist, or you may not see it.")
    return found


def tell_overdue(today: date | None = None) -> int:
    """Tell finance, on the day after, of questions that nobody answered in time; returns how
    many there are."""
    today = today or timezone.localdate()
    late = Dispute.objects.filter(
        due_on=today - timedelta(days=1), answered_at__isnull=True, resolved_at__isnull=True
    ).select_related("payee", "period")
    finance = User.objects.filter(is_active=True, is_placeholder=False, profile__in=MANAGES_PAY)
    for dispute in late:
        title = f"The question of {dispute.payee.name} about {dispute.period.label} is overdue"
        _tell(finance, system("Questions"), title, "", dispute)
    return len(late)


def _write(actor: Actor, dispute: Dispute, body: str, file: Attachment | None) -> DisputeMessage:
    stored = None
    if file is not None:
        stored = store_file(
            actor,
            name=file.name,
            content=file.content,
            object=DISPUTE,
            record_id=dispute.pk,
            purpose="attachment",
        )
    return DisputeMessage.objects.create(
        dispute=dispute, author=actor.require_user(), body=body, file=stored
    )


def _category(given: str) -> str:
    if given not in Category.values:
        said = "Choose what it is about."
        raise Invalid(said, fields={"category": [said]})
    return given


def _body(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("Write a word about it.", fields={"body": ["Write a word about it."]})
    if len(text) > 5000:
        raise Invalid("At most 5,000 characters.", fields={"body": ["At most 5,000 characters."]})
    return text


def _tell(users: Any, actor: Actor, title: str, body: str, dispute: Dispute) -> None:
    from dealwright.base.messaging import notify

    for user in users:
        if actor.user is None or user.pk != actor.user.pk:
            notify(user, title, body=body[:200], url=f"/compensation/disputes/{dispute.pk}")
