"""Where a clause stands: in the templates of now, in contracts; and what one may choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.contracts.clauses.models import Clause, ClausePosition, ClauseStatus, ClauseTopic
from dealwright.contracts.library.models import ContractTemplate, TemplateVersion
from dealwright.contracts.library.starter import STARTER


@dataclass(frozen=True, slots=True)
class Use:
    """One place of a clause in a text. ``version`` is the clause's version it was taken from;
    ``is_changed`` says that its words are others than those."""

    uid: str
    heading: str
    version: int
    is_changed: bool


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """A template whose text has the clause."""

    template: ContractTemplate
    version: TemplateVersion
    uses: Sequence[Use]


def templates_with(clause_id: Any) -> list[TemplateUse]:
    """The living templates whose present text has the clause, by name."""
    newest = TemplateVersion.objects.filter(template=OuterRef("template")).order_by("-number")
    found = TemplateVersion.objects.filter(
        body__contains=_has(clause_id),
        number=Subquery(newest.values("number")[:1]),
        template__deleted_at__isnull=True,
    )
    texts = _texts_of(clause_id)
    return [
        TemplateUse(version.template, version, list(_uses(version.body, clause_id, texts)))
        for version in found.select_related("template").order_by("template__name")
    ]


def contracts_with(actor: Actor, clause_id: Any, *, limit: int) -> tuple[list[Any], int]:
    """The newest contracts with the clause that the actor may see, each with its ``uses``,
    and how many there are."""
    texts = _texts_of(clause_id)
    rows = visible_records(actor, "contract").filter(body__contains=_has(clause_id))
    shown = list(rows.select_related("account").order_by("-created_at")[:limit])
    for contract in shown:
        contract.uses = list(_uses(contract.body, clause_id, texts))
    return shown, rows.count()


def choosable_clauses(actor: Actor) -> list[Clause]:
    """What may be put into a text, by topic, the preferred first."""
    topics = {topic: at for at, topic in enumerate(ClauseTopic.values)}
    rows = visible_records(actor, "clause").filter(status=ClauseStatus.IN_USE)
    return sorted(
        rows,
        key=lambda each: (
            topics[each.topic],
            each.position != ClausePosition.PREFERRED,
            each.name.casefold(),
        ),
    )


def newest_of(body: Mapping[str, Any]) -> dict[str, Clause]:
    """The clauses of the library that a text has, by id."""
    ids = {
        each["clause"]
        for section in body.get("sections", [])
        for each in section.get("clauses", [])
        if each.get("clause")
    }
    return {str(each.pk): each for each in Clause.objects.filter(pk__in=ids)}


def value_labels() -> dict[str, str]:
    """The label of every value that a template has, by key."""
    labels = {each["key"]: each["label"] for each in STARTER["variables"]}
    bodies = (
        TemplateVersion.objects.filter(template__deleted_at__isnull=True)
        .order_by("template", "-number")
        .distinct("template")
        .values_list("body__variables", flat=True)
    )
    for variables in bodies:
        labels |= {each["key"]: each["label"] for each in variables or []}
    return labels


def _has(clause_id: Any) -> dict[str, Any]:
    return {"sections": [{"clauses": [{"clause": str(clause_id)}]}]}


def _texts_of(clause_id: Any) -> dict[int, tuple[str, str]]:
    clause = Clause.everything.filter(pk=clause_id).first()
    if clause is None:
        return {}
    return {number: (name, text) for number, name, text in clause.versions.values_list(
        "number", "name", "text"
    )}  # fmt: skip


def _uses(
    body: Mapping[str, Any], clause_id: UUID | str, texts: Mapping[int, tuple[str, str]]
) -> Iterator[Use]:
    for section in body["sections"]:
        for each in section.get("clauses", []):
            if each.get("clause") == str(clause_id):
                version = int(each.get("clause_version") or 0)
                kept = texts.get(version)
                changed = kept is None or each["text"].strip() != kept[1].strip()
                yield Use(each["uid"], each.get("heading", ""), version, changed)
