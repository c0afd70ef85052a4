"""The pages behind a signing link. Public: the link is the key, and each act checks it anew."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.template import loader
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.files.services import read_file
from dealwright.base.people.organization import organization
from dealwright.base.people.policy import let_forms_reach
from dealwright.base.web.errors import wants_json
from dealwright.base.web.pages import Form, render, sent_json
from dealwright.signing.ceremonies import adopting, filling, identifying, queries, services
from dealwright.signing.ceremonies.identifying import Shown
from dealwright.signing.ceremonies.meaning import MEANINGS, intent_sentence, meaning_of
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.ceremonies.others import (
    Ruled,
    describe_standing,
    ruled_fields,
    standing_fields,
)
from dealwright.signing.ceremonies.reassigning import may_hand_over
from dealwright.signing.ceremonies.seen import digest_of
from dealwright.signing.ceremonies.steps import Ceremony, Step, Visit, open_ceremony
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.models import Recipient, Role
from dealwright.signing.fields.files import MAX_FILE
from dealwright.signing.fields.models import FieldKind
from dealwright.signing.identity.policy import signing_settings
from dealwright.signing.redlines.queries import changes_of

# How people come back from an identity provider without an answer that can be read.
NOT_PROVEN = {
    "cancelled": gettext_noop("You came back without confirming who you are. Nothing was lost."),
    "failed": gettext_noop("The identity provider could not finish. Try again, or ask the sender."),
}
View = Callable[..., HttpResponse | StreamingHttpResponse]


def ceremony_page(*methods: str) -> Callable[[View], View]:
    """A view that gets the ceremony of its link's token in place of the token."""

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(
            request: HttpRequest, token: str, **values: Any
        ) -> HttpResponse | StreamingHttpResponse:
            response: HttpResponse | StreamingHttpResponse
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            try:
                ceremony = open_ceremony(token, visit_of(request))
            except NotFound as error:
                if error.code != "replaced_link" or wants_json(request):
                    raise
                response = render(request, "signing/ceremonies/replaced.html", status=410)
            else:
                if ceremony.envelope.purged_at is not None:
                    response = show_page(request, ceremony, token, "stopped")
                    response.status_code = 410
                else:
                    response = view(request, ceremony, token, **values)
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return opened

    return decorate


