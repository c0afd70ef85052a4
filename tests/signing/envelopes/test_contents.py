"""A large document is decrypted once for all pictures of its pages, within a bound of memory."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from dealwright.base.access.actor import system
from dealwright.base.errors import Gone, Unavailable
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import destroy_file, path_of, store_file
from dealwright.signing.envelopes.contents import _Remembered, file_content

pytestmark = pytest.mark.django_db

MB = 1_000_000


class Small(_Remembered):
    MOST = 3 * MB


def make_file(size: int) -> tuple[StoredFile, bytes]:
    content = os.urandom(size)
    stored = store_file(system(), name="Large.bin", content=content, generated=True)
    return stored, content


def take_away(stored: StoredFile) -> None:
    """What is asked for now can come from memory alone."""
    path_of(stored.pk).unlink()


def test_a_large_file_is_decrypted_once() -> None:
    stored, content = make_file(12 * MB)
    assert file_content(stored) == content
    take_away(stored)
    assert file_content(stored) == content


def test_memory_is_bounded_and_the_file_not_used_longest_goes_first() -> None:
    files = [make_file(MB) for _ in range(3)]
    remembered = Small()
    for stored, _ in files:
        remembered.content_of(stored)
    assert remembered.size == 3 * MB
    remembered.content_of(files[0][0])
    another, _ = make_file(MB)
    remembered.content_of(another)
    assert remembered.size == 3 * MB
    for stored, _ in files:
        take_away(stored)
    assert remembered.content_of(files[0][0]) == files[0][1]
    assert remembered.content_of(files[2][0]) == files[2][1]
    with pytest.raises(Unavailable):
        remembered.content_of(files[1][0])


def test_a_file_beyond_the_bound_is_given_and_not_kept() -> None:
    small, _ = make_file(MB)
    large, content = make_file(4 * MB)
    remembered = Small()
    remembered.content_of(small)
    assert remembered.content_of(large) == content
    assert remembered.size == MB
    take_away(small)
    remembered.content_of(small)


def test_many_threads_get_the_same_content() -> None:
    files = [make_file(MB) for _ in range(4)]
    remembered = Small()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: remembered.content_of(files[number % 4][0]),
                                range(64)))  # fmt: skip
    assert all(answers[number] == files[number % 4][1] for number in range(64))
    assert remembered.size <= Small.MOST


def test_what_could_not_be_read_is_asked_for_again() -> None:
    stored, content = make_file(MB)
    path = path_of(stored.pk)
    path.rename(path.with_suffix(".away"))
    remembered = Small()
    with pytest.raises(Unavailable):
        remembered.content_of(stored)
    path.with_suffix(".away").rename(path)
    assert remembered.content_of(stored) == content


def test_a_destroyed_file_is_gone_from_memory_too() -> None:
    stored, content = make_file(MB)
    assert file_content(stored) == content
    destroy_file(stored)
    for _ in range(2):
        with pytest.raises(Gone):
            file_content(stored)
