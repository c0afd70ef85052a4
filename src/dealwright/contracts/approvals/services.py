"""Asking for approval and deciding on it, for exactly the content that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable, visible_records
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events import record_event
from dealwright.base.messaging import notify
from dealwright.base.objects.filters import compile_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User
from dealwright.base.records.services import save_changes
from dealwright.contracts.agreements.events import (
    ContractApproved,
    ContractRejected,
    ContractSubmitted,
)
from dealwright.contracts.agreements.models import Contract, ContractStatus
from dealwright.contracts.agreements.services import keep_version, missing_values
from dealwright.contracts.approvals.models import ApprovalRule, ApprovalStep


def submit_for_approval(actor: Actor, contract_id: Any) -> Contract:
    """Ask those whom the rules name; without a matching rule it is approved at once.

    Raises Invalid while values are missing, Conflict unless it is a draft.
    """
    with change(actor):
        contract: Contract = get_changeable(actor, "contract", contract_id)
        if contract.status != ContractStatus.DRAFT:
            raise Conflict("Only a draft can be submitted.")
        missing = missing_values(contract)
        if missing:
            raise Invalid(f"Fill in first: {', '.join(missing)}.")
        keep_version(actor, contract)
        steps = [_ask(contract, rule) for rule in matching_rules(contract)]
        saved: Contract = save_changes(actor, contract, {"submitted_at": timezone.now()})
        record_event(
            actor,
            ContractSubmitted(
                contract_id=saved.pk, opportunity_id=saved.opportunity_id, steps=len(steps)
            ),
            object="contract",
            record_id=saved.pk,
        )
        if not steps:
            return _approve(actor, saved, by_rule=False)
        _tell_next(saved)
        return saved


def matching_rules(contract: Contract) -> list[ApprovalRule]:
    """The active rules whose condition the contract meets, in order."""
    of = object_type("contract")
    rules = []
    for rule in ApprovalRule.objects.filter(is_active=True):
        rows = Contract.everything.filter(pk=contract.pk)
        if rule.filter:
            rows = rows.filter(compile_filter(of, rule.filter))
        if rows.exists():
            rules.append(rule)
    return rules


def _ask(contract: Contract, rule: ApprovalRule) -> ApprovalStep:
    user = rule.user
    profile = rule.profile
    if rule.owners_manager:
        user = contract.owner.manager if contract.owner else None
        profile = "" if user else "administrator"
    return ApprovalStep.objects.create(
        contract=contract,
        rule=rule,
        reason=rule.name,
        stage=rule.stage,
        profile=profile,
        user=user,
        content_hash=contract.content_hash,
    )


def open_steps(contract: Contract) -> Sequence[ApprovalStep]:
    """Decisions that are asked for now: the lowest stage that is not through."""
    steps = list(
        ApprovalStep.objects.filter(
            contract=contract, decided_at__isnull=True, voided_at__isnull=True
        ).order_by("stage", "asked_at")
    )
    return [step for step in steps if step.stage == steps[0].stage] if steps else []


def may_decide(user: User, step: ApprovalStep) -> bool:
    """Whether a user is asked: never for the own contract, by name or by profile else."""
    if step.contract.owner_id == user.pk or not user.is_active:
        return False
    if step.user_id is not None:
        return step.user_id == user.pk
    return user.profile == step.profile


def decide_approval(
    actor: Actor, step_id: Any, *, approve: bool, comment: str = "", content_hash: str = ""
) -> Contract:
    """Approve or reject what one has seen.

    ``content_hash`` is of the content that was shown; another one by now is a Conflict.
    A rejection needs a comment and makes the contract a draft again. Raises NotAllowed for
    who is not asked, the contract's owner first of all.
    """
    user = actor.require_user()
    with change(actor):
        step: ApprovalStep | None = (
            ApprovalStep.objects.select_for_update(of=("self",))
            .select_related("contract")
            .filter(pk=step_id)
            .first()
        )
        seen = visible_records(actor, "contract")
        if step is None or not seen.filter(pk=step.contract_id).exists():
            raise NotFound("This approval does not exist, or you may not see it.")
        contract: Contract = Contract.objects.select_for_update(of=("self",)).get(
            pk=step.contract_id
        )
        if step.voided_at or step.decided_at:
            raise Conflict("This approval is no longer open.")
        if contract.owner_id == user.pk:
            raise NotAllowed("Nobody approves their own contract.")
        if not may_decide(user, step):
            raise NotAllowed("This approval is not asked of you.")
        if step not in open_steps(contract):
            raise Conflict("An earlier approval is still open.")
        if content_hash and content_hash != contract.content_hash:
            raise Conflict("The contract was changed meanwhile. Look at it again.")
        if not approve and not comment.strip():
            raise Invalid("Say why.", fields={"comment": ["Say why, so that it can be mended."]})
        step.decided_at = timezone.now()
        step.decided_by = user
        step.decision = (
            ApprovalStep.Decision.APPROVED if approve else ApprovalStep.Decision.REJECTED
        )
        step.comment = comment.strip()
        step.save(update_fields=["decided_at", "decided_by", "decision", "comment"])
        if not approve:
            return _reject(actor, contract, step)
        if not open_steps(contract):
            return _approve(actor, contract, by_rule=True)
        _tell_next(contract)
        return contract


def approvals_waiting_for(user: User) -> models.QuerySet[ApprovalStep]:
    """What a user is asked to decide, oldest first."""
    mine = models.Q(user=user) | models.Q(user__isnull=True, profile=user.profile)
    return (
        ApprovalStep.objects.filter(mine, decided_at__isnull=True, voided_at__isnull=True)
        .exclude(contract__owner=user)
        .exclude(contract__deleted_at__isnull=False)
        .select_related("contract", "contract__account", "contract__owner")
        .order_by("asked_at")
    )


def _approve(actor: Actor, contract: Contract, *, by_rule: bool) -> Contract:
    saved: Contract = save_changes(actor, contract, {"approved_at": timezone.now()})
    saved.refresh_from_db()
    record_event(
        actor,
        ContractApproved(
            contract_id=saved.pk, opportunity_id=saved.opportunity_id, by_rule=by_rule
        ),
        object="contract",
        record_id=saved.pk,
    )
    if by_rule and saved.owner is not None:
        notify(
            saved.owner,
            f"{saved.number} is approved",
            url=f"/contracts/{saved.pk}",
            object="contract",
            record_id=saved.pk,
        )
    return saved


def _reject(actor: Actor, contract: Contract, step: ApprovalStep) -> Contract:
    ApprovalStep.objects.filter(
        contract=contract, decided_at__isnull=True, voided_at__isnull=True
    ).update(voided_at=timezone.now())
    saved: Contract = save_changes(actor, contract, {"submitted_at": None})
    saved.refresh_from_db()
    assert step.decided_by is not None
    record_event(
        actor,
        ContractRejected(
            contract_id=saved.pk,
            opportunity_id=saved.opportunity_id,
            decided_by=step.decided_by.pk,
            comment=step.comment,
        ),
        object="contract",
        record_id=saved.pk,
    )
    if saved.owner is not None:
        notify(
            saved.owner,
            f"{saved.number} was not approved",
            body=step.comment,
            url=f"/contracts/{saved.pk}",
            object="contract",
            record_id=saved.pk,
        )
    return saved


def _tell_next(contract: Contract) -> None:
    """A notice to each who is asked now."""
    for step in open_steps(contract):
        asked = (
            [step.user]
            if step.user
            else User.objects.filter(profile=step.profile, is_active=True)[:50]
        )
        for user in asked:
            if user is not None and user.pk != contract.owner_id:
                notify(
                    user,
                    f"Please approve {contract.number}",
                    body=f"{contract.title}: {step.reason}",
                    url=f"/contracts/{contract.pk}",
                    object="contract",
                    record_id=contract.pk,
                )
