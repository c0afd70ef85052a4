"""Running pay over the API: events in, periods through their states."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from dealwright.base.access.actor import change
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.api.schemas import DecimalText
from dealwright.base.errors import Invalid, NotFound
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.api_shapes import (
    CalculationRunOut,
    CreditEventOut,
    KeyText,
    PeriodOut,
    PeriodTotalOut,
    ShortText,
    money_out,
    period_out,
)
from dealwright.compensation.calculation.comparison import compare_runs
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.calculation.services import Cause, calculate_period, recalculate_for
from dealwright.compensation.credits.services import (
    Recorded,
    Share,
    upsert_event,
    void_event,
)
from dealwright.compensation.ledger.services import pay_period
from dealwright.compensation.periods import queries, services
from dealwright.compensation.statements.queries import get_period

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"
MOST_EVENTS = 500
Figure = Annotated[Decimal, Field(max_digits=20, decimal_places=6)]


class ShareIn(Given):
    """A payee's fraction of an event; direct ones sum to 1."""

    user: UUID
    share: Figure
    role: Annotated[ShortText, Field(max_length=80)] = ""
    kind: str = Field("direct", max_length=7)


class EventIn(Given):
    """An event by the source's own key; sending it again corrects it."""

    key: KeyText
    kind: Annotated[ShortText, Field(min_length=1, max_length=40)] = "booking"
    date: date
    amount: Figure = Decimal(0)
    currency: str = Field(max_length=3, min_length=3)
    quantity: Figure = Decimal(1)
    cost: Figure = Decimal(0)
    title: ShortText = ""
    payee: UUID | None = None
    reference: Annotated[ShortText, Field(max_length=200)] = ""
    attributes: dict[str, Any] = Field(default_factory=dict)
    splits: list[ShareIn] = Field(default_factory=list, max_length=100)


class VoidIn(Given):
    """Which event counts no longer."""

    key: KeyText


@router.put(
    "/compensation/events",
    response=list[CreditEventOut],
    operation_id="upsert_compensation_events",
    summary="Record or correct events, by their keys, and bring statements up to them",
    description="All or none: 422 names the entry that is wrong.",
)
def write_events(request: HttpRequest, body: list[EventIn]) -> HttpResponse:
    actor = require_scope(request, WRITE)
    require_pay_manager(actor)
    if len(body) > MOST_EVENTS:
        raise Invalid(f"At most {MOST_EVENTS} events at a time.")
    _refuse_doubles(body)
    answers = []
    with change(actor):
        for number, each in enumerate(body):
            try:
                recorded = upsert_event(
                    actor,
                    key=each.key,
                    kind=each.kind,
                    on=each.date,
                    amount=each.amount,
                    currency=each.currency,
                    quantity=each.quantity,
                    cost=each.cost,
                    title=each.title,
                    payee_id=each.payee,
                    reference=each.reference,
                    attributes=_attributes(each.attributes),
                    splits=[
                        Share(share.user, share.share, share.role, share.kind)
                        for share in each.splits
                    ],
                )
                recalculate_for(actor, recorded, Cause(f"Recorded: {each.title or each.key}"))
            except Invalid as error:
                fields = {f"{number}.{key}": said for key, said in error.fields.items()}
                raise Invalid(
                    f"Event {number + 1} (“{each.key}”): {error.message}",
                    code=error.code,
                    fields=fields,
                ) from error
            answers.append(_event_out(recorded))
    return as_json(answers)


def _refuse_doubles(body: list[EventIn]) -> None:
    first: dict[str, int] = {}
    for number, each in enumerate(body):
        if each.key in first:
            said = f"The event “{each.key}” stands twice: as {first[each.key] + 1} as well."
            raise Invalid(f"Event {number + 1}: {said}", fields={f"{number}.key": [said]})
        first[each.key] = number


