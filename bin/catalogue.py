"""The catalogue of translations: gathers the product's words, compiles what is translated.

Run by the project's own Python: ``catalogue.py gather`` or ``catalogue.py compile``.
``docs/translating.md`` tells how a language is added.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).resolve().parent.parent / "src" / "dealwright"
LOCALE = SOURCE / "locale"

# Functions of gettext with how many of their first arguments are words.
MARKS = {
    "_": 1,
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
}
IN_CONTEXT = {"pgettext", "pgettext_lazy"}

# What rooms declare in plain English and pages translate when they show it.
DECLARED = {
    "Action": ("label",),
    "Card": ("label",),
    "Field": ("label", "help"),
    "FirstStep": ("label", "text", "button"),
    "Group": ("label",),
    "Link": ("label", "help"),
    "ObjectType": ("label", "label_plural", "empty_text"),
    "Panel": ("label",),
}
BY_PLACE = {"_object": 2, "_admin": 1}  # the label's place in short forms of a declaration
REFUSALS = {"Conflict", "Invalid", "NotAllowed", "NotFound", "Unavailable", "require_administrator"}
CHOICES = {"TextChoices", "IntegerChoices"}

TEMPLATE_OPTIONS = {
    "newstyle_gettext": "true",
    "trimmed": "true",
    "silent": "false",
    "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
}

# Without the days and versions that tools write there: they would differ at each run.
HEAD = """\
# The interface of Dealwright in another language. Kept by bin/messages; see docs/translating.md.
msgid ""
msgstr ""
"Project-Id-Version: Dealwright\\n"
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

Words = tuple[str, str | None, str | None]  # the words, their plural, their context


def gather() -> dict[Words, set[str]]:
    """All words that can be translated, with the files that hold them."""
    found: dict[Words, set[str]] = {}
    for folder, folders, files in os.walk(SOURCE):
        folders[:] = [f for f in folders if f not in ("__pycache__", "migrations", "static")]
        for path in (Path(folder) / name for name in files):
            if path.suffix == ".py":
                words = words_of_module(path.read_text(encoding="utf-8"))
            elif "templates" in path.parts and path.suffix in (".html", ".txt"):
                words = words_of_template(path)
            else:
                continue
            for each in words:
                found.setdefault(each, set()).add(path.relative_to(SOURCE).as_posix())
    return found


def words_of_template(path: Path) -> Iterator[Words]:
    """The words a template marks."""
    for _line, words, _comments, context in extract_from_file(
        "jinja2", path, options=TEMPLATE_OPTIONS
    ):
        one, many = (words[0], words[1]) if isinstance(words, tuple) else (words, None)
        if one:
            yield one, many, context


def words_of_module(text: str) -> Iterator[Words]:
    """The words a module marks, declares as labels, or says when it refuses."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            yield from _words_of_call(node)
        elif isinstance(node, ast.ClassDef):
            yield from ((label, None, None) for label in _labels_of_choices(node))
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "sentence" for target in node.targets
        ):
            yield from ((each, None, None) for each in _texts(node.value))


def _words_of_call(node: ast.Call) -> Iterator[Words]:
    called = node.func
    name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
    given = [_text(argument) for argument in node.args]
    if name in MARKS:
        one, many = given[0], given[1] if MARKS[name] == 2 else None
        if one:
            yield one, many, None
    elif name in IN_CONTEXT:
        if given[0] and given[1]:
            yield given[1], None, given[0]
    elif name in DECLARED:
        keywords = {each.arg: _text(each.value) for each in node.keywords}
        yield from ((text, None, None) for key in DECLARED[name] if (text := keywords.get(key)))
    elif name in BY_PLACE and len(given) > BY_PLACE[name]:
        text = given[BY_PLACE[name]]
        if text:
            yield text, None, None
    elif name in REFUSALS:
        said = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "fields")]
        yield from ((text, None, None) for part in said for text in _texts(part))


def _labels_of_choices(node: ast.ClassDef) -> Iterator[str]:
    """Labels of Django's choices: given, or made of the member's name as Django does."""
    bases = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "")
             for each in node.bases}  # fmt: skip
    if not bases & CHOICES:
        return
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            given = line.value
            if isinstance(given, ast.Tuple):
                yield from filter(None, [_text(given.elts[-1])])
            else:
                yield line.targets[0].id.replace("_", " ").title()


def _texts(node: ast.expr) -> Iterator[str]:
    """The whole sentences an expression may be: itself, either branch, values of a mapping."""
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts(value)
    elif isinstance(node, ast.List | ast.BoolOp):
        for value in node.elts if isinstance(node, ast.List) else node.values:
            yield from _texts(value)
    elif text := _text(node):
        yield text


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def languages() -> list[Path]:
    """The catalogue of each language there is."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def read_catalogue(path: Path) -> Catalog:
    """The catalogue in a file; raises PoFileError where it cannot be read."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def renew(path: Path, found: dict[Words, set[str]]) -> tuple[int, int]:
    """Brings a catalogue up to the words found; how many there are, how many untranslated.

    Words that are gone leave it; nothing is guessed for new ones.
    """
    old = read_catalogue(path) if path.exists() else Catalog()
    new = Catalog(locale=path.parts[-3])
    open_ones = 0
    for (one, many, context), files in sorted(found.items(), key=lambda each: _order(each[0])):
        known = old.get(one, context)
        said = known.string if known else ""
        if many is not None and not isinstance(said, tuple):
            said = (said, "") if said else ("", "")
        elif many is None and isinstance(said, tuple):
            said = said[0]
        new.add(
            (one, many) if many is not None else one,
            said,
            locations=[(name, None) for name in sorted(files)],
            context=context,
        )
        open_ones += not (all(said) if isinstance(said, tuple) else said)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        head = HEAD.format(language=path.parts[-3], plural_forms=new.plural_forms)
        file.write(head.encode())
        write_po(file, new, width=100, omit_header=True, include_lineno=False)
    return len(found), open_ones


def _order(words: Words) -> tuple[str, str, str]:
    one, many, context = words
    return one, many or "", context or ""


def compile_all() -> None:
    """Writes the ``.mo`` beside each catalogue that is newer; safe to repeat."""
    for path in languages():
        made = path.with_suffix(".mo")
        if made.exists() and made.stat().st_mtime >= path.stat().st_mtime:
            continue
        waiting = made.with_suffix(f".{os.getpid()}")
        with waiting.open("wb") as file:
            write_mo(file, read_catalogue(path))
        waiting.replace(made)


def main(task: str) -> None:
    """Gathers and compiles, or compiles alone."""
    if task == "gather":
        found = gather()
        for path in languages():
            count, open_ones = renew(path, found)
            print(f"{path.parts[-3]}: {count} words, {open_ones} not translated")
    compile_all()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "compile")