@ceremony_page("GET", "HEAD")
def show(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """The page of the step that comes next."""
    match ceremony.step:
        case Step.CONSENT:
            return _consent(request, ceremony, token)
        case Step.CODE:
            return show_code_page(request, ceremony, token)
        case Step.DOCUMENT if ceremony.recipient.role == Role.EDITOR:
            return redirect(f"/sign/{token}/edit")
        case Step.DOCUMENT:
            return _document(request, ceremony, token)
        case Step.DONE:
            return show_page(request, ceremony, token, "done", {"may_see": may_see(ceremony)})
        case _:
            return show_page(request, ceremony, token, "stopped")


@ceremony_page("POST")
def opened(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """The page tells that a person looks at it; a mail scanner only fetches."""
    services.view_envelope(ceremony)
    return HttpResponse(status=204)


@ceremony_page("POST")
def consent(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    form = Form(request)
    with form:
        if not form.checked("agree"):
            sentence = "Tick the box to agree, or choose “Decline”."
            raise Invalid(sentence, fields={"agree": [sentence]})
        services.give_consent(ceremony, form["consent"], demonstration=form["demonstration"])
        again = open_ceremony(token, ceremony.visit)
        if again.step == Step.CODE:
            identifying.send_first_code(again)
        return back_to(token)
    return _consent(request, ceremony, token, form)


@ceremony_page("POST")
def send_code(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    form = Form(request)
    with form:
        act = ceremony.step == Step.DOCUMENT
        identifying.request_code(ceremony, act=act)
        messages.success(request, _("A new code is on its way."))
        return back_to(token, "/review" if act else "")
    if ceremony.step == Step.DOCUMENT:
        return _review(request, ceremony, token, form)
    return show_code_page(request, ceremony, token, form)


@ceremony_page("POST")
def confirm_code(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    form = Form(request)
    with form:
        shown = Shown(secret=form["code"] or form["password"], credential=form["credential"])
        identifying.confirm_identity(ceremony, shown)
        return back_to(token)
    fresh = open_ceremony(token, ceremony.visit)
    if fresh.step != Step.CODE:
        return back_to(token)
    return show_code_page(request, fresh, token, form)


@ceremony_page("GET", "POST")
def adopt(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    """Choose a signature: from the dialog by script, or as a page of its own without one."""
    if ceremony.step != Step.DOCUMENT:
        return back_to(token)
    if request.method == "POST" and request.FILES.get("picture") and wants_json(request):
        made = adopting.adopt_signature(
            ceremony,
            kind=request.POST.get("kind", "signature"),
            picture=_sent_file(request, "picture")[1],
        )
        return JsonResponse({"ink": _ink(made)})
    if request.method == "POST" and wants_json(request):
        sent = sent_json(request)
        made = adopting.adopt_signature(
            ceremony,
            kind=str(sent.get("kind", "signature")),
            strokes=sent.get("strokes"),
            text=str(sent.get("text", "")),
            font=str(sent.get("font", "handwritten")),
        )
        return JsonResponse({"ink": _ink(made)})
    kind = request.GET.get("kind", "signature")
    form = Form(request, {"text": default_text(ceremony.recipient, kind), "font": "handwritten"})
    if request.method == "POST":
        with form:
            picture = _sent_file(request, "picture")[1] if request.FILES.get("picture") else None
            adopting.adopt_signature(
                ceremony, kind=kind, text=form["text"], font=form["font"], picture=picture
            )
            field = request.GET.get("field", "")
            if field:
                filling.fill_field(open_ceremony(token, ceremony.visit), field, "on")
            if request.GET.get("back") == "form":
                return back_to(token, "/form")
            return back_to(token, f"#field-{field}" if field else "")
    return show_page(request, ceremony, token, "adopt", {"form": form, "kind": kind})


@ceremony_page("POST")
def fill(request: HttpRequest, ceremony: Ceremony, token: str, field_id: UUID) -> HttpResponse:
    """Keep one value as it is typed, or the file that was chosen."""
    if request.FILES.get("file"):
        name, content = _sent_file(request, "file")
        field = filling.attach_file(ceremony, field_id, name=name, content=content)
        if not wants_json(request):
            return back_to(token, f"#field-{field.pk}")
        return JsonResponse({"filled": True, "value": field.value, "name": name})
    value = (
        sent_json(request).get("value") if wants_json(request) else request.POST.get("value", "")
    )
    field = filling.fill_field(ceremony, field_id, str(value or ""))
    if wants_json(request):
        states = queries.states_of(open_ceremony(token, ceremony.visit))
        return JsonResponse({"filled": bool(field.value), "value": field.value, "states": states})
    return back_to(token, f"#field-{field.pk}")


@ceremony_page("GET", "HEAD")
def field_file(
    request: HttpRequest, ceremony: Ceremony, token: str, field_id: UUID
) -> HttpResponse:
    """What was put into a field: a stamp as a picture, an attachment as a download; whoever takes
    that of somebody else is noted."""
    if not may_see(ceremony):
        raise NotFound("Confirm the code to see the documents.")
    field, stored = queries.find_field_file(ceremony, field_id)
    response = HttpResponse(read_file(stored), content_type=stored.content_type)
    if field.kind == FieldKind.ATTACHMENT:
        response.headers["Content-Disposition"] = attachment(stored.name)
        if request.method == "GET" and field.recipient_id != ceremony.recipient.pk:
            services.note_download(ceremony, stored.sha256)
    return response


@ceremony_page("GET", "HEAD")
def review(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    if ceremony.step != Step.DOCUMENT:
        return back_to(token)
    return _review(request, ceremony, token)


@ceremony_page("POST")
def sign(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    form = Form(request)
    with form:
        if not form.checked("agree"):
            sentence = "Tick the box to say that you mean it."
            raise Invalid(sentence, fields={"agree": [sentence]})
        services.sign(
            ceremony,
            shown=Shown(
                secret=form["code"] or form["password"],
                credential=form["credential"],
                identifier=form["identifier"],
            ),
            meaning=meaning_of(form["meaning"], form["meaning_text"]),
            seen=form["seen"],
        )
        return back_to(token)
    fresh = open_ceremony(token, ceremony.visit)
    if fresh.step != Step.DOCUMENT:
        return back_to(token)
    return _review(request, fresh, token, form)


@ceremony_page("GET", "POST")
def decline(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    if ceremony.step not in (Step.CONSENT, Step.CODE, Step.DOCUMENT):
        return back_to(token)
    form = Form(request)
    if request.method == "POST":
        with form:
            services.decline(ceremony, reason=form["reason"], wants_paper=form["choice"] == "paper")
            return back_to(token)
    return show_page(request, ceremony, token, "decline", {"form": form})


@ceremony_page("GET", "HEAD")
def later(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    if ceremony.step not in (Step.CONSENT, Step.CODE, Step.DOCUMENT):
        return back_to(token)
    return show_page(request, ceremony, token, "later")


def visit_of(request: HttpRequest) -> Visit:
    """From where the request comes. The key of the visit lives in this browser's session."""
    key = request.session.get("signing_visit")
    if not key:
        key = request.session["signing_visit"] = secrets.token_urlsafe(32)
    return Visit(
        session_key=key,
        ip=client_address(request),
        user_agent=request.headers.get("User-Agent", ""),
        request_id=getattr(request, "request_id", ""),
        origin=f"{request.scheme}://{request.get_host()}",
    )


def client_address(request: HttpRequest) -> str:
    """The address of who asks: the nearest hop told by a proxy on this network, else the peer.

    What a client itself claims in the header stands further left and counts for nothing.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        if told and ipaddress.ip_address(peer).is_private:
            return str(ipaddress.ip_address(told))
    except ValueError:
        pass
    return peer


def default_text(recipient: Recipient, kind: str) -> str:
    """The name, or its initials, that a typed signature starts with."""
    if kind == AdoptedSignature.Kind.INITIALS:
        return "".join(part[0] for part in recipient.name.split() if part).upper()[:4]
    return recipient.name


def _consent(
    request: HttpRequest, ceremony: Ceremony, token: str, form: Form | None = None
) -> HttpResponse:
    text = current_consent(get_language() or ceremony.envelope.language)
    documents = ceremony.envelope.documents.all()
    context = {
        "form": form or Form(request),
        "text": text,
        "documents": documents,
        "again": ceremony.recipient.consented_at is not None,
        "asks_code": signing_settings().consent_code,
    }
    return show_page(request, ceremony, token, "consent", context)


def show_code_page(
    request: HttpRequest, ceremony: Ceremony, token: str, form: Form | None = None
) -> HttpResponse:
    form = form or Form(request)
    if not form.message and (told := NOT_PROVEN.get(request.GET.get("proof", ""))):
        form.message = _(told)
    context = {"form": form, **identifying.describe_step(ceremony)}
    response = show_page(request, ceremony, token, "code", context)
    if context.get("provider"):
        let_forms_reach(response, context["provider"])
    return response


def _document(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    adopted = queries.adopted_by_kind(ceremony)
    ruled = ruled_fields(ceremony.envelope)
    fields = queries.fields_of(ceremony, ruled)
    return show_page(
        request,
        ceremony,
        token,
        "document",
        {
            "documents": queries.documents_to_show(ceremony, ruled),
            "changes": changes_of(ceremony.envelope),
            "as_text": _reads_text(request),
            "fields": fields,
            "kinds": sorted({each["kind"] for each in fields if each["is_ink"]}, reverse=True),
            "ink": {kind: _ink(each) for kind, each in adopted.items()},
            "default_texts": {
                kind: default_text(ceremony.recipient, kind) for kind in ("signature", "initials")
            },
        },
    )


def _reads_text(request: HttpRequest) -> bool:
    """Whether the pages are shown as their text, which fits any width; kept for the visit."""
    wanted = request.GET.get("view", "")
    if wanted in ("text", "pages"):
        request.session["signing_reads_text"] = wanted == "text"
    return bool(request.session.get("signing_reads_text"))


def _review(
    request: HttpRequest, ceremony: Ceremony, token: str, form: Form | None = None
) -> HttpResponse:
    ruled = ruled_fields(ceremony.envelope)
    fields = queries.fields_to_review(ceremony, ruled)
    adopted = queries.adopted_by_kind(ceremony)
    return show_page(
        request,
        ceremony,
        token,
        "review",
        {
            "form": form or Form(request),
            "fields": fields,
            "missing": [each for each in fields if each["required"] and not each["filled"]],
            "ink": {kind: _ink(each) for kind, each in adopted.items()},
            **standing_of_others(ceremony, ruled),
            "documents": ceremony.envelope.documents.all(),
            "intent": intent_sentence(ceremony.recipient),
            "act": identifying.describe_act(ceremony, intent_sentence(ceremony.recipient)),
            "seen": digest_of(ceremony.envelope, ceremony.recipient),
            "meanings": MEANINGS,
            "names": list(ceremony.recipient.names.filter(skipped_at=None)),
        },
    )


def standing_of_others(ceremony: Ceremony, ruled: Ruled) -> dict[str, Any]:
    """What others have put in, for pages that list it."""
    theirs = standing_fields(ceremony.envelope, ceremony.recipient, ruled)
    return {
        "others": describe_standing(theirs),
        "several": ceremony.envelope.documents.count() > 1,
        "changes": changes_of(ceremony.envelope),
    }


def show_page(
    request: HttpRequest,
    ceremony: Ceremony,
    token: str,
    name: str,
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    envelope, step = ceremony.envelope, ceremony.step
    form = (context or {}).get("form")
    return render(
        request,
        f"signing/ceremonies/{name}.html",
        {
            "envelope": envelope,
            "recipient": ceremony.recipient,
            "step": step.value,
            "address_of_page": f"/sign/{token}",
            "company": organization().name,
            "sender": envelope.owner,
            "verb": _VERBS[Role(ceremony.recipient.role)],
            "witnessed": ceremony.recipient.witness_of,
            "may_hand_over": may_hand_over(
                envelope, ceremony.recipient, has_shown=step == Step.DOCUMENT
            ),
            **(context or {}),
        },
        status=200 if form is None or form.ok else 422,
    )


_VERBS = {
    Role.SIGNER: "sign",
    Role.APPROVER: "approve",
    Role.VIEWER: "read",
    Role.CC: "keep",
    Role.IN_PERSON_SIGNER: "sign",
    Role.WITNESS: "sign",
    Role.EDITOR: "edit",
}


def may_see(ceremony: Ceremony) -> bool:
    """Whether this browser may see the documents: the code was confirmed, and it is their turn
    or they have acted; after the seal, whoever holds the newest link."""
    if ceremony.step == Step.DONE and ceremony.envelope.completed_at:
        return True
    return ceremony.is_verified and ceremony.step in (Step.DOCUMENT, Step.DONE)


def _ink(adopted: AdoptedSignature) -> str:
    """What was adopted as a small drawing that scales."""
    return loader.render_to_string("signing/ceremonies/ink.html", {"adopted": adopted})


def attachment(name: str) -> str:
    from django.utils.http import content_disposition_header

    return content_disposition_header(True, name) or "attachment"


def _sent_file(request: HttpRequest, key: str) -> tuple[str, bytes]:
    """The name and content of an uploaded file, as far as it may be long."""
    sent = request.FILES.getlist(key)[0]
    if (sent.size or 0) > MAX_FILE:
        sentence = "Choose a file of at most 20 MB."
        raise Invalid(sentence, code="too_large", fields={key: [sentence]})
    return sent.name or "", sent.read()


def back_to(token: str, fragment: str = "") -> HttpResponse:
    response = redirect(f"/sign/{token}{fragment}")
    response.status_code = 303
    return response
