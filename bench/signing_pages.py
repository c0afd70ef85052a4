"""The signing page of a 100-page document, and fifty people who sign at the same time.

    python -m bench.signing_pages [--pages 100] [--signers 50] [--json FILE]

One server as `bin/up` starts it. First the page on which a recipient reads and signs, at one
and at eight clients; then every signer goes the whole way at once: open, consent, read, adopt,
sign. Beside them, in the same run, `/readyz` of the same server: what an answer costs without
a page.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx

from bench.house.clients import drive
from bench.house.report import PROCESSES, THREADS, free_port, percentile, wait_for
from bench.house.requests import Request

SOURCE = "#set page(margin: 60pt)\n{}"
PAGE = "= Page {}\n#lorem(380)\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--signers", type=int, default=50)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dealwright-bench-") as temporary:
        figures = measure(Path(temporary), arguments.pages, arguments.signers)
    print(json.dumps(figures, indent=2))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


def measure(data_dir: Path, pages: int, signers: int) -> dict[str, Any]:
    """Milliseconds of the page and of each step, and how many signed in a second."""
    os.environ["DEALWRIGHT_DATA_DIR"] = str(data_dir)
    os.environ["DJANGO_SETTINGS_MODULE"] = "dealwright.site.settings"
    os.environ.pop("DATABASE_URL", None)
    from dealwright.base.database.server import EmbeddedServer

    with EmbeddedServer(data_dir):
        import django

        django.setup()
        from django.db import connections

        from dealwright.base.database.upgrade import bring_up_to_date

        bring_up_to_date(data_dir)
        (data_dir / "static").mkdir(exist_ok=True)
        try:
            tokens = send_envelopes(pages, signers + 1)
            with server(data_dir) as port:
                return {
                    "pages": pages,
                    "signers": signers,
                    **first_views(port, tokens[:1]),
                    **ceremonies(port, tokens[1:]),
                }
        finally:
            connections.close_all()


def send_envelopes(pages: int, number: int) -> list[str]:
    """As many envelopes of one signer each; their links' secrets, the first one consented."""
    import typst
    from django.utils import timezone

    from dealwright.base.access.actor import Actor
    from dealwright.base.messaging.models import OutboundMessage
    from dealwright.base.people.models import Profile, User
    from dealwright.signing.consent.services import current_consent
    from dealwright.signing.documents.geometry import Box
    from dealwright.signing.envelopes.drafts import NewDocument, NewField, NewRecipient
    from dealwright.signing.envelopes.models import Recipient
    from dealwright.signing.envelopes.services import create_envelope, send_envelope

    sender = User.objects.create(name="Sender", email="sender@bench.test", profile=Profile.REP)
    actor = Actor(user=sender, via="cli")
    body = "#pagebreak()\n".join(PAGE.format(number) for number in range(1, pages + 1))
    pdf = bytes(typst.compile(SOURCE.format(body).encode(), format="pdf"))
    tokens = []
    for at in range(number):
        address = f"signer{at}@bench.test"
        envelope = create_envelope(
            actor,
            title=f"Agreement {at}",
            documents=[NewDocument(name="Agreement.pdf", content=pdf)],
            recipients=[
                NewRecipient(name=f"Signer {at}", email=address, identity_method="email_link")
            ],
            fields=[
                NewField(recipient=1, kind="text", label="Title", box=Box(0.1, 0.1, 0.3, 0.03)),
                NewField(recipient=1, kind="signature", page=pages, box=Box(0.1, 0.8, 0.3, 0.06)),
            ],
        )
        send_envelope(actor, envelope.pk)
        text = OutboundMessage.objects.filter(to=address).latest("id").text
        found = re.search(r"/sign/([A-Za-z0-9_-]{20,})", text)
        assert found is not None
        tokens.append(found[1])
    Recipient.objects.filter(email="signer0@bench.test").update(
        consented_at=timezone.now(), consent=current_consent("en"), opened_at=timezone.now()
    )
    return tokens


