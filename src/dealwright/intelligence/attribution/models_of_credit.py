"""Sharing the credit for a deal among its touches: pure arithmetic, exact to the cent.

Every model gives shares that sum to one; ``share_amount`` turns them into money that sums to
the amount. Positions are 0 for the first touch; ages are days before the win.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from dealwright.base.money import Money, allocate

HALF_LIFE_DAYS = Decimal(7)
Weights = Callable[[int, Sequence[Decimal]], list[Decimal]]


def first_touch(count: int, ages: Sequence[Decimal]) -> list[Decimal]:
    """All to the first."""
    return [Decimal(1) if place == 0 else Decimal(0) for place in range(count)]


def last_touch(count: int, ages: Sequence[Decimal]) -> list[Decimal]:
    """All to the last."""
    return [Decimal(1) if place == count - 1 else Decimal(0) for place in range(count)]


def linear(count: int, ages: Sequence[Decimal]) -> list[Decimal]:
    """The same to each."""
    return [Decimal(1)] * count


def time_decay(count: int, ages: Sequence[Decimal]) -> list[Decimal]:
    """Half as much for each seven days earlier."""
    return [Decimal(2) ** -(age / HALF_LIFE_DAYS) for age in ages]


def position_based(count: int, ages: Sequence[Decimal]) -> list[Decimal]:
    """U-shaped: 40 % to the first, 40 % to the last, the rest shared between."""
    if count <= 2:
        return [Decimal(1)] * count
    middle = Decimal("0.2") / (count - 2)
    return [Decimal("0.4"), *([middle] * (count - 2)), Decimal("0.4")]


MODELS: dict[str, tuple[str, Weights]] = {
    "first": ("First touch", first_touch),
    "last": ("Last touch", last_touch),
    "linear": ("Linear", linear),
    "decay": ("Time decay", time_decay),
    "position": ("Position based (40/20/40)", position_based),
}


def share_amount(
    model: str, amount: Decimal, currency: str, ages: Sequence[Decimal]
) -> list[Decimal]:
    """What each touch gets of an amount; the parts sum to it exactly.

    Args:
        model: a key of MODELS.
        ages: days before the win per touch, oldest touch first.
    """
    if not ages:
        return []
    weights = MODELS[model][1](len(ages), ages)
    return [part.amount for part in allocate(Money(amount, currency), weights)]
