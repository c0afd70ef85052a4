"""Quotas in the browser: a list, a form, a file."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.base.periods import period_labelled
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.compensation.access import manages_pay, require_pay_manager
from dealwright.compensation.given import given_amount, given_id, given_start
from dealwright.compensation.quotas import queries, services
from dealwright.compensation.quotas.models import Quota

MAX_FILE = 5 * 1024 * 1024


@page
def listing(request: HttpRequest) -> HttpResponse:
    return _page(request, Form(request))


@page(methods=["POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Set one quota."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        user = User.objects.filter(pk=given_id(form["user"])).first()
        if user is None:
            raise Invalid("Choose a person.", fields={"user": ["Choose a person."]})
        starts_on, ends_on = _days(form)
        services.set_quota(
            actor,
            user,
            form["measure"],
            given_amount(form["amount"], "amount"),
            starts_on=starts_on,
            ends_on=ends_on,
            per=form["per"] or Quota.Per.RANGE,
        )
        return done(request, "/compensation/quotas", f"The quota of {user.name} is set.")
    return _page(request, form)


@page(methods=["POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Quotas from a CSV file, all rows or none."""
    form = Form(request)
    with form:
        require_pay_manager(actor_of(request))
        sent = request.FILES.get("file")
        if sent is None or not sent.size or sent.size > MAX_FILE:
            raise Invalid(
                "Choose a CSV file of at most 5 MB.",
                fields={"file": ["Choose a CSV file of at most 5 MB."]},
            )
        try:
            text = sent.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Invalid(
                "This file is not text in UTF-8.", fields={"file": ["Not text in UTF-8."]}
            ) from None
        count = services.import_quotas(actor_of(request), text)
        return done(request, "/compensation/quotas", f"{count} quotas were set.")
    return _page(request, form)


@page(methods=["POST"])
def delete(request: HttpRequest, quota_id: UUID) -> HttpResponse:
    services.delete_quota(actor_of(request), quota_id)
    return done(request, "/compensation/quotas", "The quota is gone.")


def _page(request: HttpRequest, form: Form) -> HttpResponse:
    actor = actor_of(request)
    search = request.GET.get("search", "").strip()[:80]
    first = given_start(request.GET.get("start", "0"))
    rows, more = queries.list_quotas(actor, search=search, start=first)
    return form.page(
        "compensation/quotas/list.html",
        {
            "tab": "quotas",
            "manages": manages_pay(actor.user),
            "rows": rows,
            "next": first + len(rows) if more else 0,
            "search": search,
            "pers": Quota.Per.choices,
        },
    )


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
        said = "Give a period such as 2027-Q1, or the first and last day."
        raise Invalid(said, fields={"period": [said]}) from None
