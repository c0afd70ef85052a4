"""The pages of signing templates: make, change, place fields, use, archive."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.files.services import read_file
from dealwright.base.objects.registry import object_type
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.signing.blueprints import arranging, queries, services
from dealwright.signing.blueprints.contents import PREFILLED, NewRole, role_of
from dealwright.signing.blueprints.merging import Person, people_of
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.settings import SETTINGS
from dealwright.signing.blueprints.using import Filling, use_template
from dealwright.signing.documents.reading import page_picture
from dealwright.signing.envelopes.contents import file_content
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.field_pages import sent_fields
from dealwright.signing.envelopes.models import SIGNING_ROLES, Role
from dealwright.signing.envelopes.pages import said_of_sending
from dealwright.signing.fields.models import FieldKind
from dealwright.signing.groups import queries as group_queries
from dealwright.signing.identity.choices import asked_anew
from dealwright.signing.identity.messengers import channel_name
from dealwright.signing.identity.ways import read_role_way, role_way, role_ways

ROLE_KEYS = ("role_name", "role", "role_order", "role_identity", "role_condition", "role_group",
             "person_name", "person_email")  # fmt: skip
ROWS = 3
PICTURE_WIDTHS = (800, 1600)


@page
def new(request: HttpRequest) -> HttpResponse:
    """Make a template: its documents and its roles."""
    initial = {
        "expires_days": "30",
        "remind_every_days": "3",
        "language": get_language() or "en",
        "role_name": [_("Signer")],
    }
    form = Form(request, initial, lists=ROLE_KEYS)
    if request.method == "POST":
        with form:
            template = services.create_template(
                actor_of(request),
                documents=_documents(request),
                roles=_roles(form),
                **_settings(form),
            )
            return done(request, f"{template.url}/fields", _("Template made. Place its fields."))
    return form.page("signing/blueprints/edit.html", _editing(form, None))


@page
def change(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Change the texts, settings and roles of a template, and which documents it has."""
    actor = actor_of(request)
    template: SigningTemplate = get_changeable(actor, queries.OBJECT, template_id)
    if template.archived_at is not None:
        raise Conflict("This template is archived. Take it out of the archive to change it.")
    form = Form(request, _typed(template), lists=ROLE_KEYS)
    if request.method == "POST":
        with form:
            from dealwright.base.access.actor import change as changing

            with changing(actor):
                services.change_roles(actor, template_id, _roles(form, template))
                locked = get_changeable(actor, queries.OBJECT, template_id)
                services.update_template(actor, locked, _settings(form))
                for each in _documents(request):
                    services.add_document(actor, template_id, each)
            return done(request, template.url, _("Saved."))
    return form.page("signing/blueprints/edit.html", _editing(form, template))


@page(methods=["POST"])
def remove_document(request: HttpRequest, template_id: UUID, document_id: UUID) -> HttpResponse:
    services.remove_document(actor_of(request), template_id, document_id)
    return done(request, f"/signing-templates/{template_id}/change", _("Removed."))


