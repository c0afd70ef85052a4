"""A provider with Twilio's interface, and a company's bridge to a messenger, both over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from standardwebhooks.webhooks import Webhook


@dataclass
class Gateway:
    """``taken`` is what came, ``answers`` (status, body) are given in turn before 201.

    With ``secret`` the bridge checks who sends, as the documentation says; what does not fit is
    in ``forged``."""

    url: str = ""
    secret: str = ""
    taken: list[dict[str, Any]] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Running for as long as the block."""
    state = Gateway()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.headers["Content-Type"] == "application/json":
                state.taken.append({**json.loads(body), "id": self.headers["webhook-id"]})
                self.check(body)
            else:
                values = {key: each[0] for key, each in parse_qs(body).items()}
                state.taken.append({"path": self.path, **values})
            status, text = state.answers.pop(0) if state.answers else (201, '{"sid": "SM1"}')
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def check(self, body: str) -> None:
            if not state.secret:
                return
            try:
                Webhook(state.secret).verify(body, dict(self.headers.items()))
            except Exception as error:
                state.forged.append(str(error))

        def log_message(self, format: str, *args: object) -> None:
            return None

    running = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    state.url = f"http://127.0.0.1:{running.server_port}"
    try:
        yield state
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
