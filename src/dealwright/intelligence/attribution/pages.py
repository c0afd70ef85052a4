"""Revenue by channel, source or campaign."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date

from dealwright.base.web.pages import actor_of, page, render
from dealwright.intelligence.attribution.models_of_credit import MODELS
from dealwright.intelligence.attribution.queries import BY, attribute_revenue


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
    return render(
        request,
        "intelligence/attribution/attribution.html",
        {
            "found": found,
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
