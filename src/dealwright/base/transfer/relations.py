"""From the name in a cell to the record it means, many cells at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models.functions import Lower
from rapidfuzz import fuzz, process, utils

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User
from dealwright.base.records.models import ExternalId

SUGGEST_FROM = 85
_TITLES = 20_000


class Resolver:
    """Finds the records that a column names: by id, external id, title or match key.

    What was looked up is remembered, so that each distinct text costs one question. A text
    that fits several records fits none: ``is_ambiguous`` tells.
    """

    def __init__(self, actor: Actor, field: Field, system: str) -> None:
        self.actor = actor
        self.field = field
        self.system = system
        self.known: dict[str, Any | None] = {}
        self.by_key: dict[str, Any] = {}
        self.ambiguous: set[str] = set()
        self._asked: set[str] = set()
        self._titles: dict[str, str] | None = None
        self._suggested: dict[str, str] = {}

    def learn(self, texts: Iterable[str]) -> None:
        """Look up all texts that are not known yet in a few statements."""
        new = {text for text in texts if text and text not in self._asked}
        if not new:
            return
        self._asked |= new
        for text in new:
            self.known.setdefault(text.casefold(), None)
        self._learn_keys(new)
        if self.field.kind == Kind.USER:
            self._learn_users(new)
        else:
            self._learn_records(new)

    def find(self, text: str) -> Any | None:
        """The id the text means, or None. Ids of other systems differ by case alone."""
        return self.by_key.get(text) or self.known.get(text.casefold())

    def is_ambiguous(self, text: str) -> bool:
        return text.casefold() in self.ambiguous

    def remember(self, text: str, record_id: Any) -> None:
        """A record just made answers to this text from now on."""
        self.known[text.casefold()] = record_id

    def suggest(self, text: str) -> str:
        """The title most like the text, or "" where none is like enough."""
        known = self._suggested.get(text)
        if known is None:
            known = self._suggested[text] = self._most_like(text)
        return known

    def _most_like(self, text: str) -> str:
        titles = self._all_titles()
        best = process.extractOne(
            text,
            titles.keys(),
            scorer=fuzz.ratio,
            processor=utils.default_process,
            score_cutoff=SUGGEST_FROM,
        )
        return titles[best[0]] if best else ""

    def _learn_keys(self, new: set[str]) -> None:
        is_user = self.field.kind == Kind.USER
        of = "user" if is_user else self.field.relation
        ids = dict(
            ExternalId.objects.filter(object=of, system=self.system, key__in=new).values_list(
                "key", "record_id"
            )
        )
        if not ids:
            return
        seen: Any = User.objects if is_user else visible_records(self.actor, of)
        there = set(seen.filter(pk__in=ids.values()).values_list("pk", flat=True))
        self.by_key |= {text: record_id for text, record_id in ids.items() if record_id in there}

    def _learn_users(self, new: set[str]) -> None:
        lowered = {text.casefold() for text in new}
        rows = User.objects.annotate(lower_name=Lower("name"))
        for key, name in rows.filter(lower_name__in=lowered).values_list("id", "lower_name"):
            self._put(name, key)
        for key, email in User.objects.filter(email__in=lowered).values_list("id", "email"):
            self.known[email] = key

    def _learn_records(self, new: set[str]) -> None:
        target = object_type(self.field.relation)
        lowered = {text.casefold() for text in new}
        seen = visible_records(self.actor, target.key)
        for path in dict.fromkeys([target.title, *self._match_paths()]):
            rows = seen.annotate(_lowered=Lower(path)).filter(_lowered__in=lowered)
            for key, text in rows.values_list("pk", "_lowered"):
                self._put(text, key)
        direct = {uuid_in(text): text for text in new if uuid_in(text)}
        if direct:
            for key in seen.filter(pk__in=direct).values_list("pk", flat=True):
                self.known[direct[key].casefold()] = key

    def _match_paths(self) -> list[str]:
        target = object_type(self.field.relation)
        columns = {column.name for column in target.model._meta.concrete_fields}
        return [key for key in target.match_keys if key in columns]

    def _put(self, text: str, key: Any) -> None:
        known = self.known.get(text)
        if known is not None and known != key:
            self.ambiguous.add(text)
            self.known[text] = None
        elif text not in self.ambiguous:
            self.known[text] = key

    def _all_titles(self) -> dict[str, str]:
        if self._titles is None:
            if self.field.kind == Kind.USER:
                names = User.objects.values_list("name", flat=True)[:_TITLES]
            else:
                target = object_type(self.field.relation)
                names = visible_records(self.actor, target.key).values_list(
                    target.title, flat=True
                )[:_TITLES]
            self._titles = {str(name): str(name) for name in names if name}
        return self._titles


def uuid_in(text: str) -> uuid.UUID | None:
    """The id that a text is, None for any other text."""
    try:
        return uuid.UUID(text) if len(text) == 36 else None
    except ValueError:
        return None
