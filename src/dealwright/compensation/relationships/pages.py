"""Named relationships in the browser: who stands under whom, and until when."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile, User
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.compensation.accounting.pages import csv_file
from dealwright.compensation.dated_files import first_change, sent_text
from dealwright.compensation.given import given_day, given_id, given_start
from dealwright.compensation.plans.pieces import REPORTING
from dealwright.compensation.quotas.models import FIRST_DAY
from dealwright.compensation.relationships import queries, services

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)
HOME = "/compensation/relationships"


@page(profiles=RUNNERS)
def listing(request: HttpRequest) -> HttpResponse:
    return _page(request, Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def new(request: HttpRequest) -> HttpResponse:
    """State one line."""
    form = Form(request)
    with form:
        starts_on = form["starts_on"]
        line = services.state_relationship(
            actor_of(request),
            _person(form, "user"),
            _person(form, "manager"),
            form["relation"],
            starts_on=given_day(starts_on, "starts_on") if starts_on else FIRST_DAY,
            ends_on=given_day(form["ends_on"], "ends_on") if form["ends_on"] else None,
        )
        said = _(
            "%(name)s stands under %(manager)s (%(relation)s). Statements follow with the next "
            "calculation."
        ) % {"name": line.user.name, "manager": line.manager.name, "relation": line.relation}
        return done(request, HOME, said)
    return _page(request, form)


@page(profiles=RUNNERS)
def change(request: HttpRequest, relationship_id: UUID) -> HttpResponse:
    """Another manager from a day on."""
    actor = actor_of(request)
    line = queries.get_relationship(actor, relationship_id)
    if line is None:
        raise NotFound(_("There is no such relationship."))
    form = Form(
        request,
        {
            "manager": str(line.manager_id),
            "from_day": first_change(line).isoformat(),
            "ends_on": line.ends_on.isoformat() if line.ends_on else "",
        },
    )
    if request.method == "POST":
        with form:
            services.change_relationship(
                actor,
                relationship_id,
                manager=_person(form, "manager"),
                from_day=given_day(form["from_day"], "from_day"),
                ends_on=given_day(form["ends_on"], "ends_on") if form["ends_on"] else None,
            )
            return done(request, HOME, _("Saved. Statements follow with the next calculation."))
    return form.page(
        "compensation/relationships/change.html",
        {"tab": "quotas", "manages": True, "line": line, "since_ever": FIRST_DAY},
    )


@page(profiles=RUNNERS, methods=["POST"])
def end(request: HttpRequest, relationship_id: UUID) -> HttpResponse:
    form = Form(request)
    with form:
        services.end_relationship(
            actor_of(request), relationship_id, given_day(form["until"], "until")
        )
        return done(request, HOME, _("Saved. Statements follow with the next calculation."))
    return _page(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def remove(request: HttpRequest, relationship_id: UUID) -> HttpResponse:
    services.remove_relationship(actor_of(request), relationship_id)
    return done(request, HOME, _("Removed. Statements follow with the next calculation."))


@page(profiles=RUNNERS, methods=["POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Lines from a CSV file, all rows or none."""
    form = Form(request)
    with form:
        count = services.import_relationships(actor_of(request), sent_text(request))
        said = ngettext("%(num)s row was taken in.", "%(num)s rows were taken in.", count)
        return done(request, HOME, said % {"num": count})
    return _page(request, form)


@page(profiles=RUNNERS, methods=["GET"])
def download(request: HttpRequest) -> HttpResponse:
    return csv_file(queries.relationships_csv(actor_of(request)), "hierarchy.csv")


def _page(request: HttpRequest, form: Form) -> HttpResponse:
    search = request.GET.get("search", "").strip()[:80]
    relation = request.GET.get("relation", "").replace("\x00", "")[:40]
    first = given_start(request.GET.get("start", "0"))
    rows, more = queries.list_relationships(
        actor_of(request), search=search, relation=relation, start=first
    )
    return form.page(
        "compensation/relationships/list.html",
        {
            "tab": "quotas",
            "manages": True,
            "rows": rows,
            "next": first + len(rows) if more else 0,
            "search": search,
            "relation": relation,
            "relations": queries.relations(),
            "reporting": REPORTING,
            "since_ever": FIRST_DAY,
        },
    )


def _person(form: Form, name: str) -> User:
    user = User.objects.filter(pk=given_id(form[name])).first()
    if user is None:
        said = _("Choose a person.")
        raise Invalid(said, fields={name: [said]})
    return user
