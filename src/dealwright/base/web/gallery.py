"""Every component on one page: for whoever draws pages, and for the browser's tests."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dealwright.base.web.pages import Form, page

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
WON = [120_000, 98_500, 143_250, 131_000, 166_400, 189_900]
PLAN = [110_000, 120_000, 130_000, 140_000, 150_000, 160_000]


@page(profiles=["administrator"])
def gallery(request: HttpRequest) -> HttpResponse:
    """The components with made-up values; its form only shows its errors."""
    form = Form(request, {"name": "Acme Corporation", "stage": "open", "note": "", "email": ""})
    if request.method == "POST":
        form.message = "Some values are not right."
        form.refuse("email", "E-mail: “acme” is not an e-mail address.")
    now = timezone.now()
    context = {
        "now_at": now,
        "earlier": now - timedelta(hours=3),
        "amount": Decimal("12480.50"),
        "stages": [("open", "Open"), ("won", "Won"), ("lost", "Lost")],
        "months": MONTHS,
        "by_month": list(zip(MONTHS, WON, strict=True)),
        "both": [(month, [won, plan]) for month, won, plan in zip(MONTHS, WON, PLAN, strict=True)],
        "rate": [0.31, 0.28, 0.35, None, 0.38, 0.41],
        "items": [
            {
                "at": now,
                "icon": "phone",
                "title": "Call: asked for a quote",
                "by": "Ada Lovelace",
                "body": "Wants a price for 40 seats.\nDecides in March.",
            },
            {
                "at": now - timedelta(hours=5),
                "icon": "trophy",
                "title": "Opportunity won",
                "by": "Grace Hopper",
                "tone": "success",
            },
            {
                "at": now - timedelta(days=1),
                "icon": "pencil",
                "title": "Stage: Proposal → Negotiation",
                "by": "Grace Hopper · Import",
            },
        ],
    }
    return form.page("base/web/gallery.html", context)
