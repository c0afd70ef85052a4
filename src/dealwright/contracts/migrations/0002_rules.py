"""What the database itself holds: audit, versions that never change, terms that stay once signed."""

from django.db import migrations

from dealwright.base.records.audit import append_only, audit_tables

# What was signed is what counts: the text and the terms of an executed contract stay.
KEEP_TERMS = """
create function contracts_keep_terms() returns trigger language plpgsql as $$
begin
    if old.executed_at is not null
       and (new.body, new.variables, new.content_hash, new.amount, new.currency,
            new.effective_on, new.term_months, new.executed_at, new.sealed_sha256,
            new.envelope_id)
           is distinct from
           (old.body, old.variables, old.content_hash, old.amount, old.currency,
            old.effective_on, old.term_months, old.executed_at, old.sealed_sha256,
            old.envelope_id)
    then
        raise exception 'the terms of an executed contract stay as they were signed'
            using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create trigger contracts_keep_terms before update on contracts_contract
    for each row execute function contracts_keep_terms();
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial"), ("base", "0002_audit")]

    operations = [
        migrations.RunSQL(
            KEEP_TERMS,
            "drop trigger contracts_keep_terms on contracts_contract;"
            " drop function contracts_keep_terms",
        ),
        append_only("contracts_templateversion", "contracts_contractversion"),
        audit_tables(
            "contracts_contract",
            "contracts_contracttemplate",
            "contracts_approvalrule",
            "contracts_approvalstep",
            "contracts_obligation",
        ),
    ]
