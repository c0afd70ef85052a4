"""Word files as the typesetter takes them: what would be printed, changes taken as accepted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml import etree  # type: ignore[import-untyped]

from dealwright.base.errors import Invalid
from dealwright.signing.documents.html import fitted
from dealwright.signing.documents.sources import A4, Flow, unpacked

_EMU = 12_700  # to a point
_TWIP = 20
_MAX_DEPTH = 20  # of tables within tables
_ALIGN = {"center": "center", "right": "right", "end": "right", "both": "justify"}
_DAMAGED = "The Word file is damaged. Save it anew, or as PDF."
_PARTS = (
    ("vbaProject", "Macros were left out."),
    ("/embeddings/", "An embedded object was left out; its picture stays."),
    ("/activeX/", "An embedded control was left out."),
    ("/comments", "Comments were left out."),
    ("/afchunk", "A file within the file was left out."),
)


def read_docx(content: bytes) -> Flow:
    """Raises Invalid where the file cannot be read."""
    flow = Flow()
    with unpacked(content) as archive:
        for name in archive.namelist():
            for part, note in _PARTS:
                if part in f"/{name}":
                    flow.notes.add(note)
    try:
        document = Document(io.BytesIO(content))
        _Reader(document, flow).read()
    except Invalid:
        raise
    except (KeyError, ValueError, AttributeError, IndexError, TypeError, etree.LxmlError,
            RecursionError, OSError, NotImplementedError):  # fmt: skip
        raise Invalid(_DAMAGED, fields={"document": [_DAMAGED]}) from None
    return flow


class _Reader:
    def __init__(self, document: Any, flow: Flow) -> None:
        self.document = document
        self.flow = flow
        self.numbering = _Numbering(document)
        self.footnotes: list[dict[str, Any]] = []

    def read(self) -> None:
        for part in self.document.part.package.iter_parts():
            for relation in part.rels.values():
                if relation.is_external and not relation.reltype.endswith("/hyperlink"):
                    self.flow.notes.add("What the file would fetch from elsewhere was left out.")
        sections = list(self.document.sections)
        at, blocks = 0, []
        for child in self.document.element.body:
            blocks += self._blocks_of(child, self.document, 0)
            end = child.find(f"{qn('w:pPr')}/{qn('w:sectPr')}")
            if end is not None and at < len(sections) - 1:
                self._section(sections[at], blocks)
                at, blocks = at + 1, []
        blocks += self.footnotes
        self._section(sections[at] if sections else None, blocks)

    def _section(self, section: Any, blocks: list[dict[str, Any]]) -> None:
        def points(name: str, otherwise: float, most: float = 2_000.0) -> float:
            value = getattr(section, name, None)
            return min(max(float(value) / _EMU, 0.0), most) if value is not None else otherwise

        width, height = points("page_width", A4[0]), points("page_height", A4[1])
        if width < 100 or height < 100:
            width, height = A4
        self.flow.sections.append(
            {
                "width": width,
                "height": height,
                "left": points("left_margin", 62, width / 3),
                "right": points("right_margin", 62, width / 3),
                "top": points("top_margin", 62, height / 3),
                "bottom": points("bottom_margin", 62, height / 3),
                "header": self._story(getattr(section, "header", None)),
                "footer": self._story(getattr(section, "footer", None)),
                "blocks": blocks,
            }
        )

    def _story(self, story: Any) -> list[dict[str, Any]]:
        """A header or footer."""
        if story is None:
            return []
        return [block for child in story._element for block in self._blocks_of(child, story, 0)]

    def _blocks_of(self, element: Any, parent: Any, depth: int) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if depth > _MAX_DEPTH:
            self.flow.notes.add("Parts nested very deeply were left out.")
        elif element.tag == qn("w:p"):
            self._paragraph(Paragraph(element, parent), blocks, depth)
        elif element.tag == qn("w:tbl"):
            self._table(Table(element, parent), blocks, depth)
        elif element.tag == qn("w:sdt"):
            for inner in element.iterfind(f"{qn('w:sdtContent')}/*"):
                blocks += self._blocks_of(inner, parent, depth + 1)
        elif element.tag == qn("w:altChunk"):
            self.flow.notes.add("A file within the file was left out.")
        return blocks

    def _paragraph(self, paragraph: Any, blocks: list[dict[str, Any]], depth: int) -> None:
        style = paragraph.style
        block: dict[str, Any] = {"t": "p", "level": _level(style), "runs": []}
        shape = paragraph.paragraph_format
        properties = paragraph._p.pPr
        align = _first(
            [paragraph._p, *(each.element for each in _chain(style))], "w:pPr/w:jc", "w:val"
        )
        block["align"] = _ALIGN.get(align or "", "left")
        indent = shape.left_indent
        block["indent"] = min(max(float(indent) / _EMU, 0), 300) if indent is not None else 0
        marker = self.numbering.marker(paragraph)
        if marker is not None:
            block["marker"], inset = marker
            block["indent"] = block["indent"] or inset
        if properties is not None and properties.find(qn("w:pageBreakBefore")) is not None:
            self.flow.add(blocks, {"t": "break"})
        after: list[dict[str, Any]] = []
        for run in self._runs(paragraph, style, after, depth):
            if run.get("t") == "break":
                self._end(block, blocks)
                self.flow.add(blocks, run)
            else:
                block["runs"].append(run)
        self._end(block, blocks)
        for each in after:
            self.flow.add(blocks, each)

    def _end(self, block: dict[str, Any], blocks: list[dict[str, Any]]) -> None:
        """The paragraph so far, where it says anything; a break may follow it."""
        said = any(run.get("s", "x").strip() or "data" in run for run in block["runs"])
        if said:
            self.flow.add(blocks, {**block, "runs": list(block["runs"])})
            block.pop("marker", None)
        block["runs"].clear()

    def _runs(
        self, paragraph: Any, style: Any, after: list[dict[str, Any]], depth: int
    ) -> Iterator[dict[str, Any]]:
        """The runs of a paragraph in order; what floats beside it goes to ``after``."""
        field: list[str] = []  # the instruction of the field under way, level by level
        shown: list[bool] = []
        for element, href in self._run_elements(paragraph._p, ""):
            properties = element.find(qn("w:rPr"))
            marks = self._marks(properties, style)
            if href:
                marks["href"] = href
            if marks.pop("hidden", False):
                self.flow.notes.add("Hidden text was left out.")
                continue
            for child in element:
                tag = child.tag
                if tag == qn("w:fldChar"):
                    kind = child.get(qn("w:fldCharType"))
                    if kind == "begin":
                        field.append("")
                        shown.append(True)
                    elif kind == "separate" and field:
                        number = _page_field(field[-1])
                        shown[-1] = number is None
                        if number is not None:
                            yield {**marks, **number}
                    elif kind == "end" and field:
                        field.pop()
                        shown.pop()
                elif tag == qn("w:instrText") and field:
                    field[-1] += child.text or ""
                elif all(shown):
                    yield from self._piece(child, marks, after, depth)

    def _run_elements(self, element: Any, href: str) -> Iterator[tuple[Any, str]]:
        for child in element:
            tag = child.tag
            if tag == qn("w:r"):
                yield child, href
            elif tag == qn("w:hyperlink"):
                yield from self._run_elements(child, self._address(child) or href)
            elif tag in (qn("w:ins"), qn("w:moveTo")):
                self.flow.notes.add("Tracked changes were taken as accepted.")
                yield from self._run_elements(child, href)
            elif tag in (qn("w:del"), qn("w:moveFrom")):
                self.flow.notes.add("Tracked changes were taken as accepted.")
            elif tag == qn("w:fldSimple"):
                number = _page_field(child.get(qn("w:instr")) or "")
                if number is None:
                    yield from self._run_elements(child, href)
                else:
                    yield _field_run(number), href
            elif tag in (qn("w:smartTag"), qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml")):
                yield from self._run_elements(child, href)

    def _piece(
        self, child: Any, marks: dict[str, Any], after: list[dict[str, Any]], depth: int
    ) -> Iterator[dict[str, Any]]:
        tag = child.tag
        if tag == qn("w:t"):
            yield {**marks, "s": _clean(child.text or "")}
        elif tag == "page-number":
            yield {**marks, child.get("of"): True}
        elif tag == qn("w:tab"):
            yield {**marks, "s": "    "}
        elif tag in (qn("w:br"), qn("w:cr")):
            kind = child.get(qn("w:type"))
            yield {"t": "break"} if kind == "page" else {**marks, "s": "\n"}
        elif tag == qn("w:noBreakHyphen"):
            yield {**marks, "s": "\u2011"}
        elif tag == qn("w:sym"):
            yield {**marks, "s": _symbol(child)}
        elif tag == qn("w:footnoteReference"):
            yield {"s": self._footnote(child.get(qn("w:id"))), "sup": True}
        elif tag == _ALTERNATE:
            for choice in child[:1]:
                for inner in choice:
                    yield from self._piece(inner, marks, after, depth)
        elif tag in (qn("w:drawing"), qn("w:pict"), qn("w:object")):
            yield from self._drawing(child)
            for box in child.iter(qn("w:txbxContent")):
                for inner in box:
                    after += self._blocks_of(inner, self.document, depth + 1)

    def _drawing(self, drawing: Any) -> Iterator[dict[str, Any]]:
        for picture in drawing.iter(_BLIP, _IMAGEDATA):
            key = picture.get(qn("r:embed")) or picture.get(qn("r:id"))
            if key is None:
                self.flow.notes.add("What the file would fetch from elsewhere was left out.")
                continue
            relation = self.document.part.rels.get(key)
            if relation is None or relation.is_external:
                self.flow.notes.add("A picture could not be read and was left out.")
                continue
            extent = next(drawing.iter(_EXTENT), None)
            width = float(extent.get("cx", 0)) / _EMU if extent is not None else 0.0
            found = self.flow.picture(relation.target_part.blob, min(width, 520.0))
            if found is not None:
                yield {key: value for key, value in found.items() if key != "t"}

    def _table(self, table: Any, blocks: list[dict[str, Any]], depth: int) -> None:
        rows: list[list[dict[str, Any]]] = []
        open_cells: dict[int, dict[str, Any]] = {}  # by column: a cell that goes on below
        for row in table._tbl.tr_lst:
            cells: list[dict[str, Any]] = []
            column = 0
            for cell in row.tc_lst:
                properties = cell.tcPr
                span = int(_first([cell], "w:tcPr/w:gridSpan", "w:val") or 1)
                merge = properties.find(qn("w:vMerge")) if properties is not None else None
                goes_on = merge is not None and merge.get(qn("w:val")) != "restart"
                if goes_on and column in open_cells:
                    open_cells[column]["rowspan"] += 1
                else:
                    made: dict[str, Any] = {
                        "colspan": max(span, 1),
                        "rowspan": 1,
                        "blocks": [
                            block
                            for child in cell
                            for block in self._blocks_of(child, table, depth + 1)
                        ],
                    }
                    fill = _first([cell], "w:tcPr/w:shd", "w:fill") or ""
                    if re.fullmatch("[0-9A-Fa-f]{6}", fill):
                        made["fill"] = f"#{fill}"
                    cells.append(made)
                    open_cells.pop(column, None)
                    if merge is not None:
                        open_cells[column] = made
                column += max(span, 1)
            rows.append(cells)
        rows = fitted(rows)
        if rows:
            columns = sum(cell["colspan"] for cell in rows[0])
            grid = [int(each.get(qn("w:w")) or 0) for each in table._tbl.iter(qn("w:gridCol"))]
            widths = grid if len(grid) == columns and all(grid) else [1] * columns
            self.flow.add(blocks, {"t": "table", "widths": widths, "rows": rows, "border": True})

    def _marks(self, own: Any, style: Any) -> dict[str, Any]:
        """How a run looks: its own wish, its style's, its paragraph's, the document's."""
        places = [own] if own is not None else []
        styles = []
        key = _value(own, "w:rStyle") if own is not None else None
        if key:
            styles += [each for each in self.document.styles if each.style_id == key][:1]
        for each in [*styles, *_chain(style)]:
            found = each.element.find(qn("w:rPr"))
            if found is not None:
                places.append(found)
        defaults = self.document.styles.element.find(
            f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}"
        )
        if defaults is not None:
            places.append(defaults)
        marks: dict[str, Any] = {}
        for name, mark in (("w:b", "b"), ("w:i", "i"), ("w:strike", "x"), ("w:vanish", "hidden")):
            said = next((p.find(qn(name)) for p in places if p.find(qn(name)) is not None), None)
            if said is not None and said.get(qn("w:val")) not in ("0", "false", "off"):
                marks[mark] = True
        underline = _of(places, "w:u")
        if underline and underline != "none":
            marks["u"] = True
        raised = _of(places, "w:vertAlign")
        if raised in ("superscript", "subscript"):
            marks["sup" if raised == "superscript" else "sub"] = True
        colour = _of(places, "w:color") or ""
        if re.fullmatch("[0-9A-Fa-f]{6}", colour):
            marks["c"] = f"#{colour}"
        size = _of(places, "w:sz") or ""
        if size.isdigit() and not _level(style):
            marks["z"] = min(max(int(size) / 2, 4.0), 96.0)
        return marks

    def _address(self, link: Any) -> str:
        relation = self.document.part.rels.get(link.get(qn("r:id")) or "")
        if relation is None or not relation.is_external:
            return ""
        address = str(relation.target_ref)
        if address.startswith(("http://", "https://", "mailto:")) and len(address) < 2_000:
            return address
        self.flow.notes.add("A link that leads to no web page was left out.")
        return ""

    def _footnote(self, key: str | None) -> str:
        number = str(len([each for each in self.footnotes if each.get("footnote")]) + 1)
        for relation in self.document.part.rels.values():
            if relation.reltype.endswith("/footnotes") and not relation.is_external:
                tree = etree.fromstring(
                    relation.target_part.blob,
                    etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False),
                )
                for note in tree.iter(qn("w:footnote")):
                    if note.get(qn("w:id")) == key:
                        text = "".join(each.text or "" for each in note.iter(qn("w:t")))
                        runs = [{"s": f"{number} ", "sup": True}, {"s": _clean(text), "z": 9}]
                        if not self.footnotes:
                            self.footnotes.append({"t": "rule"})
                        self.footnotes.append({"t": "p", "runs": runs, "footnote": True})
        return number


