"""The journal brought up to the truth: what should stand in each open month, less what does.

Sealed months are facts. For the open ones everything is computed anew from the commission
lines, the ledger's postings and people's decisions; only differences are written, each as an
entry that balances. Running it twice writes nothing the second time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max, QuerySet, Sum

from dealwright.base.access.actor import Actor
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import TeamMembership, User
from dealwright.compensation.accounting.amortisation import (
    Ending,
    Facts,
    Step,
    add_months,
    month_of,
    roll,
)
from dealwright.compensation.accounting.costs import (
    MONTH_SQL,
    Deal,
    component_rule,
    find_deals,
    period_of_benefit,
    policy_on,
    service_start,
    terms_of,
)
from dealwright.compensation.accounting.models import (
    AccountingRun,
    ContractCost,
    CostCentre,
    CostDecision,
    CostPolicy,
    JournalAccount,
    JournalLine,
    MonthClose,
)
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.plans.models import CompensationPlan

Kind = JournalLine.Kind
ZERO = Decimal(0)
_LEDGER = {
    Account.EXPENSE: JournalAccount.COMMISSION,
    Account.DRAW: JournalAccount.RECEIVABLE,
    Account.CLAWBACK: JournalAccount.RECEIVABLE,
    Account.POINTS: JournalAccount.REWARDS,
    Account.CASH: JournalAccount.CLEARING,
}  # all others are owed to payees, now or later


@dataclass(frozen=True, slots=True)
class Place:
    """What lines of an entry have in common."""

    month: date
    kind: str
    cost_id: UUID | None
    payee_id: UUID
    plan_id: UUID | None
    currency: str


Legs = dict[tuple[str, str], Decimal]  # (account, cost centre) -> amount
Lines = dict[Place, Legs]


def closed_through() -> date:
    """The latest sealed month; ``date.min`` where none is."""
    latest: date | None = MonthClose.objects.aggregate(latest=Max("month"))["latest"]
    return latest or date.min


def first_open_month() -> date:
    closed = closed_through()
    return closed if closed == date.min else add_months(closed, 1)


def lock_journal() -> None:
    """Runs and closings wait for each other until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('accounting', 7))")


def bring_up(actor: Actor, month: date) -> AccountingRun:
    """Write what the open months up to ``month`` (or as far as the journal goes) lack."""
    lock_journal()
    latest: date | None = JournalLine.objects.aggregate(latest=Max("month"))["latest"]
    until = max(month, latest or month)
    first_open = first_open_month()
    centres = cost_centres()
    wanted: Lines = defaultdict(lambda: defaultdict(Decimal))
    costs = keep_costs(find_deals(policies()), first_open)
    sealed = sealed_steps(first_open)
    for cost, facts in costs:
        steps = steps_of(cost, facts, sealed.get(cost.pk, {}), until=until, first_open=first_open)
        for step in steps:
            if step.month >= first_open:
                _add_step(wanted, cost, step, centres.get(cost.payee_id, ""))
    _add_movements(wanted, until, first_open, centres)
    entries = list(_differences(wanted, _standing(first_open)))
    run = AccountingRun.objects.create(
        month=month,
        cost_count=len(costs),
        line_count=sum(len(legs) for _, legs in entries),
        created_by=actor.user,
    )
    _write(actor, run, entries)
    return run


def policies() -> list[CostPolicy]:
    return list(CostPolicy.objects.order_by("starts_on"))


def keep_costs(deals: Iterable[Deal], first_open: date) -> list[tuple[ContractCost, Facts]]:
    """The cost rows of deals, made or brought up to policy and deal, with their facts."""
    deals = list(deals)
    known = {
        (row.event_id, row.plan_id, row.payee_id, row.component): row
        for row in ContractCost.objects.select_related("policy").filter(
            event_id__in=[each.event.pk for each in deals]
        )
    }
    sealed = set(
        JournalLine.objects.filter(cost__isnull=False, month__lt=first_open)
        .values_list("cost_id", flat=True)
        .distinct()
    )
    currencies = dict(CompensationPlan.objects.values_list("pk", "currency"))
    decisions = decisions_by_deal([each.event.pk for each in deals])
    in_force = policies()
    fresh, found = [], []
    for deal in deals:
        for key, commission in deal.commissions.items():
            plan_id, payee_id, component = key
            row = known.get((deal.event.pk, *key))
            if row is None or row.pk not in sealed:
                policy = policy_on(in_force, deal.event.date)
                assert policy is not None
                rule = component_rule(policy, plan_id, component)
                assert rule is not None
                period = period_of_benefit(policy, rule, deal.event.attributes)
                told = {
                    "currency": currencies[plan_id],
                    "policy": policy,
                    "starts_on": service_start(deal.event),
                    "months": period.months,
                    "because": period.because,
                    "is_expensed": period.is_expensed,
                }
                if row is None:
                    row = ContractCost(
                        event_id=deal.event.pk,
                        plan_id=plan_id,
                        payee_id=payee_id,
                        component=component,
                        **told,
                    )
                    fresh.append(row)
                elif any(getattr(row, name) != value for name, value in told.items()):
                    for name, value in told.items():
                        setattr(row, name, value)
                    row.save()
            facts = facts_of(row, commission, deal.endings, decisions.get(deal.event.pk, ()))
            found.append((row, facts))
    ContractCost.objects.bulk_create(fresh, batch_size=2000)
    # A cost whose lines are gone altogether: what is sealed of it is taken back.
    gone = sealed - {row.pk for row, _ in found}
    rows = ContractCost.objects.select_related("policy").filter(pk__in=gone)
    return [*found, *((row, Facts(commission={})) for row in rows)]


