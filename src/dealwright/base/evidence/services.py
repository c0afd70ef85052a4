"""Writing evidence."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.db import connection
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.evidence.canonical import canonical_json, plain, utc_text
from dealwright.base.evidence.models import EvidenceChain, EvidenceEntry

START = "0" * 64  # what stands before the first entry of a chain


def append_entry(
    chain: str, kind: str, payload: Mapping[str, Any], *, actor: Actor
) -> EvidenceEntry:
    """Add a fact to the end of a chain, in the caller's transaction.

    ``chain`` names it (``envelope:<id>``), ``kind`` what happened (``recipient.signed``).
    The payload holds what a reader needs to check it: ids, hashes, Decimals, times; floats
    are refused. Appending to a chain waits for other transactions that appended to it; a
    transaction that writes several chains should take them in one order.

    Raises Invalid for a payload without an exact form.
    """
    try:
        kept = plain(dict(payload))
    except ValueError as error:
        raise Invalid(f"This cannot be kept as evidence: {error}", code="evidence") from None
    with change(actor):
        head = _lock_head(chain)
        now = timezone.now()
        entry = EvidenceEntry(
            chain=head,
            seq=head.length + 1,
            at=now,
            kind=kind,
            actor_id=actor.user.id if actor.user else None,
            actor_name=actor.name,
            via=actor.via,
            request_id=actor.request_id,
            payload=kept,
            prev_hash=head.head,
        )
        entry.canonical = canonical_entry(entry)
        entry.hash = hash_entry(entry.prev_hash, entry.canonical)
        entry.save(force_insert=True)
        head.length, head.head, head.updated_at = entry.seq, entry.hash, now
        head.save(update_fields=["length", "head", "updated_at"])
    return entry


def canonical_entry(entry: EvidenceEntry) -> str:
    """The text that an entry's hash is over, made from its columns."""
    return canonical_json(
        {
            "chain": entry.chain_id,
            "seq": entry.seq,
            "at": utc_text(entry.at),
            "kind": entry.kind,
            "actor": {
                "id": entry.actor_id,
                "name": entry.actor_name,
                "via": entry.via,
                "request": entry.request_id,
            },
            "payload": entry.payload,
        }
    )


def hash_entry(prev_hash: str, canonical: str) -> str:
    """SHA-256 of the hash before (its 32 bytes) followed by the canonical text in UTF-8."""
    return sha256(bytes.fromhex(prev_hash) + canonical.encode()).hexdigest()


def _lock_head(chain: str) -> EvidenceChain:
    """The chain's head, alone in this transaction; made where the chain begins."""
    with connection.cursor() as cursor:
        # An advisory lock, since a chain that begins has no row to lock yet.
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 3161))", [chain])
    head, _ = EvidenceChain.objects.select_for_update().get_or_create(
        key=chain, defaults={"head": START}
    )
    return head
