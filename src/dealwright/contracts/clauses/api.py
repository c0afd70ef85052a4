"""Clauses over the API: their versions, where they are used, and retiring them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from dealwright.base.access.visibility import get_visible, visible_records
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.contracts.clauses import services
from dealwright.contracts.clauses.queries import Use, contracts_with, templates_with
from dealwright.crm.answers import LongText, RecordOut, ShortText, record_answer

router = Router(tags=["Contracts"])

READ, WRITE = "contracts:read", "contracts:write"
MOST_VERSIONS = 200
MOST_CONTRACTS = 200


class ClauseVersionOut(Schema):
    """A clause at one time, and what was changed by it."""

    number: int
    name: str
    text: str
    note: str
    created_at: datetime
    created_by_id: UUID | None


class VersionIn(Given):
    """The next version; ``note`` says what changed and why."""

    name: Annotated[ShortText, Field(min_length=1)]
    text: Annotated[LongText, Field(min_length=1)]
    note: ShortText = ""


class UseOut(Schema):
    """A template or contract that has the clause: from which version, and whether its words
    are others than those."""

    id: UUID
    name: str
    clause_version: int
    is_changed: bool


class UsesOut(Schema):
    """Where a clause is used now; at most 200 contracts, the newest first."""

    templates: list[UseOut]
    contracts: list[UseOut]
    contract_count: int


@router.get(
    "/clauses/{uuid:id}/versions",
    response=list[ClauseVersionOut],
    operation_id="list_clause_versions",
    summary="The versions of a clause, the newest first",
)
def versions(request: HttpRequest, id: UUID) -> HttpResponse:
    clause = get_visible(require_scope(request, READ), "clause", id)
    return as_json(list(clause.versions.values(*ClauseVersionOut.model_fields)[:MOST_VERSIONS]))


@router.post(
    "/clauses/{uuid:id}/versions",
    response=RecordOut,
    operation_id="write_clause",
    summary="Write the next version of a clause",
)
def write(request: HttpRequest, id: UUID, body: VersionIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    saved = services.write_clause(actor, id, name=body.name, text=body.text, note=body.note)
    return record_answer(actor, "clause", saved)


@router.get(
    "/clauses/{uuid:id}/uses",
    response=UsesOut,
    operation_id="list_clause_uses",
    summary="The templates and contracts that have a clause",
)
def uses(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, READ)
    get_visible(actor, "clause", id)
    seen = set(visible_records(actor, "contract_template").values_list("pk", flat=True))
    contracts, count = contracts_with(actor, id, limit=MOST_CONTRACTS)
    return as_json(
        {
            "templates": [
                _use(each.template.pk, each.template.name, use)
                for each in templates_with(id)
                for use in each.uses
                if each.template.pk in seen
            ],
            "contracts": [
                _use(each.pk, each.number, use) for each in contracts for use in each.uses
            ],
            "contract_count": count,
        }
    )


@router.post(
    "/clauses/{uuid:id}/retire",
    response=RecordOut,
    operation_id="retire_clause",
    summary="Offer a clause no more",
)
def retire(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return record_answer(actor, "clause", services.retire_clause(actor, id))


@router.post(
    "/clauses/{uuid:id}/reinstate",
    response=RecordOut,
    operation_id="reinstate_clause",
    summary="Offer a retired clause again",
)
def reinstate(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return record_answer(actor, "clause", services.reinstate_clause(actor, id))


def _use(record_id: UUID, name: str, use: Use) -> dict[str, object]:
    return {
        "id": record_id,
        "name": name,
        "clause_version": use.version,
        "is_changed": use.is_changed,
    }
