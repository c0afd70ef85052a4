"""Contracts over the API: what can be done with them beside reading and changing fields."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Schema
from pydantic import Field

from dealwright.base.access.visibility import get_visible
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json, with_etag
from dealwright.base.api.schemas import DecimalText
from dealwright.base.errors import Invalid
from dealwright.base.objects.registry import object_type
from dealwright.base.records.queries import get_row
from dealwright.contracts.agreements import lifecycle, services
from dealwright.contracts.approvals import services as approvals
from dealwright.contracts.approvals.models import ApprovalStep
from dealwright.contracts.clauses.api import router as clauses
from dealwright.contracts.obligations.services import fulfil_obligation, waive_obligation
from dealwright.crm.answers import LongText, RecordOut, ShortText, record_answer

router = Router(tags=["Contracts"])
router.add_router("", clauses)

WRITE = "contracts:write"
MOST_SIGNERS = 50
MOST_APPROVALS = 200
_PDF = {"responses": {200: {"content": {"application/pdf": {}}, "description": "The file"}}}


class FromQuote(Given):
    """What a contract is made from: a quote or an opportunity; the default template otherwise."""

    quote: UUID | None = None
    opportunity: UUID | None = None
    template: UUID | None = None


class SignerIn(Given):
    """Who signs; ``party`` is printed above the line, the own company where it is empty."""

    name: ShortText
    email: ShortText
    party: ShortText = ""


class SendIn(Given):
    """The signers in their order."""

    signers: Annotated[list[SignerIn], Field(max_length=MOST_SIGNERS)]
    message: LongText = ""


class SentOut(RecordOut):
    """The contract, and the envelope that is on its way."""

    envelope: UUID


class ApprovalOut(Schema):
    """A decision that was asked for, of one content; who: ``user_id``, else all of a profile."""

    id: UUID
    reason: str
    stage: int
    profile: str
    user_id: UUID | None
    content_hash: str
    asked_at: datetime
    decided_at: datetime | None
    decided_by_id: UUID | None
    decision: str
    comment: str
    voided_at: datetime | None


class WaitingOut(Schema):
    """A decision that waits, with the contract it is about."""

    id: UUID
    contract: UUID
    number: str
    title: str
    account: str
    amount: DecimalText | None
    currency: str
    reason: str
    stage: int
    content_hash: str
    asked_at: datetime


class DecisionIn(Given):
    """A decision on the content with this hash; a rejection needs a comment."""

    approve: bool
    comment: LongText = ""
    content_hash: ShortText = ""


class RecallIn(Given):
    """Why; everyone who was asked to sign reads it."""

    reason: Annotated[ShortText, Field(min_length=1)]


class TerminateIn(Given):
    """The day of the early end, and why."""

    on: date
    reason: LongText


class WaiveIn(Given):
    """Why a duty need not be done."""

    note: LongText = ""


@router.post(
    "/contracts/draft",
    response={201: RecordOut},
    operation_id="draft_contract",
    summary="Make a contract of a quote or deal",
)
def draft(request: HttpRequest, body: FromQuote) -> HttpResponse:
    actor = require_scope(request, WRITE)
    if body.quote is not None:
        made = services.create_contract_from_quote(actor, body.quote, template_id=body.template)
    elif body.opportunity is not None:
        made = services.create_contract_from_opportunity(
            actor, body.opportunity, template_id=body.template
        )
    else:
        sentence = "Name a quote or an opportunity."
        raise Invalid(sentence, fields={"quote": [sentence]})
    return record_answer(actor, "contract", made, status=201)


@router.put(
    "/contracts/{uuid:id}/values",
    response=RecordOut,
    operation_id="fill_contract",
    summary="Set the values of a contract's text by key",
)
def fill(request: HttpRequest, id: UUID, values: Body[dict[str, Any]]) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return record_answer(actor, "contract", services.fill_contract(actor, id, values))


@router.post(
    "/contracts/{uuid:id}/submit",
    response=RecordOut,
    operation_id="submit_contract",
    summary="Ask for approval",
)
def submit(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return record_answer(actor, "contract", approvals.submit_for_approval(actor, id))


@router.get(
    "/contracts/{uuid:id}/approvals",
    response=list[ApprovalOut],
    operation_id="list_contract_approvals",
    summary="Who was asked to approve a contract",
)
def list_approvals(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "contracts:read")
    get_visible(actor, "contract", id)
    rows = ApprovalStep.objects.filter(contract_id=id).values(*ApprovalOut.model_fields)
    return as_json(list(rows))


@router.get(
    "/approvals",
    response=list[WaitingOut],
    operation_id="list_approvals",
    summary="What waits for the caller's decision, the oldest first",
)
def waiting(request: HttpRequest) -> HttpResponse:
    actor = require_scope(request, "contracts:read")
    steps = approvals.approvals_waiting_for(actor.require_user())[:MOST_APPROVALS]
    return as_json(
        [
            {
                "id": step.pk,
                "contract": step.contract_id,
                "number": step.contract.number,
                "title": step.contract.title,
                "account": step.contract.account.name if step.contract.account else "",
                "amount": step.contract.amount,
                "currency": step.contract.currency,
                "reason": step.reason,
                "stage": step.stage,
                "content_hash": step.content_hash,
                "asked_at": step.asked_at,
            }
            for step in steps
        ]
    )


@router.post(
    "/approvals/{uuid:id}",
    response=RecordOut,
    operation_id="decide_approval",
    summary="Approve or reject",
    description="409 where the content is not that of `content_hash` any more.",
)
def decide(request: HttpRequest, id: UUID, body: DecisionIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    contract = approvals.decide_approval(
        actor, id, approve=body.approve, comment=body.comment, content_hash=body.content_hash
    )
    return record_answer(actor, "contract", contract)


@router.post(
    "/contracts/{uuid:id}/send",
    response=SentOut,
    operation_id="send_contract",
    summary="Freeze the text and send it to its signers in order",
)
def send(request: HttpRequest, id: UUID, body: SendIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    signers = [lifecycle.Signer(each.name, each.email, each.party) for each in body.signers]
    saved = lifecycle.send_for_signature(actor, id, signers, message=body.message)
    row = get_row(actor, object_type("contract"), id)
    return with_etag({**row, "envelope": saved.envelope_id})


@router.post(
    "/contracts/{uuid:id}/recall",
    response=RecordOut,
    operation_id="recall_contract",
    summary="Take a contract back from signature",
)
def recall(request: HttpRequest, id: UUID, body: RecallIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    saved = lifecycle.recall_contract(actor, id, reason=body.reason)
    return record_answer(actor, "contract", saved)


@router.post(
    "/contracts/{uuid:id}/cancel",
    response=RecordOut,
    operation_id="cancel_contract",
    summary="Give up a contract that was never executed",
)
def cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return record_answer(actor, "contract", lifecycle.cancel_contract(actor, id))


@router.post(
    "/contracts/{uuid:id}/terminate",
    response=RecordOut,
    operation_id="terminate_contract",
    summary="End an executed contract before its time",
)
def terminate(request: HttpRequest, id: UUID, body: TerminateIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    saved = lifecycle.terminate_contract(actor, id, on=body.on, reason=body.reason)
    return record_answer(actor, "contract", saved)


@router.get(
    "/contracts/{uuid:id}/document",
    operation_id="get_contract_document",
    summary="The contract as a PDF, as it would be now",
    openapi_extra=_PDF,
)
def document(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "contracts:read")
    return HttpResponse(services.preview_contract(actor, id), content_type="application/pdf")


@router.post(
    "/obligations/{uuid:id}/fulfil",
    response=RecordOut,
    operation_id="fulfil_obligation",
    summary="Note that a duty was done",
)
def fulfil(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return record_answer(actor, "obligation", fulfil_obligation(actor, id))


@router.post(
    "/obligations/{uuid:id}/waive",
    response=RecordOut,
    operation_id="waive_obligation",
    summary="Note that a duty need not be done",
)
def waive(request: HttpRequest, id: UUID, body: WaiveIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return record_answer(actor, "obligation", waive_obligation(actor, id, note=body.note))
