"""What finance does with contract costs: set the policy, run and close months, decide, map.

For finance and administrators. ASC 340-40 by its paragraphs stands in ``amortisation``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events import record_event
from dealwright.base.evidence import append_entry, merkle_root
from dealwright.base.evidence.merkle import leaf_hash
from dealwright.base.people.models import Profile, Team, User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting.amortisation import month_of
from dealwright.compensation.accounting.costs import divide
from dealwright.compensation.accounting.events import AccountingMonthClosed
from dealwright.compensation.accounting.journal import (
    bring_up,
    closed_through,
    first_open_month,
    lock_journal,
)
from dealwright.compensation.accounting.models import (
    AccountingRun,
    AccountNumber,
    ContractCost,
    CostCentre,
    CostDecision,
    CostPolicy,
    JournalAccount,
    JournalLine,
    MonthClose,
)
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.plans.models import CompensationPlan

MOST_MONTHS = 600
CHAIN = "compensation:accounting"


def set_policy(
    actor: Actor,
    *,
    starts_on: date,
    components: Sequence[Mapping[str, Any]],
    months: int,
    basis: str = CostPolicy.Basis.FIXED,
    expedient: bool = True,
    convention: str = CostPolicy.Convention.MONTH,
    method: str = CostPolicy.Method.PROSPECTIVE,
    tax_rate: Decimal = Decimal(0),
    note: str = "",
) -> CostPolicy:
    """State how commissions are capitalised from a day on; one of the same day is replaced.

    ``components`` are ``{"plan": id, "component": id, "commensurate": bool}``. ``tax_rate`` is
    a fraction. Raises Invalid naming the field, Conflict where the day is in a closed month or
    the policy has costs in one.
    """
    require_pay_manager(actor)
    wrong: dict[str, list[str]] = {}
    if not 1 <= months <= MOST_MONTHS:
        wrong["months"] = [_("The months are from 1 to 600.")]
    if not tax_rate.is_finite() or not 0 <= tax_rate < 1 or tax_rate != round(tax_rate, 6):
        wrong["tax_rate"] = [_("The tax is from 0 % to below 100 %, with at most 4 decimals.")]
    for name, value, choices in (
        ("basis", basis, CostPolicy.Basis.values),
        ("convention", convention, CostPolicy.Convention.values),
        ("method", method, CostPolicy.Method.values),
    ):
        if value not in choices:
            wrong[name] = [_("Choose one of the list.")]
    if not date(1990, 1, 1) <= starts_on <= date(2190, 12, 31):
        wrong["starts_on"] = [_("The day must lie between 1990 and 2190.")]
    kept = _checked_components(components, wrong)
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
    with change(actor):
        lock_journal()
        _require_open(starts_on)
        policy = CostPolicy.objects.filter(starts_on=starts_on).first()
        if policy is None:
            policy = CostPolicy(starts_on=starts_on)
        policy.components = kept
        policy.months, policy.basis, policy.expedient = months, basis, expedient
        policy.convention, policy.method, policy.tax_rate = convention, method, tax_rate
        policy.note = note.strip()[:500]
        policy.created_by = actor.user
        policy.save()
        return policy


def _checked_components(
    components: Sequence[Mapping[str, Any]], wrong: dict[str, list[str]]
) -> list[dict[str, Any]]:
    plans = {str(pk) for pk in CompensationPlan.objects.values_list("pk", flat=True)}
    kept = {}
    for each in components:
        plan, component = str(each.get("plan", "")), str(each.get("component", ""))
        if plan not in plans or not component.isidentifier() or len(component) > 40:
            wrong["components"] = [_("There is no such component.")]
            continue
        kept[plan, component] = {
            "plan": plan,
            "component": component,
            "commensurate": bool(each.get("commensurate")),
        }
    return [kept[key] for key in sorted(kept)]


def delete_policy(actor: Actor, policy_id: Any) -> None:
    """Take a policy back that has made no costs. Raises Conflict otherwise."""
    require_pay_manager(actor)
    with change(actor):
        policy = CostPolicy.objects.filter(pk=policy_id).first()
        if policy is None:
            raise NotFound(_("This policy does not exist."))
        _require_open(policy.starts_on)
        if policy.costs.exists():
            raise Conflict(_("Costs follow this policy. State another one for the same day."))
        policy.delete()


def run_month(actor: Actor, month: date) -> AccountingRun:
    """Bring the journal up to the truth as far as a month: capitalise, amortise, impair, accrue.

    Only differences are written, and into open months only. Raises Conflict for a closed month.
    """
    require_pay_manager(actor)
    month = month_of(month)
    with change(actor):
        lock_journal()
        _require_open(month)
        return bring_up(actor, month)


def close_month(actor: Actor, month: date) -> MonthClose:
    """Seal a month and every open one before it, after bringing them up to the truth.

    The Merkle root of their lines goes into the evidence; what changes later is written into
    the first open month. Raises Conflict where it was never run, or is closed.
    """
    require_pay_manager(actor)
    month = month_of(month)
    with change(actor):
        lock_journal()
        _require_open(month)
        if not AccountingRun.objects.filter(month__gte=month).exists():
            raise Conflict(_("Run %(month)s first.") % {"month": f"{month:%Y-%m}"})
        bring_up(actor, month)
        leaves = journal_leaves(closed_through(), month)
        closed = MonthClose.objects.create(
            month=month,
            merkle_root=merkle_root(leaves).hex(),
            line_count=len(leaves),
            closed_by=actor.user,
        )
        append_entry(
            CHAIN,
            "month.closed",
            {
                "month": f"{month:%Y-%m}",
                "lines": len(leaves),
                "merkle_root": closed.merkle_root,
            },
            actor=actor,
        )
        record_event(
            actor,
            AccountingMonthClosed(close_id=closed.pk, month=month, merkle_root=closed.merkle_root),
        )
        return closed


def journal_leaves(after: date, until: date) -> Sequence[bytes]:
    """One Merkle leaf per line of the months after one and up to another, in order of ids."""
    rows = (
        JournalLine.objects.filter(month__gt=after, month__lte=until)
        .order_by("id")
        .values_list(
            "id", "entry", "kind", "month", "cost_id", "payee_id", "plan_id", "cost_centre",
            "account", "amount", "currency",
        )
    )  # fmt: skip
    return [
        leaf_hash(sha256("|".join(str(value) for value in row).encode()).digest())
        for row in rows.iterator(chunk_size=10_000)
    ]


def verify_close(closed: MonthClose) -> bool:
    """Whether the sealed lines still have the root that stands in the evidence."""
    before = MonthClose.objects.filter(month__lt=closed.month).order_by("-month").first()
    leaves = journal_leaves(before.month if before else date.min, closed.month)
    return merkle_root(leaves).hex() == closed.merkle_root


def record_ending(actor: Actor, event_id: Any, on: date, reason: str) -> CostDecision:
    """The customer of a deal left on a day: what is left of its costs is impaired in that month.

    Contracts that are terminated here do this by themselves. Raises Invalid, Conflict, NotFound.
    """
    return _decide(actor, event_id, CostDecision.Kind.ENDED, on, reason)


def revise_period(
    actor: Actor, event_id: Any, month: date, months: int, reason: str
) -> CostDecision:
    """A deal's costs serve another number of months in all, counted from its start: what is
    left is spread over those that remain from ``month`` on (ASC 340-40-35-2)."""
    if not 1 <= months <= MOST_MONTHS:
        said = _("The months are from 1 to 600.")
        raise Invalid(said, fields={"months": [said]})
    return _decide(
        actor, event_id, CostDecision.Kind.PERIOD, month_of(month), reason, months=months
    )


def impairment_test(
    actor: Actor,
    event_id: Any,
    month: date,
    *,
    consideration: Decimal,
    costs: Decimal,
    reason: str,
) -> CostDecision:
    """Compare what a deal's costs stand at by the end of a month with what is still expected
    from the customer less the costs of serving (ASC 340-40-35-3), both in the costs' currency.

    The excess is written down, over the deal's costs in proportion to their carrying amounts;
    a test that finds none is kept as well. Raises Invalid, Conflict, NotFound.
    """
    wrong = {
        name: [_("Give an amount of zero or more.")]
        for name, value in (("consideration", consideration), ("costs", costs))
        if value < 0
    }
    if wrong:
        raise Invalid(_("Amounts are zero or more."), fields=wrong)
    require_pay_manager(actor)
    month = month_of(month)
    with change(actor):
        lock_journal()
        _require_open(month)
        bring_up(actor, month)
        event = _get_deal(event_id)
        carrying = {
            row["cost_id"]: row["sum"]
            for row in JournalLine.objects.filter(
                cost__event=event, account=JournalAccount.ASSET, month__lte=month
            )
            .values("cost_id")
            .annotate(sum=Sum("amount"))
        }
        currencies = set(
            ContractCost.objects.filter(pk__in=carrying).values_list("currency", flat=True)
        )
        if len(currencies) > 1:
            raise Conflict(_("The costs of this deal are in several currencies."))
        total = sum(carrying.values(), Decimal(0))
        excess = max(total - (consideration - costs), Decimal(0))
        parts = divide(min(excess, total), carrying)
        cents = _in_cents(parts, min(excess, total))
        return _decide(
            actor,
            event_id,
            CostDecision.Kind.IMPAIRMENT,
            month,
            reason,
            consideration=consideration,
            costs=costs,
            carrying=total,
            amounts={str(cost_id): str(amount) for cost_id, amount in cents.items() if amount},
        )


def _in_cents(parts: Mapping[UUID, Decimal], total: Decimal) -> dict[UUID, Decimal]:
    """Parts in cents that sum to the total: the last takes what rounding leaves."""
    found: dict[UUID, Decimal] = {}
    left = total
    for place, (key, part) in enumerate(parts.items(), 1):
        found[key] = left if place == len(parts) else min(round(part, 2), left)
        left -= found[key]
    return found


def withdraw_decision(actor: Actor, decision_id: Any) -> CostDecision:
    """Take a decision back while its month is open; both stay on record."""
    require_pay_manager(actor)
    with change(actor):
        row = CostDecision.objects.filter(pk=decision_id).first()
        if row is None or row.kind == CostDecision.Kind.WITHDRAWN:
            raise NotFound(_("This decision does not exist."))
        if CostDecision.objects.filter(withdraws=row).exists():
            raise Conflict(_("This decision was taken back already."))
        return _decide(
            actor,
            row.event_id,
            CostDecision.Kind.WITHDRAWN,
            row.on,
            _("Taken back by %(name)s") % {"name": actor.name},
            withdraws=row,
        )


def _decide(
    actor: Actor, event_id: Any, kind: str, on: date, reason: str, **values: Any
) -> CostDecision:
    require_pay_manager(actor)
    reason = reason.strip()
    if not reason or len(reason) > 500:
        said = _("Give a reason of at most 500 characters.")
        raise Invalid(said, fields={"reason": [said]})
    with change(actor):
        lock_journal()
        _require_open(on)
        decision: CostDecision = CostDecision.objects.create(
            event=_get_deal(event_id),
            kind=kind,
            on=on,
            reason=reason,
            created_by=actor.user,
            **values,
        )
        latest = JournalLine.objects.order_by("-month").values_list("month", flat=True).first()
        bring_up(actor, max(month_of(on), latest or month_of(on)))
        return decision


def _get_deal(event_id: Any) -> CreditEvent:
    event: CreditEvent | None = CreditEvent.objects.filter(
        pk=event_id, contract_costs__isnull=False
    ).first()
    if event is None:
        raise NotFound(_("This deal has no capitalised costs."))
    return event


def _require_open(day: date) -> None:
    if month_of(day) <= closed_through():
        raise Conflict(
            _("%(month)s is closed. The first open month is %(open)s.")
            % {"month": f"{day:%Y-%m}", "open": f"{first_open_month():%Y-%m}"},
            code="month_closed",
        )


def set_account_number(actor: Actor, account: str, number: str) -> None:
    """The general ledger's number of an account; empty takes it away. Raises Invalid."""
    require_pay_manager(actor)
    number = number.strip()
    if account not in JournalAccount.values or len(number) > 40:
        said = _("A number has at most 40 characters.")
        raise Invalid(said, fields={account: [said]})
    with change(actor):
        if number:
            AccountNumber.objects.update_or_create(account=account, defaults={"number": number})
        else:
            AccountNumber.objects.filter(account=account).delete()


