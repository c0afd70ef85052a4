"""Settings: what the company decided about signing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import NotFound
from dealwright.base.files.services import read_file
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.signing.identity import enrolled
from dealwright.signing.identity.messengers import (
    has_channel,
    has_whatsapp,
    messenger_settings,
)
from dealwright.signing.identity.policy import (
    MOST_OF_STAMP,
    remove_stamp,
    save_signing_settings,
    save_stamp,
    signing_settings,
)
from dealwright.signing.identity.setup_pages import providers_with_checks


@page(profiles=["administrator"])
def settings(request: HttpRequest) -> HttpResponse:
    """SMS, Part 11, consent; and which signers set up an app or a passkey."""
    form = Form(request, _decided())
    if request.method == "POST":
        with form:
            save_signing_settings(
                actor_of(request),
                countries=form["countries"],
                sms_per_day=form["sms_per_day"],
                part11=form.checked("part11"),
                consent_code=form.checked("consent_code"),
                successor_codes=form.checked("successor_codes"),
            )
            return done(request, "/settings/signing", _("Saved."))
    return _settings(form)


@page(profiles=["administrator"], methods=["POST"])
def stamp(request: HttpRequest) -> HttpResponse:
    """Keep the company's stamp, or take it away."""
    form = Form(request, _decided())
    with form:
        if form["remove"]:
            remove_stamp(actor_of(request))
            return done(request, "/settings/signing", _("Removed."))
        sent = request.FILES.getlist("stamp")
        content = sent[0].read(MOST_OF_STAMP + 1) if sent else b""
        save_stamp(actor_of(request), name=(sent[0].name or "") if sent else "", content=content)
        return done(request, "/settings/signing", _("Saved."))
    return _settings(form)


@page(profiles=["administrator"], methods=["GET", "HEAD"])
def stamp_picture(request: HttpRequest) -> HttpResponse:
    """The company's stamp."""
    stored = signing_settings().stamp
    if stored is None:
        raise NotFound("The company has no stamp yet.")
    response = HttpResponse(read_file(stored), content_type="image/png")
    response["Cache-Control"] = "private, no-cache"
    return response


def _decided() -> dict[str, Any]:
    stored = signing_settings()
    return {
        "countries": " ".join(stored.sms_countries),
        "sms_per_day": str(stored.sms_per_day),
        "part11": stored.part11,
        "consent_code": stored.consent_code,
        "successor_codes": stored.successor_codes,
    }


def _settings(form: Form) -> HttpResponse:
    stored = messenger_settings()
    context = {
        "enrolled": enrolled.enrolled(),
        "stamp": signing_settings().stamp,
        "whatsapp": has_whatsapp(stored),
        "messenger": stored.channel_name if has_channel(stored) else "",
        "checking": providers_with_checks(),
    }
    return form.page("signing/identity/settings.html", context)


@page(profiles=["administrator"], methods=["POST"])
def forget(request: HttpRequest, enrolment_id: UUID) -> HttpResponse:
    """Forget an app or a passkey: its owner sets up a new one after a code by e-mail."""
    enrolled.forget(actor_of(request), enrolment_id)
    return done(request, "/settings/signing", _("Forgotten. They set up a new one next time."))
