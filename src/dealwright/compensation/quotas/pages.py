"""Quotas in the browser: a list, a form, a file."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile, Team, User
from dealwright.base.periods import period_labelled
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.compensation.access import manages_pay, require_pay_manager
from dealwright.compensation.accounting.pages import csv_file
from dealwright.compensation.dated_files import sent_text
from dealwright.compensation.given import given_amount, given_day, given_id, given_start
from dealwright.compensation.quotas import queries, services
from dealwright.compensation.quotas.models import Quota

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)
HOME = "/compensation/quotas"


@page
def listing(request: HttpRequest) -> HttpResponse:
    return _page(request, Form(request))


@page(methods=["POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Set one quota."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        holder = _holder(form)
        starts_on, ends_on = _days(form)
        quota = services.set_quota(
            actor,
            holder,
            form["measure"],
            given_amount(form["amount"], "amount"),
            starts_on=starts_on,
            ends_on=ends_on,
            per=form["per"] or Quota.Per.RANGE,
        )
        return done(request, HOME, _("The quota of %(name)s is set.") % {"name": quota.holder})
    return _page(request, form)


@page(profiles=RUNNERS)
def edit(request: HttpRequest, quota_id: UUID) -> HttpResponse:
    """Another amount, other days."""
    actor = actor_of(request)
    quota = queries.get_quota(actor, quota_id)
    if quota is None:
        raise NotFound(_("This quota does not exist."))
    form = Form(
        request,
        {
            "amount": quota.amount,
            "per": quota.per,
            "starts_on": quota.starts_on.isoformat(),
            "ends_on": quota.ends_on.isoformat(),
        },
    )
    if request.method == "POST":
        with form:
            services.change_quota(
                actor,
                quota_id,
                amount=given_amount(form["amount"], "amount"),
                starts_on=given_day(form["starts_on"], "starts_on"),
                ends_on=given_day(form["ends_on"], "ends_on"),
                per=form["per"],
            )
            said = _("Saved. Statements follow with the next calculation.")
            return done(request, HOME, said)
    return form.page(
        "compensation/quotas/edit.html",
        {"tab": "quotas", "manages": True, "quota": quota, "pers": Quota.Per.choices},
    )


@page(methods=["POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Quotas from a CSV file, all rows or none."""
    form = Form(request)
    with form:
        require_pay_manager(actor_of(request))
        count = services.import_quotas(actor_of(request), sent_text(request))
        said = ngettext("%(num)s quota was set.", "%(num)s quotas were set.", count)
        return done(request, HOME, said % {"num": count})
    return _page(request, form)


@page(profiles=RUNNERS, methods=["GET"])
def download(request: HttpRequest) -> HttpResponse:
    return csv_file(queries.quotas_csv(actor_of(request)), "quotas.csv")


@page(methods=["POST"])
def delete(request: HttpRequest, quota_id: UUID) -> HttpResponse:
    services.delete_quota(actor_of(request), quota_id)
    return done(request, HOME, _("The quota is gone."))


def _page(request: HttpRequest, form: Form) -> HttpResponse:
    actor = actor_of(request)
    search = request.GET.get("search", "").strip()[:80]
    kind = request.GET.get("kind", "")
    first = given_start(request.GET.get("start", "0"))
    rows, more = queries.list_quotas(actor, search=search, kind=kind, start=first)
    manages = manages_pay(actor.user)
    return form.page(
        "compensation/quotas/list.html",
        {
            "tab": "quotas",
            "manages": manages,
            "rows": rows,
            "next": first + len(rows) if more else 0,
            "search": search,
            "kind": kind if kind in queries.KINDS else "",
            "people": queries.people_of(rows) if manages else {},
            "pers": Quota.Per.choices,
            "teams": list(Team.objects.values_list("id", "name")) if manages else [],
            "positions": queries.positions() if manages else [],
        },
    )


def _holder(form: Form) -> services.Holder:
    """The person, position or team that was chosen: one of them."""
    position = str(form["position"]).strip()
    given = [name for name in ("user", "position", "team") if str(form[name]).strip()]
    if len(given) > 1:
        said = _("Choose one of the three: a person, a position or a team.")
        raise Invalid(said, fields={given[1]: [said]})
    if given == ["position"]:
        return position
    if given == ["team"]:
        team = Team.objects.filter(pk=given_id(form["team"])).first()
        if team is None:
            raise Invalid(_("Choose a team."), fields={"team": [_("Choose a team.")]})
        return team
    user = User.objects.filter(pk=given_id(form["user"])).first()
    if user is None:
        said = _("Choose a person, a position or a team.")
        raise Invalid(said, fields={"user": [said]})
    return user


def _days(form: Form) -> tuple[date, date]:
    label = str(form["period"]).strip()
    if label:
        try:
            period = period_labelled(label)
        except Invalid as error:
            raise Invalid(error.message, fields={"period": [error.message]}) from None
        return period.start, period.end
    try:
        return date.fromisoformat(form["starts_on"]), date.fromisoformat(form["ends_on"])
    except (TypeError, ValueError):
        said = _("Give a period such as 2027-Q1, or the first and last day.")
        raise Invalid(said, fields={"period": [said]}) from None
