"""The settings of tracking: the snippet, who may send, what is asked, what is kept how long."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.intelligence.tracking.models import Touchpoint, Visitor
from dealwright.intelligence.tracking.settings import (
    LONGEST_QUESTION,
    consent_question,
    save_tracking_settings,
    tracking_settings,
)


@page(profiles=[Profile.ADMINISTRATOR])
def tracking(request: HttpRequest) -> HttpResponse:
    """See and change them."""
    stored = tracking_settings()
    form = Form(
        request,
        {
            "is_on": stored.is_on,
            "question": stored.question,
            "sites": stored.sites,
            "keep_days": str(stored.keep_days),
        },
    )
    if request.method == "POST":
        with form:
            values = form.typed("question", "sites", "keep_days")
            values["is_on"] = form.checked("is_on")
            save_tracking_settings(actor_of(request), values)
            return done(request, "/settings/tracking", _("Saved."))
    visits = Touchpoint.objects.filter(kind="web_visit")
    context = {
        "stored": stored,
        "default_question": consent_question(type(stored)()),
        "longest_question": LONGEST_QUESTION,
        "snippet": f'<script src="{settings.PUBLIC_URL}/t.js" defer></script>',
        "allow": '<button type="button" onclick="dealwright.consent()">…</button>',
        "forget": '<button type="button" onclick="dealwright.forget()">…</button>',
        "browsers": Visitor.objects.count(),
        "known": Visitor.objects.filter(contact__isnull=False).count(),
        "visits": visits.count(),
        "last": visits.order_by("-occurred_at").values_list("occurred_at", flat=True).first(),
    }
    return form.page("intelligence/tracking/settings.html", context)
