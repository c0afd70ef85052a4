"""The pages of the docs, the commands in them, and the words they quote."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# In the order in which a person reads them: what one page makes, a later one may use.
FIRST = ["README.md", "docs/README.md", "docs/operations.md", "docs/api.md", "docs/guide"]
RUN = ("sh", "bash", "console")
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


@dataclass
class Command:
    """One command of a page, and what the page says it prints (``…`` stands for anything)."""

    page: str
    line: int
    text: str
    prints: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"


@dataclass
class Block:
    """A fenced block: its language, where its content begins, and the content."""

    language: str
    line: int
    text: str


def all_pages() -> list[str]:
    """Every page of the docs, as a path from the checkout."""
    found = {
        "README.md",
        *(each.relative_to(ROOT).as_posix() for each in ROOT.glob("docs/**/*.md")),
    }
    return sorted(found, key=lambda page: (_place(page), page))


def _place(page: str) -> int:
    return next((n for n, first in enumerate(FIRST) if page.startswith(first)), len(FIRST))


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of(page: str) -> list[Block]:
    text = text_of(page)
    return [
        Block(found[2], text.count("\n", 0, found.start(3)) + 1, textwrap.dedent(found[3]))
        for found in FENCE.finditer(text)
    ]


def sentences_of(page: str) -> str:
    """The page without its blocks, line by line as it was."""
    return FENCE.sub(lambda found: "\n" * found[0].count("\n"), text_of(page))


def commands_of(page: str) -> list[Command]:
    """The commands of a page in order; a line that ends in a backslash goes on."""
    return [
        command
        for block in blocks_of(page)
        if block.language in RUN
        for command in _commands_in(page, block)
    ]


def _commands_in(page: str, block: Block) -> Iterator[Command]:
    shows_output = block.language == "console"
    command: Command | None = None
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        if command is not None and command.text.endswith("\\"):
            command.text = f"{command.text[:-1].rstrip()} {line.strip()}"
        elif shows_output and not line.startswith("$ "):
            assert command is not None, f"{page}:{number}: output before a command"
            command.prints.append(line)
        elif line.strip() and not line.startswith("#"):
            if command is not None:
                yield command
            command = Command(page, number, line.removeprefix("$ ").strip())
    if command is not None:
        yield command