class _Numbering:
    """Numbers and bullets of lists, counted as Word counts them."""

    def __init__(self, document: Any) -> None:
        self.levels: dict[str, dict[int, tuple[str, str, int, float]]] = {}
        self.lists: dict[str, str] = {}
        self.counts: dict[str, list[int]] = {}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError):
            return
        for abstract in root.iter(qn("w:abstractNum")):
            levels = {}
            for level in abstract.iter(qn("w:lvl")):
                indent = _first([level], "w:pPr/w:ind", "w:left")
                inset = int(indent) / _TWIP if indent and indent.isdigit() else 18.0
                start = _value(level, "w:start") or "1"
                levels[int(level.get(qn("w:ilvl")) or 0)] = (
                    _value(level, "w:numFmt") or "decimal",
                    _value(level, "w:lvlText") or "",
                    int(start) if start.isdigit() else 1,
                    min(max(inset - 18, 0), 200),
                )
            self.levels[abstract.get(qn("w:abstractNumId"))] = levels
        for number in root.iter(qn("w:num")):
            self.lists[number.get(qn("w:numId"))] = _value(number, "w:abstractNumId") or ""

    def marker(self, paragraph: Any) -> tuple[str, float] | None:
        """What stands before the paragraph and how far it is set in; None where it is in no
        list."""
        places = [paragraph._p, *(each.element for each in _chain(paragraph.style))]
        key = _first(places, "w:pPr/w:numPr/w:numId", "w:val")
        level = int(_first(places, "w:pPr/w:numPr/w:ilvl", "w:val") or 0)
        abstract = self.lists.get(key or "", "")
        if not key or key == "0" or level not in self.levels.get(abstract, {}):
            return None
        levels = self.levels[abstract]
        counts = self.counts.setdefault(
            abstract, [levels[n][2] - 1 if n in levels else 0 for n in range(10)]
        )
        if not 0 <= level < 9:
            return None
        counts[level] += 1
        for deeper in range(level + 1, 10):
            counts[deeper] = levels[deeper][2] - 1 if deeper in levels else 0
        kind, text, _, inset = levels[level]
        if kind == "bullet":
            return "•" if level % 2 == 0 else "–", inset
        if kind == "none":
            return "", inset

        def counted(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            form = levels[at][0] if at in levels else "decimal"
            return _numeral(max(counts[at], 1) if at < level else counts[at], form)

        return re.sub(r"%([1-9])", counted, text)[:40], inset


_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_BLIP = qn("a:blip")
_IMAGEDATA = "{urn:schemas-microsoft-com:vml}imagedata"
_EXTENT = qn("wp:extent")


def _chain(style: Any) -> list[Any]:
    """A style and those it is based on."""
    chain: list[Any] = []
    while style is not None and len(chain) < 20:
        chain.append(style)
        style = style.base_style
    return chain


def _level(style: Any) -> int:
    for each in _chain(style):
        if match := re.fullmatch(r"heading ([1-6])", (each.name or "").lower()):
            return int(match[1])
        if (each.name or "").lower() == "title":
            return 1
    return 0


def _first(elements: list[Any], path: str, attribute: str) -> str | None:
    """The attribute of the first element that has the path."""
    steps = "/".join(qn(step) for step in path.split("/"))
    for element in elements:
        found = element.find(steps)
        if found is not None and (value := found.get(qn(attribute))) is not None:
            return str(value)
    return None


def _value(element: Any, name: str) -> str | None:
    found = element.find(qn(name))
    return None if found is None else found.get(qn("w:val"))


def _of(places: list[Any], name: str) -> str | None:
    return next((value for place in places if (value := _value(place, name)) is not None), None)


def _page_field(instruction: str) -> dict[str, Any] | None:
    word = (instruction.split() or [""])[0].upper()
    if word == "PAGE":
        return {"page": True}
    return {"pages": True} if word in ("NUMPAGES", "SECTIONPAGES") else None


def _field_run(number: dict[str, Any]) -> Any:
    """A run that stands for a number of pages."""
    run = etree.Element(qn("w:r"))
    etree.SubElement(run, "page-number").set("of", next(iter(number)))
    return run


def _symbol(element: Any) -> str:
    code = int(element.get(qn("w:char")) or "0", 16)
    known = {0xF0FE: "☒", 0xF0A8: "☐", 0xF06F: "☐", 0xF0B7: "•", 0xF0FC: "✓", 0xF0E0: "→"}
    return known.get(code, chr(code) if 0x20 <= code < 0xD800 else "•")


def _numeral(number: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if form == "lowerLetter" else letter.upper()
    if form in ("lowerRoman", "upperRoman"):
        text, rest = "", min(number, 3_999)
        for value, sign in (
            (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"),
            (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
        ):  # fmt: skip
            while rest >= value:
                text, rest = text + sign, rest - value
        return text if form == "lowerRoman" else text.upper()
    return f"{number:02d}" if form == "decimalZero" else str(number)


def _clean(text: str) -> str:
    return "".join(char for char in text if char >= " " or char in "\n\t")
