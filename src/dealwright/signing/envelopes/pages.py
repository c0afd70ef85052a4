"""The sender's pages: send a document, follow it, take it back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.errors import Conflict, Gone, Invalid, NotFound
from dealwright.base.files.access import get_file
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import read_file
from dealwright.base.messaging.accounts import smtp_account
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import User
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.signing.blueprints.merging import find_people, merge_values
from dealwright.signing.compliance.exclusions import exclusion_hints
from dealwright.signing.documents.reading import page_picture
from dealwright.signing.envelopes import placing, queries, services
from dealwright.signing.envelopes.drafts import NewDocument
from dealwright.signing.envelopes.models import (
    SIGNING_ROLES,
    Envelope,
    EnvelopeDocument,
    Role,
    SignatureLevel,
)
from dealwright.signing.envelopes.recipient_rows import LISTS, empty_row, recipients_in, rows_in
from dealwright.signing.envelopes.sealing import seal_envelope
from dealwright.signing.evidence.services import verify_envelope
from dealwright.signing.fields.models import EnvelopeField, FieldKind
from dealwright.signing.groups import queries as group_queries
from dealwright.signing.identity.policy import signing_settings
from dealwright.signing.identity.ways import choice_context
from dealwright.signing.redlines.queries import (
    changes_of,
    read_documents,
    redlined_page,
    redlines_for_pages,
    stands_elsewhere,
)

PICTURE_WIDTHS = (800, 1600)


@page
def new(request: HttpRequest) -> HttpResponse:
    """Send for signature: documents, people, and where they sign.

    ``?object=&record=`` names what it is about, ``?file=`` takes a file that is there already.
    """
    actor = actor_of(request)
    subject = _subject(request)
    given = _given_file(request)
    form = Form(
        request,
        {
            "title": _title(request, subject, given),
            "expires_in": "30",
            "remind_every": "3",
            "warn_days": "3",
            "part11": signing_settings().part11,
            "signature_level": SignatureLevel.SES,
            "language": get_language() or "en",
        },
        lists=LISTS,
    )
    if request.method == "POST":
        with form:
            envelope = services.create_envelope(
                actor,
                title=form["title"],
                documents=_documents(request, given),
                recipients=recipients_in(form),
                subject=subject,
                message=form["message"],
                language=_language(form["language"]),
                expires_at=_expiry(form["expires_in"]),
                remind_every_days=_reminder(form["remind_every"]),
                remind_first_days=_reminder(form["remind_first"]),
                remind_most=_times(form["remind_most"]),
                warn_days=_warning(form["warn_days"]),
                may_reassign=not form.checked("keep_person"),
                part11=form.checked("part11"),
                signature_level=form["signature_level"] or SignatureLevel.SES,
            )
            return done(request, f"/envelopes/{envelope.pk}/send")
    return form.page(
        "signing/envelopes/new.html",
        {
            "subject": _describe(request, subject),
            "given": given,
            "rows": rows_in(form),
            "empty_row": empty_row(1),
            "roles": Role.choices,
            "groups": group_queries.groups(offered=True),
            "hosts": User.objects.filter(is_active=True).order_by("name")[:500],
            "me": actor.user,
            "languages": settings.LANGUAGES,
            **choice_context(),
        },
    )


@page
def people(request: HttpRequest) -> HttpResponse:
    """Whom to send to, as JSON for a box that proposes: of the record in ``?object=&record=``, and
    everybody with an address whom ``q`` names."""
    found = find_people(actor_of(request), request.GET.get("q", ""), _subject(request))
    results = [{"id": each.email, "title": each.name, "subtitle": each.email} for each in found]
    return JsonResponse({"results": results})


@page
def send(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Look at the prepared documents with their fields, place more, then send."""
    form = Form(request)
    if request.method == "POST":
        with form:
            envelope = services.send_envelope(actor_of(request), envelope_id)
            return done(request, envelope.url, said_of_sending())
    return show_draft(request, envelope_id, form)


def said_of_sending() -> str:
    """What the sender is told; honest where no mail leaves this installation."""
    if smtp_account() is None:
        return _("Sent. No mail server is set: the e-mails rest in the outbox.")
    return _("Sent. The first recipients have their e-mail.")


