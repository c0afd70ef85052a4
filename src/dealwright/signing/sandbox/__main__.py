"""The child's side of ``run_limited``: limits first, then the task, then one JSON line."""

from __future__ import annotations

import logging
import resource
import sys

import orjson

from dealwright.base.errors import Invalid
from dealwright.signing.sandbox import MEMORY
from dealwright.signing.sandbox.tasks import TASKS


def main() -> None:
    header = orjson.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    _limit(header["seconds"])
    logging.disable(logging.CRITICAL)  # a parser's complaints would quote what it read
    try:
        data, result = TASKS[header["task"]](content, header["options"])
        answer = {"data": data}
    except Invalid as error:
        result = b""
        answer = {"invalid": {"message": error.message, "code": error.code, "fields": error.fields}}
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n" + result)
    sys.stdout.buffer.flush()


def _limit(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":  # macOS refuses a limit on address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


main()
