"""Templates, bulk sends, public signing forms, signing inside other sites."""

import dealwright.base.identifiers
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from dealwright.base.records.audit import audit_tables


class Migration(migrations.Migration):
    dependencies = [
        ("signing", "0009_fields"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SigningTemplate",
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
                ("title", models.CharField(max_length=200)),
                ("message", models.TextField(blank=True)),
                ("language", models.CharField(default="en", max_length=12)),
                ("expires_days", models.PositiveSmallIntegerField(default=30)),
                (
                    "remind_every_days",
                    models.PositiveSmallIntegerField(blank=True, default=3, null=True),
                ),
                ("remind_first_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("remind_most", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("warn_days", models.PositiveSmallIntegerField(blank=True, default=3, null=True)),
                ("may_reassign", models.BooleanField(default=True)),
                ("roles", models.JSONField(default=list)),
                ("fields", models.JSONField(default=list)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "updated_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            name="SigningForm",
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
                ("name", models.CharField(max_length=120)),
                ("slug", models.SlugField(max_length=60)),
                ("role", models.PositiveSmallIntegerField(default=1)),
                ("title", models.CharField(max_length=160)),
                ("introduction", models.TextField(blank=True)),
                ("is_active", models.BooleanField(default=True)),
                ("closes_at", models.DateTimeField(blank=True, null=True)),
                ("most_in_all", models.PositiveIntegerField(blank=True, null=True)),
                ("most_per_person", models.PositiveSmallIntegerField(default=1)),
                ("most_per_sender", models.PositiveSmallIntegerField(default=5)),
                ("embed_origins", models.CharField(blank=True, max_length=500)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "updated_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forms",
                        to="signing.signingtemplate",
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
            name="TemplateDocument",
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
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("original_sha256", models.CharField(max_length=64)),
                ("prepared_sha256", models.CharField(max_length=64)),
                ("pages", models.JSONField()),
                ("texts", models.JSONField(default=list)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "original",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="base.storedfile",
                    ),
                ),
                (
                    "prepared",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="base.storedfile",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="signing.signingtemplate",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="TemplateVersion",
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
                ("content", models.JSONField()),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="signing.signingtemplate",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="TemplateUse",
            fields=[
                (
                    "envelope",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="made_from",
                        serialize=False,
                        to="signing.envelope",
                    ),
                ),
                ("source", models.CharField(default="use", max_length=12)),
                ("source_id", models.UUIDField(blank=True, null=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="signing.templateversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BulkSend",
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
                ("name", models.CharField(max_length=200)),
                ("columns", models.JSONField(default=list)),
                ("mapping", models.JSONField(default=dict)),
                ("run", models.UUIDField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="base.storedfile",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="signing.signingtemplate",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="signing.templateversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="BulkSendRow",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("values", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "bulk_send",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="signing.bulksend",
                    ),
                ),
                (
                    "envelope",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="signing.envelope",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("bulk_send", "number"), name="bulk_row_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("done_at__isnull", True),
                            models.Q(
                                ("envelope__isnull", False),
                                models.Q(("error", ""), _negated=True),
                                _connector="XOR",
                            ),
                            _connector="OR",
                        ),
                        name="bulk_row_sent_or_wrong",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EmbeddedSigning",
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
                ("client", models.CharField(max_length=200)),
                ("origin", models.CharField(blank=True, max_length=200)),
                ("return_url", models.CharField(blank=True, max_length=1000)),
                ("asserted", models.JSONField(default=dict)),
                ("url_hash", models.CharField(max_length=64, unique=True)),
                ("url_expires_at", models.DateTimeField()),
                ("session_hash", models.CharField(blank=True, max_length=64)),
                ("state", models.JSONField(default=dict)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("opened_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="embeddings",
                        to="signing.recipient",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
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
                        condition=models.Q(("session_hash", ""), _negated=True),
                        fields=("session_hash",),
                        name="embedded_session_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EmbeddingSite",
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
                ("origin", models.CharField(max_length=200)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="base.apitoken",
                    ),
                ),
            ],
            options={
                "ordering": ["origin"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("origin", "token"), name="embedding_site_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FormRequest",
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
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("name", models.CharField(max_length=160)),
                ("email", models.EmailField(max_length=254)),
                ("sender_hash", models.CharField(blank=True, max_length=64)),
                ("token_hash", models.CharField(blank=True, max_length=64)),
                ("refused", models.CharField(blank=True, max_length=60)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "envelope",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="signing.envelope",
                    ),
                ),
                (
                    "form",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requests",
                        to="signing.signingform",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["form", "-at"], name="form_request_newest"),
                    models.Index(fields=["sender_hash", "-at"], name="form_request_sender"),
                    models.Index(fields=["email", "-at"], name="form_request_email"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("token_hash", ""), _negated=True),
                        fields=("token_hash",),
                        name="form_request_token_once",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="signingtemplate",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["-created_at", "-id"],
                name="signing_template_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="signingtemplate",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["owner", "-created_at", "-id"],
                name="signing_template_by_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="signingtemplate",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["access_keys"], name="signing_template_access"
            ),
        ),
        migrations.AddIndex(
            model_name="signingform",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["-created_at", "-id"],
                name="signing_form_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="signingform",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=["owner", "-created_at", "-id"],
                name="signing_form_by_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="signingform",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["access_keys"], name="signing_form_access"
            ),
        ),
        migrations.AddConstraint(
            model_name="signingform",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("slug",),
                name="signing_form_slug_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="signingform",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("most_per_person__gte", 1), ("most_per_sender__gte", 1), ("role__gte", 1)
                ),
                name="signing_form_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="templateversion",
            constraint=models.UniqueConstraint(
                fields=("template", "number"), name="signing_template_version_once"
            ),
        ),
        migrations.AddIndex(
            model_name="templateuse",
            index=models.Index(fields=["version", "-at"], name="template_use_newest"),
        ),
        migrations.AddIndex(
            model_name="templateuse",
            index=models.Index(
                condition=models.Q(("source_id__isnull", False)),
                fields=["source_id"],
                name="template_use_source",
            ),
        ),
        migrations.AddIndex(
            model_name="bulksend",
            index=models.Index(fields=["user", "-created_at"], name="bulk_send_by_user"),
        ),
        audit_tables(
            "signing_signingtemplate",
            "signing_templatedocument",
            "signing_signingform",
            "signing_embeddingsite",
        ),
    ]
