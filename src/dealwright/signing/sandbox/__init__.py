"""Reading hostile PDFs in a process of their own, with limits on time, memory and files.

A PDF can make a parser use any amount of memory or time. So what a stranger sends is
examined by a child that has no secrets in its environment, may write no file, and is ended
when it takes too much. Tasks are named in ``sandbox.tasks``.

Loading the parsers takes longer than reading most files. So each process of the product has a
keeper (``python -m dealwright.signing.sandbox``), which has loaded them, reads nothing itself,
and forks a child for every task.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from dealwright.base.errors import Invalid, Unavailable

SECONDS = 60
MEMORY = 2_000_000_000  # bytes of address space
_SOURCE = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the child said: data, and bytes where the task makes a file."""

    data: dict[str, Any]
    content: bytes


class _Memory:
    """The last answers, as far as they fit."""

    MOST = 16_000_000  # bytes of what tasks made

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Answer] = OrderedDict()

    def find(self, asked: bytes) -> Answer | None:
        found = self._kept.get(asked)
        if found is None:
            return None
        self._kept.move_to_end(asked)
        return Answer(deepcopy(found.data), found.content)

    def keep(self, asked: bytes, answer: Answer) -> None:
        if len(answer.content) > self.MOST:
            return
        self._kept[asked] = Answer(deepcopy(answer.data), answer.content)
        while sum(len(each.content) for each in self._kept.values()) > self.MOST:
            self._kept.popitem(last=False)


_memory: ContextVar[_Memory | None] = ContextVar("signing_sandbox_memory", default=None)


class TookTooMuch(Unavailable):
    """The child was ended at a limit, or died on the input."""

    default_code = "took_too_much"


def run_limited(
    task: str, content: bytes, options: Mapping[str, Any] | None = None, *, seconds: int = SECONDS
) -> Answer:
    """Run a task of ``sandbox.tasks`` on ``content`` in a limited process.

    Raises Invalid where the task does, and TookTooMuch where it meets a limit or crashes.
    """
    memory = _memory.get()
    if memory is None:
        return _run(task, content, options, seconds)
    asked = orjson.dumps([task, options or {}, hashlib.sha256(content).hexdigest()])
    found = memory.find(asked)
    if found is None:
        found = _run(task, content, options, seconds)
        memory.keep(asked, found)
    return found


@contextmanager
def remembering() -> Iterator[None]:
    """Within it, what was asked of the same bytes before is not examined again: a bulk send asks
    of one document as often as it has rows. Tasks say the same of the same."""
    token = _memory.set(_Memory())
    try:
        yield
    finally:
        _memory.reset(token)


def _run(task: str, content: bytes, options: Mapping[str, Any] | None, seconds: int) -> Answer:
    header = orjson.dumps({"task": task, "options": options or {}, "seconds": seconds})
    said = _ask(header + b"\n" + content, seconds)
    if not said:
        raise TookTooMuch("The file could not be examined: it takes too much memory or time.")
    line, _, result = said.partition(b"\n")
    answer = orjson.loads(line)
    if "invalid" in answer:
        wrong = answer["invalid"]
        raise Invalid(wrong["message"], code=wrong["code"], fields=wrong["fields"])
    if len(result) != answer["bytes"]:
        raise TookTooMuch("The file could not be examined: it takes too much memory or time.")
    return Answer(answer["data"], result)


class _Keeper:
    """The process that forks the children, and the socket on which it is asked for one."""

    def __init__(self) -> None:
        self.line, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dealwright.signing.sandbox"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={
                    "PATH": os.defpath,
                    "PYTHONPATH": str(_SOURCE),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "LANG": "C.UTF-8",
                },
            )

    def ask(self, message: bytes, seconds: int) -> bytes:
        """What a child of its own answers; nothing where it died. Raises OSError where the
        keeper is gone."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                socket.send_fds(self.line, [b"1"], [theirs.fileno()])
            ours.settimeout(seconds + 15)  # its own alarm rings before
            try:
                ours.sendall(message)
                ours.shutdown(socket.SHUT_WR)
                parts = []
                while part := ours.recv(1 << 20):
                    parts.append(part)
            except (TimeoutError, ConnectionError):
                parts = []
        if not parts and self.process.poll() is not None:
            raise ConnectionResetError("The keeper of limited processes is gone.")
        return b"".join(parts)


_keepers: dict[int, _Keeper] = {}  # by process: a fork must not share one
_lock = threading.Lock()


def _ask(message: bytes, seconds: int) -> bytes:
    keeper = _keeper()
    try:
        return keeper.ask(message, seconds)
    except OSError:  # it was killed; nothing was answered, so another may be asked
        with _lock:
            if _keepers.get(os.getpid()) is keeper:
                del _keepers[os.getpid()]
    with suppress(OSError):
        return _keeper().ask(message, seconds)
    return b""


def _keeper() -> _Keeper:
    with _lock:
        found = _keepers.get(os.getpid())
        if found is None or found.process.poll() is not None:
            _keepers.clear()
            found = _keepers[os.getpid()] = _Keeper()
        return found
