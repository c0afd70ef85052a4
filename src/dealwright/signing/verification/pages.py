"""The public page on which anyone checks any signed PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from dealwright.base.errors import Invalid
from dealwright.base.people.organization import organization
from dealwright.base.web.pages import Form
from dealwright.signing.envelopes.queries import sealed_document
from dealwright.signing.seals.services import (
    authority_roots,
    authority_roots_pem,
    ensure_organisation_seal,
)
from dealwright.signing.verification.services import MAX_BYTES, verify_signed_pdf


def verify(request: HttpRequest) -> HttpResponse:
    """Upload a PDF, read what can be said of it. Nothing is kept."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    form = Form(request)
    context: dict[str, Any] = {
        "company": organization().name,
        "report": None,
        "clocks": [each.subject.human_friendly for each in authority_roots()],
    }
    if request.method == "POST":
        with form:
            name, content = _upload(request)
            given = request.FILES.get("trust")
            trust = given.read() if given is not None and (given.size or 0) < 1_000_000 else b""
            report = (
                verify_signed_pdf(content, trust=trust)
                if trust
                else verify_signed_pdf(
                    content,
                    trust=ensure_organisation_seal().root_pem,
                    clocks=authority_roots_pem(),
                )
            )
            context |= {
                "report": report,
                "moments": [_moments(each) for each in report["signatures"]],
                "name": name,
                "known": sealed_document(report["file"]["sha256"]),
                "own_root": not trust,
            }
    response = form.page("signing/verification/verify.html", context)
    response["Cache-Control"] = "no-store"
    return response


def root_certificate(request: HttpRequest) -> HttpResponse:
    """The root of this organisation's seal, for those who choose to trust it."""
    response = HttpResponse(
        ensure_organisation_seal().root_pem, content_type="application/x-pem-file"
    )
    response["Content-Disposition"] = 'attachment; filename="seal-root.pem"'
    return response


def _moments(signature: dict[str, Any]) -> dict[str, str]:
    """The stated and the trusted time of a signature to the second, in UTC for every reader."""
    moments = {key: signature.get(key) for key in ("stated_time", "timestamp")}
    return {
        key: f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""
        for key, at in moments.items()
    }


def _upload(request: HttpRequest) -> tuple[str, bytes]:
    given: Any = request.FILES.get("document")
    if given is None:
        sentence = "Choose a PDF file."
    elif (given.size or 0) > MAX_BYTES:
        sentence = "The file is larger than 100 MB."
    else:
        content = given.read()
        # Readers look for it within the first 1,024 bytes (ISO 32000-2, annex I).
        if b"%PDF-" in content[:1024]:
            return given.name or "", content
        sentence = "This is no PDF file."
    raise Invalid(sentence, fields={"document": [sentence]})
