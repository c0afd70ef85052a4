"""Settings of one's own: who stands in while one is away."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.signing.delegation import services


@page
def delegations(request: HttpRequest) -> HttpResponse:
    """One's delegations (an administrator sees everyone's), and a form that makes one."""
    actor = actor_of(request)
    user = actor.require_user()
    today = timezone.now().date().isoformat()
    form = Form(request, {"email": user.email, "starts_on": today, "ends_on": today})
    if request.method == "POST":
        with form:
            made = services.delegate(
                actor,
                email=form["email"] if user.is_administrator else "",
                to_name=form["to_name"],
                to_email=form["to_email"],
                starts_on=_day(form, "starts_on"),
                ends_on=_day(form, "ends_on"),
                reason=form["reason"],
            )
            said = _("%(name)s stands in from %(day)s.") % {
                "name": made.to_name,
                "day": made.starts_on,
            }
            return done(request, "/settings/delegation", said)
    context = {"delegations": services.delegations_of(user), "user": user}
    return form.page("signing/delegation/delegations.html", context)


@page(methods=["POST"])
def end(request: HttpRequest, delegation_id: UUID) -> HttpResponse:
    """End one now."""
    services.end_delegation(actor_of(request), delegation_id)
    return done(request, "/settings/delegation", _("Ended. What was handed over stays there."))


def _day(form: Form, key: str) -> date:
    try:
        return date.fromisoformat(form[key])
    except ValueError:
        sentence = "Give a day."
        raise Invalid(sentence, fields={key: [sentence]}) from None
