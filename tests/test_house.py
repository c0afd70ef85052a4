"""Rules of the whole checkout: what is locked, and what no file may name."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import django
import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"]


def tracked() -> list[Path]:
    """Every file of the repository; all files where it is no repository."""
    shown = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    return [ROOT / name for name in shown.splitlines() if (ROOT / name).is_file()]


def pinned(lock: str) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return dict(found)


def test_django_is_the_locked_one() -> None:
    """One careless package once took Django down a release without a word."""
    assert django.get_version() == pinned("requirements.lock")["django"]
    assert django.VERSION[:2] == (6, 1)


def test_what_runs_is_what_is_locked() -> None:
    for name in ("psycopg", "granian", "procrastinate", "django-allauth", "pyhanko", "duckdb"):
        assert version(name) == pinned("requirements.lock")[name], name


def test_both_locks_agree() -> None:
    product, everything = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert {name: everything.get(name) for name in product} == product


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    packages = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    assert packages
    assert all(line.rstrip().endswith("\\") for line in packages)
    assert "://" not in text
    assert "--index" not in text


def test_the_front_ends_lock_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert lock["packages"]
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        if name and not package.get("inBundle"):  # what is bundled comes with its bearer
            assert package["integrity"].startswith("sha512-"), name


def test_no_file_names_a_registry_or_a_place_on_someones_machine() -> None:
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "registry." + "npmjs", "npmjs" + ".org"]
    folders = ["/" + "root/.", "/" + "work/main", "/home/" + "runner"]
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {word}" for word in hosts + folders if word in text]
    assert found == []


def test_a_file_fits_in_a_head() -> None:
    """Past 500 lines a concept wants out. Migrations are made, tests are read one by one."""
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in tracked()
        if path.suffix in (".py", ".ts", ".css", ".html")
        and path.is_relative_to(ROOT / "src")
        and "migrations" not in path.parts
        for lines in [len(path.read_text().splitlines())]
        if lines > 500
    ]
    assert long == []
