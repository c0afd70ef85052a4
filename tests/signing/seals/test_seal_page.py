"""The page on which administrators set up the seal, and the public list of revoked certificates."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dealwright.base.records.models import AuditEvent
from dealwright.signing.seals import services
from dealwright.signing.seals.certificates import issue_seal_certificate, make_root
from dealwright.signing.seals.models import SealCertificate, SealSettings
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def p12() -> bytes:
    root, root_key = make_root("Authority")
    certificate, key = issue_seal_certificate("Buyer", root, root_key)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return pkcs12.serialize_key_and_certificates(
        b"seal", key, certificate, [root], serialization.BestAvailableEncryption(b"right")
    )


def test_a_level_that_cannot_be_had_is_not_saved() -> None:
    client = signed_in(make_administrator())
    answer = client.post("/settings/seal", {"profile": "B-LTA", "own_key": "p256"})
    assert answer.status_code == 422
    assert "needs a time-stamping authority" in answer.content.decode()
    assert not SealSettings.objects.exclude(profile="").exists()


def test_what_is_saved_is_used_and_audited() -> None:
    client = signed_in(make_administrator())
    saved = client.post(
        "/settings/seal",
        {"profile": "B-T", "own_key": "rsa3072", "tsa_urls": "https://tsa.test/a https://b.test/"},
    )
    assert saved.status_code == 303
    plan = services.plan_seal()
    assert plan.profile == "B-T"
    assert plan.timestamper is not None
    assert plan.timestamper.addresses == ["https://tsa.test/a", "https://b.test/"]
    assert plan.key.certificate.public_key().key_size == 3072  # type: ignore[union-attr]
    assert AuditEvent.objects.filter(table="signing_sealsettings").exists()
    assert "rsa3072" in client.get("/settings/seal").content.decode()


def test_a_file_is_imported_and_a_wrong_password_said() -> None:
    client = signed_in(make_administrator())
    wrong = client.post(
        "/settings/seal/import", {"file": SimpleUploadedFile("k.p12", p12()), "password": "wrong"}
    )
    assert wrong.status_code == 422
    assert "The password does not open the file." in wrong.content.decode()
    right = client.post(
        "/settings/seal/import", {"file": SimpleUploadedFile("k.p12", p12()), "password": "right"}
    )
    assert right.status_code == 303
    assert services.plan_seal().key.organisation == "Buyer"
    page = client.get("/settings/seal").content.decode()
    assert "at level B-B by Buyer" in page
    assert client.post("/settings/seal/use", {"key": ""}).status_code == 303
    assert services.plan_seal().key.organisation != "Buyer"
    assert SealCertificate.objects.count() == 1


def test_the_own_key_is_replaced_with_a_reason() -> None:
    client = signed_in(make_administrator())
    assert client.post("/settings/seal/replace", {"reason": " "}).status_code == 422
    old = services.ensure_organisation_seal().certificate.serial_number
    assert client.post("/settings/seal/replace", {"reason": "Lost"}).status_code == 303
    answer = Client().get("/signing/root.crl")
    assert answer["Content-Type"] == "application/pkix-crl"
    listed = x509.load_der_x509_crl(answer.content)
    assert listed.get_revoked_certificate_by_serial_number(old) is not None
    assert "Lost" in client.get("/settings/seal").content.decode()


def test_without_a_library_no_token_is_asked() -> None:
    answer = signed_in(make_administrator()).post(
        "/settings/seal/token", {"token_label": "a", "token_key": "b", "token_pin": "1"}
    )
    assert answer.status_code == 422
    assert "DEALWRIGHT_PKCS11_MODULE" in answer.content.decode()


def test_others_may_not() -> None:
    client = signed_in(make_user())
    assert client.get("/settings/seal").status_code == 403
    for path in ("import", "token", "service", "use", "replace"):
        assert client.post(f"/settings/seal/{path}", {"reason": "x"}).status_code == 403
