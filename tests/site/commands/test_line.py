"""The command line as a person runs it: one process per command, on a real database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from dealwright.base.database.server import EmbeddedServer

pytestmark = pytest.mark.slow  # each command is a process that loads the product

BACKUP = "a long passphrase"


@dataclass
class Line:
    """Runs ``bin/dealwright`` on a data folder and a database of its own."""

    environment: dict[str, str]

    def __call__(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dealwright.site.commands", *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
        )

    def json(self, *words: str, stdin: str = "") -> object:
        done = self("--json", *words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def line(transactional_db: None, tmp_path: Path) -> Iterator[Line]:
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"].replace("/dealwright?", f"/{name}?")
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("DEALWRIGHT_")},
        "DATABASE_URL": url,
        "DEALWRIGHT_DATA_DIR": str(tmp_path / "data"),
    }
    yield Line(environment)


def test_it_adds_a_person_who_then_is_listed(line: Line) -> None:
    done = line(
        "user", "add", "Ada.Byron@example.com", "--profile", "manager", "--password-stdin",
        stdin="a rather long one\n",
    )  # fmt: skip
    assert done.stdout == "Added Ada Byron <ada.byron@example.com> as manager.\n", done.stderr
    found = line.json("user", "list")
    assert isinstance(found, list)
    assert [(each["email"], each["profile"], each["name"]) for each in found] == [
        ("ada.byron@example.com", "manager", "Ada Byron")
    ]


def test_a_password_is_held_to_the_rules_of_the_sign_up_page(line: Line) -> None:
    done = line("user", "add", "a@example.com", "--password-stdin", stdin="short\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("dealwright: This password is too short.")
    assert line.json("user", "list", "--all") == []


def test_a_new_password_opens_the_account(line: Line) -> None:
    from dealwright.base.people.models import User

    line("user", "add", "a@example.com", "--password-stdin", stdin="the first of two\n")
    done = line("user", "password", "A@example.com", "--password-stdin", stdin="the second one\n")
    assert done.stdout == "The password of a@example.com is set.\n", done.stderr
    assert User.objects.get(email="a@example.com").check_password("the second one")


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["user", "password", "no@example.com"], 1, "dealwright: There is no user no@example.com."),
        (["user", "add", "nonsense"], 1, "dealwright: “nonsense” is not an e-mail address."),
        (["user", "burn"], 2, "bin/dealwright user: argument VERB: invalid choice: 'burn'"),
        (["backup"], 2, "bin/dealwright backup: the following arguments are required: FILE"),
        (["restore", "nowhere", "--key-file", "no"], 1, "dealwright: There is no key file no."),
        (["up", "--port", "99999"], 2, "bin/dealwright up: argument --port: '99999' is no port"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(
    line: Line, words: list[str], status: int, told: str
) -> None:
    done = line(*words, stdin="irrelevant but long\n")
    assert done.returncode == status
    assert done.stdout == ""
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1


def test_errors_are_machine_readable_when_asked_for(line: Line) -> None:
    done = line("user", "password", "no@example.com", "--json", "--password-stdin")
    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["code"] == "not_found"


def test_a_backup_goes_into_another_database_and_comes_back_equal(
    line: Line, tmp_path: Path
) -> None:
    line("user", "add", "a@example.com", "--password-stdin", stdin="a rather long one\n")
    (tmp_path / "pass").write_text(BACKUP + "\n")
    file = str(tmp_path / "backup.dealwright")
    made = line.json("backup", file, "--passphrase-file", str(tmp_path / "pass"))
    assert isinstance(made, dict)
    assert made["rows"]["base_user"] == 1

    with EmbeddedServer(tmp_path / "other", fast_and_unsafe=True) as other:
        second = Line({**line.environment, "DATABASE_URL": other.url})
        second.environment["DEALWRIGHT_DATA_DIR"] = str(tmp_path / "second")
        restored = second.json("restore", file, "--passphrase-file", str(tmp_path / "pass"))
        assert isinstance(restored, dict)
        assert restored["rows"] == made["rows"]
        assert second.json("user", "list") == line.json("user", "list")
        again = second("restore", file, "--passphrase-file", str(tmp_path / "pass"))
        assert again.returncode == 1
        assert "is not empty" in again.stderr


def test_a_backup_without_a_passphrase_says_which_key_opens_it(line: Line, tmp_path: Path) -> None:
    done = line("backup", str(tmp_path / "backup"))
    key = tmp_path / "data/secrets/backup"
    assert f"Only {key} opens it" in done.stdout
    checked = line("restore", str(tmp_path / "backup"), "--check", "--key-file", str(key))
    assert checked.stdout.startswith("The backup is whole: it holds ")


def test_the_doctor_says_how_to_mend_a_missing_worker(line: Line) -> None:
    done = line("--json", "doctor")
    checks = json.loads(done.stdout)["checks"]
    assert done.returncode == 1
    assert not checks["worker"]["ok"]
    assert "bin/up" in checks["worker"]["mend"]
    for name in ("database", "extensions", "tables", "disk", "clock", "data folder"):
        assert checks[name]["ok"], checks[name]


def test_without_a_server_it_brings_its_own_and_takes_it_away(tmp_path: Path) -> None:
    data_dir = tmp_path / "fresh"
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    line = Line({**environment, "DEALWRIGHT_DATA_DIR": str(data_dir)})
    assert line.json("user", "list") == []
    assert not EmbeddedServer(data_dir).is_running()
    assert (data_dir / "secrets").stat().st_mode & 0o077 == 0
