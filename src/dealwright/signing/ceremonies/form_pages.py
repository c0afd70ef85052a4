"""The fields as one plain form, for those without scripts or who would rather not seek them on the
pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from dealwright.base.web.pages import Form
from dealwright.signing.ceremonies import filling, queries
from dealwright.signing.ceremonies.others import ruled_fields
from dealwright.signing.ceremonies.pages import (
    back_to,
    ceremony_page,
    show_page,
    standing_of_others,
)
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.models import Role
from dealwright.signing.fields.files import MAX_FILE
from dealwright.signing.fields.models import BY_ITSELF, INK, WITH_FILE, FieldKind


@ceremony_page("GET", "HEAD", "POST")
def fill_in(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """Fill in everything on one page; what follows from it is shown after keeping."""
    if ceremony.step != Step.DOCUMENT or ceremony.recipient.role == Role.EDITOR:
        return back_to(token)
    form = Form(request)
    if request.method == "POST":
        with form:
            values, files = _sent(request, ceremony)
            filling.fill_form(ceremony, values, files)
            return back_to(token, _onward(str(form["then"])))
    adopted = queries.adopted_by_kind(ceremony)
    ruled = ruled_fields(ceremony.envelope)
    fields = [_typed(form, each) for each in queries.fields_of(ceremony, ruled) if each["applies"]]
    context = {
        "form": form,
        "fields": _first_of_groups(fields),
        "options": _options(fields),
        "adopted": set(adopted),
        **standing_of_others(ceremony, ruled),
    }
    return show_page(request, ceremony, token, "form", context)


def _onward(then: str) -> str:
    """The page that comes next, by the button that was pressed."""
    if then.startswith("pay:"):
        try:
            return f"/pay/{UUID(then.removeprefix('pay:'))}"
        except ValueError:
            return "/form"
    return "/review" if then == "review" else "/form"


def _sent(
    request: HttpRequest, ceremony: Ceremony
) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """What was typed, for the fields that the form showed; a box left out is not ticked."""
    shown = set(request.POST.getlist("shown"))
    values: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for field in ceremony.recipient.fields.all():
        key = str(field.pk)
        if key not in shown or field.read_only or field.kind in (*BY_ITSELF, FieldKind.PAYMENT):
            continue
        if field.kind in WITH_FILE:
            if sent := request.FILES.getlist(key):
                files[key] = (sent[0].name or "", sent[0].read(MAX_FILE + 1))
            elif f"{key}.clear" in request.POST:
                values[key] = ""
        elif field.kind == FieldKind.MULTI_SELECT:
            values[key] = "\n".join(request.POST.getlist(key))
        elif field.kind not in INK or field.value or key in request.POST:
            values[key] = request.POST.get(key, "")
    return values, files


def _typed(form: Form, field: Mapping[str, Any]) -> dict[str, Any]:
    """A field with what was typed and refused in place of what is kept."""
    key = str(field["id"])
    value = form[key] if key in form.errors and key in form.values else field["value"]
    return {**field, "value": value}


def _first_of_groups(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fields, of radio buttons the first of each group."""
    shown, groups = [], set()
    for each in fields:
        if each["kind"] == FieldKind.RADIO:
            if each["group"] in groups:
                continue
            groups.add(each["group"])
        shown.append(each)
    return shown


def _options(fields: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The options of each group of radio buttons."""
    found: dict[str, list[str]] = {}
    for each in fields:
        if each["kind"] == FieldKind.RADIO:
            found.setdefault(each["group"], []).append(each["option"])
    return found
