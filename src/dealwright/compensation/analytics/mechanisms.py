"""Which mechanisms earn their place: what each component pays, and whether SPIFs sold more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.compensation.analytics.facts import Paid, targets, variable_pay
from dealwright.compensation.analytics.grouping import pay_table
from dealwright.compensation.analytics.report import Cell, Column, Figure, Report, Table
from dealwright.compensation.analytics.scope import PlanFacts, Scope, Terms
from dealwright.compensation.analytics.statistics import CENT, ratio
from dealwright.compensation.calculation.snapshot import field_value
from dealwright.compensation.credits.models import CreditEvent, CreditSplit
from dealwright.compensation.plans.definition import Earning, Plan, Rated
from dealwright.compensation.plans.expressions import PAYEE_COLUMNS, evaluate

Behind = dict[str, Callable[[], Table]]
MOST_EVENTS = 50_000  # of all SPIF windows together


def report(scope: Scope) -> Report:
    """Components with what they pay, small ones marked; SPIFs against the weeks before."""
    paid = variable_pay(scope)
    behind: Behind = {}
    components = _components(scope, paid, behind)
    small = [row for row in components.rows if row[6].value]
    spifs = _spif_table(scope, paid, behind)
    behind["small"] = lambda: Table(
        "rows", _("Small components"), components.columns, small, total=len(small)
    )
    behind["all"] = lambda: components
    return Report(
        figures=[
            Figure("components", _("Components"), len(components.rows), opens="all"),
            Figure(
                "small",
                _("Pay under %(at)s") % {"at": f"{(scope.at('small') * 100).normalize():f}%"},
                len(small),
                help=_("of their plan's pay, or of target"),
                opens="small",
            ),
        ],
        tables=[components, spifs],
        definitions=[
            _(
                "A component is small where it pays less than the given part of its plan's "
                "variable pay, or of the target pay of the plan's people."
            ),
            _(
                "A SPIF's uplift is what its deals brought in its days less what deals of the same "
                "kind brought in as many days just before. Cannibalised is what all other deals "
                "of its people fell short of those days; moved is what its deals fell short in as "
                "many days just after, once these are over and anything was sold in them. Only "
                "amounts in the plan's currency count."
            ),
        ],
        behind=behind,
    )


def _components(scope: Scope, paid: list[Paid], behind: Behind) -> Table:
    goals: dict[UUID, Decimal] = defaultdict(Decimal)
    for (plan_id, _person), goal in targets(scope).items():
        goals[plan_id] += goal
    rows: list[list[Cell]] = []
    for plan in scope.plans.values():
        own = [each for each in paid if each.plan_id == plan.id]
        whole = sum((each.amount for each in own), Decimal(0))
        for component in _paying(plan, own):
            mine = [each for each in own if each.component == component]
            amount = sum((each.amount for each in mine), Decimal(0))
            of_pay, of_target = ratio(amount, whole), ratio(amount, goals[plan.id])
            key = f"component-{len(rows)}"
            behind[key] = _pay_behind(scope, plan.label(component), mine)
            is_small = any(
                each is not None and each < scope.at("small") for each in (of_pay, of_target)
            )
            rows.append(
                [
                    Cell(plan.label(component), opens=key),
                    Cell(plan.name, f"/compensation/plans/{plan.id}"),
                    Cell(amount, opens=key),
                    Cell(len({each.person_id for each in mine if each.amount}), opens=key),
                    Cell(of_pay, opens=key),
                    Cell(of_target, opens=key),
                    Cell(_("Small") if is_small else ""),
                ]
            )
    return Table(
        "components",
        _("What each component pays"),
        [
            Column("component", _("Component")),
            Column("plan", _("Plan")),
            Column("pay", _("Variable pay"), "money"),
            Column("payees", _("Payees"), "number"),
            Column("of_pay", _("Of the plan's pay"), "percent"),
            Column("of_target", _("Of target"), "percent"),
            Column("small", _("Use")),
        ],
        rows,
        total=len(rows),
    )


def _paying(plan: PlanFacts, own: list[Paid]) -> list[str]:
    """Earning components of variable pay in the plan's order, then whatever else was paid."""
    known = [
        key
        for key, each in plan.components.items()
        if isinstance(each, Earning) and key not in plan.not_variable
    ]
    return known + sorted({each.component for each in own} - set(known))


