"""Changing a plan's text by parts: one component or the head, everything else as it was typed.

The text stays the only source. A part is found by where its nodes begin and end, and only that
stretch is written anew, so that comments and the order of keys elsewhere are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.compensation.plans.source import MAX_LENGTH, PlanInvalid, read_text_nodes

SETTLED = ("draw", "clawback")  # may stand at the plan's own level as well
_PLAIN = re.compile(r"[^\W_][\w .+()/%'-]*")
_WORDS = ("true", "false", "yes", "no", "null", "on", "off", "~")


class Flow(str):
    """The text of a list or mapping in one line, such as ``[[0, 5%], [100%, 7%]]``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One component as it stands in the text.

    ``place`` names it for the functions below: its number among the components, or the key at
    the plan's own level with its number there (``draw.0``). ``values`` are the keys with the
    text after them.
    """

    place: str
    kind: str
    values: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class _Found:
    part: Part
    start: int  # where the kind's name begins, or the value of a key at the plan's level
    end: int
    indent: int  # of the keys inside
    key_start: int  # where the whole entry begins, list mark or key included
    at_root: bool


def parts_of(text: str) -> list[Part]:
    """The components of a text in their order; empty where it is no YAML mapping."""
    try:
        return [each.part for each in _find(text)]
    except PlanInvalid:
        return []


def head_of(text: str, keys: Sequence[str]) -> dict[str, str]:
    """What stands after some keys at the plan's own level; "" where one is not there."""
    try:
        root = read_text_nodes(text)
    except PlanInvalid:
        return dict.fromkeys(keys, "")
    found = {
        str(key.value): text[value.start_mark.index : _end(value)] for key, value in root.value
    }
    return {key: found.get(key, "") for key in keys}


def with_head(text: str, values: Mapping[str, str]) -> str:
    """The text with some keys at the plan's own level set, or taken out where "". New ones
    come after the ``plan`` line. Raises PlanInvalid for a text that is no YAML."""
    for key, value in values.items():
        root = read_text_nodes(text)
        entry = next((each for each in root.value if each[0].value == key), None)
        written = _scalar(value)
        if entry is not None and value:
            text = text[: entry[1].start_mark.index] + written + text[_end(entry[1]) :]
        elif entry is not None:
            start = _line_start(text, entry[0].start_mark.index)
            text = text[:start] + text[_line_end(text, _end(entry[1])) :]
        elif value:
            first = root.value[0][1] if root.value else None
            at = _line_end(text, _end(first)) if first is not None else 0
            before = text[:at] if not at or text[at - 1] == "\n" else text[:at] + "\n"
            text = f"{before}{key}: {written}\n{text[at:]}"
    return _checked(text)


def with_part(text: str, place: str, kind: str, values: Mapping[str, str]) -> str:
    """The text with the part at ``place`` written anew: one key a line, in the order given;
    keys without a value are left out. Raises NotFound where there is no such part."""
    found = _at(text, place)
    inner = _entries(values, found.indent)
    if found.at_root:
        written = ("\n" + " " * found.indent + inner) if inner else "{}"
    else:
        written = f"{kind}:\n{' ' * found.indent}{inner}" if inner else f"{kind}: {{}}"
    return _checked(text[: found.start] + written + text[found.end :])


def without_part(text: str, place: str) -> str:
    """The text without one part. Raises Conflict for the last component, NotFound."""
    found = _at(text, place)
    if not found.at_root and sum(not each.at_root for each in _find(text)) == 1:
        raise Conflict("A plan needs at least one component. Add another one before.")
    start = _line_start(text, found.key_start)
    return _checked(text[:start] + text[_line_end(text, found.end) :])


def with_new_part(text: str, kind: str, values: Mapping[str, str]) -> str:
    """The text with a component at the end of its components. Raises PlanInvalid or Invalid
    for a text whose ``components`` are written in one line."""
    components = [each for each in _find(text) if not each.at_root]
    if components:
        last = components[-1]
        column = last.start - _line_start(text, last.start)
        mark = last.key_start - _line_start(text, last.key_start)
        at = _line_end(text, last.end)
    else:
        column, mark, at = 4, 2, len(text)
        root = read_text_nodes(text)
        if any(key.value == "components" for key, _ in root.value):
            raise Invalid("Write the first component in the text.", fields={"text": ["No list."]})
        text = text.rstrip("\n") + "\ncomponents:\n"
        at = len(text)
    if at and text[at - 1] != "\n":
        text = text[:at] + "\n" + text[at:]
        at += 1
    gap = " " * (column - mark - 1)
    inner = _entries(values, column + 2)
    entry = f"{' ' * mark}-{gap}{kind}:\n{' ' * (column + 2)}{inner}\n"
    return _checked(text[:at] + entry + text[at:])


