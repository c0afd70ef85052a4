"""Accounting over the API: policy, months, contract costs, accruals, the journal, payroll."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from dealwright.base.access.actor import Actor
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.api.schemas import DecimalText
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting import accruals, queries, rates, reconciliation, services
from dealwright.compensation.accounting.models import CostPolicy
from dealwright.compensation.accounting.reading import given_month
from dealwright.compensation.api_shapes import LongText, ShortText

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"
Figure = Annotated[Decimal, Field(max_digits=24, decimal_places=12)]
MonthText = Annotated[str, Query(max_length=7, description="A month such as 2027-01")]


class PolicyComponent(Given):
    """A component that is a cost of obtaining a contract."""

    plan: UUID
    component: Annotated[ShortText, Field(max_length=40)]
    commensurate: bool = False


class CostPolicyIn(Given):
    """How commissions are capitalised from a day on; ``tax_rate`` is a fraction."""

    starts_on: date
    components: list[PolicyComponent] = Field(max_length=500)
    months: int = Field(ge=1, le=600)
    basis: str = Field("fixed", max_length=7)
    expedient: bool = True
    convention: str = Field("month", max_length=5)
    method: str = Field("prospective", max_length=11)
    tax_rate: Figure = Decimal(0)
    note: Annotated[ShortText, Field(max_length=250)] = ""


class CostPolicyOut(Schema):
    """A policy and how many costs follow it."""

    id: UUID
    starts_on: date
    components: list[PolicyComponent]
    months: int
    basis: str
    expedient: bool
    convention: str
    method: str
    tax_rate: DecimalText
    note: str


class AccountingRunOut(Schema):
    """What bringing the journal up to date wrote."""

    month: date
    cost_count: int
    line_count: int


class CloseOut(Schema):
    """A sealed month."""

    month: date
    merkle_root: str
    line_count: int


class RollOut(Schema):
    """How contract costs moved in a month; ``month`` is its first day."""

    month: date
    currency: str
    opening: DecimalText
    addition: DecimalText
    amortisation: DecimalText
    impairment: DecimalText
    closing: DecimalText


class CostStepOut(Schema):
    """One month of a cost."""

    month: date
    opening: DecimalText
    commission: DecimalText
    tax: DecimalText
    amortisation: DecimalText
    impairment: DecimalText
    closing: DecimalText


class CostOut(Schema):
    """What one component pays one payee for a deal, month by month to its end."""

    id: UUID
    payee_id: UUID
    payee: str
    plan_id: UUID
    component: str
    currency: str
    starts_on: date
    months: int
    because: str
    is_expensed: bool
    steps: list[CostStepOut]


class ScheduleOut(Schema):
    """A deal's costs; months after ``posted_until`` are expected."""

    event_id: UUID
    title: str
    posted_until: date
    closed_through: date
    is_stale: bool
    costs: list[CostOut]


class AccruedOut(Schema):
    """What a payee is owed of a plan at the end of a month; ``held`` of it is not payable yet."""

    payee_id: UUID
    payee: str
    plan_id: UUID | None
    plan: str
    cost_centre: str
    currency: str
    amount: DecimalText
    held: DecimalText


class JournalLineOut(Schema):
    """One leg of an entry; debits are positive."""

    id: UUID
    entry: UUID
    kind: str
    month: date
    account: str
    amount: DecimalText
    currency: str
    cost_centre: str
    payee_id: UUID
    plan_id: UUID | None
    cost_id: UUID | None


class RateIn(Given):
    """One unit of ``base`` is ``rate`` units of ``quote`` from a day on; type spot or plan."""

    base: str = Field(max_length=3, min_length=3)
    quote: str = Field(max_length=3, min_length=3)
    rate: Figure
    starts_on: date
    type: str = Field("spot", max_length=4)
    source: Annotated[ShortText, Field(max_length=120)] = ""


class MatchOut(Schema):
    """One person of a payment: expected, paid, and how a difference was settled."""

    key: str
    payee_id: UUID | None
    name: str
    currency: str
    expected: DecimalText
    paid: DecimalText
    difference: DecimalText
    state: str
    settled: str


class ReturnIn(Given):
    """Payroll's CSV as text."""

    name: ShortText = "payroll.csv"
    content: str = Field(max_length=5_000_000)


class SettleIn(Given):
    """How a difference is settled: carried (posted) or explained (with a note)."""

    key: Annotated[str, Field(max_length=400)]
    kind: str = Field(max_length=9)
    note: LongText = ""


def _manager(request: HttpRequest, scope: str) -> Actor:
    actor = require_scope(request, scope)
    require_pay_manager(actor)
    return actor


@router.get(
    "/compensation/accounting/policies",
    response=list[CostPolicyOut],
    operation_id="list_cost_policies",
    summary="How commissions are capitalised, the latest policy first",
)
def read_policies(request: HttpRequest) -> HttpResponse:
    _manager(request, READ)
    return as_json([_policy_out(row) for row in queries.policy_rows()])


@router.put(
    "/compensation/accounting/policies",
    response=CostPolicyOut,
    operation_id="set_cost_policy",
    summary="State how commissions are capitalised from a day on",
)
def write_policy(request: HttpRequest, body: CostPolicyIn) -> HttpResponse:
    policy = services.set_policy(require_scope(request, WRITE), **body.dict())
    return as_json(_policy_out(policy))


@router.post(
    "/compensation/accounting/months/{month}/run",
    response=AccountingRunOut,
    operation_id="run_accounting_month",
    summary="Bring the journal up to the truth as far as a month",
)
def write_run(request: HttpRequest, month: str) -> HttpResponse:
    run = services.run_month(require_scope(request, WRITE), given_month(month))
    return as_json({"month": run.month, "cost_count": run.cost_count, "line_count": run.line_count})


