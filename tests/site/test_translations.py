"""Translations: the catalogue holds every word, and each translation what its original has."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message

CATALOGUE = Path(__file__).resolve().parents[2] / "bin" / "catalogue.py"
# What stands for something else: %(name)s, {name}, %%, [[key]], and markup.
HOLES = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}|\[\[[^\]]*\]\]|</?[a-z][^>]*>")


def load_catalogue() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogue", CATALOGUE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


catalogue = load_catalogue()
LANGUAGES: list[Path] = catalogue.languages()


@pytest.fixture(scope="module")
def found() -> set[tuple[str, str | None, str | None]]:
    return set(catalogue.gather())


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def messages(of: Catalog) -> list[Message]:
    return [each for each in of if each.id]


def test_german_is_there() -> None:
    assert [path.parts[-3] for path in LANGUAGES] == ["de"]


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.parts[-3])
def test_every_word_of_the_product_is_in_the_catalogue(
    path: Path, found: set[tuple[str, str | None, str | None]]
) -> None:
    known = {
        (ids[0], ids[1] if len(ids) > 1 else None, each.context)
        for each in messages(catalogue.read_catalogue(path))
        if (ids := forms(each.id))
    }
    assert sorted(map(str, found - known)) == [], "run bin/messages and translate what is new"
    assert sorted(map(str, known - found)) == [], "run bin/messages"


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.parts[-3])
def test_every_word_is_translated_and_none_is_a_guess(path: Path) -> None:
    of = catalogue.read_catalogue(path)
    assert [each.id for each in messages(of) if each.fuzzy] == []
    assert [each.id for each in messages(of) if not all(forms(each.string))] == []
    plural = [each for each in messages(of) if each.pluralizable]
    assert [each.id for each in plural if len(forms(each.string)) != of.num_plurals] == []


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.parts[-3])
def test_translations_keep_placeholders_markup_and_the_ends_of_lines(path: Path) -> None:
    wrong = []
    for each in messages(catalogue.read_catalogue(path)):
        for original, text in zip(forms(each.id), forms(each.string), strict=False):
            kept = sorted(HOLES.findall(original)) == sorted(HOLES.findall(text))
            edges = (original[:1].isspace(), original[-1:].isspace())
            if not kept or edges != (text[:1].isspace(), text[-1:].isspace()):
                wrong.append((original, text))
    assert wrong == []


def test_a_word_that_is_both_plain_and_counted_would_lose_one(
    found: set[tuple[str, str | None, str | None]],
) -> None:
    """A catalogue has one entry for a text, so it may not be marked in both ways."""
    plain = {(one, context) for one, many, context in found if many is None}
    assert [each for each in found if each[1] is not None and (each[0], each[2]) in plain] == []


def test_it_gathers_marked_declared_and_refused_words_of_a_module() -> None:
    module = """
from django.db import models
class Mood(models.TextChoices):
    GOOD = "good", "Rather good"
    VERY_BAD = "bad"
FIELDS = [Field(key="a", label="Colour", help="Its " "shade."), Field(key="b", label=name)]
def act(count: int) -> str:
    sentence = "Choose one." if count else "Choose more."
    raise Invalid(sentence)
def other() -> str:
    raise Conflict("Closed.", fields={"day": ["Too late."]})
_("Marked"), ngettext("%(n)s cat", "%(n)s cats", 2), pgettext("month", "May"), other("Not this")
"""
    assert sorted(catalogue.words_of_module(module), key=str) == sorted(
        [
            ("Rather good", None, None),
            ("Very Bad", None, None),
            ("Colour", None, None),
            ("Its shade.", None, None),
            ("Choose one.", None, None),
            ("Choose more.", None, None),
            ("Closed.", None, None),
            ("Too late.", None, None),
            ("Marked", None, None),
            ("%(n)s cat", "%(n)s cats", None),
            ("May", None, "month"),
        ],
        key=str,
    )


def test_renewing_keeps_translations_drops_what_is_gone_and_changes_nothing_twice(
    tmp_path: Path,
) -> None:
    path = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    assert catalogue.renew(path, {("Yes", None, None): {"b.py", "a.py"}}) == (1, 1)
    text = path.read_text(encoding="utf-8")
    assert "#: a.py b.py\n" in text
    path.write_text(text.replace('msgstr ""\n', 'msgstr "Ja"\n').replace('"Ja"\n"', '""\n"'))
    both = {("Yes", None, None): {"a.py"}, ("%(n)s day", "%(n)s days", None): {"c.py"}}
    assert catalogue.renew(path, both) == (2, 1)
    once = path.read_bytes()
    assert catalogue.renew(path, both) == (2, 1)
    assert path.read_bytes() == once
    assert catalogue.read_catalogue(path).get("Yes").string == "Ja"
    assert catalogue.renew(path, {("No", None, None): {"a.py"}}) == (1, 1)
    assert catalogue.read_catalogue(path).get("Yes") is None
