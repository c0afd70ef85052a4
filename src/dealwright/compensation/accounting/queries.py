"""What can be asked about contract costs and their journal; for those who manage pay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.exchange_rates import rate_on
from dealwright.base.money import round_money
from dealwright.compensation.accounting.amortisation import (
    Facts,
    Step,
    add_months,
    last_day,
    last_month,
    month_of,
    months_between,
)
from dealwright.compensation.accounting.costs import NOT_COST, find_deals, plan_shapes, terms_of
from dealwright.compensation.accounting.journal import (
    closed_through,
    facts_of,
    first_open_month,
    policies,
    sealed_steps,
    steps_of,
    steps_written,
)
from dealwright.compensation.accounting.models import (
    AccountingRun,
    AccountNumber,
    ContractCost,
    CostDecision,
    CostPolicy,
    JournalAccount,
    JournalLine,
    MonthClose,
)
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.plans.definition import Clawback, Draw, Fixed, Holdback
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan

ZERO = Decimal(0)
EXPENSES = (
    JournalAccount.COMMISSION,
    JournalAccount.TAX,
    JournalAccount.AMORTISATION,
    JournalAccount.IMPAIRMENT,
)
_PART = {
    JournalLine.Kind.CAPITALISATION: "addition",
    JournalLine.Kind.AMORTISATION: "amortisation",
    JournalLine.Kind.IMPAIRMENT: "impairment",
}


@dataclass(slots=True)
class Roll:
    """How capitalised costs moved in a month: opening + addition - amortisation - impairment
    is closing, all in one currency."""

    month: date
    currency: str
    opening: Decimal = ZERO
    addition: Decimal = ZERO
    amortisation: Decimal = ZERO
    impairment: Decimal = ZERO
    closing: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class MonthState:
    """Where a month stands: sealed or not, when it was last brought up."""

    month: date
    is_closed: bool
    closed: MonthClose | None
    run: AccountingRun | None


@dataclass(frozen=True, slots=True)
class DealRow:
    """A deal with what its costs stand at."""

    event_id: UUID
    title: str
    date: date
    customer: str
    currency: str
    addition: Decimal
    amortisation: Decimal
    impairment: Decimal
    carrying: Decimal


@dataclass(slots=True)
class CostSchedule:
    """One cost over its months; ``steps`` up to ``posted_until`` stand in the journal, the
    later ones are what will come by what is known now."""

    cost: ContractCost
    label: str
    steps: Sequence[Step]


@dataclass(slots=True)
class DealSchedule:
    """A deal's costs over time."""

    event: CreditEvent
    currency: str
    costs: Sequence[CostSchedule]
    total: Sequence[Step]
    posted_until: date
    closed_through: date
    decisions: Sequence[CostDecision]
    is_stale: bool  # something changed since the journal was brought up


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """What an account took in a month."""

    account: str
    label: str
    number: str
    currency: str
    debit: Decimal
    credit: Decimal


@dataclass(slots=True)
class Expense:
    """The expense of a month in one currency of report, with what each account came to.

    ``missing`` are sentences about rates that are not stated; the amounts behind them are
    left out.
    """

    month: date
    currency: str
    amounts: dict[str, Decimal] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    rates: list[str] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum(self.amounts.values(), ZERO)


def month_state(month: date) -> MonthState:
    closed = MonthClose.objects.filter(month__gte=month).order_by("month").first()
    run = AccountingRun.objects.filter(month__gte=month).select_related("created_by").first()
    return MonthState(month, closed is not None, closed, run)


def default_month() -> date:
    """The month to look at first: the first open one that has something, else the last."""
    opened = first_open_month()
    this = month_of(timezone.localdate())
    if opened > date.min:
        return opened
    ends = JournalLine.objects.aggregate(
        latest=Max("month", filter=Q(month__lte=this)), first=Min("month")
    )
    found: date = ends["latest"] or ends["first"] or this
    return found


def roll_forward(first: date, last: date) -> Sequence[Roll]:
    """Month by month and currency how the capitalised costs moved; from the journal."""
    rows: dict[tuple[str, date], Roll] = {}
    lines = JournalLine.objects.filter(account=JournalAccount.ASSET, month__lte=last)
    before = lines.filter(month__lt=first).values_list("currency").annotate(sum=Sum("amount"))
    standing: dict[str, Decimal] = dict(before)
    moved: dict[tuple[str, date], dict[str, Decimal]] = defaultdict(dict)
    for currency, month, kind, amount in (
        lines.filter(month__gte=first)
        .values_list("currency", "month", "kind")
        .annotate(sum=Sum("amount"))
    ):
        moved[currency, month][kind] = amount
        standing.setdefault(currency, ZERO)
    for currency in sorted(standing):
        carrying = standing[currency]
        for month in months_between(first, last):
            row = Roll(month, currency, opening=carrying)
            for kind, amount in moved.get((currency, month), {}).items():
                name = _PART[JournalLine.Kind(kind)]
                setattr(row, name, amount if name == "addition" else -amount)
                carrying += amount
            row.closing = carrying
            rows[currency, month] = row
    return list(rows.values())


