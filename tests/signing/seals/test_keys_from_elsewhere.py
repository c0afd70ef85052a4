"""Keys that are not made here: PKCS#12 files with all that can be wrong, a token, a service."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from certomancer.registry import CertLabel
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from csc_dummy.csc_dummy_server import CSCWithCertomancer

from dealwright.base.errors import Invalid, NotAllowed, Unavailable
from dealwright.base.messaging.models import Notice
from dealwright.signing.documents.normalising import normalise_pdf
from dealwright.signing.seals import administration, expiry, services, tokens
from dealwright.signing.seals.importing import read_pkcs12
from dealwright.signing.seals.models import SealCertificate
from dealwright.signing.seals.sealing import seal_pdf
from make import acting, make_administrator, make_user
from signing.authorities import Authorities, authorities
from signing.foreign import openssl_accepts, pdfsig
from signing.make import make_pdf

pytestmark = pytest.mark.django_db
PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    key = rsa.generate_private_key(65537, 3072)
    with authorities(tmp_path_factory.mktemp("pki"), {"seal": key}) as made:
        yield made


def p12(
    pki: Authorities,
    name: str = "seal",
    *,
    password: bytes = b"right",
    chain: tuple[str, ...] = ("issuer", "root"),
    key: Any = None,
    certificate: x509.Certificate | None = None,
) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"seal",
        key or pki.key(name),
        certificate or pki.certificate(name),
        [pki.certificate(each) for each in chain],
        serialization.BestAvailableEncryption(password),
    )


def self_signed(key: Any, digest: hashes.HashAlgorithm) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Weak")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .sign(key, digest)
    )


def code_of(content: bytes, password: str = "right") -> str:
    with pytest.raises(Invalid) as refused:
        read_pkcs12(content, password)
    return refused.value.code


class TestFiles:
    """Each fault has its own sentence."""

    def test_a_sound_file_is_read_with_its_chain(self, pki: Authorities) -> None:
        found = read_pkcs12(p12(pki), "right")
        assert found.certificate == pki.certificate("seal")
        assert found.chain == (pki.certificate("issuer"), pki.certificate("root"))

    def test_what_can_be_wrong_is_told_apart(self, pki: Authorities) -> None:
        weak = rsa.generate_private_key(65537, 1024)
        assert code_of(p12(pki), "wrong") == "wrong_password"
        assert code_of(b"not a key") == "no_pkcs12"
        assert code_of(p12(pki, chain=("root",))) == "chain_incomplete"
        assert code_of(p12(pki, "web")) == "wrong_usage"
        assert code_of(p12(pki, "expired")) == "expired"
        certificate = self_signed(weak, hashes.SHA256())
        assert code_of(p12(pki, key=weak, certificate=certificate, chain=())) == "too_weak"
        alone = pkcs12.serialize_java_truststore(
            [pkcs12.PKCS12Certificate(pki.certificate("seal"), b"seal")],
            serialization.BestAvailableEncryption(b"right"),
        )
        assert code_of(alone) == "no_private_key"

    def test_old_encryption_is_read_and_unknown_encryption_named(
        self, pki: Authorities, tmp_path: Path
    ) -> None:
        key = pki.key("seal").private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        names = ("seal", "issuer", "root")
        certificates = b"".join(pki.certificate(each).public_bytes(PEM) for each in names)
        (tmp_path / "all.pem").write_bytes(key + certificates)
        subprocess.run(
            [
                "openssl", "pkcs12", "-export", "-legacy", "-nomac", "-certpbe", "PBE-SHA1-RC2-40",
                "-in", "all.pem", "-out", "old.p12", "-passout", "pass:right",
            ],
            cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip
        old = (tmp_path / "old.p12").read_bytes()
        # This one can still be read, and rests under AES from then on.
        assert read_pkcs12(old, "right").certificate == pki.certificate("seal")
        # The same file with an encryption that nobody knows: the last number of its name.
        scheme = bytes.fromhex("060a2a864886f70d010c01")
        assert code_of(old.replace(scheme + b"\x06", scheme + b"\x09")) == "old_algorithm"


def seal_now() -> bytes:
    plan = services.plan_seal()
    return seal_pdf(
        normalise_pdf(make_pdf()).pdf, key=plan.key, reason="Test", profile=plan.profile
    )


def test_an_imported_key_seals_and_the_own_one_can_be_chosen_again(
    pki: Authorities, tmp_path: Path
) -> None:
    admin = acting(make_administrator())
    administration.import_key(admin, p12(pki), "right")
    assert openssl_accepts(seal_now(), pki.root_pem, tmp_path)
    administration.use_key(admin)
    assert openssl_accepts(seal_now(), services.root_pem(), tmp_path)
    row = SealCertificate.objects.get()
    administration.use_key(admin, row.pk)
    assert services.plan_seal().key.certificate == pki.certificate("seal")


def test_only_administrators_keep_the_seal(pki: Authorities) -> None:
    with pytest.raises(NotAllowed):
        administration.import_key(acting(make_user()), p12(pki), "right")


def test_a_replaced_own_key_is_revoked_and_destroyed() -> None:
    admin = acting(make_administrator())
    old = services.ensure_organisation_seal().certificate
    new = administration.replace_own_key(admin, reason="The disk was stolen")
    assert new.certificate.serial_number != old.serial_number
    listed = x509.load_der_x509_crl(services.revocation_list())
    assert listed.get_revoked_certificate_by_serial_number(old.serial_number) is not None
    assert listed.get_revoked_certificate_by_serial_number(new.certificate.serial_number) is None


def test_notices_come_60_30_and_7_days_before(pki: Authorities) -> None:
    admin = make_administrator()
    row = administration.import_key(acting(admin), p12(pki), "right")
    told = []
    for days in (90, 59, 45, 30, 8, 6, 1):
        key = rsa.generate_private_key(65537, 2048)
        certificate = _valid_for(key, days)
        SealCertificate.objects.filter(pk=row.pk).update(
            certificate=certificate.public_bytes(PEM).decode()
        )
        told.append(expiry.watch_certificates())
    assert told == [0, 1, 0, 1, 0, 1, 0]
    assert Notice.objects.filter(user=admin, title__contains="ends soon").count() == 3


def _valid_for(key: rsa.RSAPrivateKey, days: int) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Seal")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .sign(key, hashes.SHA256())
    )


class TestToken:
    """A SoftHSM token, as an HSM would be."""

    MODULE = "/usr/lib/softhsm/libsofthsm2.so"

    @pytest.fixture
    def token(
        self, pki: Authorities, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> str:
        if not Path(self.MODULE).exists():
            pytest.skip("softhsm2 is not installed")
        (tmp_path / "tokens").mkdir()
        (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
        monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
        settings.PKCS11_MODULE = self.MODULE
        label = f"seal-{os.getpid()}"
        subprocess.run(
            [
                "softhsm2-util", "--init-token", "--free", "--label", label,
                "--pin", "1234", "--so-pin", "5678",
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        self._fill(pki, label)
        tokens.forget_sessions()
        return label

    def _fill(self, pki: Authorities, label: str) -> None:
        import pkcs11
        from pkcs11.util.rsa import decode_rsa_private_key
        from pkcs11.util.x509 import decode_x509_certificate

        key = pki.key("seal").private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        library = pkcs11.lib(self.MODULE)
        library.reinitialize()
        with library.get_token(token_label=label).open(user_pin="1234", rw=True) as session:
            for name in ("seal", "issuer", "root"):
                der = pki.certificate(name).public_bytes(serialization.Encoding.DER)
                session.create_object(
                    {
                        **decode_x509_certificate(der),
                        pkcs11.Attribute.LABEL: name,
                        pkcs11.Attribute.TOKEN: True,
                    }
                )
            session.create_object(
                {
                    **decode_rsa_private_key(key),
                    pkcs11.Attribute.LABEL: "seal",
                    pkcs11.Attribute.TOKEN: True,
                    pkcs11.Attribute.SIGN: True,
                }
            )

    def test_it_seals_and_refuses_a_wrong_pin(
        self, token: str, pki: Authorities, tmp_path: Path
    ) -> None:
        admin = acting(make_administrator())
        with pytest.raises(Unavailable, match="refuses the PIN"):
            administration.add_token_key(admin, token=token, key="seal", pin="0000")
        with pytest.raises(Invalid, match="no private key"):
            administration.add_token_key(admin, token=token, key="other", pin="1234")
        with pytest.raises(Unavailable, match="no token"):
            administration.add_token_key(admin, token="other", key="seal", pin="1234")
        administration.add_token_key(admin, token=token, key="seal", pin="1234")
        assert "1234" not in SealCertificate.objects.get().secret
        sealed = seal_now()
        assert openssl_accepts(sealed, pki.root_pem, tmp_path)
        (tmp_path / "sealed.pdf").write_bytes(sealed)
        assert "Signature is Valid" in pdfsig(tmp_path / "sealed.pdf")


class Service:
    """certomancer's CSC server (1.0.4), and in front of it the names of version 2.0."""

    def __init__(self, pki: Authorities) -> None:
        self.server = CSCWithCertomancer(pki.config)
        self.server.register_routes()
        self.server.app.router.add_post("/csc/v2/{group}/{call}", self.second)
        self.server.app.middlewares.append(self.check)
        self.calls: list[str] = []
        self.url = ""

    @web.middleware
    async def check(self, request: web.Request, handler: Any) -> Any:
        if request.headers.get("Authorization") != "Bearer token-1":
            raise web.HTTPUnauthorized
        self.calls.append(request.path)
        return await handler(request)

    async def second(self, request: web.Request) -> Any:
        given = await request.json()
        if "hashes" in given:
            given["hash"] = given.pop("hashes")
            given["hashAlgo"] = given.pop("hashAlgorithmOID")

        class Translated:
            async def json(self) -> Any:
                return given

        call = {
            "info": self.server.credentials_info,
            "authorize": self.server.credentials_authorize,
            "signHash": self.server.signatures_sign_hash,
        }[request.match_info["call"]]
        return await call(Translated())  # type: ignore[arg-type]

    def serve(self) -> Iterator[None]:
        loop = asyncio.new_event_loop()
        runner = web.AppRunner(self.server.app)

        async def start() -> None:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"

        loop.run_until_complete(start())
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        yield
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(runner.cleanup())
        loop.close()


@pytest.fixture
def service(pki: Authorities) -> Iterator[Service]:
    made = Service(pki)
    for _ in made.serve():
        yield made


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_signing_service_seals(
    version: str, service: Service, pki: Authorities, tmp_path: Path
) -> None:
    admin = acting(make_administrator())
    given = {"version": version, "credential": f"test/{CertLabel('seal')}", "token": "token-1"}
    with pytest.raises(Invalid, match="https"):
        administration.add_service_key(admin, url=service.url, **given)
    administration.save_seal_settings(admin, {"private_hosts": "127.0.0.1"})
    with pytest.raises(Unavailable, match="does not accept the access token"):
        administration.add_service_key(admin, url=service.url, **{**given, "token": "other"})
    administration.add_service_key(admin, url=service.url, **given)
    service.calls.clear()
    assert openssl_accepts(seal_now(), pki.root_pem, tmp_path)
    assert service.calls == [
        f"/csc/{version}/credentials/authorize",
        f"/csc/{version}/signatures/signHash",
    ]
    assert "token-1" not in SealCertificate.objects.get().secret
