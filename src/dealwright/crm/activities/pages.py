"""The timeline's own requests, and the page of one's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.web.pages import Form, actor_of, done, page, render, toast
from dealwright.crm.activities.mail import send_email_from_record
from dealwright.crm.activities.models import Activity
from dealwright.crm.activities.panels import COMPOSERS, timeline_context
from dealwright.crm.activities.queries import my_tasks
from dealwright.crm.activities.services import (
    add_note,
    complete_task,
    create_task,
    log_call,
    log_meeting,
    reopen_task,
)
from dealwright.crm.activities.timeline import KINDS, timeline
from dealwright.crm.typed import typed_datetime, typed_decimal


@page(methods=["GET"])
def timeline_part(request: HttpRequest, object_key: str, record_id: UUID) -> HttpResponse:
    """The panel anew, or with ``before`` the entries further down the line."""
    actor = actor_of(request)
    kinds = request.GET.get("kinds", "")
    before = _moment(request.GET.get("before", ""))
    if before is not None:
        chosen = [kind for kind in kinds.split(",") if kind in KINDS] or list(KINDS)
        line = timeline(actor, object_key, record_id, kinds=chosen, before=before)
        context: dict[str, Any] = {
            "line": line, "object_key": object_key, "record_id": record_id, "kinds": kinds,
        }  # fmt: skip
        return render(request, "crm/activities/entries.html", context)
    context = timeline_context(
        actor, object_key, record_id, kinds=kinds, composer=request.GET.get("composer", "note")
    )
    return render(request, "crm/activities/timeline.html", context)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text) if text else None
    except ValueError:
        return None
    return moment if moment is None or timezone.is_aware(moment) else timezone.make_aware(moment)


@page(methods=["POST"])
def compose(request: HttpRequest, object_key: str, record_id: UUID, kind: str) -> HttpResponse:
    """Write a note, log a call or meeting, set a task or send a mail; answers the panel."""
    if kind not in [key for key, *_rest in COMPOSERS]:
        raise NotFound(_("There is nothing at this address."))
    actor = actor_of(request)
    form = Form(request)
    said = ""
    with form:
        said = _write(actor, object_key, record_id, kind, form)
    context = timeline_context(actor, object_key, record_id, composer=kind)
    if not form.ok:
        return form.page("crm/activities/timeline.html", context)
    response = render(request, "crm/activities/timeline.html", context)
    return toast(response, said)


def _write(actor: Actor, object_key: str, record_id: UUID, kind: str, form: Form) -> str:
    if kind == "note":
        add_note(actor, object_key, record_id, form["body"])
        return _("Note kept.")
    if kind == "call":
        minutes = typed_decimal("minutes", _("Minutes"), form["minutes"])
        log_call(
            actor,
            object_key,
            record_id,
            body=form["body"],
            outcome=form["outcome"],
            direction=form["direction"] or Activity.Direction.OUTBOUND,
            duration_seconds=int(minutes * 60) if minutes is not None else None,
        )
        return _("Call logged.")
    if kind == "task":
        create_task(
            actor,
            subject=form["subject"],
            object_key=object_key,
            record_id=record_id,
            due_at=typed_datetime("due_at", _("Due"), form["due_at"]),
            remind_at=typed_datetime("remind_at", _("Remind"), form["remind_at"]),
            priority=form["priority"] or Activity.Priority.NORMAL,
            owner_id=_uuid("owner", form["owner"]),
            body=form["body"],
        )
        return _("Task set.")
    if kind == "meeting":
        starts_at = typed_datetime("starts_at", _("Starts"), form["starts_at"])
        if starts_at is None:
            sentence = _("Starts is required.")
            raise Invalid(sentence, fields={"starts_at": [sentence]})
        minutes = typed_decimal("minutes", _("Minutes"), form["minutes"])
        log_meeting(
            actor,
            object_key,
            record_id,
            subject=form["subject"],
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=int(minutes or 30)),
            location=form["location"],
            body=form["body"],
        )
        return _("Meeting kept.")
    send_email_from_record(
        actor, object_key, record_id, to=form["to"], subject=form["subject"], text=form["body"]
    )
    return _("Mail is on its way.")


def _uuid(key: str, text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        sentence = _("Choose one of the list.")
        raise Invalid(sentence, fields={key: [sentence]}) from None


@page
def tasks(request: HttpRequest) -> HttpResponse:
    """What the person has to do, with a line to add more."""
    actor = actor_of(request)
    form = Form(request)
    if request.method == "POST":
        with form:
            create_task(
                actor,
                subject=form["subject"],
                due_at=typed_datetime("due_at", _("Due"), form["due_at"]),
                priority=form["priority"] or Activity.Priority.NORMAL,
            )
            return done(request, "/tasks", _("Task set."))
    return form.page("crm/activities/tasks.html", _tasks_context(request, actor))


def _tasks_context(request: HttpRequest, actor: Actor) -> Mapping[str, Any]:
    show_done = request.GET.get("done") == "1"
    return {
        "groups": my_tasks(actor, show_done=show_done),
        "show_done": show_done,
        "priorities": [(key, _(str(label))) for key, label in Activity.Priority.choices],
    }


@page(methods=["POST"])
def finish_task(request: HttpRequest, activity_id: UUID) -> HttpResponse:
    """Tick a task off, from the page of tasks or a timeline."""
    actor = actor_of(request)
    complete_task(actor, activity_id)
    return _after_tick(request, actor, _("Done."), f"/tasks/{activity_id}/reopen")


@page(methods=["POST"])
def reopen(request: HttpRequest, activity_id: UUID) -> HttpResponse:
    """Take a task up again."""
    actor = actor_of(request)
    reopen_task(actor, activity_id)
    return _after_tick(request, actor, _("Taken up again."), "")


def _after_tick(request: HttpRequest, actor: Actor, said: str, undo: str) -> HttpResponse:
    place = request.POST.get("place", "")
    if place.count("/") == 1 and request.headers.get("HX-Request"):
        object_key, record_id = place.split("/")
        context = timeline_context(actor, object_key, _required_uuid(record_id))
        response = render(request, "crm/activities/timeline.html", context)
        return toast(response, said, undo=undo)
    if request.headers.get("HX-Request"):
        response = render(
            request, "crm/activities/task_groups.html", _tasks_context(request, actor)
        )
        return toast(response, said, undo=undo)
    return done(request, "/tasks", said)


def _required_uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(_("There is nothing at this address.")) from None
