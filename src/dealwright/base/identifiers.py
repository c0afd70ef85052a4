"""UUID version 7 (RFC 9562, section 5.7): sorts by the millisecond of its making."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A new identifier, greater than every one this process made before.

    48 bits of Unix milliseconds, then a 12-bit counter that starts at random in each
    millisecond's lower half (RFC 9562, section 6.2, method 1), then 62 random bits.
    """
    global _last
    random = int.from_bytes(os.urandom(10))
    stamp = (time.time_ns() // 1_000_000 << 12) | (random >> 68 & 0x7FF)
    with _lock:
        stamp = max(stamp, _last + 1)
        _last = stamp
    return _identifier(stamp, random)


def uuid7s(count: int) -> list[uuid.UUID]:
    """Many new identifiers in rising order, taken at once: the counters of all follow each other
    and run on into later milliseconds (RFC 9562, section 6.2, method 1)."""
    global _last
    if count < 1:
        return []
    noise = os.urandom(8 * count + 2)
    start = (time.time_ns() // 1_000_000 << 12) | (int.from_bytes(noise[-2:]) & 0x7FF)
    with _lock:
        start = max(start, _last + 1)
        _last = start + count - 1
    return [
        _identifier(start + at, int.from_bytes(noise[8 * at : 8 * at + 8])) for at in range(count)
    ]


def _identifier(stamp: int, random: int) -> uuid.UUID:
    milliseconds, counter = stamp >> 12, stamp & 0xFFF
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | counter << 64
    return uuid.UUID(int=value | 2 << 62 | random & (1 << 62) - 1)
