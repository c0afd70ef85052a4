"""The pages of an offer, ours and the customer's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, system
from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.people.organization import organization
from dealwright.base.records.services import create_record
from dealwright.base.web.pages import Form, actor_of, done, page, render, toast
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.products.line_form import shown_lines, typed_lines
from dealwright.crm.products.pricing import taxes
from dealwright.crm.quotes.delivery import (
    accept_quote,
    note_quote_viewed,
    quote_of_token,
    quote_pdf,
    reject_quote,
    send_quote,
)
from dealwright.crm.quotes.models import Quote
from dealwright.crm.quotes.panels import lines_context
from dealwright.crm.quotes.services import (
    approve_quote,
    revise_quote,
    set_quote_lines,
    submit_quote,
)


def _url(quote_id: Any) -> str:
    return f"/quotes/{quote_id}"


@page
def new_quote(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Make an offer of a deal."""
    actor = actor_of(request)
    deal: Opportunity = get_visible(actor, "opportunity", record_id)
    form = Form(request, {"name": deal.name})
    if request.method == "POST":
        with form:
            values = {key: form[key] for key in ("name", "valid_until", "terms") if form[key]}
            quote = create_record(actor, "quote", {**values, "opportunity": record_id})
            return done(request, f"{_url(quote.pk)}?tab=lines", _("Quote made."))
    context = {"deal": deal, "back": f"/opportunities/{record_id}"}
    return form.page("crm/quotes/new.html", context)


@page(methods=["POST"])
def save_lines(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Save the lines of a draft; answers the panel."""
    actor = actor_of(request)
    form = Form(request)
    given: list[dict[str, str]] = []
    with form:
        given = typed_lines(request.POST)
        set_quote_lines(actor, record_id, given)
        if not request.headers.get("HX-Request"):
            return done(request, f"{_url(record_id)}?tab=lines", _("Lines saved."))
        context = {**(lines_context(actor.user, record_id) or {}), "record_id": record_id}
        return toast(render(request, "crm/quotes/lines_panel.html", context), _("Lines saved."))
    context = {
        **(lines_context(actor.user, record_id) or {}),
        "record_id": record_id,
        "shown": shown_lines(given),
    }
    return form.page("crm/quotes/lines_panel.html", context)


@page(methods=["GET", "HEAD"])
def pdf(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """The document."""
    return _file(*quote_pdf(actor_of(request), record_id))


def _file(name: str, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


@page
def send(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Send an offer to the customer."""
    actor = actor_of(request)
    quote: Quote = get_visible(actor, "quote", record_id)
    address = quote.sent_to or (quote.contact.email if quote.contact else "")
    form = Form(request, {"to": address, "subject": f"Quote {quote}: {quote.name}"})
    if request.method == "POST":
        with form:
            send_quote(
                actor, record_id, to=form["to"], subject=form["subject"], message=form["message"]
            )
            return done(request, _url(record_id), _("The quote is on its way."))
    return form.page("crm/quotes/send.html", {"quote": quote, "back": _url(record_id)})


@page
def answer(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Note what the customer said by phone or mail."""
    actor = actor_of(request)
    quote: Quote = get_visible(actor, "quote", record_id)
    name = str(quote.contact.name) if quote.contact else ""
    form = Form(request, {"accepted_by": name, "answer": "yes"})
    if request.method == "POST":
        with form:
            _answer(actor, get_changeable_quote(actor, record_id), form)
            return done(request, _url(record_id), _("Noted."))
    return form.page("crm/quotes/answer.html", {"quote": quote, "back": _url(record_id)})


def get_changeable_quote(actor: Actor, record_id: UUID) -> Quote:
    """The offer, where the actor may change it."""
    from dealwright.base.access.actor import change

    with change(actor):
        quote: Quote = get_changeable(actor, "quote", record_id)
    return quote


def _answer(actor: Actor, quote: Quote, form: Form) -> None:
    if form["answer"] == "yes":
        accept_quote(actor, quote, accepted_by=form["accepted_by"])
    else:
        reject_quote(actor, quote, reason=form["reason"])


def _confirm(
    request: HttpRequest, record_id: UUID, *, verb: Any, title: str, text: str, said: str
) -> HttpResponse:
    """A page that asks before it does ``verb(actor, id)``."""
    actor = actor_of(request)
    quote: Quote = get_visible(actor, "quote", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            result: Quote = verb(actor, record_id)
            return done(request, _url(result.pk), said)
    context = {"quote": quote, "heading": title, "text": text, "back": _url(record_id)}
    return form.page("crm/quotes/confirm.html", context)


@page
def submit(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Ask a manager to look at a draft."""
    return _confirm(
        request,
        record_id,
        verb=submit_quote,
        title=_("Submit for review"),
        text=_("A manager looks at the quote before it goes out."),
        said=_("Submitted."),
    )


@page
def approve(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Release a draft to be sent."""
    return _confirm(
        request,
        record_id,
        verb=approve_quote,
        title=_("Approve"),
        text=_("The quote can go out as it is; its lines cannot be changed any more."),
        said=_("Approved."),
    )


@page
def revise(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Make a new revision."""
    return _confirm(
        request,
        record_id,
        verb=revise_quote,
        title=_("New revision"),
        text=_("A new draft under the same number replaces this quote; its link stops working."),
        said=_("Revision made."),
    )


def public_quote(request: HttpRequest, token: str) -> HttpResponse:
    """The customer's page: the offer, and the answer to it. Needs no sign-in but the link."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    quote = quote_of_token(token)
    actor = Actor(
        user=None,
        via="public",
        request_id=getattr(request, "request_id", ""),
        label=str(quote.contact.name) if quote.contact else "Customer",
    )
    form = Form(request, {"accepted_by": str(quote.contact.name) if quote.contact else ""})
    if request.method == "POST":
        with form:
            _answer(actor, quote, form)
            return HttpResponseRedirect(request.path, status=303)
    elif not request.user.is_authenticated:
        note_quote_viewed(actor, quote)
    lines = list(quote.lines.order_by("position", "id"))
    context = {
        "quote": quote,
        "lines": lines,
        "taxes": [each for each in taxes(lines, quote.discount, quote.currency) if each.rate],
        "company": organization().name,
        "token": token,
    }
    response = form.page("crm/quotes/public.html", context)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def public_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The document behind the customer's link."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    quote = quote_of_token(token)
    return _file(*quote_pdf(system("Quote link"), quote.pk))
