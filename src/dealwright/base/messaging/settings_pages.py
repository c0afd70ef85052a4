"""Settings of mail and of who must not be written to, for administrators."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Conflict, Unavailable
from dealwright.base.messaging import accounts
from dealwright.base.messaging.addresses import check_email
from dealwright.base.messaging.delivery import send_test
from dealwright.base.messaging.models import MailSettings, OutboundMessage, Suppression
from dealwright.base.messaging.suppression import (
    ASKED,
    lift_suppression,
    suppress_address,
    suppressed_reason,
)
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page

_ADMINISTRATORS = [Profile.ADMINISTRATOR]
_FIELDS = (
    "smtp_host", "smtp_port", "smtp_security", "smtp_username", "from_address", "from_name",
    "plus_addressing", "imap_host", "imap_port", "imap_security", "imap_username", "imap_folder",
    "sms_url", "sms_account", "sms_from",
)  # fmt: skip


@page(profiles=_ADMINISTRATORS)
def mail(request: HttpRequest) -> HttpResponse:
    """The mail server, the mailbox and the SMS provider. Saving tries to sign in first."""
    stored = accounts.mail_settings()
    form = Form(request, {name: getattr(stored, name) for name in _FIELDS})
    if request.method == "POST":
        with form:
            values = form.typed(*_FIELDS, "smtp_password", "imap_password", "sms_token")
            values["plus_addressing"] = form.checked("plus_addressing")
            accounts.save_mail_settings(actor_of(request), values)
            return done(request, "/settings/mail", _("Mail settings saved; the sign-in worked."))
    return form.page("base/messaging/mail_settings.html", _context(stored))


@page(profiles=_ADMINISTRATORS, methods=["POST"])
def test(request: HttpRequest) -> HttpResponse:
    """Send a test mail here and now, and say what came of it."""
    form = Form(request)
    with form:
        try:
            send_test(actor_of(request), form["address"])
        except Unavailable as error:
            raise Conflict(error.message) from None
        return done(
            request,
            "/settings/mail",
            _("The server took a mail to %(address)s.") % {"address": form["address"]},
        )
    stored = accounts.mail_settings()
    form.values = {name: getattr(stored, name) for name in _FIELDS} | form.values
    return form.page("base/messaging/mail_settings.html", _context(stored))


@page(profiles=_ADMINISTRATORS)
def suppression(request: HttpRequest) -> HttpResponse:
    """Look an address up, put it on the list or take it off."""
    form = Form(request)
    reason = checked = ""
    if request.method == "POST":
        actor = actor_of(request)
        with form:
            address = form["address"].strip()
            if not address.startswith("@"):
                address = check_email(address, field="address")
            if "suppress" in request.POST:
                suppress_address(actor, address, reason=Suppression.Reason.BY_HAND)
                return done(request, "/settings/suppression", _("It gets no more sales mail."))
            if "lift" in request.POST:
                lift_suppression(actor, address)
                return done(request, "/settings/suppression", _("It may be written to again."))
            checked = address
            reason = suppressed_reason(address, ASKED[0]) or suppressed_reason(address, ASKED[1])
    counts: dict[str, int] = {}
    for each in Suppression.objects.values_list("reason", flat=True):
        counts[each] = counts.get(each, 0) + 1
    context: dict[str, Any] = {
        "reason": reason,
        "checked": checked,
        "counts": [(label, counts.get(key, 0)) for key, label in Suppression.Reason.choices],
    }
    return form.page("base/messaging/suppression.html", context)


def _context(stored: MailSettings) -> dict[str, Any]:
    trouble = (
        OutboundMessage.objects.filter(attempts__gt=0, next_attempt_at__isnull=False)
        .exclude(error="")
        .order_by("-id")
        .values_list("error", flat=True)
        .first()
    )
    return {
        "stored": stored,
        "securities": MailSettings.Security.choices,
        "by_environment": accounts.given_by_environment(),
        "sender": accounts.sender(stored),
        "has_server": accounts.given_by_environment() or bool(stored.smtp_host),
        "trouble": trouble,
        "resting": OutboundMessage.objects.filter(held_at__isnull=False).count(),
    }
