"""Looking at the evidence, with its verification, for administrators."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from dealwright.base.errors import NotFound
from dealwright.base.evidence.anchors import verify_anchors
from dealwright.base.evidence.models import (
    EvidenceAnchor,
    EvidenceChain,
    EvidenceEntry,
    EvidenceTimestamp,
)
from dealwright.base.evidence.subjects import chains_about, subjects_of
from dealwright.base.evidence.timestamps import verify_timestamps
from dealwright.base.evidence.verification import verify_chain
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import actor_of, page, render
from dealwright.base.whole_numbers import whole_number

_PAGE = 100
_ADMINISTRATORS = [Profile.ADMINISTRATOR]


@page(profiles=_ADMINISTRATORS, methods=["GET", "HEAD"])
def chains(request: HttpRequest) -> HttpResponse:
    """All chains, the latest written first; search by what a chain is about or by its key."""
    actor = actor_of(request)
    wanted = request.GET.get("q", "").strip()[:200]
    rows = EvidenceChain.objects.order_by("-updated_at", "key")
    if wanted:
        rows = rows.filter(Q(key__startswith=wanted) | Q(key__in=chains_about(actor, wanted)))
    shown = list(rows[:_PAGE])
    subjects = subjects_of(actor, [each.key for each in shown])
    context = {
        "chains": [(each, subjects[each.key]) for each in shown],
        "wanted": wanted,
        "anchor": EvidenceAnchor.objects.order_by("-size").first(),
        "stamp": EvidenceTimestamp.objects.order_by("-at").first(),
        "problems": [*verify_anchors(), *verify_timestamps()] if "verify" in request.GET else None,
    }
    return render(request, "base/evidence/chains.html", context)


@page(profiles=_ADMINISTRATORS, methods=["GET", "HEAD"])
def chain(request: HttpRequest, key: str) -> HttpResponse:
    """One chain: whether it is sound, and its entries, newest first."""
    if "\x00" in key:
        raise NotFound("There is no such evidence chain.")
    result = verify_chain(key)
    before = whole_number(request.GET.get("before", ""), most=2**63 - 1)
    rows = EvidenceEntry.objects.filter(chain_id=key).order_by("-seq")
    if before is not None:
        rows = rows.filter(seq__lt=before)
    entries = list(rows[: _PAGE + 1])
    context = {
        "key": key,
        "subject": subjects_of(actor_of(request), [key])[key],
        "result": result,
        "entries": entries[:_PAGE],
        "next": entries[_PAGE - 1].seq if len(entries) > _PAGE else None,
        "broken": {problem.seq for problem in result.problems},
    }
    return render(request, "base/evidence/chain.html", context)
