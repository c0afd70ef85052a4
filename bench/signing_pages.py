"""The signing page of a 100-page document, and fifty people who sign at the same time.

    python -m bench.signing_pages [--pages 100] [--signers 50] [--json FILE]

One server as `bin/up` starts it. First the page on which a recipient reads and signs, at one
and at eight clients, and the pictures of the pages of a document that is large; then every signer
goes the whole way at once: open, consent, code, read, adopt, fill, sign. The code is read from the
outbox, as the recipient reads it in the mail. Then the worker's jobs seal, and every envelope must
be completed with exactly one seal that is found sound. `processor_ms` is what the server's
processes used for an answer, whatever else the machine does. Beside the page, in the same run,
`/readyz` of the same server: what an answer costs without a page.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx

from bench.house.clients import drive
from bench.house.report import PROCESSES, THREADS, free_port, percentile, wait_for
from bench.house.requests import Request

SOURCE = "#set page(margin: 60pt)\n{}"
PAGE = "= Page {}\n#lorem(380)\n"
SCANS, SCAN = 14, 1_100  # pages, and pixels of their sides


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
            scanned, size = send_scans()
            with server(data_dir) as (port, process):
                return {
                    "pages": pages,
                    "signers": signers,
                    **first_views(port, process, tokens[:1]),
                    "scans_megabytes": round(size / 1_000_000, 1),
                    **pictures(port, process, scanned),
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
                NewRecipient(
                    name=f"Signer {at}",
                    email=address,
                    identity_method="email_otp" if at else "email_link",
                )
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


def send_scans() -> tuple[str, int]:
    """An envelope over pages of noise as from a scanner, which no compression makes small: its
    link's secret, consented, and the bytes of its document."""
    from django.utils import timezone
    from PIL import Image

    from dealwright.base.access.actor import Actor
    from dealwright.base.messaging.models import OutboundMessage
    from dealwright.base.people.models import User
    from dealwright.signing.consent.services import current_consent
    from dealwright.signing.documents.geometry import Box
    from dealwright.signing.envelopes.drafts import NewDocument, NewField, NewRecipient
    from dealwright.signing.envelopes.models import Recipient
    from dealwright.signing.envelopes.services import create_envelope, send_envelope

    actor = Actor(user=User.objects.get(email="sender@bench.test"), via="cli")
    sheets = [Image.frombytes("L", (SCAN, SCAN), os.urandom(SCAN * SCAN)) for _ in range(SCANS)]
    out = io.BytesIO()
    sheets[0].save(out, "PDF", save_all=True, append_images=sheets[1:], quality=90)
    envelope = create_envelope(
        actor,
        title="Scans",
        documents=[NewDocument(name="Scans.pdf", content=out.getvalue())],
        recipients=[
            NewRecipient(name="Reader", email="reader@bench.test", identity_method="email_link")
        ],
        fields=[NewField(recipient=1, kind="signature", box=Box(0.1, 0.8, 0.3, 0.06))],
    )
    send_envelope(actor, envelope.pk)
    Recipient.objects.filter(email="reader@bench.test").update(
        consented_at=timezone.now(), consent=current_consent("en"), opened_at=timezone.now()
    )
    text = OutboundMessage.objects.filter(to="reader@bench.test").latest("id").text
    found = re.search(r"/sign/([A-Za-z0-9_-]{20,})", text)
    assert found is not None
    return found[1], envelope.documents.get().prepared.size


@contextmanager
def server(data_dir: Path) -> Iterator[tuple[int, int]]:
    """The product's web server: its port and its process id."""
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
            yield port, started.pid
        finally:
            started.terminate()
            started.wait()


