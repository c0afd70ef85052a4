"""Holding and releasing pay in the browser."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.people.models import Profile, User
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.compensation.access import get_payee
from dealwright.compensation.bookings.services import booking_of_opportunity
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.given import given_day, given_id
from dealwright.compensation.holds import queries, services

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)


@page(profiles=RUNNERS)
def listing(request: HttpRequest) -> HttpResponse:
    """Who and what is on hold, and what was."""
    return _list(request, Form(request))


@page(profiles=RUNNERS)
def new(request: HttpRequest) -> HttpResponse:
    """Hold a deal, a person, or a person's part of a deal."""
    actor = actor_of(request)
    about = _about(request, actor)
    form = Form(request)
    if request.method == "POST":
        with form:
            payee_id = about["payee"].pk if about["payee"] else form["payee"]
            event: CreditEvent | None = about["event"]
            if event is None and form["opportunity"]:
                event = booking_of_opportunity(given_id(form["opportunity"]))
            if event is not None and about["payee"] is not None and form["whose"] == "all":
                payee_id = ""
            hold = services.place_hold(
                actor,
                reason=form["reason"],
                starts_on=given_day(form["starts_on"], "starts_on"),
                ends_on=given_day(form["ends_on"], "ends_on") if form["ends_on"] else None,
                payee_id=given_id(payee_id) if payee_id else None,
                event_key=event.key if event else "",
            )
            return done(
                request,
                about["back"],
                _("On hold: %(what)s.") % {"what": queries.what_is_held(hold)},
            )
    return form.page(
        "compensation/holds/new.html",
        {"tab": "holds", "manages": True, "today": timezone.localdate(), **about},
    )


@page(profiles=RUNNERS, methods=["POST"])
def release(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """Let what is on hold be paid with the open period."""
    form = Form(request)
    with form:
        services.release_hold(actor_of(request), hold_id, reason=form["reason"])
        return done(request, "/compensation/holds", _("Released."))
    return _list(request, form)


def _list(request: HttpRequest, form: Form) -> HttpResponse:
    actor = actor_of(request)
    holds = queries.list_holds(actor)
    return form.page(
        "compensation/holds/list.html",
        {
            "tab": "holds",
            "manages": True,
            "active": [each for each in holds if each.is_active],
            "released": [each for each in holds if not each.is_active],
            "amounts": queries.held_by_hold(holds, actor),
            "what": queries.what_is_held,
            "me": actor.user,
        },
    )


def _about(request: HttpRequest, actor: Any) -> dict[str, Any]:
    """The person and the deal that the address names."""
    payee: User | None = None
    event: CreditEvent | None = None
    if request.GET.get("payee"):
        payee = get_payee(actor, given_id(request.GET["payee"]))
    if request.GET.get("event"):
        event = CreditEvent.objects.filter(pk=given_id(request.GET["event"])).first()
        if event is None:
            raise Invalid(_("There is no such deal."))
    back = f"/compensation/statements/{payee.pk}" if payee else "/compensation/holds"
    return {"payee": payee, "event": event, "back": back}
