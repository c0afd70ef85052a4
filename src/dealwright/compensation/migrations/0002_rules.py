"""Rules that hold whoever writes: a balanced ledger, closed periods, signed plan texts."""

from django.db import migrations

from dealwright.base.records.audit import append_only, audit_tables

# Entries come whole in one statement, so that a statement can be judged: cheaper than a
# deferred check per row, and stricter.
GUARD_POSTINGS = """
create function compensation_guard_postings() returns trigger language plpgsql as $$
declare
    refused text;
begin
    select period.label into refused
      from compensation_payperiod period
     where period.id in (select posted_period_id from fresh)
       and period.submitted_at is not null
     limit 1;
    if refused is not null then
        raise exception 'period % takes no postings any more', refused
            using errcode = 'restrict_violation';
    end if;
    select format('entry %s is off by %s %s', posting.entry, sum(posting.amount),
                  posting.currency) into refused
      from compensation_posting posting
     where posting.entry in (select entry from fresh)
     group by posting.entry, posting.currency
    having sum(posting.amount) <> 0
     limit 1;
    if refused is not null then
        raise exception '%', refused using errcode = 'check_violation';
    end if;
    return null;
end $$;

create trigger compensation_guard_postings after insert on compensation_posting
    referencing new table as fresh
    for each statement execute function compensation_guard_postings();
"""

KEEP_CLOSED_PERIODS = """
create function compensation_keep_closed_periods() returns trigger language plpgsql as $$
begin
    if old.closed_at is not null then
        raise exception 'period % is closed: % refused', old.label, lower(tg_op)
            using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;

create trigger compensation_keep_closed_periods before update or delete
    on compensation_payperiod for each row execute function compensation_keep_closed_periods();
"""

KEEP_ACTIVE_TEXTS = """
create function compensation_keep_active_texts() returns trigger language plpgsql as $$
begin
    if old.activated_at is not null and (
        tg_op = 'DELETE'
        or new.text is distinct from old.text
        or new.hash is distinct from old.hash
        or new.starts_on is distinct from old.starts_on
        or new.activated_at is null
    ) then
        raise exception 'version % of a plan is active: its text stays', old.number
            using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;

create trigger compensation_keep_active_texts before update or delete
    on compensation_planversion for each row execute function compensation_keep_active_texts();
"""


class Migration(migrations.Migration):
    dependencies = [("compensation", "0001_initial"), ("base", "0002_audit")]

    operations = [
        migrations.RunSQL(
            GUARD_POSTINGS,
            "drop trigger compensation_guard_postings on compensation_posting;"
            "drop function compensation_guard_postings();",
        ),
        migrations.RunSQL(
            KEEP_CLOSED_PERIODS,
            "drop trigger compensation_keep_closed_periods on compensation_payperiod;"
            "drop function compensation_keep_closed_periods();",
        ),
        migrations.RunSQL(
            KEEP_ACTIVE_TEXTS,
            "drop trigger compensation_keep_active_texts on compensation_planversion;"
            "drop function compensation_keep_active_texts();",
        ),
        append_only(
            "compensation_calculationrun",
            "compensation_runline",
            "compensation_posting",
            "compensation_disputemessage",
        ),
        audit_tables(
            "compensation_compensationplan",
            "compensation_planversion",
            "compensation_planassignment",
            "compensation_quota",
            "compensation_reportingline",
            "compensation_creditevent",
            "compensation_creditsplit",
            "compensation_payperiod",
            "compensation_paymentbatch",
            "compensation_dispute",
            "compensation_adjustment",
        ),
    ]
