"""Territories in the browser: who holds them, what falls into them, files."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile, User
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.base.whole_numbers import whole_number
from dealwright.compensation.accounting.pages import csv_file
from dealwright.compensation.dated_files import first_change, sent_text
from dealwright.compensation.given import given_day, given_id, given_start
from dealwright.compensation.quotas.models import FIRST_DAY
from dealwright.compensation.territories import queries, services

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)
HOME = "/compensation/territories"


@page(profiles=RUNNERS)
def listing(request: HttpRequest) -> HttpResponse:
    """Every territory with who holds it and how many events of a year name it."""
    return _page(request, Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Give a territory to a person."""
    form = Form(request)
    with form:
        starts_on = form["starts_on"]
        holder = services.give_territory(
            actor_of(request),
            form["territory"],
            _person(form),
            starts_on=given_day(starts_on, "starts_on") if starts_on else FIRST_DAY,
            ends_on=given_day(form["ends_on"], "ends_on") if form["ends_on"] else None,
            share=services.given_share(form["share"]),
            role=form["role"],
        )
        names = {"name": holder.user.name, "territory": holder.territory}
        said = _("%(name)s holds “%(territory)s”. Statements follow with the next calculation.")
        return done(request, HOME, said % names)
    return _page(request, form)


@page(profiles=RUNNERS)
def change(request: HttpRequest, holder_id: UUID) -> HttpResponse:
    """Another person, share or role from a day on."""
    actor = actor_of(request)
    holder = queries.get_holder(actor, holder_id)
    if holder is None:
        raise NotFound(_("Nobody holds this, or it was removed."))
    form = Form(
        request,
        {
            "user": str(holder.user_id),
            "share": holder.share_text,
            "role": holder.role,
            "from_day": first_change(holder).isoformat(),
            "ends_on": holder.ends_on.isoformat() if holder.ends_on else "",
        },
    )
    if request.method == "POST":
        with form:
            services.change_holder(
                actor,
                holder_id,
                user=_person(form),
                share=services.given_share(form["share"]),
                role=form["role"],
                from_day=given_day(form["from_day"], "from_day"),
                ends_on=given_day(form["ends_on"], "ends_on") if form["ends_on"] else None,
            )
            return done(request, HOME, _("Saved. Statements follow with the next calculation."))
    return form.page(
        "compensation/territories/change.html",
        {"tab": "quotas", "manages": True, "holder": holder, "since_ever": FIRST_DAY},
    )


@page(profiles=RUNNERS, methods=["POST"])
def end(request: HttpRequest, holder_id: UUID) -> HttpResponse:
    form = Form(request)
    with form:
        services.end_holder(actor_of(request), holder_id, given_day(form["until"], "until"))
        return done(request, HOME, _("Saved. Statements follow with the next calculation."))
    return _page(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def remove(request: HttpRequest, holder_id: UUID) -> HttpResponse:
    services.remove_holder(actor_of(request), holder_id)
    return done(request, HOME, _("Removed. Statements follow with the next calculation."))


@page(profiles=RUNNERS, methods=["POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Who holds what from a CSV file, all rows or none."""
    form = Form(request)
    with form:
        count = services.import_territories(actor_of(request), sent_text(request))
        said = ngettext("%(num)s row was taken in.", "%(num)s rows were taken in.", count)
        return done(request, HOME, said % {"num": count})
    return _page(request, form)


@page(profiles=RUNNERS, methods=["GET"])
def download(request: HttpRequest) -> HttpResponse:
    return csv_file(queries.territories_csv(actor_of(request)), "territories.csv")


@page(profiles=RUNNERS, methods=["GET"])
def events(request: HttpRequest) -> HttpResponse:
    """The events of a year that name a territory, and who holds it on their days."""
    actor = actor_of(request)
    territory = request.GET.get("territory", "").replace("\x00", "")[: queries.LONGEST]
    year = _year(request)
    first = given_start(request.GET.get("start", "0"))
    rows, more = queries.events_in(
        actor, territory, date(year, 1, 1), date(year, 12, 31), start=first
    )
    return render(
        request,
        "compensation/territories/events.html",
        {
            "tab": "quotas",
            "manages": True,
            "territory": territory,
            "holders": queries.holders_of(territory),
            "since_ever": FIRST_DAY,
            "year": year,
            "rows": rows,
            "next": first + len(rows) if more else 0,
        },
    )


def _page(request: HttpRequest, form: Form) -> HttpResponse:
    actor = actor_of(request)
    search = request.GET.get("search", "").strip()[:80]
    year = _year(request)
    rows = queries.list_territories(actor, date(year, 1, 1), date(year, 12, 31), search=search)
    first = given_start(request.GET.get("start", "0"))
    shown = rows[first : first + 100]
    context: dict[str, Any] = {
        "tab": "quotas",
        "manages": True,
        "rows": shown,
        "next": first + len(shown) if first + len(shown) < len(rows) else 0,
        "names": [row.name for row in rows][:200],
        "fields": queries.territory_fields(),
        "search": search,
        "year": year,
        "since_ever": FIRST_DAY,
    }
    return form.page("compensation/territories/list.html", context)


def _year(request: HttpRequest) -> int:
    given = whole_number(request.GET.get("year", ""), most=2190)
    return given if given and given >= 1990 else timezone.localdate().year


def _person(form: Form) -> User:
    user = User.objects.filter(pk=given_id(form["user"])).first()
    if user is None:
        said = _("Choose a person.")
        raise Invalid(said, fields={"user": [said]})
    return user
