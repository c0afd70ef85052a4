"""Acceptance of plans over the API."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.compensation.acceptance import services
from dealwright.compensation.acceptance.queries import AcceptanceRow, acceptance_rows
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.plans.queries import get_version

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"


class AcceptanceOut(Schema):
    """A payee and how far acceptance of the version is: ``state`` is not_sent, sent, viewed,
    accepted, declined, lapsed or superseded."""

    payee_id: UUID
    payee: str
    state: str
    envelope_id: UUID | None
    version_hash: str
    sealed_sha256: str
    asked_at: datetime | None
    accepted_at: datetime | None


class AskIn(Given):
    """Whom to ask; without any, everybody on the version who was not asked."""

    payees: list[UUID] = Field(default_factory=list, max_length=50)


class AcceptancePolicyIn(Given):
    """Whether pay waits until the plan is accepted."""

    required: bool


class AcceptancePolicyOut(AcceptancePolicyIn):
    """What holds now."""

    plan_id: UUID


_PATH = "/compensation/plans/{uuid:plan_id}/versions/{int:number}/acceptances"


@router.get(
    _PATH,
    response=list[AcceptanceOut],
    operation_id="list_plan_acceptances",
    summary="Who has accepted a version of a plan, and who has not",
)
def read_acceptances(request: HttpRequest, plan_id: UUID, number: int) -> HttpResponse:
    actor = require_scope(request, READ)
    version = get_version(actor, plan_id, min(number, 2**31 - 1))
    return as_json([_out(row) for row in acceptance_rows(actor, version)])


@router.post(
    _PATH,
    response=list[AcceptanceOut],
    operation_id="ask_for_plan_acceptance",
    summary="Send payees their plan document to sign",
)
def write_asking(request: HttpRequest, plan_id: UUID, number: int, body: AskIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    require_pay_manager(actor)
    version = get_version(actor, plan_id, min(number, 2**31 - 1))
    made = services.ask_for_acceptance(actor, version.pk, body.payees or None)
    return as_json([_out(AcceptanceRow(each.payee, each)) for each in made])


@router.put(
    "/compensation/plans/{uuid:plan_id}/pay-after-acceptance",
    response=AcceptancePolicyOut,
    operation_id="set_pay_after_acceptance",
    summary="Have pay wait until the plan is accepted, or wait no more",
)
def write_policy(request: HttpRequest, plan_id: UUID, body: AcceptancePolicyIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    plan = services.set_pay_after_acceptance(actor, plan_id, body.required)
    return as_json({"plan_id": plan.pk, "required": plan.pay_after_acceptance})


def _out(row: AcceptanceRow) -> dict[str, object]:
    asked = row.acceptance
    return {
        "payee_id": row.payee.pk,
        "payee": row.payee.name,
        "state": row.state,
        "envelope_id": asked.envelope_id if asked else None,
        "version_hash": asked.version_hash if asked else "",
        "sealed_sha256": asked.sealed_sha256 if asked else "",
        "asked_at": asked.asked_at if asked else None,
        "accepted_at": asked.accepted_at if asked else None,
    }
