"""What a statement shows, level by level: payable, components, lines, credit and event.

Every amount is a sum of the level below it; the bottom is the record that pays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.money import shorten_money
from dealwright.base.objects.registry import object_types
from dealwright.base.people.models import User
from dealwright.compensation.access import get_payee, visible_pay
from dealwright.compensation.calculation.models import Attainment, AttainmentVersion, RunLine
from dealwright.compensation.credits.models import CreditEvent, CreditSplit
from dealwright.compensation.engine.explain import LINE_TITLES, explain_line
from dealwright.compensation.engine.lines import Line
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.holds.queries import Held, held_on_statement, hold_of_deal
from dealwright.compensation.ledger.models import NOT_EARNED, Account, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.definition import Earning
from dealwright.compensation.plans.english import Clause, clause_of
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.statements.rewards import RewardPart, rewards_on_statement

LINES_AT_ONCE = 100


@dataclass(slots=True)
class ComponentRow:
    """What one component comes to on a statement; ``prior`` is the part of earlier periods,
    ``adjusted`` the part by hand."""

    id: str
    label: str
    amount: Decimal = Decimal(0)
    prior: Decimal = Decimal(0)
    adjusted: Decimal = Decimal(0)
    clause: Clause | None = None
    attainment: Attainment | AttainmentVersion | None = None
    reward: RewardPart | None = None


@dataclass(slots=True)
class PlanPart:
    """What one plan comes to on a statement."""

    plan: CompensationPlan
    version: PlanVersion
    components: list[ComponentRow]
    total: Decimal


@dataclass(slots=True)
class Statement:
    """A payee's statement of a period. ``totals`` (what was earned), ``paid`` and ``payable``
    (earned less held) are by currency; ``held`` is what holds and releases moved."""

    payee: User
    period: PayPeriod
    parts: list[PlanPart]
    totals: Mapping[str, Decimal]
    paid: Mapping[str, Decimal]
    held: Sequence[Held] = ()
    posted_later: Sequence[Mapping[str, Any]] = ()  # of this period, into later ones

    @property
    def held_totals(self) -> Mapping[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for each in self.held:
            sums[each.currency] += each.amount
        return dict(sums)

    @property
    def payable(self) -> Mapping[str, Decimal]:
        return {
            currency: self.totals.get(currency, Decimal(0))
            - self.held_totals.get(currency, Decimal(0))
            for currency in {**self.totals, **self.held_totals}
        }


@dataclass(slots=True)
class LineRow:
    """One line of a component. ``amount`` is what it adds to the statement."""

    id: int
    title: str
    sentence: str
    amount: Decimal
    currency: str
    earned: str
    is_prior: bool
    is_taken_back: bool
    event: Mapping[str, Any] | None
    via: str
    role: str
    unit: str = ""  # what is given in place of money: points, a trip


@dataclass(slots=True)
class Detail:
    """Everything under one line: credit, event, where it leads, and the plan's clause."""

    line: LineRow
    payee: User
    facts: Sequence[tuple[str, Any]]
    splits: Sequence[tuple[str, Decimal, str]]
    links: Sequence[tuple[str, str]]
    cause: Mapping[str, Any] | None
    cause_links: Sequence[tuple[str, str]]
    clause: Clause | None
    version: PlanVersion
    plan: CompensationPlan = field(kw_only=True)
    period_id: UUID = field(kw_only=True)
    component: str = field(kw_only=True)
    hold: Hold | None = field(kw_only=True, default=None)


def get_period(period_id: Any) -> PayPeriod:
    period = PayPeriod.objects.filter(pk=period_id).first()
    if period is None:
        raise NotFound("This period does not exist.")
    return period


def statement(
    actor: Actor, payee_id: Any, period_id: Any, *, as_of: datetime | None = None
) -> Statement:
    """A payee's statement, as it was known at a moment (now); raises NotFound where the actor
    may not see the payee's pay."""
    payee = get_payee(actor, payee_id)
    period = get_period(period_id)
    amounts = _amounts(payee, period, as_of)
    parts = []
    for plan in _plans(payee, period, {plan_id for plan_id, *_ in amounts}, as_of):
        version = version_on(plan, period, as_of)
        if version is None:
            continue
        parts.append(_part(plan, version, payee, period, amounts, as_of))
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        totals[part.plan.currency] += part.total
    paid = postings_known(as_of).filter(
        payee=payee, kind=Posting.Kind.PAYMENT, account=Account.CASH, earned_period=period
    )
    return Statement(
        payee,
        period,
        parts,
        dict(totals),
        {
            row["currency"]: -row["sum"]
            for row in paid.values("currency").annotate(sum=Sum("amount"))
        },
        held_on_statement(payee, period, as_of),
        _posted_later(payee, period, as_of),
    )


