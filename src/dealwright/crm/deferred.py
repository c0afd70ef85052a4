"""Contexts of panels that are read from the database only where the panel is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any


class Deferred(Mapping[str, Any]):
    """A template's context that is made when it is first looked at: a tab that is not open
    costs no statement."""

    def __init__(self, make: Callable[[], Mapping[str, Any]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, Any]:
        return self._make()

    def __getitem__(self, key: str) -> Any:
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def deferred(
    query: Callable[[Any, Any], Mapping[str, Any] | None],
) -> Callable[[Any, Any], Mapping[str, Any] | None]:
    """A panel's query that waits until its panel is drawn; for panels that are always there."""

    def later(user: Any, record_id: Any) -> Mapping[str, Any]:
        return Deferred(lambda: query(user, record_id) or {})

    return later
