"""Settings: the text that signers agree to, in every version."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import NotFound
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.signing.consent import queries
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.consent.services import CONTENTS, current_consent, in_force, write_consent

_WRITERS = ["administrator", "legal"]


@page(profiles=_WRITERS, methods=["GET", "HEAD"])
def versions(request: HttpRequest) -> HttpResponse:
    """All versions, with how many agreed to each."""
    return render(
        request, "signing/consent/versions.html", {"versions": queries.versions(in_force())}
    )


@page(profiles=_WRITERS, methods=["GET", "HEAD"])
def version(request: HttpRequest, text_id: UUID) -> HttpResponse:
    """One version as signers see it, and who agreed to it."""
    text = ConsentText.objects.filter(pk=text_id).first()
    if text is None:
        raise NotFound("There is no such version.")
    context = {"text": text, "people": queries.agreed_to(actor_of(request), text)}
    return render(request, "signing/consent/version.html", context)


@page(profiles=_WRITERS)
def write(request: HttpRequest) -> HttpResponse:
    """Write the next version: a preview first, then in force."""
    language = request.GET.get("language", "en")
    language = language if language in dict(settings.LANGUAGES) else "en"
    text = current_consent(language)
    form = Form(
        request, {"title": text.title, "body": text.body, "asks_again": True}, lists=["covers"]
    )
    preview = None
    if request.method == "POST" and "preview" in request.POST:
        preview = ConsentText(title=form["title"], body=form["body"].replace("\r\n", "\n"))
    elif request.method == "POST":
        with form:
            made = write_consent(
                actor_of(request),
                language=language,
                title=form["title"],
                body=form["body"],
                covers=form["covers"],
                asks_again=form.checked("asks_again"),
            )
            return done(request, f"/settings/consent/{made.pk}", _("This version is in force."))
    return form.page(
        "signing/consent/write.html",
        {
            "language": language,
            "languages": settings.LANGUAGES,
            "contents": CONTENTS,
            "preview": preview,
        },
    )
