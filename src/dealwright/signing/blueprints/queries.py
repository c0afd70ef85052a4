"""What can be asked about signing templates: rows for screens and the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid, get_visible, visible_records, visible_to
from dealwright.base.errors import NotFound
from dealwright.signing.blueprints.contents import NewRole, open_numbers, role_of
from dealwright.signing.blueprints.models import SigningTemplate, TemplateDocument, TemplateUse
from dealwright.signing.documents.geometry import PageGeometry
from dealwright.signing.envelopes.models import Envelope, IdentityMethod, Role
from dealwright.signing.envelopes.queries import TONES
from dealwright.signing.fields.models import FieldKind

OBJECT = "signing_template"


def documents_of(template: SigningTemplate) -> Any:
    """The documents it has now, in order."""
    return template.documents.filter(removed_at=None)


def find_document(template: SigningTemplate, document_id: Any) -> TemplateDocument:
    """One document it has now; raises NotFound."""
    found: TemplateDocument | None = documents_of(template).filter(pk=as_uuid(document_id)).first()
    if found is None:
        raise NotFound("This template has no such document.")
    return found


def describe(template: SigningTemplate) -> dict[str, Any]:
    """A template with what is in it, for a screen or the API."""
    roles = [role_of(each) for each in template.roles]
    open_roles = set(open_numbers(roles))
    return {
        "id": template.pk,
        "name": template.name,
        "title": template.title,
        "message": template.message,
        "language": template.language,
        "expires_days": template.expires_days,
        "remind_every_days": template.remind_every_days,
        "remind_first_days": template.remind_first_days,
        "remind_most": template.remind_most,
        "warn_days": template.warn_days,
        "may_reassign": template.may_reassign,
        "revision": template.revision,
        "archived_at": template.archived_at,
        "roles": [
            {
                "number": number,
                "name": each.name,
                "role": each.role,
                "role_label": Role(each.role).label,
                "order": each.order,
                "identity_method": each.identity_method,
                "condition": each.condition,
                "is_open": number in open_roles,
                "person_name": each.person_name,
                "person_email": each.person_email,
            }
            for number, each in enumerate(roles, start=1)
        ],
        "documents": [
            {
                "id": each.pk,
                "name": each.name,
                "pages": each.page_count,
                "sha256": each.prepared_sha256,
            }
            for each in documents_of(template)
        ],
        "fields": [
            {key: value for key, value in each.items() if key != "more"} for each in template.fields
        ],
    }


def open_roles(template: SigningTemplate) -> list[tuple[int, NewRole]]:
    """The roles for which somebody has to be named, with their numbers."""
    roles = [role_of(each) for each in template.roles]
    return [(number, roles[number - 1]) for number in open_numbers(roles)]


def templates_for(actor: Actor) -> list[dict[str, Any]]:
    """The templates that the actor can use, by name."""
    rows = visible_records(actor, OBJECT).filter(archived_at=None).order_by("name")[:500]
    return [{"id": each.pk, "name": each.name, "title": each.title} for each in rows]


def preview_of(template: SigningTemplate) -> list[dict[str, Any]]:
    """The documents page by page with the fields of every role."""
    by_page: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for each in template.fields:
        by_page.setdefault((each["document"], each["page"]), []).append(
            {
                "id": each["id"],
                "kind": each["kind"],
                "title": each["label"] or str(FieldKind(each["kind"]).label),
                "required": each["required"],
                "prefill": each["prefill"],
                "who": template.roles[each["role"] - 1]["name"],
                "tint": each["role"] % 6,
            }
        )
    return [
        {
            "id": document.pk,
            "name": document.name,
            "pages": [
                {
                    "number": number,
                    "width": round(geometry.width),
                    "height": round(geometry.height),
                    "fields": by_page.get((str(document.pk), number), []),
                }
                for number, geometry in enumerate(
                    map(PageGeometry.from_json, document.pages), start=1
                )
            ],
        }
        for document in documents_of(template)
    ]


def content_panel(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Documents, roles and how many fields each has, for the template's page."""
    template = SigningTemplate.objects.filter(visible_to(user, OBJECT), pk=record_id).first()
    if template is None:
        return None
    shown = describe(template)
    counts = [each["role"] for each in template.fields]
    for role in shown["roles"]:
        role["fields"] = counts.count(role["number"])
        role["identity_label"] = IdentityMethod(role["identity_method"]).label
    forms = template.forms.filter(visible_to(user, "signing_form"), deleted_at=None)
    return {"template": shown, "forms": forms.values("id", "name", "slug", "is_active")}


def uses_panel(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The newest envelopes made from it that the user may see, with their version."""
    rows = (
        TemplateUse.objects.filter(
            version__template=record_id,
            envelope__in=Envelope.objects.filter(visible_to(user, "envelope")),
        )
        .select_related("envelope", "version")
        .order_by("-at")[:50]
    )
    return {
        "uses": [
            {
                "id": each.envelope_id,
                "title": each.envelope.title,
                "status": each.envelope.status,
                "tone": TONES[each.envelope.status],
                "version": each.version.number,
                "source": each.source,
                "at": each.at,
            }
            for each in rows
        ]
    }


def find_template(actor: Actor, template_id: Any) -> SigningTemplate:
    """A template the actor may see; raises NotFound."""
    found: SigningTemplate = get_visible(actor, OBJECT, template_id)
    return found