def _posted_later(
    payee: User, period: PayPeriod, as_of: datetime | None
) -> Sequence[Mapping[str, Any]]:
    """What was earned in the period and posted into later ones, because it took none then."""
    rows = (
        postings_known(as_of)
        .filter(payee=payee, earned_period=period, account=Account.PAYABLE)
        .exclude(posted_period=period)
        .exclude(kind__in=NOT_EARNED)
        .values("posted_period_id", "posted_period__label", "currency")
        .annotate(amount=-Sum("amount"))
        .order_by("posted_period__number", "currency")
    )
    return [row for row in rows if row["amount"]]


def postings_known(as_of: datetime | None) -> QuerySet[Posting]:
    """The postings that there were at a moment (now)."""
    return Posting.objects.filter(created_at__lte=as_of) if as_of else Posting.objects.all()


def _amounts(
    payee: User, period: PayPeriod, as_of: datetime | None
) -> Mapping[tuple[UUID, str, str], tuple[Decimal, Decimal]]:
    """(plan, component, kind) -> (amount, the part of it earned in earlier periods)."""
    rows = (
        postings_known(as_of)
        .filter(payee=payee, posted_period=period, account=Account.PAYABLE)
        .exclude(kind__in=NOT_EARNED)
        .values("plan_id", "component", "kind")
        .annotate(
            sum=Sum("amount"),
            prior=Sum("amount", filter=~Q(earned_period=period)),
        )
    )
    return {
        (row["plan_id"], row["component"], row["kind"]): (
            -row["sum"],
            -(row["prior"] or Decimal(0)),
        )
        for row in rows
    }


def _plans(
    payee: User, period: PayPeriod, posted: set[UUID], as_of: datetime | None
) -> Sequence[CompensationPlan]:
    assigned = PlanAssignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=period.starts_on),
        user=payee,
        starts_on__lte=period.ends_on,
    )
    if as_of is not None:
        assigned = assigned.filter(created_at__lte=as_of)
    return list(
        CompensationPlan.objects.filter(
            Q(pk__in=posted) | Q(pk__in=assigned.values("plan_id")),
            calendar=period.calendar,
            fiscal_year_starts=period.fiscal_year_starts,
        )
    )


def version_on(
    plan: CompensationPlan, period: PayPeriod, as_of: datetime | None = None
) -> PlanVersion | None:
    """The version that pays in a period, else the last before, else the first; as it was known
    at a moment (now)."""
    active = plan.versions.filter(activated_at__isnull=False)
    if as_of is not None:
        active = active.filter(activated_at__lte=as_of)
    return (
        active.filter(starts_on__lte=period.ends_on).order_by("-starts_on").first()
        or active.order_by("starts_on").first()
    )


def _part(
    plan: CompensationPlan,
    version: PlanVersion,
    payee: User,
    period: PayPeriod,
    amounts: Mapping[tuple[UUID, str, str], tuple[Decimal, Decimal]],
    as_of: datetime | None,
) -> PlanPart:
    definition = read_plan(version.text)
    rows: dict[str, ComponentRow] = {
        each.id: ComponentRow(each.id, each.label, clause=clause_of(definition, each.id))
        for each in definition.components
        if isinstance(each, Earning)
    }
    for (plan_id, component, kind), (amount, prior) in amounts.items():
        if plan_id != plan.pk:
            continue
        known = definition.component(component)
        row = rows.setdefault(
            component,
            ComponentRow(
                component,
                known.label if known else component,
                clause=clause_of(definition, component),
            ),
        )
        row.amount += amount
        row.prior += prior
        if kind == Posting.Kind.ADJUSTMENT:
            row.adjusted += amount
    rewards = rewards_on_statement(plan, definition, payee, period, as_of)
    for component, reward in rewards.items():
        if component in rows:
            rows[component].reward = reward
    for attained in _attained(plan, payee, period, as_of):
        if attained.component in rows:
            rows[attained.component].attainment = attained
    order = sorted(rows.values(), key=lambda row: definition.position(row.id))
    return PlanPart(plan, version, order, sum((row.amount for row in order), Decimal(0)))


def _attained(
    plan: CompensationPlan, payee: User, period: PayPeriod, as_of: datetime | None
) -> Iterable[Attainment | AttainmentVersion]:
    """What was reached of each component's quota, as known at a moment (now)."""
    if as_of is None:
        return Attainment.objects.filter(plan=plan, payee=payee, period=period)
    return AttainmentVersion.objects.filter(
        Q(until__isnull=True) | Q(until__gt=as_of),
        plan=plan,
        payee=payee,
        period=period,
        since__lte=as_of,
    ).order_by("id")


_NET_LINES = """
with net as (
    select hash, sum(sign) as times, max(id) as id
      from compensation_runline
     where payee_id = %s and posted_period_id = %s and plan_id = %s and component = %s
       and (%s::timestamptz is null
            or run_id in (select id from compensation_calculationrun where created_at <= %s))
     group by hash having sum(sign) <> 0)
select net.id, net.times
  from net join compensation_runline line on line.id = net.id
  join compensation_payperiod earned on earned.id = line.earned_period_id
  left join compensation_creditevent event on event.id = line.event_id
 order by earned.number desc, event.date, event.key, line.kind, line.band, net.id
 limit %s offset %s
"""


