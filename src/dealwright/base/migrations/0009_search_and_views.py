import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0008_shared_cache"),
    ]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("record_id", models.UUIDField(primary_key=True, serialize=False)),
                ("object", models.CharField(max_length=40)),
                ("folded", models.TextField()),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                ("related", django.contrib.postgres.search.SearchVectorField()),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list
                    ),
                ),
                ("owner_id", models.UUIDField(null=True)),
                (
                    "access_keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["words"], name="search_entry_words"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["related"], name="search_entry_related"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["keys"], name="search_entry_keys"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass("folded", name="gin_trgm_ops"),
                        name="search_entry_similar",
                    ),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass("folded", name="text_pattern_ops"),
                        name="search_entry_prefix",
                    ),
                    models.Index(fields=["object"], name="search_entry_object"),
                    models.Index(fields=["owner_id"], name="search_entry_own"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["access_keys"], name="search_entry_shared"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LastView",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("object", models.CharField(max_length=40)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "view",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="base.savedview",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "object"), name="last_view_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ViewPin",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "view",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pins",
                        to="base.savedview",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "view"), name="view_pin_once")
                ],
            },
        ),
    ]