def _pay_behind(scope: Scope, title: str, paid: list[Paid]) -> Callable[[], Table]:
    return lambda: pay_table(
        scope,
        title,
        [(e.plan_id, e.person_id, e.period_id, e.component, e.amount) for e in paid],
    )


@dataclass(slots=True)
class Spif:
    """A SPIF of a plan between two days, and what was sold before, in and after them."""

    plan: PlanFacts
    text: Plan
    component: Rated
    starts: date
    ends: date
    sold: dict[str, Decimal]
    events: dict[str, list[tuple[dict[str, Any], Decimal]]]

    @property
    def days(self) -> int:
        return (self.ends - self.starts).days + 1

    def part_of(self, day: date) -> str:
        """ "before", "in" or "after", "" for any other day."""
        length = timedelta(days=self.days)
        if self.starts <= day <= self.ends:
            return "in"
        if self.starts - length <= day < self.starts:
            return "before"
        return "after" if self.ends < day <= self.ends + length else ""

    @property
    def is_over(self) -> bool:
        """Whether the days just after are over as well."""
        return self.ends + timedelta(days=self.days) < timezone.localdate()


def _spifs(scope: Scope) -> list[Spif]:
    """The SPIFs with days of their own that fall into the range."""
    found: dict[tuple[UUID, str], Spif] = {}
    for plan in scope.plans.values():
        for text in plan.texts:
            for each in text.components:
                if not isinstance(each, Rated) or each.kind != "spif" or each.reward is not None:
                    continue
                starts, ends = each.basis.starts, each.basis.ends
                if starts is None or ends is None or starts > scope.last or ends < scope.first:
                    continue
                found[plan.id, each.id] = Spif(
                    plan, text, each, starts, ends, defaultdict(Decimal), defaultdict(list)
                )
    return list(found.values())


def _spif_table(scope: Scope, paid: list[Paid], behind: Behind) -> Table:
    spifs = _spifs(scope)
    if spifs:
        _sell(scope, spifs)
    rows = []
    for place, spif in enumerate(spifs):
        cost = sum(
            (
                each.amount
                for each in paid
                if each.plan_id == spif.plan.id and each.component == spif.component.id
            ),
            Decimal(0),
        )
        sold = spif.sold
        uplift = sold["in"] - sold["before"]
        other = max(sold["other before"] - sold["other in"], Decimal(0))
        moved = None
        if spif.is_over and (sold["after"] or sold["other after"]):
            moved = max(sold["before"] - sold["after"], Decimal(0))
        keys = {part: f"spif-{place}-{part.replace(' ', '-')}" for part in _PARTS}
        for part, key in keys.items():
            behind[key] = _events_behind(
                scope, f"{spif.component.label}: {_(_PARTS[part])}", spif, part
            )
        rows.append(
            [
                Cell(spif.component.label, f"/compensation/plans/{spif.plan.id}"),
                Cell(spif.starts),
                Cell(spif.ends),
                Cell(cost),
                Cell(sold["in"], opens=keys["in"]),
                Cell(sold["before"], opens=keys["before"]),
                Cell(uplift, opens=keys["in"]),
                Cell(ratio(uplift, sold["before"]), opens=keys["before"]),
                Cell(other, opens=keys["other in"]),
                Cell(moved, opens=keys["after"] if moved is not None else ""),
            ]
        )
    return Table(
        "spifs",
        _("SPIFs against the days before"),
        [
            Column("spif", _("SPIF")),
            Column("from", _("From"), "date"),
            Column("to", _("To"), "date"),
            Column("pay", _("Paid"), "money"),
            Column("sold", _("Sold in it"), "money"),
            Column("before", _("As many days before"), "money"),
            Column("uplift", _("Uplift"), "money"),
            Column("uplift_share", _("Of before"), "percent"),
            Column("cannibalised", _("Cannibalised"), "money"),
            Column("moved", _("Moved from after"), "money"),
        ],
        rows,
        total=len(rows),
    )


_PARTS: Mapping[str, str] = {
    "in": "sold in it",
    "before": "sold before",
    "after": "sold after",
    "other in": "other deals in it",
    "other before": "other deals before",
}


