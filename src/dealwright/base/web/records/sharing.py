"""Showing one record to a person, a team or a role beyond what the rules give."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import change
from dealwright.base.access.models import RecordShare
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Invalid
from dealwright.base.objects.registry import ObjectType
from dealwright.base.people.models import Role, Team, User
from dealwright.base.records.queries import get_row
from dealwright.base.records.services import share_record, unshare_record
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.base.web.records.addresses import record_url
from dealwright.base.web.records.cells import title_of


@dataclass(frozen=True, slots=True)
class Share:
    """Who sees a record by hand."""

    grantee: uuid.UUID
    name: str
    kind: str
    may_write: bool


@page
def sharing(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """The dialog that lists, adds and takes away shares of one record."""
    actor = actor_of(request)
    row = get_row(actor, of, record_id)
    with change(actor):
        get_changeable(actor, of.key, record_id)
    form = Form(request, {"grantee": "", "may_write": ""})
    if request.method == "POST":
        with form:
            removed = request.POST.get("remove", "")
            if removed:
                unshare_record(actor, of.key, record_id, _grantee(removed))
                said = _("No longer shared.")
            else:
                share_record(
                    actor,
                    of.key,
                    record_id,
                    _grantee(form["grantee"]),
                    may_write=form.checked("may_write"),
                )
                said = _("Shared.")
            return done(request, record_url(of, record_id), said)
    context = {
        "of": of,
        "record_id": record_id,
        "heading": _("Share “%(title)s”") % {"title": title_of(of, row)},
        "shares": shares_of(of, record_id),
        "grantees": grantees(),
    }
    return form.page("base/web/records/share_dialog.html", context)


def shares_of(of: ObjectType, record_id: Any) -> Sequence[Share]:
    """The shares of a record by hand, with names."""
    rows = list(
        RecordShare.objects.filter(object=of.key, record_id=record_id).values_list(
            "grantee", "may_write"
        )
    )
    names = _names([grantee for grantee, _may in rows])
    return [
        Share(grantee, names[grantee][0], names[grantee][1], may_write)
        for grantee, may_write in rows
        if grantee in names
    ]


def grantees() -> list[tuple[str, list[tuple[str, str]]]]:
    """All with whom a record can be shared, in groups."""
    people = User.objects.filter(is_active=True).values_list("pk", "name")[:500]
    return [
        (_("People"), [(str(key), name) for key, name in people]),
        (_("Teams"), [(str(key), name) for key, name in Team.objects.values_list("pk", "name")]),
        (_("Roles"), [(str(key), name) for key, name in Role.objects.values_list("pk", "name")]),
    ]


def _grantee(text: str) -> uuid.UUID:
    try:
        key = uuid.UUID(text)
    except ValueError:
        key = uuid.UUID(int=0)
    if not _names([key]):
        sentence = _("Choose with whom to share.")
        raise Invalid(sentence, fields={"grantee": [sentence]})
    return key


def _names(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    names: dict[uuid.UUID, tuple[str, str]] = {}
    if not ids:
        return names
    for model, kind in ((User, _("Person")), (Team, _("Team")), (Role, _("Role"))):
        rows: Any = model._default_manager.filter(pk__in=ids).values_list("pk", "name")
        names |= {key: (name, kind) for key, name in rows}
    return names