def decisions_by_deal(event_ids: Sequence[UUID]) -> dict[UUID, list[CostDecision]]:
    """What people decided and did not take back, in order."""
    found: dict[UUID, list[CostDecision]] = defaultdict(list)
    for row in (
        CostDecision.objects.filter(event_id__in=event_ids, withdrawn_by__isnull=True)
        .exclude(kind=CostDecision.Kind.WITHDRAWN)
        .order_by("on", "id")
    ):
        found[row.event_id].append(row)
    return found


def facts_of(
    cost: ContractCost,
    commission: Mapping[date, Decimal],
    endings: Iterable[Ending],
    decisions: Iterable[CostDecision],
) -> Facts:
    """Everything that is known of a cost."""
    ended = list(endings)
    write_downs: dict[date, Decimal] = defaultdict(Decimal)
    revised: dict[date, int] = {}
    for each in decisions:
        month = month_of(each.on)
        if each.kind == CostDecision.Kind.ENDED:
            ended.append(Ending(each.on))
        elif each.kind == CostDecision.Kind.PERIOD and each.months:
            revised[month] = each.months
        elif each.kind == CostDecision.Kind.IMPAIRMENT:
            write_downs[month] += Decimal(each.amounts.get(str(cost.pk), "0"))
    return Facts(
        commission={} if cost.is_expensed else commission,
        endings=tuple(ended),
        write_downs=dict(write_downs),
        revised=revised,
    )


def steps_of(
    cost: ContractCost,
    facts: Facts,
    sealed: Mapping[date, Step],
    *,
    until: date,
    first_open: date,
) -> list[Step]:
    """The months of a cost: the sealed ones as they stand, the others computed."""
    terms = terms_of(cost.policy, cost.starts_on, cost.months, cost.currency)
    return roll(terms, facts, until=until, sealed=sealed, first_open=first_open)


def sealed_steps(before: date, cost_ids: Iterable[UUID] = ()) -> dict[UUID, dict[date, Step]]:
    """What the journal says of costs in months before one: of all, or of those named."""
    if before == date.min:
        return {}
    rows = JournalLine.objects.filter(cost__isnull=False, month__lt=before)
    if cost_ids := list(cost_ids):
        rows = rows.filter(cost_id__in=cost_ids)
    return steps_written(rows)


def steps_written(rows: QuerySet[Any]) -> dict[UUID, dict[date, Step]]:
    """Lines of costs as the steps they make; opening and closing are not in them."""
    amounts: dict[tuple[UUID, date], dict[str, Decimal]] = defaultdict(dict)
    for cost_id, month, account, amount in (
        rows.exclude(account=JournalAccount.ASSET)
        .values_list("cost_id", "month", "account")
        .annotate(sum=Sum("amount"))
        .order_by("cost_id", "month")
    ):
        amounts[cost_id, month][account] = amount
    found: dict[UUID, dict[date, Step]] = defaultdict(dict)
    for (cost_id, month), each in amounts.items():
        found[cost_id][month] = Step(
            month=month,
            commission=-each.get(JournalAccount.COMMISSION, ZERO),
            tax=-each.get(JournalAccount.TAX, ZERO),
            amortisation=each.get(JournalAccount.AMORTISATION, ZERO),
            impairment=each.get(JournalAccount.IMPAIRMENT, ZERO),
        )
    return found


def cost_centres() -> dict[UUID, str]:
    """The cost centre of everybody: their own, their team's, their profile's, or the common."""
    rows = list(CostCentre.objects.select_related("team"))
    own = {row.user_id: row.code for row in rows if row.user_id}
    by_team = {row.team_id: row.code for row in rows if row.team_id}
    by_profile = {row.profile: row.code for row in rows if row.profile}
    common = next((row.code for row in rows if not (row.user_id or row.team_id or row.profile)), "")
    teams: dict[UUID, str] = {}
    for team_id, user_id in (
        TeamMembership.objects.filter(team_id__in=list(by_team))
        .order_by("-team__name")
        .values_list("team_id", "user_id")
    ):
        teams[user_id] = by_team[team_id]
    return {
        user_id: own.get(user_id) or teams.get(user_id) or by_profile.get(profile) or common
        for user_id, profile in User.objects.values_list("pk", "profile")
    }


