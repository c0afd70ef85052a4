"""Plan text as nodes that know their line, so that every complaint can name it.

YAML is read as text only: no tags, no anchors, no implicit types. ``0.05`` stays the decimal
a person typed and never becomes a binary fraction on the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation

import yaml

from dealwright.base.errors import Invalid
from dealwright.base.spelling import nearest

MAX_LENGTH = 200_000
MAX_DEPTH = 12
MAX_PLACES = 6  # decimals that the exact types of every engine keep
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{1,12})?|\.\d{1,12})")


def is_number(text: str) -> bool:
    """Whether a value reads as a number such as ``0.05``, ``5%`` or ``1_000``."""
    digits = text.replace("_", "").replace(" ", "").removesuffix("%")
    return _NUMBER.fullmatch(digits) is not None


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a plan's text; ``line`` counts from 1."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class PlanInvalid(Invalid):
    """The text is no plan; ``problems`` holds every reason with its line."""

    default_code = "plan_invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(set(problems))
        count = len(self.problems)
        super().__init__(
            f"The plan has {count} error{'s' if count != 1 else ''}.",
            fields={"text": [str(each) for each in self.problems]},
        )


@dataclass(slots=True)
class Complaints:
    """Collects problems, so that one check tells all of them."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, line: int, message: str) -> None:
        self.problems.append(Problem(line, message))

    def stop_if_any(self) -> None:
        """Raises PlanInvalid where something was wrong."""
        if self.problems:
            raise PlanInvalid(self.problems)


def read_root(text: str, complaints: Complaints) -> Block:
    """The plan's outermost mapping. Raises PlanInvalid where the text is no YAML mapping."""
    return Block(read_text_nodes(text, complaints), "plan", complaints)


def read_text_nodes(text: str, complaints: Complaints | None = None) -> yaml.MappingNode:
    """The nodes of a text with their places in it. Raises PlanInvalid as ``read_root`` does."""
    complaints = Complaints() if complaints is None else complaints
    if len(text) > MAX_LENGTH:
        complaints.add(1, f"A plan may have at most {MAX_LENGTH:,} characters.")
        complaints.stop_if_any()
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                mark = event.start_mark
                complaints.add(mark.line + 1 if mark else 1, "Anchors and aliases are not allowed.")
                complaints.stop_if_any()
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = f"This is not YAML: {error.problem}."
        if error.problem and "'\\t'" in error.problem:
            said = "A tab stands here; YAML is indented with spaces only."
        complaints.add(mark.line + 1 if mark else 1, said)
    except (yaml.YAMLError, RecursionError) as error:
        complaints.add(1, f"This is not YAML: {str(error).splitlines()[0][:120]}.")
    complaints.stop_if_any()
    if isinstance(node, yaml.MappingNode):
        return node
    complaints.add(1, "A plan is a mapping such as “plan: name” with one key per line.")
    raise PlanInvalid(complaints.problems)


@dataclass(frozen=True, slots=True)
class Item:
    """One value in the text: scalar, list or mapping."""

    node: yaml.Node
    place: str
    complaints: Complaints

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def complain(self, message: str) -> None:
        self.complaints.add(self.line, f"{self.place}: {message}")

    def reading(self, text: str) -> Item:
        """The same place in the text with a part of its value."""
        return replace(self, node=yaml.ScalarNode("", text, self.node.start_mark))

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def block(self) -> Block | None:
        if isinstance(self.node, yaml.MappingNode):
            return Block(self.node, self.place, self.complaints)
        self.complain("expected keys with values, such as “rate: 0.05”.")
        return None

    def items(self) -> list[Item]:
        """The entries of a list; a single value counts as a list of one."""
        if isinstance(self.node, yaml.SequenceNode):
            return [Item(each, self.place, self.complaints) for each in self.node.value]
        return [self]

    def text(self) -> str | None:
        if isinstance(self.node, yaml.ScalarNode):
            return str(self.node.value).strip()
        self.complain("expected one value, not a list or mapping.")
        return None

    def name(self) -> str | None:
        """An identifier: lower case letters, digits and underscore."""
        text = self.text()
        if text is None:
            return None
        if not _NAME.fullmatch(text):
            self.complain(
                f"“{text[:40]}” is no name; use lower case letters, digits and “_”, "
                "starting with a letter (at most 40)."
            )
            return None
        return text

    def number(self, *, low: Decimal | None = None, high: Decimal | None = None) -> Decimal | None:
        """A decimal; ``5%`` is 0.05 and ``1_000`` is 1000."""
        text = self.text()
        if text is None:
            return None
        digits = text.replace("_", "").replace(" ", "")
        percent = digits.endswith("%")
        digits = digits.removesuffix("%")
        if not _NUMBER.fullmatch(digits):
            self.complain(f"“{text[:40]}” is not a number such as 0.05, 5% or 1000.")
            return None
        try:
            value = Decimal(digits).scaleb(-2) if percent else Decimal(digits)
        except InvalidOperation:
            self.complain(f"“{text[:40]}” is not a number.")
            return None
        if value != round(value, MAX_PLACES):
            self.complain(
                f"{text[:40]} has too many decimals; there may be {MAX_PLACES}, "
                f"or {MAX_PLACES - 2} of a percentage."
            )
            return None
        if low is not None and value < low:
            self.complain(f"{text} is too small; the least is {low}.")
            return None
        if high is not None and value > high:
            self.complain(f"{text} is too large; the most is {high}.")
            return None
        return value

    def day(self) -> date | None:
        text = self.text()
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.complain(f"“{text[:40]}” is not a date like 2027-01-31.")
            return None

    def choice(self, options: Iterable[str]) -> str | None:
        text = self.text()
        allowed = list(options)
        if text is None or text in allowed:
            return text
        self.complain(f"“{text[:40]}” is none of: {', '.join(allowed)}.{hint(text, allowed)}")
        return None

    def boolean(self) -> bool | None:
        text = self.text()
        if text is None:
            return None
        if text.lower() in ("true", "yes"):
            return True
        if text.lower() in ("false", "no"):
            return False
        self.complain(f"“{text[:40]}” is neither true nor false.")
        return None


