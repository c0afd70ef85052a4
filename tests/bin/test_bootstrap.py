"""The bootstrap: finds a Python that runs, knows when what it made is stale."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BIN = Path(__file__).resolve().parents[2] / "bin"


@pytest.fixture
def bootstrap(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, looking for versions that no machine has, so that only ours are found."""
    spec = importlib.util.spec_from_file_location("bootstrap", BIN / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VERSIONS", ("3.98", "3.97"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.delenv("DEALWRIGHT_PYTHON", raising=False)
    return module


def make_python(path: Path, version: str, *, status: int = 0) -> Path:
    """A program that answers the probe as a Python of this version would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{version} {path}'\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_a_python_in_pyenvs_folder_is_found_behind_a_shim_that_does_not_run(
    bootstrap: ModuleType, tmp_path: Path
) -> None:
    shims = tmp_path / "shims"
    make_python(shims / "python3.98", "3.98", status=127)
    real = make_python(tmp_path / "home/.pyenv/versions/3.98.1/bin/python3.98", "3.98")
    assert bootstrap.find_python(tmp_path / "home", str(shims)) == real


def test_the_best_version_comes_before_the_nearest(bootstrap: ModuleType, tmp_path: Path) -> None:
    make_python(tmp_path / "near/python3.97", "3.97")
    best = make_python(tmp_path / "home/.local/bin/python3.98", "3.98")
    assert bootstrap.find_python(tmp_path / "home", str(tmp_path / "near")) == best


def test_a_name_that_lies_about_its_version_is_passed_over(
    bootstrap: ModuleType, tmp_path: Path
) -> None:
    make_python(tmp_path / "a/python3.98", "3.96")
    honest = make_python(tmp_path / "b/python3.97", "3.97")
    found = bootstrap.find_python(tmp_path / "home", f"{tmp_path}/a:{tmp_path}/b")
    assert found == honest


def test_none_is_found_where_none_fits(bootstrap: ModuleType, tmp_path: Path) -> None:
    make_python(tmp_path / "a/python3.98", "")  # free-threaded, or another implementation
    assert bootstrap.find_python(tmp_path / "home", str(tmp_path / "a")) is None


def test_pyenvs_root_may_lie_elsewhere(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = make_python(tmp_path / "elsewhere/versions/3.97.0/bin/python3.97", "3.97")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "elsewhere"))
    assert bootstrap.find_python(tmp_path / "home", "") == real


def test_the_python_of_an_environment_is_traced_to_the_one_it_was_made_with(
    bootstrap: ModuleType,
) -> None:
    version, base = bootstrap.probe(Path(sys.executable))
    assert version == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert base == Path(sys._base_executable)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["bootstrap.py", "up", "dealwright", "test", "lock"])
def test_an_old_python_can_read_it(name: str) -> None:
    ast.parse((BIN / name).read_text(), feature_version=(3, 9))


def test_the_locked_packages_are_synced_again_only_when_the_lock_changed(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv/installed.json")
    monkeypatch.setattr(bootstrap, "_uv", lambda *words, why: calls.append(words[-1]))
    (tmp_path / ".venv/lib/python3.98/site-packages").mkdir(parents=True)
    (tmp_path / "requirements.lock").write_text("one==1")
    for _ in range(2):
        bootstrap._packages(tmp_path / ".venv/bin/python", False)
    assert calls == [str(tmp_path / "requirements.lock")]
    (tmp_path / "requirements.lock").write_text("one==2")
    bootstrap._packages(tmp_path / ".venv/bin/python", False)
    assert len(calls) == 2


def test_what_the_front_end_is_built_from_includes_templates_and_scripts(
    bootstrap: ModuleType,
) -> None:
    names = {path.relative_to(bootstrap.ROOT).as_posix() for path in bootstrap.front_end_sources()}
    assert "src/dealwright/base/web/build.mjs" in names
    assert "src/dealwright/base/web/islands/app.ts" in names
    assert any(name.endswith(".html") for name in names)
    assert not any("/built/" in name or "/migrations/" in name for name in names)


def test_the_commands_can_be_run_as_they_lie() -> None:
    for name in ("up", "test", "dealwright", "lock"):
        assert (BIN / name).stat().st_mode & 0o111
        assert (BIN / name).read_text().startswith("#!/usr/bin/env python3\n")


def test_bin_test_refuses_a_path_that_is_not_there() -> None:
    done = subprocess.run(
        [sys.executable, str(BIN / "test"), "tests/nowhere"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == "dealwright: there is no tests/nowhere to test.\n"
