"""Tables of the evidence: chains of hashed entries, and the anchors over their heads."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7


class EvidenceChain(models.Model):
    """A chain and its head: the number and hash of the last entry.

    The head is written in the transaction that appends. Entries cut from the end then
    contradict it, and a head set back as well contradicts the anchors.
    """

    key = models.CharField(max_length=200, primary_key=True)
    length = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64)
    anchored_length = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["key"],
                name="evidence_chain_to_anchor",
                condition=models.Q(length__gt=models.F("anchored_length")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.length})"


class EvidenceEntry(models.Model):
    """One fact in a chain. The table refuses UPDATE and DELETE.

    ``canonical`` is the RFC 8785 text of everything the entry says; ``hash`` is the SHA-256
    of the entry before's hash (32 bytes; zeros for the first) followed by that text.
    """

    id = models.BigAutoField(primary_key=True)
    chain = models.ForeignKey(EvidenceChain, on_delete=models.PROTECT, related_name="entries")
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=80)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    via = models.CharField(max_length=12, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    payload = models.JSONField()
    canonical = models.TextField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "seq"], name="evidence_entry_seq_once"),
            models.CheckConstraint(
                condition=models.Q(seq__gt=0), name="evidence_entry_seq_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain_id} #{self.seq} {self.kind}"


class EvidenceAnchor(models.Model):
    """The root of the Merkle tree over all chain heads anchored so far. Append-only.

    The tree only grows: each anchor adds a leaf per chain that moved on since the one
    before. ``peaks`` are the roots of its full subtrees, from which the next one grows.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    size = models.PositiveBigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    peaks = ArrayField(models.CharField(max_length=64))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["size"]

    def __str__(self) -> str:
        return f"{self.size} heads, {self.root[:12]}"


class EvidenceLeaf(models.Model):
    """One head in the tree: a chain was this long and its last hash was this. Append-only."""

    index = models.PositiveBigIntegerField(primary_key=True)
    anchor = models.ForeignKey(EvidenceAnchor, on_delete=models.PROTECT, related_name="leaves")
    chain_key = models.CharField(max_length=200)
    seq = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["index"]
        indexes: ClassVar = [models.Index(fields=["chain_key", "-seq"], name="evidence_leaf_chain")]

    def __str__(self) -> str:
        return f"{self.index}: {self.chain_key} #{self.seq}"


class EvidenceTimestamp(models.Model):
    """An RFC 3161 token over an anchor's root by a time-stamping authority. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    anchor = models.ForeignKey(EvidenceAnchor, on_delete=models.PROTECT, related_name="timestamps")
    authority = models.CharField(max_length=500)
    at = models.DateTimeField()
    serial = models.CharField(max_length=80)
    token = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"{self.authority} at {self.at:%Y-%m-%d %H:%M:%S}Z"
