"""Ticking plays off, and editing a checklist line by line."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.acceleration.playbooks.models import Play
from dealwright.acceleration.playbooks.panels import plays_of
from dealwright.acceleration.playbooks.services import tick
from dealwright.base.access.actor import change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Invalid
from dealwright.base.records.services import save_changes
from dealwright.base.web.pages import Form, actor_of, done, page, render

MOST_ITEMS = 40


@page(methods=["POST"])
def tick_item(request: HttpRequest, record_id: UUID, play_id: UUID) -> HttpResponse:
    """Tick one point; answers the panel."""
    actor = actor_of(request)
    tick(actor, play_id, record_id, request.POST.get("item", ""), on="on" in request.POST)
    context = plays_of(actor.user, record_id) or {"plays": [], "record_id": record_id}
    return render(request, "acceleration/playbooks/panel.html", context)


@page
def checklist(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """One point per line."""
    actor = actor_of(request)
    with change(actor):
        play: Play = get_changeable(actor, "play", record_id)
    form = Form(request, {"checklist": "\n".join(play.checklist)})
    if request.method == "POST":
        with form, change(actor):
            lines = [line.strip() for line in form["checklist"].splitlines() if line.strip()]
            too_long = [line for line in lines if len(line) > 200]
            if too_long or len(lines) > MOST_ITEMS:
                sentence = _("At most 40 points of at most 200 characters.")
                raise Invalid(sentence, fields={"checklist": [sentence]})
            play = get_changeable(actor, "play", record_id)
            save_changes(actor, play, {"checklist": list(dict.fromkeys(lines))})
            return done(request, f"/plays/{record_id}", _("Saved."))
    return form.page("acceleration/playbooks/checklist.html", {"play": play})