@page
def fields(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Look at the documents with the fields of every role, and place more."""
    form = Form(request, {"x": "50", "y": "80", "kind": "signature"})
    if request.method == "POST":
        with form:
            document_id, _sep, number = form["page"].partition(":")
            made = services.add_template_field(
                actor_of(request),
                template_id,
                document_id=document_id,
                role=int(_number("recipient", form["recipient"])),
                kind=form["kind"],
                page=int(_number("page", number)),
                x=_number("x", form["x"]) / 100,
                y=_number("y", form["y"]) / 100,
                label=form["label"],
                required=not form.checked("optional"),
                prefill=form["prefill"] if form["kind"] in PREFILLED else "",
            )
            return done(request, f"/signing-templates/{template_id}/fields#field-{made.id}")
    actor = actor_of(request)
    template: SigningTemplate = get_changeable(actor, queries.OBJECT, template_id)
    documents = queries.preview_of(template)
    return form.page(
        "signing/blueprints/fields.html",
        {
            "template": template,
            "roles": [
                (number, each["name"])
                for number, each in enumerate(template.roles, start=1)
                if each["role"] in SIGNING_ROLES
            ],
            "documents": documents,
            "pages": [
                (f"{each['id']}:{page['number']}", f"{each['name']}, {page['number']}")
                for each in documents
                for page in each["pages"]
            ],
            "kinds": FieldKind.choices,
            "editor": arranging.editor_of(template),
            "is_template": True,
        },
    )


@page(methods=["POST"])
def arrange(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """What the editor changed, as JSON."""
    get_changeable(actor_of(request), queries.OBJECT, template_id)
    put, removed = sent_fields(request)
    arranging.arrange_template_fields(actor_of(request), template_id, put=put, removed=removed)
    return JsonResponse({"warnings": []})


@page(methods=["POST"])
def remove_field(request: HttpRequest, template_id: UUID, field_id: str) -> HttpResponse:
    services.remove_template_field(actor_of(request), template_id, field_id)
    return done(request, f"/signing-templates/{template_id}/fields")


@page
def layout(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Where the fields stand on the preview, as a style sheet."""
    template = queries.find_template(actor_of(request), template_id)
    rules = [
        f"#field-{each['id']}{{left:{each['x']:.4%};top:{each['y']:.4%};"
        f"width:{each['w']:.4%};height:{each['h']:.4%}}}"
        for each in template.fields
    ]
    return HttpResponse("\n".join(rules), content_type="text/css; charset=utf-8")


@page(methods=["GET", "HEAD"])
def picture(request: HttpRequest, template_id: UUID, document_id: UUID, page: int) -> HttpResponse:
    template = queries.find_template(actor_of(request), template_id)
    document = queries.find_document(template, document_id)
    if not 1 <= page <= document.page_count:
        raise NotFound("The document has no such page.")
    wanted = request.GET.get("width", "")
    width = int(wanted) if wanted in map(str, PICTURE_WIDTHS) else 800
    content = page_picture(file_content(document.prepared), page - 1, width=width)
    response = HttpResponse(content, content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"
    return response


@page(methods=["GET", "HEAD"])
def download(request: HttpRequest, template_id: UUID, document_id: UUID) -> HttpResponse:
    template = queries.find_template(actor_of(request), template_id)
    document = queries.find_document(template, document_id)
    response = HttpResponse(read_file(document.prepared), content_type="application/pdf")
    response["Content-Disposition"] = (
        content_disposition_header(True, document.name) or "attachment"
    )
    return response


@page
def archive(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Offer it no longer, or again."""
    actor = actor_of(request)
    form = Form(request)
    template: SigningTemplate = get_changeable(actor, queries.OBJECT, template_id)
    if request.method == "POST":
        with form:
            if template.archived_at is None:
                services.archive_template(actor, template_id)
                return done(request, template.url, _("Archived. Nothing new is made from it."))
            services.restore_template(actor, template_id)
            return done(request, template.url, _("The template is offered again."))
    return form.page("signing/blueprints/archive.html", {"template": template})


@page
def save_as(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Make a template of an envelope."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    form = Form(request, {"name": envelope.title})
    if request.method == "POST":
        with form:
            template = services.save_as_template(actor, envelope_id, name=form["name"])
            said = _("Template made. Give its roles their names.")
            return done(request, f"{template.url}/change", said)
    return form.page("signing/blueprints/save_as.html", {"envelope": envelope})


@page
def choose(request: HttpRequest) -> HttpResponse:
    """Choose a template for a record: ``?object=&record=``."""
    key, record = request.GET.get("object", ""), request.GET.get("record", "")
    subject = _subject(request)
    context = {
        "templates": queries.templates_for(actor_of(request)),
        "query": f"?object={key}&record={record}" if subject else "",
        "subject": _describe(request, subject),
    }
    return render(request, "signing/blueprints/choose.html", context)


@page
def use(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Name people for the roles; ``?object=&record=`` is what the envelope is about, whose
    people and values are proposed."""
    actor = actor_of(request)
    template = queries.find_template(actor, template_id)
    if template.archived_at is not None:
        raise Conflict("This template is archived. Nothing new is made from it.", code="archived")
    subject = _subject(request)
    roles = queries.open_roles(template)
    people = people_of(actor, *subject) if subject else []
    form = Form(request, _proposed(template, roles, people))
    if request.method == "POST":
        with form:
            envelope = use_template(
                actor,
                template_id,
                Filling(
                    people={
                        number: (form[f"name.{number}"], form[f"email.{number}"])
                        for number, _role in roles
                    },
                    more={number: _more(form, number) for number, _role in roles},
                    fields={
                        each["id"]: form[f"field.{each['id']}"]
                        for each in _texts(template)
                        if form[f"field.{each['id']}"].strip()
                    },
                    title=form["title"],
                    message=form["message"],
                ),
                subject=subject,
                send="send" in request.POST,
            )
            if "send" in request.POST:
                return done(request, envelope.url, said_of_sending())
            return done(request, f"{envelope.url}/send")
    return form.page(
        "signing/blueprints/use.html",
        {
            "template": template,
            "roles": roles,
            "texts": _texts(template),
            "asks": {number: _asks(role) for number, role in roles},
            "subject": _describe(request, subject),
            "people": people,
            "labels": dict(Role.choices),
            "messenger_name": channel_name(),
        },
    )


def _asks(role: NewRole) -> set[str]:
    """What a role needs to know of a person beyond name and address."""
    methods = {role.identity_method, *(role.more.get("identity_methods") or [])}
    return asked_anew(sorted(methods))


def _more(form: Form, number: int) -> dict[str, str]:
    return {
        key: form[f"{key}.{number}"].strip()
        for key in ("phone", "messenger", "access_code")
        if form[f"{key}.{number}"].strip()
    }


def _texts(template: SigningTemplate) -> list[dict[str, Any]]:
    """The fields that a sender may fill beforehand: those with a name of their own."""
    return [each for each in template.fields if each["kind"] in PREFILLED and each["label"]]


def _proposed(
    template: SigningTemplate,
    roles: Sequence[tuple[int, NewRole]],
    people: Sequence[Person],
) -> dict[str, str]:
    """What the form starts with: the record's people for the roles that act, in order."""
    proposed = {"title": template.title, "message": template.message}
    waiting = [number for number, each in roles if each.role != Role.CC]
    for number, person in zip(waiting, people, strict=False):
        proposed[f"name.{number}"] = person.name
        proposed[f"email.{number}"] = person.email
    return proposed


def _editing(form: Form, template: SigningTemplate | None) -> dict[str, Any]:
    return {
        "template": template,
        "documents": list(queries.documents_of(template)) if template else [],
        "rows": _rows(form) + [_empty(len(_rows(form)))] * ROWS,
        "empty_row": _empty(0),
        "kinds_of_role": Role.choices,
        "identities": role_ways([row["role_identity"] for row in _rows(form)]),
        "groups": group_queries.groups(offered=True),
        "languages": settings.LANGUAGES,
    }


def _empty(number: int) -> dict[str, str]:
    return dict.fromkeys(ROLE_KEYS, "") | {"role": "signer", "role_order": str(number + 1)}


def _typed(template: SigningTemplate) -> dict[str, Any]:
    roles = [role_of(each) for each in template.roles]
    return {
        **{key: _shown(getattr(template, key)) for key in SETTINGS},
        "may_reassign": template.may_reassign,
        "role_name": [each.name for each in roles],
        "role": [each.role for each in roles],
        "role_order": [str(each.order) for each in roles],
        "role_identity": [role_way(each.identity_method, each.more) for each in roles],
        "role_condition": [each.condition for each in roles],
        "role_group": [each.group or "" for each in roles],
        "person_name": [each.person_name for each in roles],
        "person_email": [each.person_email for each in roles],
    }


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _rows(form: Form) -> list[dict[str, str]]:
    """The roles as typed."""
    given = {key: form.get(key) or [] for key in ROLE_KEYS}
    rows = []
    for at, _name in enumerate(given["role_name"]):
        row = _empty(at)
        row |= {key: str(values[at]) for key, values in given.items() if at < len(values)}
        if row["role_name"].strip() or row["person_email"].strip():
            rows.append(row)
    return rows


def _roles(form: Form, template: SigningTemplate | None = None) -> list[NewRole]:
    """The roles as typed; what the form does not show of a former one of that name stays."""
    before = {each["name"]: role_of(each) for each in (template.roles if template else [])}
    made = []
    for row in _rows(form):
        name = " ".join(row["role_name"].split())
        role = before.get(name, NewRole(name=name))
        before_way = role_way(role.identity_method, role.more)
        identity, more = role.identity_method, dict(role.more)
        if row["role_identity"] and row["role_identity"] != before_way:
            identity, asked = read_role_way(row["role_identity"])
            more = {**more, **asked}
            more.pop("identity_methods", None)
        made.append(
            dataclasses.replace(
                role,
                role=row["role"],
                order=int(row["role_order"])
                if re.fullmatch(r"[0-9]{1,3}", row["role_order"])
                else 1,
                identity_method=identity,
                condition=row["role_condition"].strip(),
                group=row["role_group"] or None,
                person_name=row["person_name"].strip(),
                person_email=row["person_email"].strip(),
                more=more,
            )
        )
    return made


def _settings(form: Form) -> dict[str, Any]:
    return {
        "name": form["name"],
        "title": form["title"],
        "message": form["message"],
        "language": form["language"] or "en",
        "expires_days": _days("expires_days", form["expires_days"]) or 30,
        "remind_every_days": _days("remind_every_days", form["remind_every_days"]),
        "remind_first_days": _days("remind_first_days", form["remind_first_days"]),
        "remind_most": _days("remind_most", form["remind_most"]),
        "warn_days": _days("warn_days", form["warn_days"]),
        "may_reassign": form.checked("may_reassign"),
    }


def _days(key: str, text: str) -> int | None:
    if not text.strip():
        return None
    if not re.fullmatch(r"[0-9]{1,3}", text.strip()):
        sentence = f"“{text[:20]}” is not a whole number."
        raise Invalid(sentence, fields={key: [sentence]})
    return int(text)


def _number(key: str, text: str) -> float:
    if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{0,12})?", str(text).strip()):
        sentence = f"“{str(text)[:20]}” is not a number."
        raise Invalid(sentence, fields={key: [sentence]})
    return float(text)


def _documents(request: HttpRequest) -> list[NewDocument]:
    return [
        NewDocument(
            name=each.name or "", content=each.read(), accept_signed="accept_signed" in request.POST
        )
        for each in request.FILES.getlist("documents")
    ]


def _subject(request: HttpRequest) -> tuple[str, Any] | None:
    key, record = request.GET.get("object", ""), request.GET.get("record", "")
    if not key or not record:
        return None
    return key, get_visible(actor_of(request), key, record).pk


def _describe(request: HttpRequest, subject: tuple[str, Any] | None) -> dict[str, Any] | None:
    if subject is None:
        return None
    of = object_type(subject[0])
    title: Any = get_visible(actor_of(request), *subject)
    for part in of.title.split("__"):
        title = getattr(title, part, "")
    return {"label": of.label, "title": title, "url": f"/{of.slug}/{subject[1]}"}
