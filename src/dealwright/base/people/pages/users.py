"""Settings: who works here."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.people import invitations, users
from dealwright.base.people.handover import records_owned, transfer_records
from dealwright.base.people.models import Profile, Role, Team, User
from dealwright.base.people.rules import get_role, get_team, get_user
from dealwright.base.people.structure import roles_with_depth
from dealwright.base.web.pages import Form, actor_of, done, page, render

PER_PAGE = 50
SHOWN = {
    "here": Q(is_active=True, is_placeholder=False),
    "invited": Q(is_active=True, is_placeholder=True, invited_at__isnull=False),
    "placeholders": Q(is_active=True, is_placeholder=True, invited_at__isnull=True),
    "inactive": Q(is_active=False),
}


@page(profiles=["administrator"], methods=["GET", "HEAD"])
def user_list(request: HttpRequest) -> HttpResponse:
    """Everyone, by how they stand here."""
    shown = request.GET.get("show", "here")
    shown = shown if shown in SHOWN else "here"
    words = request.GET.get("q", "").strip()[:100]
    rows = users.visible_users(actor_of(request)).filter(SHOWN[shown]).order_by("name", "email")
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(email__icontains=words))
    counts = {key: User.objects.filter(condition).count() for key, condition in SHOWN.items()}
    return render(
        request,
        "base/people/users.html",
        {
            "users": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
            "shown": shown,
            "words": words,
            "counts": counts,
        },
    )


@page(profiles=["administrator"])
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a person, or the placeholder that an import made of them."""
    given = request.GET.get("user") or request.POST.get("user")
    placeholder = get_user(given) if given else None
    form = Form(
        request,
        {
            "name": placeholder.name if placeholder else "",
            "profile": placeholder.profile if placeholder else Profile.REP,
            "role": placeholder.role_id if placeholder else "",
            "manager": placeholder.manager_id if placeholder else "",
        },
        lists=["teams"],
    )
    if request.method == "POST":
        with form:
            invited = invitations.invite_user(
                actor_of(request),
                email=form["email"],
                name=form["name"],
                profile=form["profile"],
                role=_role(form),
                manager=_manager(form),
                teams=[get_team(each) for each in form.get("teams", [])],
                user=placeholder,
            )
            return _invited(request, invited)
    return form.page("base/people/invite.html", {"placeholder": placeholder, **_choices(None)})


@page(profiles=["administrator"])
def user(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """One person: place, teams, what they own, how they sign in."""
    person = get_user(user_id)
    teams = list(person.team_memberships.values_list("team_id", flat=True))
    form = Form(
        request,
        {
            "name": person.name,
            "profile": person.profile,
            "role": person.role_id,
            "manager": person.manager_id,
            "region": person.region,
            "job_title": person.job_title,
            "teams": [str(team) for team in teams],
        },
        lists=["teams"],
    )
    if request.method == "POST":
        with form:
            users.update_user(
                actor_of(request),
                user_id,
                name=form["name"],
                profile=form["profile"],
                role=_role(form),
                manager=_manager(form),
                region=form["region"],
                job_title=form["job_title"],
                teams=[get_team(each) for each in form["teams"]],
            )
            return done(request, f"/settings/users/{user_id}", _("Saved."))
    owned = records_owned(person)
    context = {
        "someone": person,
        "owned": owned,
        "owned_total": sum(count for _type, count in owned),
        "facts": users.user_facts(person),
        "colleagues": User.objects.filter(is_active=True).exclude(pk=user_id).order_by("name"),
        **_choices(person),
    }
    return form.page("base/people/user.html", context)


@page(profiles=["administrator"], methods=["POST"])
def act(request: HttpRequest, user_id: uuid.UUID, verb: str) -> HttpResponse:
    """What else can be done with a person, one verb each."""
    actor, back = actor_of(request), f"/settings/users/{user_id}"
    match verb:
        case "deactivate":
            person = users.deactivate_user(actor, user_id)
            return done(request, back, _("%(name)s can no longer sign in.") % {"name": person.name})
        case "reactivate":
            person = users.reactivate_user(actor, user_id)
            return done(request, back, _("%(name)s can sign in again.") % {"name": person.name})
        case "end-sessions":
            users.end_all_sessions(actor, user_id)
            return done(request, back, _("Signed out everywhere."))
        case "reset-second-factor":
            users.reset_second_factor(actor, user_id)
            return done(request, back, _("The password alone lets in now."))
        case "resend":
            return _invited(request, invitations.resend_invitation(actor, user_id))
        case "revoke":
            invitations.revoke_invitation(actor, user_id)
            return done(request, back, _("The invitation no longer works."))
        case "transfer":
            to = request.POST.get("to", "")
            if not to:
                sentence = _("Choose who gets the records.")
                raise Invalid(sentence, fields={"to": [sentence]})
            run = transfer_records(actor, user_id, get_user(to).pk)
            return done(request, f"/jobs/{run.pk}")
        case _:
            return HttpResponse(status=404)


def _invited(request: HttpRequest, invited: invitations.Invited) -> HttpResponse:
    return render(request, "base/people/invited.html", {"invited": invited})


def _choices(person: User | None) -> dict[str, Any]:
    managers = User.objects.filter(is_active=True).order_by("name")
    if person is not None:
        managers = managers.exclude(pk=person.pk)
    return {
        "profiles": Profile.choices,
        "roles": [(role.pk, "\u2003" * depth + role.name) for role, depth in roles_with_depth()],
        "managers": list(managers.values_list("pk", "name")),
        "all_teams": list(Team.objects.values_list("pk", "name")),
    }


def _role(form: Form) -> Role | None:
    return get_role(form["role"]) if form["role"] else None


def _manager(form: Form) -> User | None:
    return get_user(form["manager"]) if form["manager"] else None
