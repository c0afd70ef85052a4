"""What can be done with plans: draft, activate, put people on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.models import User
from dealwright.compensation.acceptance.jobs import draft_rewritten, version_activated
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.engine.periods import period_at
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan

STORED_DECIMALS = 2  # of every amount in the database


def create_plan(actor: Actor, text: str, *, name: str = "") -> PlanVersion:
    """Start a plan from its text; returns version 1, a draft.

    The plan's key, currency and calendar come from the text and stay. Raises PlanInvalid
    with every problem by line, or Conflict where the key is taken.
    """
    require_pay_manager(actor)
    plan = _checked(text)
    with change(actor):
        if CompensationPlan.objects.filter(key=plan.id).exists():
            raise Conflict(
                f"There is a plan “{plan.id}” already; write a new version of it.",
                code="not_unique",
                fields={"text": [f"line 1: the plan “{plan.id}” exists already."]},
            )
        row = CompensationPlan.objects.create(
            key=plan.id,
            name=(name or plan.title)[:160],
            currency=plan.currency,
            calendar=plan.calendar,
            fiscal_year_starts=plan.fiscal_year_starts,
            created_by=actor.user,
        )
        return _new_version(actor, row, text)


def write_version(actor: Actor, plan_id: Any, text: str) -> PlanVersion:
    """Rewrite the plan's draft, or start one beside its active versions."""
    require_pay_manager(actor)
    plan = _checked(text)
    with change(actor):
        row = _locked(plan_id)
        fixed = (row.key, row.currency, row.calendar, row.fiscal_year_starts)
        if (plan.id, plan.currency, plan.calendar, plan.fiscal_year_starts) != fixed:
            raise Invalid(
                "Name, currency, calendar and first month of a plan stay as they are: "
                f"{row.key}, {row.currency}, {row.calendar}. Start another plan instead.",
                fields={"text": ["plan, currency and calendar cannot change."]},
            )
        draft = row.versions.filter(activated_at__isnull=True).first()
        if draft is None:
            return _new_version(actor, row, text)
        draft.text, draft.hash = text, text_hash(text)
        draft.save(update_fields=["text", "hash"])
        draft_rewritten(actor, draft)
        return draft


def activate_version(
    actor: Actor, version_id: Any, starts_on: date, *, ends_on: date | None = None
) -> PlanVersion:
    """Let a draft pay from a day on; the version before it ends the day before.

    The day must begin one of the plan's periods. Raises Invalid or Conflict.
    """
    require_pay_manager(actor)
    with change(actor):
        version = (
            PlanVersion.objects.select_for_update(of=("self",))
            .select_related("plan")
            .filter(pk=version_id)
            .first()
        )
        if version is None:
            raise NotFound("This version does not exist.")
        if version.activated_at is not None:
            raise Conflict("This version is active already.")
        plan = version.plan
        period = period_at(starts_on, plan.calendar, plan.fiscal_year_starts)
        if period.start != starts_on:
            following = period.end + timedelta(days=1)
            raise Invalid(
                f"A version starts with a period: on {period.start} or {following}.",
                fields={"starts_on": [f"Choose {period.start} or {following}."]},
            )
        _end_earlier_versions(version, starts_on)
        version.starts_on, version.ends_on = starts_on, ends_on
        version.activated_at, version.activated_by = timezone.now(), actor.user
        try:
            with transaction.atomic():
                version.save(update_fields=["starts_on", "ends_on", "activated_at", "activated_by"])
        except IntegrityError:
            raise Conflict(
                "Another version pays in this time already; choose a later day.",
                fields={"starts_on": ["Another version pays then."]},
            ) from None
        version_activated(actor, version)
        return version


