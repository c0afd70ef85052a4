"""Events that pay: what is recorded, and files of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext

from dealwright.base.errors import Invalid
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.compensation.bookings import event_files
from dealwright.compensation.bookings.queries import list_events

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)
MOST = 2_000_000  # bytes of a file: its text goes to and fro for the preview


@page(profiles=RUNNERS)
def listing(request: HttpRequest) -> HttpResponse:
    """The newest events and, above them, a file to be recorded."""
    return _page(request, Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def preview(request: HttpRequest) -> HttpResponse:
    """What a file would do: each row as it is read, and what is wrong; nothing is kept."""
    form = Form(request)
    with form:
        text, splits = _text(request, "file"), _text(request, "splits", needed=False)
        found = event_files.preview_events(actor_of(request), text, splits)
        return _page(request, form, found=found, text=text, splits=splits)
    return _page(request, form)


@page(profiles=RUNNERS, methods=["POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Record the events of a file that was looked at, all or none."""
    form = Form(request)
    with form:
        found = event_files.import_events(actor_of(request), form["text"], form["splits_text"])
        said = ngettext("%(num)s event is recorded", "%(num)s events are recorded", len(found.rows))
        said = said % {"num": len(found.rows)}
        counts = ", ".join(
            f"{found.count(outcome)} {outcome}" for outcome in ("new", "changed", "same")
        )
        return done(request, "/compensation/events", f"{said}: {counts}. {' '.join(found.notes)}")
    return _page(request, form)


def _page(request: HttpRequest, form: Form, **context: Any) -> HttpResponse:
    search = request.GET.get("search", "").strip()[:80]
    return form.page(
        "compensation/bookings/events.html",
        {
            "tab": "events",
            "manages": True,
            "rows": list_events(actor_of(request), search=search),
            "search": search,
            "found": None,
            "shown": 200,
        }
        | context,
    )


def _text(request: HttpRequest, name: str, *, needed: bool = True) -> str:
    sent = request.FILES.get(name)
    if sent is None and not needed:
        return ""
    if sent is None or not sent.size or sent.size > MOST:
        said = "Choose a CSV file of at most 2 MB."
        raise Invalid(said, fields={name: [said]})
    try:
        return str(sent.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Invalid(
            "This file is not text in UTF-8.", fields={name: ["Not text in UTF-8."]}
        ) from None
