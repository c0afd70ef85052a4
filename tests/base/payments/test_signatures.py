from __future__ import annotations

import pytest

from dealwright.base.payments.signatures import TOLERANCE_SECONDS, is_signed, sign_message

BODY, SECRET, AT = b'{"id": "evt_1"}', "whsec_1", 1_790_000_000


def test_a_signed_message_is_known() -> None:
    header = sign_message(BODY, SECRET, at=AT)
    assert is_signed(BODY, header, SECRET, now=AT)
    assert is_signed(BODY, header, SECRET, now=AT + TOLERANCE_SECONDS)
    assert is_signed(BODY, f"{header},v1={'0' * 64},v0=x", SECRET, now=AT)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1790000000",
        f"v1={'0' * 64}",
        f"t=1790000000,v1={'0' * 64}",
        "t=٣,v1=ü",
        sign_message(BODY, "whsec_2", at=AT),
        sign_message(b"other", SECRET, at=AT),
        sign_message(BODY, SECRET, at=AT).replace("v1=", "v0="),
        sign_message(BODY, SECRET, at=AT) + f",t={AT}",
        sign_message(BODY, SECRET, at=AT) + "," * 3_000,
    ],
)
def test_any_other_is_not(header: str) -> None:
    assert not is_signed(BODY, header, SECRET, now=AT)


def test_an_old_one_or_one_of_the_future_counts_for_nothing() -> None:
    header = sign_message(BODY, SECRET, at=AT)
    assert not is_signed(BODY, header, SECRET, now=AT + TOLERANCE_SECONDS + 1)
    assert not is_signed(BODY, header, SECRET, now=AT - TOLERANCE_SECONDS - 1)


def test_without_a_secret_nothing_is_signed() -> None:
    assert not is_signed(BODY, sign_message(BODY, "", at=AT), "", now=AT)
