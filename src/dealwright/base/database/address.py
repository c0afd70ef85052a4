"""Where the database is: ``DATABASE_URL``, or the embedded server of the data folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from dealwright.base.secrets import read_secret

EMBEDDED_NAME = "dealwright"
EMBEDDED_USER = "dealwright"
EMBEDDED_PORT = 5432
EMBEDDED_SECRET = "postgres"  # noqa: S105 - the name of the secret's file

# sun_path holds 104 bytes on macOS and 108 on Linux, its closing NUL included.
LONGEST_SOCKET_PATH = 103


def socket_folder(data_dir: Path) -> Path:
    """Where the embedded server of this data folder listens.

    A socket's path is short by the rules of the kernel, so a data folder that lies deep gets
    a folder under /tmp that is named by its path; the server refuses one that is not its own.
    """
    inside = data_dir / "postgres" / "run"
    if len(os.fsencode(inside / f".s.PGSQL.{EMBEDDED_PORT}")) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:20]
    return Path("/tmp") / f"dealwright-{name}"  # noqa: S108 - made 0700, its owner is checked


def embedded_url(data_dir: Path) -> str:
    """The embedded server's address as other programs read it; holds the password."""
    password = quote(read_secret(data_dir, EMBEDDED_SECRET), safe="")
    host = quote(str(socket_folder(data_dir)), safe="")
    return (
        f"postgresql://{EMBEDDED_USER}:{password}@/{EMBEDDED_NAME}?host={host}&port={EMBEDDED_PORT}"
    )


def database_settings(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's settings of the one database; raises SystemExit for an address it cannot use."""
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 600,
        "OPTIONS": {"application_name": "dealwright"},
    }
    if not url:
        return settings | {
            "NAME": EMBEDDED_NAME,
            "USER": EMBEDDED_USER,
            "PASSWORD": read_secret(data_dir, EMBEDDED_SECRET),
            "HOST": str(socket_folder(data_dir)),
            "PORT": str(EMBEDDED_PORT),
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise SystemExit("DATABASE_URL must start with postgresql://.")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise SystemExit("DATABASE_URL must end with the name of the database.")
    options = dict(parse_qsl(parts.query))
    return settings | {
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": settings["OPTIONS"] | options,
    }


def database_url(data_dir: Path) -> str:
    """The database's address, whichever it is, as PostgreSQL's own programs read it."""
    return os.environ.get("DATABASE_URL", "").strip() or embedded_url(data_dir)
