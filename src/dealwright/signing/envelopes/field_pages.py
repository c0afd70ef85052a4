"""The field editor's doors: what it changed in a draft, and in an envelope that is out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse

from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid
from dealwright.base.web.pages import actor_of, done, page, render, sent_json
from dealwright.signing.envelopes import placing, queries
from dealwright.signing.envelopes.correcting import Correction, correct_envelope
from dealwright.signing.envelopes.correcting_fields import correctable
from dealwright.signing.envelopes.pages import get_changeable_or_visible
from dealwright.signing.identity.policy import signing_settings


@page(methods=["POST"])
def arrange_fields(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """What the editor changed in a draft, as JSON: fields put, and the ids of those removed."""
    get_changeable_or_visible(actor_of(request), envelope_id)
    put, removed = sent_fields(request)
    made = placing.arrange_fields(actor_of(request), envelope_id, put=put, removed=removed)
    without = queries.signers_without_place(envelope_id)
    return JsonResponse({"warnings": made.warnings, "files": made.files, "without_place": without})


@page
def correct(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """The fields of those who have not acted, with the same editor as in the draft. What was
    changed is kept at once, so that the log has one line of it."""
    actor = actor_of(request)
    envelope = get_changeable_or_visible(actor, envelope_id)
    if request.method == "POST":
        put, removed = sent_fields(request)
        correct_envelope(actor, envelope_id, Correction(arranged=put, removed_fields=removed))
        return JsonResponse({"warnings": []})
    if not envelope.is_open:
        return done(request, envelope.url)
    envelope = get_visible(actor, "envelope", envelope_id)
    owners = correctable(envelope)
    return render(
        request,
        "signing/envelopes/correct_fields.html",
        {
            "envelope": envelope,
            "owners": owners,
            "documents": queries.preview_of(envelope, hidden=[each.pk for each in owners]),
            "editor": queries.editor_of(envelope, owners),
            "company_stamp": signing_settings().stamp_id is not None,
        },
    )


def sent_fields(request: HttpRequest) -> tuple[list[dict[str, Any]], list[str]]:
    """The fields put and the ids removed, as an editor sends them; raises Invalid."""
    sent = sent_json(request)
    put, removed = sent.get("put"), sent.get("removed")
    if (
        not isinstance(put, list)
        or not isinstance(removed, list)
        or not all(isinstance(each, dict) for each in put)
    ):
        raise Invalid("This could not be understood. Reload the page and try again.")
    return put, [str(each) for each in removed]
