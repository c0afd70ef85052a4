"""Keeps the search in step with the records by triggers, made from the registry.

After each migration every object gets a function ``dealwright_index_<object>(ids)`` that
writes the entries of the given records anew, and its table triggers that call it with the
records a statement touched. Whatever writes (a form, an import by COPY, bulk SQL, another
trigger) is found in the same transaction, and a statement that changed a thousand rows costs
one more statement. A record whose title or words come from another record (a lead goes by its
contact's name) is written anew when that one changes.

Words may come over foreign keys, one after another, or from the rows of one table that points
at the record. An object whose title or words are defined anew is indexed afresh once.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import F, OuterRef
from django.db.models.expressions import RawSQL
from django.db.models.signals import post_migrate

from dealwright.base.objects.crossing import object_of
from dealwright.base.objects.registry import ObjectType, object_types

_HELPERS = """
create or replace function dealwright_fold(given text) returns text
language sql stable parallel safe as $$
    select btrim(regexp_replace(lower(unaccent(coalesce(given, ''))), '\\s+', ' ', 'g'))
$$;
create or replace function dealwright_words(given text[]) returns tsvector
language plpgsql stable parallel safe as $$
declare
    joined text := coalesce(array_to_string(given, ' '), '');
begin
    if joined = '' then return ''::tsvector; end if;
    if length(joined) > 200 then
        select lower(unaccent(string_agg(left(each, 2000), ' '))) into joined
          from unnest(given) each;
    else
        joined := lower(unaccent(joined));
    end if;
    -- One regexp_replace over all texts: splitting each by regexp took five times as long.
    joined := btrim(regexp_replace(joined, '[^[:alnum:]]+', ' ', 'g'));
    if length(joined) <= 200 then  -- no word is longer; a tsvector sorts and keeps each once
        return array_to_tsvector(string_to_array(joined, ' '));
    end if;
    return array_to_tsvector(array(
        select left(word, 200) from unnest(string_to_array(joined, ' ')) word));
end $$;
create or replace function dealwright_keys(given text[]) returns text[]
language plpgsql stable parallel safe as $$ begin
    -- Nearly every record of most objects has none: asked once over all its texts.
    if array_to_string(given, E'\n') !~ '@|(^|\n)[-+0-9 ()/.]{7,}($|\n)' then
        return '{}';
    end if;
    return array(
        select distinct case when each like '%@%' then lower(btrim(each))
               else 'tel:' || right(regexp_replace(each, '[^0-9]', '', 'g'), 8) end
        from unnest(given) each
        where each ~ '^[^@[:space:]]+@[^@[:space:]]+$'
           or (each ~ '^[-+0-9 ()/.]+$' and length(regexp_replace(each, '[^0-9]', '', 'g')) >= 7));
end $$;
"""


@dataclass(frozen=True, slots=True)
class _Watch:
    """That a change of ``columns`` in a table touches the records of an object that ``path``
    (foreign keys, or one backward relation) leads from."""

    of: ObjectType
    path: tuple[str, ...]
    columns: frozenset[str]


def is_searched(of: ObjectType) -> bool:
    """Whether the object's records are found by the search: those that someone can own."""
    names = {field.name for field in of.model._meta.concrete_fields}
    return {"owner", "access_keys", "deleted_at"} <= names


