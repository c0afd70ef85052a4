"""The rows of a payroll file: who is paid what of a period, whole or by component."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from dealwright.base.people.models import User
from dealwright.compensation.accounting.journal import cost_centres
from dealwright.compensation.accounting.payroll_layouts import (
    Layout,
    PayrollFacts,
    PayrollRow,
    from_stored,
    render,
)
from dealwright.compensation.accounting.payroll_models import EmployeeNumber, PayrollLayout
from dealwright.compensation.holds.queries import Held
from dealwright.compensation.ledger.models import Account, PaymentBatch, Posting
from dealwright.compensation.ledger.payroll import payroll_csv
from dealwright.compensation.ledger.queries import counted_for
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.definition import Component
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan

Due = Sequence[Mapping[str, Any]]  # as ``ledger.services.balances_to_pay`` gives it
ZERO = Decimal(0)


def payroll_file(
    period: PayPeriod, batch: PaymentBatch, due: Due, held: Sequence[Held] = ()
) -> bytes:
    """The file of a batch in the layout in use, else the plain one."""
    row = PayrollLayout.objects.filter(in_use_since__isnull=False).first()
    if row is None:
        return payroll_csv(period, batch, due, held)
    layout = from_stored(row.definition)
    facts = PayrollFacts(
        period.label, period.starts_on, period.ends_on, batch.paid_at.date(), str(batch.pk)
    )
    return render(layout, facts, payroll_rows(layout, period, due, batch))


def payroll_rows(
    layout: Layout, period: PayPeriod, due: Due, batch: PaymentBatch | None = None
) -> list[PayrollRow]:
    """The rows of what is due; with ``per: component`` those of a person sum to the whole."""
    ids = [row["payee_id"] for row in due]
    people = User.objects.in_bulk(ids)
    numbers = dict(EmployeeNumber.objects.filter(user_id__in=ids).values_list("user_id", "number"))
    centres = cost_centres()
    parts = _parts(period, due, batch) if layout.per == "component" else {}
    rows = []
    for each in due:
        user = people[each["payee_id"]]
        shared = {
            "payee_id": user.pk,
            "name": user.name,
            "email": user.email,
            "number": numbers.get(user.pk, ""),
            "job_title": user.job_title,
            "region": user.region,
            "cost_centre": centres.get(user.pk, ""),
            "currency": each["currency"],
        }
        if layout.per == "payee":
            rows.append(PayrollRow(**shared, amount=each["balance"]))
        else:
            rows += [
                PayrollRow(**shared, **part) for part in parts[user.pk, each["currency"]] if part
            ]
    return rows


def _parts(
    period: PayPeriod, due: Due, batch: PaymentBatch | None
) -> dict[tuple[UUID, str], list[dict[str, Any]]]:
    """What is due by component: what was posted since the payee was paid last, and what else
    was carried along, so that the parts sum to the whole."""
    earlier = _paid_before(period, due, batch)
    found: dict[tuple[UUID, str], dict[tuple[Any, str, str], Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    for last, payees in earlier.items():
        rows = Posting.objects.filter(
            counted_for(period), account=Account.PAYABLE, payee_id__in=payees
        ).exclude(kind=Posting.Kind.PAYMENT)
        if last is not None:
            paid_by_then = Q(created_at__lte=last.created_at) & counted_for(last.period)
            rows = rows.exclude(pk__in=rows.filter(paid_by_then).values("pk"))
        for payee_id, currency, plan_id, component, kind, amount in rows.values_list(
            "payee_id", "currency", "plan_id", "component", "kind"
        ).annotate(sum=-Sum("amount")):
            special = {
                Posting.Kind.ADJUSTMENT: "adjustment",
                Posting.Kind.HOLD: "hold",
                Posting.Kind.RELEASE: "hold",
            }.get(kind, "")
            found[payee_id, currency][plan_id, component, special] += amount
    named = _components()
    parts: dict[tuple[UUID, str], list[dict[str, Any]]] = {}
    for each in due:
        key = each["payee_id"], each["currency"]
        own: list[dict[str, Any]] = []
        for (plan_id, component, special), amount in found.get(key, {}).items():
            plan, label, kind = named.get((plan_id, component), ("", component, ""))
            own.append(
                {
                    "component": "" if special else component,
                    "label": label,
                    "kind": special or kind,
                    "plan": plan,
                    "amount": amount,
                }
            )
        rest = each["balance"] - sum((part["amount"] for part in own), ZERO)
        own.append({"kind": "carried", "label": "Carried on", "amount": rest})
        own = [part for part in own if part["amount"]]
        parts[key] = sorted(own, key=lambda part: (str(part.get("plan", "")), part["label"]))
    return parts


def _paid_before(
    period: PayPeriod, due: Due, batch: PaymentBatch | None
) -> dict[PaymentBatch | None, list[UUID]]:
    """The last payment of each payee before this one, and whose it was."""
    rows = Posting.objects.filter(
        kind=Posting.Kind.PAYMENT,
        account=Account.CASH,
        payee_id__in=[row["payee_id"] for row in due],
        posted_period__calendar=period.calendar,
        posted_period__fiscal_year_starts=period.fiscal_year_starts,
    )
    if batch is not None:
        rows = rows.exclude(batch=batch)
    latest = dict(rows.order_by("batch__created_at").values_list("payee_id", "batch"))
    batches = PaymentBatch.objects.select_related("period").in_bulk(set(latest.values()))
    found: dict[PaymentBatch | None, list[UUID]] = defaultdict(list)
    for row in due:
        last = latest.get(row["payee_id"])
        found[batches[last] if last else None].append(row["payee_id"])
    return found


def _components() -> dict[tuple[UUID, str], tuple[str, str, str]]:
    """(plan, component) -> plan's name, label, kind."""
    found: dict[tuple[UUID, str], tuple[str, str, str]] = {}
    for plan in CompensationPlan.objects.prefetch_related("versions"):
        for version in sorted(plan.versions.all(), key=lambda each: each.number):
            if version.activated_at is not None:
                for each in read_plan(version.text).components:
                    found[plan.pk, each.id] = (plan.name, each.label, kind_of(each))
    return found


def kind_of(component: Component) -> str:
    """What a component is, as pay codes name it."""
    return type(component).__name__.lower()


def component_ids() -> set[str]:
    """Every component that pay codes can name."""
    return {component for _, component in _components()}
