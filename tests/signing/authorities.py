"""A certificate authority with OCSP, revocation lists and time stamps over HTTP, by certomancer."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import yaml
from asn1crypto import pem
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

# root – issuing authority – seal and signer; the time-stamping authority below the root.
_CONFIG = """
external-url-prefix: "{url}"
pki-architectures:
  test:
    keyset: test
    entity-defaults: {{country-name: DE, organization-name: Test}}
    entities:
      root: {{common-name: Test Root}}
      issuer: {{common-name: Test Issuer}}
      seal: {{common-name: Test Seal}}
      revoked: {{common-name: Revoked Seal}}
      expired: {{common-name: Expired Seal}}
      web: {{common-name: Web Server}}
      tsa: {{common-name: Test TSA}}
      ocsp: {{common-name: Test OCSP}}
    certs:
      root:
        subject: root
        issuer: root
        subject-key: root
        authority-key: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2060-01-01T00:00:00+0000"}}
        extensions:
          - {{id: basic_constraints, critical: true, value: {{ca: true}}}}
          - {{id: key_usage, critical: true,
              smart-value: {{schema: key-usage, params: [key_cert_sign, crl_sign]}}}}
      issuer:
        subject: issuer
        issuer: root
        authority-key: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2060-01-01T00:00:00+0000"}}
        extensions:
          - {{id: basic_constraints, critical: true, value: {{ca: true, path_len_constraint: 0}}}}
          - {{id: key_usage, critical: true,
              smart-value: {{schema: key-usage, params: [key_cert_sign, crl_sign]}}}}
          - {{id: crl_distribution_points,
              smart-value: {{schema: crl-dist-url, params: {{crl-repo-names: [root]}}}}}}
      tsa:
        subject: tsa
        issuer: root
        authority-key: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "{tsa_ends}"}}
        extensions:
          - {{id: key_usage, critical: true,
              smart-value: {{schema: key-usage, params: [digital_signature]}}}}
          - {{id: extended_key_usage, critical: true, value: [time_stamping]}}
          - {{id: crl_distribution_points,
              smart-value: {{schema: crl-dist-url, params: {{crl-repo-names: [root]}}}}}}
      ocsp:
        subject: ocsp
        issuer: issuer
        authority-key: issuer
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2060-01-01T00:00:00+0000"}}
        extensions:
          - {{id: key_usage, critical: true,
              smart-value: {{schema: key-usage, params: [digital_signature]}}}}
          - {{id: extended_key_usage, critical: true, value: [ocsp_signing]}}
          - {{id: ocsp_no_check}}
      seal: &leaf
        subject: seal
        issuer: issuer
        authority-key: issuer
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2060-01-01T00:00:00+0000"}}
        extensions: &uses
          - {{id: key_usage, critical: true,
              smart-value: {{schema: key-usage, params: [digital_signature, non_repudiation]}}}}
          - {{id: authority_information_access,
              smart-value: {{schema: aia-urls, params: {{ocsp-responder-names: [ocsp]}}}}}}
      revoked:
        <<: *leaf
        subject: revoked
        revocation: {{revoked-since: "2021-01-01T00:00:00+0000", reason: key_compromise}}
      expired:
        <<: *leaf
        subject: expired
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2021-01-01T00:00:00+0000"}}
      web:
        <<: *leaf
        subject: web
        extensions:
          - {{id: key_usage, critical: true,
              smart-value: {{schema: key-usage, params: [key_encipherment]}}}}
    services:
      ocsp:
        ocsp: {{for-issuer: issuer, responder-cert: ocsp, signing-key: ocsp}}
      crl-repo:
        root: {{for-issuer: root, signing-key: root, simulated-update-schedule: P90D}}
        issuer: {{for-issuer: issuer, signing-key: issuer, simulated-update-schedule: P90D}}
      time-stamping:
        tsa: {{signing-key: tsa, signing-cert: tsa}}
"""
_FAR = "2060-01-01T00:00:00+0000"
_NAMES = ("root", "issuer", "seal", "revoked", "expired", "web", "tsa", "ocsp")


@dataclass
class Authorities:
    """Where they answer; ``down`` names services (``ocsp``, ``tsa``, ``crl``) that do not."""

    url: str
    config: CertomancerConfig
    down: set[str]
    asked: list[str]

    @property
    def arch(self) -> Any:
        return self.config.get_pki_arch(ArchLabel("test"))

    @property
    def tsa(self) -> str:
        return f"{self.url}/test/tsa/tsa"

    @property
    def root_pem(self) -> bytes:
        return bytes(pem.armor("CERTIFICATE", self.arch.get_cert(CertLabel("root")).dump()))

    def certificate(self, name: str) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.arch.get_cert(CertLabel(name)).dump())

    def key(self, name: str) -> Any:
        info = self.arch.key_set.get_private_key(name)
        return serialization.load_der_private_key(info.dump(), None)


class _Threading(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return None


@contextmanager
def authorities(
    folder: Path,
    keys: Mapping[str, Any] | None = None,
    *,
    tsa_ends: str = "2060-01-01T00:00:00+0000",
) -> Iterator[Authorities]:
    """Serve until the block ends. Private keys are P-256 unless ``keys`` gives others by name;
    ``folder`` is for their files."""
    holder: dict[str, Any] = {}
    down: set[str] = set()
    asked: list[str] = []

    def answer(environ: dict[str, Any], start: Any) -> Any:
        path = environ["PATH_INFO"]
        asked.append(path)
        if any(f"/{name}" in path for name in down):
            start("503 Service Unavailable", [("Content-Length", "0")])
            return [b""]
        return holder["app"](environ, start)

    server = make_server("127.0.0.1", 0, answer, _Threading, _Quiet)
    url = f"http://127.0.0.1:{server.server_port}"
    parsed = yaml.safe_load(_CONFIG.format(url=url, tsa_ends=tsa_ends))
    parsed["keysets"] = {
        "test": {"keys": {name: _as_file(folder, name, (keys or {}).get(name)) for name in _NAMES}}
    }
    config = CertomancerConfig(parsed, str(folder))
    holder["app"] = Animator(AnimatorArchStore(config.pki_archs), with_web_ui=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Authorities(url, config, down, asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _as_file(folder: Path, name: str, key: Any) -> dict[str, Any]:
    key = key or ec.generate_private_key(ec.SECP256R1())
    path = folder / f"{name}.key.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return {"path": str(path)}
