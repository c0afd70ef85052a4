"""The form for a new record: as a page and as a dialog, with hints about duplicates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import check_create
from dealwright.base.errors import NotFound
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.services import create_record
from dealwright.base.web.pages import Form, actor_of, page, render, say
from dealwright.base.web.records.addresses import record_url
from dealwright.base.web.records.cells import field_infos, shown_kind, typed_values
from dealwright.base.web.records.duplicates import find_duplicates
from dealwright.base.web.records.lookups import titled
from dealwright.base.web.records.undo import keep_undo

INPUT_TYPES = {
    Kind.DATE: "date",
    Kind.DATETIME: "datetime-local",
    Kind.EMAIL: "email",
    Kind.URL: "text",
    Kind.PHONE: "tel",
}


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of the form with what its input needs."""

    field: Field
    kind: Kind
    label: str
    input_type: str
    options: Sequence[tuple[str, str]]
    lookup: str
    title: str


@page
def new_record(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """The form, and its creation. ``dialog`` asks for the dialog instead of the page; other
    parameters fill fields in, e.g. ``account=<id>``."""
    actor = actor_of(request)
    check_create(actor, of.key)
    if not of.creatable:
        raise NotFound(_("%(things)s are not made by hand.") % {"things": _(of.label_plural)})
    fields = [field for field in visible_fields(of, actor.user) if _asked(field)]
    lists = [field.key for field in fields if field.kind == Kind.CHOICES]
    form = Form(request, _given(request, fields, actor), lists=lists)
    as_dialog = bool(request.GET.get("dialog") or request.POST.get("dialog"))
    if request.method == "POST":
        with form:
            record = create_record(actor, of.key, form_values(of, fields, form))
            undo = keep_undo(actor, of.key, [{"id": str(record.pk), "delete": True}])
            said = _("%(thing)s created.") % {"thing": _(of.label)}
            return _created(request, of, record, said, undo, again="again" in request.POST)
    first, more = split_fields(of, fields)
    context = {
        "of": of,
        "dialog": as_dialog,
        "first": [form_field(actor, of, field, form) for field in first],
        "more": [form_field(actor, of, field, form) for field in more],
        "more_open": any(form.errors.get(field.key) for field in more),
        "fields": field_infos(of, actor.user),
    }
    template = "new_dialog.html" if as_dialog else "new.html"
    return form.page(f"base/web/records/{template}", context)


def _created(
    request: HttpRequest, of: ObjectType, record: Any, said: str, undo: str, *, again: bool
) -> HttpResponse:
    target = f"/{of.slug}/new" if again else record_url(of, record.pk)
    say(request, said, undo=undo)
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = target
        return response
    response = HttpResponse(status=303)
    response["Location"] = target
    return response


@page(methods=["POST"])
def duplicates(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """Records that look like what is being typed."""
    actor = actor_of(request)
    check_create(actor, of.key)
    values = {key: request.POST[key] for key in request.POST}
    return render(
        request,
        "base/web/records/duplicates.html",
        {"of": of, "hints": find_duplicates(actor, of, values)},
    )


def form_values(of: ObjectType, fields: Sequence[Field], form: Form) -> dict[str, Any]:
    """What was typed, as ``create_record`` takes it; what was left empty is not sent."""
    values: dict[str, Any] = {}
    for field in fields:
        if field.kind == Kind.BOOLEAN:
            if form.checked(field.key):
                values[field.key] = True
            continue
        value = form.values.get(field.key)
        if value in (None, "", []):
            continue
        values[field.key] = from_input(field, value)
    return typed_values(of, values)


def from_input(field: Field, value: Any) -> Any:
    """A typed value as services take it: percents as fractions, numbers with a point."""
    if not isinstance(value, str):
        return value
    if field.kind in (Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.PERCENT):
        from dealwright.base.web.records.numbers import percent_to_fraction, plain_number

        number = plain_number(value)
        return percent_to_fraction(number) if field.kind == Kind.PERCENT else number
    return value


def _asked(field: Field) -> bool:
    return (
        field.on_create
        and (field.editable or field.on_create)
        and field.kind
        not in (
            Kind.FORMULA,
            Kind.JSON,
        )
    )


def split_fields(of: ObjectType, fields: Sequence[Field]) -> tuple[list[Field], list[Field]]:
    """What one fills in first (required, and the columns of the list), and the rest."""
    order = {key: at for at, key in enumerate(of.columns)}
    first = [field for field in fields if field.required or field.key in order or field.custom]
    first = [field for field in first if field.key != "owner"][:12]
    first.sort(key=lambda field: (not field.required, order.get(field.key, 99)))
    keys = {field.key for field in first}
    return first, [field for field in fields if field.key not in keys]


def form_field(actor: Actor, of: ObjectType, field: Field, form: Form) -> FormField:
    """A field with its options, or with the name of the record that was chosen."""
    kind = shown_kind(of, field)
    lookup = title = ""
    if kind in (Kind.RELATION, Kind.USER):
        lookup = "user" if kind == Kind.USER else field.relation
        title = chosen_title(actor, lookup, form.get(field.key))
    return FormField(
        field=field,
        kind=kind,
        label=field.shown_label,
        input_type=INPUT_TYPES.get(kind, "text"),
        options=[(str(stored), _(str(label))) for stored, label in field.options],
        lookup=lookup,
        title=title,
    )


def chosen_title(actor: Actor, lookup: str, value: Any) -> str:
    """The name of a chosen record or person; empty where there is none to see."""
    import uuid

    from dealwright.base.objects.registry import object_type
    from dealwright.base.people.models import User

    try:
        key = uuid.UUID(str(value))
    except ValueError:
        return ""
    if lookup == "user":
        return User.objects.filter(pk=key).values_list("name", flat=True).first() or ""
    found = titled(actor, object_type(lookup), [key])
    return found[0]["title"] if found else ""


def _given(request: HttpRequest, fields: Sequence[Field], actor: Actor) -> Mapping[str, Any]:
    """What the address fills in; the owner is oneself unless it says otherwise."""
    values: dict[str, Any] = {}
    for field in fields:
        if field.key in request.GET:
            values[field.key] = request.GET[field.key]
            if field.kind == Kind.CHOICES:
                try:
                    values[field.key] = json.loads(values[field.key])
                except ValueError:
                    values[field.key] = []
        elif field.key == "owner" and actor.user:
            values["owner"] = str(actor.user.pk)
    return values
