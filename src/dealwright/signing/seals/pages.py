"""Settings of the seal, for administrators, and the list of revoked certificates, for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography import x509
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.translation import gettext as _

from dealwright.base.errors import Conflict, Invalid, Unavailable
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.signing.seals import administration, keys, services
from dealwright.signing.seals.certificates import KeyKind
from dealwright.signing.seals.importing import LARGEST
from dealwright.signing.seals.models import RevokedCertificate, SealCertificate, SealProfile

_ADMINISTRATORS = [Profile.ADMINISTRATOR]
_FIELDS = (
    "profile", "own_key", "tsa_urls", "tsa_roots", "fetches_revocations", "private_hosts",
    "weak_digests",
)  # fmt: skip
_HERE = "/settings/seal"


@page(profiles=_ADMINISTRATORS)
def seal(request: HttpRequest) -> HttpResponse:
    """Level, trusted time, revocations, and the keys."""
    form = _form(request)
    if request.method == "POST":
        with form:
            values = form.typed(*_FIELDS)
            values["fetches_revocations"] = form.checked("fetches_revocations")
            administration.save_seal_settings(actor_of(request), values)
            return done(request, _HERE, _("Saved. Documents are sealed this way from now on."))
    return _page(form)


@page(profiles=_ADMINISTRATORS, methods=["POST"])
def import_key(request: HttpRequest) -> HttpResponse:
    """Take a key from a PKCS#12 file."""
    form = _form(request)
    with form:
        given: Any = request.FILES.get("file")
        if given is None or (given.size or 0) > LARGEST:
            sentence = _("Choose a PKCS#12 file (.p12, .pfx).")
            raise Invalid(sentence, fields={"file": [sentence]})
        administration.import_key(actor_of(request), given.read(), form["password"])
        return done(request, _HERE, _("Imported. It seals from now on."))
    return _page(form)


@page(profiles=_ADMINISTRATORS, methods=["POST"])
def add_token(request: HttpRequest) -> HttpResponse:
    """Use a key in a PKCS#11 token."""
    form = _form(request)
    with form, _sentences():
        administration.add_token_key(
            actor_of(request),
            token=form["token_label"],
            key=form["token_key"],
            pin=form["token_pin"],
        )
        return done(request, _HERE, _("The token signed a trial. It seals from now on."))
    return _page(form)


@page(profiles=_ADMINISTRATORS, methods=["POST"])
def add_service(request: HttpRequest) -> HttpResponse:
    """Use a key at a signing service."""
    form = _form(request)
    with form, _sentences():
        administration.add_service_key(
            actor_of(request),
            url=form["service_url"],
            version=form["service_version"],
            credential=form["service_credential"],
            token=form["service_token"],
            pin=form["service_pin"],
        )
        return done(request, _HERE, _("The service signed a trial. It seals from now on."))
    return _page(form)


@page(profiles=_ADMINISTRATORS, methods=["POST"])
def use_key(request: HttpRequest) -> HttpResponse:
    """Seal with another of the known keys."""
    form = _form(request)
    with form, _sentences():
        administration.use_key(actor_of(request), form["key"] or None)
        return done(request, _HERE, _("It seals from now on."))
    return _page(form)


@page(profiles=_ADMINISTRATORS, methods=["POST"])
def replace_key(request: HttpRequest) -> HttpResponse:
    """Revoke the own key and make another."""
    form = _form(request)
    with form:
        administration.replace_own_key(actor_of(request), reason=form["reason"])
        return done(request, _HERE, _("Revoked. A new key was made."))
    return _page(form)


def revocation_list(request: HttpRequest) -> HttpResponse:
    """Which certificates of the own root count no longer (RFC 5280, DER)."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    response = HttpResponse(services.revocation_list(), content_type="application/pkix-crl")
    response["Cache-Control"] = "public, max-age=3600"
    return response


@contextmanager
def _sentences() -> Iterator[None]:
    """Turns what does not answer into a sentence in the form."""
    try:
        yield
    except Unavailable as error:
        raise Conflict(error.message) from None


def _form(request: HttpRequest) -> Form:
    stored = services.seal_settings()
    initial = {name: getattr(stored, name) for name in _FIELDS} | {"service_version": "v1"}
    form = Form(request, initial)
    if request.path != _HERE:
        form.values["fetches_revocations"] = stored.fetches_revocations
    # A password is never sent back.
    for name in ("password", "token_pin", "service_token", "service_pin"):
        if not form.errors and request.method == "GET":
            form.values.pop(name, None)
    return form


def _page(form: Form) -> HttpResponse:
    stored = services.seal_settings()
    own = services.ensure_organisation_seal()
    revoked = {each.serial: each for each in RevokedCertificate.objects.all()}
    former = [
        {"certificate": each, "revoked": revoked.get(f"{each.serial_number:x}")}
        for each in keys.own_certificates(settings.DATA_DIR)
        if each.serial_number != own.certificate.serial_number
    ]
    rows = [
        {"row": row, "certificate": x509.load_pem_x509_certificate(row.certificate.encode())}
        for row in SealCertificate.objects.all()
    ]
    context = {
        "stored": stored,
        "profiles": SealProfile.choices,
        "kinds": [(KeyKind.P256, "P-256 (ECDSA)"), (KeyKind.RSA3072, "RSA-3072")],
        "by_environment": bool(settings.TSA_URL),
        "roots_by_environment": bool(settings.TSA_ROOTS),
        "level": _level(),
        "own": own,
        "former": former,
        "rows": rows,
        "name_in": keys.name_in,
        "has_module": bool(settings.PKCS11_MODULE),
        "fetches": stored.fetches_revocations,
    }
    return form.page("signing/seals/seal.html", context)


def _level() -> str:
    try:
        return services.asked_profile()
    except Unavailable as error:
        return error.message
