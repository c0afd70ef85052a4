"""Settings: the company itself."""

from __future__ import annotations

from zoneinfo import available_timezones

from babel import Locale
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dealwright.base.money import currency_codes
from dealwright.base.people.organization import organization, update_organization
from dealwright.base.web.pages import Form, actor_of, done, page


@page(profiles=["administrator"])
def company(request: HttpRequest) -> HttpResponse:
    """Name, currency, zone and language that new things begin with."""
    found = organization()
    form = Form(
        request,
        {
            "name": found.name,
            "currency": found.currency,
            "timezone": found.timezone,
            "language": found.language,
        },
    )
    if request.method == "POST":
        with form:
            update_organization(
                actor_of(request),
                name=form["name"],
                currency=form["currency"],
                timezone=form["timezone"],
                language=form["language"],
            )
            return done(request, "/settings/company", _("Saved."))
    context = {
        "currencies": _currencies(),
        "timezones": [(zone, zone.replace("_", " ")) for zone in _zones()],
        "languages": settings.LANGUAGES,
    }
    return form.page("base/people/company.html", context)


def _currencies() -> list[tuple[str, str]]:
    names = Locale.parse((get_language() or "en").replace("-", "_")).currencies
    return [(code, f"{code} – {names.get(code, code)}") for code in sorted(currency_codes())]


def _zones() -> list[str]:
    return sorted(
        zone
        for zone in available_timezones()
        if zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "posix", "right")))
    )