def install_search(**_: Any) -> None:
    """Make functions and triggers for the objects whose tables are there, and index what is new
    or differently defined."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if "base_searchentry" not in tables:
            return
        cursor.execute(_HELPERS)
        known = [
            of for of in object_types() if is_searched(of) and of.model._meta.db_table in tables
        ]
        for of in known:
            _install_function(cursor, of)
        for table, watches in _watches(known).items():
            if table in tables:
                _install_triggers(cursor, table, watches)


def reindex(of: ObjectType) -> int:
    """Write all entries of an object anew; returns how many there are."""
    table = of.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"select {_function(of)}(array(select id from {_quoted(table)} order by id))"
        )
        cursor.execute(
            "delete from base_searchentry where object = %s and record_id not in "
            f"(select id from {_quoted(table)} where deleted_at is null)",
            [of.key],
        )
        cursor.execute("select count(*) from base_searchentry where object = %s", [of.key])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _install_function(cursor: Any, of: ObjectType) -> None:
    body = _index_sql(of)
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    cursor.execute(
        "select obj_description(to_regprocedure(%s), 'pg_proc')", [f"{_function(of)}(uuid[])"]
    )
    row = cursor.fetchone()
    if row and row[0] == digest:
        return
    cursor.execute(
        f"create or replace function {_function(of)}(ids uuid[]) returns void "
        f"language plpgsql as $dealwright$ begin {body} end $dealwright$"
    )
    cursor.execute(f"comment on function {_function(of)}(uuid[]) is '{digest}'")
    reindex(of)


def _index_sql(of: ObjectType) -> str:
    model = of.model
    own, related = _paths(of)
    rows: Any = model._base_manager.filter(deleted_at__isnull=True)
    rows = rows.filter(pk__in=RawSQL("select unnest(ids)", ())).order_by("pk")
    texts = {f"dw{at}": _text(model, path) for at, path in enumerate([of.title, *own, *related])}
    rows = rows.annotate(**texts).values_list("pk", "owner_id", "access_keys", *texts)
    select, params = rows.query.sql_with_params()
    names = list(texts)

    def array(parts: Sequence[str]) -> str:
        # Lists (of a person's addresses, say) and single texts alike become one list.
        joined = " || ".join(f"coalesce({part}::text[], '{{}}')" for part in parts)
        return joined or "'{}'::text[]"

    columns = ", ".join(["record_id", "owner_id", "access_keys", *names])
    found = [f"dw{at}" for at in range(1, len(own) + 1)]
    beside = [f"dw{at}" for at in range(len(own) + 1, len(names))]
    statement = f"""
        delete from base_searchentry entry where entry.record_id = any(ids) and not exists (
            select from {_quoted(model._meta.db_table)} living
            where living.id = entry.record_id and living.deleted_at is null);
        insert into base_searchentry
            (record_id, object, folded, words, related, keys, owner_id, access_keys)
        select record_id, '{of.key}', left(dealwright_fold(dw0[1]), 300),
               dealwright_words({array(["dw0", *found])}), dealwright_words({array(beside)}),
               dealwright_keys({array(["dw0", *found])}), owner_id, access_keys
        from ({_literal(select, params)}) found ({columns})
        on conflict (record_id) do update set
            object = excluded.object, folded = excluded.folded, words = excluded.words,
            related = excluded.related, keys = excluded.keys, owner_id = excluded.owner_id,
            access_keys = excluded.access_keys;"""
    return statement


def _literal(sql: str, params: Sequence[Any]) -> str:
    compose: Any = connection.ops.compose_sql  # type: ignore[attr-defined]
    return str(compose(sql, params))


class _AsList(models.Func):
    template = "array[(%(expressions)s)::text]"
    output_field: Any = models.TextField()


def _text(model: type[models.Model], path: str) -> Any:
    first: Any = model._meta.get_field(path.split("__")[0])
    if first.is_relation and not first.concrete:
        rows = model._base_manager.filter(pk=OuterRef("pk")).exclude(**{f"{path}__isnull": True})
        return ArraySubquery(rows.values(path))
    return _AsList(F(path))


def related_models(of: ObjectType) -> set[type[models.Model]]:
    """The models whose rows lend the object's records words."""
    return {column.related_model for path in of.search for column in _steps(of.model, path)}


def _paths(of: ObjectType) -> tuple[list[str], list[str]]:
    """The search paths of the record's own columns and tables, and those into other objects."""
    own: list[str] = []
    related: list[str] = []
    for path in of.search:
        enters = any(object_of(column.related_model) for column in _steps(of.model, path))
        (related if enters else own).append(path)
    return own, related


def _steps(model: type[models.Model], path: str) -> Iterator[Any]:
    """The relations that an ORM path goes over."""
    owner: Any = model
    for part in path.split("__"):
        column = owner._meta.get_field(part)
        if not column.is_relation:
            return
        yield column
        owner = column.related_model


