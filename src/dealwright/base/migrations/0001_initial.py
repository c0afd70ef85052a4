import dealwright.base.identifiers
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import (
    BtreeGinExtension,
    BtreeGistExtension,
    TrigramExtension,
    UnaccentExtension,
)
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        BtreeGinExtension(),
        BtreeGistExtension(),
        migrations.CreateModel(
            name="Team",
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
                ("name", models.CharField(max_length=120, unique=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("table", models.CharField(max_length=63)),
                ("record_id", models.UUIDField(null=True)),
                ("action", models.CharField(max_length=6)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("via", models.CharField(blank=True, max_length=12)),
                ("request_id", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["record_id", "-id"], name="audit_event_record"),
                    models.Index(fields=["-id"], name="audit_event_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CustomField",
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
                ("object", models.CharField(max_length=40)),
                ("key", models.SlugField(max_length=60)),
                ("label", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("money", "Money"),
                            ("date", "Date"),
                            ("bool", "Yes or no"),
                            ("choice", "One of a list"),
                            ("choices", "Several of a list"),
                            ("url", "Web address"),
                            ("formula", "Formula"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "options",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120), blank=True, default=list
                    ),
                ),
                ("required", models.BooleanField(default=False)),
                ("formula", models.TextField(blank=True)),
                ("help_text", models.CharField(blank=True, max_length=240)),
                ("position", models.PositiveIntegerField(default=0)),
                ("is_indexed", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["object", "position", "label"],
                "constraints": [
                    models.UniqueConstraint(fields=("object", "key"), name="custom_field_key_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ExternalId",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("object", models.CharField(max_length=40)),
                ("record_id", models.UUIDField()),
                ("system", models.CharField(max_length=60)),
                ("key", models.CharField(max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["record_id"], name="external_id_record")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("object", "system", "key"), name="external_id_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotentRequest",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("caller", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=200)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("content_type", models.CharField(blank=True, max_length=80)),
                ("body", models.BinaryField(default=bytes)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="idempotent_request_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("caller", "key"), name="idempotent_request_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ObjectAccess",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("object", models.CharField(max_length=40)),
                ("profile", models.CharField(max_length=20)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("none", "Nothing"),
                            ("own", "Own and shared records"),
                            ("read", "See all, change own"),
                            ("write", "See and change all"),
                        ],
                        max_length=5,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("object", "profile"), name="object_access_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Role",
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
                ("name", models.CharField(max_length=120, unique=True)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="base.role",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=dealwright.base.identifiers.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.CharField(max_length=160)),
                (
                    "profile",
                    models.CharField(
                        choices=[
                            ("administrator", "Administrator"),
                            ("manager", "Manager"),
                            ("rep", "Sales rep"),
                            ("finance", "Finance"),
                            ("legal", "Legal"),
                            ("read_only", "Read only"),
                        ],
                        default="rep",
                        max_length=20,
                    ),
                ),
                ("region", models.CharField(blank=True, max_length=80)),
                ("job_title", models.CharField(blank=True, max_length=120)),
                ("language", models.CharField(default="en", max_length=12)),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "As the device"), ("light", "Light"), ("dark", "Dark")],
                        default="auto",
                        max_length=6,
                    ),
                ),
                ("shortcuts", models.BooleanField(default=True)),
                ("is_active", models.BooleanField(default=True)),
                ("is_placeholder", models.BooleanField(default=False)),
                ("invited_at", models.DateTimeField(blank=True, null=True)),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "manager",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="users",
                        to="base.role",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "email"],
            },
        ),
        migrations.CreateModel(
            name="SharingRule",
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
                ("object", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                ("filter", models.JSONField(blank=True, default=dict)),
                ("may_write", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "from_role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="base.role",
                    ),
                ),
                (
                    "to_role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="base.role",
                    ),
                ),
                (
                    "from_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="base.team",
                    ),
                ),
                (
                    "to_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="base.team",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SavedView",
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
                ("object", models.CharField(max_length=40)),
                ("name", models.CharField(max_length=120)),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("private", "Only me"),
                            ("team", "My team"),
                            ("everyone", "Everyone"),
                        ],
                        default="private",
                        max_length=8,
                    ),
                ),
                (
                    "layout",
                    models.CharField(
                        choices=[("table", "Table"), ("board", "Board"), ("calendar", "Calendar")],
                        default="table",
                        max_length=8,
                    ),
                ),
                ("filter", models.JSONField(blank=True, default=dict)),
                (
                    "columns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), blank=True, default=list
                    ),
                ),
                ("sort", models.CharField(blank=True, max_length=80)),
                ("position", models.PositiveIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="base.team",
                    ),
                ),
            ],
            options={
                "ordering": ["object", "position", "name"],
            },
        ),
        migrations.CreateModel(
            name="TeamMembership",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="base.team",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="team_memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="team",
            name="members",
            field=models.ManyToManyField(
                related_name="teams", through="base.TeamMembership", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.CreateModel(
            name="RecordShare",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("object", models.CharField(max_length=40)),
                ("record_id", models.UUIDField()),
                ("grantee", models.UUIDField()),
                ("may_write", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "shared_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("record_id", "grantee"), name="record_share_once"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.CheckConstraint(
                condition=models.Q(("parent", models.F("id")), _negated=True),
                name="role_not_its_own_parent",
            ),
        ),
        migrations.AddConstraint(
            model_name="sharingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("to_team__isnull", False), ("to_role__isnull", False), _connector="XOR"
                ),
                name="sharing_rule_has_one_receiver",
            ),
        ),
        migrations.AddConstraint(
            model_name="teammembership",
            constraint=models.UniqueConstraint(
                fields=("team", "user"), name="team_membership_once"
            ),
        ),
    ]
