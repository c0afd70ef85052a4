"""Finding records of any object by what a person remembers of them.

Three ways in order of rank: an exact e-mail address or phone number, a title that begins so,
words that begin so (all of them, in any order); and where these find too little, titles that
look alike. Each way is cut off after some hundred candidates, so that a short or common word
stays quick; access is part of the same statement. What was found is then read through
``visible_to``, which also gives titles and subtitles as the person may see them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.contrib.postgres.search import SearchQuery, SearchVectorExact
from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import BooleanField, F, OuterRef, Q, QuerySet, Subquery, Value

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import (
    access_level,
    opened_by_rules,
    reach_of,
    visible_records,
)
from dealwright.base.objects.columns import escape_like
from dealwright.base.objects.crossing import object_of
from dealwright.base.objects.custom_fields import keep_custom_fields
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import FieldPath, place_of, visible_fields
from dealwright.base.objects.registry import ObjectType, object_type, object_types
from dealwright.base.records.rows import title_expression, value_expression
from dealwright.base.search.models import SearchEntry
from dealwright.base.search.triggers import is_searched, related_models

MAX_TEXT = 200
MAX_HITS = 100
MAX_WORDS = 8
CANDIDATES = 300
LOOKED_AT = 10_000  # for the candidates, where words are common and what one sees is rare
FEW, MANY = 10_000, 100_000  # entries, see _Sight
LIKENESS = 0.36  # "jhonson" finds "Johnson"

_FROM = ' FROM "base_searchentry" '
_EXACT, _BEGINS, _WORDS, _ALIKE = 4, 3, 1, 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found; the higher the score, the better it fits."""

    object: str
    id: UUID
    title: str
    subtitle: str
    score: float


def search(
    actor: Actor, text: str, *, objects: Sequence[str] | None = None, limit: int = 20
) -> list[Hit]:
    """Records that the actor may see and that fit the text, best first.

    ``objects`` narrows it to some objects by key. Takes one statement to find, one more where
    that finds too little, and one per object found to read what is shown.
    """
    limit = max(1, min(limit, MAX_HITS))
    asked = _Question.of(text, objects or ())
    known = [of for of in _known(objects) if is_searched(of)]
    if asked is None or not known:
        return []
    with keep_custom_fields():
        sights = _sights(actor, known)
        if not sights:
            return []
        found = _best(_strict(sights, asked, _open_objects(actor, known)))
        if len(found) < limit and len(asked.folded) > 2:
            found = _best([*found, *_alike(sights, asked)])
        return _shown(actor, found, limit)


def holds_words(of: ObjectType, text: str, user: Any = None) -> Q:
    """The records of an object that a list narrowed by ``text`` shows: an exact address or
    number, all words begun so, or the text as a part of the title."""
    asked = _Question.of(text)
    if asked is None:
        return Q(pk__in=[]) if text.strip() else Q()
    entries = SearchEntry.objects.filter(object=of.key)
    found = Q(folded__contains=asked.folded) | asked.by_words("words")
    if asked.key:
        found |= Q(keys__contains=[asked.key])
    if user is None or _is_open(user, of):
        found |= asked.by_words("related")
    return Q(pk__in=entries.filter(found).values("record_id"))


@dataclass(frozen=True, slots=True)
class _Question:
    """What is searched for: as text, in words, as an address or number; ``objects`` are the keys
    of the objects wanted, none where all are."""

    folded: str
    words: tuple[str, ...]
    key: str
    objects: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str, objects: Sequence[str] = ()) -> _Question | None:
        text = text.replace("\x00", "").strip()[:MAX_TEXT]
        if not text:
            return None
        with connection.cursor() as cursor:
            cursor.execute("select dealwright_fold(%s)", [text])
            row = cursor.fetchone()
        folded = str(row[0]) if row else ""
        words = tuple(word for word in re.split(r"[\W_]+", folded) if word)[:MAX_WORDS]
        return cls(folded, words, _key(text), tuple(objects)) if words else None

    def by_words(self, column: str) -> Q:
        """All words, each as the beginning of one of the record's."""
        query = SearchQuery(self.tsquery, search_type="raw", config="simple")
        return Q(SearchVectorExact(F(column), query))

    @property
    def tsquery(self) -> str:
        return " & ".join(f"'{word}':*" for word in self.words)


def _key(text: str) -> str:
    """The text as an e-mail address or the end of a phone number; "" where it is neither."""
    if re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        return text.lower()
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 7 and re.fullmatch(r"[-+0-9 ()/.]+", text):
        return f"tel:{digits[-8:]}"
    return ""


