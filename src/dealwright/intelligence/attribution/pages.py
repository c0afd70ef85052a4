"""Revenue by channel, source or campaign."""

from __future__ import annotations

import json
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date

from dealwright.base.web.pages import actor_of, page, render
from dealwright.intelligence.attribution.models_of_credit import MODELS
from dealwright.intelligence.attribution.queries import (
    BY,
    Attributed,
    attribute_revenue,
    deals_behind,
)

SHOWN = 100
WON = {"field": "status", "op": "is", "value": "won"}


@page(methods=["GET", "HEAD"])
def attribution(request: HttpRequest) -> HttpResponse:
    """What brought the won revenue; the models disagree, so the reader chooses."""
    model = request.GET.get("model", "linear")
    by = request.GET.get("by", "channel")
    found = attribute_revenue(
        actor_of(request),
        model=model if model in MODELS else "linear",
        by=by if by in BY else "channel",
        since=_day(request.GET.get("since", "")),
        until=_day(request.GET.get("until", "")),
    )
    currency, _sep, key = request.GET.get("row", "").partition(":")
    chosen = next((row for row in found.rows.get(currency, []) if row.key == key), None)

    def row_url(currency: str, row: Attributed) -> str:
        kept = {name: value for name, value in request.GET.items() if name != "row"}
        return "?" + urlencode({**kept, "row": f"{currency}:{row.key}"}) + "#deals"

    return render(
        request,
        "intelligence/attribution/attribution.html",
        {
            "found": found,
            "row_url": row_url,
            "won_url": "/opportunities?" + urlencode({"filter": json.dumps(WON)}),
            "chosen": chosen,
            "chosen_currency": currency,
            "credited": deals_behind(chosen)[:SHOWN] if chosen else [],
            "shown": SHOWN,
            "models": [(key, label) for key, (label, _) in MODELS.items()],
            "groupings": [("channel", "Channel"), ("source", "Source"), ("campaign", "Campaign")],
            "since": request.GET.get("since", ""),
            "until": request.GET.get("until", ""),
        },
    )


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
