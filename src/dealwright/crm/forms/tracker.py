"""The script that remembers a visit, which a room above tells of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tracker:
    """The script's address, and what a visitor is asked before it keeps anything."""

    address: str
    question: str


_tellers: list[Callable[[], Tracker | None]] = []


def set_tracker(tell: Callable[[], Tracker | None]) -> None:
    """``tell`` gives the tracker of now; public pages of this product load its script."""
    _tellers[:] = [tell]


def tracker() -> Tracker | None:
    """The tracker; None where no room tracks or tracking is off."""
    return _tellers[0]() if _tellers else None
