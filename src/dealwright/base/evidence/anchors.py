"""Anchors: one Merkle root over the heads of all chains: no chain can be rewritten whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, models, transaction

from dealwright.base.errors import NotFound
from dealwright.base.evidence.canonical import canonical_json
from dealwright.base.evidence.merkle import (
    consistency_proof,
    grow_peaks,
    inclusion_proof,
    leaf_hash,
    root_of_peaks,
)
from dealwright.base.evidence.models import EvidenceAnchor, EvidenceChain, EvidenceLeaf
from dealwright.base.evidence.verification import Problem

_ANCHOR_LOCK = 6962


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That a chain had a head: give it with the root, and anyone can recompute it.

    ``data`` is the leaf's canonical JSON; hashes are hexadecimal.
    """

    data: str
    index: int
    size: int
    path: tuple[str, ...]
    root: str


def anchor_chains() -> EvidenceAnchor | None:
    """Anchor every chain that moved on since the last anchor; None where none did.

    Adds one leaf per such chain to the tree and keeps the new root. Run by schedule and
    safe to run at any time.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_ANCHOR_LOCK])
        moved = list(
            EvidenceChain.objects.filter(length__gt=models.F("anchored_length"))
            .order_by("key")
            .select_for_update()
        )
        if not moved:
            return None
        before = EvidenceAnchor.objects.order_by("-size").first()
        size = before.size if before else 0
        leaves = [
            EvidenceLeaf(index=size + place, chain_key=chain.key, seq=chain.length, hash=chain.head)
            for place, chain in enumerate(moved)
        ]
        peaks = grow_peaks(
            [bytes.fromhex(peak) for peak in before.peaks] if before else (),
            size,
            (leaf_hash(leaf_data(leaf).encode()) for leaf in leaves),
        )
        anchor = EvidenceAnchor.objects.create(
            size=size + len(leaves),
            root=root_of_peaks(peaks).hex(),
            peaks=[peak.hex() for peak in peaks],
        )
        for leaf in leaves:
            leaf.anchor = anchor
        EvidenceLeaf.objects.bulk_create(leaves, batch_size=2_000)
        for chain in moved:
            chain.anchored_length = chain.length
        EvidenceChain.objects.bulk_update(moved, ["anchored_length"], batch_size=2_000)
    return anchor


def leaf_data(leaf: EvidenceLeaf) -> str:
    """What a leaf of the tree says, as the text that is hashed."""
    return canonical_json({"chain": leaf.chain_key, "seq": leaf.seq, "hash": leaf.hash})


def prove_inclusion(chain: str, anchor: EvidenceAnchor | None = None) -> InclusionProof:
    """The proof that a chain's latest anchored head is under an anchor's root (the newest).

    Raises NotFound where the chain was not anchored by then.
    """
    anchor = anchor or EvidenceAnchor.objects.order_by("-size").first()
    leaf = (
        EvidenceLeaf.objects.filter(chain_key=chain, index__lt=anchor.size if anchor else 0)
        .order_by("-seq")
        .first()
    )
    if anchor is None or leaf is None:
        raise NotFound(f"The chain “{chain}” is not anchored yet.")
    hashes = list(_leaf_hashes(anchor.size))
    return InclusionProof(
        data=leaf_data(leaf),
        index=leaf.index,
        size=anchor.size,
        path=tuple(each.hex() for each in inclusion_proof(hashes, leaf.index)),
        root=anchor.root,
    )


def prove_consistency(old: EvidenceAnchor, new: EvidenceAnchor) -> list[str]:
    """The proof that the older anchor's tree is the beginning of the newer one's."""
    return [each.hex() for each in consistency_proof(list(_leaf_hashes(new.size)), old.size)]


def verify_anchors() -> list[Problem]:
    """Grow the tree again from its leaves and compare each anchor's root on the way.

    ``seq`` of a problem is the anchor's size. Chains are compared with their leaves by
    ``verify_chain``.
    """
    problems: list[Problem] = []
    peaks: tuple[bytes, ...] = ()
    size = 0
    hashes = _leaf_hashes(None)
    for anchor in EvidenceAnchor.objects.order_by("size").iterator():
        added = [each for _, each in zip(range(anchor.size - size), hashes, strict=False)]
        peaks, size = grow_peaks(peaks, size, added), size + len(added)
        if size != anchor.size:
            problems.append(
                Problem(anchor.size, "missing", f"Anchor {anchor.size}: leaves are missing.")
            )
            break
        if root_of_peaks(peaks).hex() != anchor.root:
            problems.append(
                Problem(anchor.size, "changed", f"Anchor {anchor.size}: the root does not match.")
            )
    if next(hashes, None) is not None:
        problems.append(Problem(size, "missing", "An anchor is missing: leaves have none."))
    return problems


def _leaf_hashes(size: int | None) -> Iterator[bytes]:
    """Leaf hashes in order; of the first ``size`` or of all. A gap ends them."""
    rows = EvidenceLeaf.objects.order_by("index")
    if size is not None:
        rows = rows.filter(index__lt=size)
    for expected, leaf in enumerate(rows.iterator(chunk_size=5_000)):
        if leaf.index != expected:
            return
        yield leaf_hash(leaf_data(leaf).encode())
