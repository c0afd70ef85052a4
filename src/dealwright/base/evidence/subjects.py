"""What a chain is about, in words: its key is made for programs, its name for people.

A room whose chains belong to records of its own says so once (``chains_of("envelope")`` for
``envelope:<id>``); any other chain is named by a function (``name_chains``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid, visible_records
from dealwright.base.errors import NotFound
from dealwright.base.objects.registry import object_type

_MOST_FOUND = 200


@dataclass(frozen=True, slots=True)
class Subject:
    """``name`` of what the chain is about, its ``kind``, and the page it belongs to, if any."""

    name: str
    kind: str = ""
    url: str = ""


_of_records: set[str] = set()
_named: dict[str, Callable[[str], Subject]] = {}


def chains_of(object_key: str) -> None:
    """The records of this object have chains named ``<object_key>:<id>``."""
    _of_records.add(object_key)


def name_chains(prefix: str, name: Callable[[str], Subject]) -> None:
    """``name`` tells what the chain ``<prefix>:<rest>`` is about from the rest of its key."""
    _named[prefix] = name


def subjects_of(actor: Actor, keys: Iterable[str]) -> Mapping[str, Subject]:
    """What each chain is about, by its key; one statement per kind of record.

    A record that is gone, or that the actor may not see, leaves its kind and the beginning of
    its id.
    """
    found: dict[str, Subject] = {}
    records: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        prefix, _colon, rest = key.partition(":")
        if prefix in _of_records:
            records[prefix].append(rest)
        elif prefix in _named:
            found[key] = _named[prefix](rest)
        else:
            found[key] = Subject(key)
    for object_key, ids in records.items():
        titles = _titles(actor, object_key, ids)
        of = object_type(object_key)
        for each in ids:
            title = titles.get(each)
            found[f"{object_key}:{each}"] = (
                Subject(title or _("Without name"), _(of.label), f"/{of.slug}/{each}")
                if title is not None
                else Subject(f"{_(of.label)} {each[:8]}", _(of.label))
            )
    return found


def chains_about(actor: Actor, words: str) -> Sequence[str]:
    """The keys of the chains whose record has these words in its name."""
    keys = []
    for object_key in sorted(_of_records):
        of = object_type(object_key)
        ids = visible_records(actor, object_key).filter(**{f"{of.title}__icontains": words})
        keys += [
            f"{object_key}:{each}"
            for each in ids.order_by("-pk").values_list("pk", flat=True)[:_MOST_FOUND]
        ]
    return keys


def _titles(actor: Actor, object_key: str, ids: Iterable[str]) -> dict[str, str]:
    of = object_type(object_key)
    known = []
    for each in ids:
        try:
            known.append(as_uuid(each))
        except NotFound:
            continue  # a chain may be named by hand
    rows = visible_records(actor, object_key).filter(pk__in=known)
    return {str(pk): str(title or "") for pk, title in rows.values_list("pk", of.title)}
