"""Writing a clause with its preview, retiring it, and its way between library and templates."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.contracts.clauses.models import Clause
from dealwright.contracts.clauses.queries import value_labels
from dealwright.contracts.clauses.services import (
    LONGEST_NAME,
    LONGEST_NOTE,
    collect_clauses,
    reinstate_clause,
    retire_clause,
    take_over_clause,
    write_clause,
)
from dealwright.contracts.clauses.texts import paragraphs_of
from dealwright.contracts.library.models import ContractTemplate


def _url(clause_id: UUID) -> str:
    return f"/clauses/{clause_id}"


@page
def write(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Write the next version, with the text beside it as a reader will see it."""
    actor = actor_of(request)
    clause: Clause = get_changeable(actor, "clause", record_id)
    form = Form(request, {"name": clause.name, "text": clause.text})
    if request.method == "POST":
        with form:
            saved = write_clause(
                actor, record_id, name=form["name"], text=form["text"], note=form["note"]
            )
            if saved.edition == clause.edition:
                return done(request, _url(record_id), _("Nothing was changed."))
            message = _("Saved as version %(number)s.") % {"number": saved.edition}
            return done(request, _url(record_id), message)
    labels = value_labels()
    context = {
        "clause": clause,
        "paragraphs": paragraphs_of(form["text"], labels),
        "values": sorted(labels.items(), key=lambda each: each[1].casefold()),
        "longest_name": LONGEST_NAME,
        "longest_note": LONGEST_NOTE,
    }
    return form.page("contracts/clauses/write.html", context)


@page(methods=["POST"])
def preview(request: HttpRequest) -> HttpResponse:
    """A text as a reader will see it, while it is being written; nothing is kept."""
    paragraphs = paragraphs_of(request.POST.get("text", "").replace("\r\n", "\n"), value_labels())
    return render(request, "contracts/clauses/paragraphs.html", {"paragraphs": paragraphs})


@page(methods=["POST"])
def retire(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Offer it no more."""
    retire_clause(actor_of(request), record_id)
    return done(request, _url(record_id), _("Retired. Where it is used it stays."))


@page(methods=["POST"])
def reinstate(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Offer it again."""
    reinstate_clause(actor_of(request), record_id)
    return done(request, _url(record_id), _("In use again."))


@page
def collect(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Put a template's own clauses into the library."""
    actor = actor_of(request)
    template: ContractTemplate = get_changeable(actor, "contract_template", record_id)
    back = f"/contract-templates/{record_id}"
    form = Form(request)
    if request.method == "POST":
        with form:
            made = len(collect_clauses(actor, record_id))
            message = ngettext(
                "%(count)s clause is in the library now.",
                "%(count)s clauses are in the library now.",
                made,
            ) % {"count": made}
            return done(request, "/clauses", message)
    own = [
        each
        for section in template.current.body["sections"]
        for each in section["clauses"]
        if not each.get("clause")
    ]
    context = {"template": template, "own": own, "back": back}
    return form.page("contracts/clauses/collect.html", context)


@page(methods=["POST"])
def take_over(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Put the newest text of a clause into the template that has an older one."""
    actor = actor_of(request)
    clause: Clause = get_visible(actor, "clause", request.POST.get("clause", ""))
    version = take_over_clause(actor, record_id, request.POST.get("uid", ""), newest=clause)
    message = _("%(template)s is at version %(number)s now.") % {
        "template": version.template.name,
        "number": version.number,
    }
    back = _url(clause.pk) if "from_clause" in request.POST else f"/contract-templates/{record_id}"
    return done(request, back, message)
