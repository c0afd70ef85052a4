"""RFC 3161 time stamps over anchors."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import tsp

from base.evidence.authority import Authority, time_stamping_authority
from dealwright.base.access.actor import system
from dealwright.base.errors import Unavailable
from dealwright.base.evidence import anchor_chains, append_entry
from dealwright.base.evidence.models import EvidenceTimestamp
from dealwright.base.evidence.timestamps import (
    check_timestamp,
    request_timestamp,
    stamp_anchors,
    verify_timestamps,
)

DATA = b"what is stamped"


@pytest.fixture
def authority(settings: Any, tmp_path: Path) -> Iterator[Authority]:
    with time_stamping_authority() as served:
        roots = tmp_path / "roots.pem"
        roots.write_bytes(served.root_pem)
        settings.TSA_URL, settings.TSA_ROOTS = served.url, str(roots)
        yield served


def test_a_token_states_when_the_data_was_there(authority: Authority) -> None:
    stamp = request_timestamp(authority.url, DATA)
    assert stamp.trusted is True
    assert check_timestamp(stamp.token, DATA) == stamp
    query = tsp.TimeStampReq.load(authority.queries[0])
    assert query["message_imprint"]["hashed_message"].native == sha256(DATA).digest()


def test_openssl_finds_the_token_sound_as_well(authority: Authority, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "token").write_bytes(request_timestamp(authority.url, DATA).token)
    found = subprocess.run(
        [openssl, "ts", "-verify", "-data", "data", "-in", "token", "-token_in",
         "-CAfile", "roots.pem"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in found.stdout + found.stderr


def test_other_data_is_not_what_was_stamped(authority: Authority) -> None:
    token = request_timestamp(authority.url, DATA).token
    with pytest.raises(Unavailable, match="does not match what it stamps"):
        check_timestamp(token, DATA + b"!")


def test_a_changed_token_is_found(authority: Authority) -> None:
    token = bytearray(request_timestamp(authority.url, DATA).token)
    token[-20] ^= 1
    with pytest.raises(Unavailable, match="not sound"):
        check_timestamp(bytes(token), DATA)


def test_without_roots_trust_stays_open(authority: Authority, settings: Any) -> None:
    settings.TSA_ROOTS = ""
    assert request_timestamp(authority.url, DATA).trusted is None


def test_a_stranger_is_not_trusted(authority: Authority) -> None:
    with (
        time_stamping_authority() as stranger,
        pytest.raises(Unavailable, match="does not lead to a trusted root"),
    ):
        request_timestamp(stranger.url, DATA)


@pytest.mark.parametrize(
    ("misbehaviour", "sentence"),
    [
        ({"reject": True}, "refuses: rejection not today."),
        ({"wrong_nonce": True}, "its nonce is not ours"),
        ({"clock": timedelta(minutes=5)}, "differ by more than a minute"),
        ({"status": 500}, "does not answer"),
    ],
)
def test_it_refuses_a_wrong_answer(
    authority: Authority, misbehaviour: dict[str, Any], sentence: str
) -> None:
    for name, value in misbehaviour.items():
        setattr(authority, name, value)
    with pytest.raises(Unavailable) as refusal:
        request_timestamp(authority.url, DATA)
    assert sentence in refusal.value.message


@pytest.mark.django_db
def test_anchors_are_stamped_once(authority: Authority) -> None:
    for key in ("a", "b"):
        append_entry(key, "begun", {}, actor=system("test"))
        anchor_chains()
    assert stamp_anchors() == 2
    assert stamp_anchors() == 0
    assert verify_timestamps() == []
    assert [row.anchor.size for row in EvidenceTimestamp.objects.order_by("at", "id")] == [1, 2]


@pytest.mark.django_db
def test_an_authority_that_is_down_holds_nothing_up(authority: Authority) -> None:
    append_entry("a", "begun", {}, actor=system("test"))
    anchor_chains()
    authority.status = 503
    assert stamp_anchors() == 0
    authority.status = 200
    assert stamp_anchors() == 1


@pytest.mark.django_db
def test_without_an_authority_nothing_is_asked(settings: Any) -> None:
    settings.TSA_URL = ""
    append_entry("a", "begun", {}, actor=system("test"))
    anchor_chains()
    assert stamp_anchors() == 0
