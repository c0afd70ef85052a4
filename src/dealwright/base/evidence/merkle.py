"""Merkle trees of RFC 6962 (section 2.1): roots, inclusion and consistency, and their checks.

A tree that only grows proves two things in a few hashes: that an entry is in it, and that
an older tree is the beginning of a newer one, so nothing was taken out or changed since.
Hashes are bytes; leaves are given as data, not hashed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf; its prefix keeps a leaf from passing as a node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(b"\x01" + left + right).digest()


def merkle_root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in their order; of none it is SHA-256 of nothing."""
    return root_of_peaks(grow_peaks((), 0, hashes))


Peaks = tuple[bytes, ...]


def grow_peaks(peaks: Sequence[bytes], size: int, hashes: Iterable[bytes]) -> Peaks:
    """The roots of the full subtrees, largest first, after leaf hashes are added.

    ``peaks`` and ``size`` describe the tree before. A tree of n leaves has as many peaks as
    n has bits set, so it grows without its old leaves being read.
    """
    stack = list(peaks)
    for each in hashes:
        node, level = each, size
        while level & 1:  # a full subtree of this height stands to the left: join it
            node, level = node_hash(stack.pop(), node), level >> 1
        stack.append(node)
        size += 1
    return tuple(stack)


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root of the tree that has these peaks."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of a leaf: the siblings from it up to the root (RFC 6962, 2.1.1)."""
    size = len(hashes)
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    if size == 1:
        return []
    half = _split(size)
    if index < half:
        return [*inclusion_proof(hashes[:half], index), merkle_root(hashes[half:])]
    return [*inclusion_proof(hashes[half:], index - half), merkle_root(hashes[:half])]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether the leaf hash stands at ``index`` of the tree with this size and root
    (the algorithm of RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def consistency_proof(hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """What shows that the first ``old_size`` leaves are the older tree (RFC 6962, 2.1.2)."""
    if not 0 < old_size <= len(hashes):
        raise ValueError(f"A tree of {len(hashes)} leaves had none of {old_size} before.")
    return _subproof(old_size, hashes, whole=True)


def _subproof(old_size: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    size = len(hashes)
    if old_size == size:
        return [] if whole else [merkle_root(hashes)]
    half = _split(size)
    if old_size <= half:
        return [*_subproof(old_size, hashes[:half], whole=whole), merkle_root(hashes[half:])]
    return [
        *_subproof(old_size - half, hashes[half:], whole=False),
        merkle_root(hashes[:half]),
    ]


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the old tree is the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if old_size == size:
        return not proof and old_root == root
    if not 0 < old_size < size or not proof:
        return False
    path = list(proof)
    if old_size & (old_size - 1) == 0:  # a full tree is its own first node
        path.insert(0, old_root)
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old, new = path[0], path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, each)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == root


def _split(size: int) -> int:
    """The largest power of two below a size of at least two."""
    return 1 << (size - 1).bit_length() - 1
