"""Which field a header means: by names, the object's own words before it, and what it links to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process, utils

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import object_types

_SURE = 88
_KEYS = {
    "id", "recordid", "externalid", "uuid", "systemid", "pipedrivesystemid", "objectid",
    "hsobjectid",
}  # fmt: skip
_AN_ID = re.compile(r"ids?(primary)?$")
_DERIVED = 1_000  # after every name that a field gives itself


@dataclass(frozen=True, slots=True)
class Match:
    """The field of a header; ``otherwise`` is the header to ask where this one is empty or
    names nothing (an id that was never imported, beside the name)."""

    field: str
    otherwise: str = ""


def plain(name: str) -> str:
    """A header without case, spaces and signs: ``Deal - Owner``, ``DealOwner`` are one."""
    return utils.default_process(name.replace("_", " ")).replace(" ", "")


def nouns_of(object_key: str) -> Sequence[str]:
    """What an object is called here and elsewhere, in plain form, the longest first."""
    of = next((each for each in object_types() if each.key == object_key), None)
    names = [object_key] if of is None else [of.key, of.label, of.label_plural, *of.also_called]
    return sorted({plain(name) for name in names}, key=lambda name: (-len(name), name))


def without_noun(name: str, nouns: Sequence[str]) -> list[str]:
    """A plain header without each of the object's names before it: ``dealowner`` is the
    ``owner``; ``dealstatus`` is the ``status``, though it begins like the plural."""
    return [name.removeprefix(noun) for noun in nouns if name.startswith(noun) and name != noun]


def key_column(header: Sequence[str], object_key: str) -> str:
    """The column that holds the other system's id of the rows themselves, or ""."""
    nouns = nouns_of(object_key)
    names = {column: plain(column) for column in header}
    exact = (column for column, name in names.items() if name in _KEYS)
    own = (
        column for column, name in names.items() if not _KEYS.isdisjoint(without_noun(name, nouns))
    )
    return next(exact, "") or next(own, "")


def match_columns(
    header: Sequence[str], fields: Sequence[Field], object_key: str
) -> dict[str, Match]:
    """The fields that the columns mean; columns that mean none are left out.

    A column whose name says exactly what it is wins; of several columns for one link the one
    with ids does, and the next stands in for it. Near misses come last, and only for fields
    that nothing else claims.
    """
    nouns = nouns_of(object_key)
    names = _names(fields, object_key)
    claims: dict[str, list[tuple[int, int, str]]] = {}
    for place, column in enumerate(header):
        found = _exact(plain(column), nouns, names)
        if found:
            key, rank = found
            claims.setdefault(key, []).append((rank, place, column))
    by_key = {each.key: each for each in fields}
    matches: dict[str, Match] = {}
    claimed = {column for each in claims.values() for _, _, column in each}
    for key, found_for in claims.items():
        is_link = by_key[key].kind in (Kind.RELATION, Kind.USER)
        found_for.sort(key=lambda each: (is_link and not _AN_ID.search(plain(each[2])), *each))
        columns = [column for _, _, column in found_for]
        second = columns[1] if is_link and len(columns) > 1 else ""
        matches[columns[0]] = Match(key, second)
    free = {name: key for name, (key, _) in names.items() if key not in claims}
    for column in header:
        name = plain(column)
        if column in claimed or _AN_ID.search(name) or not free:
            continue
        best = process.extractOne(name, free.keys(), scorer=fuzz.ratio, score_cutoff=_SURE)
        if best:
            key = free[best[0]]
            matches[column] = Match(key)
            free = {other: its for other, its in free.items() if its != key}
    return matches


def own_columns(header: Sequence[str], fields: Sequence[Field], object_key: str) -> int:
    """How many columns have the object's own name before the name of a field."""
    nouns, names = nouns_of(object_key), _names(fields, object_key)
    count = 0
    for column in header:
        rests = without_noun(plain(column), nouns)
        count += any(rest in names or rest in _KEYS for rest in rests)
    return count


def is_called(table: str, object_key: str) -> bool:
    """Whether a file is named after the object: ``hubspot-crm-exports-all-deals-2027``."""
    words = re.split(r"[^a-z]+", table.casefold())
    nouns = nouns_of(object_key)
    joined = "".join(words)
    return any(
        f"{noun}{ending}" in words or (len(noun) > 5 and noun in joined)
        for noun in nouns
        for ending in ("", "s")
    )


def _exact(
    name: str, nouns: Sequence[str], names: Mapping[str, tuple[str, int]]
) -> tuple[str, int] | None:
    for candidate in (name, *without_noun(name, nouns)):
        if candidate in names:
            return names[candidate]
    return None


def _names(fields: Sequence[Field], object_key: str) -> dict[str, tuple[str, int]]:
    """Plain names with the field and how sure they are (0 is its key)."""
    names: dict[str, tuple[str, int]] = {}
    for field in fields:
        for rank, alias in enumerate((field.key, field.label, *field.aliases)):
            names.setdefault(plain(alias), (field.key, rank))
    for field in fields:
        if field.kind != Kind.RELATION or field.relation == object_key:
            continue
        for rank, name in enumerate(_names_of_link(field.relation)):
            names.setdefault(name, (field.key, _DERIVED + rank))
    return names


def _names_of_link(object_key: str) -> list[str]:
    """How a column is called that names a record of another object."""
    forms = (
        "{}id", "{}recordid", "{}systemid", "{}pipedrivesystemid", "associated{}idsprimary",
        "primaryassociated{}id", "primary{}id", "associated{}ids", "associated{}id",
        "associated{}primary", "associated{}", "primary{}", "{}", "{}name",
    )  # fmt: skip
    return [form.format(noun) for form in forms for noun in nouns_of(object_key)]
