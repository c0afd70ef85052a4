"""Pay only after acceptance: pay of a plan waits until its payee has signed the version."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.compensation.acceptance.models import PlanAcceptance
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.holds.services import release_hold
from dealwright.compensation.holds.settling import settle_holds
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion


def hold_unaccepted(actor: Actor, plan: CompensationPlan) -> int:
    """Hold the pay of everybody who has not accepted a version that pays; returns how many new
    holds there are.

    Safe to repeat. What somebody released by hand stays released.
    """
    if not plan.pay_after_acceptance:
        return 0
    accepted = accepted_versions(plan)
    held = set(
        Hold.objects.filter(plan=plan, version__isnull=False).values_list("payee_id", "version_id")
    )
    fresh: list[Hold] = [
        Hold(
            origin=Hold.Origin.ACCEPTANCE,
            payee_id=payee_id,
            plan=plan,
            version=version,
            reason=f"Version {version.number} of “{plan.name}” is not accepted yet.",
            starts_on=version.starts_on or timezone.localdate(),
            held_by=actor.user,
        )
        for version in _paying(plan)
        for payee_id in sorted(payees_of(version))
        if accepted.get(payee_id, 0) < version.number and (payee_id, version.pk) not in held
    ]
    Hold.objects.bulk_create(fresh)
    if fresh:
        settle_holds(actor, {each.payee_id for each in fresh if each.payee_id})
    return len(fresh)


def release_accepted(actor: Actor, version: PlanVersion, payee_id: UUID) -> None:
    """Release what waited for this version, or for one that it takes the place of."""
    for hold in Hold.objects.filter(
        plan=version.plan,
        payee_id=payee_id,
        version__number__lte=version.number,
        released_at__isnull=True,
    ):
        release_hold(actor, hold.pk, reason=f"Version {version.number} is accepted.")


def release_all(actor: Actor, plan: CompensationPlan) -> None:
    """Release whatever waits for the plan's acceptance."""
    for hold in Hold.objects.filter(plan=plan, version__isnull=False, released_at__isnull=True):
        release_hold(actor, hold.pk, reason="The plan is paid without acceptance.")


def accepted_versions(plan: CompensationPlan) -> dict[UUID, int]:
    """Payee -> the newest version that the payee accepted, in the words that pay."""
    found: dict[UUID, int] = defaultdict(int)
    for each in PlanAcceptance.objects.filter(
        version__plan=plan, accepted_at__isnull=False
    ).select_related("version"):
        if each.version_hash == each.version.hash:
            found[each.payee_id] = max(found[each.payee_id], each.version.number)
    return dict(found)


def payees_of(version: PlanVersion) -> set[UUID]:
    """Who is on the plan in the days of a version; of one without days, from today on."""
    starts_on = version.starts_on or timezone.localdate()
    rows = version.plan.assignments.exclude(ends_on__lt=starts_on)
    if version.ends_on is not None:
        rows = rows.filter(starts_on__lte=version.ends_on)
    return set(rows.values_list("user_id", flat=True))


def _paying(plan: CompensationPlan) -> list[PlanVersion]:
    """The versions that pay now or will."""
    active = plan.versions.filter(activated_at__isnull=False).exclude(
        ends_on__lt=timezone.localdate()
    )
    return list(active.order_by("number"))
