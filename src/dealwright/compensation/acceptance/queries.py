"""Who has accepted which version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.files.models import StoredFile
from dealwright.base.people.models import User
from dealwright.compensation.acceptance.holding import payees_of
from dealwright.compensation.acceptance.models import STATES, PlanAcceptance
from dealwright.compensation.access import payee_ids, visible_pay
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion

_ORDER = list(STATES)


@dataclass(frozen=True, slots=True)
class AcceptanceRow:
    """A payee of a version and how far acceptance is; ``state`` is a key of STATES."""

    payee: User
    acceptance: PlanAcceptance | None

    @property
    def state(self) -> str:
        return self.acceptance.state if self.acceptance is not None else "not_sent"

    @property
    def label(self) -> str:
        return STATES[self.state]


def acceptance_rows(actor: Actor, version: PlanVersion) -> Sequence[AcceptanceRow]:
    """Everybody on a version whose pay the actor may see: who has not accepted comes first."""
    wanted = payees_of(version)
    asked = PlanAcceptance.objects.filter(version=version)
    wanted |= set(asked.values_list("payee_id", flat=True))
    visible = payee_ids(actor)
    if visible is not None:
        wanted &= visible
    latest: dict[UUID, PlanAcceptance] = {}
    for each in asked.select_related("envelope").order_by("asked_at"):
        latest[each.payee_id] = each
    rows = [
        AcceptanceRow(payee, latest.get(payee.pk))
        for payee in User.objects.filter(pk__in=wanted).order_by("name", "pk")
    ]
    return sorted(rows, key=lambda row: row.state == "accepted")


def acceptances_of(payee: User, plan: CompensationPlan) -> Sequence[PlanAcceptance]:
    """What a payee was asked to accept of a plan, the newest first; of what was superseded only
    what had been accepted."""
    rows = PlanAcceptance.objects.filter(payee=payee, version__plan=plan).select_related("version")
    return [
        each
        for each in rows.order_by("-version__number", "-asked_at")
        if each.accepted_at or not each.superseded_at
    ]


def get_acceptance(actor: Actor, acceptance_id: Any) -> PlanAcceptance:
    """One acceptance of a payee whose pay the actor may see; raises NotFound."""
    found: PlanAcceptance | None = (
        PlanAcceptance.objects.filter(visible_pay(actor), pk=acceptance_id)
        .select_related("version__plan", "payee", "envelope")
        .first()
    )
    if found is None:
        raise NotFound("This document does not exist, or you may not see it.")
    return found


def document_of(acceptance: PlanAcceptance) -> StoredFile:
    """The sealed document, else the one that was sent."""
    document = acceptance.envelope.documents.get()
    return document.sealed or document.prepared


def is_of_this_text(acceptance: PlanAcceptance) -> bool:
    """Whether the document says the text that the version has, and is the one that was sent."""
    document = acceptance.envelope.documents.get()
    return (
        acceptance.version_hash == acceptance.version.hash
        and document.original_sha256 == acceptance.document_sha256
    )
