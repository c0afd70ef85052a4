"""Quotas of positions and teams, territories, named relationships, attainments as known on a day."""

from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import dealwright.base.identifiers
from dealwright.base.records.audit import audit_tables

# Attainments of now are taken away and written anew by each calculation. A version ends where
# its attainment goes and goes on where the same transaction writes the same again; what came and
# went within one transaction was never known.
KEEP_ATTAINMENT_VERSIONS = """
create function compensation_attainments_gone() returns trigger language plpgsql as $$
begin
    update compensation_attainmentversion version set until = now()
      from gone
     where version.plan_id = gone.plan_id and version.payee_id = gone.payee_id
       and version.period_id = gone.period_id and version.component = gone.component
       and version.until is null;
    return null;
end $$;

create trigger compensation_attainments_gone after delete on compensation_attainment
    referencing old table as gone
    for each statement execute function compensation_attainments_gone();

create function compensation_attainments_known() returns trigger language plpgsql as $$
begin
    delete from compensation_attainmentversion version using fresh
     where version.plan_id = fresh.plan_id and version.payee_id = fresh.payee_id
       and version.period_id = fresh.period_id and version.component = fresh.component
       and version.since = now() and version.until = now();
    update compensation_attainmentversion version set until = null
      from fresh
     where version.plan_id = fresh.plan_id and version.payee_id = fresh.payee_id
       and version.period_id = fresh.period_id and version.component = fresh.component
       and version.until = now()
       and version.reached = fresh.reached and version.quota = fresh.quota;
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

create trigger compensation_attainments_known after insert on compensation_attainment
    referencing new table as fresh
    for each statement execute function compensation_attainments_known();
"""

# What is known now was known at the latest by the last run of its plan.
VERSIONS_OF_NOW = """
insert into compensation_attainmentversion
    (plan_id, payee_id, period_id, component, reached, quota, since)
select attainment.plan_id, attainment.payee_id, attainment.period_id, attainment.component,
       attainment.reached, attainment.quota, coalesce(latest.at, now())
  from compensation_attainment attainment
  left join (
    select version.plan_id, max(run.created_at) as at
      from compensation_calculationrun run
      join compensation_planversion version on version.id = run.version_id
     group by version.plan_id) latest on latest.plan_id = attainment.plan_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0011_audit_by_statement"),
        ("compensation", "0006_holds_and_acceptance"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AttainmentVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("component", models.CharField(max_length=60)),
                ("reached", models.DecimalField(decimal_places=6, max_digits=28)),
                ("quota", models.DecimalField(decimal_places=6, max_digits=28)),
                (
                    "since",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="TerritoryHolder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=dealwright.base.identifiers.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("territory", models.CharField(db_index=True, max_length=120)),
                (
                    "share",
                    models.DecimalField(decimal_places=6, default=Decimal("1"), max_digits=9),
                ),
                ("role", models.CharField(blank=True, max_length=80)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "ordering": ["territory", "starts_on", "user__name", "role"],
            },
        ),
        migrations.AlterModelOptions(
            name="quota",
            options={"ordering": ["user__name", "position", "team__name", "measure", "starts_on"]},
        ),
        migrations.AlterModelOptions(
            name="reportingline",
            options={"ordering": ["user", "relation", "starts_on"]},
        ),
        migrations.RemoveConstraint(
            model_name="reportingline",
            name="reporting_line_one_at_a_time",
        ),
        migrations.AddField(
            model_name="quota",
            name="position",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="quota",
            name="team",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="base.team",
            ),
        ),
        migrations.AddField(
            model_name="reportingline",
            name="relation",
            field=models.CharField(default="reporting", max_length=40),
        ),
        migrations.AlterField(
            model_name="quota",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="quotas",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("position", ""), ("team__isnull", True), ("user__isnull", False)),
                    models.Q(
                        ("team__isnull", True),
                        ("user__isnull", True),
                        models.Q(("position", ""), _negated=True),
                    ),
                    models.Q(("position", ""), ("team__isnull", False), ("user__isnull", True)),
                    _connector="OR",
                ),
                name="quota_of_one_holder",
            ),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("position", ""), _negated=True),
                expressions=[
                    ("position", "="),
                    ("measure", "="),
                    (
                        models.Func(
                            models.F("starts_on"),
                            models.F("ends_on"),
                            models.Value("[]"),
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="quota_of_position_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="quota",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("team", "="),
                    ("measure", "="),
                    (
                        models.Func(
                            models.F("starts_on"),
                            models.F("ends_on"),
                            models.Value("[]"),
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="quota_of_team_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportingline",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("user", "="),
                    ("relation", "="),
                    (
                        models.Func(
                            models.F("starts_on"),
                            models.F("ends_on"),
                            models.Value("[]"),
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="reporting_line_one_at_a_time",
            ),
        ),
        migrations.AddField(
            model_name="attainmentversion",
            name="payee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="attainmentversion",
            name="period",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="compensation.payperiod",
            ),
        ),
        migrations.AddField(
            model_name="attainmentversion",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="compensation.compensationplan",
            ),
        ),
        migrations.AddField(
            model_name="territoryholder",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="territoryholder",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="territories",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="attainmentversion",
            index=models.Index(
                fields=["plan", "payee", "period", "component"], name="attainment_versions"
            ),
        ),
        migrations.AddConstraint(
            model_name="territoryholder",
            constraint=models.CheckConstraint(
                condition=models.Q(("share__gt", 0)), name="territory_share_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="territoryholder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__isnull", True),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="territory_holder_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="territoryholder",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("territory", "="),
                    ("user", "="),
                    ("role", "="),
                    (
                        models.Func(
                            models.F("starts_on"),
                            models.F("ends_on"),
                            models.Value("[]"),
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="territory_held_once",
            ),
        ),
        audit_tables("compensation_territoryholder"),
        migrations.RunSQL(
            KEEP_ATTAINMENT_VERSIONS,
            "drop trigger compensation_attainments_gone on compensation_attainment;"
            "drop trigger compensation_attainments_known on compensation_attainment;"
            "drop function compensation_attainments_gone();"
            "drop function compensation_attainments_known();",
        ),
        migrations.RunSQL(VERSIONS_OF_NOW, migrations.RunSQL.noop),
    ]