def _known(objects: Sequence[str] | None) -> Iterable[ObjectType]:
    return object_types() if objects is None else [object_type(key) for key in objects]


@dataclass(frozen=True, slots=True)
class _Sight:
    """A part of what the actor may see, and how many entries the planner expects of it.

    A few are looked at one by one, which is quicker than any index. Of many, the words are
    looked for first and access is asked of what was found: the planner would read all of the
    owners' index beside that of the words. In between it may choose.
    """

    name: str
    condition: Q
    entries: int

    @classmethod
    def of(cls, name: str, condition: Q) -> _Sight:
        """With the planner's estimate, which costs nothing; counting would cost more than the
        search, and a wrong one only time."""
        rows = SearchEntry.objects.filter(condition).values("record_id")
        plan = orjson.loads(rows.explain(format="json"))
        return cls(name, condition, int(plan[0]["Plan"]["Plan Rows"]))

    @property
    def few(self) -> bool:
        return self.entries <= FEW

    def sql(self, *columns: str) -> str:
        """What selects the entries, in the form of a statement with parameters."""
        compose: Any = connection.ops.compose_sql  # type: ignore[attr-defined]
        rows = SearchEntry.objects.filter(self.condition).values(*columns)
        return str(compose(*rows.query.sql_with_params())).replace("%", "%%")


def _sights(actor: Actor, known: Sequence[ObjectType]) -> list[_Sight]:
    """The entries of records that the actor may see: of objects seen whole, and of the others
    the actor's own and shared ones, and what sharing rules open."""
    if actor.is_system:
        return [_Sight("whole", Q(object__in=[of.key for of in known]), MANY)]
    user = actor.require_user()
    reach = reach_of(user)
    levels = {of.key: access_level(user, of) for of in known}
    whole = [key for key, level in levels.items() if level in ("read", "write")]
    own = [of for of in known if levels[of.key] == "own"]
    sights = []
    if whole:
        sights.append(_Sight.of("whole", Q(object__in=whole)))
    if own:
        mine = Q(owner_id__in=reach.owners) | Q(access_keys__overlap=list(reach.keys))
        nobodys = [of.key for of in own if of.unowned != "none"]
        if nobodys:
            mine |= Q(owner_id__isnull=True, object__in=nobodys)
        sights.append(_Sight.of("own", mine & Q(object__in=[of.key for of in own])))
    opened = Q()
    for of in own:
        rule = opened_by_rules(user, of)
        model: Any = of.model
        if rule and _may_match(model.objects.filter(rule)):
            rows = model.objects.filter(rule, pk=OuterRef("record_id")).values(seen=Value(True))
            # A sub-select of one row, since for "exists" all rows of the rule may be read before.
            opened |= Q(object=of.key) & Q(Subquery(rows[:1], output_field=BooleanField()))
    if opened and own and sights[-1].entries >= MANY:  # one look at what was found tests both
        sights[-1] = _Sight("own", sights[-1].condition | opened, MANY)
    elif opened:
        sights.append(_Sight("ruled", opened, MANY))
    return sights


def _may_match(rows: QuerySet[Any]) -> bool:
    """False where the query can have no rows, such as a rule for the owners of an empty team."""
    try:
        rows.query.sql_with_params()
    except EmptyResultSet:
        return False
    return True


def _open_objects(actor: Actor, known: Sequence[ObjectType]) -> list[str]:
    """The objects whose entries may be found by names of other records: the actor sees all of
    those others, so that finding tells nothing new."""
    if actor.is_system:
        return [of.key for of in known]
    user = actor.require_user()
    return [of.key for of in known if _is_open(user, of)]


def _is_open(user: Any, of: ObjectType) -> bool:
    others = [object_of(model) for model in related_models(of)]
    return all(other is None or access_level(user, other) in ("read", "write") for other in others)


Candidate = tuple[str, UUID, float]


def _strict(
    sights: Sequence[_Sight], asked: _Question, open_objects: Sequence[str]
) -> list[Candidate]:
    """One statement: exact keys, beginnings of titles, words. Of titles that begin alike the
    shorter ranks first: more of it is what was asked for."""
    short = "1.0 / (1 + length(folded))"
    likeness = f"{_WORDS} + word_similarity(%(text)s, folded)"
    parts = []
    for sight in sights:
        # ~<~ is the order of the index that finds beginnings.
        begins = "folded like %(begins)s order by folded using ~<~"
        parts.append(_part(sight, asked, f"{_BEGINS} + {short}", begins))
        if asked.key:
            parts.append(_part(sight, asked, f"{_EXACT} + {short}", "keys @> array[%(key)s]"))
        if len(asked.folded) == 1:
            continue  # a single letter begins too many words to tell anything
        parts.append(_part(sight, asked, likeness, "words @@ %(words)s::tsquery"))
        if open_objects:
            related = "related @@ %(words)s::tsquery and object = any(%(open)s)"
            parts.append(_part(sight, asked, likeness, related))
    params = {
        "text": asked.folded,
        "begins": escape_like(asked.folded) + "%",
        "words": asked.tsquery,
        "key": asked.key,
        "open": list(open_objects),
        "objects": list(asked.objects),
    }
    return _run(sights, parts, params)


