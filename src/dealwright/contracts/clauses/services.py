"""Writing clauses: each changed text is a new version; what uses one keeps the text it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import check_create, get_changeable
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.objects.registry import object_type
from dealwright.base.records.services import bin_record, insert_record, save_changes
from dealwright.contracts.clauses.models import Clause, ClauseVersion
from dealwright.contracts.clauses.queries import templates_with
from dealwright.contracts.clauses.topics import topic_of
from dealwright.contracts.library.clauses import INSERT, LONGEST_TEXT
from dealwright.contracts.library.models import TemplateVersion
from dealwright.contracts.library.services import save_template

LONGEST_NAME = 160
LONGEST_NOTE = 250


def create_clause(actor: Actor, values: Mapping[str, Any]) -> Clause:
    """A clause with its first version. Raises Invalid."""
    checked = {**values, **_checked(values.get("name", ""), values.get("text", ""))}
    with change(actor):
        clause: Clause = insert_record(actor, object_type("clause"), checked)
        _keep_version(actor, clause, "")
    clause.refresh_from_db()
    return clause


def update_clause(
    actor: Actor, clause: Clause, values: Mapping[str, Any], *, note: str = ""
) -> Clause:
    """Change a locked row; another heading or text is the next version. Raises Invalid."""
    now = _checked(values.get("name", clause.name), values.get("text", clause.text))
    is_new = (clause.name, clause.text) != (now["name"], now["text"])
    wanted = {**values, **now} | ({"edition": clause.edition + 1} if is_new else {})
    saved: Clause = save_changes(actor, clause, wanted)
    if is_new:
        _keep_version(actor, saved, note)
    return saved


def write_clause(actor: Actor, clause_id: Any, *, name: str, text: str, note: str = "") -> Clause:
    """Write a new version and say what changed. Raises Invalid, NotAllowed, NotFound."""
    if len(note) > LONGEST_NOTE:
        sentence = f"What changed takes at most {LONGEST_NOTE} characters."
        raise Invalid(sentence, fields={"note": [sentence]})
    with change(actor):
        clause: Clause = get_changeable(actor, "clause", clause_id)
        return update_clause(actor, clause, {"name": name, "text": text}, note=note.strip())


def retire_clause(actor: Actor, clause_id: Any) -> Clause:
    """Offer a clause no more; what has it keeps it."""
    with change(actor):
        clause: Clause = get_changeable(actor, "clause", clause_id)
        if clause.retired_at is not None:
            return clause
        saved: Clause = save_changes(actor, clause, {"retired_at": timezone.now()})
        saved.refresh_from_db()
        return saved


def reinstate_clause(actor: Actor, clause_id: Any) -> Clause:
    """Offer a retired clause again."""
    with change(actor):
        clause: Clause = get_changeable(actor, "clause", clause_id)
        saved: Clause = save_changes(actor, clause, {"retired_at": None})
        saved.refresh_from_db()
        return saved


def delete_clause(actor: Actor, clause: Clause) -> None:
    """Put an unused clause in the bin; raises Conflict where a template's text has it."""
    used = templates_with(clause.pk)
    if used:
        names = ", ".join(f"“{each.template.name}”" for each in used[:3])
        raise Conflict(f"It stands in {names}. Retire it: then it is offered no more.")
    bin_record(actor, clause)


def collect_clauses(actor: Actor, template_id: Any) -> list[Clause]:
    """Put those clauses of a template into the library that are not from there, and link them.

    The template's text stays; it gets a version that knows where its clauses are. Raises
    NotAllowed where the actor may not write clauses.
    """
    check_create(actor, "clause")
    with change(actor):
        template = get_changeable(actor, "contract_template", template_id)
        body = _copy(template.current)
        made = []
        for section in body["sections"]:
            for each in section["clauses"]:
                if each.get("clause"):
                    continue
                clause = create_clause(
                    actor,
                    {
                        "name": each.get("heading") or section.get("heading") or each["uid"],
                        "text": each["text"],
                        "is_locked": bool(each.get("locked")),
                        "topic": topic_of(each.get("heading", ""), section.get("heading", "")),
                    },
                )
                each["clause"], each["clause_version"] = str(clause.pk), 1
                made.append(clause)
        if made:
            save_template(actor, template_id, body)
    return made


def take_over_clause(
    actor: Actor, template_id: Any, uid: str, *, newest: Clause
) -> TemplateVersion:
    """Put the newest text of its clause into a template, as the template's next version."""
    with change(actor):
        template = get_changeable(actor, "contract_template", template_id)
        body = _copy(template.current)
        for section in body["sections"]:
            for each in section["clauses"]:
                if each["uid"] == uid and each.get("clause") == str(newest.pk):
                    each |= as_template_clause(newest)
        return save_template(actor, template_id, body)


def as_template_clause(clause: Clause) -> dict[str, Any]:
    """What stands in a clause tree for a clause of the library; ``clause`` and
    ``clause_version`` tell where it came from."""
    return {
        "heading": clause.name,
        "text": clause.text,
        "locked": clause.is_locked,
        "clause": str(clause.pk),
        "clause_version": clause.edition,
        "position": clause.position,
    }


def _keep_version(actor: Actor, clause: Clause, note: str) -> None:
    ClauseVersion.objects.create(
        clause=clause,
        number=clause.edition,
        name=clause.name,
        text=clause.text,
        note=note,
        created_by=actor.user,
    )


def _checked(name: Any, text: Any) -> dict[str, str]:
    name = " ".join(str(name or "").split())
    text = str(text or "").replace("\r\n", "\n").strip()
    wrong: dict[str, list[str]] = {}
    if not name or len(name) > LONGEST_NAME:
        wrong["name"] = [f"A clause needs a heading of at most {LONGEST_NAME} characters."]
    if not text:
        wrong["text"] = ["A clause needs a text."]
    elif len(text) > LONGEST_TEXT:
        wrong["text"] = [f"The text is longer than {LONGEST_TEXT} characters."]
    else:
        rest = INSERT.sub("", text)
        start = rest.find("[[")
        if start >= 0:
            wrong["text"] = [
                f"“{rest[start : start + 40]}” stands for no value: write [[key]] with small "
                "letters, digits and underscores."
            ]
    if wrong:
        raise Invalid(" ".join(each[0] for each in wrong.values()), fields=wrong)
    return {"name": name, "text": text}


def _copy(version: TemplateVersion) -> dict[str, Any]:
    import copy

    return copy.deepcopy(dict(version.body))
