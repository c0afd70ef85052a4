"""Access and sharing: what each profile may do with each object, and the sharing rules."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.models import ObjectAccess, SharingRule
from dealwright.base.objects.filters import describe_filter, filterable_fields
from dealwright.base.objects.registry import object_type, object_type_by_slug, object_types
from dealwright.base.people.models import Profile, Role, Team
from dealwright.base.web.filter_forms import show_filter, typed_filter
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.base.web.settings.access_services import (
    delete_sharing_rule,
    get_rule,
    save_sharing_rule,
    set_object_access,
)

ADMINISTRATORS = ["administrator"]


def level_labels() -> dict[str, str]:
    """What the levels mean, in the order of their reach."""
    return {
        "none": _("Nothing"),
        "own": _("Own"),
        "read": _("Read all"),
        "write": _("All"),
    }


@page(profiles=ADMINISTRATORS)
def access(request: HttpRequest) -> HttpResponse:
    """The table of objects and profiles, and the sharing rules. Where the table is too wide for
    the window it shows the one profile that ``profile`` names."""
    form = Form(request)
    if request.method == "POST":
        with form:
            set_object_access(actor_of(request), form["object"], form["profile"], form["level"])
            address = f"/settings/access?{urlencode({'profile': form['profile']})}"
            return done(request, address, _("Access changed."))
    set_levels = {(row.object, row.profile): row.level for row in ObjectAccess.objects.all()}
    profiles = [(value, label) for value, label in Profile.choices if value != "administrator"]
    known = {of.key: of for of in object_types()}
    rules = SharingRule.objects.select_related("from_team", "from_role", "to_team", "to_role")
    wanted = request.GET.get("profile", "")
    context = {
        "shown_profile": wanted if wanted in dict(profiles) else profiles[0][0],
        "profiles": [(value, _(str(label))) for value, label in profiles],
        "profile_labels": {value: _(str(label)) for value, label in profiles},
        "rows": [
            (
                of,
                [
                    (
                        profile,
                        set_levels.get((of.key, profile), of.level_for(profile)),
                        (of.key, profile) in set_levels,
                    )
                    for profile, _label in profiles
                ],
            )
            for of in object_types()
        ],
        "levels": list(level_labels().items()),
        "rules": [
            (rule, known[rule.object], describe_filter(known[rule.object], rule.filter))
            for rule in rules.order_by("object", "name")
            if rule.object in known
        ],
        "objects": [(of.slug, _(of.label_plural)) for of in object_types()],
    }
    return form.page("base/web/settings/access.html", context)


@page(profiles=ADMINISTRATORS)
def new_rule(request: HttpRequest) -> HttpResponse:
    """The form for a new sharing rule of the object that ``object`` names."""
    of = object_type_by_slug(request.GET.get("object", ""))
    return _rule_form(request, of.key, None)


@page(profiles=ADMINISTRATORS)
def rule(request: HttpRequest, rule_id: Any) -> HttpResponse:
    """A sharing rule's form."""
    found = get_rule(rule_id)
    return _rule_form(request, found.object, found)


@page(profiles=ADMINISTRATORS, methods=["POST"])
def remove_rule(request: HttpRequest, rule_id: Any) -> HttpResponse:
    """Take a rule away."""
    found = delete_sharing_rule(actor_of(request), rule_id)
    said = _("Sharing rule “%(name)s” deleted.") % {"name": found.name}
    return done(request, "/settings/access", said)


def _rule_form(request: HttpRequest, object_key: str, found: SharingRule | None) -> HttpResponse:
    actor = actor_of(request)
    of = object_type(object_key)
    form = Form(
        request,
        {
            "name": found.name if found else "",
            "filter": json.dumps(found.filter if found else {}),
            "from_whom": str((found.from_team_id or found.from_role_id or "") if found else ""),
            "to_whom": str((found.to_team_id or found.to_role_id or "") if found else ""),
            "may_write": found.may_write if found else False,
        },
    )
    if request.method == "POST":
        with form:
            save_sharing_rule(
                actor,
                found.pk if found else None,
                object_key=object_key,
                name=form["name"],
                filter=typed_filter(of, form["filter"]),
                from_whom=form["from_whom"],
                to_whom=form["to_whom"],
                may_write=form.checked("may_write"),
            )
            return done(request, "/settings/access", _("Sharing rule saved."))
    context = {
        "of": of,
        "rule": found,
        "groups": [
            (_("Teams"), [(str(team.pk), team.name) for team in Team.objects.all()]),
            (_("Roles"), [(str(role.pk), role.name) for role in Role.objects.all()]),
        ],
        "filter": show_filter(actor, of, form["filter"], counted=True),
        "filter_fields": filterable_fields(of, actor.user),
    }
    return form.page("base/web/settings/rule.html", context)