def _alike(sights: Sequence[_Sight], asked: _Question) -> list[Candidate]:
    """Titles with a part that looks like the text, in spite of a slip of the pen."""
    score = f"{_ALIKE} + word_similarity(%(text)s, folded)"
    tests = {
        True: f"word_similarity(%(text)s, folded) >= {LIKENESS}",
        False: "%(text)s <%% folded",  # what the trigram index answers
    }
    parts = [_part(sight, asked, score, tests[sight.few]) for sight in sights]
    return _run(sights, parts, {"text": asked.folded, "objects": list(asked.objects)})


def _part(sight: _Sight, asked: _Question, score: str, condition: str) -> str:
    columns = f"object, record_id, ({score})::float8"
    if sight.entries >= MANY:
        within = "object = any(%(objects)s)" if asked.objects else "true"
        found = f"select * from base_searchentry where {within} and {condition} limit {LOOKED_AT}"
        seen = sight.sql("object", "record_id", "folded")
        rows = f"({seen.replace(_FROM, f' FROM ({found}) "base_searchentry" ', 1)}) seen"
    else:
        rows = f"{sight.name}_seen where {condition}"
    return f"(select {columns} from {rows} limit {CANDIDATES})"


def _run(
    sights: Sequence[_Sight], parts: Sequence[str], params: Mapping[str, Any]
) -> list[Candidate]:
    columns = ("object", "record_id", "folded", "words", "related", "keys")
    tables = [
        f"{each.name}_seen as {'' if each.few else 'not '}materialized ({each.sql(*columns)})"
        for each in sights
        if each.entries < MANY
    ]
    known = f"with {', '.join(tables)} " if tables else ""
    with transaction.atomic(), connection.cursor() as cursor:
        # The planner takes a beginning of a word for common and would read the whole table.
        cursor.execute(
            "select set_config('enable_seqscan', 'off', true), "
            "set_config('pg_trgm.word_similarity_threshold', %s, true)",
            [str(LIKENESS)],
        )
        cursor.execute(known + " union all ".join(parts), params)
        found: list[Candidate] = cursor.fetchall()
        cursor.execute("select set_config('enable_seqscan', 'on', true)")
    return found


def _best(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Each record once, with its best score, best first."""
    best: dict[UUID, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate[1])
        if known is None or candidate[2] > known[2]:
            best[candidate[1]] = candidate
    return sorted(best.values(), key=lambda each: (-each[2], each[1]))


def _shown(actor: Actor, found: Sequence[Candidate], limit: int) -> list[Hit]:
    chosen = found[:limit]
    rows: dict[UUID, tuple[str, str]] = {}
    for key in dict.fromkeys(candidate[0] for candidate in chosen):
        ids = [candidate[1] for candidate in chosen if candidate[0] == key]
        rows |= _titles(actor, object_type(key), ids)
    return [
        Hit(key, record_id, *rows[record_id], round(score, 4))
        for key, record_id, score in chosen
        if record_id in rows
    ]


def _titles(actor: Actor, of: ObjectType, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Title and subtitle of the records that the actor may see, in one statement."""
    rows = visible_records(actor, of.key).filter(pk__in=ids)
    known = {field.key: field for field in visible_fields(of, actor.user)}
    field = known.get(of.subtitle)
    columns: dict[str, Any] = {"dw_title": F(of.title), "dw_value": Value(""), "dw_name": Value("")}
    if field is not None:
        path = FieldPath(field.key, (), place_of(of), field)
        columns["dw_value"] = value_expression(path, actor.user)
        columns["dw_name"] = title_expression(path, actor.user) or Value("")
    found = rows.annotate(**columns).values_list("pk", *columns)
    return {
        key: (str(title or ""), _subtitle(field, value, name)) for key, title, value, name in found
    }


def _subtitle(field: Field | None, value: Any, name: Any) -> str:
    if field is None or field.kind in (Kind.RELATION, Kind.USER):
        return str(name or "")
    if field.kind == Kind.CHOICE and not name:
        return str(dict(field.options).get(value, value or ""))
    return str(name or ("" if value is None else value))
