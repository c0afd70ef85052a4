"""The evidence over the API: its chains, and whether each is unbroken."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.errors import NotAllowed
from dealwright.base.evidence.models import EvidenceChain
from dealwright.base.evidence.verification import verify_chain

router = Router(tags=["Evidence"])

Key = Annotated[str, Path(pattern=r"^[^\x00]{1,200}$", description="A chain's key.")]


class ChainOut(Schema):
    """A chain: the number of its entries and the hash of the last (SHA-256)."""

    key: str
    entries: int
    head: str
    anchored: int
    updated_at: datetime


class ChainsOut(Schema):
    """Chains by key; go on with ``after`` = ``next`` while it is not null."""

    items: list[ChainOut]
    next: str | None


class ChainProblemOut(Schema):
    """What is wrong at an entry; ``seq`` 0 means the chain as a whole."""

    seq: int
    code: str
    message: str


class VerificationOut(Schema):
    """What came of checking every entry of a chain up to its head and its anchors."""

    key: str
    ok: bool
    summary: str
    entries: int
    head: str
    anchored: int
    first_at: datetime | None
    last_at: datetime | None
    problems: list[ChainProblemOut]


@router.get(
    "/evidence",
    response=ChainsOut,
    operation_id="list_evidence_chains",
    summary="The chains of evidence, for administrators",
)
def chains(
    request: HttpRequest,
    after: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> HttpResponse:
    _require_administrator(request)
    found = list(EvidenceChain.objects.filter(key__gt=after).order_by("key")[: limit + 1])
    shown = found[:limit]
    return as_json(
        {
            "items": [
                {
                    "key": each.key,
                    "entries": each.length,
                    "head": each.head,
                    "anchored": each.anchored_length,
                    "updated_at": each.updated_at,
                }
                for each in shown
            ],
            "next": shown[-1].key if len(found) > limit else None,
        }
    )


@router.get(
    "/evidence/{path:chain}",
    response=VerificationOut,
    operation_id="verify_evidence_chain",
    summary="Check one chain from its first entry to its head, for administrators",
)
def chain(request: HttpRequest, chain: Key) -> HttpResponse:
    _require_administrator(request)
    result = verify_chain(chain)
    keys = ("ok", "summary", "entries", "head", "anchored", "first_at", "last_at")
    shown: dict[str, Any] = {key: getattr(result, key) for key in keys}
    problems = [
        {"seq": each.seq, "code": each.code, "message": each.message} for each in result.problems
    ]
    return as_json({"key": result.chain, **shown, "problems": problems})


def _require_administrator(request: HttpRequest) -> None:
    """Entries tell of pay and of signatures alike: only administrators read them all."""
    if not require_scope(request, "admin").require_user().is_administrator:
        raise NotAllowed("Only administrators may read the evidence.")
