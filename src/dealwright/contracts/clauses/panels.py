"""What the page of a clause shows: its text, where it is used, how it came to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import changeable_by, visible_to
from dealwright.base.objects.registry import Panel
from dealwright.contracts.clauses.models import Clause
from dealwright.contracts.clauses.queries import contracts_with, templates_with, value_labels
from dealwright.contracts.clauses.texts import compare_texts, paragraphs_of
from dealwright.contracts.library.models import ContractTemplate

SHOWN_CONTRACTS = 20
SHOWN_VERSIONS = 50


def _clause(record_id: Any) -> Clause | None:
    found: Clause | None = Clause.objects.filter(pk=record_id).first()
    return found


def _text(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    clause = _clause(record_id)
    if clause is None:
        return None
    return {
        "clause": clause,
        "paragraphs": paragraphs_of(clause.text, value_labels()),
        "may_write": Clause.objects.filter(changeable_by(user, "clause"), pk=record_id).exists(),
    }


def _uses(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    clause = _clause(record_id)
    if clause is None:
        return None
    templates = templates_with(record_id)
    keys = [each.template.pk for each in templates]
    rows = ContractTemplate.objects.filter(pk__in=keys)
    seen = set(rows.filter(visible_to(user, "contract_template")).values_list("pk", flat=True))
    mine = set(rows.filter(changeable_by(user, "contract_template")).values_list("pk", flat=True))
    contracts, count = contracts_with(Actor(user, "web"), record_id, limit=SHOWN_CONTRACTS)
    return {
        "clause": clause,
        "templates": [each for each in templates if each.template.pk in seen],
        "changeable": mine,
        "contracts": contracts,
        "count": count,
    }


def _history(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    clause = _clause(record_id)
    if clause is None:
        return None
    versions = list(clause.versions.select_related("created_by")[: SHOWN_VERSIONS + 1])
    before = [*versions[1:], None]
    return {
        "versions": [
            {
                "version": version,
                "changes": compare_texts(former.text if former else "", version.text),
                "renamed": former.name if former and former.name != version.name else "",
                "is_first": former is None,
            }
            for version, former in list(zip(versions, before, strict=True))[:SHOWN_VERSIONS]
        ]
    }


CLAUSE_PANELS = (
    Panel(
        key="text",
        label="Text",
        template="contracts/clauses/text_panel.html",
        query=_text,
        place="main",
        leads=True,
    ),
    Panel(
        key="versions",
        label="Versions",
        template="contracts/clauses/versions_panel.html",
        query=_history,
        place="main",
        position=110,
    ),
    Panel(
        key="uses",
        label="Where it is used",
        template="contracts/clauses/uses_panel.html",
        query=_uses,
        position=20,
    ),
)
