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
    """Whoever is sent to it comes back as ``email``.

    ``more`` and ``more_userinfo`` are further claims of the ID token and of the user info;
    ``key`` signs (None: nothing does); ``error`` is answered in place of a code, ``is_down``
    fails every request behind the sign-in page.
    """

    url: str = ""
    email: str = "someone@example.com"
    secrets: list[str] = field(default_factory=list)  # what clients proved themselves with
    asked: list[dict[str, str]] = field(default_factory=list)  # what clients asked for
    more: dict[str, Any] = field(default_factory=dict)
    more_userinfo: dict[str, Any] = field(default_factory=dict)
    key: Any = KEY
    error: str = ""
    is_down: bool = False


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
            elif parts.path == "/jwks":
                public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
                self.answer({"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]})
            elif parts.path == "/authorize":
                state.asked.append(query)
                given = {"error": state.error} if state.error else {"code": "a-code"}
                back = urlencode({**given, "state": query["state"]})
                self.send_response(302)
                self.send_header("Location", f"{query['redirect_uri']}?{back}")
                self.end_headers()
            elif parts.path == "/userinfo":
                self.answer({**claims(), **state.more_userinfo})
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            state.secrets.append(body["client_secret"][0])
            if state.is_down:
                self.send_error(503)
                return
            now = int(time())
            nonce = state.asked[-1].get("nonce") if state.asked else None
            token = {
                **claims(),
                **({"nonce": nonce} if nonce else {}),
                "iss": state.url,
                "aud": body["client_id"][0],
                "iat": now,
                "exp": now + 300,
                **state.more,
            }
            self.answer(
                {
                    "access_token": "an-access-token",
                    "token_type": "Bearer",
                    "expires_in": 300,
                    "id_token": jwt.encode(
                        token,
                        state.key,
                        "RS256" if state.key is not None else "none",
                        headers={"kid": "one"},
                    ),
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
