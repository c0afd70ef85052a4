"""Keeping files: encrypted, whole, seen through their record, with a key that can change."""

from __future__ import annotations

import io
import os
import resource
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as some

from base.files import samples
from crm.make import make_account
from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Invalid, NotAllowed, NotFound, Unavailable
from dealwright.base.files import (
    StoredFile,
    attach_file,
    delete_file,
    get_file,
    iterate_file,
    read_file,
    register_file_access,
    restore_file,
    rotate_master_key,
    store_file,
)
from dealwright.base.files.access import _checks
from dealwright.base.files.encryption import CHUNK, read_encrypted, write_encrypted
from dealwright.base.files.keys import current_key
from dealwright.base.files.services import path_of
from dealwright.base.files.upkeep import sweep_files
from make import acting, make_administrator, make_user

ACTOR = system("test")


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def make_file(content: bytes = b"Hello", **fields: Any) -> StoredFile:
    return store_file(fields.pop("actor", ACTOR), content=content, **{"name": "a.txt"} | fields)


@pytest.mark.django_db
def test_what_is_kept_is_read_again_and_lies_encrypted() -> None:
    content = samples.pdf()
    stored = make_file(content, name="Offer.pdf")
    assert read_file(stored) == content
    assert (stored.content_type, stored.size) == ("application/pdf", len(content))
    on_disk = path_of(stored.id).read_bytes()
    assert b"PDF" not in on_disk and content[:40] not in on_disk
    assert path_of(stored.id).stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_two_equal_files_share_nothing_on_disk() -> None:
    first, second = make_file(), make_file()
    assert first.sha256 == second.sha256
    assert path_of(first.id).read_bytes() != path_of(second.id).read_bytes()


@settings(max_examples=25, deadline=None)
@given(some.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]), some.binary(max_size=50))
def test_any_length_comes_back(length: int, end: bytes) -> None:
    import tempfile

    content = b"\x07" * length + end
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        written = write_encrypted(io.BytesIO(content), path, "id", limit=10**9)
        assert written.size == len(content)
        assert b"".join(read_encrypted(path, "id", written.key, written.nonce)) == content


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: 8 + CHUNK + 16],  # cut after the first whole piece
        lambda raw: raw[:100] + bytes([raw[100] ^ 1]) + raw[101:],
        lambda raw: raw[:8] + raw[8 + CHUNK + 16 :] + raw[8 : 8 + CHUNK + 16],
        lambda raw: raw + raw[-17:],
        lambda raw: b"OTHER!!\n" + raw[8:],
        lambda raw: b"",
    ],
)
def test_damage_is_noticed(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "x"
    written = write_encrypted(io.BytesIO(os.urandom(CHUNK + 500)), path, "id", limit=10**9)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Unavailable, match="damaged"):
        b"".join(read_encrypted(path, "id", written.key, written.nonce))


def test_a_file_does_not_pass_for_another(tmp_path: Path) -> None:
    path = tmp_path / "x"
    written = write_encrypted(io.BytesIO(b"mine"), path, "mine", limit=100)
    with pytest.raises(Unavailable, match="damaged"):
        b"".join(read_encrypted(path, "yours", written.key, written.nonce))
    with pytest.raises(Unavailable, match="missing from the data folder"):
        b"".join(read_encrypted(tmp_path / "y", "mine", written.key, written.nonce))


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the line broke")

    with pytest.raises(OSError, match="the line broke"):
        write_encrypted(Broken(), tmp_path / "x", "id", limit=100)
    with pytest.raises(Invalid, match="larger than 0 MB"):
        write_encrypted(io.BytesIO(b"x" * 101), tmp_path / "x", "id", limit=100)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.django_db
