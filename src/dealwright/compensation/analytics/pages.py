"""Analyses of pay in the browser: choose, look, open a number, take a table away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from dealwright.base.errors import NotFound
from dealwright.base.web.pages import Form, actor_of, page, render
from dealwright.compensation.access import manages_pay
from dealwright.compensation.analytics.contests import contest_standing, list_contests
from dealwright.compensation.analytics.grouping import GROUPS
from dealwright.compensation.analytics.report import table_csv
from dealwright.compensation.analytics.scope import SETTINGS
from dealwright.compensation.analytics.sections import (
    SECTIONS,
    analyse,
    section_named,
    table_of,
)


@page(methods=["GET", "HEAD"])
def analysis(request: HttpRequest, section: str = "attainment") -> HttpResponse:
    """One analysis, with the rows behind the number that was opened."""
    actor = actor_of(request)
    scope, report = analyse(actor, section, request.GET.dict())
    form = Form(request, scope.given if scope is not None else {})
    context: dict[str, Any] = {
        "tab": "analysis",
        "manages": manages_pay(actor.user),
        "section": section,
        "chosen": section_named(section),
        "sections": [
            (_(each.label), f"/compensation/analysis/{key}?{scope.query() if scope else ''}", key)
            for key, each in SECTIONS.items()
        ],
        "groups": [(key, _(label)) for key, label in GROUPS.items()],
        "settings": {key: (_(label), default) for key, (label, default, _m) in SETTINGS.items()},
        "options": {
            key: [(each, each) for each in texts]
            for key, texts in (
                ("region", scope.regions),
                ("role", scope.roles),
                ("team", scope.teams),
            )
        }
        if scope is not None
        else {},
        "scope": scope,
        "report": report,
        "address": f"/compensation/analysis/{section}",
    }
    if scope is not None:
        form.errors.update({key: [_(said) for said in all_] for key, all_ in scope.errors.items()})
    opens = request.GET.get("open", "")
    if report is not None and opens:
        if opens not in report.behind:
            raise NotFound("There are no such rows.")
        context |= {"opened": report.behind[opens](), "opens": opens}
    return form.page("compensation/analytics/analysis.html", context)


@page(methods=["GET", "HEAD"])
def download(request: HttpRequest, section: str, table: str) -> HttpResponse:
    """A table, or the rows behind a number, as CSV."""
    _scope, report = analyse(actor_of(request), section, request.GET.dict())
    if report is None:
        raise NotFound("There is no such table.")
    found = table_of(report, table, request.GET.get("open", ""))
    response = HttpResponse(table_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{section}-{table}.csv")
    response["Cache-Control"] = "private, no-store"
    return response


@page(methods=["GET", "HEAD"])
def contests(request: HttpRequest) -> HttpResponse:
    """Contests that are over."""
    actor = actor_of(request)
    return render(
        request,
        "compensation/analytics/contests.html",
        {"tab": "", "manages": manages_pay(actor.user), "rows": list_contests(actor)},
    )


@page(methods=["GET", "HEAD"])
def contest(request: HttpRequest, plan_id: UUID, component: str, period_id: UUID) -> HttpResponse:
    """Who won a contest, with ties and prizes."""
    actor = actor_of(request)
    return render(
        request,
        "compensation/analytics/contest.html",
        {
            "tab": "",
            "manages": manages_pay(actor.user),
            "me": actor.user,
            "standing": contest_standing(actor, plan_id, component, period_id),
        },
    )