def statement_lines(
    actor: Actor,
    payee_id: Any,
    period_id: Any,
    plan_id: Any,
    component: str,
    *,
    start: int = 0,
    as_of: datetime | None = None,
) -> tuple[Sequence[LineRow], bool]:
    """The lines of a component on a statement, as known at a moment (now), and whether there
    are more.

    They sum to the component's amount less what was adjusted by hand.
    """
    payee = get_payee(actor, payee_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _NET_LINES,
            [payee.pk, period_id, plan_id, component, as_of, as_of, LINES_AT_ONCE + 1, start],
        )
        found = cursor.fetchall()
    return line_rows(found[:LINES_AT_ONCE]), len(found) > LINES_AT_ONCE


def line_rows(found: Sequence[tuple[int, int]]) -> list[LineRow]:
    lines = RunLine.objects.select_related(
        "run__version", "event", "cause", "via", "earned_period", "posted_period"
    ).in_bulk([id_ for id_, _ in found])
    return [_line_row(lines[id_], int(times)) for id_, times in found]


def _line_row(row: RunLine, times: int) -> LineRow:
    plan = read_plan(row.run.version.text)
    component = plan.component(row.component)
    reward = component.reward if component is not None else None
    return LineRow(
        id=row.pk,
        title=LINE_TITLES.get(row.kind, row.kind),
        sentence=explain_line(plan, as_value(row)),
        amount=shorten_money(row.payout * times, row.run.currency),
        currency=row.run.currency,
        unit=reward.unit if reward is not None else "",
        earned=row.earned_period.label,
        is_prior=row.earned_period_id != row.posted_period_id,
        is_taken_back=times < 0,
        event=_event(row.event),
        via=row.via.name if row.via else "",
        role=row.role,
    )


def as_value(row: RunLine) -> Line:
    """A stored line as the engine's value, with the database's ids as names."""
    return Line(
        component=row.component,
        payee=str(row.payee_id),
        period=row.earned_period.number,
        kind=row.kind,
        payout=row.payout,
        event=str(row.event_id or ""),
        cause=str(row.cause_id or ""),
        via=str(row.via_id or ""),
        role=row.role,
        credit=row.credit,
        band=row.band,
        low=row.low,
        high=row.high,
        base=row.base,
        rate=row.rate,
        balance=row.balance,
    )


def _event(event: CreditEvent | None) -> dict[str, Any] | None:
    if event is None:
        return None
    return {
        "id": event.pk,
        "title": event.title or event.key,
        "kind": event.kind,
        "date": event.date,
        "amount": event.amount,
        "currency": event.currency,
    }


def line_detail(actor: Actor, line_id: Any) -> Detail:
    """What lies under a line; raises NotFound where the actor may not see the payee's pay."""
    row = (
        RunLine.objects.select_related(
            "run__version__plan", "event", "cause", "via", "earned_period", "posted_period", "payee"
        )
        .filter(visible_pay(actor), pk=line_id)
        .first()
    )
    if row is None:
        raise NotFound("This line does not exist, or you may not see it.")
    plan = read_plan(row.run.version.text)
    facts: list[tuple[str, Any]] = []
    splits: list[tuple[str, Decimal, str]] = []
    links: list[tuple[str, str]] = []
    if row.event is not None:
        facts = _event_facts(row, row.event)
        splits = [
            (split.user.name, split.share, split.role)
            for split in CreditSplit.objects.filter(event=row.event)
            .select_related("user")
            .order_by("-share", "user__name")
        ]
        links = links_of(row.event)
    return Detail(
        line=_line_row(row, 1),
        payee=row.payee,
        facts=facts,
        splits=splits,
        links=links,
        cause=_event(row.cause),
        cause_links=links_of(row.cause) if row.cause is not None else [],
        clause=clause_of(plan, row.component),
        version=row.run.version,
        plan=row.run.version.plan,
        period_id=row.posted_period_id,
        component=row.component,
        hold=hold_of_deal(row.event_id, row.payee_id) if row.event_id else None,
    )


def _event_facts(row: RunLine, event: CreditEvent) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        ("Event", event.title or event.key),
        ("Kind", event.kind.replace("_", " ")),
        ("Day", event.date),
    ]
    if row.via is not None:
        facts.append(("Credited to", row.via.name))
    if row.role:
        facts.append(("Role", row.role))
    return facts


def links_of(event: CreditEvent) -> list[tuple[str, str]]:
    """(label, address) of the records behind an event: the deal, its contract, the sealed
    envelope."""
    links = []
    slugs = {of.key: (of.label, of.slug) for of in object_types()}
    if event.object in slugs and event.record_id:
        label, slug = slugs[event.object]
        links.append((label, f"/{slug}/{event.record_id}"))
    for key in ("contract", "envelope"):
        record_id = event.attributes.get(f"{key}_id")
        if record_id and key in slugs and f"/{slugs[key][1]}/{record_id}" not in dict(links):
            label = "Sealed document" if key == "envelope" else slugs[key][0]
            links.append((label, f"/{slugs[key][1]}/{record_id}"))
    return links
