"""Where the database is: ``DATABASE_URL``, or the embedded server of the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SOCKET_FOLDER = "run"
EMBEDDED_NAME = "dealwright"
EMBEDDED_USER = "dealwright"
EMBEDDED_PORT = 5432


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
            "HOST": str(data_dir / "postgres" / SOCKET_FOLDER),
            "PORT": str(EMBEDDED_PORT),
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise SystemExit("DATABASE_URL must start with postgresql://.")
    options = dict(parse_qsl(parts.query))
    return settings | {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": settings["OPTIONS"] | options,
    }
