"""The embedded server against real processes: start, share, kill, recover."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dealwright.base.database.address import socket_folder
from dealwright.base.database.server import EmbeddedServer
from dealwright.base.errors import Unavailable

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops rights")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

HOLD = """
import sys, pathlib
from dealwright.base.database.server import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]), fast_and_unsafe=len(sys.argv) > 2).start()
print("holds", flush=True)
sys.stdin.read()
server.stop()
"""


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "data", fast_and_unsafe=True)
    yield server
    server.stop()


def hold(data_dir: Path, *, safe: bool = False) -> subprocess.Popen[str]:
    """Another process that uses the server until its input ends."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data_dir), *([] if safe else ["unsafe"])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "holds\n"
    return other


def postmaster(server: EmbeddedServer) -> int:
    return int((server.cluster.files / "postmaster.pid").read_text().split("\n")[0])


def keeper(server: EmbeddedServer) -> int:
    return int((server.data_dir / "locks" / "postgres.keeper").read_text())


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def one(server: EmbeddedServer, sql: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0]


def test_it_makes_the_database_on_first_start_and_keeps_it(server: EmbeddedServer) -> None:
    with server:
        assert one(server, "select current_user || '@' || current_database()") == (
            "dealwright@dealwright"
        )
        with psycopg.connect(server.url) as connection:
            connection.execute("create table kept as select 42 as answer")
    assert not server.is_running()
    with server:
        assert one(server, "select answer from kept") == 42


def test_names_sort_by_code_point_on_every_machine(server: EmbeddedServer) -> None:
    server.start()
    assert one(server, "select string_agg(x, '' order by x) from unnest(array['a','Z','é']) x") == (
        "Zaé"
    )
    assert one(server, "select upper('é')") == "É"


def test_the_owner_of_the_database_may_create_the_extensions(server: EmbeddedServer) -> None:
    server.start()
    with psycopg.connect(server.url) as connection:
        for name in ("pg_trgm", "unaccent", "btree_gin", "btree_gist"):
            connection.execute(f"create extension {name}".encode())


def test_nobody_signs_in_as_superuser_or_with_a_wrong_password(server: EmbeddedServer) -> None:
    server.start()
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(server.url.replace("//dealwright:", "//postgres:"))
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url, password="guess")


def test_its_folders_are_closed_to_others(server: EmbeddedServer) -> None:
    server.start()
    for folder in (server.cluster.files, server.cluster.sockets, server.data_dir / "locks"):
        assert folder.stat().st_mode & 0o077 == 0, folder


def test_stop_leaves_no_process(server: EmbeddedServer) -> None:
    server.start()
    pids = [postmaster(server), keeper(server)]
    server.stop()
    assert not any(lives(pid) for pid in pids)


def test_the_second_user_shares_the_server_and_the_last_one_ends_it(
    server: EmbeddedServer,
) -> None:
    server.start()
    first = postmaster(server)
    other = hold(server.data_dir)
    server.stop()
    assert postmaster(server) == first
    assert one(server, "select 1") == 1
    other.communicate()
    assert not lives(first)


def test_two_that_start_at_once_agree_on_one_server(server: EmbeddedServer) -> None:
    servers = [EmbeddedServer(server.data_dir, fast_and_unsafe=True) for _ in range(4)]
    threads = [threading.Thread(target=each.start) for each in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.is_running() for each in servers] == [True] * 4
    last = postmaster(server)
    for each in servers:
        assert lives(last)
        each.stop()
    assert not lives(last)


def test_the_server_ends_when_its_only_user_is_killed(server: EmbeddedServer) -> None:
    other = hold(server.data_dir)
    pids = [postmaster(server), keeper(server)]
    other.kill()
    other.wait()
    until(lambda: not any(lives(pid) for pid in pids))


@on_linux
def test_the_server_ends_when_its_keeper_is_killed(server: EmbeddedServer) -> None:
    server.start()
    pid = postmaster(server)
    os.kill(keeper(server), signal.SIGKILL)
    until(lambda: not lives(pid))


def test_what_was_committed_survives_when_everything_is_killed(server: EmbeddedServer) -> None:
    other = hold(server.data_dir, safe=True)
    with psycopg.connect(server.url) as connection:
        connection.execute("create table kept as select generate_series(1, 1000) as n")
    for pid in (keeper(server), postmaster(server), other.pid):
        os.kill(pid, signal.SIGKILL)
    other.wait()
    server.start()
    assert one(server, "select sum(n) from kept") == 500_500


def test_a_killed_server_comes_back_while_it_is_used(server: EmbeddedServer) -> None:
    server.start()
    first = postmaster(server)
    os.kill(first, signal.SIGKILL)
    until(lambda: not lives(first))
    until(server.is_running)
    assert postmaster(server) != first


def test_a_pid_file_of_another_program_does_not_stop_the_start(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (server.cluster.files / "postmaster.pid").write_text(f"{stranger.pid}\n/elsewhere\n")
    server.start()
    assert one(server, "select 1") == 1
    assert stranger.poll() is None
    stranger.communicate()


def test_a_start_that_was_cut_short_begins_anew(server: EmbeddedServer) -> None:
    half = server.cluster.folder / "cluster.new"
    server.start()
    server.stop()
    server.cluster.files.rename(half)
    (half / "PG_VERSION").unlink()
    server.start()
    assert one(server, "select 1") == 1


def test_a_data_folder_that_lies_deep_gets_a_short_socket(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / ("deep" * 20) / ("deeper" * 10), fast_and_unsafe=True)
    with server:
        assert socket_folder(server.data_dir).parent == Path("/tmp")
        assert one(server, "select 1") == 1
    assert not server.cluster.sockets.exists()


@as_root
def test_a_short_socket_folder_that_someone_else_made_is_refused(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / ("deep" * 20) / ("deeper" * 10), fast_and_unsafe=True)
    server.cluster.sockets.mkdir()
    os.chown(server.cluster.sockets, 12345, 12345)
    with pytest.raises(Unavailable, match="belongs to user 12345"):
        server.start()
    server.cluster.sockets.rmdir()


@as_root
@on_linux
def test_root_runs_it_as_an_account_without_rights(server: EmbeddedServer) -> None:
    server.start()
    pid = postmaster(server)
    assert Path(f"/proc/{pid}").stat().st_uid == server.cluster.files.stat().st_uid != 0
    status = Path(f"/proc/{pid}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert "Groups:\t \n" in status


def test_a_replaced_secret_is_made_true(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.data_dir / "secrets" / "postgres").write_text("it's another; one")
    server.start()
    assert one(server, "select 1") == 1


def test_a_database_of_another_release_is_refused_and_left_alone(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.cluster.files / "PG_VERSION").write_text("14\n")
    with pytest.raises(Unavailable, match="made by PostgreSQL 14"):
        server.start()
    (server.cluster.files / "PG_VERSION").write_text(f"{server.cluster.major}\n")
    server.start()


@pytest.mark.slow
def test_the_log_tells_why_the_server_does_not_start(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.cluster.files / "global" / "pg_control").unlink()
    with pytest.raises(Unavailable, match="could not find the database system"):
        server.start()