@router.post(
    "/compensation/events/void",
    response=CreditEventOut,
    operation_id="void_compensation_event",
    summary="Take an event back; statements follow",
)
def write_void(request: HttpRequest, body: VoidIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    require_pay_manager(actor)
    with change(actor):
        recorded = void_event(actor, body.key)
        if recorded is None:
            raise NotFound("There is no event with this key.")
        recalculate_for(actor, recorded, Cause(f"Taken back: {recorded.event.title or body.key}"))
        return as_json(_event_out(recorded))


def _attributes(given: dict[str, Any]) -> dict[str, Any]:
    """Flat values only: what a plan's fields can read."""
    if len(given) > 60:
        raise Invalid("At most 60 attributes.", fields={"attributes": ["At most 60."]})
    for key, value in given.items():
        text = value if isinstance(value, str) else ""
        if isinstance(value, dict | list) or "\x00" in key + text or len(text) > 1000:
            said = "Attributes are texts, numbers, dates, true or false."
            raise Invalid(said, fields={"attributes": [said]})
    return given


def _event_out(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    return {
        "id": event.pk,
        "key": event.key,
        "kind": event.kind,
        "date": event.date,
        "amount": event.amount,
        "currency": event.currency,
        "version": event.version,
        "voided": event.voided_at is not None,
        "changed": recorded.changed,
        "notes": queries.notes_on_closed(recorded.days if recorded.changed else ()),
    }


@router.get(
    "/compensation/periods",
    response=list[PeriodTotalOut],
    operation_id="list_pay_periods",
    summary="Pay periods with their totals",
)
def read_periods(request: HttpRequest) -> HttpResponse:
    actor = require_scope(request, READ)
    require_pay_manager(actor)
    return as_json(
        [
            period_out(row.period) | {"payees": row.payees, "totals": money_out(row.totals)}
            for row in queries.list_periods()
        ]
    )


@router.get(
    "/compensation/periods/{uuid:period_id}",
    response=PeriodOut,
    operation_id="get_pay_period",
    summary="One pay period",
)
def read_period(request: HttpRequest, period_id: UUID) -> HttpResponse:
    require_scope(request, READ)
    return as_json(period_out(get_period(period_id)))


@router.post(
    "/compensation/periods/{uuid:period_id}/calculate",
    response=list[CalculationRunOut],
    operation_id="calculate_pay_period",
    summary="Calculate a period for everybody",
)
def write_calculate(request: HttpRequest, period_id: UUID) -> HttpResponse:
    runs = calculate_period(require_scope(request, WRITE), period_id)
    return as_json([_run_out(run) for run in runs])


_STEPS = {
    "submit": (services.submit_period, "Freeze a calculated period for approval"),
    "return": (services.return_period, "Send a period back to calculated"),
    "approve": (services.approve_period, "Approve what another person submitted"),
    "close": (services.close_period, "Seal an approved period for ever"),
}


def _add_step(name: str) -> None:
    service, summary = _STEPS[name]

    @router.post(
        f"/compensation/periods/{{uuid:period_id}}/{name}",
        response=PeriodOut,
        operation_id=f"{name}_pay_period",
        summary=summary,
    )
    def step(request: HttpRequest, period_id: UUID) -> HttpResponse:
        return as_json(period_out(service(require_scope(request, WRITE), period_id)))


for _name in _STEPS:
    _add_step(_name)


class PayPaymentOut(Schema):
    """A payroll file was made; download it at ``/files/<file_id>``."""

    batch_id: UUID
    payee_count: int
    file_id: UUID


@router.post(
    "/compensation/periods/{uuid:period_id}/pay",
    response=PayPaymentOut,
    operation_id="pay_pay_period",
    summary="Mark what a period owes as paid and make the payroll file",
)
def write_pay(request: HttpRequest, period_id: UUID) -> HttpResponse:
    batch = pay_period(require_scope(request, WRITE), period_id)
    return as_json(
        {"batch_id": batch.pk, "payee_count": batch.payee_count, "file_id": batch.file_id}
    )


@router.get(
    "/compensation/runs",
    response=list[CalculationRunOut],
    operation_id="list_compensation_runs",
    summary="Calculations, the newest first",
)
def read_runs(
    request: HttpRequest, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> HttpResponse:
    actor = require_scope(request, READ)
    require_pay_manager(actor)
    rows = CalculationRun.objects.select_related("version").order_by("-id")[:limit]
    return as_json([_run_out(run) for run in rows])


@router.get(
    "/compensation/runs/{uuid:run_id}",
    response=CalculationRunOut,
    operation_id="get_compensation_run",
    summary="One calculation with its hashes",
)
def read_run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    actor = require_scope(request, READ)
    require_pay_manager(actor)
    run = CalculationRun.objects.select_related("version").filter(pk=run_id).first()
    if run is None:
        raise NotFound("This calculation does not exist.")
    return as_json(_run_out(run))


class RunDifferenceOut(Schema):
    """What a component came to for a payee and period after either run."""

    payee_id: UUID
    payee: str
    period_id: UUID
    period: str
    component: str
    before: DecimalText
    after: DecimalText


class ComparisonOut(Schema):
    """Two runs in the order of time; ``rows`` are the largest of ``count`` differences."""

    before: CalculationRunOut
    after: CalculationRunOut
    count: int
    delta: DecimalText
    rows: list[RunDifferenceOut]


@router.get(
    "/compensation/runs/{uuid:run_id}/compare/{uuid:other_id}",
    response=ComparisonOut,
    operation_id="compare_compensation_runs",
    summary="What is different between what two calculations knew",
)
def read_comparison(request: HttpRequest, run_id: UUID, other_id: UUID) -> HttpResponse:
    found = compare_runs(require_scope(request, READ), run_id, other_id)
    return as_json(
        {
            "before": _run_out(found.before),
            "after": _run_out(found.after),
            "count": found.count,
            "delta": found.delta,
            "rows": [asdict(row) for row in found.rows],
        }
    )


def _run_out(run: CalculationRun) -> dict[str, Any]:
    names = (
        "cause", "starts_on", "ends_on", "plan_hash", "input_hash", "result_hash", "engine",
        "line_count", "total", "delta_count", "delta", "currency", "created_at",
    )  # fmt: skip
    return {name: getattr(run, name) for name in names} | {
        "id": run.pk,
        "plan_id": run.version.plan_id,
        "version": run.version.number,
    }
