"""The bin: what was deleted in the last 30 days, and its way back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.visibility import changeable_by
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.models import Record
from dealwright.base.records.services import BIN_DAYS, restore_record
from dealwright.base.web.pages import actor_of, done, page, render
from dealwright.base.web.records.addresses import openable_types, record_url

SHOWN = 100


@page(methods=["GET"])
def bin_page(request: HttpRequest) -> HttpResponse:
    """What the person may bring back, of all objects or of the one that ``object`` names."""
    user = actor_of(request).require_user()
    types = [of for of in openable_types(user) if issubclass(of.model, Record)]
    wanted = request.GET.get("object", "")
    chosen = next((of for of in types if of.slug == wanted), None)
    rows: list[dict[str, Any]] = []
    for of in [chosen] if chosen else types:
        rows += _binned(user, of)
    rows.sort(key=lambda row: row["deleted_at"], reverse=True)
    context = {"rows": rows[:SHOWN], "types": types, "chosen": chosen, "days": BIN_DAYS}
    return render(request, "base/web/records/bin.html", context)


def _binned(user: Any, of: ObjectType) -> list[dict[str, Any]]:
    model: Any = of.model
    found = (
        model.everything.filter(changeable_by(user, of.key), deleted_at__isnull=False)
        .order_by("-deleted_at")
        .values_list("pk", of.title, "deleted_at", "updated_by__name")[:SHOWN]
    )
    now = timezone.now()
    return [
        {
            "of": of,
            "id": key,
            "title": title or _("Without name"),
            "deleted_at": deleted_at,
            "by": by or "",
            "days_left": max(0, (deleted_at + timedelta(days=BIN_DAYS) - now).days),
        }
        for key, title, deleted_at, by in found
    ]


@page(methods=["POST"])
def restore(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """Bring a record back and open it."""
    record = restore_record(actor_of(request), of.key, record_id)
    return done(
        request, record_url(of, record.pk), _("%(thing)s restored.") % {"thing": _(of.label)}
    )
