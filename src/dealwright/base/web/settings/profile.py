"""What a person chooses for oneself: name, language, zone, theme, keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.base.web.navigation import settings_navigation_for
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.base.web.records.addresses import body_of

THEMES = ("auto", "light", "dark")


@page(methods=["GET", "HEAD"])
def settings_home(request: HttpRequest) -> HttpResponse:
    """The first settings page that the person may open."""
    user = actor_of(request).require_user()
    groups = settings_navigation_for(user)
    return HttpResponseRedirect(groups[0].links[0].url if groups else "/settings/profile")


@page
def profile(request: HttpRequest) -> HttpResponse:
    """One's own profile."""
    actor = actor_of(request)
    user = actor.require_user()
    form = Form(
        request,
        {
            "name": user.name,
            "job_title": user.job_title,
            "language": user.language,
            "timezone": user.timezone,
            "theme": user.theme,
            "shortcuts": user.shortcuts,
        },
    )
    if request.method == "POST":
        with form:
            update_profile(
                actor,
                name=form["name"],
                job_title=form["job_title"],
                language=form["language"],
                timezone=form["timezone"],
                theme=form["theme"],
                shortcuts=form.checked("shortcuts"),
            )
            return done(request, "/settings/profile", _("Profile saved."))
    context = {
        "languages": settings.LANGUAGES,
        "timezones": [(zone, zone.replace("_", " ")) for zone in timezones()],
        "themes": [("auto", _("As the device")), ("light", _("Light")), ("dark", _("Dark"))],
    }
    return form.page("base/web/settings/profile.html", context)


@page(methods=["POST"])
def theme(request: HttpRequest) -> HttpResponse:
    """The theme alone, from the menu of the top bar."""
    actor = actor_of(request)
    update_profile(actor, theme=str(body_of(request).get("theme", "")))
    return JsonResponse({"theme": actor.require_user().theme})


def update_profile(actor: Actor, **changes: Any) -> User:
    """Change one's own profile; raises Invalid with the sentences per field."""
    user = actor.require_user()
    wrong: dict[str, list[str]] = {}
    if "name" in changes:
        changes["name"] = changes["name"].strip()
        if not changes["name"]:
            wrong["name"] = [_("Your name is required.")]
        elif len(changes["name"]) > 160:
            wrong["name"] = [_("A name may have at most 160 characters.")]
    if len(changes.get("job_title", "")) > 120:
        wrong["job_title"] = [_("A job title may have at most 120 characters.")]
    if "language" in changes and changes["language"] not in dict(settings.LANGUAGES):
        wrong["language"] = [_("Choose one of the languages.")]
    if "timezone" in changes and changes["timezone"] not in timezones():
        wrong["timezone"] = [_("Choose a time zone, such as Europe/Berlin.")]
    if "theme" in changes and changes["theme"] not in THEMES:
        wrong["theme"] = [_("Choose light, dark, or as the device.")]
    if wrong:
        raise Invalid(_("Some values are not right."), fields=wrong)
    with change(actor):
        for key, value in changes.items():
            setattr(user, key, value)
        user.save(update_fields=list(changes))
    return user


def timezones() -> Sequence[str]:
    """The zones a person may choose: places, not the machine's abbreviations."""
    return sorted(
        zone
        for zone in available_timezones()
        if zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "posix", "right")))
    )
