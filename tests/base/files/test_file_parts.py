"""Parts of a file (RFC 9110, 14): only what is asked for is read, and none of it unchecked."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as some

from dealwright.base.errors import Unavailable
from dealwright.base.files import StoredFile, attach_file
from dealwright.base.files.answers import asked_part
from dealwright.base.files.encryption import (
    CHUNK,
    TAG,
    Written,
    read_encrypted_part,
    write_encrypted,
)
from make import acting, make_user

CONTENT = os.urandom(2 * CHUNK + 500)
EDGES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, len(CONTENT) - 1]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Written]:
    path = tmp_path_factory.mktemp("parts") / "x"
    return path, write_encrypted(io.BytesIO(CONTENT), path, "id", limit=10**9)


def part_of(path: Path, written: Written, start: int, stop: int) -> bytes:
    pieces = read_encrypted_part(
        path, "id", written.key, written.nonce, size=written.size, start=start, stop=stop
    )
    return b"".join(pieces)


@settings(deadline=None)
@given(
    some.one_of(some.sampled_from(EDGES), some.integers(0, len(CONTENT) - 1)),
    some.one_of(some.sampled_from([1, CHUNK, len(CONTENT)]), some.integers(1, len(CONTENT))),
)
def test_any_part_is_that_of_the_whole(kept: tuple[Path, Written], start: int, length: int) -> None:
    stop = min(start + length, len(CONTENT))
    assert part_of(*kept, start, stop) == CONTENT[start:stop]


def test_a_part_needs_nothing_of_the_pieces_around_it(
    kept: tuple[Path, Written], tmp_path: Path
) -> None:
    path, written = kept
    raw = bytearray(path.read_bytes())
    raw[100] ^= 1  # in the first piece
    damaged = tmp_path / "x"
    damaged.write_bytes(raw)
    assert part_of(damaged, written, CHUNK, CHUNK + 9) == CONTENT[CHUNK : CHUNK + 9]
    with pytest.raises(Unavailable, match="damaged"):
        part_of(damaged, written, CHUNK - 1, CHUNK + 9)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[: 8 + 2 * (CHUNK + TAG)],  # cut between two pieces
        lambda raw: raw[:-1],
        lambda raw: (
            raw[: 8 + CHUNK + TAG] + raw[8 : 8 + CHUNK + TAG] + raw[8 + 2 * (CHUNK + TAG) :]
        ),
    ],
    ids=["without its end", "short", "a piece in another's place"],
)
def test_damage_to_a_part_is_noticed(
    kept: tuple[Path, Written], tmp_path: Path, damage: Any
) -> None:
    path, written = kept
    damaged = tmp_path / "x"
    damaged.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Unavailable, match="damaged"):
        part_of(damaged, written, CHUNK, len(CONTENT))


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-5", (2, 6)),
        ("bytes=2-", (2, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        (" bytes=9-9 ", (9, 10)),
        # Beyond the end: an empty part, which cannot be served.
        ("bytes=10-", (10, 10)),
        ("bytes=99-100", (99, 10)),
        ("bytes=-0", (10, 10)),
        # What is no range of bytes, or several: the whole.
        ("", None),
        ("bytes=5-2", None),
        ("bytes=0-1,4-5", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
        ("bytes=١-٢", None),
        ("lines=0-1", None),
        ("bytes=" + "9" * 400 + "-", None),
    ],
)
def test_what_a_range_asks_for(header: str, part: tuple[int, int] | None) -> None:
    assert asked_part(header, 10) == part


class TestAnswers:
    pytestmark = pytest.mark.django_db

    @pytest.fixture
    def file(self, client: Client) -> StoredFile:
        user = make_user()
        client.force_login(user)
        return attach_file(acting(user), name="a.txt", content=b"0123456789")

    def get(self, client: Client, file: StoredFile, **headers: str) -> Any:
        return client.get(
            file.url, headers={key.replace("_", "-"): headers[key] for key in headers}
        )

    def test_a_part(self, client: Client, file: StoredFile) -> None:
        answer = self.get(client, file, Range="bytes=2-5")
        assert (answer.status_code, answer.getvalue()) == (206, b"2345")
        assert answer["Content-Range"] == "bytes 2-5/10"
        assert answer["Content-Length"] == "4"
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_the_whole_says_that_parts_can_be_had(self, client: Client, file: StoredFile) -> None:
        answer = self.get(client, file)
        assert (answer.status_code, answer.getvalue()) == (200, b"0123456789")
        assert answer["Accept-Ranges"] == "bytes"
        assert "Content-Range" not in answer

    def test_beyond_the_end(self, client: Client, file: StoredFile) -> None:
        answer = self.get(client, file, Range="bytes=10-")
        assert (answer.status_code, answer.content) == (416, b"")
        assert answer["Content-Range"] == "bytes */10"

    def test_a_part_of_what_one_has_already(self, client: Client, file: StoredFile) -> None:
        tag = self.get(client, file)["ETag"]
        part = self.get(client, file, Range="bytes=0-1", If_Range=tag)
        assert (part.status_code, part.getvalue()) == (206, b"01")
        # Of another version, or one that is known by its date alone, the whole is sent.
        for other in ('"other"', f"W/{tag}", "Wed, 21 Oct 2026 07:28:00 GMT"):
            whole = self.get(client, file, Range="bytes=0-1", If_Range=other)
            assert (whole.status_code, whole.getvalue()) == (200, b"0123456789")

    def test_head_knows_no_parts(self, client: Client, file: StoredFile) -> None:
        answer = client.head(file.url, headers={"Range": "bytes=2-5"})
        assert (answer.status_code, answer["Content-Length"]) == (200, "10")
