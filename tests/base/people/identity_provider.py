"""A real, small OpenID Connect provider over HTTP, for tests of signing in through one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """Whoever is sent to it comes back as ``email``."""

    url: str = ""
    email: str = "someone@example.com"
    secrets: list[str] = field(default_factory=list)  # what clients proved themselves with


@contextmanager
def identity_provider() -> Iterator[Provider]:
    """Running for as long as the block."""
    state = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                self.answer(
                    {
                        "issuer": state.url,
                        "authorization_endpoint": f"{state.url}/authorize",
                        "token_endpoint": f"{state.url}/token",
                        "userinfo_endpoint": f"{state.url}/userinfo",
                        "jwks_uri": f"{state.url}/jwks",
                        "token_endpoint_auth_methods_supported": ["client_secret_post"],
                    }
                )
            elif parts.path == "/authorize":
                back = urlencode({"code": "a-code", "state": query["state"]})
                self.send_response(302)
                self.send_header("Location", f"{query['redirect_uri']}?{back}")
                self.end_headers()
            elif parts.path == "/userinfo":
                self.answer(claims())
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            state.secrets.append(body["client_secret"][0])
            now = int(time())
            token = {
                **claims(),
                "iss": state.url,
                "aud": body["client_id"][0],
                "iat": now,
                "exp": now + 300,
            }
            self.answer(
                {
                    "access_token": "an-access-token",
                    "token_type": "Bearer",
                    "expires_in": 300,
                    "id_token": jwt.encode(token, KEY, "RS256"),
                }
            )

        def answer(self, body: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args: Any) -> None:
            pass

    def claims() -> dict[str, Any]:
        return {"sub": f"sub of {state.email}", "email": state.email, "email_verified": True}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
