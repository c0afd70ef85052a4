"""Policies of retention in the settings; holding, purging and erasing on an envelope's page."""

from __future__ import annotations

from itertools import islice
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import NotFound
from dealwright.base.files.models import StoredFile
from dealwright.base.objects.registry import object_types
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.retention import purging, services
from dealwright.signing.retention.models import RetentionPolicy, RetentionRun
from dealwright.signing.retention.queries import due_envelopes

SETTINGS = "/settings/retention"
_KEEPERS = [Profile.ADMINISTRATOR, Profile.LEGAL]
_SHOWN = 100


@page(profiles=_KEEPERS)
def policies(request: HttpRequest) -> HttpResponse:
    """The policies, what is due by them now, and what the runs did."""
    return _policy_form(request, None)


@page(profiles=_KEEPERS)
def policy(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    """One policy's form."""
    return _policy_form(request, services.find_policy(policy_id))


@page(profiles=_KEEPERS, methods=["POST"])
def remove_policy(request: HttpRequest, policy_id: UUID) -> HttpResponse:
    services.delete_policy(actor_of(request), policy_id)
    return done(request, SETTINGS, _("Policy removed. Nothing is destroyed by it any more."))


@page(profiles=_KEEPERS, methods=["POST"])
def run(request: HttpRequest) -> HttpResponse:
    """Destroy what is due now, rather than tonight."""
    made = purging.purge_due(actor_of(request))
    count = len(made.purged)
    said = ngettext("%(count)s envelope purged.", "%(count)s envelopes purged.", count)
    return done(request, SETTINGS, said % {"count": count})


@page(profiles=_KEEPERS)
def hold(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    envelope = get_visible(actor_of(request), "envelope", envelope_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            services.hold_envelope(actor_of(request), envelope_id, reason=form["reason"])
            return done(request, envelope.url, _("On hold: no policy destroys it."))
    return form.page("signing/retention/hold.html", {"envelope": envelope})


@page(profiles=_KEEPERS, methods=["POST"])
def release(request: HttpRequest, envelope_id: UUID, hold_id: UUID) -> HttpResponse:
    services.release_hold(actor_of(request), envelope_id, hold_id)
    return done(request, f"/envelopes/{envelope_id}", _("Hold released. The policies count again."))


@page(profiles=_KEEPERS)
def purge(request: HttpRequest, envelope_id: UUID) -> HttpResponse:
    """What would go, and the button that destroys it."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            if not form.checked("sure"):
                form.refuse("sure", _("Tick the box: this cannot be undone."))
            else:
                purging.purge_envelope(actor, envelope_id, reason=form["reason"])
                return done(request, envelope.url, _("Purged. Hashes and times stay."))
    files = StoredFile.everything.filter(object="envelope", record_id=envelope.pk)
    details = EvidenceDetail.objects.filter(envelope=envelope).exclude(details={})
    context = {
        "envelope": envelope,
        "files": [each for each in files.order_by("created_at") if not each.is_destroyed],
        "people": list(envelope.recipients.all()),
        "details": details.count(),
        "holds": envelope.holds.filter(released_at__isnull=True).count(),
    }
    return form.page("signing/retention/purge.html", context)


@page(profiles=_KEEPERS)
def erase(request: HttpRequest, envelope_id: UUID, recipient_id: UUID) -> HttpResponse:
    """Erase what is kept of one recipient beside the documents."""
    actor = actor_of(request)
    envelope = get_visible(actor, "envelope", envelope_id)
    recipient = envelope.recipients.filter(pk=recipient_id).first()
    if recipient is None:
        raise NotFound("This envelope has no such recipient.")
    form = Form(request)
    if request.method == "POST":
        with form:
            purging.erase_recipient(actor, envelope_id, recipient_id, reason=form["reason"])
            return done(request, envelope.url, _("Erased. The signed documents stay."))
    context = {"envelope": envelope, "recipient": recipient}
    return form.page("signing/retention/erase.html", context)


def _policy_form(request: HttpRequest, found: RetentionPolicy | None) -> HttpResponse:
    keys = ("name", "keep_days", "subject_object", "words")
    form = Form(request, {key: getattr(found, key) for key in keys} if found else {})
    if request.method == "POST":
        with form:
            values: dict[str, Any] = {key: form[key] for key in keys}
            services.save_policy(actor_of(request), found.pk if found else None, **values)
            return done(request, SETTINGS, _("Policy saved."))
    due = list(islice(due_envelopes(), _SHOWN + 1))
    labels = {each.key: _(each.label) for each in object_types()}
    context = {
        "policy": found,
        "policies": RetentionPolicy.objects.all(),
        "kinds": sorted(labels.items(), key=lambda each: each[1]),
        "labels": labels,
        "due": due[:_SHOWN],
        "more_due": len(due) > _SHOWN,
        "may_run": any(not each.held for each in due),
        "runs": RetentionRun.objects.select_related("started_by")[:20],
    }
    return form.page("signing/retention/policies.html", context)
