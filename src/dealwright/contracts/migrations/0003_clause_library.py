"""The clause library, and which texts have a clause of it."""

import dealwright.base.identifiers
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from dealwright.base.records.audit import append_only, audit_tables


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0002_rules"),
        ("crm", "0006_indexes_for_sorting"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Clause",
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
                (
                    "access_keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list
                    ),
                ),
                ("custom", models.JSONField(blank=True, default=dict)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("name", models.CharField(max_length=160)),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("parties", "Parties"),
                            ("scope", "Services"),
                            ("fees", "Fees and payment"),
                            ("term", "Term and renewal"),
                            ("termination", "Termination"),
                            ("confidentiality", "Confidentiality"),
                            ("data", "Data protection"),
                            ("property", "Intellectual property"),
                            ("warranty", "Warranty"),
                            ("liability", "Liability"),
                            ("law", "Law and disputes"),
                            ("general", "General"),
                        ],
                        default="general",
                        max_length=16,
                    ),
                ),
                (
                    "position",
                    models.CharField(
                        choices=[("preferred", "Preferred"), ("fallback", "Fallback")],
                        default="preferred",
                        max_length=10,
                    ),
                ),
                ("text", models.TextField()),
                ("edition", models.PositiveIntegerField(default=1)),
                ("guidance", models.TextField(blank=True)),
                ("is_locked", models.BooleanField(default=False)),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "status",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(retired_at__isnull=False, then=models.Value("retired")),
                            default=models.Value("in_use"),
                        ),
                        output_field=models.CharField(
                            choices=[("in_use", "In use"), ("retired", "Retired")], max_length=10
                        ),
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "everything",
                "default_manager_name": "everything",
            },
            managers=[
                ("everything", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="ClauseVersion",
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
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=160)),
                ("text", models.TextField()),
                ("note", models.CharField(blank=True, max_length=250)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.AddIndex(
            model_name="contract",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["body"], name="contract_body", opclasses=["jsonb_path_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="templateversion",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["body"], name="template_version_body", opclasses=["jsonb_path_ops"]
            ),
        ),
        migrations.AddField(
            model_name="clause",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="clause",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="clause",
            name="updated_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="clauseversion",
            name="clause",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="versions",
                to="contracts.clause",
            ),
        ),
        migrations.AddField(
            model_name="clauseversion",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="clause",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["-created_at", "-id"],
                name="clause_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="clause",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["owner", "-created_at", "-id"],
                name="clause_by_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="clause",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["access_keys"], name="clause_access"
            ),
        ),
        migrations.AddConstraint(
            model_name="clauseversion",
            constraint=models.UniqueConstraint(
                fields=("clause", "number"), name="clause_version_once"
            ),
        ),
        append_only("contracts_clauseversion"),
        audit_tables("contracts_clause"),
    ]
