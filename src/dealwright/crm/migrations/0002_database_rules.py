"""Rules that hold whoever writes: services, imports in bulk, a hand at the database."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

from dealwright.base.records.audit import audit_tables

# A deal's status and pipeline follow its stage; what the stage implies is set unless the
# same statement says otherwise.
FOLLOW_STAGE = """
create function crm_follow_stage() returns trigger language plpgsql as $$
declare
    stage crm_stage%rowtype;
    moved boolean := tg_op = 'INSERT';
begin
    if not moved then
        moved := new.stage_id is distinct from old.stage_id;
    end if;
    select * into stage from crm_stage where id = new.stage_id;
    new.pipeline_id := stage.pipeline_id;
    new.status := stage.category;
    if not moved then
        return new;
    end if;
    if tg_op = 'INSERT' then
        if new.forecast_category = 'pipeline' then
            new.forecast_category := stage.forecast_category;
        end if;
    else
        if new.stage_entered_at is not distinct from old.stage_entered_at then
            new.stage_entered_at := now();
        end if;
        if new.forecast_category is not distinct from old.forecast_category then
            new.forecast_category := stage.forecast_category;
        end if;
    end if;
    if stage.category <> 'open' then
        new.probability := stage.probability;
        new.probability_source := 'stage';
        if new.closed_at is null then
            new.closed_at := coalesce(new.close_date::timestamp at time zone 'UTC', now());
        end if;
    else
        new.closed_at := null;
        if new.probability_source = 'stage' then
            new.probability := stage.probability;
        end if;
    end if;
    return new;
end $$;

create trigger crm_follow_stage before insert or update of stage_id, pipeline_id, status
    on crm_opportunity for each row execute function crm_follow_stage();
"""

KEEP_STAGE_HISTORY = """
create function crm_keep_stage_history() returns trigger language plpgsql as $$
declare
    came_from uuid;
    who text := split_part(coalesce(current_setting('dealwright.actor', true), ''), '|', 1);
begin
    if tg_op = 'UPDATE' then
        if new.stage_id is not distinct from old.stage_id then
            return null;
        end if;
        came_from := old.stage_id;
    end if;
    insert into crm_stagehistory
        (id, opportunity_id, from_stage_id, to_stage_id, at, by_id, amount, currency,
         close_date, probability)
    values
        (gen_random_uuid(), new.id, came_from, new.stage_id, new.stage_entered_at,
         nullif(who, '')::uuid, new.amount, new.currency, new.close_date, new.probability);
    return null;
end $$;

create trigger crm_keep_stage_history after insert or update of stage_id
    on crm_opportunity for each row execute function crm_keep_stage_history();
"""

# The preferred address of a person is always one of the person's contact points.
KEEP_CONTACT_POINTS = """
create function crm_prefer_contact_point(who uuid, what text, was text, now_is text)
returns void language plpgsql as $$
begin
    if was is not distinct from now_is then
        return;
    end if;
    delete from crm_contactpoint where contact_id = who and kind = what and value = was;
    update crm_contactpoint set is_primary = false
     where contact_id = who and kind = what and is_primary;
    if now_is <> '' then
        insert into crm_contactpoint (id, contact_id, kind, value, label, is_primary)
        values (gen_random_uuid(), who, what, now_is, '', true)
        on conflict (contact_id, kind, value) do update set is_primary = true;
    end if;
end $$;

create function crm_keep_contact_points() returns trigger language plpgsql as $$
declare
    was crm_contact%rowtype;
begin
    if tg_op = 'UPDATE' then
        was := old;
    end if;
    perform crm_prefer_contact_point(new.id, 'email', coalesce(was.email, ''), new.email);
    perform crm_prefer_contact_point(new.id, 'phone', coalesce(was.phone, ''), new.phone);
    perform crm_prefer_contact_point(new.id, 'mobile', coalesce(was.mobile, ''), new.mobile);
    if was.account_id is distinct from new.account_id then
        update crm_accountcontact set is_primary = false
         where contact_id = new.id and is_primary;
        if new.account_id is not null then
            insert into crm_accountcontact
                (id, account_id, contact_id, role, influence, is_primary)
            values (gen_random_uuid(), new.account_id, new.id, '', '', true)
            on conflict (account_id, contact_id) do update set is_primary = true;
        end if;
    end if;
    return null;
end $$;

create trigger crm_keep_contact_points
    after insert or update of email, phone, mobile, account_id
    on crm_contact for each row execute function crm_keep_contact_points();
"""


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(
            FOLLOW_STAGE,
            "drop trigger crm_follow_stage on crm_opportunity; drop function crm_follow_stage",
        ),
        migrations.RunSQL(
            KEEP_STAGE_HISTORY,
            "drop trigger crm_keep_stage_history on crm_opportunity;"
            " drop function crm_keep_stage_history",
        ),
        migrations.RunSQL(
            KEEP_CONTACT_POINTS,
            "drop trigger crm_keep_contact_points on crm_contact;"
            " drop function crm_keep_contact_points; drop function crm_prefer_contact_point",
        ),
        audit_tables(
            "crm_account",
            "crm_accountcontact",
            "crm_activity",
            "crm_assignmentrule",
            "crm_campaign",
            "crm_campaignmember",
            "crm_case",
            "crm_contact",
            "crm_contactpoint",
            "crm_lead",
            "crm_opportunity",
            "crm_opportunitycontactrole",
            "crm_opportunitylineitem",
            "crm_opportunityteammember",
            "crm_pipeline",
            "crm_pricebook",
            "crm_pricebookentry",
            "crm_product",
            "crm_quote",
            "crm_quotelineitem",
            "crm_slatarget",
            "crm_stage",
            "crm_webform",
        ),
    ]
