"""Settings: messengers that carry codes, and what identity providers check of signers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid, Unavailable
from dealwright.base.messaging import accounts
from dealwright.base.people.adapter import SIGNERS_ONLY
from dealwright.base.people.identity import providers
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.signing.identity import messengers
from dealwright.signing.identity.models import Assurance, MessengerSettings
from dealwright.signing.identity.provider_checks import (
    checks_by_provider,
    find_provider,
    save_provider_checks,
)

_MESSENGERS = "/settings/signing/messengers"


@page(profiles=["administrator"])
def messenger_settings(request: HttpRequest) -> HttpResponse:
    """WhatsApp, and a bridge to another messenger."""
    form = Form(request, _decided())
    secret = ""
    if request.method == "POST":
        with form:
            given = {key: str(value) for key, value in form.values.items()}
            saved = messengers.save_messenger_settings(
                actor_of(request), {**given, "new_secret": "1" if form["new_secret"] else ""}
            )
            if not saved.secret:
                return done(request, _MESSENGERS, _("Saved."))
            secret = saved.secret
            form = Form(request, _decided())
            form.values = _decided()
    return _messengers(form, secret)


@page(profiles=["administrator"], methods=["POST"])
def messenger_test(request: HttpRequest) -> HttpResponse:
    """Send a message with the code 000000 to a number or address."""
    form = Form(request)
    with form:
        scheme = form["scheme"]
        if scheme not in (messengers.WHATSAPP, messengers.CHANNEL):
            sentence = "Choose one of the list."
            raise Invalid(sentence, fields={"scheme": [sentence]})
        try:
            messengers.send_test(actor_of(request), scheme, form["to"])
        except Unavailable as error:
            raise Invalid(error.message, fields={"to": [error.message]}) from None
        return done(request, _MESSENGERS, _("A test message went to %(to)s.") % {"to": form["to"]})
    form.values = {**_decided(), **form.values}
    return _messengers(form)


@page(profiles=["administrator"])
def provider_checks(request: HttpRequest, provider_pk: int) -> HttpResponse:
    """What one identity provider checks of signers."""
    provider = find_provider(provider_pk)
    row = checks_by_provider().get(provider.pk)
    form = Form(
        request,
        {
            "offers": list(row.offers) if row else [],
            "trust_framework": row.trust_framework if row else "",
            "acr_values": row.acr_values if row else "",
            "most_days": str(row.most_days if row else 365),
            "signers_only": bool(provider.settings.get(SIGNERS_ONLY)),
        },
        lists=("offers",),
    )
    if request.method == "POST":
        with form:
            save_provider_checks(
                actor_of(request),
                provider_pk,
                offers=[str(each) for each in form["offers"] or []],
                trust_framework=form["trust_framework"],
                acr_values=form["acr_values"],
                most_days=form["most_days"],
                signers_only=form.checked("signers_only"),
            )
            return done(request, "/settings/signing", _("Saved."))
    context = {
        "provider": provider,
        "offered": [(each.value, _(each.label), _HELP[each]) for each in Assurance],
    }
    return form.page("signing/identity/provider_checks.html", context)


# What each check means in the terms of the provider's specification.
_HELP = {
    Assurance.DOCUMENT_FACE: "document · vpip/vpiruv/vri/vdig/vcrypt + pvp/pvr/bvp/bvr",
    Assurance.DOCUMENT: "document · vpip/vpiruv/vri/vdig/vcrypt",
    Assurance.QUESTIONS: "electronic_record · kbv",
}


def providers_with_checks() -> list[dict[str, Any]]:
    """Each identity provider with what it checks, as a person reads it."""
    rows = checks_by_provider()
    return [
        {
            "pk": each.pk,
            "name": each.name,
            "offers": [
                _(check.label)
                for check in Assurance
                if each.pk in rows and check.value in rows[each.pk].offers
            ],
        }
        for each in providers()
    ]


def _decided() -> dict[str, Any]:
    stored = messengers.messenger_settings()
    return {
        "whatsapp_from": stored.whatsapp_from,
        **{
            f"template_{language}": stored.whatsapp_templates.get(language, "")
            for language, _label in settings.LANGUAGES
        },
        "whatsapp_per_day": str(stored.whatsapp_per_day),
        "channel_name": stored.channel_name,
        "channel_url": stored.channel_url,
        "channel_to": stored.channel_to,
        "channel_per_day": str(stored.channel_per_day),
    }


def _messengers(form: Form, secret: str = "") -> HttpResponse:
    stored = messengers.messenger_settings()
    tests = []
    if messengers.has_whatsapp(stored):
        tests.append((messengers.WHATSAPP, "WhatsApp"))
    if messengers.has_channel(stored):
        tests.append((messengers.CHANNEL, stored.channel_name))
    context = {
        "has_sms": accounts.sms_account() is not None,
        "languages": settings.LANGUAGES,
        "kinds_of_address": [(each.value, _(each.label)) for each in MessengerSettings.To],
        "has_secret": bool(stored.secret),
        "secret": secret,
        "tests": tests,
    }
    return form.page("signing/identity/messengers.html", context)