@page(methods=["POST"])
def add_field(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Place a field where the page was clicked, or where the form says."""
    form = Form(request)
    with form:
        document_id, _, number = form["page"].partition(":")
        field = placing.add_field(
            actor_of(request),
            envelope_id,
            document_id=document_id,
            recipient_id=form["recipient"],
            kind=form["kind"],
            page=number,
            x=form["x"],
            y=form["y"],
            label=form["label"],
            required=not form.checked("optional"),
            options=form["options"],
            option=form["option"],
            formula=form["formula"],
        )
        return done(request, f"/envelopes/{envelope_id}/send#field-{field.pk}")
    return show_draft(request, envelope_id, form)


@page(methods=["POST"])
def place_at_words(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Place a field at every occurrence of some words."""
    form = Form(request)
    with form:
        count = placing.place_at_words(
            actor_of(request),
            envelope_id,
            words=form["words"],
            recipient_id=form["recipient"],
            kind=form["kind"],
            dx=form["dx"] or 0,
            dy=form["dy"] or 0,
            label=form["label"],
        )
        told = ngettext("%(count)s field was placed.", "%(count)s fields were placed.", count)
        return done(request, f"/envelopes/{envelope_id}/send", told % {"count": count})
    return show_draft(request, envelope_id, form)


@page(methods=["POST"])
def remove_field(request: HttpRequest, envelope_id: UUID, field_id: UUID) -> HttpResponse:
    placing.remove_field(actor_of(request), envelope_id, field_id)
    return done(request, f"/envelopes/{envelope_id}/send")


@page
def void(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    form = Form(request)
    if request.method == "POST":
        with form:
            envelope = services.void_envelope(actor, envelope_id, reason=form["reason"])
            return done(request, envelope.url, _("Voided. Everyone who was invited has been told."))
    envelope = get_visible(actor, "envelope", envelope_id)
    return form.page("signing/envelopes/void.html", {"envelope": envelope})


@page
def remind(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    form = Form(request)
    if request.method == "POST":
        with form:
            count = services.remind_recipients(actor, envelope_id)
            told = ngettext("%(count)s reminder was sent.", "%(count)s reminders were sent.", count)
            return done(request, f"/envelopes/{envelope_id}", told % {"count": count})
    envelope = get_visible(actor, "envelope", envelope_id)
    waiting = [
        each
        for each in queries.recipients_of(envelope.pk)
        if each["id"] in {row.pk for row in services.waited_for(envelope)}
    ]
    return form.page("signing/envelopes/remind.html", {"envelope": envelope, "waiting": waiting})


@page(methods=["POST"])
def unlock(request: HttpRequest, envelope_id: UUID, recipient_id: UUID) -> HttpResponse:
    services.unlock_recipient(actor_of(request), envelope_id, recipient_id)
    return done(request, f"/envelopes/{envelope_id}", "A new link was sent.")


@page(methods=["POST"])
def seal_again(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Try to seal now rather than when the worker would."""
    envelope = get_changeable_or_visible(actor_of(request), envelope_id)
    if envelope.status not in ("seal_failed", "sealing"):
        raise Conflict("There is nothing to seal here.")
    if seal_envelope(envelope.pk):
        return done(request, envelope.url, "Sealed.")
    envelope.refresh_from_db()
    reason = envelope.seal_error or "Sealing is under way."
    return done(request, envelope.url, reason, tone="danger")


@page
def layout(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Where the fields stand on the sender's preview, as a style sheet."""
    return layout_of(get_visible(actor_of(request), "envelope", envelope_id))


@page
def picture(request: HttpRequest, envelope_id: UUID, document_id: UUID, page: int) -> HttpResponse:
    document = queries.find_document(actor_of(request), envelope_id, document_id)
    return picture_of(request, document, page)


def layout_of(envelope: Envelope) -> HttpResponse:
    """Where all fields of an envelope stand, as a style sheet."""
    rules = [
        f"#field-{field.pk}{{left:{field.x:.4%};top:{field.y:.4%};"
        f"width:{field.w:.4%};height:{field.h:.4%}}}"
        for field in EnvelopeField.objects.filter(document__envelope=envelope)
    ]
    return HttpResponse("\n".join(rules), content_type="text/css; charset=utf-8")


def picture_of(request: HttpRequest, document: EnvelopeDocument, page: int) -> HttpResponse:
    """One page of a document as PNG, in the width that is asked for; raises NotFound."""
    if not 1 <= page <= document.page_count:
        raise NotFound("The document has no such page.")
    wanted = request.GET.get("width", "")
    width = int(wanted) if wanted in map(str, PICTURE_WIDTHS) else 800
    content, number = redlined_page(document, page - 1)
    content = page_picture(content, number, width=width)
    response = HttpResponse(content, content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"
    return response


@page
def download(request: HttpRequest, envelope_id: UUID, document_id: UUID, form: str) -> HttpResponse:
    return _as_download(queries.find_file(actor_of(request), envelope_id, document_id, form))


@page
def certificate(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    envelope = get_visible(actor_of(request), "envelope", envelope_id)
    if envelope.purged_at is not None:
        raise Gone("The certificate was destroyed when its time to be kept was over.")
    if envelope.certificate is None:
        raise NotFound("The certificate of completion is made together with the seal.")
    return _as_download(envelope.certificate)


@page(methods=["POST"])
def verify_evidence(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """Check the chain of the envelope now."""
    envelope = get_visible(actor_of(request), "envelope", envelope_id)
    result = verify_envelope(envelope)
    return render(request, "signing/envelopes/evidence_result.html", {"result": result})


def show_draft(request: HttpRequest, envelope_id: UUID, form: Form) -> HttpResponse:
    """The page on which a draft is looked at, changed and sent."""
    envelope = get_changeable_or_visible(actor_of(request), envelope_id)
    if envelope.sent_at is not None:
        return done(request, envelope.url)
    read_documents(envelope)
    recipients = queries.recipients_of(envelope.pk)
    documents = queries.preview_of(envelope)
    return form.page(
        "signing/envelopes/send.html",
        {
            "envelope": envelope,
            "recipients": recipients,
            "signers": [
                (each["id"], each["name"]) for each in recipients if each["role"] in SIGNING_ROLES
            ],
            "documents": documents,
            "pages": [
                (f"{each['id']}:{page['number']}", f"{each['name']}, {page['number']}")
                for each in documents
                for page in each["pages"]
            ],
            "without_place": queries.signers_without_place(envelope.pk),
            "kinds": FieldKind.choices,
            "word_kinds": placing.kinds_at_words(),
            "editor": queries.editor_of(envelope),
            "company_stamp": signing_settings().stamp_id is not None,
            "merge_names": _merge_names(request, envelope),
            "changes": changes_of(envelope),
            "redlines": redlines_for_pages(envelope),
            "redline_documents": [(str(each["id"]), each["name"]) for each in documents],
            "text_elsewhere": queries.subject_of(request.user, envelope)
            if stands_elsewhere(envelope)
            else None,
            "exclusions": exclusion_hints(
                envelope.title,
                ("\n".join(each.texts[:2]) for each in envelope.documents.all()),
            ),
        },
    )


def _merge_names(request: HttpRequest, envelope: Envelope) -> list[str]:
    """The names of the values that the envelope's record lends, as far as the person sees it."""
    if not envelope.subject_object:
        return []
    try:
        values = merge_values(actor_of(request), envelope.subject_object, envelope.subject_id)
    except NotFound:
        return []
    return sorted(key for key in values if not key.endswith("_id") and key.isidentifier())


def get_changeable_or_visible(actor: Any, envelope_id: UUID) -> Any:
    """The envelope, where the actor may change it; the lock ends with the statement."""
    from dealwright.base.access.actor import change

    with change(actor):
        return get_changeable(actor, "envelope", envelope_id)


def _subject(request: HttpRequest) -> tuple[str, Any] | None:
    key, record = request.GET.get("object", ""), request.GET.get("record", "")
    if not key or not record:
        return None
    return key, get_visible(actor_of(request), key, record).pk


def _describe(request: HttpRequest, subject: tuple[str, Any] | None) -> dict[str, Any] | None:
    if subject is None:
        return None
    of = object_type(subject[0])
    record = get_visible(actor_of(request), *subject)
    return {
        "label": of.label,
        "title": _follow(record, of.title),
        "url": f"/{of.slug}/{subject[1]}",
        "object": of.key,
        "record": subject[1],
    }


def _title(request: HttpRequest, subject: tuple[str, Any] | None, given: StoredFile | None) -> str:
    described = _describe(request, subject)
    if described is not None:
        return str(described["title"])
    return given.name.removesuffix(".pdf") if given is not None else ""


def _follow(record: Any, path: str) -> Any:
    for part in path.split("__"):
        record = getattr(record, part, "")
    return record


def _given_file(request: HttpRequest) -> StoredFile | None:
    file_id = request.GET.get("file", "")
    return get_file(actor_of(request), file_id) if file_id else None


def _documents(request: HttpRequest, given: StoredFile | None) -> list[NewDocument]:
    accept_signed = "accept_signed" in request.POST
    uploads = [(each.name or "", each.read()) for each in request.FILES.getlist("documents")]
    if given is not None:
        uploads.insert(0, (given.name, read_file(given)))
    return [
        NewDocument(name=name, content=content, accept_signed=accept_signed)
        for name, content in uploads
    ]


def _language(text: str) -> str:
    """What the mails are written in; English where the form names no known language."""
    return text if text in dict(settings.LANGUAGES) else "en"


def _expiry(days: str) -> datetime:
    return timezone.now() + timedelta(days=_days(days, 365, "expires_in", "Expires after"))


def _reminder(days: str) -> int | None:
    return _days(days, 30, "remind_every", "Reminds every") if days else None


def _times(times: str) -> int | None:
    if not times:
        return None
    if not re.fullmatch(r"[0-9]{1,2}", times) or not 1 <= int(times) <= 50:
        sentence = "Remind 1 to 50 times, or leave it open."
        raise Invalid(sentence, fields={"remind_most": [sentence]})
    return int(times)


def _warning(days: str) -> int | None:
    return _days(days, 30, "warn_days", "Warns") if days else None


def _days(days: str, most: int, key: str, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", days) or not 1 <= int(days) <= most:
        sentence = f"{what} 1 to {most} days."
        raise Invalid(sentence, fields={key: [sentence]})
    return int(days)


def _as_download(stored: StoredFile) -> HttpResponse:
    response = HttpResponse(read_file(stored), content_type=stored.content_type)
    response.headers["Content-Disposition"] = (
        content_disposition_header(True, stored.name) or "attachment"
    )
    return response
