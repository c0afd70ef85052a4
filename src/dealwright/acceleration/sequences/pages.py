"""The pages of sequences: the steps, who is on them, putting people on, taking them off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.acceleration.sequences.models import Enrollment, Sequence, SequenceStep
from dealwright.acceleration.sequences.queries import steps_with_figures
from dealwright.acceleration.sequences.services import (
    enroll_contact,
    enroll_lead,
    save_steps,
    stop_enrollment,
)
from dealwright.base.access.visibility import changeable_by, get_visible, visible_records
from dealwright.base.errors import Invalid
from dealwright.base.web.pages import Form, actor_of, done, page

SPARE_STEPS = 1
MOST_STEPS = 30


@page
def steps(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """The steps of a sequence with their figures, as a form."""
    actor = actor_of(request)
    sequence: Sequence = get_visible(actor, "sequence", record_id)
    rows: list[dict[str, Any]] = [
        {
            "kind": each["step"].kind,
            "wait_days": each["step"].wait_days,
            "subject": each["step"].subject,
            "body": each["step"].body,
            "figures": each,
        }
        for each in steps_with_figures(sequence)
    ]
    form = Form(request)
    if request.method == "POST":
        rows = _typed(request)
        with form:
            save_steps(actor, record_id, rows)
            return done(request, f"/sequences/{record_id}/steps", _("Saved."))
    user = actor.require_user()
    return form.page(
        "acceleration/sequences/steps.html",
        {
            "sequence": sequence,
            "rows": [*rows, *({} for _n in range(SPARE_STEPS))],
            "kinds": SequenceStep.Kind.choices,
            "may_write": Sequence.objects.filter(
                changeable_by(user, "sequence"), pk=record_id
            ).exists(),
        },
    )


def _typed(request: HttpRequest) -> list[dict[str, Any]]:
    rows = []
    for place in range(MOST_STEPS + SPARE_STEPS):
        row = {
            name: request.POST.get(f"{name}-{place}", "").strip()
            for name in ("kind", "wait_days", "subject", "body")
        }
        if row["subject"] or row["body"]:
            rows.append(row)
    return rows


@page
def enroll(request: HttpRequest, object_key: str, record_id: UUID) -> HttpResponse:
    """Put a person, or a lead's person, on a sequence."""
    actor = actor_of(request)
    record = get_visible(actor, object_key, record_id)
    choices = [
        (str(key), name)
        for key, name in visible_records(actor, "sequence")
        .filter(is_active=True)
        .order_by("name")
        .values_list("pk", "name")
    ]
    slug = {"contact": "contacts", "lead": "leads"}[object_key]
    back = f"/{slug}/{record_id}"
    form = Form(request)
    if request.method == "POST":
        with form:
            chosen = form["sequence"]
            if not chosen:
                sentence = _("Choose a sequence.")
                raise Invalid(sentence, fields={"sequence": [sentence]})
            if object_key == "lead":
                enroll_lead(actor, chosen, record_id)
            else:
                enroll_contact(actor, chosen, record_id)
            return done(request, back, _("Enrolled. The first step goes out when it is due."))
    return form.page(
        "acceleration/sequences/enroll.html",
        {"record": record, "choices": choices, "back": back},
    )


@page(methods=["POST"])
def stop(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Take a person off a sequence."""
    enrollment: Enrollment = stop_enrollment(actor_of(request), record_id)
    back = request.POST.get("back", "")
    target = back if back.startswith("/contacts/") else f"/enrollments/{enrollment.pk}"
    return done(request, target, _("Stopped."))
