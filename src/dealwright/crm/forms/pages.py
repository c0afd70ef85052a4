"""The public page of a form, and the page where its questions are chosen."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.base.people.organization import organization
from dealwright.base.records.services import update_record
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.crm.forms.models import WebForm
from dealwright.crm.forms.questions import QUESTIONS
from dealwright.crm.forms.services import TRAP, get_public_form, stamp_form, submit_form
from dealwright.crm.forms.tracker import tracker
from dealwright.crm.leads.capture import UTM_FIELDS

_CARRIED = (*UTM_FIELDS, "landing_page", "referrer")


# A stranger has no session to protect, and inside another site's page no cookie to prove one
# with: the signed stamp takes the place of the token.
@csrf_exempt
@xframe_options_exempt
def public_form(request: HttpRequest, slug: str) -> HttpResponse:
    """The form at its public address; ``embed=1`` draws it bare, for another site's page."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    web_form = get_public_form(slug)
    embedded = "1" in (request.GET.get("embed"), request.POST.get("embed"))
    form = Form(request)
    if request.method == "POST":
        actor = Actor(
            user=None,
            via="public",
            request_id=getattr(request, "request_id", ""),
            label=f"Form {web_form.name}",
        )
        with form:
            sent = {key: str(request.POST[key]) for key in request.POST}
            # Set by the tracker where the visitor allowed it: joins the visits before.
            sent["visitor"] = request.COOKIES.get("dw_visitor", "")[:64]
            submit_form(actor, web_form, sent, sender=_sender(request))
            if web_form.redirect_url and not embedded:
                return HttpResponseRedirect(web_form.redirect_url, status=303)
            return _framed(web_form, _page(request, web_form, form, embedded, sent=True))
    return _framed(web_form, _page(request, web_form, form, embedded, sent=False))


def _page(
    request: HttpRequest, web_form: WebForm, form: Form, embedded: bool, *, sent: bool
) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    carried = {key: given.get(key, "")[:1000] for key in _CARRIED}
    if request.method != "POST":
        carried["referrer"] = carried["referrer"] or request.headers.get("Referer", "")[:1000]
        carried["landing_page"] = carried["landing_page"] or request.get_full_path()[:1000]
    context: dict[str, Any] = {
        "form": form,
        "web_form": web_form,
        "asked": [
            {**each, "question": QUESTIONS[each["key"]]}
            for each in web_form.fields
            if each["key"] in QUESTIONS
        ],
        "carried": carried,
        "embedded": embedded,
        # Inside another site its own snippet tracks; without consent the script does nothing.
        "tracker": None if embedded else tracker(),
        "is_known": "dw_visitor" in request.COOKIES,
        "sent": sent,
        "stamp": form["stamp"] or stamp_form(web_form),
        "trap": TRAP,
        "company": organization().name,
    }
    return render(request, "crm/forms/public.html", context, 200 if form.ok else 422)


def _framed(web_form: WebForm, response: HttpResponse) -> HttpResponse:
    """Only the sites that the form names may show it inside their pages, and it may only send
    its visitor on to the site that the form names."""
    policy = dict(settings.SECURE_CSP)
    policy["frame-ancestors"] = [CSP.SELF, *web_form.embed_origins.split()]
    target = urlsplit(web_form.redirect_url)
    if target.netloc:
        policy["form-action"] = [CSP.SELF, f"{target.scheme}://{target.netloc}"]
    response._csp_config = policy  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-store"
    return response


def _sender(request: HttpRequest) -> str:
    """The visitor's address: what a proxy of this network tells last, else the peer. What a
    client itself claims stands further left and counts for nothing."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        if told and ip_address(peer).is_private:
            return str(ip_address(told))
    except ValueError:
        pass
    return peer


@page
def questions(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Choose what a form asks, in which order and what must be answered."""
    actor = actor_of(request)
    web_form: WebForm = get_visible(actor, "web_form", record_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            chosen = [
                {
                    "key": key,
                    "label": request.POST.get(f"{key}.label", ""),
                    "required": f"{key}.required" in request.POST,
                }
                for key in QUESTIONS
                if f"{key}.asked" in request.POST
            ]
            update_record(actor, "web_form", record_id, {"fields": chosen})
            return done(request, f"/web-forms/{record_id}", _("Questions saved."))
    known = {each["key"]: each for each in web_form.fields}
    context = {
        "web_form": web_form,
        "back": f"/web-forms/{record_id}",
        "choices": [
            {
                "question": question,
                "asked": f"{key}.asked" in request.POST if request.POST else key in known,
                "label": form[f"{key}.label"]
                if request.POST
                else known.get(key, {}).get("label", question.label),
                "required": f"{key}.required" in request.POST
                if request.POST
                else known.get(key, {}).get("required", False),
            }
            for key, question in QUESTIONS.items()
        ],
    }
    return form.page("crm/forms/questions.html", context)
