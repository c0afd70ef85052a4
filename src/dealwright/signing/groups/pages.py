"""Settings: groups of which any one may act."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.people.models import User
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.signing.groups import queries, services
from dealwright.signing.groups.services import KEEPERS, Member

ROWS = 3  # empty rows for people who are no users
_KEEPERS = [str(each) for each in KEEPERS]


@page(profiles=_KEEPERS, methods=["GET", "HEAD"])
def groups(request: HttpRequest) -> HttpResponse:
    """All groups."""
    return render(request, "signing/groups/groups.html", {"groups": queries.groups()})


@page(profiles=_KEEPERS)
def edit_group(request: HttpRequest, group_id: UUID | None = None) -> HttpResponse:
    """Make a group, or change one."""
    found = services.find_group(group_id) if group_id else None
    members = queries.describe(found)["members"] if found else []
    others = [each for each in members if each["user_id"] is None]
    form = Form(
        request,
        {
            "name": found.name if found else "",
            "users": [str(each["user_id"]) for each in members if each["user_id"]],
            "member_name": [each["name"] for each in others],
            "member_email": [each["email"] for each in others],
        },
        lists=["users", "member_name", "member_email"],
    )
    if request.method == "POST":
        with form:
            given = [Member(user_id=each) for each in form["users"]]
            given += [
                Member(name=name, email=email) for name, email in _rows(form) if name or email
            ]
            services.save_group(
                actor_of(request), name=form["name"], members=given, group_id=group_id
            )
            return done(request, "/settings/signing-groups", _("Saved."))
    people = User.objects.filter(is_active=True).order_by("name")
    rows = _rows(form)
    context = {"group": found, "people": people, "rows": rows + [("", "")] * ROWS}
    return form.page("signing/groups/group.html", context)


@page(profiles=_KEEPERS, methods=["POST"])
def retire(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Offer a group no longer."""
    services.retire_group(actor_of(request), group_id)
    return done(request, "/settings/signing-groups", _("The group is offered no longer."))


def _rows(form: Form) -> list[tuple[str, str]]:
    names, emails = form["member_name"] or [], form["member_email"] or []
    typed = [
        (str(name).strip(), str(emails[at]).strip() if at < len(emails) else "")
        for at, name in enumerate(names)
    ]
    return [each for each in typed if any(each)]