def _add_step(wanted: Lines, cost: ContractCost, step: Step, centre: str) -> None:
    def entry(kind: str, *legs: tuple[str, Decimal]) -> None:
        place = Place(step.month, kind, cost.pk, cost.payee_id, cost.plan_id, cost.currency)
        for account, amount in legs:
            if amount:
                wanted[place][account, centre] += amount

    entry(
        Kind.CAPITALISATION,
        (JournalAccount.ASSET, step.addition),
        (JournalAccount.COMMISSION, -step.commission),
        (JournalAccount.TAX, -step.tax),
    )
    entry(
        Kind.AMORTISATION,
        (JournalAccount.AMORTISATION, step.amortisation),
        (JournalAccount.ASSET, -step.amortisation),
    )
    entry(
        Kind.IMPAIRMENT,
        (JournalAccount.IMPAIRMENT, step.impairment),
        (JournalAccount.ASSET, -step.impairment),
    )


def _add_movements(
    wanted: Lines, until: date, first_open: date, centres: Mapping[UUID, str]
) -> None:
    """What the commission ledger earned and paid: accrued when earned, reversed when paid."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select posting.payee_id, posting.plan_id, posting.currency, posting.account,"
            " posting.kind, case when batch.id is null"
            f" then {MONTH_SQL.format(at='posting.created_at')}"
            " else date_trunc('month', batch.paid_at at time zone 'UTC')::date end as month,"
            " sum(posting.amount) from compensation_posting posting"
            " join compensation_payperiod posted on posted.id = posting.posted_period_id"
            " left join compensation_paymentbatch batch on batch.id = posting.batch_id"
            " group by 1, 2, 3, 4, 5, 6 having sum(posting.amount) <> 0",
        )
        rows = cursor.fetchall()
    sealed: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    if first_open > date.min:
        for payee_id, plan_id, currency, account, kind, amount in (
            JournalLine.objects.filter(kind__in=(Kind.ACCRUAL, Kind.PAYMENT), month__lt=first_open)
            .values_list("payee_id", "plan_id", "currency", "account", "kind")
            .annotate(sum=Sum("amount"))
        ):
            sealed[payee_id, plan_id, currency, account, kind] = -amount
    for payee_id, plan_id, currency, account, posted_as, month, amount in rows:
        if month > until:
            continue
        kind = Kind.PAYMENT if posted_as == Posting.Kind.PAYMENT else Kind.ACCRUAL
        named = _LEDGER.get(account, JournalAccount.ACCRUED)
        if month < first_open:
            sealed[payee_id, plan_id, currency, named, kind] += amount
        else:
            place = Place(month, kind, None, payee_id, plan_id, currency)
            wanted[place][named, centres.get(payee_id, "")] += amount
    # What sealed months lack goes into the first open one.
    for (payee_id, plan_id, currency, named, kind), amount in sealed.items():
        if amount:
            place = Place(first_open, kind, None, payee_id, plan_id, currency)
            wanted[place][named, centres.get(payee_id, "")] += amount


def _standing(first_open: date) -> Lines:
    """What stands in the open months."""
    found: Lines = defaultdict(lambda: defaultdict(Decimal))
    for *place, account, centre, amount in (
        JournalLine.objects.filter(month__gte=first_open)
        .values_list(
            "month", "kind", "cost_id", "payee_id", "plan_id", "currency", "account", "cost_centre"
        )
        .annotate(sum=Sum("amount"))
    ):
        found[Place(*place)][account, centre] += amount
    return found


def _differences(wanted: Lines, standing: Lines) -> Iterator[tuple[Place, Legs]]:
    places = sorted(
        set(wanted) | set(standing),
        key=lambda each: tuple(str(value) for value in astuple(each)),
    )
    for place in places:
        want, have = wanted.get(place, {}), standing.get(place, {})
        legs = {key: want.get(key, ZERO) - have.get(key, ZERO) for key in sorted({*want, *have})}
        legs = {key: amount for key, amount in legs.items() if amount}
        if legs:
            yield place, legs


def _write(actor: Actor, run: AccountingRun, entries: Sequence[tuple[Place, Legs]]) -> None:
    """Whole entries in one statement: the database judges each statement."""
    batch: list[JournalLine] = []
    for place, legs in entries:
        entry = uuid7()
        batch += [
            JournalLine(
                entry=entry,
                run=run,
                kind=place.kind,
                month=place.month,
                cost_id=place.cost_id,
                payee_id=place.payee_id,
                plan_id=place.plan_id,
                cost_centre=centre,
                account=account,
                amount=amount,
                currency=place.currency,
                created_by=actor.user,
            )
            for (account, centre), amount in legs.items()
        ]
        if len(batch) >= 3000:
            JournalLine.objects.bulk_create(batch)
            batch = []
    if batch:
        JournalLine.objects.bulk_create(batch)
