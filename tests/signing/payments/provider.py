"""A payment provider on loopback that speaks Stripe's API, and is strict about it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "sk_live_of_the_tests"
SECRET = "whsec_of_the_tests"
_numbers = count(1)


class Provider:
    """Its sessions and refunds, and how it misbehaves when a test says so.

    ``down`` answers 503 to every request, ``break_after`` drops the answer of the next request of
    this method and path after doing what it asks, ``told`` is put over the next session told.
    """

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, str]] = []
        self.known: dict[str, tuple[Any, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.down = False
        self.break_after = ""
        self.refuses = ""
        self.told: dict[str, Any] = {}
        self.server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self.server
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def last(self) -> dict[str, Any]:
        return list(self.sessions.values())[-1]

    def pay(self, session: dict[str, Any] | None = None) -> dict[str, Any]:
        """A person pays on the page of the session."""
        session = session or self.last
        assert session["status"] == "open", session["status"]
        session.update(
            status="complete", payment_status="paid", payment_intent=f"pi_{next(_numbers):04}"
        )
        return session

    def submit(self, session: dict[str, Any] | None = None) -> dict[str, Any]:
        """A person chooses a way to pay that takes days."""
        session = session or self.last
        session.update(
            status="complete", payment_status="unpaid", payment_intent=f"pi_{next(_numbers):04}"
        )
        return session

    # ---- What it answers ----

    def answer(
        self, method: str, path: str, headers: Any, values: dict[str, str]
    ) -> tuple[int, Any]:
        self.asked.append((method, path))
        if self.down:
            return 503, {"error": {"message": "Come back later."}}
        if headers.get("Authorization") != f"Bearer {KEY}":
            return 401, {"error": {"message": "Invalid API Key provided"}}
        if (
            method == "POST"
            and headers.get("Content-Type") != "application/x-www-form-urlencoded"
            and values
        ):
            return 400, {"error": {"message": "Send a form."}}
        if self.refuses:
            return 402, {"error": {"message": self.refuses, "code": "refused"}}
        moves = method == "POST" and path in ("/v1/checkout/sessions", "/v1/refunds")
        key = headers.get("Idempotency-Key", "")
        if moves and not key:
            return 400, {"error": {"message": "Send an Idempotency-Key."}}
        if moves and key in self.known:
            before, answer = self.known[key]
            if before != (path, values):
                return 400, {"error": {"message": "Keys can only be used with the same values."}}
            return 200, answer
        status, answer = self._do(method, path, values)
        if moves and status == 200:
            self.known[key] = ((path, dict(values)), answer)
        return status, answer

    def _do(self, method: str, path: str, values: dict[str, str]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        match (method, parts):
            case ("POST", ["v1", "checkout", "sessions"]):
                return self._begin(values)
            case ("GET", ["v1", "checkout", "sessions"]):
                return 200, {"object": "list", "data": []}
            case ("GET", ["v1", "checkout", "sessions", name]) if name in self.sessions:
                told, self.told = self.told, {}
                return 200, self._shown(self.sessions[name]) | told
            case ("POST", ["v1", "checkout", "sessions", name, "expire"]) if name in self.sessions:
                session = self.sessions[name]
                if session["status"] != "open":
                    return 400, {"error": {"message": "Only open sessions can be expired."}}
                session["status"] = "expired"
                return 200, self._shown(session)
            case ("POST", ["v1", "refunds"]):
                return self._refund(values)
        return 404, {"error": {"message": "No such resource", "code": "resource_missing"}}

    def _begin(self, values: dict[str, str]) -> tuple[int, Any]:
        wanted = {
            "mode", "client_reference_id", "success_url", "cancel_url", "expires_at", "locale",
            "line_items[0][quantity]", "line_items[0][price_data][currency]",
            "line_items[0][price_data][unit_amount]",
            "line_items[0][price_data][product_data][name]",
            "payment_intent_data[metadata][reference]",
        }  # fmt: skip
        if set(values) != wanted:
            return 400, {"error": {"message": f"Unknown or missing: {set(values) ^ wanted}"}}
        left = int(values["expires_at"]) - time.time()
        if not 30 * 60 <= left <= 24 * 3600:
            return 400, {"error": {"message": "expires_at must be 30 minutes to 24 hours ahead."}}
        currency = values["line_items[0][price_data][currency]"]
        if currency != currency.lower() or not values["client_reference_id"]:
            return 400, {"error": {"message": "Wrong currency or reference."}}
        name = f"cs_{next(_numbers):04}"
        self.sessions[name] = {
            "id": name,
            "object": "checkout.session",
            "amount_total": int(values["line_items[0][price_data][unit_amount]"]),
            "currency": currency,
            "client_reference_id": values["client_reference_id"],
            "name": values["line_items[0][price_data][product_data][name]"],
            "livemode": True,
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "success_url": values["success_url"],
            "cancel_url": values["cancel_url"],
            "locale": values["locale"],
        }
        return 200, self._shown(self.sessions[name])

    def _refund(self, values: dict[str, str]) -> tuple[int, Any]:
        paid = [
            each
            for each in self.sessions.values()
            if each["payment_intent"] == values.get("payment_intent")
        ]
        if not paid or paid[0]["payment_status"] != "paid":
            return 404, {"error": {"message": "No such payment_intent"}}
        if str(paid[0]["amount_total"]) != values.get("amount"):
            return 400, {"error": {"message": "Wrong amount."}}
        if any(each["payment_intent"] == values["payment_intent"] for each in self.refunds):
            return 400, {
                "error": {"message": "Has been refunded.", "code": "charge_already_refunded"}
            }
        self.refunds.append(dict(values))
        return 200, {"id": f"re_{next(_numbers):04}", "status": "succeeded"}

    def _shown(self, session: dict[str, Any]) -> dict[str, Any]:
        address = f"{self.url}/pay/{session['id']}" if session["status"] == "open" else None
        return {**session, "url": address}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path.startswith("/pay/"):
                self._page(address.path.removeprefix("/pay/"))
            else:
                self._api("GET", address.path, dict(parse_qsl(address.query)))

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            if self.path.startswith("/pay/"):
                session = provider.pay(provider.sessions[self.path.removeprefix("/pay/")])
                self.send_response(303)
                self.send_header("Location", session["success_url"])
                self.end_headers()
                return
            self._api("POST", self.path, dict(parse_qsl(body, strict_parsing=bool(body))))

        def _api(self, method: str, path: str, values: dict[str, str]) -> None:
            status, answer = provider.answer(method, path, self.headers, values)
            if provider.break_after and f"{method} {path}".startswith(provider.break_after):
                provider.break_after = ""
                self.close_connection = True
                return
            self._send(status, "application/json", json.dumps(answer).encode())

        def _page(self, name: str) -> None:
            session = provider.sessions[name]
            page = (
                "<!doctype html><html lang=en><title>Checkout</title><link rel=icon href=data:,>"
                f"<main><h1>{session['name']}</h1><p>{session['amount_total']} "
                f"{session['currency']}</p><form method=post><button>Pay by card</button></form>"
                f"<a href={session['cancel_url']!r}>Back</a></main></html>"
            )
            self._send(200, "text/html; charset=utf-8", page.encode())

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    provider.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    thread = threading.Thread(target=provider.server.serve_forever, daemon=True)
    thread.start()
    yield provider
    provider.server.shutdown()
    provider.server.server_close()
    thread.join()
