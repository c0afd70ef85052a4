"""The home page's cards and first steps; each room adds its own at registration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A piece of the home page.

    ``query(user)`` gives the template's context in a bounded number of statements, or None
    to leave the card out. ``url`` is where its title leads; ``wide`` takes the whole width.
    """

    key: str
    label: str
    template: str
    query: Callable[[Any], Mapping[str, Any] | None]
    position: int = 100
    url: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStep:
    """Something a new organisation does first; ``is_done()`` asks the database."""

    key: str
    label: str
    text: str
    url: str
    button: str
    icon: str
    is_done: Callable[[], bool]
    position: int = 100


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card with the context that its query gave."""

    card: Card
    context: Mapping[str, Any]


_cards: dict[str, Card] = {}
_steps: dict[str, FirstStep] = {}


def add_card(card: Card) -> None:
    """Put a card on everybody's home page."""
    _cards[card.key] = card


def add_first_step(step: FirstStep) -> None:
    """Put a line on the list that an administrator sees until all are done."""
    _steps[step.key] = step


def cards_for(user: Any) -> Sequence[ShownCard]:
    """The cards that have something to say to the user."""
    shown = []
    for card in sorted(_cards.values(), key=lambda each: each.position):
        context = card.query(user)
        if context is not None:
            shown.append(ShownCard(card, context))
    return shown


def first_steps() -> Sequence[tuple[FirstStep, bool]]:
    """The steps and whether each is done; empty once all are."""
    steps = sorted(_steps.values(), key=lambda each: each.position)
    states = [(step, step.is_done()) for step in steps]
    return [] if all(done for _step, done in states) else states