def list_deals(
    month: date, *, search: str = "", start: int = 0, limit: int = 100
) -> tuple[Sequence[DealRow], bool]:
    """Deals with capitalised costs up to a month, the largest carrying amount first."""
    rows = JournalLine.objects.filter(
        account=JournalAccount.ASSET, cost__isnull=False, month__lte=month
    )
    if search:
        rows = rows.filter(
            Q(cost__event__title__icontains=search)
            | Q(cost__event__key__icontains=search)
            | Q(payee__name__icontains=search)
        )
    kinds = JournalLine.Kind
    found = list(
        rows.values("cost__event_id", "currency")
        .annotate(
            addition=Sum("amount", filter=Q(kind=kinds.CAPITALISATION), default=ZERO),
            amortisation=-Sum("amount", filter=Q(kind=kinds.AMORTISATION), default=ZERO),
            impairment=-Sum("amount", filter=Q(kind=kinds.IMPAIRMENT), default=ZERO),
            carrying=Sum("amount"),
        )
        .order_by("-carrying", "cost__event_id", "currency")[start : start + limit + 1]
    )
    events = CreditEvent.objects.in_bulk([row["cost__event_id"] for row in found])
    return [
        DealRow(
            event.pk,
            event.title or event.key,
            event.date,
            str(event.attributes.get("account", "")),
            row["currency"],
            row["addition"],
            row["amortisation"],
            row["impairment"],
            row["carrying"],
        )
        for row in found[:limit]
        for event in (events[row["cost__event_id"]],)
    ], len(found) > limit


def deal_schedule(event_id: Any) -> DealSchedule:
    """A deal's costs month by month, to their end. Raises NotFound where it has none."""
    event = CreditEvent.objects.filter(pk=event_id).first()
    rows = list(
        ContractCost.objects.filter(event_id=event_id)
        .select_related("policy", "plan", "payee")
        .order_by("payee__name", "component")
    )
    if event is None or not rows:
        raise NotFound("This deal has no capitalised costs.")
    closed = closed_through()
    opened = closed if closed == date.min else add_months(closed, 1)
    shapes = plan_shapes()
    deal = next(iter(find_deals(policies(), event.pk, shapes)), None)
    commissions: Mapping[Any, Any] = deal.commissions if deal else {}
    endings = deal.endings if deal else ()
    decided = list(
        CostDecision.objects.filter(event=event).select_related("created_by", "withdrawn_by")
    )
    taken_back = {each.withdraws_id for each in decided}
    decisions = [
        each
        for each in decided
        if each.pk not in taken_back and each.kind != CostDecision.Kind.WITHDRAWN
    ]
    sealed = sealed_steps(opened, [row.pk for row in rows])
    facts = {
        row.pk: facts_of(
            row, commissions.get((row.plan_id, row.payee_id, row.component), {}), endings, decisions
        )
        for row in rows
    }
    lines = JournalLine.objects.filter(cost__event=event)
    until: date | None = JournalLine.objects.aggregate(latest=Max("month"))["latest"]
    end = max([until or date.min, *(_end_of(row, facts[row.pk]) for row in rows)])
    schedules = [
        CostSchedule(
            row,
            shapes[row.plan_id].labels.get(row.component, row.component),
            steps_of(row, facts[row.pk], sealed.get(row.pk, {}), until=end, first_open=opened),
        )
        for row in rows
    ]
    written = steps_written(lines)
    return DealSchedule(
        event,
        rows[0].currency,
        [each for each in schedules if any(not step.is_empty for step in each.steps)] or schedules,
        _trimmed(_sum(schedules)),
        until or date.min,
        closed,
        decided,
        any(
            step != _plain(written.get(each.cost.pk, {}).get(step.month), step)
            for each in schedules
            for step in each.steps
            if until is not None and opened <= step.month <= until
        ),
    )


def commission_lines(cost: ContractCost, limit: int = 200) -> list[tuple[int, int]]:
    """(line, sign) of what a component paid for a deal, and of what took from it: the rows
    behind a cost's additions, in order."""
    acting = [
        modifier
        for modifier, on in plan_shapes()[cost.plan_id].acts_on.items()
        if cost.component in on
    ]
    rows = RunLine.objects.filter(
        Q(event_id=cost.event_id) | Q(event__reference_id=cost.event_id),
        plan_id=cost.plan_id,
        payee_id=cost.payee_id,
        component__in=[cost.component, *acting],
    ).exclude(kind__in=NOT_COST)
    return list(rows.order_by("id").values_list("id", "sign")[:limit])


def _end_of(cost: ContractCost, facts: Facts) -> date:
    terms = terms_of(cost.policy, cost.starts_on, cost.months, cost.currency)
    late = max(facts.commission, default=date.min)
    return max(last_month(terms, facts), late)


