"""How the index cuts texts into words and keys: the quick ways give what the plain ones give."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.django_db

TEXTS = st.lists(
    st.one_of(
        st.none(),
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=80),
        st.text("aÄß -–@.7\n", max_size=250),
        st.from_regex(r"[-+0-9 ()/.]{5,12}", fullmatch=True),
        st.sampled_from(["a@b.example", " A@B.example", "a b@c", "+49 (0)30 1234567", "x" * 250]),
    ),
    max_size=5,
)
WORDS = r"""
    select array_to_tsvector(array(
        select distinct left(word, 200) from regexp_split_to_table(
            (select lower(unaccent(string_agg(left(each, 2000), ' '))) from unnest(%(texts)s) each),
            '[^[:alnum:]]+') word where word <> ''))::text
"""
KEYS = r"""
    select array(
        select distinct case when each like '%%@%%' then lower(btrim(each))
               else 'tel:' || right(regexp_replace(each, '[^0-9]', '', 'g'), 8) end
        from unnest(%(texts)s) each
        where each ~ '^[^@[:space:]]+@[^@[:space:]]+$'
           or (each ~ '^[-+0-9 ()/.]+$' and length(regexp_replace(each, '[^0-9]', '', 'g')) >= 7))
"""


def ask(statement: str, texts: list[str | None]):
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("%(texts)s", "%(texts)s::text[]"), {"texts": texts})
        return cursor.fetchone()[0]


def words(*texts: str | None) -> str:
    return ask("select dealwright_words(%(texts)s)::text", list(texts))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(TEXTS)
def test_words_and_keys_are_what_their_definition_says(texts: list[str | None]) -> None:
    assert words(*texts) == (ask(WORDS, texts) or "")
    assert sorted(ask("select dealwright_keys(%(texts)s)", texts)) == sorted(ask(KEYS, texts))


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ((), ""),
        ((None, ""), ""),
        (("–", " . "), ""),
        (("Cancity – GTX Plus Basic", "gtx"), "'basic' 'cancity' 'gtx' 'plus'"),
        (("Straße Ä",), "'a' 'strasse'"),
        (("x" * 200,), f"'{'x' * 200}'"),
        (("x" * 201, "x" * 300), f"'{'x' * 200}'"),
        (("ß" * 150,), f"'{'s' * 200}'"),
        (("a " * 150,), "'a'"),
    ],
)
def test_words(texts: tuple[str | None, ...], found: str) -> None:
    assert words(*texts) == found
