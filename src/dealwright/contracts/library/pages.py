"""The template editor: title, variables and clauses as a form, with the text beside it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_visible
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.contracts.agreements.sources import SOURCES
from dealwright.contracts.clauses.models import Clause
from dealwright.contracts.clauses.queries import choosable_clauses, newest_of
from dealwright.contracts.clauses.services import as_template_clause
from dealwright.contracts.library.clauses import KINDS
from dealwright.contracts.library.models import ContractTemplate
from dealwright.contracts.library.services import save_template

SPARE_VARIABLES = 3


@page
def edit(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Change a template; saving makes a new version, contracts keep theirs."""
    actor = actor_of(request)
    template: ContractTemplate = get_visible(actor, "contract_template", record_id)
    body = template.current.body
    form = Form(request)
    library = {str(each.pk): each for each in choosable_clauses(actor)}
    if request.method == "POST":
        body = _typed(request, body, library)
        with form:
            version = save_template(actor, record_id, body)
            return done(
                request,
                f"/contract-templates/{record_id}/text",
                _("Saved as version %(number)s.") % {"number": version.number},
            )
    return form.page(
        "contracts/library/edit.html",
        {
            "template": template,
            "version": template.current.number,
            "body": body,
            "variables": [*body["variables"], *({} for _ in range(SPARE_VARIABLES))],
            "kinds": list(KINDS.items()),
            "sources": [(key, label) for key, (label, _source) in SOURCES.items()],
            "library": library.values(),
            "newest": newest_of(body),
            "back": f"/contract-templates/{record_id}",
        },
    )


def _free_uid(section: str, taken: set[str]) -> str:
    uid = next(each for each in (f"{section}_{n}" for n in count(1)) if each not in taken)
    taken.add(uid)
    return uid


def _typed(
    request: HttpRequest, was: dict[str, Any], library: Mapping[str, Clause]
) -> dict[str, Any]:
    """The tree as the form sends it. An emptied clause goes; one with text after the last of a
    section is new, and so is one chosen from the library there."""
    post = request.POST
    uids = {part["uid"] for section in was["sections"] for part in (section, *section["clauses"])}
    variables = []
    for place in range(len(was["variables"]) + SPARE_VARIABLES):
        key = post.get(f"key-{place}", "").strip()
        label = post.get(f"label-{place}", "").strip()
        if not key and not label:
            continue
        variables.append(
            {
                "key": key,
                "label": label,
                "kind": post.get(f"kind-{place}", "text"),
                "source": post.get(f"source-{place}", ""),
                "required": f"required-{place}" in post,
                "default": post.get(f"default-{place}", "").strip(),
                "choices": [
                    each.strip()
                    for each in post.get(f"choices-{place}", "").split(";")
                    if each.strip()
                ],
            }
        )
    sections = []
    for first, section in enumerate(was["sections"]):
        clauses = []
        for second in range(len(section["clauses"]) + 1):
            start = f"s{first}c{second}"
            text = post.get(f"{start}-text", "").replace("\r\n", "\n").strip()
            chosen = library.get(post.get(f"{start}-library", ""))
            if not text and chosen is not None:
                clauses.append(
                    {
                        **as_template_clause(chosen),
                        "uid": _free_uid(section["uid"], uids),
                        "condition": post.get(f"{start}-condition", "").strip(),
                    }
                )
            if not text:
                continue
            known = section["clauses"][second] if second < len(section["clauses"]) else {}
            clauses.append(
                {
                    # Where it came from and what it is of stay with it.
                    **known,
                    "uid": known.get("uid") or _free_uid(section["uid"], uids),
                    "heading": post.get(f"{start}-heading", "").strip(),
                    "text": text,
                    "condition": post.get(f"{start}-condition", "").strip(),
                    "locked": f"{start}-locked" in post,
                }
            )
        heading = post.get(f"s{first}-heading", section["heading"]).strip()
        if clauses or heading:
            sections.append({"uid": section["uid"], "heading": heading, "clauses": clauses})
    return {
        **was,
        "title": post.get("title", "").strip(),
        "variables": variables,
        "sections": sections,
    }
