"""HTML of messages: cleaned of all that acts, and as plain text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "div", "dl",
    "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s",
    "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul",
}  # fmt: skip
_STYLES = {
    "background-color", "border", "border-collapse", "color", "font-family", "font-size",
    "font-style", "font-weight", "height", "line-height", "margin", "padding", "text-align",
    "text-decoration", "vertical-align", "width",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"style", "title", "align", "dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "table": {"border", "cellpadding", "cellspacing", "width"},
    "td": {"colspan", "rowspan", "width", "valign"},
    "th": {"colspan", "rowspan", "width", "valign"},
    "ol": {"start"},
}
_BLOCKS = {"p", "div", "tr", "table", "ul", "ol", "dl", "blockquote", "pre", "hr", "section",
           "h1", "h2", "h3", "h4", "h5", "h6"}  # fmt: skip
_SILENT = {"script", "style", "head", "title"}


def clean_html(html: str) -> str:
    """HTML without scripts, forms, frames, event handlers, and links that are not web or mail."""
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style", "title"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        filter_style_properties=_STYLES,
        link_rel="noopener noreferrer",
    )


def text_of_html(html: str) -> str:
    """What the HTML says, as plain text: paragraphs, list marks, and where links lead."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [re.sub(r"[ \t\u00a0]+", " ", line).strip() for line in reader.text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.links: list[tuple[str, int]] = []

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "td":
            self.parts.append(" ")
        elif tag in _BLOCKS:
            self.parts.append("\n\n" if tag != "tr" else "\n")
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.parts)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(self.silent - 1, 0)
        elif tag in _BLOCKS:
            self.parts.append("\n\n" if tag != "tr" else "\n")
        elif tag == "a" and self.links:
            target, start = self.links.pop()
            label = "".join(self.parts[start:]).strip()
            if target.startswith(("http", "mailto:")) and target.removeprefix("mailto:") != label:
                self.parts.append(f" ({target})")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))
