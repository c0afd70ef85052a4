"""The leaderboard, moving as deals are won."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.acceleration.leaderboards.measures import contests_for, measures_for
from dealwright.acceleration.leaderboards.queries import PERIODS, leaderboard, period_days
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import actor_of, page, render


@page(methods=["GET", "HEAD"])
def board(request: HttpRequest) -> HttpResponse:
    """People by a measure over a period; names open to their deals."""
    actor = actor_of(request)
    measures = measures_for(actor)
    keys = [each.key for each in measures]
    chosen = request.GET.get("measure", "won_value")
    period = request.GET.get("period", "quarter")
    period = period if period in dict(PERIODS) else "quarter"
    since, until = period_days(period)
    found = leaderboard(
        actor,
        chosen if chosen in keys else "won_value",
        since,
        until,
        currency=organization().currency,
    )
    return render(
        request,
        "acceleration/leaderboards/board.html",
        {
            "board": found,
            "measures": [(each.key, _(each.label)) for each in measures],
            "periods": [(key, _(label)) for key, label in PERIODS],
            "period": period,
            "contests": contests_for(actor),
        },
    )
