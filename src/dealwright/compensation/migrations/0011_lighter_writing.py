"""What a calculation writes costs less: versions of attainments are found by index, and lines have
no index twice."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# As in 0007, but by index for each attainment: the planner takes the versions that ended in this
# transaction for one, and compared each of them with each attainment that came.
KEEP_ATTAINMENT_VERSIONS = """
create or replace function compensation_attainments_known() returns trigger language plpgsql as $$
begin
    delete from compensation_attainmentversion where id in (
        select ended.id
          from fresh cross join lateral (
            select version.id from compensation_attainmentversion version
             where version.plan_id = fresh.plan_id and version.payee_id = fresh.payee_id
               and version.period_id = fresh.period_id and version.component = fresh.component
               and version.since = now() and version.until = now()
            offset 0) ended);
    update compensation_attainmentversion set until = null where id in (
        select ended.id
          from fresh cross join lateral (
            select version.id from compensation_attainmentversion version
             where version.plan_id = fresh.plan_id and version.payee_id = fresh.payee_id
               and version.period_id = fresh.period_id and version.component = fresh.component
               and version.until = now()
               and version.reached = fresh.reached and version.quota = fresh.quota
            offset 0) ended);
    insert into compensation_attainmentversion
        (plan_id, payee_id, period_id, component, reached, quota)
    select plan_id, payee_id, period_id, component, reached, quota
      from fresh
     where not exists (
        select 1 from compensation_attainmentversion version
         where version.plan_id = fresh.plan_id and version.payee_id = fresh.payee_id
           and version.period_id = fresh.period_id and version.component = fresh.component
           and version.until is null);
    return null;
end $$;
"""

# Others begin with the same column.
INDEXES = {
    "event_id": "compensation_runline_event_id_cf705f61",
    "payee_id": "compensation_runline_payee_id_ae7a4ac3",
    "plan_id": "compensation_runline_plan_id_df2bf8f6",
    "run_id": "compensation_runline_run_id_be4f1f16",
}


def unindexed(name: str, to: str, *, null: bool = False, related_name: str = "+"):
    field = models.ForeignKey(
        db_index=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to=to,
    )
    return migrations.AlterField(model_name="runline", name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0010_line_digests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # The function before does the same; there is no need to go back to it.
        migrations.RunSQL(KEEP_ATTAINMENT_VERSIONS, migrations.RunSQL.noop),
        # An altered field would have its foreign key checked anew over all lines.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"drop index {name}", f"create index {name} on compensation_runline ({column})"
                )
                for column, name in INDEXES.items()
            ],
            state_operations=[
                unindexed("event", "compensation.creditevent", null=True),
                unindexed("payee", settings.AUTH_USER_MODEL),
                unindexed("plan", "compensation.compensationplan"),
                unindexed("run", "compensation.calculationrun", related_name="lines"),
            ],
        ),
    ]
