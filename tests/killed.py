"""A program that dies in the middle, as by a power cut, on the database of the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from base.committed import database_url


def run_until_killed(program: str, *arguments: object) -> str:
    """Run Python source in a process of its own that must end by SIGKILL; what it printed.

    The program sets Django up itself and kills itself where it says. What the test has made must
    be committed (``django_db(transaction=True)``).
    """
    died = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DEALWRIGHT_DATA_DIR": str(settings.DATA_DIR),
            "DJANGO_SETTINGS_MODULE": "dealwright.site.settings",
            "PYTHONPATH": str(Path(__file__).parents[1] / "src"),
        },
        capture_output=True,
        text=True,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    return died.stdout
