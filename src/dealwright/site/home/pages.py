"""The first page after signing in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import loader
from markupsafe import Markup

from dealwright.base.web.home import ShownCard, cards_for, first_steps
from dealwright.base.web.pages import actor_of, page, render


@page(methods=["GET", "HEAD"])
def home(request: HttpRequest) -> HttpResponse:
    """What to do first, one's tasks and pipeline, what each system brings, and the recent."""
    user = actor_of(request).require_user()

    def draw(shown: ShownCard) -> Markup:
        # Made by our own templates, which escape what they show.
        return Markup(  # noqa: S704
            loader.render_to_string(shown.card.template, dict(shown.context), request)
        )

    context = {
        "steps": first_steps() if user.is_administrator else [],
        "cards": cards_for(user),
        "draw": draw,
    }
    return render(request, "site/home/home.html", context)
