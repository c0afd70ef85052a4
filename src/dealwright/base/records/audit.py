"""Audit by database trigger: each change of an audited table leaves a line, bulk SQL too."""

from __future__ import annotations

from django.db import migrations

AUDIT_FUNCTION = """
create or replace function dealwright_audit() returns trigger language plpgsql as $$
declare
    who text[] := string_to_array(coalesce(current_setting('dealwright.actor', true), ''), '|');
    was jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
    now_is jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
    before jsonb := was;
    after jsonb := now_is;
    kept_secret text;
begin
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, now_is -> o.key)
          into before, after
          from jsonb_each(was) o
         where o.value is distinct from now_is -> o.key
           and o.key not in
               ('version', 'updated_at', 'updated_by_id', 'last_login', 'last_used_at',
                'told_until');
        if before is null then
            return null;
        end if;
    end if;
    -- That a secret changed is told, the secret is not.
    foreach kept_secret in array array[
        'password', 'secret', 'previous_secret', 'secret_hash', 'token', 'token_hash', 'hash']
    loop
        if before ->> kept_secret <> '' then
            before := before || jsonb_build_object(kept_secret, 'kept secret');
        end if;
        if after ->> kept_secret <> '' then
            after := after || jsonb_build_object(kept_secret, 'kept secret');
        end if;
    end loop;
    insert into base_auditevent
        (at, "table", record_id, action, before, after, actor_id, actor_name, via, request_id)
    values (
        now(), tg_table_name, coalesce(now_is ->> 'id', was ->> 'id')::uuid, lower(tg_op),
        before, after, nullif(who[1], '')::uuid, coalesce(who[4], ''), coalesce(who[2], ''),
        coalesce(who[3], ''));
    return null;
end $$;
"""

# Of a statement that makes many rows all lines are written at once: a row trigger took three
# times as long.
AUDIT_INSERTS_FUNCTION = """
create or replace function dealwright_without_secrets(given jsonb) returns jsonb
language plpgsql immutable parallel safe as $$
declare
    kept_secret text;
begin
    foreach kept_secret in array array[
        'password', 'secret', 'previous_secret', 'secret_hash', 'token', 'token_hash', 'hash']
    loop
        if given ->> kept_secret <> '' then
            given := given || jsonb_build_object(kept_secret, 'kept secret');
        end if;
    end loop;
    return given;
end $$;
create or replace function dealwright_audit_inserts() returns trigger language plpgsql as $$
declare
    who text[] := string_to_array(coalesce(current_setting('dealwright.actor', true), ''), '|');
begin
    insert into base_auditevent
        (at, "table", record_id, action, before, after, actor_id, actor_name, via, request_id)
    select now(), tg_table_name, made.id, 'insert', null,
           case when made.whole ?| array[
                   'password', 'secret', 'previous_secret', 'secret_hash', 'token', 'token_hash',
                   'hash']
                then dealwright_without_secrets(made.whole) else made.whole end,
           nullif(who[1], '')::uuid, coalesce(who[4], ''), coalesce(who[2], ''),
           coalesce(who[3], '')
      from (select each.id, to_jsonb(each) as whole from new_rows each offset 0) made;
    return null;
end $$;
"""

# Tables that were audited by one row trigger: their new rows are noted once a statement.
AUDIT_BY_STATEMENT = """
do $$
declare
    audited regclass;
begin
    for audited in
        select tgrelid::regclass from pg_trigger
         where tgname = 'dealwright_audit' and not tgisinternal and tgtype & 4 <> 0
    loop
        execute format('drop trigger dealwright_audit on %s', audited);
        execute format(
            'create trigger dealwright_audit after update or delete on %s '
            'for each row execute function dealwright_audit()', audited);
        execute format(
            'create trigger dealwright_audit_inserts after insert on %s '
            'referencing new table as new_rows '
            'for each statement execute function dealwright_audit_inserts()', audited);
    end loop;
end $$;
"""
AUDIT_BY_ROW = """
do $$
declare
    audited regclass;
begin
    for audited in
        select tgrelid::regclass from pg_trigger
         where tgname = 'dealwright_audit_inserts' and not tgisinternal
    loop
        execute format('drop trigger dealwright_audit_inserts on %s', audited);
        execute format('drop trigger if exists dealwright_audit on %s', audited);
        execute format(
            'create trigger dealwright_audit after insert or update or delete on %s '
            'for each row execute function dealwright_audit()', audited);
    end loop;
end $$;
"""

REFUSE_FUNCTION = """
create or replace function dealwright_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % refused', tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation';
end $$;
"""


def audit_tables(*tables: str) -> migrations.RunSQL:
    """A migration step that puts the audit triggers on tables whose key is a UUID ``id``."""
    statements: list[str | tuple[str, None]] = []
    for table in tables:
        statements.append(
            f'create trigger dealwright_audit after update or delete on "{table}" '
            "for each row execute function dealwright_audit()"
        )
        statements.append(
            f'create trigger dealwright_audit_inserts after insert on "{table}" '
            "referencing new table as new_rows "
            "for each statement execute function dealwright_audit_inserts()"
        )
    undo: list[str | tuple[str, None]] = [
        f'drop trigger if exists {name} on "{table}"'
        for table in tables
        for name in ("dealwright_audit", "dealwright_audit_inserts")
    ]
    return migrations.RunSQL([*statements], [*undo])


def append_only(*tables: str) -> migrations.RunSQL:
    """A migration step after which the database refuses UPDATE, DELETE and TRUNCATE on tables."""
    statements: list[str | tuple[str, None]] = []
    for table in tables:
        statements.append(
            f'create trigger dealwright_append_only before update or delete on "{table}" '
            "for each row execute function dealwright_refuse_change()"
        )
        statements.append(
            f'create trigger dealwright_no_truncate before truncate on "{table}" '
            "for each statement execute function dealwright_refuse_change()"
        )
    undo: list[str | tuple[str, None]] = [
        f'drop trigger if exists {name} on "{table}"'
        for table in tables
        for name in ("dealwright_append_only", "dealwright_no_truncate")
    ]
    return migrations.RunSQL([*statements], [*undo])
