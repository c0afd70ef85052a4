"""Reading hostile PDFs in a process of their own, with limits on time, memory and files.

A PDF can make a parser use any amount of memory or time. So what a stranger sends is
examined by a child that has no secrets in its environment, may write no file, and is ended
when it takes too much. Tasks are named in ``sandbox.tasks``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
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


class TookTooMuch(Unavailable):
    """The child was ended at a limit, or died on the input."""

    default_code = "took_too_much"


def run_limited(
    task: str, content: bytes, options: Mapping[str, Any] | None = None, *, seconds: int = SECONDS
) -> Answer:
    """Run a task of ``sandbox.tasks`` on ``content`` in a limited process.

    Raises Invalid where the task does, and TookTooMuch where it meets a limit or crashes.
    """
    header = orjson.dumps({"task": task, "options": options or {}, "seconds": seconds})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "dealwright.signing.sandbox"],
            input=header + b"\n" + content,
            capture_output=True,
            timeout=seconds + 5,
            cwd="/",
            env={
                "PATH": os.defpath,
                "PYTHONPATH": str(_SOURCE),
                "PYTHONDONTWRITEBYTECODE": "1",
                "LANG": "C.UTF-8",
            },
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TookTooMuch(f"The file could not be examined within {seconds} seconds.") from None
    if done.returncode != 0:
        raise TookTooMuch("The file could not be examined: it takes too much memory or time.")
    line, _, result = done.stdout.partition(b"\n")
    answer = orjson.loads(line)
    if "invalid" in answer:
        wrong = answer["invalid"]
        raise Invalid(wrong["message"], code=wrong["code"], fields=wrong["fields"])
    return Answer(answer["data"], result)
