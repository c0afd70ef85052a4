"""HTML as the typesetter takes it: what a reader sees, and nothing that would be fetched or run."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from lxml import html as parser

from dealwright.base.errors import Invalid
from dealwright.signing.documents.sources import A4, Flow

_LEFT_OUT = {
    "script": "A script was left out.",
    "iframe": "A page within the page was left out.",
    "frame": "A page within the page was left out.",
    "object": "An embedded object was left out.",
    "embed": "An embedded object was left out.",
    "applet": "An embedded object was left out.",
    "video": "A film or sound was left out.",
    "audio": "A film or sound was left out.",
    "svg": "A drawing was left out.",
    "canvas": "A drawing was left out.",
    "math": "A formula was left out.",
    "input": "Form fields were left out.",
    "select": "Form fields were left out.",
    "textarea": "Form fields were left out.",
    "button": "Form fields were left out.",
}
_SILENT = {"style", "head", "template", "noscript", "meta", "title", "base"}
_BLOCKS = {
    "p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "body", "html",
    "address", "figure", "figcaption", "blockquote", "pre", "ul", "ol", "li", "dl", "dt", "dd",
    "form", "fieldset", "legend", "center", "details", "summary",
    "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
_MARKS: dict[str, dict[str, Any]] = {
    "b": {"b": True}, "strong": {"b": True}, "th": {"b": True}, "dt": {"b": True},
    "i": {"i": True}, "em": {"i": True}, "cite": {"i": True}, "var": {"i": True},
    "u": {"u": True}, "ins": {"u": True}, "s": {"x": True}, "del": {"x": True},
    "strike": {"x": True}, "sup": {"sup": True}, "sub": {"sub": True}, "small": {"z": 9},
    "code": {"m": True}, "kbd": {"m": True}, "samp": {"m": True}, "tt": {"m": True},
}  # fmt: skip
_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})$")
_SIZE = re.compile(r"(\d{1,3}(?:\.\d+)?)(pt|px)$")
_MAX_DEPTH = 200


def read_html(content: bytes) -> Flow:
    """The page's content in A4. Raises Invalid where it cannot be read."""
    reader = parser.HTMLParser(no_network=True, huge_tree=False, remove_comments=True)
    try:
        tree = parser.document_fromstring(content, parser=reader)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, RecursionError):
        sentence = "The HTML file cannot be read. Save it as PDF."
        raise Invalid(sentence, fields={"document": [sentence]}) from None
    flow = Flow()
    if tree.xpath("//link[@rel='stylesheet']") or b"@import" in content:
        flow.notes.add("A style sheet from elsewhere was left out.")
    blocks = _Reader(flow).read(tree)
    margin = 62.0
    flow.sections.append(
        {
            "width": A4[0], "height": A4[1], "left": margin, "right": margin, "top": margin,
            "bottom": margin, "header": [], "footer": [], "blocks": blocks,
        }
    )  # fmt: skip
    return flow


