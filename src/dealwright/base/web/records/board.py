"""The list as a board: a column per value of one field, cards that move between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.boards import BoardColumn, board_columns, board_sums
from dealwright.base.records.queries import get_row, list_records
from dealwright.base.records.selections import selected_records
from dealwright.base.web import formats
from dealwright.base.web.pages import actor_of, page, render
from dealwright.base.web.records import cells
from dealwright.base.web.records.addresses import may_write_any, require_openable
from dealwright.base.web.records.board_rules import ColumnGroup, board_rules
from dealwright.base.web.records.cells import Column, column_of, has_currency, title_key
from dealwright.base.web.records.lists import empty_text, list_context
from dealwright.base.web.records.state import ListState, read_state

CARDS = 15


@dataclass(frozen=True, slots=True)
class CardFields:
    """What a card shows below its title."""

    money: Column | None
    date: Column | None
    detail: Column | None

    def keys(self, of: ObjectType) -> list[str]:
        shown = [column.key for column in (self.money, self.date, self.detail) if column]
        extra = ["currency"] if self.money and has_currency(of) else []
        return [title_key(of), of.board_field, "owner", *shown, *extra]

    @property
    def sums(self) -> list[str]:
        return [self.money.key] if self.money else []


@page(methods=["GET", "HEAD"])
def board_page(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """The board: the first cards of all columns; counts and sums come in a second request."""
    actor = actor_of(request)
    state = _state(request, actor, of)
    shown = card_fields(of, state.user)
    groups = board_rules(of.key).groups()
    group = chosen_group(groups, request.GET.get("group", ""))
    columns = board_columns(
        actor,
        of,
        filter=state.narrowed(group.filter) if group and len(groups) > 1 else state.filter,
        search=state.text,
        sort=state.sort,
        columns=shown.keys(of),
        with_sums=False,
        cards=CARDS,
    )
    columns = in_order(columns, group)
    cards = [card["id"] for column in columns for card in column.cards]
    context = list_context(state, state.user) | {
        "columns": columns,
        "is_empty": not cards and len(groups) < 2,
        "is_narrowed": bool(state.filter or state.text),
        "empty_text": empty_text(of),
        "shown": shown,
        "ageing": board_rules(of.key).ageing(actor, cards),
        "groups": groups,
        "group": group,
        "more": {column.key: more_address(state, column) for column in columns},
    }
    return render(request, "base/web/records/board.html", context)


@page(methods=["GET"])
def more_cards(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """Further cards of one column."""
    actor = actor_of(request)
    state = _state(request, actor, of)
    shown = card_fields(of, state.user)
    key = request.GET.get("column", "")
    more = state.narrowed({"field": of.board_field, "op": "is", "value": key})
    found = list_records(
        actor,
        of,
        filter=more,
        search=state.text,
        sort=state.sort,
        columns=shown.keys(of),
        cursor=request.GET.get("after", ""),
        limit=CARDS,
    )
    column = BoardColumn(key, "", found.rows, found.next_cursor, more)
    context = _card_context(state, shown, actor, found.rows)
    context |= {"column": column, "more": {key: more_address(state, column)}}
    return render(request, "base/web/records/cards.html", context)


@page(methods=["GET"])
def one_card(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """One card anew, after it moved or somebody changed it; nothing where a filter hides it."""
    actor = actor_of(request)
    state = _state(request, actor, of)
    shown = card_fields(of, state.user)
    rows = selected_records(actor, of, filter=state.filter, search=state.text)
    if not rows.filter(pk=record_id).exists():
        return HttpResponse("")
    card = get_row(actor, of, record_id, shown.keys(of))
    context = _card_context(state, shown, actor, [card]) | {"card": card}
    return render(request, "base/web/records/card.html", context)


@page(methods=["GET"])
def column_sums(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """Count and sum of each column, as texts."""
    actor = actor_of(request)
    state = _state(request, actor, of)
    money = card_fields(of, state.user).money
    figures = board_sums(
        actor,
        of,
        filter=state.filter,
        search=state.text,
        sums=[money.key] if money else [],
    )
    return JsonResponse(
        {
            "columns": [
                {
                    "key": key,
                    "count": formats.format_number(count),
                    "sum": cells.sum_text(money, sums[money.key], compact=True) if money else "",
                }
                for key, (count, sums) in figures.items()
            ]
        }
    )


def chosen_group(groups: Sequence[ColumnGroup], key: str) -> ColumnGroup | None:
    """The group that ``key`` names, else the first; None where the columns are one set."""
    return next((group for group in groups if group.key == key), groups[0] if groups else None)


def in_order(columns: Sequence[BoardColumn], group: ColumnGroup | None) -> list[BoardColumn]:
    """The group's columns in its order, without the group's name before each label."""
    if group is None:
        return [replace(column, label=_(column.label)) for column in columns]
    known = {column.key: column for column in columns}
    prefix = f"{group.label}: "
    return [
        replace(known[value], label=known[value].label.removeprefix(prefix))
        for value in group.values
        if value in known
    ]


def card_fields(of: ObjectType, user: Any) -> CardFields:
    """The first money, date and relation (or text) among the list's columns."""
    known = {each.key for each in visible_fields(of, user)}
    columns = [
        column_of(of, key, user)
        for key in of.columns
        if key in known and key not in (of.board_field, title_key(of), "owner")
    ]

    def first(*kinds: Kind) -> Column | None:
        return next((column for column in columns if column.kind in kinds), None)

    return CardFields(
        money=first(Kind.MONEY),
        date=first(Kind.DATE, Kind.DATETIME),
        detail=first(Kind.RELATION) or first(Kind.TEXT, Kind.CHOICE),
    )


def more_address(state: ListState, column: BoardColumn) -> str:
    """Where further cards of a column are; empty where there are none."""
    if not column.next_cursor:
        return ""
    path = f"/{state.of.slug}/board/column"
    return state.address(path, column=column.key, after=column.next_cursor)


def _state(request: HttpRequest, actor: Actor, of: ObjectType) -> ListState:
    user = actor.require_user()
    require_openable(user, of)
    if not of.board_field:
        raise NotFound(_("%(things)s have no board.") % {"things": _(of.label_plural)})
    return read_state(of, user, request.GET, layout="board")


def _card_context(
    state: ListState, shown: CardFields, actor: Actor, cards: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "of": state.of,
        "state": state,
        "cells": cells,
        "shown": shown,
        "ageing": board_rules(state.of.key).ageing(actor, [card["id"] for card in cards]),
        "may_write": may_write_any(state.user, state.of),
    }
