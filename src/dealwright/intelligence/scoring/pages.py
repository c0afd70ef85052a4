"""The scorecard's page: rules, a trial on the leads of now, and putting it in force."""

from __future__ import annotations

import re
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.objects.filters import describe_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.intelligence.scoring.services import (
    MOST_RULES,
    active_scorecard,
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
    rules: list[dict[str, Any]] = list(card.rules)
    grades: list[list[Any]] = [list(grade) for grade in card.grades]
    simulation = None
    if request.method == "POST":
        with form:
            rules, grades = _typed(request)
            if "try" in request.POST:
                simulation = simulate_scorecard(actor, rules, grades)
            elif "save" in request.POST:
                save_scorecard(actor, rules, grades)
                count = rescore_leads(actor)
                message = _("Saved; %(count)s open leads were scored anew.") % {"count": count}
                return done(request, "/scorecard", message)
    return form.page(
        "intelligence/scoring/scorecard.html",
        {
            "card": card,
            "rules": [_shown(rule) for rule in rules],
            "grades": grades,
            "simulation": simulation,
        },
    )


def _shown(rule: dict[str, Any]) -> dict[str, Any]:
    lead = object_type("lead")
    try:
        words = describe_filter(lead, rule.get("filter") or {}) if rule.get("filter") else ""
    except Invalid as error:
        words = error.message
    return {**rule, "words": words, "filter_text": orjson.dumps(rule.get("filter") or {}).decode()}


def _typed(request: HttpRequest) -> tuple[list[dict[str, Any]], list[list[Any]]]:
    rules = []
    for number in range(MOST_RULES):
        reason = request.POST.get(f"reason-{number}", "").strip()
        text = request.POST.get(f"filter-{number}", "").strip()
        if not reason and not text:
            continue
        try:
            tree = orjson.loads(text or "{}")
        except orjson.JSONDecodeError as error:
            raise Invalid(
                f"Rule {number + 1}: the condition is not JSON: {error}.",
                fields={f"rule-{number}": ["The condition is not JSON."]},
            ) from None
        rules.append(
            {
                "key": request.POST.get(f"key-{number}", ""),
                "reason": reason,
                "points": request.POST.get(f"points-{number}", ""),
                "filter": tree,
            }
        )
    grades = []
    for letter, least in zip(
        request.POST.getlist("grade"), request.POST.getlist("least"), strict=False
    ):
        if letter.strip():
            if not re.fullmatch(r"[+-]?[0-9]{1,6}", least.strip()):
                raise Invalid(_("Grade %(letter)s: say the least score.") % {"letter": letter})
            grades.append([letter.strip(), int(least)])
    return rules, grades