@router.post(
    "/compensation/accounting/months/{month}/close",
    response=CloseOut,
    operation_id="close_accounting_month",
    summary="Seal a month and every open one before it",
)
def write_close(request: HttpRequest, month: str) -> HttpResponse:
    row = services.close_month(require_scope(request, WRITE), given_month(month))
    return as_json(
        {"month": row.month, "merkle_root": row.merkle_root, "line_count": row.line_count}
    )


@router.get(
    "/compensation/accounting/roll-forward",
    response=list[RollOut],
    operation_id="read_cost_roll_forward",
    summary="How contract costs moved in the twelve months that end with one",
)
def read_roll(request: HttpRequest, month: MonthText) -> HttpResponse:
    _manager(request, READ)
    rows = queries.roll_forward(*queries.year_of(given_month(month)))
    return as_json([_values(row, RollOut) for row in rows])


@router.get(
    "/compensation/accounting/deals/{uuid:event_id}",
    response=ScheduleOut,
    operation_id="read_cost_schedule",
    summary="A deal's contract costs month by month, to their end",
)
def read_schedule(request: HttpRequest, event_id: UUID) -> HttpResponse:
    _manager(request, READ)
    found = queries.deal_schedule(event_id)
    return as_json(
        {
            "event_id": found.event.pk,
            "title": found.event.title or found.event.key,
            "posted_until": found.posted_until,
            "closed_through": found.closed_through,
            "is_stale": found.is_stale,
            "costs": [_cost_out(each) for each in found.costs],
        }
    )


@router.get(
    "/compensation/accounting/accruals",
    response=list[AccruedOut],
    operation_id="list_accruals",
    summary="What is earned and unpaid at the end of a month",
)
def read_accruals(request: HttpRequest, month: MonthText) -> HttpResponse:
    _manager(request, READ)
    return as_json([_values(row, AccruedOut) for row in accruals.accrued(given_month(month))])


@router.get(
    "/compensation/accounting/journal",
    response=list[JournalLineOut],
    operation_id="list_journal_lines",
    summary="The journal lines of a month, at most 500 from `start`",
)
def read_journal(
    request: HttpRequest,
    month: MonthText,
    start: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
) -> HttpResponse:
    _manager(request, READ)
    rows, _more = queries.journal_lines(given_month(month), start=start, limit=500)
    return as_json([_values(row, JournalLineOut) for row in rows])


@router.put(
    "/compensation/accounting/rates",
    response=int,
    operation_id="state_pay_rates",
    summary="State exchange rates, all or none; returns how many",
)
def write_rates(request: HttpRequest, body: list[RateIn]) -> HttpResponse:
    actor = _manager(request, WRITE)
    return as_json(rates.state_rates(actor, [each.dict() for each in body]))


@router.get(
    "/compensation/accounting/payments/{uuid:batch_id}",
    response=list[MatchOut],
    operation_id="list_payment_matches",
    summary="What a payment said and what payroll paid, person by person",
)
def read_matches(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    _manager(request, READ)
    return as_json(_matches_out(batch_id))


@router.post(
    "/compensation/accounting/payments/{uuid:batch_id}/returns",
    response=list[MatchOut],
    operation_id="upload_payroll_return",
    summary="Take in what payroll paid (CSV)",
)
def write_return(request: HttpRequest, batch_id: UUID, body: ReturnIn) -> HttpResponse:
    actor = _manager(request, WRITE)
    reconciliation.upload_return(actor, batch_id, name=body.name, content=body.content.encode())
    return as_json(_matches_out(batch_id))


@router.post(
    "/compensation/accounting/payments/{uuid:batch_id}/differences",
    response=list[MatchOut],
    operation_id="settle_payment_difference",
    summary="Carry or explain a difference",
)
def write_difference(request: HttpRequest, batch_id: UUID, body: SettleIn) -> HttpResponse:
    actor = _manager(request, WRITE)
    if body.kind == "carried":
        reconciliation.carry_difference(actor, batch_id, body.key)
    else:
        reconciliation.explain_difference(actor, batch_id, body.key, body.note)
    return as_json(_matches_out(batch_id))


@router.post(
    "/compensation/accounting/payments/{uuid:batch_id}/reconcile",
    response=list[MatchOut],
    operation_id="reconcile_payment",
    summary="Say that a payment and payroll agree",
)
def write_reconciled(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    reconciliation.reconcile_batch(_manager(request, WRITE), batch_id)
    return as_json(_matches_out(batch_id))


def _policy_out(row: CostPolicy) -> dict[str, Any]:
    return _values(row, CostPolicyOut)


def _cost_out(each: queries.CostSchedule) -> dict[str, Any]:
    cost = each.cost
    names = [name for name in CostOut.model_fields if name not in ("payee", "steps")]
    return {name: getattr(cost, name) for name in names} | {
        "payee": cost.payee.name,
        "steps": [_values(step, CostStepOut) for step in each.steps if not step.is_empty],
    }


def _matches_out(batch_id: UUID) -> Sequence[dict[str, Any]]:
    return [
        {
            "key": each.key,
            "payee_id": each.payee.pk if each.payee else None,
            "name": each.payee.name if each.payee else each.given,
            "currency": each.currency,
            "expected": each.expected,
            "paid": each.paid,
            "difference": each.difference,
            "state": each.state,
            "settled": each.settled.kind if each.settled else "",
        }
        for each in reconciliation.matches_of(reconciliation.get_batch(batch_id))
    ]


def _values(row: Any, schema: type[Schema]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schema.model_fields}