class Block:
    """A mapping being read: each key is taken once, what nobody took is a mistake."""

    __slots__ = ("_asked", "_entries", "_keys", "complaints", "line", "place")

    def __init__(self, node: yaml.MappingNode, place: str, complaints: Complaints) -> None:
        self.place = place
        self.complaints = complaints
        self.line = int(node.start_mark.line) + 1
        self._entries: dict[str, Item] = {}
        self._keys: dict[str, int] = {}
        self._asked: set[str] = set()
        for key_node, value_node in node.value:
            line = int(key_node.start_mark.line) + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                complaints.add(line, f"{place}: a key must be a plain word.")
                continue
            if key in self._entries:
                complaints.add(line, f"{place}: “{key}” is given twice.")
                continue
            self._entries[key] = Item(value_node, f"{place} › {key}", complaints)
            self._keys[key] = line

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def entries(self) -> Iterator[tuple[str, Item]]:
        """Every key that is still untaken, with its value."""
        for key in list(self._entries):
            yield key, self._entries.pop(key)

    def line_of(self, key: str) -> int:
        return self._keys.get(key, self.line)

    def take(self, key: str, *, required: bool = False) -> Item | None:
        """The value under a key, or None with a complaint where it is required."""
        self._asked.add(key)
        item = self._entries.pop(key, None)
        if item is None and required:
            self.complain(f"“{key}” is missing.")
        return item

    def complain(self, message: str, line: int | None = None) -> None:
        self.complaints.add(line or self.line, f"{self.place}: {message}")

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        item = self.take(key, required=required)
        return default if item is None else item.text() or default

    def number(
        self,
        key: str,
        default: Decimal | None = None,
        *,
        required: bool = False,
        low: Decimal | None = None,
        high: Decimal | None = None,
    ) -> Decimal | None:
        item = self.take(key, required=required)
        return default if item is None else item.number(low=low, high=high)

    def integer(self, key: str, default: int, *, low: int = 0, high: int = 1_000_000) -> int:
        item = self.take(key)
        if item is None:
            return default
        value = item.number(low=Decimal(low), high=Decimal(high))
        if value is None:
            return default
        if value != value.to_integral_value():
            item.complain(f"{value} must be a whole number.")
            return default
        return int(value)

    def day(self, key: str) -> date | None:
        item = self.take(key)
        return None if item is None else item.day()

    def choice(self, key: str, options: Iterable[str], default: str) -> str:
        item = self.take(key)
        return default if item is None else item.choice(options) or default

    def boolean(self, key: str, default: bool) -> bool:
        item = self.take(key)
        value = None if item is None else item.boolean()
        return default if value is None else value

    def names(self, key: str) -> tuple[str, ...]:
        """One or more identifiers: ``on: base`` or ``on: [base, kicker]``."""
        item = self.take(key)
        if item is None:
            return ()
        return tuple(name for each in item.items() if (name := each.name()) is not None)

    def close(self) -> None:
        """Complain about every key that nobody read, naming the one that was probably meant."""
        asked = sorted(self._asked)
        for key in self._entries:
            self.complaints.add(
                self._keys[key], f"{self.place}: “{key}” is not known here.{hint(key, asked)}"
            )
        self._entries.clear()


def hint(word: str, options: Sequence[str]) -> str:
    near = nearest(word, options)
    return f" Did you mean “{near}”?" if near else ""
