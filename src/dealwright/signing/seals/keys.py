"""Where the seal's keys rest: ``<data dir>/seal``, encrypted with the install's own secret.

    seal/root/certificate.pem  key.pem        the root; its key is used to renew, nothing else
    seal/keys/<serial>/certificate.pem  key.pem   every seal key so far; the newest is used

``ensure_seal_key`` may be called at every start and by several processes at once: each
folder is made aside and moved into place whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dealwright.base.errors import Unavailable
from dealwright.base.secrets import read_secret
from dealwright.signing.seals.certificates import issue_seal_certificate, make_root

RENEW_BEFORE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class SealKey:
    """The key that seals now, its certificate and the root that issued it."""

    certificate: x509.Certificate
    root: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey

    @property
    def organisation(self) -> str:
        return str(
            self.certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value
        )

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(serialization.Encoding.PEM)


def ensure_seal_key(data_dir: Path, *, organisation: str) -> SealKey:
    """The seal key, made on the first call and renewed 60 days before it expires."""
    folder = data_dir / "seal"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = read_secret(data_dir, "seal").encode()
    if not (folder / "root").exists():
        root, root_key = make_root(organisation)
        _place(folder / "root", root, root_key, passphrase)
    newest = _newest(folder)
    if newest is None or _expiry(newest) < datetime.now(UTC) + RENEW_BEFORE:
        root, root_key = _read(folder / "root", passphrase)
        certificate, key = issue_seal_certificate(organisation, root, root_key)
        _place(folder / "keys" / f"{certificate.serial_number:x}", certificate, key, passphrase)
    return load_seal_key(data_dir)


def load_seal_key(data_dir: Path) -> SealKey:
    """The newest seal key, kept in memory; raises Unavailable where none was made or none opens."""
    newest = _newest(data_dir / "seal")
    if newest is None:
        raise Unavailable(
            "There is no seal key yet. Run `bin/dealwright sign ensure-key` to make one.",
            code="no_seal_key",
        )
    return _loaded(data_dir, newest)


@lru_cache(maxsize=4)
def _loaded(data_dir: Path, newest: Path) -> SealKey:
    passphrase = read_secret(data_dir, "seal").encode()
    root = x509.load_pem_x509_certificate((data_dir / "seal/root/certificate.pem").read_bytes())
    try:
        certificate, key = _read(newest, passphrase)
    except ValueError:
        raise Unavailable(
            "The seal key does not open with this installation's secret. Restore the folders "
            "“seal” and “secrets” of the data folder from the same backup.",
            code="seal_key_locked",
        ) from None
    return SealKey(certificate=certificate, root=root, private_key=key)


def _newest(folder: Path) -> Path | None:
    keys = [path for path in (folder / "keys").glob("[0-9a-f]*") if path.is_dir()]
    return max(keys, key=lambda path: (_expiry(path), path.stat().st_mtime_ns), default=None)


@lru_cache(maxsize=64)
def _expiry(folder: Path) -> datetime:
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    return certificate.not_valid_after_utc


def _read(folder: Path, passphrase: bytes) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / "key.pem").read_bytes(), passphrase)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return certificate, key


def _place(
    folder: Path,
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    passphrase: bytes,
) -> None:
    """Write the pair aside and move it into place whole; another process may have been first."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        _write(draft / "certificate.pem", certificate.public_bytes(serialization.Encoding.PEM))
        _write(
            draft / "key.pem",
            key.private_bytes(
                serialization.Encoding.PEM,
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
