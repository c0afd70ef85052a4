"""Reports on deals; every number opens the list of what it counts."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form, actor_of, page
from dealwright.base.whole_numbers import whole_number
from dealwright.crm.opportunities.models import Pipeline
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from dealwright.crm.reports.queries import (
    GROUPINGS,
    Period,
    Tree,
    deals_of_step,
    funnel,
    pipeline_by_stage,
    total_win_rate,
    win_rates,
)
from dealwright.crm.typed import typed_date

_GROUPING_LABELS = {"agent": "Agent", "region": "Region", "product": "Product"}


def list_url(tree: Tree) -> str:
    """The list of deals that a filter tree selects."""
    return "/opportunities?" + urlencode({"filter": json.dumps(tree)})


def _period(request: HttpRequest, form: Form) -> Period:
    """From the address; a wrong day is told and left out."""
    days: dict[str, Any] = {}
    for key, label in (("from", _("From")), ("to", _("To"))):
        try:
            days[key] = typed_date(key, label, request.GET.get(key, ""))
        except Invalid as error:
            form.errors.update(error.fields)
            days[key] = None
    if days["from"] and days["to"] and days["to"] < days["from"]:
        form.refuse("to", _("To must not lie before from."))
    return Period(days["from"], days["to"])


@page(methods=["GET", "HEAD"])
def win_rate(request: HttpRequest) -> HttpResponse:
    """Win rate by agent, region or product."""
    form = Form(request, {key: request.GET.get(key, "") for key in ("from", "to")})
    period = _period(request, form)
    by = request.GET.get("by", "agent")
    by = by if by in GROUPINGS else "agent"
    rates = win_rates(actor_of(request), by=by, period=period)
    context = {
        "rates": rates,
        "total": total_win_rate(rates, period),
        "by": by,
        "groupings": [
            (key, _(label), "?" + urlencode({**request.GET.dict(), "by": key}))
            for key, label in _GROUPING_LABELS.items()
        ],
        "heading": _(_GROUPING_LABELS[by]),
        "list_url": list_url,
        "currency": organization().currency,
        "chart_rows": [
            (each.label or _("None"), each.rate, list_url(each.closed_tree))
            for each in rates[:40]
            if each.rate is not None
        ],
    }
    return form.page("crm/reports/win_rate.html", context)


@page(methods=["GET", "HEAD"])
def pipeline(request: HttpRequest) -> HttpResponse:
    """The open pipeline by stage."""
    sums = pipeline_by_stage(actor_of(request))
    currencies: dict[str, dict[str, Any]] = {}
    for each in sums:
        total = currencies.setdefault(each.currency, {"count": 0, "amount": 0, "weighted": 0})
        total["count"] += each.count
        total["amount"] += each.amount
        total["weighted"] += each.weighted
    context = {
        "sums": sums,
        "totals": currencies,
        "open_in": lambda code: {
            "all": [
                {"field": "status", "op": "is", "value": "open"},
                {"field": "currency", "op": "is", "value": code},
            ]
        },
        "several": len({each.pipeline for each in sums}) > 1,
        "list_url": list_url,
    }
    return Form(request).page("crm/reports/pipeline.html", context)


@page(methods=["GET", "HEAD"])
def funnel_page(request: HttpRequest) -> HttpResponse:
    """How far deals come, and how fast."""
    form = Form(request, {key: request.GET.get(key, "") for key in ("from", "to", "pipeline")})
    period = _period(request, form)
    pipelines = list(Pipeline.objects.filter(archived_at__isnull=True))
    wanted = request.GET.get("pipeline", "")
    chosen = next((each for each in pipelines if str(each.pk) == wanted), ensure_default_pipeline())
    actor = actor_of(request)
    found = funnel(actor, pipeline_id=chosen.pk, period=period)
    context: dict[str, Any] = {
        "funnel": found,
        "pipelines": [(str(each.pk), each.name) for each in pipelines],
        "chosen": str(chosen.pk),
        "steps": [(step.stage, step.count) for step in found.steps],
        "step_url": lambda step: (
            "?" + urlencode({**request.GET.dict(), "step": str(step)}) + "#deals"
        ),
        "opened": None,
    }
    step = whole_number(request.GET.get("step", ""), most=len(found.steps) - 1)
    if step is not None:
        context |= {
            "opened": found.steps[step],
            "deals": deals_of_step(actor, pipeline_id=chosen.pk, period=period, step=step),
        }
    return form.page("crm/reports/funnel.html", context)
