"""One PostgreSQL and one data folder for a run of the tests, ready before the settings load."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from run_folder import make_run_folder

pytest_plugins = ["browser"]  # the `live` fixture

IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
if IS_WORKER:
    DATA_DIR = Path(os.environ["DEALWRIGHT_TEST_RUN"]) / os.environ["PYTEST_XDIST_WORKER"]
    DATA_DIR.mkdir()
else:
    DATA_DIR = make_run_folder()
    atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)

(DATA_DIR / "static").mkdir()  # where an installed server would have its collected files

os.environ["DJANGO_SETTINGS_MODULE"] = "dealwright.site.settings"
os.environ["DEALWRIGHT_DATA_DIR"] = str(DATA_DIR)
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in the test's thread

if not IS_WORKER:
    catalogue = Path(__file__).resolve().parent.parent / "bin" / "catalogue.py"
    subprocess.run([sys.executable, str(catalogue), "compile"], check=True)

    # The workers of pytest-xdist inherit DATABASE_URL from the process that starts them.
    from dealwright.base.database.server import EmbeddedServer

    if os.environ.get("DEALWRIGHT_TEST_PG_BIN"):
        os.environ["PG_BIN"] = os.environ["DEALWRIGHT_TEST_PG_BIN"]
    SERVER = EmbeddedServer(DATA_DIR, fast_and_unsafe=True).start()
    atexit.register(SERVER.stop)
    os.environ["DATABASE_URL"] = SERVER.url
    os.environ["DEALWRIGHT_TEST_RUN"] = str(DATA_DIR)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(DATA_DIR)  # where `tmp_path` makes its folders
    # SIGTERM ends a run as Ctrl-C does, so that what it started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))

from django.conf import settings  # noqa: E402

if DATA_DIR.resolve() != settings.DATA_DIR:
    sys.exit("Unset DJANGO_SETTINGS_MODULE: the tests make their own settings and database.")
# Loaded now; a worker that inherited it would load them before it has a folder of its own.
os.environ.pop("DJANGO_SETTINGS_MODULE", None)
settings.PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",  # quick
    *settings.PASSWORD_HASHERS,
]

from django.test import TransactionTestCase  # noqa: E402
from django.utils import translation  # noqa: E402
from hypothesis import HealthCheck  # noqa: E402
from hypothesis import settings as hypothesis_settings  # noqa: E402

import slowly  # noqa: E402, F401 - late answers, if asked for
from template_database import renew_database, use_database  # noqa: E402

# No test is judged by the clock: how long an example takes is the machine's matter.
hypothesis_settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("house")

DATABASE = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
TransactionTestCase._fixture_teardown = lambda self: renew_database(DATABASE)  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> None:
    """A migrated database of its own for each process of the run."""
    with django_db_blocker.unblock():
        use_database(DATABASE, Path(os.environ["DEALWRIGHT_TEST_RUN"]))


@pytest.fixture(autouse=True)
def speak_english() -> Iterator[None]:
    """A request leaves its language active in the thread that served it: here the test's own."""
    yield
    translation.deactivate()