def set_cost_centre(
    actor: Actor,
    code: str,
    *,
    user: User | None = None,
    team: Team | None = None,
    profile: str = "",
) -> CostCentre:
    """The cost centre of a person, a team, a profile, or (none of them) everybody else.

    Raises Invalid.
    """
    require_pay_manager(actor)
    code = code.strip()
    wrong: dict[str, list[str]] = {}
    if not code or len(code) > 40:
        wrong["code"] = [_("Give a cost centre of at most 40 characters.")]
    if sum(bool(each) for each in (user, team, profile)) > 1:
        wrong["user"] = [_("Choose a person, a team or a profile.")]
    if profile and profile not in Profile.values:
        wrong["profile"] = [_("Choose one of the list.")]
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
    with change(actor):
        try:
            with transaction.atomic():
                row: CostCentre
                row, _made = CostCentre.objects.update_or_create(
                    user=user, team=team, profile=profile, defaults={"code": code}
                )
        except IntegrityError:
            raise Conflict(_("Somebody set this at the same time. Look again.")) from None
        return row


def delete_cost_centre(actor: Actor, centre_id: Any) -> None:
    require_pay_manager(actor)
    with change(actor):
        row = CostCentre.objects.filter(pk=centre_id).first()
        if row is None:
            raise NotFound(_("This cost centre does not exist."))
        row.delete()