def _watches(known: Sequence[ObjectType]) -> dict[str, list[_Watch]]:
    found: dict[str, dict[tuple[str, tuple[str, ...]], set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    by_key = {of.key: of for of in known}
    for of in known:
        own = found[of.model._meta.db_table][of.key, ()]
        own |= {"owner_id", "access_keys", "deleted_at"}
        for path in [of.title, *of.search]:
            parts = path.split("__")
            owner: Any = of.model
            for at, part in enumerate(parts):
                column = owner._meta.get_field(part)
                name = getattr(column, "column", None) or column.field.column
                table = owner._meta.db_table
                if not getattr(column, "concrete", True):  # a table that points at the record
                    found[column.related_model._meta.db_table][of.key, (part,)].add(name)
                else:
                    found[table][of.key, tuple(parts[:at])].add(name)
                if not column.is_relation:
                    break
                owner = column.related_model
    return {
        table: [
            _Watch(by_key[key], path, frozenset(columns))
            for (key, path), columns in sorted(watches.items())
        ]
        for table, watches in found.items()
    }


def _install_triggers(cursor: Any, table: str, watches: Sequence[_Watch]) -> None:
    name = f"dealwright_search_{table}"
    steps = {
        event: "\n".join(_trigger_step(watch, event) for watch in watches)
        for event in ("INSERT", "UPDATE", "DELETE")
    }
    cursor.execute(
        f"""
        create or replace function {name}() returns trigger language plpgsql as $dealwright$
        declare
            changed uuid[];
            touched uuid[];
        begin
            if tg_op = 'INSERT' then {steps["INSERT"]}
            elsif tg_op = 'UPDATE' then {steps["UPDATE"]}
            else {steps["DELETE"]}
            end if;
            return null;
        end $dealwright$"""
    )
    cursor.execute(
        "select tgname from pg_trigger where tgrelid = to_regclass(%s)", [_quoted(table)]
    )
    there = {row[0] for row in cursor.fetchall()}
    tables = {
        "insert": "new table as new_rows",
        "update": "old table as old_rows new table as new_rows",
        "delete": "old table as old_rows",
    }
    for event, names in tables.items():
        if f"dealwright_search_{event}" not in there:
            cursor.execute(
                f"create trigger dealwright_search_{event} after {event} on {_quoted(table)} "
                f"referencing {names} for each statement execute function {name}()"
            )


def _trigger_step(watch: _Watch, event: str) -> str:
    """What one statement on the watched table means for the object's entries."""
    backward = _backward(watch)
    key = f'"{backward}"' if backward else "id"
    if event == "UPDATE":
        new = ", ".join(f'n."{column}"' for column in sorted(watch.columns))
        old = ", ".join(f'o."{column}"' for column in sorted(watch.columns))
        rows = (
            f"from new_rows n join old_rows o on o.id = n.id where ({new}) is distinct from ({old})"
        )
        changed = f"select n.{key} {rows}" + (f" union select o.{key} {rows}" if backward else "")
    elif event == "INSERT":
        changed = f"select {key} from new_rows"
    else:
        changed = f"select {key} from old_rows"
    touched = "touched := changed;"
    if watch.path and not backward:
        if event != "UPDATE":
            return ""  # nothing points at a new row yet, nor any more at a deleted one
        where = {f"{'__'.join(watch.path)}__in": RawSQL("select unnest(changed)", ())}
        rows_: Any = watch.of.model._base_manager.filter(**where).order_by()
        select = _literal(*rows_.values_list("pk").query.sql_with_params())
        touched = f"touched := array({select});"
    return f"""
            changed := array({changed});
            if cardinality(changed) > 0 then
                {touched}
                if cardinality(touched) > 0 then perform {_function(watch.of)}(touched); end if;
            end if;"""


def _backward(watch: _Watch) -> str:
    """The column by which the watched table points at the record; "" where it does not."""
    if len(watch.path) != 1:
        return ""
    column: Any = watch.of.model._meta.get_field(watch.path[0])
    return "" if column.concrete else str(column.field.column)


def _function(of: ObjectType) -> str:
    return f"dealwright_index_{of.key}"


def _quoted(table: str) -> str:
    return connection.ops.quote_name(table)


def _after_migrate(sender: Any, **_: Any) -> None:
    if sender.label == "base":  # sent once per app, each time after all are migrated
        install_search()


post_migrate.connect(_after_migrate, dispatch_uid="search triggers")