def _plain(written: Step | None, step: Step) -> Step:
    """What was written of a month, with the opening and closing of what should stand."""
    found = written or Step(month=step.month)
    return Step(
        month=step.month,
        opening=step.opening,
        commission=found.commission,
        tax=found.tax,
        amortisation=found.amortisation,
        impairment=found.impairment,
        closing=step.closing,
    )


def _sum(schedules: Iterable[CostSchedule]) -> list[Step]:
    names = ("opening", "commission", "tax", "amortisation", "impairment", "closing")
    sums: dict[date, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(names, ZERO))
    for each in schedules:
        for step in each.steps:
            for name in names:
                sums[step.month][name] += getattr(step, name)
    return [Step(month=month, **sums[month]) for month in sorted(sums)]


def _trimmed(steps: list[Step]) -> list[Step]:
    while steps and steps[-1].is_empty:
        steps.pop()
    return steps


def component_labels() -> dict[tuple[UUID, str], str]:
    """(plan, component) -> what statements call it."""
    found: dict[tuple[UUID, str], str] = {}
    for plan in CompensationPlan.objects.prefetch_related("versions"):
        for version in sorted(plan.versions.all(), key=lambda each: each.number):
            if version.activated_at is not None:
                for each in read_plan(version.text).components:
                    found[plan.pk, each.id] = each.label
    return found


def components_to_choose() -> Sequence[tuple[CompensationPlan, Sequence[tuple[str, str]]]]:
    """What a policy can list: the components of every plan that can be paid for a deal."""
    found = []
    for plan in CompensationPlan.objects.filter(archived_at__isnull=True):
        chosen: dict[str, str] = {}
        for version in plan.versions.filter(activated_at__isnull=False).order_by("number"):
            definition = read_plan(version.text)
            chosen |= {
                each.id: each.label
                for each in definition.earnings
                if not isinstance(each, Fixed | Clawback | Draw | Holdback)
                and each.id not in definition.rewards
            }
        if chosen:
            found.append((plan, list(chosen.items())))
    return found


def policy_rows() -> Sequence[CostPolicy]:
    return list(CostPolicy.objects.select_related("created_by").annotate(number=Count("costs")))


def account_numbers() -> dict[str, str]:
    return dict(AccountNumber.objects.values_list("account", "number"))


def account_totals(month: date) -> Sequence[AccountTotal]:
    """What each account took in a month, in the order of the accounts."""
    numbers = account_numbers()
    order = {each: place for place, each in enumerate(JournalAccount.values)}
    rows = (
        JournalLine.objects.filter(month=month)
        .values("account", "currency")
        .annotate(
            debit=Sum("amount", filter=Q(amount__gt=0), default=ZERO),
            credit=-Sum("amount", filter=Q(amount__lt=0), default=ZERO),
        )
    )
    return [
        AccountTotal(
            row["account"],
            str(JournalAccount(row["account"]).label),
            numbers.get(row["account"], ""),
            row["currency"],
            row["debit"],
            row["credit"],
        )
        for row in sorted(rows, key=lambda each: (each["currency"], order[each["account"]]))
    ]


def journal_lines(
    month: date, *, account: str = "", kind: str = "", start: int = 0, limit: int = 100
) -> tuple[Sequence[JournalLine], bool]:
    """The lines of a month, or of one account or kind of them, the newest last."""
    rows = JournalLine.objects.filter(month=month)
    if account:
        rows = rows.filter(account=account)
    if kind:
        rows = rows.filter(kind=kind)
    found = list(
        rows.select_related("payee", "plan", "cost__event", "run").order_by("id")[
            start : start + limit + 1
        ]
    )
    return found[:limit], len(found) > limit


def expense_in(currency: str, first: date, last: date) -> Sequence[Expense]:
    """The expense of each month in one currency, at the rate of the month's last day."""
    sums: dict[date, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for month, account, own, amount in (
        JournalLine.objects.filter(account__in=EXPENSES, month__range=(first, last))
        .values_list("month", "account", "currency")
        .annotate(sum=Sum("amount"))
    ):
        sums[month][account, own] = amount
    found = []
    for month in sorted(sums):
        row = Expense(month, currency)
        on = last_day(month)
        for (account, own), amount in sorted(sums[month].items()):
            try:
                used = rate_on(own, currency, on)
            except Invalid as error:
                if error.message not in row.missing:
                    row.missing.append(error.message)
                continue
            value = round_money(amount * used.rate, currency)
            row.amounts[account] = row.amounts.get(account, ZERO) + value
            row.rates += [step for step in used.steps if step not in row.rates]
        found.append(row)
    return found


def year_of(month: date) -> tuple[date, date]:
    """Twelve months that end with one."""
    return add_months(month, -11), month


def closes() -> Sequence[MonthClose]:
    return list(MonthClose.objects.select_related("closed_by")[:60])
