"""What carries short texts other than SMS: a message's address names it, ``whatsapp:+4930123456``.

Rooms above add theirs at start, with the settings they need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dealwright.base.messaging.models import OutboundMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """``scheme`` begins its addresses; ``label`` is its name for people. ``send`` hands a message
    over and returns the carrier's id of it: it raises Refusal where the carrier says no,
    Unavailable where it does not answer."""

    scheme: str
    label: Callable[[], str]
    is_ready: Callable[[], bool]
    send: Callable[[OutboundMessage], str]


_CARRIERS: dict[str, Carrier] = {}


def add_carrier(carrier: Carrier) -> None:
    """Make a carrier known; the same scheme again replaces it."""
    _CARRIERS[carrier.scheme] = carrier


def carrier_of(address: str) -> Carrier | None:
    """Who carries messages to an address; None for a plain number, which is SMS."""
    scheme, colon, _rest = address.partition(":")
    return _CARRIERS.get(scheme) if colon else None


def carrier_named(scheme: str) -> Carrier:
    """The carrier of a scheme; raises KeyError."""
    return _CARRIERS[scheme]
