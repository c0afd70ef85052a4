"""The forecast page; every amount opens the deals it counts."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.acceleration.forecasts.queries import CATEGORIES, Forecast, forecast
from dealwright.acceleration.leaderboards.queries import PERIODS, period_days
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import actor_of, page, render

_FORWARD = [each for each in PERIODS if not each[0].startswith("last")]


@page(methods=["GET", "HEAD"])
def forecast_page(request: HttpRequest) -> HttpResponse:
    """Commit, best case and pipeline per person."""
    period = request.GET.get("period", "quarter")
    period = period if period in dict(_FORWARD) else "quarter"
    since, until = period_days(period)
    found = forecast(actor_of(request), since, until, currency=organization().currency)
    return render(
        request,
        "acceleration/forecasts/forecast.html",
        {
            "found": found,
            "categories": CATEGORIES,
            "periods": [(key, _(label)) for key, label in _FORWARD],
            "period": period,
            "list_url": lambda user_id, category: list_url(found, user_id, category),
        },
    )


def list_url(found: Forecast, user_id: Any, category: str) -> str:
    """The deals behind one figure: a category, "expected" (won or committed) or "weighted"."""
    days = (found.since.isoformat(), found.until.isoformat())
    won = [
        {"field": "status", "op": "is", "value": "won"},
        {"field": "closed_at", "op": "gte", "value": days[0]},
        {"field": "closed_at", "op": "lte", "value": f"{days[1]}T23:59:59Z"},
    ]
    running = [
        {"field": "status", "op": "is", "value": "open"},
        {"field": "close_date", "op": "gte", "value": days[0]},
        {"field": "close_date", "op": "lte", "value": days[1]},
    ]
    of_category = {"field": "forecast_category", "op": "is", "value": category}
    commit = {"field": "forecast_category", "op": "is", "value": "commit"}
    counted = {"field": "forecast_category", "op": "is_not", "value": "omitted"}
    conditions: list[dict[str, Any]]
    match category:
        case "closed":
            conditions = won
        case "expected":
            conditions = [{"any": [{"all": won}, {"all": [*running, commit]}]}]
        case "weighted":
            conditions = [{"any": [{"all": won}, {"all": [*running, counted]}]}]
        case _:
            conditions = [*running, of_category]
    if user_id is not None:
        conditions.append({"field": "owner", "op": "is", "value": str(user_id)})
    return "/opportunities?" + urlencode({"filter": json.dumps({"all": conditions})})
