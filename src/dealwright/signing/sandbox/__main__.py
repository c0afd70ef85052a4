"""The keeper of ``run_limited``: loads the parsers, then forks a child for every task.

The child sets its limits first, does the task, answers with one JSON line and what the task
made, and ends. The keeper ends with the process that started it.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import sys

import orjson

from dealwright.base.errors import Invalid
from dealwright.signing.sandbox import MEMORY
from dealwright.signing.sandbox.tasks import TASKS, load_parsers

_GRACE = 5  # seconds of the clock beyond those of the processor


def main() -> None:
    line = socket.socket(fileno=0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the end of the line ends it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children leave nothing behind
    logging.disable(logging.CRITICAL)  # a parser's complaints would quote what it read
    load_parsers()
    while True:
        asked, files, _, _ = socket.recv_fds(line, 1, 1)
        if not asked:
            return
        with socket.socket(fileno=files[0]) as caller:
            if os.fork() == 0:
                line.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                try:
                    _serve(caller)
                finally:
                    os._exit(0)


def _serve(caller: socket.socket) -> None:
    """Read one task from the caller, do it, answer."""
    with caller.makefile("rb") as given:
        header = orjson.loads(given.readline())
        content = given.read()
    _limit(header["seconds"])
    result = b""
    try:
        data, result = TASKS[header["task"]](content, header["options"])
        answer = {"data": data, "bytes": len(result)}
    except Invalid as error:
        answer = {"invalid": {"message": error.message, "code": error.code, "fields": error.fields}}
    caller.sendall(orjson.dumps(answer) + b"\n" + result)


def _limit(seconds: int) -> None:
    signal.alarm(seconds + _GRACE)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":  # macOS refuses a limit on address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


main()
