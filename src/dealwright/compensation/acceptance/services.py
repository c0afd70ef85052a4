"""Asking payees to accept a plan by signature, and what becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events import record_event
from dealwright.base.people.models import User
from dealwright.compensation.acceptance.document import plan_document
from dealwright.compensation.acceptance.events import PlanAccepted
from dealwright.compensation.acceptance.holding import (
    hold_unaccepted,
    payees_of,
    release_accepted,
    release_all,
)
from dealwright.compensation.acceptance.models import PlanAcceptance
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion
from dealwright.signing.envelopes.drafts import NewDocument, NewRecipient
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import (
    create_envelope,
    remind_recipients,
    send_envelope,
    void_envelope,
)


def ask_for_acceptance(
    actor: Actor,
    version_id: Any,
    payees: Iterable[UUID] | None = None,
    *,
    told: Callable[[int], None] = lambda done: None,
) -> list[PlanAcceptance]:
    """Send each payee of a version (or these of them) its plan document to sign.

    Who was asked and has not declined, and who accepted, is not asked again. ``told`` hears how
    many are done. Raises NotFound, or Invalid where nobody is on the plan.
    """
    require_pay_manager(actor)
    version = _version(version_id)
    wanted = payees_of(version)
    if payees is not None:
        wanted &= set(payees)
    if not wanted:
        raise Invalid("Nobody is on this plan in the days of this version.")
    asked = set(_open(version).values_list("payee_id", flat=True))
    made = []
    for payee in User.objects.filter(pk__in=wanted - asked).order_by("name"):
        with change(actor):
            made.append(_ask(actor, version, payee))
        told(len(made))
    return made


def _ask(actor: Actor, version: PlanVersion, payee: User) -> PlanAcceptance:
    pdf = plan_document(version, payee)
    sender = system(actor.name)
    name = f"{version.plan.name}, version {version.number}"
    envelope = create_envelope(
        sender,
        title=f"{name}: {payee.name}"[:200],
        documents=[NewDocument(name=f"{version.plan.key}-{version.number}.pdf", content=pdf)],
        recipients=[NewRecipient(name=payee.name, email=payee.email)],
        message="Please read your compensation plan and accept it with your signature.",
        owner=actor.user or version.activated_by,
    )
    row: PlanAcceptance = PlanAcceptance.objects.create(
        version=version,
        payee=payee,
        envelope=envelope,
        version_hash=version.hash,
        document_sha256=hashlib.sha256(pdf).hexdigest(),
        asked_by=actor.user,
    )
    send_envelope(sender, envelope.pk)
    return row


def remind_payees(actor: Actor, version_id: Any, acceptance_id: Any = None) -> int:
    """Write again to everybody who has not signed yet, or to one; returns to how many."""
    require_pay_manager(actor)
    version = _version(version_id)
    waiting = _open(version).filter(accepted_at__isnull=True)
    if acceptance_id is not None:
        waiting = waiting.filter(pk=acceptance_id)
    count = 0
    for row in waiting:
        try:
            count += remind_recipients(system(actor.name), row.envelope_id)
        except Conflict:
            continue  # signed meanwhile, and about to be sealed
    return count


def set_pay_after_acceptance(actor: Actor, plan_id: Any, required: bool) -> CompensationPlan:
    """Have the plan's pay wait until each payee has accepted it, or wait no more."""
    require_pay_manager(actor)
    with change(actor):
        plan = CompensationPlan.objects.select_for_update().filter(pk=plan_id).first()
        if plan is None:
            raise NotFound("This plan does not exist.")
        plan.pay_after_acceptance = required
        plan.save(update_fields=["pay_after_acceptance"])
        if required:
            hold_unaccepted(actor, plan)
        else:
            release_all(system(actor.name), plan)
        return plan


def note_viewed(envelope_id: UUID) -> None:
    """The payee opened the document."""
    PlanAcceptance.objects.filter(envelope_id=envelope_id, viewed_at__isnull=True).update(
        viewed_at=timezone.now()
    )


def accept_plan(actor: Actor, envelope_id: UUID, sha256: str) -> PlanAcceptance | None:
    """The document is signed and sealed; what waited for it is released. None where the envelope
    is about no plan. Safe to repeat."""
    with change(actor):
        row = _locked(envelope_id)
        if row is None or row.accepted_at is not None:
            return row
        envelope = Envelope.everything.get(pk=envelope_id)
        row.accepted_at = envelope.completed_at or timezone.now()
        row.viewed_at = row.viewed_at or row.accepted_at
        row.sealed_sha256 = sha256
        row.save(update_fields=["accepted_at", "viewed_at", "sealed_sha256"])
        if row.version_hash == row.version.hash:
            release_accepted(actor, row.version, row.payee_id)
        record_event(
            actor,
            PlanAccepted(
                plan_id=row.version.plan_id,
                version=row.version.number,
                user_id=row.payee_id,
                envelope_id=envelope_id,
                sha256=sha256,
            ),
        )
        return row


def end_asking(actor: Actor, envelope_id: UUID, *, declined: bool, reason: str) -> None:
    """The payee declined, or the envelope ended without a signature; finance is told."""
    from dealwright.base.messaging import notify

    with change(actor):
        row = _locked(envelope_id)
        if row is None or row.accepted_at or row.declined_at or row.lapsed_at:
            return
        at = "declined_at" if declined else "lapsed_at"
        setattr(row, at, timezone.now())
        row.ended_reason = reason
        row.save(update_fields=[at, "ended_reason"])
        if declined and row.asked_by is not None:
            plan = row.version.plan
            notify(
                row.asked_by,
                f"{row.payee.name} declined “{plan.name}”",
                body=reason[:200],
                url=f"/compensation/plans/{plan.pk}/acceptance",
            )


def supersede_acceptances(actor: Actor, version: PlanVersion) -> set[UUID]:
    """A version takes the place of those before it: who was asked for one of them is asked for
    this one instead; returns who."""
    earlier = PlanAcceptance.objects.filter(
        version__plan_id=version.plan_id, version__number__lt=version.number
    )
    reason = f"Version {version.number} of the plan takes its place."
    return _supersede(actor, earlier, reason)


def supersede_draft(actor: Actor, version: PlanVersion) -> set[UUID]:
    """A draft was rewritten: what was sent of its earlier text holds no more."""
    other = PlanAcceptance.objects.filter(version=version).exclude(version_hash=version.hash)
    return _supersede(actor, other, "The text of the plan has changed since.")


def _supersede(actor: Actor, rows: Any, reason: str) -> set[UUID]:
    payees = set()
    for row in rows.filter(superseded_at__isnull=True).select_related("envelope"):
        row.superseded_at = timezone.now()
        row.save(update_fields=["superseded_at"])
        payees.add(row.payee_id)
        if row.envelope.is_open:
            void_envelope(system(actor.name), row.envelope_id, reason=reason)
    return payees


def _open(version: PlanVersion) -> Any:
    """The acceptances of a version that are waited for or given."""
    return PlanAcceptance.objects.filter(
        version=version,
        declined_at__isnull=True,
        lapsed_at__isnull=True,
        superseded_at__isnull=True,
    )


def _version(version_id: Any) -> PlanVersion:
    version = PlanVersion.objects.select_related("plan").filter(pk=version_id).first()
    if version is None:
        raise NotFound("This version does not exist.")
    return version


def _locked(envelope_id: UUID) -> PlanAcceptance | None:
    found: PlanAcceptance | None = (
        PlanAcceptance.objects.select_for_update(of=("self",))
        .select_related("version__plan", "payee", "asked_by")
        .filter(envelope_id=envelope_id)
        .first()
    )
    return found
