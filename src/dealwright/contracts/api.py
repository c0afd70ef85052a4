"""Contracts over the API: what can be done with them beside reading and changing fields."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.objects.registry import object_type
from dealwright.base.records.queries import get_row
from dealwright.contracts.agreements import lifecycle, services
from dealwright.contracts.approvals import services as approvals
from dealwright.contracts.approvals.models import ApprovalStep

router = Router(tags=["Contracts"])


class FromQuote(Schema):
    """What a contract is made from: a quote or an opportunity; the default template otherwise."""

    quote: UUID | None = None
    opportunity: UUID | None = None
    template: UUID | None = None


class SignerIn(Schema):
    name: str
    email: str
    party: str = ""


class SendIn(Schema):
    signers: list[SignerIn]
    message: str = ""


class DecisionIn(Schema):
    approve: bool
    comment: str = ""
    content_hash: str = ""


class TerminateIn(Schema):
    on: date
    reason: str


def _shown(actor: Any, contract_id: UUID, status: int = 200) -> HttpResponse:
    return as_json(get_row(actor, object_type("contract"), contract_id), status=status)


@router.post(
    "/contracts/draft", operation_id="draft_contract", summary="Make a contract of a quote or deal"
)
def draft(request: HttpRequest, body: FromQuote) -> HttpResponse:
    actor = require_scope(request, "contracts:write")
    if body.quote is not None:
        made = services.create_contract_from_quote(actor, body.quote, template_id=body.template)
    else:
        made = services.create_contract_from_opportunity(
            actor, body.opportunity, template_id=body.template
        )
    return _shown(actor, made.pk, 201)


@router.put(
    "/contracts/{uuid:id}/values",
    operation_id="fill_contract",
    summary="Set the values of a contract's text by key",
)
def fill(request: HttpRequest, id: UUID, values: Body[dict[str, Any]]) -> HttpResponse:
    actor = require_scope(request, "contracts:write")
    services.fill_contract(actor, id, values)
    return _shown(actor, id)


@router.post(
    "/contracts/{uuid:id}/submit", operation_id="submit_contract", summary="Ask for approval"
)
def submit(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "contracts:write")
    approvals.submit_for_approval(actor, id)
    return _shown(actor, id)


@router.get(
    "/contracts/{uuid:id}/approvals", operation_id="list_approvals", summary="Who was asked"
)
def list_approvals(request: HttpRequest, id: UUID) -> HttpResponse:
    from dealwright.base.access.visibility import get_visible

    actor = require_scope(request, "contracts:read")
    get_visible(actor, "contract", id)
    rows = ApprovalStep.objects.filter(contract_id=id).values(
        "id", "reason", "stage", "profile", "user_id", "content_hash", "asked_at", "decided_at",
        "decided_by_id", "decision", "comment", "voided_at",
    )  # fmt: skip
    return as_json(list(rows))


@router.post("/approvals/{uuid:id}", operation_id="decide_approval", summary="Approve or reject")
def decide(request: HttpRequest, id: UUID, body: DecisionIn) -> HttpResponse:
    actor = require_scope(request, "contracts:write")
    contract = approvals.decide_approval(
        actor, id, approve=body.approve, comment=body.comment, content_hash=body.content_hash
    )
    return _shown(actor, contract.pk)


@router.post(
    "/contracts/{uuid:id}/send",
    operation_id="send_contract",
    summary="Freeze the text and send it to its signers in order",
)
def send(request: HttpRequest, id: UUID, body: SendIn) -> HttpResponse:
    actor = require_scope(request, "contracts:write")
    signers = [lifecycle.Signer(each.name, each.email, each.party) for each in body.signers]
    saved = lifecycle.send_for_signature(actor, id, signers, message=body.message)
    row = dict(get_row(actor, object_type("contract"), id))
    return as_json({**row, "envelope": saved.envelope_id})


@router.post(
    "/contracts/{uuid:id}/terminate",
    operation_id="terminate_contract",
    summary="End an executed contract before its time",
)
def terminate(request: HttpRequest, id: UUID, body: TerminateIn) -> HttpResponse:
    actor = require_scope(request, "contracts:write")
    lifecycle.terminate_contract(actor, id, on=body.on, reason=body.reason)
    return _shown(actor, id)


@router.get(
    "/contracts/{uuid:id}/document",
    operation_id="get_contract_document",
    summary="The contract as a PDF, as it would be now",
)
def document(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "contracts:read")
    return HttpResponse(services.preview_contract(actor, id), content_type="application/pdf")
