"""From the cells of a row to the attributes of a record; what is odd is told, never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any

from rapidfuzz import fuzz, process

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.objects.values import attribute_of, clean_value
from dealwright.base.transfer.choices import Choices
from dealwright.base.transfer.formats import parse_datetime, parse_number
from dealwright.base.transfer.plan import EXTERNAL_ID, ColumnPlan, TablePlan
from dealwright.base.transfer.relations import Resolver
from dealwright.base.transfer.report import Report
from dealwright.base.transfer.sources import Row, Table
from dealwright.base.transfer.writers import Writer

_NUMBERS = (Kind.NUMBER, Kind.INTEGER, Kind.MONEY, Kind.PERCENT)
_LINKS = (Kind.RELATION, Kind.USER)
_REPEATED = (*_NUMBERS, Kind.DATE, Kind.DATETIME, Kind.BOOLEAN)  # few texts in many rows
_KEPT_TEXTS = 10_000
_SET_LATER = object()
_SEVERAL = re.compile(r"\s*[,;]\s*")


@dataclass(slots=True)
class Later:
    """A cell that names a record of the same table: set when all rows are there."""

    row: int
    record_id: Any
    column: ColumnPlan
    field: Field
    texts: Sequence[str]


@dataclass(slots=True)
class Values:
    """What one row gives. ``later`` are links to rows of its own table."""

    attributes: dict[str, Any]
    extras: dict[str, Any]
    later: list[tuple[ColumnPlan, Field, Sequence[str]]]
    match_value: Any = None


@dataclass(slots=True)
class _Cell:
    """How the cells of one column are read, and the values of texts that came before."""

    key: str
    column: ColumnPlan
    field: Field
    attribute: str
    is_link: bool
    is_extra: bool
    is_match: bool
    known: dict[str, Any] = dataclass_field(default_factory=dict)

    def keep(self, text: str, value: Any) -> None:
        if len(self.known) >= _KEPT_TEXTS:
            self.known.clear()
        self.known[text] = value


class RowReader:
    """Reads the rows of one table by its plan."""

    def __init__(
        self,
        actor: Actor,
        table: Table,
        plan: TablePlan,
        writer: Writer,
        report: Report,
        *,
        accept_suggestions: bool,
    ) -> None:
        self.table = table
        self.plan = plan
        self.writer = writer
        self.report = report
        self.accept_suggestions = accept_suggestions
        self.columns = _columns(table, plan, writer)
        self._resolvers = {
            key: Resolver(actor, field, plan.system)
            for key, (_, field) in self.columns.items()
            if field.kind in _LINKS
        }
        self._choices = {
            key: Choices(plan.object, field)
            for key, (_, field) in self.columns.items()
            if field.kind == Kind.CHOICE
        }
        extra = {each.key for each in writer.extra_fields}
        self._cells = [
            _Cell(
                key,
                column,
                field,
                attribute=attribute_of(writer.object_type, field),
                is_link=field.kind in _LINKS,
                is_extra=key in extra,
                is_match=key == plan.match_by,
            )
            for key, (column, field) in self.columns.items()
        ]
        self._linked_group = f"{plan.object}: linked"
        self._usual: dict[str, dict[str, str]] = {}
        self._spellings: dict[tuple[str, str], str] = {}

    def learn(self, batch: Sequence[Row]) -> None:
        """Look up at once what all rows of a batch name."""
        for cell in self._cells:
            if cell.is_link:
                texts = {text for row in batch for text in _names_in(cell.column, row)}
                self._resolvers[cell.key].learn(texts)
                cell.known.clear()

    def values(self, row: Row) -> Values:
        """What a row gives; raises ValueError with the reason where it cannot be written."""
        found = Values(dict(self.plan.defaults), {}, [])
        custom: dict[str, Any] = {}
        unread: list[tuple[Field, str]] = []
        for cell in self._cells:
            text = _replaced(cell.column, row.values.get(cell.column.column, ""))
            value = cell.known.get(text)
            if value is None:
                value = self._read(cell, row, text, found, unread)
                if value is _SET_LATER:
                    continue
                if value is None and cell.field.required:
                    raise ValueError(f"{cell.field.label} is empty.")
            elif cell.is_link:
                self.report.group(self._linked_group, cell.key)
            if cell.is_match:
                found.match_value = value
            if cell.is_extra:
                found.extras[cell.key] = value
            elif cell.field.custom:
                custom[cell.key] = value
            elif value is not None:
                found.attributes[cell.attribute] = value
            elif "__" not in cell.attribute:  # another record's own is not emptied from here
                found.attributes[cell.attribute] = _empty(self.writer.object_type, cell.attribute)
        for field, text in unread:
            self.writer.keep_unread(found.attributes, field, text)
        if custom:
            found.attributes["custom"] = custom
        return found

    def _read(
        self, cell: _Cell, row: Row, text: str, found: Values, unread: list[tuple[Field, str]]
    ) -> Any:
        """The value of a cell whose text is not known yet; what is the same in each row that
        has the text, and tells of nothing, is known from then on."""
        column, field = cell.column, cell.field
        if cell.is_link:
            texts = _names_in(column, row)
            if texts and self._is_of_own_table(cell.key, field, texts):
                found.later.append((column, field, texts))
                return _SET_LATER
            value = self._linked(column, field, row, texts)
            if value is not None and self._resolvers[cell.key].find(text) == value:
                cell.keep(text, value)
            return value
        if field.kind == Kind.CHOICE:
            value = self._chosen(column, field, row, text)
            if value is None and text:
                unread.append((field, text))
                return _SET_LATER
            if value is not None and self._choices[cell.key].find(text) == (value, False):
                cell.keep(text, value)
            return value
        value = self._cell(column, field, row, text)
        if value is not None and field.kind in _REPEATED and field.vocabulary is None:
            cell.keep(text, value)
        return value

    def _is_of_own_table(self, key: str, field: Field, texts: Sequence[str]) -> bool:
        if field.relation != self.plan.object:
            return False
        return all(self._resolvers[key].find(text) is None for text in texts)

    def _linked(self, column: ColumnPlan, field: Field, row: Row, texts: Sequence[str]) -> Any:
        """The id a cell names; an empty or unknown name is told, never guessed."""
        label = field.label.lower()
        if not texts:
            self._odd(
                "empty_relation",
                row,
                column,
                f"“{column.column}” is empty; the rows stay without {label}.",
            )
            return None
        resolver = self._resolvers[field.key]
        found = next((found for found in map(resolver.find, texts) if found is not None), None)
        if found is not None:
            self.report.group(self._linked_group, field.key)
            return found
        text = texts[-1]
        if resolver.is_ambiguous(text):
            message = f"“{text}” fits several {label} records; none was chosen."
            self._odd("ambiguous", row, column, message, value=text)
            return None
        suggestion = resolver.suggest(text)
        accepted = self._told_unmatched(
            row, column, text, suggestion, f"matches no {label}", "the rows stay without."
        )
        if not accepted:
            return None
        resolver.learn([suggestion])
        self.report.group(self._linked_group, field.key)
        return resolver.find(suggestion)

    def _chosen(self, column: ColumnPlan, field: Field, row: Row, text: str) -> Any:
        """The stored value of a choice; one that is none is told and the field stays empty,
        or the row is left out where the choice decides what the record is."""
        if not text:
            return None
        choices = self._choices[field.key]
        value, translated = choices.find(text)
        if value:
            if translated:
                message = f"{field.label}: “{text}” is read as “{choices.labels[value]}”."
                self._odd("read_as", row, column, message, value=text)
            return value
        meant = self.writer.suggest_choice(field, choices, text)
        label = choices.labels.get(meant, "")
        is_needed = field.required or field.key in self.writer.decisive
        allowed = ", ".join(list(choices.labels.values())[:12])
        if is_needed and not meant:
            raise ValueError(f"{field.label}: “{text[:40]}” is none of: {allowed}.")
        kind = f"is no {field.label.lower()} that there is"
        fate = "the rows are left out." if is_needed else "the rows stay without."
        if self._told_unmatched(row, column, text, label, kind, fate):
            return meant
        if is_needed:
            raise ValueError(
                f"{field.label}: “{text[:40]}” is none of: {allowed}. Did you mean “{label}”?"
            )
        return None

    def _told_unmatched(
        self, row: Row, column: ColumnPlan, text: str, suggestion: str, what: str, fate: str
    ) -> bool:
        """Tell of a word without a match; whether its suggestion is taken."""
        accepted = bool(suggestion) and self.accept_suggestions
        if accepted:
            message = f"“{text}” {what}; it was taken for “{suggestion}”."
        elif suggestion:
            message = f"“{text}” {what}; did you mean “{suggestion}”?"
        else:
            message = f"“{text}” {what}; {fate}"
        self._odd(
            "unmatched", row, column, message, value=text, suggestion=suggestion, accepted=accepted
        )
        return accepted

    def _cell(self, column: ColumnPlan, field: Field, row: Row, text: str) -> Any:
        if not text:
            return None
        value: Any = text
        if field.vocabulary is not None:
            value = self._spelt(column, field, row, text)
        elif field.kind in (Kind.EMAIL, Kind.PHONE):
            value = self._first_of(column, field, row, text)
        elif field.kind in _NUMBERS:
            number = parse_number(text, decimal_comma=column.decimal_comma)
            if number is None:
                raise ValueError(f"{field.label}: “{text[:40]}” is not a number.")
            value = number * column.factor
        elif field.kind in (Kind.DATE, Kind.DATETIME) and column.date_format:
            value = parse_datetime(text, column.date_format)
            if value is None:
                raise ValueError(
                    f"{field.label}: “{text[:40]}” is not a date of the form {column.date_format}."
                )
        return clean_value(self.writer.object_type, field, value)

    def _first_of(self, column: ColumnPlan, field: Field, row: Row, text: str) -> str:
        """The first of several addresses or numbers in one cell."""
        parts = [part for part in _SEVERAL.split(text) if part]
        if len(parts) > 1:
            message = f"“{column.column}” holds several; the first is the {field.label.lower()}."
            self._odd("several", row, column, message)
        return parts[0] if parts else text

    def _spelt(self, column: ColumnPlan, field: Field, row: Row, text: str) -> str:
        """The text, or the usual word it is a near miss of where suggestions are taken."""
        usual = self._usual.get(field.key)
        if usual is None:
            words = field.vocabulary() if field.vocabulary else ()
            usual = self._usual[field.key] = {word.casefold(): word for word in words}
        if text.casefold() in usual:
            return text
        known = self._spellings.get((field.key, text))
        if known is None:
            best = process.extractOne(
                text.casefold(), usual.keys(), scorer=fuzz.ratio, score_cutoff=85
            )
            known = self._spellings[(field.key, text)] = usual[best[0]] if best else ""
        if not known:
            return text
        accepted = self.accept_suggestions
        fate = f"it was taken for “{known}”." if accepted else f"did you mean “{known}”?"
        self._odd(
            "misspelt",
            row,
            column,
            f"“{text}” is no usual {field.label.lower()}; {fate}",
            value=text,
            suggestion=known,
            accepted=accepted,
        )
        if not accepted:
            return text
        return known if text[:1].isupper() else known.lower()

    def _odd(self, code: str, row: Row, column: ColumnPlan, message: str, **more: Any) -> None:
        self.report.odd(self.table.name, code, row.number, message, column=column.column, **more)


def _empty(of: ObjectType, name: str) -> Any:
    column: Any = of.model._meta.get_field(name.removesuffix("_id"))
    return None if column.null else column.get_default()


def _columns(table: Table, plan: TablePlan, writer: Writer) -> dict[str, tuple[ColumnPlan, Field]]:
    """The mapped columns by field key; raises Invalid for a column or field that is not there."""
    fields = {each.key: each for each in writer.fields()}
    chosen: dict[str, tuple[ColumnPlan, Field]] = {}
    for column in plan.columns:
        for name in filter(None, (column.column, column.otherwise)):
            if name not in table.header:
                raise Invalid(f"{table.path.name} has no column “{name}”.")
        if not column.field or column.field == EXTERNAL_ID:
            continue
        if column.field not in fields:
            raise Invalid(f"{plan.object} has no field “{column.field}” to import to.")
        if column.field in chosen:
            raise Invalid(f"Two columns of {table.path.name} go to “{column.field}”.")
        target = fields[column.field]
        if callable(target.choices):  # asked once, not once per row
            target = replace(target, choices=list(target.options))
        chosen[column.field] = (column, target)
    if plan.match_by == EXTERNAL_ID and plan.column_for(EXTERNAL_ID) is None:
        raise Invalid(f"No column of {table.path.name} is the key to match by.")
    return chosen


def _names_in(column: ColumnPlan, row: Row) -> list[str]:
    """What a link's cell names, the surest first: itself, the first of several ids in it, and
    the cell that stands in for it."""
    texts = []
    for name in filter(None, (column.column, column.otherwise)):
        text = _replaced(column, row.values.get(name, ""))
        if text:
            texts.append(text)
            if ";" in text:
                texts.append(text.partition(";")[0].strip())
    return texts


def _replaced(column: ColumnPlan, text: str) -> str:
    return column.replacements.get(text, text)
