"""The pages of a contract: making it, its values and text, its way to signature and to its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_changeable, get_visible, visible_records
from dealwright.base.errors import Invalid
from dealwright.base.files import StoredFile, read_file
from dealwright.base.people.models import Profile
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.contracts.agreements.lifecycle import (
    Signer,
    cancel_contract,
    recall_contract,
    send_for_signature,
    terminate_contract,
)
from dealwright.contracts.agreements.models import Contract
from dealwright.contracts.agreements.panels import values_context
from dealwright.contracts.agreements.services import (
    create_contract_from_opportunity,
    create_contract_from_quote,
    edit_clauses,
    fill_contract,
    preview_contract,
    refresh_from_source,
)
from dealwright.contracts.approvals.services import matching_rules, submit_for_approval
from dealwright.contracts.clauses.queries import choosable_clauses, newest_of
from dealwright.contracts.library.clauses import variables_of
from dealwright.contracts.library.services import default_template

MOST_SIGNERS = 6


def _url(contract_id: Any, tab: str = "") -> str:
    return f"/contracts/{contract_id}" + (f"?tab={tab}" if tab else "")


@page
def create_from(request: HttpRequest, object_key: str, record_id: UUID) -> HttpResponse:
    """Make a contract of a quote or a deal: choose the template."""
    actor = actor_of(request)
    record = get_visible(actor, object_key, record_id)
    default_template()
    templates = [
        (str(key), name)
        for key, name in visible_records(actor, "contract_template")
        .filter(is_active=True)
        .order_by("-is_default", "name")
        .values_list("pk", "name")
    ]
    form = Form(request, {"template": templates[0][0] if templates else ""})
    if request.method == "POST":
        with form:
            make = (
                create_contract_from_quote
                if object_key == "quote"
                else create_contract_from_opportunity
            )
            contract = make(actor, record_id, template_id=form["template"] or None)
            return done(request, _url(contract.pk, "values"), _("Contract drafted."))
    slug = {"quote": "quotes", "opportunity": "opportunities"}[object_key]
    return form.page(
        "contracts/agreements/new.html",
        {"record": record, "templates": templates, "back": f"/{slug}/{record_id}"},
    )


@page(methods=["POST"])
def save_values(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Save the variables; answers the panel with what was typed."""
    actor = actor_of(request)
    form = Form(request)
    contract: Contract = get_visible(actor, "contract", record_id)
    with form:
        keys = [variable.key for variable in variables_of(contract.body)]
        typed: dict[str, Any] = form.typed(*keys)
        for variable in variables_of(contract.body):
            if variable.kind == "bool":
                typed[variable.key] = "yes" if form.checked(variable.key) else "no"
        fill_contract(actor, record_id, typed)
        return done(request, _url(record_id, "values"), _("Saved."))
    context = values_context(actor.user, record_id) or {}
    return form.page("contracts/agreements/values_panel.html", {**context, "record_id": record_id})


