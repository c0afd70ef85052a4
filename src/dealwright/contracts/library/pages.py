"""The template editor: title, variables and clauses as a form, with the text beside it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_visible
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.contracts.agreements.sources import SOURCES
from dealwright.contracts.clauses.queries import choosable_clauses, newest_of
from dealwright.contracts.library.clauses import KINDS
from dealwright.contracts.library.languages import language_choices
from dealwright.contracts.library.models import ContractTemplate
from dealwright.contracts.library.services import save_template
from dealwright.contracts.library.typed_body import rearranged, typed_body

SPARE_VARIABLES = 3


@page
def edit(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Change a template; saving makes a new version, contracts keep theirs.

    A button ``do`` adds, moves or takes away a section or clause of the form that is shown
    again, with everything typed; only saving keeps it.
    """
    actor = actor_of(request)
    template: ContractTemplate = get_visible(actor, "contract_template", record_id)
    body = template.current.body
    form = Form(request)
    library = {str(each.pk): each for each in choosable_clauses(actor)}
    focus, wish = "", request.POST.get("do", "")
    if request.method == "POST" and wish:
        unsaved = typed_body(request.POST, body, library, unfinished=True)
        body, focus = rearranged(unsaved, wish)
    elif request.method == "POST":
        body = typed_body(request.POST, body, library)
        with form:
            version = save_template(actor, record_id, body)
            return done(
                request,
                f"/contract-templates/{record_id}/text",
                _("Saved as version %(number)s.") % {"number": version.number},
            )
    return form.page(
        "contracts/library/edit.html",
        {
            "template": template,
            "version": template.current.number,
            "body": body,
            "focus": focus,
            "is_unsaved": bool(wish),
            "languages": language_choices(get_language() or "en"),
            "variables": [*body["variables"], *({} for _ in range(SPARE_VARIABLES))],
            "kinds": list(KINDS.items()),
            "sources": [(key, label) for key, (label, _source) in SOURCES.items()],
            "library": library.values(),
            "newest": newest_of(body),
            "back": f"/contract-templates/{record_id}",
        },
    )
