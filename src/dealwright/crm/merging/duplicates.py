"""Records that may be the same: exact on address and domain, alike by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Q
from rapidfuzz import fuzz, utils

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible, visible_records
from dealwright.crm.addresses import company_domain, normal_phone, registrable_domain

SHOWN = 5
ALIKE = 0.85  # names less alike than this are not worth a person's time
_TRIGRAM = 0.45  # what the index hands over to the closer look

_LEGAL_FORMS = {
    "ab", "ag", "as", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "holding",
    "inc", "incorporated", "kg", "limited", "llc", "llp", "ltd", "nv", "oy", "plc", "pty", "sa",
    "sarl", "se", "spa", "srl",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A record that may be the same, how sure (1 is the same address), and why."""

    id: UUID
    name: str
    detail: str
    score: float
    reason: str


def find_duplicates(actor: Actor, object_key: str, values: Mapping[str, Any]) -> list[Duplicate]:
    """Records like one with these values by field key, surest first; at most five.

    Two statements; only what the actor may see.
    """
    if object_key == "contact":
        found = _contacts(actor, values)
    elif object_key == "account":
        found = _accounts(actor, values)
    else:
        found = []
    own = values.get("id")
    found = [each for each in found if each.id != own]
    return sorted(found, key=lambda each: -each.score)[:SHOWN]


def duplicates_of(actor: Actor, object_key: str, record_id: Any) -> list[Duplicate]:
    """Records that may be the same as an existing one."""
    record = get_visible(actor, object_key, record_id)
    keys = {
        "contact": ("id", "name", "email", "phone", "mobile", "account_id"),
        "account": ("id", "name", "domain", "website", "phone"),
    }
    if object_key not in keys:
        return []
    return find_duplicates(
        actor, object_key, {key: getattr(record, key) for key in keys[object_key]}
    )


def _contacts(actor: Actor, values: Mapping[str, Any]) -> list[Duplicate]:
    name = str(
        values.get("name")
        or f"{values.get('first_name') or ''} {values.get('last_name') or ''}".strip()
    )
    email = str(values.get("email") or "").lower()
    phones = {normal_phone(str(values[key])) for key in ("phone", "mobile") if values.get(key)}
    rows = visible_records(actor, "contact").annotate(
        likeness=TrigramSimilarity("name", name or "-")
    )
    exact = Q(pk__in=[])
    if email:
        exact |= Q(email=email) | Q(points__kind="email", points__value=email)
    if phones:
        exact |= Q(phone__in=phones) | Q(mobile__in=phones) | Q(points__value__in=phones)
    fields = ("id", "name", "email", "phone", "mobile", "account_id", "account__name")
    found: dict[UUID, Duplicate] = {}
    for row in rows.filter(exact).values(*fields).distinct()[:SHOWN]:
        same = "e-mail address" if email and row["email"] == email else "address or number"
        found[row["id"]] = _duplicate(row, 1.0, f"Same {same}", row["account__name"])
    if name and "@" not in name:
        near = rows.filter(name__trigram_similar=name, likeness__gt=_TRIGRAM)
        for row in near.order_by("-likeness").values(*fields)[:20]:
            score = _likeness(name, row["name"])
            if score < ALIKE or row["id"] in found:
                continue
            mine, theirs = values.get("account_id"), row["account_id"]
            if mine and mine == theirs:
                reason, score = "Like name, same account", min(score + 0.05, 0.99)
            elif (mine and theirs) or (
                not mine and not theirs and company_domain(email) != company_domain(row["email"])
            ):
                continue  # people of two companies may well have one name
            else:
                reason, score = "Like name", score * 0.95
            found[row["id"]] = _duplicate(row, score, reason, row["account__name"])
    return list(found.values())


def _accounts(actor: Actor, values: Mapping[str, Any]) -> list[Duplicate]:
    core = _core(str(values.get("name") or ""))
    domain = registrable_domain(str(values.get("domain") or values.get("website") or ""))
    rows = visible_records(actor, "account")
    fields = ("id", "name", "domain", "billing_country")
    found: dict[UUID, Duplicate] = {}
    if domain:
        same = Q(domain=domain) | Q(other_domains__contains=[domain])
        for row in rows.filter(same).values(*fields)[:SHOWN]:
            found[row["id"]] = _duplicate(row, 1.0, "Same domain", row["domain"])
    if core:
        # By words, so that “Acme” finds “Acme Corporation”; the closer look decides.
        near = rows.filter(name__trigram_word_similar=core).annotate(
            likeness=TrigramSimilarity("name", core)
        )
        for row in near.order_by("-likeness").values(*fields)[:20]:
            score = _likeness(core, _core(row["name"]))
            if score >= ALIKE and row["id"] not in found:
                detail = row["domain"] or row["billing_country"]
                found[row["id"]] = _duplicate(row, min(score, 0.99), "Like name", detail)
    return list(found.values())


def _duplicate(row: Mapping[str, Any], score: float, reason: str, detail: Any) -> Duplicate:
    return Duplicate(row["id"], row["name"], str(detail or ""), round(score, 2), reason)


def _likeness(one: str, other: str) -> float:
    """0 to 1; the order of the words does not count."""
    return fuzz.token_sort_ratio(one, other, processor=utils.default_process) / 100


def _core(name: str) -> str:
    """A company's name without its legal form."""
    words: Sequence[str] = utils.default_process(name).split()
    core = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(core or words)
