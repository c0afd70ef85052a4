"""Finding a record or a person by typing: what every picker asks."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpRequest, HttpResponse, JsonResponse

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid, visible_records
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.people.models import User
from dealwright.base.records.queries import get_rows
from dealwright.base.web.pages import actor_of, page
from dealwright.base.web.records.addresses import require_openable
from dealwright.base.web.records.cells import column_of, text_of, title_of

SHOWN = 12


@page(methods=["GET"])
def lookup(request: HttpRequest, object_key: str) -> HttpResponse:
    """Up to twelve records of an object, or people, that fit ``q``; the latest without words.

    With ``ids`` those very records, for a filter that names them already.
    """
    actor = actor_of(request)
    text = request.GET.get("q", "").strip()[:120]
    ids = [as_uuid(each) for each in request.GET.get("ids", "").split(",")[:100] if each]
    if object_key == "user":
        return JsonResponse({"results": _people(actor, text, ids)})
    of = object_type(object_key)
    require_openable(actor.require_user(), of)
    found = titled(actor, of, ids) if ids else _records(actor, of, text)
    return JsonResponse({"results": found})


def _people(actor: Actor, text: str, ids: list[Any]) -> list[dict[str, str]]:
    me = actor.require_user()
    rows = User.objects.filter(pk__in=ids) if ids else User.objects.filter(is_active=True)
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(email__icontains=text))
    mine_first = Case(When(pk=me.pk, then=Value(0)), default=Value(1), output_field=IntegerField())
    return [
        {"id": str(key), "title": name or email, "subtitle": email}
        for key, name, email in rows.order_by(mine_first, "name").values_list(
            "pk", "name", "email"
        )[:SHOWN]
    ]


def _records(actor: Actor, of: ObjectType, text: str) -> list[dict[str, str]]:
    rows = visible_records(actor, of.key)
    if text:
        whole = Q(**{f"{of.title}__iexact": text})
        begins = Q(**{f"{of.title}__istartswith": text})
        anywhere = Q()
        for path in of.search or [of.title]:
            anywhere |= Q(**{f"{path}__icontains": text})
        rank = Case(
            When(whole, then=Value(0)),
            When(begins, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )
        rows = rows.filter(anywhere).annotate(dw_rank=rank).order_by("dw_rank", of.title)
    else:
        rows = rows.order_by("-updated_at")
    ids = list(rows.values_list("pk", flat=True)[:SHOWN])
    return titled(actor, of, ids)


def titled(actor: Actor, of: ObjectType, ids: list[Any]) -> list[dict[str, str]]:
    """Records by id, in that order, as a picker shows them."""
    from dealwright.base.web.records.cells import title_key

    known = {field.key for field in of.all_fields()}
    keys = list(dict.fromkeys([title_key(of), *([of.subtitle] if of.subtitle in known else [])]))
    found = get_rows(actor, of, ids, keys)
    shown = []
    for record_id in ids:
        row = found.get(record_id)
        if row is None:
            continue
        subtitle = ""
        if of.subtitle in known and of.subtitle != title_key(of):
            subtitle = text_of(column_of(of, of.subtitle, actor.user), row)
        shown.append({"id": str(record_id), "title": title_of(of, row), "subtitle": subtitle})
    return shown


def find_by_title(actor: Actor, object_key: str, text: str) -> str | None:
    """The id of the one record or person of exactly this name (or e-mail), else None."""
    text = text.strip()
    if object_key == "user":
        rows: Any = User.objects.filter(Q(name__iexact=text) | Q(email__iexact=text))
    else:
        of = object_type(object_key)
        rows = visible_records(actor, object_key).filter(**{f"{of.title}__iexact": text})
    ids = list(rows.values_list("pk", flat=True)[:2])
    return str(ids[0]) if len(ids) == 1 else None