def assign_payee(
    actor: Actor,
    plan_id: Any,
    user: User,
    starts_on: date,
    *,
    ends_on: date | None = None,
    salary: Decimal | None = None,
    target: Decimal | None = None,
    fields: Mapping[str, Any] | None = None,
) -> PlanAssignment:
    """Put a person on a plan from a day on, with pay terms; what held before ends then.

    Raises Invalid, or Conflict where a later assignment stands in the way.
    """
    require_pay_manager(actor)
    if ends_on is not None and ends_on < starts_on:
        raise Invalid("The end comes before the start.", fields={"ends_on": ["Before the start."]})
    for key, value in (("salary", salary), ("target", target)):
        if value is not None and value < 0:
            raise Invalid(f"The {key} may not be negative.", fields={key: ["Not negative."]})
    with change(actor):
        row = _locked(plan_id)
        current = (
            row.assignments.filter(user=user, starts_on__lt=starts_on)
            .order_by("-starts_on")
            .first()
        )
        if current is not None and (current.ends_on is None or current.ends_on >= starts_on):
            current.ends_on = starts_on - timedelta(days=1)
            current.save(update_fields=["ends_on"])
        try:
            with transaction.atomic():
                created: PlanAssignment = PlanAssignment.objects.create(
                    plan=row,
                    user=user,
                    starts_on=starts_on,
                    ends_on=ends_on,
                    salary=salary,
                    target=target,
                    fields=dict(fields or {}),
                    created_by=actor.user,
                )
                return created
        except IntegrityError:
            raise Conflict(
                f"{user.name} is on this plan already from {starts_on} or later.",
                code="not_unique",
                fields={"starts_on": ["There is an assignment for these days already."]},
            ) from None


def assign_payees(
    actor: Actor, plan_id: Any, users: Iterable[User], starts_on: date, ends_on: date | None = None
) -> list[PlanAssignment]:
    """Put several people on a plan on the same terms; who is on it then already is left out."""
    with change(actor):
        there = set(
            PlanAssignment.objects.filter(plan_id=plan_id)
            .exclude(ends_on__lt=starts_on)
            .values_list("user_id", flat=True)
        )
        return [
            assign_payee(actor, plan_id, user, starts_on, ends_on=ends_on)
            for user in users
            if user.pk not in there
        ]


def end_assignment(actor: Actor, assignment_id: Any, ends_on: date) -> PlanAssignment:
    """Take a person off a plan after a day. Raises Invalid where it lies before the start."""
    require_pay_manager(actor)
    with change(actor):
        row: PlanAssignment | None = (
            PlanAssignment.objects.select_for_update().filter(pk=assignment_id).first()
        )
        if row is None:
            raise NotFound("This assignment does not exist.")
        if ends_on < row.starts_on:
            raise Invalid(
                "The end comes before the start.", fields={"ends_on": ["Before the start."]}
            )
        row.ends_on = ends_on
        row.save(update_fields=["ends_on"])
        return row


def text_hash(text: str) -> str:
    """SHA-256 of a plan's text: what a run is of, and what a payee signs."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(text: str) -> Plan:
    plan = read_plan(text)
    if plan.rounding.scale > STORED_DECIMALS:
        raise Invalid(
            f"Pay is kept with {STORED_DECIMALS} decimals; this plan rounds to "
            f"{plan.rounding.scale}.",
            fields={"text": ["rounding: a scale of at most 2 can be kept."]},
        )
    return plan


def _new_version(actor: Actor, row: CompensationPlan, text: str) -> PlanVersion:
    last = row.versions.order_by("-number").values_list("number", flat=True).first()
    return PlanVersion.objects.create(
        plan=row,
        number=(last or 0) + 1,
        text=text,
        hash=text_hash(text),
        created_by=actor.user,
    )


def _end_earlier_versions(version: PlanVersion, starts_on: date) -> None:
    earlier = version.plan.versions.filter(
        activated_at__isnull=False, starts_on__lt=starts_on
    ).order_by("-starts_on")
    before = earlier.first()
    if before is not None and (before.ends_on is None or before.ends_on >= starts_on):
        before.ends_on = starts_on - timedelta(days=1)
        before.save(update_fields=["ends_on"])


def _locked(plan_id: Any) -> CompensationPlan:
    row = CompensationPlan.objects.select_for_update().filter(pk=plan_id).first()
    if row is None:
        raise NotFound("This plan does not exist.")
    return row