def processor_seconds(process: int) -> float:
    """What a process and those it has started have used of the processor. Linux only."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            values = stat.read_text().rpartition(")")[2].split()
            if process in (int(stat.parent.name), int(values[1])):
                ticks += int(values[11]) + int(values[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def first_views(port: int, process: int, tokens: Sequence[str]) -> dict[str, Any]:
    """The page of the document beside `/readyz`, by rounds."""
    views = [Request(f"/sign/{token}") for token in tokens]
    bare = [Request("/readyz")]
    drive(port, views, clients=4, each=2)
    found: dict[str, Any] = {}
    for clients in (1, 8):
        times: dict[str, list[float]] = {"view": [], "bare": []}
        used = 0.0
        for _ in range(3):
            times["bare"] += drive(port, bare, clients=clients, each=20)
            before = processor_seconds(process)
            times["view"] += drive(port, views, clients=clients, each=20)
            used += processor_seconds(process) - before
        found[f"first_view_{clients}"] = {
            "p50_ms": round(statistics.median(times["view"]), 1),
            "p95_ms": round(percentile(times["view"], 0.95), 1),
            "processor_ms": round(used / len(times["view"]) * 1_000, 1),
            "bare_p50_ms": round(statistics.median(times["bare"]), 1),
            "ratio": round(sum(times["view"]) / sum(times["bare"]), 1),
        }
    return found


def pictures(port: int, process: int, token: str) -> dict[str, Any]:
    """The pictures of the pages of a large document, one after the other and eight at once."""
    page = httpx.get(f"http://127.0.0.1:{port}/sign/{token}", timeout=120).text
    found = sorted(set(re.findall(r"pages/([0-9a-f-]{36})/\d+\.png", page)))
    views = [
        Request(f"/sign/{token}/pages/{document}/{number}.png?width=800")
        for document in found
        for number in range(1, SCANS + 1)
    ]
    drive(port, views, clients=4, each=2)
    figures: dict[str, Any] = {}
    for clients in (1, 8):
        before = processor_seconds(process)
        times = drive(port, views, clients=clients, each=SCANS)
        used = processor_seconds(process) - before
        figures[f"picture_{clients}"] = {
            "p50_ms": round(statistics.median(times), 1),
            "p95_ms": round(percentile(times, 0.95), 1),
            "processor_ms": round(used / len(times) * 1_000, 1),
        }
    return figures


def ceremonies(port: int, tokens: Sequence[str]) -> dict[str, Any]:
    """Everyone signs at once: seconds in all, and p95 of each step."""
    steps: dict[str, list[float]] = {}

    def sign(number: int, token: str) -> None:
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
            if re.search(r'action="[^"]*/code"', page) and 'name="code"' not in page:
                page = step("ask for the code", "POST", "/code", data={}).text
            code = code_for(f"signer{number}@bench.test")
            page = step("code", "POST", "/confirm", data={"code": code}).text
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
        list(pool.map(sign, range(1, len(tokens) + 1), tokens))
    seconds = time.perf_counter() - began
    from dealwright.signing.envelopes.models import Recipient

    signed = Recipient.objects.filter(signed_at__isnull=False).count()
    if signed != len(tokens):
        raise RuntimeError(f"{signed} of {len(tokens)} have signed.")
    return {
        **sealed_once(len(tokens)),
        "everyone_signed_in_seconds": round(seconds, 2),
        "steps_p95_ms": {name: round(percentile(times, 0.95)) for name, times in steps.items()},
    }


def code_for(address: str) -> str:
    """The one-time code that was mailed to the address."""
    from django.db import connection

    from dealwright.base.messaging.models import OutboundMessage

    try:
        message = OutboundMessage.objects.filter(to=address, purpose="signing.code").latest("id")
    finally:
        connection.close()
    found = re.search(r"\b(\d{6})\b", message.text)
    assert found is not None
    return found[1]


def sealed_once(number: int) -> dict[str, Any]:
    """Seconds until the jobs have sealed all; each envelope once, and nothing else."""
    from dealwright.base.evidence.models import EvidenceEntry
    from dealwright.base.files.services import read_file
    from dealwright.base.jobs.running import run_jobs
    from dealwright.signing.envelopes.models import Envelope, EnvelopeDocument
    from dealwright.signing.verification.services import verify_signed_pdf

    began = time.perf_counter()
    run_jobs()
    seconds = time.perf_counter() - began
    bystanders = ["signer0@bench.test", "reader@bench.test"]
    envelopes = list(Envelope.objects.exclude(recipients__email__in=bystanders))
    seals = EvidenceEntry.objects.filter(kind="envelope.sealed").values_list("chain_id", flat=True)
    completed = [each for each in envelopes if each.status == "completed"]
    if not len(completed) == len(envelopes) == number == len(seals) == len(set(seals)):
        raise RuntimeError(f"{len(completed)} of {number} are completed, with {len(seals)} seals.")
    for document in EnvelopeDocument.objects.filter(envelope__in=completed[:5]):
        found = verify_signed_pdf(read_file(document.sealed))["integrity"]["verdict"]
        if found != "TOTAL-PASSED":
            raise RuntimeError(f"A seal is found {found}.")
    return {"sealed_in_seconds": round(seconds, 2), "seals_per_second": round(number / seconds, 1)}


if __name__ == "__main__":
    main()
