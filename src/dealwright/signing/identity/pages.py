"""Settings: what the company decided about signing."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.signing.identity import enrolled
from dealwright.signing.identity.policy import save_signing_settings, signing_settings


@page(profiles=["administrator"])
def settings(request: HttpRequest) -> HttpResponse:
    """SMS, Part 11, consent; and which signers set up an app or a passkey."""
    stored = signing_settings()
    form = Form(
        request,
        {
            "countries": " ".join(stored.sms_countries),
            "sms_per_day": str(stored.sms_per_day),
            "part11": stored.part11,
            "consent_code": stored.consent_code,
        },
    )
    if request.method == "POST":
        with form:
            save_signing_settings(
                actor_of(request),
                countries=form["countries"],
                sms_per_day=form["sms_per_day"],
                part11=form.checked("part11"),
                consent_code=form.checked("consent_code"),
            )
            return done(request, "/settings/signing", _("Saved."))
    return form.page("signing/identity/settings.html", {"enrolled": enrolled.enrolled()})


@page(profiles=["administrator"], methods=["POST"])
def forget(request: HttpRequest, enrolment_id: UUID) -> HttpResponse:
    """Forget an app or a passkey: its owner sets up a new one after a code by e-mail."""
    enrolled.forget(actor_of(request), enrolment_id)
    return done(request, "/settings/signing", _("Forgotten. They set up a new one next time."))
