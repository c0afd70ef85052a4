"""What a form of a plan's component sent, as plan text, and plan text as a form shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import yaml

from dealwright.compensation.plans.kind_fields import EARNS, Kind
from dealwright.compensation.plans.kinds import BY_KEY
from dealwright.compensation.plans.rewriting import SETTLED, Flow, Part, parts_of

_PLAIN = re.compile(r"\w[\w .+/%()-]*")


def pairs_of(value: str) -> list[tuple[str, str]]:
    """``[[0, 5%], [100%, 7%]]`` or ``[{from: 0, rate: 5%}]`` as pairs of texts."""
    try:
        node = yaml.compose(value, Loader=yaml.SafeLoader) if value else None
    except yaml.YAMLError:
        return []
    if not isinstance(node, yaml.SequenceNode):
        return []
    pairs = []
    for entry in node.value:
        if isinstance(entry, yaml.SequenceNode):
            inside = [str(each.value) for each in entry.value]
        elif isinstance(entry, yaml.MappingNode):
            inside = [str(each.value) for _, each in entry.value]
        else:
            inside = [str(entry.value)]
        pairs.append((inside[0] if inside else "", inside[1] if len(inside) > 1 else ""))
    return pairs


def pairs_as_text(pairs: Sequence[tuple[str, str]]) -> str:
    """Pairs of texts as a list in plan text; pairs without a word in them are left out."""
    written = [f"[{_bare(a)}, {_bare(b)}]" for a, b in pairs if a.strip() or b.strip()]
    return f"[{', '.join(written)}]" if written else ""


def names_as_text(value: str) -> str:
    """``base, kicker`` as ``[base, kicker]``; one name stands alone."""
    names = [each.strip() for each in value.strip("[] ").split(",") if each.strip()]
    return names[0] if len(names) == 1 else f"[{', '.join(map(_bare, names))}]" if names else ""


def values_of(kind: Kind, given: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """What a form sent as the keys of a part, in the order of the form. ``given`` has texts by
    key; of a list of pairs ``key.0.a`` and ``key.0.b``. Keys that no form knows stay as they
    were. A choice that is what holds anyway is not written, unless it stood there before."""
    values = {"id": given.get("id") or before.get("id", "")}
    for key in kind.all_keys:
        if key.asked == "pairs":
            text: str = Flow(pairs_as_text(_sent_pairs(given, key.key)))
        else:
            text = given.get(key.key, "").strip()
        if key.asked == "names":
            text = Flow(names_as_text(text))
        elif key.asked == "lines" or (text.startswith(("[", "{")) and text == before.get(key.key)):
            text = Flow(text)
        elif key.asked in ("choice", "flag") and key.key not in before and text == key.options[0]:
            text = ""
        values[key.key] = text
    known = {each.key for each in kind.all_keys}
    return values | {key: text for key, text in before.items() if key not in known | {"id"}}


def new_values(text: str, kind: Kind) -> dict[str, str]:
    """What a new component of a kind begins with in a text: an id of its own first."""
    taken = {each.values.get("id") or each.kind for each in parts_of(text)}
    stem = kind.key
    number = next(n for n in range(1, 1000) if (stem if n == 1 else f"{stem}_{n}") not in taken)
    values: dict[str, str] = {"id": stem if number == 1 else f"{stem}_{number}"}
    for key, value in (kind.begins or {}).items():
        values[key] = Flow(value) if value.startswith(("[", "{")) else value
    earlier = [
        each.values["id"]
        for each in parts_of(text)
        if each.kind not in SETTLED and BY_KEY.get(each.kind) and BY_KEY[each.kind].group == EARNS
        and "id" in each.values
    ]  # fmt: skip
    if kind.key in ("gate", "multiplier") and earlier:
        values["on"] = earlier[-1]
    return values


def title_of(part: Part) -> str:
    """The name of a part as a person knows it."""
    return (
        part.values.get("label") or part.values.get("id", part.kind).replace("_", " ").capitalize()
    )


def _sent_pairs(given: Mapping[str, str], key: str) -> list[tuple[str, str]]:
    pairs = []
    for number in range(60):
        a, b = given.get(f"{key}.{number}.a"), given.get(f"{key}.{number}.b")
        if a is None and b is None:
            break
        pairs.append((a or "", b or ""))
    return pairs


def _bare(value: str) -> str:
    """A value inside a list, in quotes unless it is a plain word or number."""
    text = " ".join(value.split())
    return (
        text
        if _PLAIN.fullmatch(text)
        else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
