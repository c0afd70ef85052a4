"""What supervisors, load balancers and Prometheus ask. No sign-in, no secrets."""

from __future__ import annotations

import os

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from dealwright.base.database.upgrade import read_state


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and its tables are those of this release, else 503."""
    found = {"database": "ok", "tables": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        if not _tables_are_current():
            found["tables"] = "not of this release"
    except DatabaseError:
        found = {"database": "does not answer", "tables": "unknown"}
    ready = all(each == "ok" for each in found.values())
    return JsonResponse({"ready": ready, **found}, status=200 if ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text, for who has DEALWRIGHT_METRICS_TOKEN or asks from this machine."""
    from dealwright.base.operations.metrics import exposition

    if not _may_read_metrics(request):
        return HttpResponse(status=404)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _may_read_metrics(request: HttpRequest) -> bool:
    token = os.environ.get("DEALWRIGHT_METRICS_TOKEN", "")
    if token:
        given = request.headers.get("Authorization", "")
        return constant_time_compare(given, f"Bearer {token}")
    # Behind a proxy every request comes from this machine; the header tells them apart.
    local = request.META.get("REMOTE_ADDR", "") in ("127.0.0.1", "::1", "")
    return local and "X-Forwarded-For" not in request.headers


def _tables_are_current() -> bool:
    """Looked up until it is so: tables do not grow older while a process runs."""
    if not _known:
        state = read_state()
        if state.is_current:
            _known.add("current")
    return bool(_known)


_known: set[str] = set()
