"""The scorecard's page: rules built by clicks, a trial on the leads of now, putting it in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.filters import filterable_fields
from dealwright.base.objects.registry import object_type
from dealwright.base.web.filter_forms import show_filters, typed_filter
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.crm.typed import typed_rows
from dealwright.intelligence.scoring.models import Scorecard
from dealwright.intelligence.scoring.services import (
    Preview,
    active_scorecard,
    may_edit_scorecard,
    preview_score,
    rescore_leads,
    save_scorecard,
    simulate_scorecard,
)


@page
def scorecard(request: HttpRequest) -> HttpResponse:
    """Show and change the rules; “Try” shows the effect before “Save” puts them in force."""
    actor = actor_of(request)
    card = active_scorecard()
    form = Form(request)
    rows, grades = _stored(card)
    effect = preview = None
    if request.method == "POST":
        with form:
            rows, grades = typed_rows(request.POST, "rules"), _typed_grades(request.POST)
            rules = _rules(rows)
            if "save" in request.POST:
                save_scorecard(actor, rules, grades)
                count = rescore_leads(actor)
                message = ngettext(
                    "Saved; %(count)s open lead was scored anew.",
                    "Saved; %(count)s open leads were scored anew.",
                    count,
                ) % {"count": count}
                return done(request, "/scorecard", message)
            if form["lead"]:
                preview = _preview(actor, form["lead"], rules, grades)
            effect = simulate_scorecard(actor, rules, grades)
    lead = object_type("lead")
    *shown, every = show_filters(actor, lead, [*(row.get("filter", "") for row in rows), ""])
    return form.page(
        "intelligence/scoring/scorecard.html",
        {
            "card": card,
            "of": lead,
            "rules": [{**row, "shown": each} for row, each in zip(rows, shown, strict=True)],
            "blank": {"shown": every},
            "grades": grades,
            "effect": effect,
            "preview": preview,
            "lead_name": _lead_name(actor, form["lead"]),
            "may_edit": may_edit_scorecard(actor.user),
            "filter_fields": filterable_fields(lead, actor.user),
        },
    )


def _stored(card: Scorecard) -> tuple[list[dict[str, str]], list[list[Any]]]:
    rows = [
        {
            "key": rule["key"],
            "reason": rule["reason"],
            "points": str(rule["points"]),
            "filter": orjson.dumps(rule.get("filter") or {}).decode(),
        }
        for rule in card.rules
    ]
    return rows, [list(grade) for grade in card.grades]


def _rules(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The rules as typed; what cannot be read as a condition is told with its rule's number."""
    lead = object_type("lead")
    rules = []
    for number, row in enumerate(rows, 1):
        try:
            tree = typed_filter(lead, row.get("filter", ""), field=f"rules.{number}.filter")
        except Invalid as error:
            sentence = _("Rule %(number)s: %(what)s") % {"number": number, "what": error.message}
            raise Invalid(sentence, fields={f"rules.{number}.filter": [sentence]}) from None
        rules.append({**row, "filter": tree})
    return rules


def _typed_grades(post: QueryDict) -> list[list[Any]]:
    return [[row.get("letter", ""), row.get("least", "")] for row in typed_rows(post, "grades")]


def _preview(
    actor: Actor, lead_id: str, rules: list[dict[str, Any]], grades: list[list[Any]]
) -> Preview:
    try:
        return preview_score(actor, lead_id, rules, grades)
    except NotFound as error:
        raise Invalid(error.message, fields={"lead": [error.message]}) from None


def _lead_name(actor: Actor, lead_id: str) -> str:
    try:
        return str(get_visible(actor, "lead", lead_id).contact.name) if lead_id else ""
    except NotFound:
        return ""
