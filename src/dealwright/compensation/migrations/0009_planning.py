"""Planning of quotas and territories: scenarios, their rows, and what adopting wrote."""

import dealwright.base.identifiers
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from dealwright.base.records.audit import append_only, audit_tables


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0011_audit_by_statement"),
        ("compensation", "0008_line_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlanningScenario",
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
                ("name", models.CharField(max_length=120)),
                ("measure", models.CharField(max_length=40)),
                ("currency", models.CharField(max_length=3)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("target", models.DecimalField(decimal_places=2, max_digits=18)),
                ("step", models.DecimalField(decimal_places=2, default=1, max_digits=18)),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("heads", "Equally by heads"),
                            ("history", "By what was credited before"),
                            ("pipeline", "By open pipeline"),
                            ("weights", "By given weights"),
                            ("hand", "By hand"),
                        ],
                        default="history",
                        max_length=8,
                    ),
                ),
                (
                    "over_assignment",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=6, max_digits=9),
                        blank=True,
                        default=list,
                    ),
                ),
                (
                    "ramp",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=6, max_digits=9),
                        blank=True,
                        default=list,
                    ),
                ),
                (
                    "seasonality",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DecimalField(decimal_places=2, max_digits=18),
                        blank=True,
                        default=list,
                    ),
                ),
                (
                    "expected_attainment",
                    models.DecimalField(decimal_places=6, default=1, max_digits=9),
                ),
                (
                    "grain",
                    models.CharField(
                        choices=[
                            ("month", "Each month"),
                            ("quarter", "Each quarter"),
                            ("range", "The whole time"),
                        ],
                        default="month",
                        max_length=7,
                    ),
                ),
                ("history_starts_on", models.DateField()),
                ("history_ends_on", models.DateField()),
                ("figures_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("shared_at", models.DateTimeField(blank=True, null=True)),
                ("adopted_at", models.DateTimeField(blank=True, null=True)),
                ("dropped_at", models.DateTimeField(blank=True, null=True)),
                (
                    "adopted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PlanningRow",
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
                ("place", models.PositiveIntegerField(default=0)),
                ("position", models.CharField(blank=True, default="", max_length=120)),
                ("name", models.CharField(max_length=160)),
                ("is_hire", models.BooleanField(default=False)),
                ("sets_quota", models.BooleanField(default=True)),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("heads", "Equally by heads"),
                            ("history", "By what was credited before"),
                            ("pipeline", "By open pipeline"),
                            ("weights", "By given weights"),
                            ("hand", "By hand"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                (
                    "over",
                    models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True),
                ),
                (
                    "weight",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True),
                ),
                (
                    "locked",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True),
                ),
                (
                    "proposed",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=18, null=True),
                ),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("ends_on", models.DateField(blank=True, null=True)),
                ("ramp_from", models.DateField(blank=True, null=True)),
                (
                    "expected_attainment",
                    models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True),
                ),
                ("history", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ("pipeline", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ("amount", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ("carried", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ("unplaced", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="children",
                        to="compensation.planningrow",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="base.team",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scenario",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="compensation.planningscenario",
                    ),
                ),
            ],
            options={
                "ordering": ["place", "name", "id"],
            },
        ),
        migrations.CreateModel(
            name="PlanningChange",
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
                ("row_id", models.UUIDField(null=True)),
                ("row_name", models.CharField(blank=True, max_length=160)),
                ("what", models.CharField(max_length=20)),
                ("before", models.CharField(blank=True, max_length=200)),
                ("after", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scenario",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="compensation.planningscenario",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PlannedTerritory",
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
                ("territory", models.CharField(max_length=120)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scenario",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="territories",
                        to="compensation.planningscenario",
                    ),
                ),
            ],
            options={
                "ordering": ["territory"],
            },
        ),
        migrations.CreateModel(
            name="AdoptedTerritory",
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
                ("holder_id", models.UUIDField()),
                ("territory", models.CharField(max_length=120)),
                ("is_new", models.BooleanField()),
                ("ends_on", models.DateField(null=True)),
                ("ended_was", models.DateField(null=True)),
                (
                    "scenario",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adopted_territories",
                        to="compensation.planningscenario",
                    ),
                ),
            ],
            options={
                "ordering": ["territory", "is_new"],
            },
        ),
        migrations.CreateModel(
            name="AdoptedQuota",
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
                ("quota_id", models.UUIDField(unique=True)),
                ("holder", models.CharField(max_length=160)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18)),
                (
                    "scenario",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adopted_quotas",
                        to="compensation.planningscenario",
                    ),
                ),
            ],
            options={
                "ordering": ["holder", "starts_on"],
            },
        ),
        migrations.AddConstraint(
            model_name="planningscenario",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__isnull", True),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="planning_scenario_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningscenario",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expected_attainment__gt", 0), ("step__gt", 0), ("target__gte", 0)
                ),
                name="planning_scenario_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningscenario",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("adopted_at__isnull", True), ("dropped_at__isnull", True), _connector="OR"
                ),
                name="planning_scenario_adopted_or_dropped",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("team__isnull", True), ("user__isnull", True)),
                    models.Q(("position", ""), ("user__isnull", True)),
                    models.Q(("position", ""), ("team__isnull", True)),
                    _connector="OR",
                ),
                name="planning_row_of_one_holder",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_hire", False),
                    models.Q(("position", ""), ("team__isnull", True), ("user__isnull", True)),
                    _connector="OR",
                ),
                name="planning_row_hire_is_nobody_yet",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("locked__isnull", True), ("locked__gte", 0), _connector="OR"),
                    models.Q(("proposed__isnull", True), ("proposed__gte", 0), _connector="OR"),
                    models.Q(("weight__isnull", True), ("weight__gte", 0), _connector="OR"),
                    ("amount__gte", 0),
                ),
                name="planning_row_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__isnull", True),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="planning_row_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("parent__isnull", True)),
                fields=("scenario",),
                name="planning_row_one_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user__isnull", False)),
                fields=("scenario", "user"),
                name="planning_row_user_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("position", ""), _negated=True),
                fields=("scenario", "position"),
                name="planning_row_position_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="planningrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("team__isnull", False)),
                fields=("scenario", "team"),
                name="planning_row_team_once",
            ),
        ),
        migrations.AddIndex(
            model_name="planningchange",
            index=models.Index(fields=["row_id", "-at"], name="planning_change_row"),
        ),
        migrations.AddConstraint(
            model_name="plannedterritory",
            constraint=models.UniqueConstraint(
                fields=("scenario", "territory"), name="planned_territory_once"
            ),
        ),
        audit_tables("compensation_planningscenario", "compensation_plannedterritory"),
        append_only("compensation_planningchange"),
    ]
