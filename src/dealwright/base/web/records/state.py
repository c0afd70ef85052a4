"""What a list shows, read from its address: view, filter, columns, order, words, layout."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.filters import describe_filter
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType
from dealwright.base.people.models import User
from dealwright.base.records.models import SavedView
from dealwright.base.records.views import find_view
from dealwright.base.web.records.addresses import filter_of
from dealwright.base.web.records.cells import Column, column_of, default_columns, title_key

Tree = Mapping[str, Any]
MOST_COLUMNS = 24
EXTRA = {"calendar": ("month", "dates"), "board": ("group",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One part of the filter: its sentence, and the address of the list without it."""

    sentence: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """The state of a list; every part of it stands in the address."""

    of: ObjectType
    user: User
    view: SavedView | None
    layout: str
    filter: Tree
    columns: Sequence[Column]
    sort: str
    text: str
    extra: Mapping[str, str]

    @property
    def path(self) -> str:
        return f"/{self.of.slug}" + ("" if self.layout == "table" else f"/{self.layout}")

    @property
    def changed(self) -> bool:
        """Whether it differs from the saved view (or from the plain list)."""
        keys = [column.key for column in self.columns]
        if self.view is None:
            return bool(self.filter) or keys != default_columns(self.of, self.user)
        return (
            dict(self.filter) != (self.view.filter or {})
            or (bool(self.view.columns) and keys != list(self.view.columns))
            or (self.sort or "") != (self.view.sort or "")
            or self.layout != self.view.layout
        )

    def address(self, path: str = "", **changes: Any) -> str:
        """The address of this list with parts changed; None takes a part away."""
        view_filter = (self.view.filter or {}) if self.view else {}
        view_columns = list(self.view.columns) if self.view else []
        view_sort = self.view.sort if self.view else ""
        keys = [column.key for column in self.columns]
        plain = default_columns(self.of, self.user)
        parts: dict[str, Any] = {
            "view": self.view.pk if self.view else None,
            "filter": None if dict(self.filter) == view_filter else self.filter,
            "columns": None if keys == (view_columns or plain) else ",".join(keys),
            "sort": None if self.sort == view_sort else self.sort,
            "q": self.text or None,
            **self.extra,
        }
        parts.update(changes)
        shown = {
            key: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
            if isinstance(value, Mapping)
            else value
            for key, value in parts.items()
            if value is not None and value != ""
        }
        target = path or self.path
        return f"{target}?{urlencode(shown)}" if shown else target

    def export_address(self, format: str) -> str:
        """The file of this list; it holds what the list shows, however long."""
        parts = {
            "format": format,
            "filter": json.dumps(self.filter) if self.filter else "",
            "q": self.text,
            "sort": self.sort,
            "columns": ",".join(column.key for column in self.columns),
        }
        return f"/{self.of.slug}/export?" + urlencode({k: v for k, v in parts.items() if v})

    def sort_address(self, column: Column) -> str:
        """The list sorted by the column: up, then down, then as it was."""
        following = {column.key: f"-{column.key}", f"-{column.key}": None}
        return self.address(sort=following.get(self.sort, column.key), after=None)

    def sort_direction(self, column: Column) -> str:
        """For ``aria-sort``; empty where the list is not sorted by the column."""
        return {column.key: "ascending", f"-{column.key}": "descending"}.get(
            self.sort or self.of.default_sort, ""
        )

    def chips(self) -> list[Chip]:
        """The filter's parts on its outermost level; one chip where any of them suffices."""
        if not self.filter:
            return []
        if set(self.filter) == {"all"} and isinstance(self.filter["all"], list):
            nodes = self.filter["all"]
            return [
                Chip(
                    sentence=describe_filter(self.of, node, self.user),
                    without=self.address(
                        filter=_all(nodes[:at] + nodes[at + 1 :], keep=self.view is not None)
                    ),
                )
                for at, node in enumerate(nodes)
            ]
        without = self.address(filter={"all": []} if self.view else None)
        return [Chip(sentence=describe_filter(self.of, self.filter, self.user), without=without)]

    def narrowed(self, node: Tree) -> Tree:
        """The filter and one more condition."""
        return {"all": [self.filter, node]} if self.filter else node

    def plain(self) -> ListState:
        """Without filter and words: what an empty list is compared with."""
        return replace(self, filter={}, text="")

    @property
    def title(self) -> str:
        return self.view.name if self.view else _(self.of.label_plural)


def _all(nodes: list[Any], *, keep: bool) -> Tree | None:
    # With a saved view, "no filter" must be said: else the view's own comes back.
    return {"all": nodes} if nodes or keep else None


def read_state(of: ObjectType, user: User, query: QueryDict, layout: str = "table") -> ListState:
    """The state that an address names.

    A column that is no longer there is left out, so that an old link still opens; a broken
    filter raises Invalid.
    """
    view = find_view(user, of.key, query.get("view", ""))
    given = filter_of(query.get("filter", ""))
    tree = given if given is not None else ((view.filter or {}) if view else {})
    if tree == {"all": []}:
        tree = {}
    keys = [key for key in query.get("columns", "").split(",") if key]
    keys = keys or (list(view.columns) if view else []) or default_columns(of, user)
    if title_key(of) not in keys and title_key(of) in {f.key for f in visible_fields(of, user)}:
        keys.insert(0, title_key(of))
    columns = []
    for key in keys[:MOST_COLUMNS]:
        try:
            columns.append(column_of(of, key, user))
        except Invalid:
            continue
    # The name stands first, where it stays in sight while one scrolls sideways.
    columns.sort(key=lambda column: not column.is_title)
    sort = query.get("sort", "") or (view.sort if view else "")
    if sort and not any(_sorts(field, sort) for field in visible_fields(of, user)):
        sort = ""
    return ListState(
        of=of,
        user=user,
        view=view,
        layout=layout,
        filter=tree,
        columns=columns,
        sort=sort,
        text=query.get("q", "").strip()[:200],
        extra={key: str(query[key]) for key in EXTRA.get(layout, ()) if query.get(key)},
    )


def _sorts(field: Field, sort: str) -> bool:
    return field.sortable and field.key == sort.removeprefix("-") and field.kind != Kind.JSON
