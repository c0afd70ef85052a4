"""The fields an administrator adds to objects."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import NotFound
from dealwright.base.objects.models import CustomField
from dealwright.base.objects.registry import ObjectType, object_type_by_slug, object_types
from dealwright.base.records.custom_fields import (
    archive_custom_field,
    create_custom_field,
    index_custom_field,
    restore_custom_field,
    update_custom_field,
)
from dealwright.base.records.models import Record
from dealwright.base.web.pages import Form, actor_of, done, page

ADMINISTRATORS = ["administrator"]


def extendable_types() -> list[ObjectType]:
    """The objects that take custom fields."""
    return [of for of in object_types() if issubclass(of.model, Record) and of.in_navigation]


@page(profiles=ADMINISTRATORS)
def fields(request: HttpRequest) -> HttpResponse:
    """The fields of one object: its own, and those that were added; with the form for one more."""
    types = extendable_types()
    if not types:
        raise NotFound(_("There is no object yet that takes fields."))
    of = object_type_by_slug(request.GET.get("object") or types[0].slug)
    form = Form(request, {"kind": "text"})
    if request.method == "POST":
        with form:
            field = create_custom_field(
                actor_of(request),
                of.key,
                label=form["label"],
                kind=form["kind"],
                options=_options(form["options"]),
                required=form.checked("required"),
                formula=form["formula"],
                help_text=form["help_text"],
            )
            said = _("Field “%(label)s” added.") % {"label": field.label}
            return done(request, f"/settings/fields?object={of.slug}", said)
    rows = list(CustomField.objects.filter(object=of.key))
    context = {
        "of": of,
        "types": [(each.slug, _(each.label_plural)) for each in types],
        "kinds": [(str(value), _(str(label))) for value, label in CustomField.Kind.choices],
        "custom": [row for row in rows if row.archived_at is None],
        "archived": [row for row in rows if row.archived_at is not None],
        "kind_labels": dict(CustomField.Kind.choices),
        "open": not form.ok,
    }
    return form.page("base/web/settings/fields.html", context)


@page(profiles=ADMINISTRATORS)
def field(request: HttpRequest, field_id: Any) -> HttpResponse:
    """The dialog that changes one added field."""
    row = CustomField.objects.filter(pk=field_id).first()
    if row is None:
        raise NotFound(_("There is no such field."))
    of = next(each for each in object_types() if each.key == row.object)
    form = Form(
        request,
        {
            "label": row.label,
            "options": "\n".join(row.options),
            "required": row.required,
            "formula": row.formula,
            "help_text": row.help_text,
            "position": row.position,
        },
    )
    if request.method == "POST":
        with form:
            update_custom_field(
                actor_of(request),
                row.pk,
                label=form["label"],
                required=form.checked("required"),
                help_text=form["help_text"],
                **({"options": _options(form["options"])} if _has_options(row.kind) else {}),
                **({"formula": form["formula"]} if row.kind == CustomField.Kind.FORMULA else {}),
            )
            return done(request, f"/settings/fields?object={of.slug}", _("Field changed."))
    context = {"row": row, "of": of, "has_options": _has_options(row.kind)}
    return form.page("base/web/settings/field_dialog.html", context)


@page(profiles=ADMINISTRATORS, methods=["POST"])
def act(request: HttpRequest, field_id: Any, verb: str) -> HttpResponse:
    """Archive, restore, index or move a field."""
    actor = actor_of(request)
    row = CustomField.objects.filter(pk=field_id).first()
    if row is None:
        raise NotFound(_("There is no such field."))
    of = next(each for each in object_types() if each.key == row.object)
    if verb == "archive":
        archive_custom_field(actor, row.pk)
        said = _("Field “%(label)s” archived. Its values are kept.") % {"label": row.label}
    elif verb == "restore":
        restore_custom_field(actor, row.pk)
        said = _("Field “%(label)s” is back.") % {"label": row.label}
    elif verb == "index":
        index_custom_field(actor, row.pk)
        said = _("Lists that filter by “%(label)s” are being made quick.") % {"label": row.label}
    else:
        raise NotFound(_("There is no such act."))
    return done(request, f"/settings/fields?object={of.slug}", said)


def _options(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _has_options(kind: str) -> bool:
    return kind in (CustomField.Kind.CHOICE, CustomField.Kind.CHOICES)
