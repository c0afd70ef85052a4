"""Opening periods, and the way from calculated to closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, NotAllowed, NotFound
from dealwright.base.events import record_event
from dealwright.base.evidence import append_entry, merkle_root
from dealwright.base.evidence.merkle import leaf_hash
from dealwright.base.people.models import User
from dealwright.compensation.access import MANAGES_PAY, require_pay_manager
from dealwright.compensation.engine.periods import PayPeriod as EnginePeriod
from dealwright.compensation.engine.periods import pay_periods
from dealwright.compensation.ledger.models import Posting
from dealwright.compensation.periods.events import PeriodClosed
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan


def ensure_periods(plan: CompensationPlan, wanted: Iterable[EnginePeriod]) -> dict[int, PayPeriod]:
    """The rows of these periods by number, made where they are missing."""
    wanted = list(wanted)
    rows = PayPeriod.objects.filter(
        calendar=plan.calendar, fiscal_year_starts=plan.fiscal_year_starts
    )
    found = {row.number: row for row in rows.filter(number__in=[each.number for each in wanted])}
    missing = [each for each in wanted if each.number not in found]
    if missing:
        PayPeriod.objects.bulk_create(
            [
                PayPeriod(
                    calendar=plan.calendar,
                    fiscal_year_starts=plan.fiscal_year_starts,
                    number=each.number,
                    label=each.label,
                    starts_on=each.starts,
                    ends_on=each.ends,
                )
                for each in missing
            ],
            ignore_conflicts=True,
        )
        found |= {
            row.number: row for row in rows.filter(number__in=[each.number for each in missing])
        }
    return found


def period_on(plan: CompensationPlan, day: date) -> PayPeriod:
    """The period of a plan's calendar that a day is in, made where it is missing."""
    (period,) = pay_periods(day, day, plan.calendar, plan.fiscal_year_starts)
    return ensure_periods(plan, [period])[period.number]


def open_period(actor: Actor, plan: CompensationPlan, day: date) -> PayPeriod:
    """Have the period of a day ready to be calculated."""
    require_pay_manager(actor)
    with change(actor):
        return period_on(plan, day)


def posting_period(earned: PayPeriod) -> PayPeriod:
    """Where something earned in a period is posted now: in it while it takes postings, else
    in the first later one that does; locked, so that it stays so until the transaction ends."""
    rows = PayPeriod.objects.select_for_update(no_key=True).filter(
        calendar=earned.calendar, fiscal_year_starts=earned.fiscal_year_starts
    )
    found = (
        rows.filter(number__gte=earned.number, submitted_at__isnull=True).order_by("number").first()
    )
    if found is not None:
        return found
    last = (
        PayPeriod.objects.filter(
            calendar=earned.calendar, fiscal_year_starts=earned.fiscal_year_starts
        )
        .order_by("-number")
        .first()
    )
    assert last is not None
    following = last.ends_on + timedelta(days=1)
    (period,) = pay_periods(
        following,
        following,
        earned.calendar,
        earned.fiscal_year_starts,
    )
    return PayPeriod.objects.create(
        calendar=earned.calendar,
        fiscal_year_starts=earned.fiscal_year_starts,
        number=period.number,
        label=period.label,
        starts_on=period.starts,
        ends_on=period.ends,
    )


def submit_period(actor: Actor, period_id: Any) -> PayPeriod:
    """Freeze a calculated period for approval. Raises Conflict in another state."""
    require_pay_manager(actor)
    with change(actor):
        period = _locked(period_id)
        _require(period, "calculated", "Calculate it first.")
        period.submitted_at, period.submitted_by = timezone.now(), actor.user
        period.save(update_fields=["submitted_at", "submitted_by"])
        return period


