"""Ports for servers that tests start and wait for."""

from __future__ import annotations

import random
import socket

# Below where systems take ports for connections from: who asks a port of those again and again
# until something listens there can be given the very same port, and then talks to itself.
FIRST, LAST = 20_000, 30_000


def free_port(following: int = 0) -> int:
    """A port that is free, and as many after it."""
    while True:
        port = random.randrange(FIRST, LAST)
        if all(_is_free(each) for each in range(port, port + following + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
