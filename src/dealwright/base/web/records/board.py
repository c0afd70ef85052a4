"""The list as a board: a column per value of one field, cards that move between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType
from dealwright.base.objects.values import attribute_of
from dealwright.base.records.queries import get_row, list_records
from dealwright.base.records.selections import selected_records
from dealwright.base.web import formats
from dealwright.base.web.pages import actor_of, page, render
from dealwright.base.web.records.addresses import require_openable
from dealwright.base.web.records.board_rules import ColumnGroup, board_rules
from dealwright.base.web.records.cells import Column, column_of, has_currency, title_key
from dealwright.base.web.records.lists import list_context
from dealwright.base.web.records.state import ListState, read_state

CARDS = 15


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One column with its first cards; ``next`` is where further ones are."""

    key: str
    label: str
    cards: Sequence[Mapping[str, Any]]
    next: str
    ageing: Mapping[Any, str] = field(default_factory=dict)


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


@page(methods=["GET", "HEAD"])
def board_page(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """The board; its counts and sums come in a second request."""
    actor = actor_of(request)
    user = actor.require_user()
    require_openable(user, of)
    state = read_state(of, user, request.GET, layout="board")
    by = board_field(of, user)
    groups = board_rules(of.key).groups()
    group = chosen_group(groups, request.GET.get("group", ""))
    shown = card_fields(of, user)
    columns = [
        read_column(actor, state, key, label, shown) for key, label in column_options(by, group)
    ]
    ids = [card["id"] for column in columns for card in column.cards]
    context = list_context(state, user) | {
        "board_field": by,
        "columns": columns,
        "shown": shown,
        "ageing": board_rules(of.key).ageing(actor, ids),
        "groups": groups,
        "group": group,
    }
    return render(request, "base/web/records/board.html", context)


@page(methods=["GET"])
def more_cards(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """Further cards of one column."""
    actor = actor_of(request)
    user = actor.require_user()
    state = read_state(of, user, request.GET, layout="board")
    shown = card_fields(of, user)
    key = request.GET.get("column", "")
    column = read_column(actor, state, key, "", shown, after=request.GET.get("after", ""))
    ids = [card["id"] for card in column.cards]
    context = {
        "of": of,
        "column": column,
        "shown": shown,
        "ageing": board_rules(of.key).ageing(actor, ids),
        **_card_context(state),
    }
    return render(request, "base/web/records/cards.html", context)


@page(methods=["GET"])
def one_card(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """One card anew, after it moved or somebody changed it; nothing where a filter hides it."""
    actor = actor_of(request)
    user = actor.require_user()
    state = read_state(of, user, request.GET, layout="board")
    shown = card_fields(of, user)
    rows = selected_records(actor, of, filter=state.filter, search=state.text)
    if not rows.filter(pk=record_id).exists():
        return HttpResponse("")
    card = get_row(actor, of, record_id, shown.keys(of))
    context = {
        "of": of,
        "card": card,
        "shown": shown,
        "ageing": board_rules(of.key).ageing(actor, [card["id"]]),
        **_card_context(state),
    }
    return render(request, "base/web/records/card.html", context)


@page(methods=["GET"])
def column_sums(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """Count and sum of each column, as texts."""
    actor = actor_of(request)
    user = actor.require_user()
    state = read_state(of, user, request.GET, layout="board")
    by = board_field(of, user)
    groups = board_rules(of.key).groups()
    options = column_options(by, chosen_group(groups, request.GET.get("group", "")))
    figures = _figures(actor, state, by, card_fields(of, user).money)
    return JsonResponse(
        {
            "columns": [
                {
                    "key": key,
                    "count": figures.get(key, ("0", ""))[0],
                    "sum": figures.get(key, ("0", ""))[1],
                }
                for key, _label in options
            ]
        }
    )


def board_field(of: ObjectType, user: Any) -> Field:
    """The field whose values are the columns; raises NotFound where there is no board."""
    for each in visible_fields(of, user):
        if each.key == of.board_field:
            return each
    raise NotFound(_("%(things)s have no board.") % {"things": _(of.label_plural)})


def chosen_group(groups: Sequence[ColumnGroup], key: str) -> ColumnGroup | None:
    """The group that ``key`` names, else the first; None where the columns are one set."""
    return next((group for group in groups if group.key == key), groups[0] if groups else None)


def column_options(by: Field, group: ColumnGroup | None) -> list[tuple[str, str]]:
    """The columns of the board: value and label."""
    options = [(str(value), _(str(label))) for value, label in by.options]
    if group is None:
        return options
    labels = dict(options)
    prefix = f"{group.label}: "
    return [
        (value, labels[value].removeprefix(prefix)) for value in group.values if value in labels
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


def read_column(
    actor: Actor, state: ListState, key: str, label: str, shown: CardFields, after: str = ""
) -> BoardColumn:
    """One column's cards, in the order of the list."""
    of = state.of
    found = list_records(
        actor,
        of,
        filter=state.narrowed({"field": of.board_field, "op": "is", "value": key}),
        search=state.text,
        sort=state.sort,
        columns=shown.keys(of),
        cursor=after,
        limit=CARDS,
    )
    further = ""
    if found.next_cursor:
        further = state.address(f"/{of.slug}/board/column", column=key, after=found.next_cursor)
    return BoardColumn(key, label, found.rows, further)


def _figures(
    actor: Actor, state: ListState, by: Field, money: Column | None
) -> dict[str, tuple[str, str]]:
    of = state.of
    column = attribute_of(of, by)
    rows = selected_records(actor, of, filter=state.filter, search=state.text).order_by()
    names = [column]
    sums: dict[str, Any] = {"dw_count": Count("pk")}
    if money is not None and not money.field.custom:
        sums["dw_sum"] = Sum(money.field.column)
        if has_currency(of):
            names.append("currency")
    counts: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    for row in rows.values(*names).annotate(**sums):
        key = str(row[column])
        counts[key] = counts.get(key, 0) + row["dw_count"]
        if row.get("dw_sum"):
            text = formats.format_compact_money(row["dw_sum"], row.get("currency", ""))
            texts.setdefault(key, []).append(text)
    return {
        key: (formats.format_number(count), " + ".join(texts.get(key, [])))
        for key, count in counts.items()
    }


def _card_context(state: ListState) -> dict[str, Any]:
    from dealwright.base.web.records import cells
    from dealwright.base.web.records.addresses import may_write_any

    return {"cells": cells, "state": state, "may_write": may_write_any(state.user, state.of)}
