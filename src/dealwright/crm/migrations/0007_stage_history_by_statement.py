from django.db import migrations

# The first line of each new deal, written once a statement. A deal that comes in closed may be
# said to have come through another stage (``dealwright.came_through``, a setting of the
# transaction): it entered that at noon UTC of the day it was engaged.
BEGIN_STAGE_HISTORY = """
create function crm_begin_stage_history() returns trigger language plpgsql as $$
declare
    who uuid := nullif(
        split_part(coalesce(current_setting('dealwright.actor', true), ''), '|', 1), '')::uuid;
    through uuid := nullif(current_setting('dealwright.came_through', true), '')::uuid;
begin
    if through is not null then
        insert into crm_stagehistory
            (id, opportunity_id, from_stage_id, to_stage_id, at, by_id, amount, currency,
             close_date, probability)
        select gen_random_uuid(), deal.id, null, stage.id,
               (deal.engaged_on + time '12:00') at time zone 'UTC', who, null, deal.currency,
               null, stage.probability
          from new_rows deal join crm_stage stage on stage.id = through
         where deal.status <> 'open' and deal.engaged_on is not null;
    end if;
    insert into crm_stagehistory
        (id, opportunity_id, from_stage_id, to_stage_id, at, by_id, amount, currency,
         close_date, probability)
    select gen_random_uuid(), deal.id,
           case when deal.status <> 'open' and deal.engaged_on is not null then through end,
           deal.stage_id, deal.stage_entered_at, who, deal.amount, deal.currency,
           deal.close_date, deal.probability
      from new_rows deal;
    return null;
end $$;

create trigger crm_begin_stage_history after insert on crm_opportunity
    referencing new table as new_rows
    for each statement execute function crm_begin_stage_history();

drop trigger crm_keep_stage_history on crm_opportunity;
create trigger crm_keep_stage_history after update of stage_id
    on crm_opportunity for each row execute function crm_keep_stage_history();
"""

BY_ROW = """
drop trigger crm_begin_stage_history on crm_opportunity;
drop function crm_begin_stage_history;
drop trigger crm_keep_stage_history on crm_opportunity;
create trigger crm_keep_stage_history after insert or update of stage_id
    on crm_opportunity for each row execute function crm_keep_stage_history();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0006_indexes_for_sorting"),
    ]

    operations = [
        migrations.RunSQL(BEGIN_STAGE_HISTORY, BY_ROW),
    ]
