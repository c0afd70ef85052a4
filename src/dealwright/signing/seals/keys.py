"""Where the seal's keys rest: ``<data dir>/seal``, encrypted with the install's own secret.

    seal/root/certificate.pem  key.pem        the root; its key issues certificates and lists
    seal/keys/<serial>/certificate.pem  key.pem   every own seal key so far; the newest is used
    seal/imported/<serial>/certificate.pem  chain.pem  key.pem   keys that were brought along

``ensure_seal_key`` may be called at every start and by several processes at once: each
folder is made aside and moved into place whole. A key is opened once in a process's life
(opening takes some hundred times as long as signing).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dealwright.base.errors import Unavailable
from dealwright.base.secrets import read_secret
from dealwright.signing.seals.certificates import (
    KeyKind,
    PrivateKey,
    issue_list,
    issue_seal_certificate,
    issue_signer_certificate,
    make_root,
)

RENEW_BEFORE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key that lies open in this process, its certificate and the chain up to its root."""

    certificate: x509.Certificate
    root: x509.Certificate
    private_key: PrivateKey
    between: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Who issued the certificate, and so on up to the root."""
        return (*self.between, self.root)

    @property
    def organisation(self) -> str:
        return name_in(self.certificate)

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)


def name_in(certificate: x509.Certificate) -> str:
    """The organisation a certificate names, else its common name, else all of its subject."""
    for oid in (x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME):
        for each in certificate.subject.get_attributes_for_oid(oid):
            return str(each.value)
    return certificate.subject.rfc4514_string()


def ensure_seal_key(
    data_dir: Path, *, organisation: str, kind: KeyKind = KeyKind.P256, list_url: str = ""
) -> SealKey:
    """The own seal key of a kind, made on the first call and renewed 60 days before it expires."""
    folder = data_dir / "seal"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / "root").exists():
        root, root_key = make_root(organisation)
        _place(folder / "root", root, root_key, _passphrase(data_dir))
    newest = _newest(folder, kind)
    if newest is None or _read_certificate(newest).not_valid_after_utc < (
        datetime.now(UTC) + RENEW_BEFORE
    ):
        root, opened = _root(data_dir)
        certificate, key = issue_seal_certificate(
            organisation, root, opened, kind=kind, list_url=list_url
        )
        _place(
            folder / "keys" / f"{certificate.serial_number:x}",
            certificate,
            key,
            _passphrase(data_dir),
        )
    return load_seal_key(data_dir, kind)


def load_seal_key(data_dir: Path, kind: KeyKind = KeyKind.P256) -> SealKey:
    """The newest own key, kept in memory; raises Unavailable where none was made or none opens."""
    newest = _newest(data_dir / "seal", kind)
    if newest is None:
        raise Unavailable(
            "There is no seal key yet. Run `bin/dealwright sign ensure-key` to make one.",
            code="no_seal_key",
        )
    return _loaded(data_dir, newest)


def load_imported_key(data_dir: Path, serial: str) -> SealKey:
    """A key that was brought along, kept in memory; raises Unavailable where it is not there."""
    folder = data_dir / "seal" / "imported" / serial
    if not folder.is_dir():
        raise Unavailable(
            "The imported seal key is not in the data folder. Restore its folder “seal” from a "
            "backup, or choose another key.",
            code="no_seal_key",
        )
    return _loaded(data_dir, folder)


def keep_imported_key(
    data_dir: Path,
    certificate: x509.Certificate,
    key: PrivateKey,
    chain: Sequence[x509.Certificate],
) -> str:
    """Keep a key under this installation's secret; returns the name it is loaded by."""
    serial = f"{certificate.serial_number:x}"
    folder = data_dir / "seal" / "imported" / serial
    _place(folder, certificate, key, _passphrase(data_dir), chain=chain)
    return serial


def own_certificates(data_dir: Path) -> list[x509.Certificate]:
    """The certificates of all own seal keys so far, the newest first."""
    found = [_read_certificate(path) for path in _folders(data_dir / "seal")]
    return sorted(found, key=lambda each: each.not_valid_after_utc, reverse=True)


def discard_own_key(data_dir: Path, serial: int) -> None:
    """Destroy an own seal key; its certificate stays known. Safe to repeat."""
    folder = data_dir / "seal" / "keys" / f"{serial:x}"
    (folder / "key.pem").unlink(missing_ok=True)


def revocation_list(data_dir: Path, revoked: Iterable[tuple[int, datetime]]) -> bytes:
    """The list of the own root as of now, in DER."""
    root, key = _root(data_dir)
    return issue_list(root, key, revoked).public_bytes(serialization.Encoding.DER)


def certify_signer(
    data_dir: Path, *, name: str, email: str, statement: str, list_url: str
) -> SealKey:
    """A key for one person and one envelope; it is written nowhere."""
    root, root_key = _root(data_dir)
    certificate, key = issue_signer_certificate(
        name=name,
        email=email,
        statement=statement,
        root=root,
        root_key=root_key,
        list_url=list_url,
    )
    return SealKey(certificate=certificate, root=root, private_key=key)


def _root(data_dir: Path) -> tuple[x509.Certificate, PrivateKey]:
    opened = _loaded(data_dir, data_dir / "seal" / "root")
    return opened.certificate, opened.private_key


def _passphrase(data_dir: Path) -> bytes:
    return read_secret(data_dir, "seal").encode()


@lru_cache(maxsize=16)
def _loaded(data_dir: Path, folder: Path) -> SealKey:
    try:
        certificate, key = _read(folder, _passphrase(data_dir))
    except ValueError:
        raise Unavailable(
            "The seal key does not open with this installation's secret. Restore the folders "
            "“seal” and “secrets” of the data folder from the same backup.",
            code="seal_key_locked",
        ) from None
    brought = folder / "chain.pem"
    above = brought if brought.exists() else data_dir / "seal" / "root" / "certificate.pem"
    chain = x509.load_pem_x509_certificates(above.read_bytes())
    *between, top = chain
    return SealKey(certificate=certificate, root=top, private_key=key, between=tuple(between))


def _folders(folder: Path) -> list[Path]:
    return [path for path in (folder / "keys").glob("[0-9a-f]*") if path.is_dir()]


def _newest(folder: Path, kind: KeyKind) -> Path | None:
    """The own key of that kind that is valid longest and still there."""
    keys = [
        path
        for path in _folders(folder)
        if (path / "key.pem").exists() and _kind(_read_certificate(path)) == kind
    ]
    return max(
        keys,
        key=lambda path: (_read_certificate(path).not_valid_after_utc, path.stat().st_mtime_ns),
        default=None,
    )


def _kind(certificate: x509.Certificate) -> KeyKind:
    is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
    return KeyKind.RSA3072 if is_rsa else KeyKind.P256


@lru_cache(maxsize=64)
def _read_certificate(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())


def _read(folder: Path, passphrase: bytes) -> tuple[x509.Certificate, PrivateKey]:
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), passphrase)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return certificate, key


def _place(
    folder: Path,
    certificate: x509.Certificate,
    key: PrivateKey,
    passphrase: bytes,
    *,
    chain: Sequence[x509.Certificate] = (),
) -> None:
    """Write the pair aside and move it into place whole; another process may have been first."""
    pem = serialization.Encoding.PEM
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        _write(draft / "certificate.pem", certificate.public_bytes(pem))
        if chain:
            _write(draft / "chain.pem", b"".join(each.public_bytes(pem) for each in chain))
        _write(
            draft / "key.pem",
            key.private_bytes(
                pem,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(passphrase),
            ),
        )
        with contextlib.suppress(OSError):  # a non-empty folder is there already: theirs counts
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
