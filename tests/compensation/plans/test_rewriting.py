"""The text of a plan changed by parts: only what was asked changes, and it reads back."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.compensation.plans import source
from dealwright.compensation.plans.component_reading import ComponentReader
from dealwright.compensation.plans.forms import (
    names_as_text,
    new_values,
    pairs_as_text,
    pairs_of,
    title_of,
    values_of,
)
from dealwright.compensation.plans.kinds import BY_KEY, KINDS, OTHER_NAMES, WORDS
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.plans.rewriting import (
    Flow,
    head_of,
    parts_of,
    with_head,
    with_new_part,
    with_part,
    with_part_moved,
    without_part,
)

EXAMPLES = sorted(Path("docs/compensation/examples").glob("**/*.yaml"))
GOLDEN = sorted(Path("tests/compensation/golden").glob("**/*.yaml"))

_LINES = re.compile(r"line=\d+")

PLAN = """\
# Why this plan is as it is.
plan: reps
title: Reps   # shown to them
currency: EUR
calendar: month
components:
  # the base
  - tiered:
      id: base          # never rename
      label: Base
      quota: bookings
      bands: [[0, 5%], [100%, 7%]]   # as agreed in May

  - spif: {id: push, amount: 100, when: "amount > 1000"}
  - cap:
      id: roof
      amount: 5000