def with_part_moved(text: str, place: str, by: int) -> str:
    """The text with a component one place up (``by`` -1) or down (1); as it was at the ends."""
    components = [each for each in _find(text) if not each.at_root]
    index = next((at for at, each in enumerate(components) if each.part.place == place), None)
    if index is None:
        raise NotFound("There is no such component in the text.")
    other = index + by
    if not 0 <= other < len(components):
        return text
    first, second = sorted((index, other))
    a = (_line_start(text, components[first].key_start), _line_end(text, components[first].end))
    b = (_line_start(text, components[second].key_start), _line_end(text, components[second].end))
    moved = text[b[0] : b[1]]
    if not moved.endswith("\n"):
        moved += "\n"
    return _checked(text[: a[0]] + moved + text[a[1] : b[0]] + text[a[0] : a[1]] + text[b[1] :])


def _find(text: str) -> Iterator[_Found]:
    root = read_text_nodes(text)
    for key, value in root.value:
        if key.value == "components" and isinstance(value, yaml.SequenceNode):
            if value.flow_style:
                return
            for number, entry in enumerate(value.value):
                found = _component(text, entry, number)
                if found is not None:
                    yield found
        elif key.value in SETTLED and isinstance(value, yaml.MappingNode):
            begins = value.start_mark.index if value.flow_style else key.end_mark.index + 1
            yield _Found(
                Part(f"{key.value}.0", str(key.value), _values(value), _line(key)),
                begins,  # a block begins lines below the colon
                _end(value),
                2,
                key.start_mark.index,
                at_root=True,
            )


def _component(text: str, entry: yaml.Node, number: int) -> _Found | None:
    if not isinstance(entry, yaml.MappingNode) or len(entry.value) != 1 or entry.flow_style:
        return None
    (kind, inside) = entry.value[0]
    if not isinstance(inside, yaml.MappingNode):
        return None
    mark = text.rfind("-", 0, kind.start_mark.index)
    return _Found(
        Part(str(number), str(kind.value), _values(inside), _line(kind)),
        kind.start_mark.index,
        _end(inside),
        int(kind.start_mark.column) + 2,
        mark,
        at_root=False,
    )


def _values(node: yaml.MappingNode) -> dict[str, str]:
    return {
        str(key.value): _typed(value)
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode)
    }


def _typed(node: yaml.Node) -> str:
    """A scalar's value; a list or mapping in one line."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else Flow(_in_flow(node))


def _in_flow(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return _flow_scalar(str(node.value))
    if isinstance(node, yaml.SequenceNode):
        return f"[{', '.join(_in_flow(each) for each in node.value)}]"
    assert isinstance(node, yaml.MappingNode)
    inside = ", ".join(f"{key.value}: {_in_flow(value)}" for key, value in node.value)
    return f"{{{inside}}}"


def _at(text: str, place: str) -> _Found:
    found = next((each for each in _find(text) if each.part.place == place), None)
    if found is None:
        raise NotFound("There is no such component in the text.")
    return found


def _entries(values: Mapping[str, str], indent: int) -> str:
    lines = [f"{key}: {_scalar(value)}" for key, value in values.items() if value]
    return ("\n" + " " * indent).join(lines)


def _scalar(value: str) -> str:
    """The text of a value: lists and mappings as they are, words in quotes where they need."""
    is_flow = isinstance(value, Flow) and _is_flow(value)
    value = " ".join(value.split())
    return value if is_flow or _is_plain(value) else _quoted(value)


def _is_flow(value: str) -> bool:
    try:
        node = yaml.compose(value, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    return isinstance(node, yaml.CollectionNode)


def _flow_scalar(value: str) -> str:
    return value if _is_plain(value) and "," not in value else _quoted(value)


def _is_plain(value: str) -> bool:
    return _PLAIN.fullmatch(value) is not None and value.lower() not in _WORDS[4:]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _end(node: yaml.Node) -> int:
    """Where a node's text ends; a block's own mark lies after the comments that follow it."""
    if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False) or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _checked(text: str) -> str:
    if len(text) > MAX_LENGTH:
        sentence = f"A plan may have at most {MAX_LENGTH:,} characters."
        raise Invalid(sentence, fields={"text": [sentence]})
    return text
