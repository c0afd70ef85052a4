"""Sharing an amount out over a tree, so that each level sums exactly. No database.

Shares are computed as fractions, cut down to a step, and what is left over goes where it was
missed most (the method of the largest remainder); less than one step goes to one row, which
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

CENT = Decimal("0.01")
NOTHING = Decimal(0)

HEADS, HISTORY, PIPELINE, WEIGHTS, HAND = "heads", "history", "pipeline", "weights", "hand"
METHODS = (HEADS, HISTORY, PIPELINE, WEIGHTS, HAND)


@dataclass(frozen=True, slots=True)
class Part:
    """What takes a share: as ``weight`` is to all weights, or ``locked`` whatever they say."""

    weight: Fraction
    locked: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """``amounts`` of the parts, ``carried`` what each took beyond whole steps, ``unplaced`` what
    no part could take (below zero: what locks are too much). Amounts and unplaced sum to the
    whole."""

    amounts: Sequence[Decimal]
    carried: Sequence[Decimal]
    unplaced: Decimal


def share_out(whole: Decimal, parts: Sequence[Part], step: Decimal = CENT) -> Shares:
    """Share ``whole`` (in cents) among ``parts`` in multiples of ``step``, exactly.

    Locked parts come first; the others share the rest by weight. Where the locks are more than
    the whole, or nobody has a weight, the rest stays unplaced.
    """
    amounts = [part.locked or NOTHING for part in parts]
    carried = [NOTHING] * len(parts)
    rest = whole - sum(amounts, NOTHING)
    free = [at for at, part in enumerate(parts) if part.locked is None and part.weight > 0]
    if rest < 0 or not free:
        return Shares(amounts, carried, rest)
    total = sum((parts[at].weight for at in free), Fraction(0))
    exact = {at: Fraction(rest) * parts[at].weight / total for at in free}
    size = Fraction(step)
    steps = {at: exact[at] // size for at in free}
    missed = sorted(free, key=lambda at: (-(exact[at] - steps[at] * size), -parts[at].weight, at))
    left = Fraction(rest) // size - sum(steps.values())
    for at in missed[: int(left)]:
        steps[at] += 1
    for at in free:
        amounts[at] = (step * int(steps[at])).quantize(CENT)
    over = whole - sum(amounts, NOTHING)
    if over:
        # Whoever is furthest below the exact share carries what makes no whole step.
        bearer = max(free, key=lambda at: (exact[at] - Fraction(amounts[at]), parts[at].weight))
        amounts[bearer] += over
        carried[bearer] = over
    return Shares(amounts, carried, NOTHING)


@dataclass(slots=True)
class Node:
    """A row of the tree. ``factor`` counts for rows that have nothing below them: the part of a
    full quota that can be carried. ``over`` is what is shared out below beyond the own amount, a
    fraction. ``method`` says how the rows below share; empty: as above."""

    key: object
    parent: object | None = None
    method: str = ""
    over: Decimal = NOTHING
    locked: Decimal | None = None
    factor: Fraction = Fraction(1)
    history: Decimal = NOTHING
    pipeline: Decimal = NOTHING
    weight: Decimal | None = None


@dataclass(slots=True)
class Placed:
    """What a row got, and why: ``weight`` of ``weights`` of what was shared out (``of``), by
    ``method``; ``stood_in`` says that heads stood in for a figure that nobody there had.
    ``below`` is what it shares out itself, ``unplaced`` what of that nobody took."""

    amount: Decimal
    carried: Decimal = NOTHING
    weight: Fraction = Fraction(0)
    weights: Fraction = Fraction(0)
    of: Decimal = NOTHING
    method: str = ""
    stood_in: bool = False
    below: Decimal = NOTHING
    unplaced: Decimal = NOTHING


@dataclass(slots=True)
class Tree:
    """Rows by key, and the rows below each in order."""

    nodes: Mapping[object, Node]
    below: dict[object | None, list[Node]] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Sequence[Node]) -> Tree:
        tree = cls({each.key: each for each in nodes})
        for each in nodes:
            tree.below.setdefault(each.parent, []).append(each)
        return tree


def allocate(
    nodes: Sequence[Node], whole: Decimal, method: str, step: Decimal
) -> dict[object, Placed]:
    """Share ``whole`` out from the row without a parent down to the last, level by level.

    ``nodes`` come parents first. The amounts below a row and its ``unplaced`` sum exactly to
    its ``below``: its own amount, or with what it over-assigns rounded to whole steps.
    """
    tree = Tree.of(nodes)
    placed: dict[object, Placed] = {}
    methods: dict[object, str] = {}
    weigh = _weigher(tree)
    for node in nodes:
        above = methods.get(node.parent, method)
        methods[node.key] = node.method or above
        if node.parent is None:
            amount = whole if node.locked is None else node.locked
            placed[node.key] = Placed(amount, of=whole, method=above)
        children = tree.below.get(node.key, [])
        if not children:
            continue
        own = placed[node.key]
        own.below = _over_assigned(own.amount, node.over, step)
        by = methods[node.key]
        weights = [weigh(each, by) for each in children]
        free = [w for w, each in zip(weights, children, strict=True) if each.locked is None]
        stood_in = by != HAND and bool(free) and not any(free)
        if stood_in:
            weights = [weigh(each, HEADS) for each in children]
        parts = [Part(w, each.locked) for w, each in zip(weights, children, strict=True)]
        shares = share_out(own.below, parts, step)
        own.unplaced = shares.unplaced
        total = sum((p.weight for p in parts if p.locked is None), Fraction(0))
        for at, each in enumerate(children):
            placed[each.key] = Placed(
                shares.amounts[at],
                shares.carried[at],
                weights[at],
                total,
                own.below,
                by,
                stood_in,
            )
    return placed


def _over_assigned(amount: Decimal, over: Decimal, step: Decimal) -> Decimal:
    """What is shared out below: the amount itself, or with what is over-assigned rounded to whole
    steps, as long as that is no less."""
    if not over:
        return amount
    steps = (amount * (1 + over) / step).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return max(amount, (steps * step).quantize(CENT))


def _weigher(tree: Tree) -> Callable[[Node, str], Fraction]:
    known: dict[tuple[object, str], Fraction] = {}

    def weigh(node: Node, method: str) -> Fraction:
        key = (node.key, method)
        if key not in known:
            known[key] = _weight(node, method)
        return known[key]

    def _weight(node: Node, method: str) -> Fraction:
        if method == HAND:
            return Fraction(0)
        below = tree.below.get(node.key, [])
        if method == WEIGHTS and below and node.weight is not None:
            return Fraction(node.weight)
        if below:
            summed = sum((weigh(each, method) for each in below), Fraction(0))
            return summed + (Fraction(_figure(node, method)) if method != HEADS else 0)
        if method == HEADS:
            return node.factor
        figure = _figure(node, method)
        # A given figure stands in for one that a new hire cannot have.
        return Fraction(figure or node.weight or NOTHING) * node.factor

    return weigh


def _figure(node: Node, method: str) -> Decimal:
    found = {HISTORY: node.history, PIPELINE: node.pipeline}.get(method, NOTHING)
    return max(found, NOTHING)


@dataclass(frozen=True, slots=True)
class BottomUp:
    """What those below want (or have, where they said nothing), and how far that is from what
    the row should come to: ``wanted`` less ``expected``."""

    wanted: Decimal
    expected: Decimal

    @property
    def difference(self) -> Decimal:
        return self.wanted - self.expected


def bottom_up(
    nodes: Sequence[Node], placed: Mapping[object, Placed], proposed: Mapping[object, Decimal]
) -> dict[object, BottomUp]:
    """For each row what comes from below against what comes from above.

    A row with rows below it counts what they want together against what is shared out to them,
    unless somebody proposed an amount for the row itself; that one then goes up.
    """
    tree = Tree.of(nodes)
    found: dict[object, BottomUp] = {}
    rises: dict[object, Decimal] = {}
    for node in reversed(nodes):
        own = placed[node.key]
        below = tree.below.get(node.key, [])
        if below:
            wanted = sum((rises[each.key] for each in below), NOTHING)
            found[node.key] = BottomUp(wanted, own.below)
            share = wanted / (1 + node.over)
            rises[node.key] = proposed.get(node.key, share.quantize(CENT, rounding=ROUND_HALF_UP))
        else:
            rises[node.key] = proposed.get(node.key, own.amount)
            found[node.key] = BottomUp(rises[node.key], own.amount)
    return found
