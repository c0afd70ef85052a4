"""The live stream, for an ASGI server (``granian --interface asgi dealwright.site.asgi``).

A process of its own beside the pages: it holds hundreds of idle connections, which the
pages' threads must not. It answers ``GET /events/stream`` and ``GET /healthz``, nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dealwright.base.whole_numbers import whole_number

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealwright.site.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.utils.crypto import constant_time_compare  # noqa: E402

from dealwright.base.access.actor import Actor  # noqa: E402
from dealwright.base.events.stream import Hub, TooManyStreams  # noqa: E402
from dealwright.base.people.models import User  # noqa: E402

Message = dict[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

hub = Hub()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """What the server calls once per connection and once for its own start and end."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        await _answer(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await hub.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {name.decode("latin-1").lower(): value for name, value in scope["headers"]}
    origin = headers.get("origin", b"").decode("latin-1")
    if scope["path"] == "/healthz":
        await _say(send, 200, b"ok")
    elif scope["path"] != "/events/stream":
        await _say(send, 404, b"There is nothing at this address.")
    elif origin and not _is_ours(origin, headers.get("host", b"").decode("latin-1")):
        await _say(send, 403, b"This origin may not read the stream.")
    elif scope["method"] == "OPTIONS":
        await _say(send, 204, b"", [*_cors(origin), (b"access-control-max-age", b"86400")])
    elif scope["method"] != "GET":
        await _say(send, 405, b"Only GET.", [(b"allow", b"GET")])
    else:
        await _stream(scope, headers, origin, receive, send)


async def _stream(
    scope: Scope, headers: dict[str, bytes], origin: str, receive: Receive, send: Send
) -> None:
    def authenticate() -> Actor | None:
        return _actor_of(headers)

    await hub.start()
    try:
        messages = await hub.open(authenticate, after=_place(scope, headers))
    except TooManyStreams:
        await _say(send, 429, b"Too many open streams.", _cors(origin))
        return
    if messages is None:
        await _say(send, 401, b"Sign in to read the stream.", _cors(origin))
        return
    started: Headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        *_cors(origin),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": started})
    writing = asyncio.create_task(_write(messages, send))
    leaving = asyncio.create_task(_gone(receive))
    await asyncio.wait([writing, leaving], return_when=asyncio.FIRST_COMPLETED)
    for task in (writing, leaving):
        task.cancel()
    await asyncio.gather(writing, leaving, return_exceptions=True)
    await messages.aclose()
    with contextlib.suppress(Exception):
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _write(messages: Any, send: Send) -> None:
    async for message in messages:
        await send({"type": "http.response.body", "body": message, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _actor_of(headers: dict[str, bytes]) -> Actor | None:
    """Who the session cookie or the token belongs to, by the same rules as the pages."""
    authorization = headers.get("authorization", b"").decode("latin-1")
    if authorization.startswith("Bearer "):
        from dealwright.base.people.tokens import authenticate_token

        return authenticate_token(authorization.removeprefix("Bearer ").strip())
    try:
        cookie = SimpleCookie(headers.get("cookie", b"").decode("latin-1"))
    except CookieError:
        return None
    morsel = cookie.get(settings.SESSION_COOKIE_NAME)
    if morsel is None:
        return None
    session = SessionStore(morsel.value).load()
    person = session.get(SESSION_KEY)
    user = User.objects.filter(pk=person, is_active=True).first() if person else None
    given = session.get(HASH_SESSION_KEY, "")
    if user is None or not any(constant_time_compare(given, each) for each in _hashes(user)):
        return None
    return Actor(user=user, via="web")


def _hashes(user: User) -> Iterable[str]:
    """What a session of this user must carry: changes with the password."""
    return (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())


def _place(scope: Scope, headers: dict[str, bytes]) -> int | None:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    text = headers.get("last-event-id", b"").decode("latin-1") or query.get("after", [""])[0]
    return whole_number(text, most=2**63 - 1)


def _is_ours(origin: str, host: str) -> bool:
    """The pages' origin: the configured ones, or the same host at another port."""
    trusted = {settings.PUBLIC_URL, *settings.CSRF_TRUSTED_ORIGINS}
    return origin in trusted or (
        urlsplit(origin).hostname == urlsplit(f"//{host}").hostname and bool(host)
    )


def _cors(origin: str) -> Headers:
    if not origin:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-allow-headers", b"last-event-id, authorization, cache-control"),
        (b"vary", b"Origin"),
    ]


async def _say(send: Send, status: int, text: bytes, headers: Headers | None = None) -> None:
    plain = (b"content-type", b"text/plain; charset=utf-8")
    await send(
        {"type": "http.response.start", "status": status, "headers": [plain, *(headers or [])]}
    )
    await send({"type": "http.response.body", "body": text, "more_body": False})