def test_a_file_of_100_mb_needs_little_memory(tmp_path: Path) -> None:
    source = tmp_path / "large.bin"
    with source.open("wb") as out:
        for _ in range(99):
            out.write(os.urandom(1_000_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with source.open("rb") as content:
        stored = store_file(ACTOR, name="large.bin", content=content, generated=True)
    assert sum(len(piece) for piece in iterate_file(stored)) == 99_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # kB


@pytest.mark.django_db
def test_a_newer_one_of_the_same_name_is_the_next_version() -> None:
    account = make_account()
    where = {"object": "account", "record_id": account.pk, "purpose": "attachment"}
    versions = [make_file(name=name, **where).version for name in ("a.txt", "a.txt", "b.txt")]
    assert versions == [1, 2, 1]


@pytest.mark.django_db
def test_a_file_is_seen_through_its_record() -> None:
    owner, other, admin = make_user(), make_user(), make_administrator()
    account = make_account(owner=owner)
    stored = attach_file(
        acting(owner), name="a.txt", content=b"x", object="account", record_id=account.pk
    )
    assert get_file(acting(owner), stored.id) == stored
    assert get_file(acting(admin), str(stored.id)) == stored
    for actor in (acting(other), Actor(user=None, via="public")):
        with pytest.raises(NotFound, match="does not exist, or you may not see it"):
            get_file(actor, stored.id)
    with pytest.raises(NotFound):
        get_file(acting(owner), "no-id")


@pytest.mark.django_db
def test_a_file_without_record_is_its_makers() -> None:
    owner, other = make_user(), make_user()
    stored = attach_file(acting(owner), name="a.txt", content=b"x")
    assert get_file(acting(owner), stored.id) == stored
    with pytest.raises(NotFound):
        get_file(acting(other), stored.id)


@pytest.mark.django_db
def test_a_room_may_say_who_sees_files_of_its_own_kind() -> None:
    owner, other = make_user(), make_user()
    stored = make_file(object="call_recording", record_id=owner.id)
    with pytest.raises(NotFound):
        get_file(acting(owner), stored.id)
    register_file_access(
        "call_recording",
        lambda actor, file: bool(actor.user and actor.user.id == file.record_id),
        system="acceleration",
    )
    try:
        assert get_file(acting(owner), stored.id) == stored
        with pytest.raises(NotFound):
            get_file(acting(other), stored.id)
    finally:
        del _checks["call_recording"]


@pytest.mark.django_db
def test_only_who_may_change_the_record_attaches_and_removes() -> None:
    owner, reader = make_user(), make_user(profile="finance")
    account = make_account(owner=owner)
    about = {"object": "account", "record_id": account.pk}
    with pytest.raises(NotAllowed, match="may see this account but not change it"):
        attach_file(acting(reader), name="a.txt", content=b"x", **about)
    stored = attach_file(acting(owner), name="a.txt", content=b"x", **about)
    with pytest.raises(NotAllowed):
        delete_file(acting(reader), stored.id)
    delete_file(acting(owner), stored.id)
    with pytest.raises(NotFound):
        get_file(acting(owner), stored.id)
    restore_file(acting(owner), stored.id)
    assert read_file(get_file(acting(owner), stored.id)) == b"x"


@pytest.mark.django_db
def test_what_a_rolled_back_change_left_is_swept_after_a_day() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(), change(ACTOR):
        lost = make_file()
        raise ZeroDivisionError
    kept = make_file()
    assert path_of(lost.id).exists()
    assert sweep_files() == 0
    yesterday = time.time() - 25 * 3600
    for path in (path_of(lost.id), path_of(kept.id)):
        os.utime(path, (yesterday, yesterday))
    assert sweep_files() == 1
    assert not path_of(lost.id).exists()
    assert read_file(kept) == b"Hello"


@pytest.mark.django_db
def test_the_bin_is_emptied_after_thirty_days() -> None:
    stored = make_file()
    delete_file(ACTOR, stored.id)
    sweep_files()
    assert path_of(stored.id).exists()
    StoredFile.everything.filter(pk=stored.pk).update(
        deleted_at=timezone.now() - timedelta(days=31)
    )
    sweep_files()
    assert not path_of(stored.id).exists()
    assert not StoredFile.everything.filter(pk=stored.pk).exists()


@pytest.mark.django_db
def test_a_new_master_key_opens_all_and_the_old_one_none(own_folder: None, settings: Any) -> None:
    stored = [make_file(f"file {number}".encode()) for number in range(3)]
    old = current_key()
    assert rotate_master_key(ACTOR) == 3
    assert current_key().id != old.id
    for number, each in enumerate(stored):
        each.refresh_from_db()
        assert each.key_id == current_key().id
        assert read_file(each) == f"file {number}".encode()
        with pytest.raises(Unavailable):
            old.unwrap(bytes(each.wrapped_key), str(each.id))
    with pytest.raises(NotAllowed):
        rotate_master_key(acting(make_user()))


@pytest.mark.django_db
def test_a_rotation_that_was_stopped_reads_everything_and_can_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dealwright.base.files import upkeep

    stored = [make_file(f"file {number}".encode()) for number in range(3)]

    def stop() -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(upkeep, "promote_next_key", stop)
        rotate_master_key(ACTOR)
    later = make_file(b"stored meanwhile")
    for number, each in enumerate(stored):
        each.refresh_from_db()
        assert read_file(each) == f"file {number}".encode()
    assert rotate_master_key(ACTOR) == 1
    later.refresh_from_db()
    assert read_file(later) == b"stored meanwhile"
    assert {each.key_id for each in StoredFile.everything.all()} == {current_key().id}


@pytest.mark.django_db
def test_a_lost_master_key_is_named(settings: Any) -> None:
    stored = make_file()
    (settings.DATA_DIR / "secrets" / "files").unlink()
    with pytest.raises(Unavailable, match=f"master key {stored.key_id} of this file is missing"):
        read_file(stored)


@pytest.mark.django_db
def test_a_wrapped_key_opens_only_its_own_file() -> None:
    first, second = make_file(), make_file()
    with pytest.raises(Unavailable, match="cannot be opened"):
        current_key().unwrap(bytes(first.wrapped_key), str(second.id))