@page(methods=["POST"])
def take_over(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Take over what the deal, the quote or the customer say by now."""
    refresh_from_source(actor_of(request), record_id, request.POST.getlist("key"))
    return done(request, _url(record_id, "values"), _("Taken over."))


@page
def clauses(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Change the text of clauses for this contract alone."""
    actor = actor_of(request)
    contract: Contract = get_changeable(actor, "contract", record_id)
    library = {str(each.pk): each for each in choosable_clauses(actor)}
    form = Form(request)
    if request.method == "POST":
        with form:
            texts = {
                key.removeprefix("clause-"): str(value)
                for key, value in form.values.items()
                if key.startswith("clause-")
            }
            chosen = {
                key.removeprefix("library-"): library[str(value)]
                for key, value in form.values.items()
                if key.startswith("library-") and str(value) in library
            }
            edit_clauses(actor, record_id, texts, chosen=chosen)
            return done(request, _url(record_id, "text"), _("Saved."))
    context = {
        "contract": contract,
        "library": library.values(),
        "newest": newest_of(contract.body),
        "may_unlock": actor.require_user().profile in (Profile.LEGAL, Profile.ADMINISTRATOR),
        "back": _url(record_id),
    }
    return form.page("contracts/agreements/clauses.html", context)


@page(methods=["GET", "HEAD"])
def document(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """The PDF: as sent once it is out, as it would be now before."""
    actor = actor_of(request)
    contract: Contract = get_visible(actor, "contract", record_id)
    stored = StoredFile.objects.filter(pk=contract.document_id).first()
    pdf = read_file(stored) if stored and contract.sent_at else preview_contract(actor, record_id)
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{contract.number}.pdf"'},
    )


@page
def submit(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Ask for approval; the page says first who will be asked."""
    actor = actor_of(request)
    contract: Contract = get_visible(actor, "contract", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            saved = submit_for_approval(actor, record_id)
            message = (
                _("Approved: no rule asks anybody.")
                if saved.status == "approved"
                else _("Submitted. You hear when it is decided.")
            )
            return done(request, _url(record_id), message)
    context = {"contract": contract, "rules": matching_rules(contract), "back": _url(record_id)}
    return form.page("contracts/agreements/submit.html", context)


@page
def send(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Choose the signers, in order, and send."""
    actor = actor_of(request)
    contract: Contract = get_changeable(actor, "contract", record_id)
    form = Form(request, _proposed_signers(actor, contract))
    if request.method == "POST":
        with form:
            send_for_signature(actor, record_id, _signers(form), message=form["message"])
            return done(request, _url(record_id), _("Sent for signature."))
    context = {
        "contract": contract,
        "places": range(1, MOST_SIGNERS + 1),
        "back": _url(record_id),
    }
    return form.page("contracts/agreements/send.html", context)


def _proposed_signers(actor: Any, contract: Contract) -> dict[str, str]:
    """The customer's person first, then whoever sends."""
    initial: dict[str, str] = {}
    if contract.contact is not None:
        initial |= {
            "name-1": str(contract.contact.name),
            "email-1": contract.contact.email,
            "party-1": contract.account.name if contract.account else "",
        }
    place = len(initial) // 3 + 1
    user = actor.user
    return initial | {
        f"name-{place}": user.name,
        f"email-{place}": user.email,
        f"party-{place}": organization().name,
    }


def _signers(form: Form) -> list[Signer]:
    signers = []
    for place in range(1, MOST_SIGNERS + 1):
        name, email = form[f"name-{place}"].strip(), form[f"email-{place}"].strip()
        if not name and not email:
            continue
        if not name or not email:
            missing = "name" if not name else "email"
            form.refuse(f"{missing}-{place}", _("Name and e-mail belong together."))
            raise Invalid(_("A signer is not complete."))
        signers.append(Signer(name, email, form[f"party-{place}"].strip()))
    return signers


@page
def recall(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Take a contract back from signature."""
    actor = actor_of(request)
    contract: Contract = get_changeable(actor, "contract", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            reason = form["reason"].strip()
            if not reason:
                raise Invalid(_("Say why."), fields={"reason": [_("Say why.")]})
            recall_contract(actor, record_id, reason=reason)
            return done(request, _url(record_id), _("Taken back."))
    return form.page(
        "contracts/agreements/recall.html", {"contract": contract, "back": _url(record_id)}
    )


@page
def terminate(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """End a contract before its time."""
    actor = actor_of(request)
    contract: Contract = get_changeable(actor, "contract", record_id)
    form = Form(request, {"on": timezone.localdate().isoformat()})
    if request.method == "POST":
        with form:
            terminate_contract(actor, record_id, on=_day(form["on"]), reason=form["reason"])
            return done(request, _url(record_id), _("The contract is terminated."))
    return form.page(
        "contracts/agreements/terminate.html", {"contract": contract, "back": _url(record_id)}
    )


@page
def cancel(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Give up a contract that was never executed."""
    actor = actor_of(request)
    contract: Contract = get_changeable(actor, "contract", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            cancel_contract(actor, record_id)
            return done(request, _url(record_id), _("The contract is cancelled."))
    return form.page(
        "contracts/agreements/cancel.html", {"contract": contract, "back": _url(record_id)}
    )


def _day(text: str) -> Any:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        sentence = _("Choose a day.")
        raise Invalid(sentence, fields={"on": [sentence]})
    return day