class _Reader:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def read(self, element: Any, marks: dict[str, Any] | None = None, depth: int = 0) -> list[Any]:
        """The blocks of an element."""
        blocks: list[dict[str, Any]] = []
        self._into(element, blocks, marks or {}, {"align": "left", "indent": 0}, depth)
        return blocks

    def _into(
        self, element: Any, blocks: list[Any], marks: dict[str, Any], shape: dict[str, Any],
        depth: int,
    ) -> None:  # fmt: skip
        if depth > _MAX_DEPTH:
            self.flow.notes.add("Parts nested very deeply were left out.")
            return
        style = _style(element)
        marks = {**marks, **_MARKS.get(element.tag, {}), **_marks_of(style)}
        shape = {**shape, **_shape_of(element, style)}
        if style.get("page-break-before") == "always" or style.get("break-before") == "page":
            self.flow.add(blocks, {"t": "break"})
        runs: list[dict[str, Any]] = []
        self._text(element.text, runs, marks, shape)
        number = int(element.get("start", "1")) if element.get("start", "1").isdigit() else 1
        for child in element:
            if isinstance(child.tag, str):
                if child.tag == "li" and element.tag in ("ul", "ol"):
                    marker = f"{number}." if element.tag == "ol" else "•"
                    number += 1
                    self._end(blocks, runs, shape)
                    inner = {**shape, "indent": shape["indent"] + 18}
                    at = len(blocks)
                    self._child(child, blocks, runs, marks, inner, depth)
                    self._end(blocks, runs, inner)
                    if len(blocks) > at and blocks[at]["t"] == "p":
                        blocks[at]["marker"] = marker
                else:
                    self._child(child, blocks, runs, marks, shape, depth)
            self._text(child.tail, runs, marks, shape)
        self._end(blocks, runs, shape)

    def _child(
        self, child: Any, blocks: list[Any], runs: list[Any], marks: dict[str, Any],
        shape: dict[str, Any], depth: int,
    ) -> None:  # fmt: skip
        tag = child.tag
        style = _style(child)
        if tag in _LEFT_OUT:
            self.flow.notes.add(_LEFT_OUT[tag])
        elif tag in _SILENT:
            return
        elif (
            style.get("display") == "none"
            or style.get("visibility") == "hidden"
            or child.get("hidden") is not None
        ):
            self.flow.notes.add("Hidden text was left out.")
        elif tag == "br":
            runs.append({"s": "\n"})
        elif tag == "hr":
            self._end(blocks, runs, shape)
            self.flow.add(blocks, {"t": "rule"})
        elif tag == "img":
            self._end(blocks, runs, shape)
            if (picture := self._picture(child)) is not None:
                self.flow.add(blocks, picture)
        elif tag == "table":
            self._end(blocks, runs, shape)
            if (table := self._table(child, marks, depth)) is not None:
                self.flow.add(blocks, table)
        elif tag in _BLOCKS:
            self._end(blocks, runs, shape)
            self._into(child, blocks, marks, {**shape, "level": 0, "pre": False}, depth + 1)
        else:
            self._inline(child, blocks, runs, marks, shape, depth + 1)

    def _inline(
        self, element: Any, blocks: list[Any], runs: list[Any], marks: dict[str, Any],
        shape: dict[str, Any], depth: int,
    ) -> None:  # fmt: skip
        if depth > _MAX_DEPTH:
            self.flow.notes.add("Parts nested very deeply were left out.")
            return
        marks = {**marks, **_MARKS.get(element.tag, {}), **_marks_of(_style(element))}
        if element.tag == "a" and element.get("href"):
            address = element.get("href").strip()
            if address.startswith(("http://", "https://", "mailto:")) and len(address) < 2_000:
                marks["href"] = address
            elif not address.startswith("#"):
                self.flow.notes.add("A link that leads to no web page was left out.")
        self._text(element.text, runs, marks, shape)
        for child in element:
            if isinstance(child.tag, str):
                self._child(child, blocks, runs, marks, shape, depth)
            self._text(child.tail, runs, marks, shape)

    def _text(
        self, text: str | None, runs: list[Any], marks: dict[str, Any], shape: dict[str, Any]
    ) -> None:
        if not text:
            return
        plain = text if shape.get("pre") else re.sub(r"[ \t\r\n\f]+", " ", text)
        if plain:
            runs.append({**marks, "s": _clean(plain)})

    def _end(self, blocks: list[Any], runs: list[Any], shape: dict[str, Any]) -> None:
        """A paragraph of the runs so far, where they say anything."""
        if "".join(run["s"] for run in runs).strip():
            if not shape.get("pre"):
                runs[0]["s"] = runs[0]["s"].lstrip(" ")
            self.flow.add(blocks, {"t": "p", **shape, "runs": list(runs)})
        runs.clear()

    def _picture(self, element: Any) -> dict[str, Any] | None:
        source = (element.get("src") or "").strip()
        match = re.match(r"data:image/[a-z.+-]+;base64,", source[:60], re.IGNORECASE)
        if match is None:
            self.flow.notes.add("A picture from elsewhere was left out.")
            return None
        try:
            content = base64.b64decode(source[match.end() :], validate=False)
        except (binascii.Error, ValueError):
            content = b""
        return self.flow.picture(content, _points(element.get("width")))

    def _table(self, table: Any, marks: dict[str, Any], depth: int) -> dict[str, Any] | None:
        rows: list[list[dict[str, Any]]] = [
            [
                {
                    "colspan": _span(cell.get("colspan")),
                    "rowspan": _span(cell.get("rowspan")),
                    "blocks": self.read(cell, marks, depth + 1),
                }
                for cell in row
                if cell.tag in ("td", "th")
            ]
            for row in table.iter("tr")
            if next(row.iterancestors("table"), None) is table
        ]
        rows = fitted(rows)
        if not rows:
            return None
        columns = sum(cell["colspan"] for cell in rows[0])
        return {"t": "table", "widths": [0] * columns, "rows": rows, "border": True}


