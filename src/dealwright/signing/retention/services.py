"""Policies of retention, and legal holds that win over them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, get_visible
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events.outbox import record_event
from dealwright.base.objects.registry import object_types
from dealwright.base.people.models import Profile
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.retention.events import EnvelopeHeld, EnvelopeReleased
from dealwright.signing.retention.models import LegalHold, RetentionPolicy

LONGEST_DAYS = 36_525  # a hundred years
KEEPERS = (Profile.ADMINISTRATOR, Profile.LEGAL)


def require_keeper(actor: Actor) -> None:
    """Raises NotAllowed for everyone but administrators, legal, and the product itself."""
    if not actor.is_system and actor.require_user().profile not in KEEPERS:
        raise NotAllowed("Only administrators and legal decide how long envelopes are kept.")


def save_policy(
    actor: Actor,
    policy_id: Any | None = None,
    *,
    name: str,
    keep_days: Any,
    subject_object: str = "",
    words: str = "",
) -> RetentionPolicy:
    """Make or change a policy; raises Invalid that names each wrong place."""
    require_keeper(actor)
    name, words = " ".join(name.split()), " ".join(words.split())
    wrong: dict[str, list[str]] = {}
    if not name or len(name) > 120:
        wrong["name"] = ["Give the policy a name of at most 120 characters."]
    elif _is_taken(name, policy_id):
        wrong["name"] = ["There is a policy of this name already."]
    if len(words) > 120:
        wrong["words"] = ["Give at most 120 characters."]
    if subject_object and subject_object not in {each.key for each in object_types()}:
        wrong["subject_object"] = ["Choose one of the kinds of records."]
    days = _days(keep_days)
    if days is None:
        wrong["keep_days"] = [f"Give 1 to {LONGEST_DAYS} days."]
    if wrong:
        raise Invalid(" ".join(each for said in wrong.values() for each in said), fields=wrong)
    with change(actor):
        policy = find_policy(policy_id) if policy_id else RetentionPolicy()
        policy.name, policy.words = name, words
        policy.subject_object, policy.keep_days = subject_object, days or 0
        policy.save()
    return policy


def delete_policy(actor: Actor, policy_id: Any) -> None:
    """Take a policy away; what it would have destroyed is kept."""
    require_keeper(actor)
    with change(actor):
        find_policy(policy_id).delete()


def find_policy(policy_id: Any) -> RetentionPolicy:
    """A policy by id; raises NotFound."""
    policy: RetentionPolicy | None = RetentionPolicy.objects.filter(pk=as_uuid(policy_id)).first()
    if policy is None:
        raise NotFound("There is no such policy.")
    return policy


def hold_envelope(actor: Actor, envelope_id: Any, *, reason: str) -> LegalHold:
    """Keep an envelope whatever the policies say, until the hold is released.

    Raises Invalid without a reason, Conflict where it is purged already.
    """
    require_keeper(actor)
    reason = " ".join(reason.split())
    if not reason or len(reason) > 500:
        sentence = "Say why, in at most 500 characters: the next one must know when to end it."
        raise Invalid(sentence, fields={"reason": [sentence]})
    with change(actor):
        envelope = locked(actor, envelope_id)
        if envelope.purged_at is not None:
            raise Conflict("This envelope was purged: there is nothing left to hold.")
        hold = LegalHold.objects.create(envelope=envelope, reason=reason, placed_by=actor.user)
        record_evidence(
            envelope, "envelope.held", actor=actor, facts={"hold": str(hold.pk)},
            details={"reason": reason},
        )  # fmt: skip
        record_event(
            actor,
            EnvelopeHeld(envelope_id=envelope.pk, hold_id=hold.pk),
            object="envelope",
            record_id=envelope.pk,
        )
    return hold


def release_hold(actor: Actor, envelope_id: Any, hold_id: Any) -> LegalHold:
    """End a hold; the policies count again. Raises NotFound, or Conflict where it has ended."""
    require_keeper(actor)
    with change(actor):
        envelope = locked(actor, envelope_id)
        hold: LegalHold | None = envelope.holds.filter(pk=as_uuid(hold_id)).first()
        if hold is None:
            raise NotFound("This envelope has no such hold.")
        if hold.released_at is not None:
            raise Conflict("This hold has ended already.")
        hold.released_at, hold.released_by = timezone.now(), actor.user
        hold.save(update_fields=["released_at", "released_by"])
        record_evidence(envelope, "envelope.released", actor=actor, facts={"hold": str(hold.pk)})
        record_event(
            actor,
            EnvelopeReleased(envelope_id=envelope.pk, hold_id=hold.pk),
            object="envelope",
            record_id=envelope.pk,
        )
    return hold


def locked(actor: Actor, envelope_id: Any) -> Envelope:
    """An envelope the actor may see, its row locked; raises NotFound."""
    envelope: Envelope = get_visible(actor, "envelope", envelope_id)
    found: Envelope = Envelope.objects.select_for_update(of=("self",)).get(pk=envelope.pk)
    return found


def _is_taken(name: str, policy_id: Any | None) -> bool:
    others = RetentionPolicy.objects.filter(name=name)
    if policy_id:
        others = others.exclude(pk=as_uuid(policy_id))
    return others.exists()


def _days(given: Any) -> int | None:
    text = str(given).strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        return None
    return int(text) if 1 <= int(text) <= LONGEST_DAYS else None
