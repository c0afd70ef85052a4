"""A program that calls the API with a token."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token
from make import acting


class Caller:
    """Calls as ``user``, with the scopes given; each answer is held to the expected status."""

    def __init__(self, user: User, *scopes: str) -> None:
        token = create_token(acting(user), name="Test", scopes=scopes or ["admin"])
        self.client = Client(
            headers={"Authorization": f"Bearer {token.secret}"}, raise_request_exception=False
        )

    def __call__(
        self, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str
    ) -> Any:
        """The parsed answer; ``headers`` by name with underscores (``If_Match``)."""
        response = self.send(method, path, body, **headers)
        assert response.status_code == status, (path, response.status_code, text_of(response))
        return json.loads(text_of(response)) if text_of(response) else None

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer itself; text and bytes are sent as they are, the rest as JSON."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(
            method,
            f"/api/v1{path}",
            "" if body is None else data,
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )


def text_of(response: Any) -> str:
    """The body, whether it was sent at once or in pieces."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return str(content.decode())
