"""One line per event, without secrets: JSON for machines, columns for a terminal.

Both structlog and the libraries' own logging end here. Every line of a request carries its
``request_id``, every line of a job its ``job_id``.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import IO, Any

import structlog

HIDDEN = "[hidden]"
_SECRET_KEY = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|csrf|session_?id|api_?key|otp|private_?key",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"dw_[A-Za-z0-9_-]{20,}"  # API tokens
    r"|whsec_[A-Za-z0-9+/=]+"  # webhook secrets
    r"|(?<=Bearer )[^\s\"']+"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)",  # user:password of an address
    re.IGNORECASE,
)

# Their messages hold the path of the request, and paths hold signing links. Our own line per
# request names the route instead.
_SILENT = ("django.request", "django.security.csrf", "django.server")
_QUIET = ("procrastinate", "httpx", "httpcore", "asyncio", "fontTools", "pyhanko")


def configure_logging() -> None:
    """Set logging up for this process; a second call changes nothing."""
    root = logging.getLogger()
    if any(isinstance(handler, _Standard) for handler in root.handlers):
        return
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    terminal = sys.stderr.isatty()
    for_machines = structlog.processors.JSONRenderer()
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if terminal
        else [structlog.processors.format_exc_info, hide_secrets, for_machines]
    )
    handler = _Standard()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=("status_code",))],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("dealwright").setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def hide_secrets(
    logger: Any, method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what looks like a secret, by the key's name or by the value's form."""
    for key, value in line.items():
        line[key] = HIDDEN if _SECRET_KEY.search(key) and value else _hidden(value)
    return line


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_VALUE.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {
            key: HIDDEN if _SECRET_KEY.search(str(key)) and each else _hidden(each)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    return value


class _Standard(logging.StreamHandler[IO[str]]):
    """Writes to what standard error is now, which tests and supervisors exchange."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> IO[str]:
        return sys.stderr

    @stream.setter
    def stream(self, value: IO[str]) -> None:
        pass
