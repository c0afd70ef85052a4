"""Exchange rates by day, for administrators and finance."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.exchange_rates import ExchangeRate, set_rate
from dealwright.base.money import locale_of
from dealwright.base.people.models import Profile
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form, actor_of, done, page

_SHOWN = 200


@page(profiles=[Profile.ADMINISTRATOR, Profile.FINANCE])
def rates(request: HttpRequest) -> HttpResponse:
    """The rates stated so far, the latest day first, and a form to state one."""
    actor = actor_of(request)
    today = timezone.localdate()
    form = Form(request, {"base": organization().currency, "valid_on": today.isoformat()})
    if request.method == "POST":
        with form:
            stated = set_rate(
                actor,
                base=form["base"],
                quote=form["quote"],
                rate=_rate(form["rate"]),
                valid_on=_day(form["valid_on"]),
                source=form["source"].strip()[:120] or actor.name,
            )
            return done(request, "/settings/rates", _("Stated: %(rate)s.") % {"rate": stated})
    names = locale_of(actor.require_user().language).currencies
    context = {
        "rates": ExchangeRate.objects.order_by("-valid_on", "base", "quote")[:_SHOWN],
        "currency_names": names,
    }
    return form.page("base/web/settings/rates.html", context)


def _rate(text: str) -> Decimal:
    """A rate as people write it: one point or one comma before the decimals."""
    plain = text.strip()
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        return Decimal(plain)
    except InvalidOperation:
        sentence = _("“%(text)s” is not a rate such as 1.0853.") % {"text": text[:20]}
        raise Invalid(sentence, fields={"rate": [sentence]}) from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        sentence = _("“%(text)s” is not a date like 2027-01-31.") % {"text": text[:20]}
        raise Invalid(sentence, fields={"valid_on": [sentence]}) from None
