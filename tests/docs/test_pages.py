"""What the docs name is there: files, headings, commands, buttons, settings."""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dealwright.site.commands.line import build_parser
from docs.pages import ROOT, RUN, all_pages, blocks_of, sentences_of, text_of

CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"\s*(\$ |bin/|\.venv/|curl |git |python3? |npm )")
FOLDERS = ("docs/", "src/", "tests/", "bench/", "bin/")
WAYS = re.compile(r"\*\*([^*]+ → [^*]+)\*\*")
ON_SCREEN = re.compile(r"(?<![*\w])\*(?!\*)([^*\n]+(?:\n[^*\n]+)?)\*(?!\*)")


@pytest.mark.parametrize("page", all_pages())
def test_every_link_leads_somewhere(page: str) -> None:
    lost = []
    for target in LINK.findall(sentences_of(page)):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, heading = target.partition("#")
        found = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        is_there = found.exists() and found.is_relative_to(ROOT)
        if not is_there or (heading and heading not in headings_of(found)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("page", all_pages())
def test_every_file_that_is_named_is_there(page: str) -> None:
    named = (word.split()[0] for word in CODE.findall(sentences_of(page)))
    paths = (name.split("::")[0] for name in named if name.startswith(FOLDERS))
    assert [path for path in paths if "…" not in path and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", all_pages())
def test_no_command_hides_where_it_is_not_run(page: str) -> None:
    hidden = [
        f"{page}:{block.line}: {line}"
        for block in blocks_of(page)
        if block.language not in RUN
        for line in block.text.splitlines()
        if COMMAND.match(line)
    ]
    assert hidden == []


@pytest.mark.parametrize("page", all_pages())
def test_a_command_within_a_sentence_is_one(page: str) -> None:
    wrong = []
    for text in CODE.findall(sentences_of(page)):
        words = text.split()
        if words[0] in ("bin/dealwright", "bin/up") and (fault := fault_of(words)):
            wrong.append(f"{text}: {fault}")
    assert wrong == []


@pytest.mark.parametrize("page", [page for page in all_pages() if "/guide/" in page])
def test_what_the_guide_tells_to_press_is_on_the_screen(page: str) -> None:
    """Italics are words of a page; an arrow, in bold too, leads from one to the next."""
    text = sentences_of(page)
    missing = [
        word
        for found in [*ON_SCREEN.findall(text), *WAYS.findall(text)]
        for word in " ".join(found.split()).rstrip(".,;:").split(" → ")
        if not is_on_screen(word)
    ]
    assert missing == []


def test_every_setting_is_described_and_every_description_is_of_a_setting() -> None:
    described = set(re.findall(r"`([A-Z][A-Z0-9_]+(?:<NAME>)?)`", text_of("docs/operations.md")))
    read = settings_read()
    assert read - described == set()
    named = {name for name in described if name.startswith("DEALWRIGHT_")}
    assert named - read == set()


def test_the_lists_of_events_and_flows_are_those_of_the_code(tmp_path: Path) -> None:
    """In a process of its own: other tests register events and listeners."""
    done = subprocess.run(
        [sys.executable, "-m", "dealwright.site.commands", "docs", "--check"],
        cwd=ROOT, capture_output=True, text=True,
        env={"DEALWRIGHT_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_page_can_be_found_from_the_first() -> None:
    found, open_pages = set(), ["README.md"]
    while open_pages:
        page = open_pages.pop()
        if page in found:
            continue
        found.add(page)
        for target in LINK.findall(sentences_of(page)):
            path = ((ROOT / page).parent / target.partition("#")[0]).resolve()
            path = path / "README.md" if path.is_dir() else path
            if path.suffix == ".md" and path.exists():
                open_pages.append(path.relative_to(ROOT).as_posix())
    assert set(all_pages()) - found == set()


# What is there ---------------------------------------------------------------------------


def headings_of(path: Path) -> set[str]:
    """The anchors that a reader of Markdown makes of the headings."""
    lines = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@cache
def parser_of_all() -> argparse.ArgumentParser:
    return build_parser()


def fault_of(words: list[str]) -> str:
    """Why the command line would not understand a command; "" where it does."""
    parser, rest = parser_of_all(), words[1:]
    if words[0] == "bin/up":
        rest = ["up", *rest]
    while True:
        inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        options = [word.split("=")[0] for word in rest if word.startswith("--")]
        names = [word for word in rest if not word.startswith("-") and not word.isupper()]
        if not inner or not names:
            known = parser._option_string_actions
            return next((f"no option {each}" for each in options if each not in known), "")
        if names[0] not in inner[0].choices:
            return f"no command {names[0]}"
        parser = inner[0].choices[names[0]]
        rest.remove(names[0])


def settings_read() -> set[str]:
    """The environment variables that the product and its scripts read."""
    asked = re.compile(
        r"(?:environ(?:\.get\(|\.setdefault\(|\[)|environment\.[a-z]+\()f?\"([A-Z][A-Z0-9_{}a-z.()]+)"
    )
    found = set()
    for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "bin").iterdir()]:
        if path.is_file():
            found |= set(asked.findall(path.read_text(encoding="utf-8")))
    named = {re.sub(r"DEALWRIGHT_SECRET_.+", "DEALWRIGHT_SECRET_<NAME>", name) for name in found}
    return {
        name
        for name in named - {"PATH", "DJANGO_SETTINGS_MODULE", "PYENV_ROOT"}
        if not name.startswith("DEALWRIGHT_TEST_")
    }


@cache
def words_on_screen() -> tuple[set[str], list[re.Pattern[str]]]:
    """Every text of the product's pages: whole, and as patterns where a value ends it or stands
    within it. What begins with a value would fit anything."""
    texts = set(_texts())
    patterns = [
        re.compile(re.sub(r"%\\\(\w+\\\)s", ".+", re.escape(text)))
        for text in texts
        if re.match(r"\w{3}.*%\(", text)
    ]
    return texts, patterns


def _texts() -> Iterator[str]:
    for path in (ROOT / "src").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        yield from re.findall(r"_\(\"((?:[^\"\\]|\\.)+)\"", text)
    for path in (ROOT / "src").rglob("*.ts"):
        yield from re.findall(r"[\"'`]([^\"'`\n]+)[\"'`]", path.read_text(encoding="utf-8"))
    for path in (ROOT / "src").rglob("*.py"):
        if "migrations" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def is_on_screen(word: str) -> bool:
    texts, patterns = words_on_screen()
    return word in texts or any(pattern.fullmatch(word) for pattern in patterns)