# what ends early
clawback: {trigger: termination, schedule: [[3, 100%], [12, 50%]]}
"""


def place_of(text: str, name: str) -> str:
    return next(each.place for each in parts_of(text) if each.values.get("id", each.kind) == name)


class TestParts:
    def test_each_part_has_its_kind_its_values_and_its_line(self) -> None:
        found = [(each.kind, each.line, title_of(each)) for each in parts_of(PLAN)]
        assert found == [
            ("tiered", 8, "Base"),
            ("spif", 14, "Push"),
            ("cap", 15, "Roof"),
            ("clawback", 19, "Clawback"),
        ]
        assert parts_of(PLAN)[0].values["bands"] == "[[0, 5%], [100%, 7%]]"
        assert parts_of(PLAN)[1].values["when"] == "amount > 1000"

    def test_a_part_is_written_anew_and_nothing_else(self) -> None:
        values = parts_of(PLAN)[0].values | {"bands": Flow("[[0, 6%]]")}
        text = with_part(PLAN, "0", "tiered", values)
        assert text.replace("[[0, 6%]]", "[[0, 5%], [100%, 7%]]") == PLAN.replace(
            "id: base          # never rename", "id: base"
        )
        assert "# as agreed in May" in text
        assert read_plan(text).components[0].bands[0].value == Decimal("0.06")

    def test_a_part_in_one_line_and_one_at_the_plans_level(self) -> None:
        values = parts_of(PLAN)[1].values | {"label": "Yes: a push, “now”", "when": ""}
        text = with_part(PLAN, "1", "spif", values)
        assert read_plan(text).component("push").label == "Yes: a push, “now”"
        assert read_plan(text).component("push").basis.when is None
        text = with_part(text, "clawback.0", "clawback", {"trigger": "refund"})
        assert read_plan(text).component("clawback").trigger == ("refund",)
        assert text.startswith("# Why this plan is as it is.\n")

    def test_parts_come_go_and_move(self) -> None:
        text = with_new_part(PLAN, "flat", {"id": "extra", "rate": "1%"})
        assert [each.id for each in read_plan(text).components] == [
            "base", "push", "roof", "extra", "clawback",
        ]  # fmt: skip
        text = with_part_moved(text, place_of(text, "extra"), -1)
        text = with_part_moved(text, place_of(text, "base"), -1)
        assert [each.id for each in read_plan(text).components][:4] == [
            "base", "push", "extra", "roof",
        ]  # fmt: skip
        assert without_part(text, place_of(text, "extra")) == PLAN
        text = without_part(PLAN, "clawback.0")
        assert [each.id for each in read_plan(text).components] == ["base", "push", "roof"]

    def test_the_last_component_stays_and_a_wrong_place_is_told(self) -> None:
        text = "plan: x\ncurrency: EUR\ncomponents:\n- flat: {id: a, rate: 5%}\n"
        with pytest.raises(Conflict):
            without_part(text, "0")
        with pytest.raises(NotFound):
            without_part(text, "7")
        added = with_new_part(text, "flat", {"id": "b", "rate": "1%"})
        assert [each.id for each in read_plan(added).components] == ["a", "b"]

    def test_a_text_that_cannot_be_read_has_no_parts(self) -> None:
        assert parts_of("plan: [") == []
        assert parts_of("") == []
        with pytest.raises(source.PlanInvalid):
            with_new_part("plan: [", "flat", {})
        with pytest.raises(Invalid):
            with_new_part("plan: x\ncomponents: [{flat: {id: a}}]\n", "flat", {"id": "b"})
        begun = with_new_part("plan: x\ncurrency: EUR\n", "flat", {"id": "b", "rate": "1%"})
        assert [each.id for each in read_plan(begun).components] == ["b"]


class TestHead:
    def test_keys_are_set_added_and_taken_out(self) -> None:
        text = with_head(PLAN, {"title": "All reps", "until": "2027-12-31", "calendar": ""})
        assert "title: All reps   # shown to them\n" in text
        assert head_of(text, ["title", "until", "calendar"]) == {
            "title": "All reps",
            "until": "2027-12-31",
            "calendar": "",
        }
        assert read_plan(text).until is not None
        assert with_head(text, {"title": "Reps", "until": ""}) == PLAN.replace(
            "calendar: month\n", ""
        )


@pytest.mark.parametrize("path", [*EXAMPLES, *GOLDEN], ids=lambda path: path.parent.name)
def test_every_example_says_the_same_after_each_part_was_applied_unchanged(path: Path) -> None:
    before = path.read_text()
    text = before
    for part in parts_of(before):
        kind = BY_KEY[part.kind]
        sent: dict[str, str] = {}
        for key in kind.all_keys:
            value = part.values.get(key.key, "")
            if key.asked == "pairs":
                for number, (a, b) in enumerate(pairs_of(value)):
                    sent |= {f"{key.key}.{number}.a": a, f"{key.key}.{number}.b": b}
            elif key.asked == "names":
                sent[key.key] = value.strip("[]")
            else:
                sent[key.key] = value or (key.options[0] if key.options else "")
        text = with_part(text, part.place, part.kind, values_of(kind, sent, part.values))
    assert _meaning(text) == _meaning(before)


def _meaning(text: str) -> list[str]:
    """The components without where they stand."""
    found = []
    for each in read_plan(text).components:
        said = {key: getattr(each, key) for key in each.__dataclass_fields__ if key != "line"}
        found.append(repr(said).replace("\n", " "))
    return [_LINES.sub("", each) for each in found]


def test_every_kind_has_a_form_and_every_key_a_field() -> None:
    reader = ComponentReader(measures={}, credits={}, names=None)  # type: ignore[arg-type]
    assert {kind.key for kind in KINDS} == set(reader._kinds())
    asked: dict[str, set[str]] = {}
    close = source.Block.close

    def noting(block: source.Block) -> None:
        asked.setdefault(block.place.split(" ")[0], set()).update(block._asked)
        close(block)

    source.Block.close = noting  # type: ignore[method-assign]
    try:
        for kind in KINDS:
            bodies = [
                {"id": "a"} | ({key.key: "5"} if key else {}) for key in (None, *kind.all_keys)
            ]
            bodies.append({"id": "a", "quantity": "5", "each": "5"})
            for body in bodies:
                with pytest.raises(source.PlanInvalid):
                    read_plan(
                        "plan: x\ncurrency: EUR\nmeasures: {m: {of: booking}, n: {of: b}}\n"
                        f"components:\n  - {kind.key}: {body}\n  - nothing: 1\n".replace("'", "")
                    )
    finally:
        source.Block.close = close  # type: ignore[method-assign]
    for kind in KINDS:
        fields = {each.key for each in kind.all_keys}
        assert len(fields) == len(kind.all_keys), kind.key
        others = OTHER_NAMES.get(kind.key, frozenset())
        assert asked[kind.key] - {"id"} == fields | others, kind.key


def test_every_choice_has_words_and_every_kind_begins_as_something() -> None:
    for kind in KINDS:
        for key in kind.all_keys:
            assert set(key.options) <= set(WORDS)
        assert kind.begins
        text = "plan: x\ncurrency: EUR\ncomponents:\n  - flat: {id: flat, rate: 5%}\n"
        text = with_new_part(text, kind.key, new_values(text, kind))
        added = [each for each in read_plan(text).components if each.kind == kind.key]
        assert added


@given(
    st.lists(
        st.tuples(st.text(max_size=8), st.text(max_size=8)).filter(
            lambda pair: bool((pair[0] + pair[1]).split())
        ),
        max_size=6,
    )
)
def test_pairs_read_back_as_they_were_typed(pairs: list[tuple[str, str]]) -> None:
    printable = [(_printable(a), _printable(b)) for a, b in pairs]
    kept = [(a, b) for a, b in printable if a or b]
    assert pairs_of(pairs_as_text(printable)) == kept


def _printable(text: str) -> str:
    return " ".join("".join(each for each in text if each.isprintable()).split())


def test_names_are_a_list_or_one() -> None:
    assert names_as_text(" base ") == "base"
    assert names_as_text("base, kicker,") == "[base, kicker]"
    assert names_as_text("[base, kicker]") == "[base, kicker]"
    assert names_as_text("") == ""


@given(st.text(max_size=30), st.sampled_from(["label", "when", "amount"]))
def test_whatever_is_typed_into_a_field_stays_in_that_field(typed: str, key: str) -> None:
    typed = _printable(typed)
    text = with_part(PLAN, "1", "spif", {"id": "push", "amount": "100", key: typed})
    parts = parts_of(text)
    assert [each.kind for each in parts] == ["tiered", "spif", "cap", "clawback"]
    assert parts[1].values.get(key, "") == typed
    for a, b in pairwise(parts):
        assert a.line < b.line
