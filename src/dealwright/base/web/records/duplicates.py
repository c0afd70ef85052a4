"""Hints, while one types a new record, that it may exist already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Q
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.objects.fields import in_sentence
from dealwright.base.objects.registry import ObjectType
from dealwright.base.web.records.addresses import record_url
from dealwright.base.web.records.lookups import titled


@dataclass(frozen=True, slots=True)
class Hint:
    """A record that may be the same, and why one may think so."""

    url: str
    title: str
    detail: str
    reason: str


Finder = Callable[[Actor, Mapping[str, Any]], Sequence[Hint]]

_finders: dict[str, Finder] = {}


def set_duplicate_finder(object_key: str, finder: Finder) -> None:
    """Let a room look for duplicates of its object in its own way; called at registration."""
    _finders[object_key] = finder


def find_duplicates(actor: Actor, of: ObjectType, values: Mapping[str, Any]) -> Sequence[Hint]:
    """Up to three records that the actor may see and that look like ``values``."""
    finder = _finders.get(of.key)
    if finder is not None:
        return list(finder(actor, values))[:3]
    rows = visible_records(actor, of.key)
    for key in of.match_keys:
        value = str(values.get(key) or "").strip()
        field = next((each for each in of.fields if each.key == key), None)
        if not value or field is None or field.column == of.title:
            continue
        ids = list(
            rows.filter(**{f"{field.column}__iexact": value}).values_list("pk", flat=True)[:3]
        )
        if ids:
            reason = _("Same %(field)s") % {"field": in_sentence(field.label)}
            return [_hint(of, each, reason) for each in titled(actor, of, ids)]
    return _alike(actor, of, values)


def _alike(actor: Actor, of: ObjectType, values: Mapping[str, Any]) -> list[Hint]:
    key = next((field.key for field in of.fields if field.column == of.title), "")
    text = str(values.get(key) or "").strip()
    if len(text) < 3:
        return []
    rows = visible_records(actor, of.key).filter(
        Q(**{f"{of.title}__iexact": text}) | Q(**{f"{of.title}__trigram_similar": text})
    )
    ids = list(
        rows.annotate(dw_alike=TrigramSimilarity(of.title, text))
        .filter(dw_alike__gte=0.55)
        .order_by("-dw_alike")
        .values_list("pk", flat=True)[:3]
    )
    return [_hint(of, each, _("Similar name")) for each in titled(actor, of, ids)]


def _hint(of: ObjectType, found: Mapping[str, str], reason: str) -> Hint:
    return Hint(record_url(of, found["id"]), found["title"], found["subtitle"], reason)
