"""The pages of a deal beyond its record: moving, winning, losing, lines, people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User
from dealwright.base.web.pages import Form, actor_of, done, page, render, toast
from dealwright.base.web.records.cells import typed_values
from dealwright.base.web.records.new_record import form_field, form_values
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.models import Opportunity, Stage, StageCategory
from dealwright.crm.opportunities.panels import lines_context, people_context, shown_team
from dealwright.crm.opportunities.services import (
    lose_opportunity,
    move_opportunity,
    reopen_opportunity,
    win_opportunity,
)
from dealwright.crm.opportunities.stage_rules import missing_fields
from dealwright.crm.opportunities.team import remove_contact_role, set_contact_role, set_team
from dealwright.crm.products.line_form import shown_lines, typed_lines
from dealwright.crm.typed import typed_date, typed_rows


def _url(record_id: Any) -> str:
    return f"/opportunities/{record_id}"


@page
def move(request: HttpRequest, record_id: UUID, stage_id: UUID) -> HttpResponse:
    """Move a deal from its stage bar. Where the stage asks for more, its fields come as a form."""
    actor = actor_of(request)
    deal: Opportunity = get_visible(actor, "opportunity", record_id)
    stage = Stage.objects.filter(pk=stage_id, archived_at__isnull=True).first()
    if stage is None:
        raise Invalid(_("This stage is not in use any more."))
    of = object_type("opportunity")
    asked = [of.field(key) for key in missing_fields(deal, stage)]
    form = Form(request, lists=[])
    if request.method == "POST":
        with form:
            values = typed_values(of, form_values(of, asked, form))
            move_opportunity(actor, record_id, stage_id, values)
            said = _("Moved to %(stage)s.") % {"stage": stage.name}
            return done(request, _url(record_id), said)
        form.message = "" if set(form.errors) <= {field.key for field in asked} else form.message
    context = {
        "deal": deal,
        "stage": stage,
        "of": of,
        "asked": [form_field(actor, of, field, form) for field in asked],
        "back": _url(record_id),
    }
    return form.page("crm/opportunities/move.html", context)


@page
def win(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Win a deal, with the day it was won."""
    actor = actor_of(request)
    deal: Opportunity = get_visible(actor, "opportunity", record_id)
    form = Form(request, {"close_date": timezone.localdate().isoformat()})
    if request.method == "POST":
        with form:
            day = typed_date("close_date", _("Won on"), form["close_date"])
            win_opportunity(actor, record_id, close_date=day)
            return done(request, _url(record_id), _("Won. Well done!"))
    return form.page("crm/opportunities/win.html", {"deal": deal, "back": _url(record_id)})


@page
def lose(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Lose a deal, with the reason."""
    actor = actor_of(request)
    deal: Opportunity = get_visible(actor, "opportunity", record_id)
    form = Form(request, {"close_date": timezone.localdate().isoformat()})
    if request.method == "POST":
        with form:
            lose_opportunity(
                actor,
                record_id,
                reason=form["reason"],
                detail=form["detail"],
                competitor=form["competitor"],
                close_date=typed_date("close_date", _("Lost on"), form["close_date"]),
            )
            return done(request, _url(record_id), _("Closed as lost."))
    context = {
        "deal": deal, "back": _url(record_id), "reasons": Opportunity.LostReason.choices,
    }  # fmt: skip
    return form.page("crm/opportunities/lose.html", context)


@page
def reopen(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Take a closed deal up again."""
    actor = actor_of(request)
    deal: Opportunity = get_visible(actor, "opportunity", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            reopen_opportunity(actor, record_id)
            return done(request, _url(record_id), _("Reopened."))
    was = StageCategory(deal.status).label
    return form.page(
        "crm/opportunities/reopen.html", {"deal": deal, "was": was, "back": _url(record_id)}
    )


@page(methods=["POST"])
def save_lines(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Save the table of lines; answers the panel."""
    actor = actor_of(request)
    form = Form(request)
    given: list[dict[str, str]] = []
    with form:
        given = typed_lines(request.POST)
        set_line_items(actor, record_id, given)
        return _panel(request, actor, record_id, "lines", _("Lines saved."))
    context = {**(lines_context(actor.user, record_id) or {}), "shown": shown_lines(given)}
    return form.page("crm/opportunities/lines_panel.html", {**context, "form": form})


@page(methods=["POST"])
def save_team(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Save the team with its splits; answers the panel."""
    actor = actor_of(request)
    form = Form(request)
    given: list[dict[str, str]] = []
    with form:
        given = typed_rows(request.POST, "members", percents=("split_percent",))
        set_team(actor, record_id, [row for row in given if row.get("user")])
        return _panel(request, actor, record_id, "people", _("Team saved."))
    typed = shown_team([{**row, "user_id": row.get("user", "")} for row in given])
    chosen = [key for key in (_uuid(row["user_id"]) for row in typed) if key]
    named = User.objects.filter(pk__in=chosen).values_list("pk", "name")
    names = {str(key): name for key, name in named}
    for row in typed:
        row["user__name"] = names.get(row["user_id"], "")
    context = _people(actor, record_id) | {"form": form, "team": typed}
    return form.page("crm/opportunities/people_panel.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@page(methods=["POST"])
def save_role(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Add a person to the buying committee or change the part; answers the panel."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        contact_id = form["contact"]
        if not contact_id:
            sentence = _("Choose a contact.")
            raise Invalid(sentence, fields={"contact": [sentence]})
        set_contact_role(actor, record_id, contact_id, form["role"])
        return _panel(request, actor, record_id, "people", _("Saved."))
    return form.page(
        "crm/opportunities/people_panel.html", _people(actor, record_id) | {"form": form}
    )


@page(methods=["POST"])
def remove_role(request: HttpRequest, record_id: UUID, contact_id: UUID) -> HttpResponse:
    """Take a person off the buying committee; answers the panel."""
    actor = actor_of(request)
    remove_contact_role(actor, record_id, contact_id)
    return _panel(request, actor, record_id, "people", _("Removed."))


def _people(actor: Actor, record_id: UUID) -> dict[str, Any]:
    return {**(people_context(actor.user, record_id) or {}), "record_id": record_id}


def _panel(
    request: HttpRequest, actor: Actor, record_id: UUID, key: str, said: str
) -> HttpResponse:
    """The panel as it is now with a toast; a browser without script goes back to its tab."""
    if not request.headers.get("HX-Request"):
        return done(request, f"{_url(record_id)}?tab={key}", said)
    context: Mapping[str, Any] = (
        (lines_context(actor.user, record_id) or {})
        if key == "lines"
        else _people(actor, record_id)
    )
    response = render(
        request,
        f"crm/opportunities/{key}_panel.html",
        {**context, "record_id": record_id},
    )
    return toast(response, said, events={"dw:records-facts": {"id": str(record_id)}})