def return_period(actor: Actor, period_id: Any) -> PayPeriod:
    """Send a period in approval, or an approved one that is not closed, back to calculated."""
    require_pay_manager(actor)
    with change(actor):
        period = _locked(period_id)
        if period.state not in ("in_approval", "approved"):
            raise Conflict(f"{period.label} is {period.state_label.lower()}.")
        period.submitted_at = period.approved_at = None
        period.submitted_by = period.approved_by = None
        period.save(update_fields=["submitted_at", "submitted_by", "approved_at", "approved_by"])
        return period


def approve_period(actor: Actor, period_id: Any) -> PayPeriod:
    """Approve what another person submitted.

    Where nobody else manages pay, the same person may. Raises Conflict or NotAllowed.
    """
    require_pay_manager(actor)
    with change(actor):
        period = _locked(period_id)
        _require(period, "in_approval", "Submit it for approval first.")
        if actor.user is not None and period.submitted_by_id == actor.user.pk:
            others = User.objects.filter(
                is_active=True, is_placeholder=False, profile__in=MANAGES_PAY
            ).exclude(pk=actor.user.pk)
            if others.exists():
                raise NotAllowed("Somebody else must approve what you submitted.")
        period.approved_at, period.approved_by = timezone.now(), actor.user
        period.save(update_fields=["approved_at", "approved_by"])
        return period


def close_period(actor: Actor, period_id: Any) -> PayPeriod:
    """Seal an approved period: its postings' Merkle root goes into the evidence, and nothing
    in it changes again.

    Periods close in order. Raises Conflict otherwise.
    """
    require_pay_manager(actor)
    with change(actor):
        period = _locked(period_id)
        _require(period, "approved", "Have it approved first.")
        earlier = (
            PayPeriod.objects.filter(
                calendar=period.calendar,
                fiscal_year_starts=period.fiscal_year_starts,
                number__lt=period.number,
                closed_at__isnull=True,
            )
            .order_by("number")
            .first()
        )
        if earlier is not None:
            raise Conflict(f"{earlier.label} comes before it and is not closed.")
        leaves = posting_leaves(period)
        period.merkle_root = merkle_root(leaves).hex()
        period.posting_count = len(leaves)
        period.closed_at, period.closed_by = timezone.now(), actor.user
        period.save(update_fields=["merkle_root", "posting_count", "closed_at", "closed_by"])
        append_entry(
            f"compensation:{period.calendar}",
            "period.closed",
            {
                "period": str(period.pk),
                "label": period.label,
                "postings": len(leaves),
                "merkle_root": period.merkle_root,
                "runs": sorted(
                    Posting.objects.filter(posted_period=period, run__isnull=False)
                    .values_list("run__result_hash", flat=True)
                    .distinct()
                ),
            },
            actor=actor,
        )
        record_event(
            actor,
            PeriodClosed(period_id=period.pk, label=period.label, merkle_root=period.merkle_root),
        )
        return period


def posting_leaves(period: PayPeriod) -> Sequence[bytes]:
    """One Merkle leaf per posting of a period, in the order of their ids."""
    rows = (
        Posting.objects.filter(posted_period=period)
        .order_by("id")
        .values_list(
            "id",
            "entry",
            "payee_id",
            "component",
            "earned_period_id",
            "account",
            "amount",
            "currency",
        )
    )
    return [
        leaf_hash(sha256("|".join(str(value) for value in row).encode()).digest())
        for row in rows.iterator(chunk_size=10_000)
    ]


def verify_period(period: PayPeriod) -> bool:
    """Whether a closed period's postings still have the root that was sealed."""
    return merkle_root(posting_leaves(period)).hex() == period.merkle_root


def _locked(period_id: Any) -> PayPeriod:
    period = PayPeriod.objects.select_for_update().filter(pk=period_id).first()
    if period is None:
        raise NotFound("This period does not exist.")
    return period


def _require(period: PayPeriod, state: str, advice: str) -> None:
    if period.state != state:
        raise Conflict(f"{period.label} is {period.state_label.lower()}. {advice}")
