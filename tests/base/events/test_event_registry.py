"""Events survive the way through JSON, and classes that would not are refused at once."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.base.events.registry import (
    Event,
    RecordChanged,
    class_of,
    decode,
    encode,
    event,
    name_of,
    slots_of,
)


@event("test.parcel_sent")
@dataclass(frozen=True)
class ParcelSent(Event):
    """A parcel left the house."""

    parcel_id: uuid.UUID
    weight: Decimal
    stops: list[str]
    sent_on: date
    sent_at: datetime
    pieces: int
    insured: bool
    receiver_id: uuid.UUID | None = None
    prices: list[Decimal] = field(default_factory=list)


parcels = st.builds(
    ParcelSent,
    parcel_id=st.uuids(),
    weight=st.decimals(allow_nan=False, allow_infinity=False),
    stops=st.lists(st.text()),
    sent_on=st.dates(),
    sent_at=st.datetimes(
        min_value=datetime(1900, 1, 1),
        max_value=datetime(2200, 1, 1),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    ),
    pieces=st.integers(),
    insured=st.booleans(),
    receiver_id=st.none() | st.uuids(),
    prices=st.lists(st.decimals(allow_nan=False, allow_infinity=False), max_size=4),
)


@given(parcels)
def test_an_event_comes_back_from_json_as_it_was(parcel: ParcelSent) -> None:
    assert decode("test.parcel_sent", json.loads(json.dumps(encode(parcel)))) == parcel


def test_decimals_and_ids_are_text_and_times_are_utc() -> None:
    parcel = ParcelSent(
        parcel_id=uuid.UUID(int=7),
        weight=Decimal("1.50"),
        stops=["Bonn"],
        sent_on=date(2027, 1, 31),
        sent_at=datetime(2027, 1, 31, 12, 0, tzinfo=timezone(timedelta(hours=2))),
        pieces=2,
        insured=True,
    )
    assert encode(parcel) == {
        "parcel_id": "00000000-0000-0000-0000-000000000007",
        "weight": "1.50",
        "stops": ["Bonn"],
        "sent_on": "2027-01-31",
        "sent_at": "2027-01-31T10:00:00Z",
        "pieces": 2,
        "insured": True,
        "receiver_id": None,
        "prices": [],
    }


def test_a_payload_of_an_older_version_gets_the_defaults_of_fields_it_lacks() -> None:
    old = {
        "parcel_id": str(uuid.UUID(int=1)),
        "weight": "1",
        "stops": [],
        "sent_on": "2027-01-31",
        "sent_at": "2027-01-31T10:00:00Z",
        "pieces": 1,
        "insured": False,
        "colour": "of a field that is gone",
    }
    parcel = decode("test.parcel_sent", old)
    assert isinstance(parcel, ParcelSent)
    assert parcel.prices == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("pieces", True, "ParcelSent.pieces holds int, not bool."),
        ("weight", 1, "ParcelSent.weight holds Decimal, not int."),
        ("parcel_id", "7", "ParcelSent.parcel_id holds UUID, not str."),
        (
            "sent_on",
            datetime(2027, 1, 1, tzinfo=UTC),
            "ParcelSent.sent_on holds date, not datetime.",
        ),
        ("sent_at", datetime(2027, 1, 1), "ParcelSent.sent_at needs a time with its zone."),
    ],
)
def test_a_value_of_another_type_is_refused_when_it_is_recorded(
    name: str, value: object, sentence: str
) -> None:
    values = {
        "parcel_id": uuid.UUID(int=1),
        "weight": Decimal(1),
        "stops": [],
        "sent_on": date(2027, 1, 31),
        "sent_at": datetime(2027, 1, 31, tzinfo=UTC),
        "pieces": 1,
        "insured": False,
        name: value,
    }
    with pytest.raises(TypeError, match=sentence):
        encode(ParcelSent(**values))  # type: ignore[arg-type]


def test_a_float_cannot_be_published() -> None:
    @dataclass(frozen=True)
    class Weighed(Event):
        weight: float

    with pytest.raises(TypeError, match=r"Weighed\.weight must be one of"):
        event("test.weighed")(Weighed)


def test_a_class_that_can_change_cannot_be_published() -> None:
    @dataclass
    class Moved(Event):
        place: str

    with pytest.raises(TypeError, match="must be frozen"):
        event("test.moved")(Moved)


def test_a_name_is_given_once() -> None:
    with pytest.raises(RuntimeError, match=r"'test\.parcel_sent' is defined twice"):
        event("test.parcel_sent")(ParcelSent)


def test_record_events_are_named_by_object_and_action() -> None:
    changed = RecordChanged(object="account", action="updated", changed=["name"])
    assert name_of(changed) == "account.updated"
    assert class_of("account.updated") is RecordChanged
    assert [str(slot) for slot in slots_of(RecordChanged)] == ["text", "text", "list of text"]