def _sell(scope: Scope, spifs: list[Spif]) -> None:
    """Put every event around the SPIFs to its part: of the SPIF's kind, or another."""
    first = min(each.starts - timedelta(days=each.days) for each in spifs)
    last = max(each.ends + timedelta(days=each.days) for each in spifs)
    kinds = {
        kind for each in spifs for kind in each.text.measures[each.component.basis.measure].kinds
    }
    splits = CreditSplit.objects.filter(
        user_id__in=scope.person_ids,
        kind="direct",
        event__voided_at__isnull=True,
        event__date__range=(first, last),
        event__kind__in=kinds,
        event__currency=scope.currency,
    ).select_related("event", "user")
    single = CreditEvent.objects.filter(
        payee_id__in=scope.person_ids,
        splits__isnull=True,
        voided_at__isnull=True,
        date__range=(first, last),
        kind__in=kinds,
        currency=scope.currency,
    ).select_related("payee")
    shares = [
        (each.event, each.user, each.share, each.role)
        for each in splits.order_by("event__date", "event__key")[:MOST_EVENTS]
    ] + [(each, each.payee, Decimal(1), "") for each in single[:MOST_EVENTS]]
    terms: dict[tuple[UUID, UUID], list[Terms]] = defaultdict(list)
    for each in scope.terms:
        terms[each.plan_id, each.person_id].append(each)
    for event, user, share, role in shares:
        amount = (event.amount * share).quantize(CENT, rounding=ROUND_HALF_UP)
        for spif in spifs:
            part = spif.part_of(event.date)
            held = next(
                (
                    each
                    for each in terms.get((spif.plan.id, user.pk), ())
                    if each.starts_on <= event.date
                    and (each.ends_on is None or event.date <= each.ends_on)
                ),
                None,
            )
            if not part or held is None:
                continue
            payee = {"region": user.region, "job_title": user.job_title, **held.fields}
            if not _counts(spif, event, payee, share, role):
                part = f"other {part}"
            spif.sold[part] += amount
            if part in _PARTS:
                spif.events[part].append(
                    ({"event": event, "person_id": user.pk, "name": user.name}, amount)
                )


def _counts(
    spif: Spif, event: CreditEvent, payee: Mapping[str, Any], share: Decimal, role: str
) -> bool:
    """Whether an event is of the SPIF's kind, whatever its day."""
    measure = spif.text.measures[spif.component.basis.measure]
    if event.kind not in measure.kinds:
        return False
    values = dict(_values(spif.text, event))
    if measure.when is not None and evaluate(measure.when, values) is not True:
        return False
    kinds = {**dict.fromkeys(PAYEE_COLUMNS, "text"), **spif.text.payee_fields}
    values |= {f"payee.{name}": field_value(kind, payee.get(name)) for name, kind in kinds.items()}
    values |= {"credit": event.amount * share, "share": share, "role": role}
    return all(
        condition is None or evaluate(condition, values) is True
        for condition in (spif.component.basis.when, spif.component.payees)
    )


def _values(text: Plan, event: CreditEvent) -> Iterator[tuple[str, Any]]:
    """What an expression reads of an event."""
    yield from (("id", event.key), ("event_id", event.key))
    for name in ("kind", "date", "amount", "currency", "quantity", "cost"):
        yield name, getattr(event, name)
    yield "payee", str(event.payee_id or "")
    yield "reference", str(event.reference_id or "")
    for name, kind in text.fields.items():
        yield name, field_value(kind, event.attributes.get(name))


def _events_behind(scope: Scope, title: str, spif: Spif, part: str) -> Callable[[], Table]:
    return lambda: Table(
        "rows",
        title,
        [
            Column("event", _("Deal")),
            Column("day", _("Day"), "date"),
            Column("name", _("Credited to")),
            Column("amount", _("Credited"), "money"),
        ],
        [
            [
                Cell(
                    row["event"].title or row["event"].key,
                    f"/opportunities/{row['event'].record_id}"
                    if row["event"].object == "opportunity"
                    else "",
                ),
                Cell(row["event"].date),
                Cell(row["name"], scope.statement_url(row["person_id"])),
                Cell(amount),
            ]
            for row, amount in sorted(
                spif.events[part], key=lambda each: (each[0]["event"].date, each[0]["event"].key)
            )[:500]
        ],
        total=len(spif.events[part]),
    )
