"""Clients that keep their connection and ask one request after another."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Sequence

from bench.house.requests import AMOUNT, Request


def drive(port: int, requests: Sequence[Request], *, clients: int, each: int) -> list[float]:
    """Milliseconds of every answer; raises RuntimeError for one that is not 200."""
    times: list[list[float]] = [[] for _ in range(clients)]
    wrong: list[str] = []

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        dice = random.Random(number)
        for turn in range(each):
            request = requests[(number * 5 + turn) % len(requests)]
            body = request.body
            if AMOUNT in body:
                body = body.replace(AMOUNT, f"{dice.randrange(100_000, 90_000_000) / 100:.2f}")
            began = time.perf_counter()
            connection.request(
                request.method, request.path, body.encode() or None, dict(request.headers)
            )
            answer = connection.getresponse()
            content = answer.read()
            times[number].append((time.perf_counter() - began) * 1_000)
            if answer.status != 200:
                wrong.append(f"{request.path} answers {answer.status}: {content[:300]!r}")
                break
        connection.close()

    threads = [threading.Thread(target=client, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return [milliseconds for found in times for milliseconds in found]
