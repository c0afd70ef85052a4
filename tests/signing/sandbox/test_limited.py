"""The limited process: what dies in it, dies alone."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dealwright.signing import sandbox
from dealwright.signing.sandbox import TookTooMuch, run_limited
from signing.make import make_pdf


def test_a_child_that_dies_takes_nobody_along() -> None:
    with pytest.raises(TookTooMuch):
        run_limited("no such task", b"")
    assert run_limited("normalise", make_pdf("Still here.")).data["pages"]


def test_a_keeper_that_was_killed_is_replaced() -> None:
    pdf = make_pdf("Still here.")
    run_limited("normalise", pdf)
    keeper = sandbox._keepers[os.getpid()]
    os.kill(keeper.process.pid, signal.SIGKILL)
    keeper.process.wait()
    assert run_limited("normalise", pdf).data["pages"]
    assert sandbox._keepers[os.getpid()].process.pid != keeper.process.pid


def test_many_may_ask_at_once_and_each_gets_their_own() -> None:
    texts = [f"Document number {number}" for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        answers = list(
            pool.map(lambda text: run_limited("normalise", make_pdf(text)).data["texts"], texts)
        )
    assert all(text in answer[0] for text, answer in zip(texts, answers, strict=True))


def test_what_was_asked_is_not_examined_again_while_it_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []
    real = sandbox._ask
    monkeypatch.setattr(
        sandbox, "_ask", lambda message, seconds: asked.append(message) or real(message, seconds)
    )
    one, two = make_pdf("One"), make_pdf("Two")
    with sandbox.remembering():
        first = run_limited("normalise", one)
        first.data["texts"].clear()  # the answer is the asker's own
        again = run_limited("normalise", one)
        assert len(asked) == 1
        assert again.content == first.content
        assert "One" in again.data["texts"][0]
        assert "Two" in run_limited("normalise", two).data["texts"][0]
        run_limited("normalise", one, {"name": "Other.pdf"})
        assert len(asked) == 3
    run_limited("normalise", one)
    assert len(asked) == 4


def test_a_child_has_no_secrets() -> None:
    keeper = sandbox._keepers.get(os.getpid())
    if keeper is None:
        run_limited("normalise", make_pdf("Hello."))
        keeper = sandbox._keepers[os.getpid()]
    told = Path(f"/proc/{keeper.process.pid}/environ").read_bytes()
    names = {each.partition(b"=")[0] for each in told.split(b"\0") if each}
    assert names <= {b"PATH", b"PYTHONPATH", b"PYTHONDONTWRITEBYTECODE", b"LANG", b"LC_CTYPE"}
