"""The map of controls tells what is so on this installation, and claims no certificate."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from dealwright.base.access.actor import system
from dealwright.base.evidence.upkeep import verify_everything
from dealwright.base.files.keys import current_key
from dealwright.base.files.readiness import check_master_keys
from dealwright.base.files.services import store_file
from dealwright.base.files.upkeep import rotate_master_key
from make import make_administrator, make_user
from signing.make import make_sent_envelope

pytestmark = pytest.mark.django_db


def rows_of(client: Client) -> dict[tuple[str, str], str]:
    text = client.get("/settings/controls.csv").content.decode("utf-8-sig")
    _head, *rows = csv.reader(io.StringIO(text))
    return {(row[0], row[3]): row[4] for row in rows}


def test_each_control_shows_what_is_so_now() -> None:
    client = Client()
    client.force_login(make_administrator())
    before = rows_of(client)
    assert before["5.28", "Last full verification"] == "none yet"
    make_sent_envelope()
    verify_everything()
    after = rows_of(client)
    assert after["5.28", "Its result"] == "sound"
    assert int(after["5.28", "Entries"]) > int(before["5.28", "Entries"])
    assert f"master key {current_key().id}" in after["8.24", "file keys"]
    assert {number for number, _label in after} == {
        "5.28", "5.33", "5.34", "8.5", "8.10", "8.13", "8.15", "8.17", "8.24",
    }  # fmt: skip
    page = client.get("/settings/controls").content.decode()
    assert "it certifies nothing" in page
    assert "certified" not in page.lower()


def test_it_is_for_administrators() -> None:
    client = Client(raise_request_exception=False)
    client.force_login(make_user())
    assert client.get("/settings/controls").status_code == 403
    assert client.get("/settings/controls.csv").status_code == 403


def test_the_doctor_opens_a_file_of_each_master_key(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    store_file(system("Test"), name="a.txt", content=b"one")
    assert check_master_keys().ok
    rotate_master_key(system("Test"))
    assert check_master_keys().ok
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "old.dealwright").write_bytes(b"x")
    os.utime(tmp_path / "backups" / "old.dealwright", (1, 1))
    assert "newer than the newest backup" in check_master_keys().message
    (tmp_path / "secrets" / "files").write_text("another secret")
    found = check_master_keys()
    assert not found.ok
    assert "missing" in found.message
