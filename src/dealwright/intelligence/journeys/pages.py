"""The journey page: a line per channel, a point per touch, and the same as a table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from dealwright.base.objects.registry import Action, object_type
from dealwright.base.web.pages import actor_of, page, render
from dealwright.intelligence.attribution.models_of_credit import MODELS
from dealwright.intelligence.journeys.queries import Journey, journey_of

LANE = 44
LEFT = 132
STEP = 56
LABEL = 104  # a day such as "24. Nov. 2026"
TOP = 36


@page(methods=["GET", "HEAD"])
def journey(request: HttpRequest, object_key: str, record_id: UUID) -> HttpResponse:
    """Every touch of one record on one line."""
    model = request.GET.get("model", "linear")
    found = journey_of(actor_of(request), object_key, record_id, model=model)
    return render(
        request,
        "intelligence/journeys/journey.html",
        {
            "journey": found,
            "of": object_type(object_key),
            "chart": _chart(found),
            "models": [(key, label) for key, (label, _) in MODELS.items()],
        },
    )


def _chart(found: Journey) -> dict[str, Any]:
    """Where each touch stands: one step per touch in time order, so that a burst of ten on
    one day stays readable; the day stands below where it changes."""
    lanes = {key: number for number, (key, _) in enumerate(found.lanes)}
    points: list[dict[str, Any]] = []
    days: list[dict[str, Any]] = []
    last = None
    x, label_ends = LEFT - STEP // 2, 0
    for touch in found.touches:
        x += STEP
        if touch.at.date() != last:
            x = max(x, label_ends)
            label_ends = x + LABEL
        points.append({"x": x, "y": TOP + LANE * lanes[touch.channel] + LANE // 2, "touch": touch})
        day = touch.at.date()
        if day != last:
            gap = (day - last) if last else timedelta(0)
            days.append({"x": x, "at": touch.at, "gap": gap.days})
            last = day
    width = max(x + STEP // 2, label_ends) + 24
    height = TOP + LANE * max(len(lanes), 1) + 32
    path = " ".join(
        f"{'M' if number == 0 else 'L'}{point['x']},{point['y']}"
        for number, point in enumerate(points)
    )
    return {
        "points": points,
        "days": days,
        "path": path,
        "width": width,
        "height": height,
        "lanes": [
            {"y": TOP + LANE * number, "label": label, "key": key}
            for number, (key, label) in enumerate(found.lanes)
        ],
        "lane": LANE,
        "left": LEFT,
    }


def journey_action(object_key: str) -> Action:
    """The button that opens a record's journey."""
    return Action(
        key="journey",
        label="Journey",
        url=lambda record_id: f"/journeys/{object_key}/{record_id}",
    )
