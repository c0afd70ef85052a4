"""Writing and checking the evidence of an envelope."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.evidence.canonical import canonical_json
from dealwright.base.evidence.models import EvidenceEntry
from dealwright.base.evidence.services import append_entry
from dealwright.base.evidence.verification import Problem, Verification, verify_chain
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.envelopes.telling import tell_recipient_event
from dealwright.signing.evidence.models import EvidenceDetail


def record_evidence(
    envelope: Envelope,
    kind: str,
    *,
    actor: Actor,
    recipient: Recipient | None = None,
    facts: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
) -> EvidenceEntry:
    """Add what happened to the envelope's chain, in the caller's transaction.

    ``facts`` stand in the chain as they are: ids, hashes, figures. ``details`` are about
    people (name, address, browser): the chain commits to them by a salted hash, and they
    rest beside it where they can be erased.
    """
    salt = secrets.token_hex(16)
    payload: dict[str, Any] = {
        "envelope": str(envelope.pk),
        **({"recipient": str(recipient.pk)} if recipient else {}),
        **(facts or {}),
    }
    if details:
        payload["details_sha256"] = commitment(salt, details)
    entry = append_entry(envelope.chain, kind, payload, actor=actor)
    EvidenceDetail.objects.create(
        envelope=envelope,
        recipient=recipient,
        seq=entry.seq,
        kind=kind,
        at=entry.at,
        details=dict(details or {}),
        salt=salt,
    )
    tell_recipient_event(envelope, kind, actor=actor, recipient=recipient, facts=facts or {})
    return entry


def commitment(salt: str, details: Mapping[str, Any]) -> str:
    """SHA-256 over the salt and the canonical JSON (RFC 8785) of the details."""
    return hashlib.sha256(f"{salt}\n{canonical_json(dict(details))}".encode()).hexdigest()


def verify_envelope(envelope: Envelope) -> Verification:
    """Check the chain, and that the details beside it are those it commits to.

    Raises NotFound where the envelope has no evidence yet.
    """
    result = verify_chain(envelope.chain)
    erased = erased_entries(envelope)
    kept = {row.seq: row for row in EvidenceDetail.objects.filter(envelope=envelope)}
    for entry in EvidenceEntry.objects.filter(chain_id=envelope.chain).order_by("seq"):
        promised = entry.payload.get("details_sha256")
        row = kept.get(entry.seq)
        if not promised or (row is not None and not row.salt and entry.seq in erased):
            continue
        if row is None or commitment(row.salt, row.details) != promised:
            text = f"The details of entry {entry.seq} are not those it was written with."
            result.problems.append(Problem(entry.seq, "changed", text))
    return result


def erased_entries(envelope: Envelope) -> set[int]:
    """The entries whose details were erased lawfully: the chain itself says so."""
    erased: set[int] = set()
    later = EvidenceEntry.objects.filter(
        chain_id=envelope.chain, kind__in=("envelope.purged", "recipient.erased")
    )
    for entry in later:
        if entry.kind == "envelope.purged":
            erased.update(range(1, entry.seq))
        else:
            erased.update(entry.payload["erased"])
    return erased
