"""Times of the log, and Merkle trees (RFC 9162)."""

# ruff: noqa: UP017  Python 3.9 must read it

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Any


def moment(text: str) -> datetime:
    """A time as the log writes it, such as 2026-11-24T10:38:00.123456Z."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


# Merkle trees (RFC 9162, sections 2.1.3.2 and 2.1.4.2)


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = node(sibling, result)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            result = node(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def is_beginning(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the tree of an older anchor is the beginning of the newest one's."""
    size, old_size = new["size"], old["size"]
    old_root, root = bytes.fromhex(old["root"]), bytes.fromhex(new["root"])
    path = [bytes.fromhex(each) for each in old["consistency"]]
    if not 0 < old_size < size or not path:
        return False
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node(each, first), node(each, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, each)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == root


# DER (ITU-T X.690), as far as it is needed
