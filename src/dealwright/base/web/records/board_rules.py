"""What a room may add to the board of its object: groups of columns, and which cards age."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dealwright.base.access.actor import Actor


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Columns that belong together, e.g. the stages of one pipeline; ``values`` in order.

    ``filter`` selects the records of these columns.
    """

    key: str
    label: str
    values: Sequence[str]
    filter: Mapping[str, Any]


def _no_groups() -> Sequence[ColumnGroup]:
    return ()


def _nothing_ages(actor: Actor, ids: Sequence[Any]) -> Mapping[Any, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRules:
    """``groups()`` where the columns come in several sets, of which one shows at a time;
    ``ageing(actor, ids)`` gives a sentence for each record that rests too long, in one
    statement."""

    groups: Callable[[], Sequence[ColumnGroup]] = _no_groups
    ageing: Callable[[Actor, Sequence[Any]], Mapping[Any, str]] = _nothing_ages


_rules: dict[str, BoardRules] = {}
_PLAIN = BoardRules()


def set_board_rules(object_key: str, rules: BoardRules) -> None:
    """Called once by the object's room, from its registration."""
    _rules[object_key] = rules


def board_rules(object_key: str) -> BoardRules:
    """The rules of an object's board."""
    return _rules.get(object_key, _PLAIN)