@contextmanager
def server(data_dir: Path) -> Iterator[int]:
    """The product's web server on a free port."""
    port = free_port()
    own = os.environ | {"DEALWRIGHT_URL": f"http://127.0.0.1:{port}"}
    command = [
        sys.executable, "-m", "dealwright.site.serve", "web", "--host", "127.0.0.1",
        "--port", str(port), "--processes", PROCESSES, "--threads", THREADS,
    ]  # fmt: skip
    (data_dir / "logs").mkdir(exist_ok=True)
    with (data_dir / "logs" / "bench.log").open("ab") as log:
        started = Popen(command, env=own, stdout=log, stderr=log)
        try:
            wait_for(port, [started])
            yield port
        finally:
            started.terminate()
            started.wait()


def first_views(port: int, tokens: Sequence[str]) -> dict[str, Any]:
    """The page of the document beside `/readyz`, by rounds."""
    views = [Request(f"/sign/{token}") for token in tokens]
    bare = [Request("/readyz")]
    drive(port, views, clients=4, each=2)
    found: dict[str, Any] = {}
    for clients in (1, 8):
        times: dict[str, list[float]] = {"view": [], "bare": []}
        for _ in range(3):
            times["bare"] += drive(port, bare, clients=clients, each=20)
            times["view"] += drive(port, views, clients=clients, each=20)
        found[f"first_view_{clients}"] = {
            "p50_ms": round(statistics.median(times["view"]), 1),
            "p95_ms": round(percentile(times["view"], 0.95), 1),
            "bare_p50_ms": round(statistics.median(times["bare"]), 1),
            "ratio": round(sum(times["view"]) / sum(times["bare"]), 1),
        }
    return found


def ceremonies(port: int, tokens: Sequence[str]) -> dict[str, Any]:
    """Everyone signs at once: seconds in all, and p95 of each step."""
    steps: dict[str, list[float]] = {}

    def sign(token: str) -> None:
        root = f"http://127.0.0.1:{port}/sign/{token}"
        with httpx.Client(timeout=120, follow_redirects=True) as client:

            def step(name: str, method: str, path: str, **given: Any) -> httpx.Response:
                headers = {"X-CSRFToken": client.cookies.get("csrftoken") or ""}
                headers |= given.pop("headers", {})
                began = time.perf_counter()
                answer = client.request(method, root + path, headers=headers, **given)
                steps.setdefault(name, []).append((time.perf_counter() - began) * 1_000)
                if answer.status_code >= 400:
                    raise RuntimeError(f"{name}: {answer.status_code} {answer.text[:300]}")
                return answer

            page = step("open", "GET", "").text
            consent = re.search(r'name="consent"[^>]*value="([^"]+)"', page)
            assert consent is not None
            page = step(
                "consent", "POST", "/consent", data={"agree": "on", "consent": consent[1]}
            ).text
            json_of = {"headers": {"Accept": "application/json"}}
            step("adopt", "POST", "/adopt", json={"kind": "signature", "text": "Ada"}, **json_of)
            for field, kind in set(
                re.findall(r'data-field="([0-9a-f-]+)" data-kind="(\w+)"', page)
            ):
                value = "on" if kind == "signature" else "Buyer"
                step("fill", "POST", f"/fields/{field}", json={"value": value}, **json_of)
            step("review", "GET", "/review")
            step("sign", "POST", "/sign", data={"agree": "on"})

    began = time.perf_counter()
    with ThreadPoolExecutor(len(tokens)) as pool:
        list(pool.map(sign, tokens))
    seconds = time.perf_counter() - began
    from dealwright.signing.envelopes.models import Recipient

    signed = Recipient.objects.filter(signed_at__isnull=False).count()
    if signed != len(tokens):
        raise RuntimeError(f"{signed} of {len(tokens)} have signed.")
    return {
        "everyone_signed_in_seconds": round(seconds, 2),
        "steps_p95_ms": {name: round(percentile(times, 0.95)) for name, times in steps.items()},
    }


if __name__ == "__main__":
    main()