def fitted(rows: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """The rows as a table without holes and overlaps: every row as wide as the widest, no cell
    taller than the table."""
    rows = [row for row in rows if row]
    if not rows:
        return []
    taken: list[dict[int, bool]] = [{} for _ in rows]
    placed: list[list[tuple[int, dict[str, Any]]]] = [[] for _ in rows]
    width = 1
    for at, row in enumerate(rows):
        column = 0
        for cell in row:
            while taken[at].get(column):
                column += 1
            span = 1
            most = min(cell["colspan"], 64 - column)
            while span < most and not taken[at].get(column + span):
                span += 1
            if column >= 64:
                break
            tall = min(cell["rowspan"], len(rows) - at)
            for down in range(tall):
                for across in range(span):
                    taken[at + down][column + across] = True
            placed[at].append((column, {**cell, "colspan": span, "rowspan": tall}))
            column += span
        width = max(width, max(taken[at], default=0) + 1)
    for at in range(len(rows)):
        for column in range(width):
            if not taken[at].get(column):
                taken[at][column] = True
                placed[at].append((column, {"colspan": 1, "rowspan": 1, "blocks": []}))
        placed[at].sort(key=lambda each: each[0])
    return [[cell for _, cell in row] for row in placed]


def _style(element: Any) -> dict[str, str]:
    found = {}
    for part in (element.get("style") or "")[:2_000].split(";"):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip().lower()] = value.strip().lower()
    return found


def _marks_of(style: dict[str, str]) -> dict[str, Any]:
    marks: dict[str, Any] = {}
    if style.get("font-weight") in ("bold", "600", "700", "800", "900"):
        marks["b"] = True
    if style.get("font-style") in ("italic", "oblique"):
        marks["i"] = True
    decoration = style.get("text-decoration", "")
    if "underline" in decoration:
        marks["u"] = True
    if "line-through" in decoration:
        marks["x"] = True
    if _COLOUR.match(style.get("color", "")):
        marks["c"] = style["color"]
    if size := _points(style.get("font-size")):
        marks["z"] = min(max(size, 4.0), 72.0)
    return marks


def _shape_of(element: Any, style: dict[str, str]) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    align = style.get("text-align") or (element.get("align") or "").lower()
    if element.tag == "center":
        align = "center"
    if align in ("left", "right", "center", "justify"):
        shape["align"] = align
    if re.fullmatch("h[1-6]", element.tag):
        shape["level"] = int(element.tag[1])
    if element.tag == "pre":
        shape["pre"] = True
    if element.tag in ("blockquote", "dd"):
        shape["indent"] = 24
    return shape


def _points(text: str | None) -> float:
    match = _SIZE.match((text or "").strip().lower() + ("px" if (text or "").isdigit() else ""))
    if match is None:
        return 0.0
    return float(match[1]) * (0.75 if match[2] == "px" else 1.0)


def _span(text: str | None) -> int:
    return min(int(text), 64) if text and re.fullmatch("[1-9][0-9]?", text) else 1


def _clean(text: str) -> str:
    return "".join(char for char in text if char >= " " or char in "\n\t")
