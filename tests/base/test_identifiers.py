"""Identifiers rise in the order of their making, one by one and many at once."""

from __future__ import annotations

import time

import pytest

from dealwright.base.identifiers import uuid7, uuid7s


@pytest.mark.parametrize("count", [0, 1, 7, 20_000])
def test_many_at_once_are_as_many_as_were_asked_for_and_rise(count: int) -> None:
    before = uuid7()
    made = uuid7s(count)
    after = uuid7()
    assert len(made) == count
    assert [before, *made, after] == sorted({before, *made, after})


def test_many_at_once_are_of_version_7_and_of_now() -> None:
    for each in uuid7s(1_000):
        assert (each.version, each.variant) == (7, "specified in RFC 4122")
        assert abs((each.int >> 80) - time.time() * 1_000) < 5_000


def test_the_end_of_each_is_random() -> None:
    assert len({each.int & (1 << 62) - 1 for each in uuid7s(10_000)}) == 10_000
