"""What the database itself holds: audit, texts that stay, documents that do not change once sent."""

from django.db import migrations

from dealwright.base.records.audit import append_only, audit_tables

# What was sent is what people agree to; what was sealed is sealed once.
KEEP_DOCUMENTS = """
create function signing_keep_documents() returns trigger language plpgsql as $$
declare
    sent timestamptz;
    completed timestamptz;
begin
    select sent_at, completed_at into sent, completed
      from signing_envelope where id = old.envelope_id;
    if tg_op = 'DELETE' then
        if sent is not null then
            raise exception 'a document of a sent envelope stays'
                using errcode = 'restrict_violation';
        end if;
        return old;
    end if;
    if sent is not null and (new.prepared_sha256, new.prepared_id, new.original_sha256,
            new.original_id, new.pages, new.texts)
        is distinct from (old.prepared_sha256, old.prepared_id, old.original_sha256,
            old.original_id, old.pages, old.texts) then
        raise exception 'a document of a sent envelope does not change'
            using errcode = 'restrict_violation';
    end if;
    if old.sealed_sha256 <> '' and (new.sealed_sha256, new.sealed_id)
        is distinct from (old.sealed_sha256, old.sealed_id) then
        raise exception 'a document is sealed once' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger signing_keep_documents before update or delete on signing_envelopedocument
    for each row execute function signing_keep_documents();
"""

# A value belongs to whoever signed it: after that it stays as it was.
KEEP_VALUES = """
create function signing_keep_values() returns trigger language plpgsql as $$
declare
    signed timestamptz;
begin
    select signed_at into signed from signing_recipient where id = old.recipient_id;
    if signed is not null then
        raise exception 'a field of a recipient who signed stays'
            using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger signing_keep_values before update or delete on signing_envelopefield
    for each row execute function signing_keep_values();
create trigger signing_keep_values before update or delete on signing_adoptedsignature
    for each row execute function signing_keep_values();
"""


class Migration(migrations.Migration):
    dependencies = [("signing", "0001_initial"), ("base", "0002_audit")]

    operations = [
        migrations.RunSQL(
            KEEP_DOCUMENTS,
            "drop trigger signing_keep_documents on signing_envelopedocument;"
            " drop function signing_keep_documents",
        ),
        migrations.RunSQL(
            KEEP_VALUES,
            "drop trigger signing_keep_values on signing_envelopefield;"
            " drop trigger signing_keep_values on signing_adoptedsignature;"
            " drop function signing_keep_values",
        ),
        append_only("signing_consenttext"),
        audit_tables(
            "signing_envelope",
            "signing_envelopedocument",
            "signing_recipient",
            "signing_envelopefield",
            "signing_consenttext",
        ),
    ]
