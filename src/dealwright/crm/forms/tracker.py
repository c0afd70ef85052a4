"""The script that remembers a visit, which a room above tells of."""

from __future__ import annotations

_address: list[str] = []


def set_tracker(address: str) -> None:
    """The script's address; public pages of this product load it from there."""
    _address[:] = [address]


def tracker() -> str:
    """The script's address, empty where no room tracks."""
    return _address[0] if _address else ""
