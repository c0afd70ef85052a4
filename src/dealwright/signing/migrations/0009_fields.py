"""Fields of every kind with their rules, and signatures as pictures."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

KINDS = [
    ("signature", "Signature"),
    ("initials", "Initials"),
    ("name", "Name"),
    ("email", "E-mail"),
    ("date_signed", "Date signed"),
    ("text", "Text"),
    ("number", "Number"),
    ("date", "Date"),
    ("checkbox", "Checkbox"),
    ("radio", "Radio button"),
    ("dropdown", "Dropdown"),
    ("multi_select", "Several choices"),
    ("attachment", "Attachment"),
    ("stamp", "Stamp"),
    ("formula", "Formula"),
]


def _add(name: str, field: models.Field) -> migrations.AddField:
    return migrations.AddField(
        model_name="envelopefield",
        name=name,
        field=field,
        preserve_default=field.default != "",  # only for the rows that are there
    )


def _constrain(name: str, condition: Q) -> migrations.AddConstraint:
    return migrations.AddConstraint(
        model_name="envelopefield",
        constraint=models.CheckConstraint(condition=condition, name=name),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0003_platform"),
        ("signing", "0008_routing"),
    ]

    operations = [
        migrations.AlterField(
            model_name="envelopefield",
            name="kind",
            field=models.CharField(max_length=12, choices=KINDS),
        ),
        _add("read_only", models.BooleanField(default=False)),
        _add("tab", models.PositiveSmallIntegerField(null=True, blank=True)),
        _add("help", models.CharField(max_length=200, blank=True, default="")),
        _add("options", models.JSONField(default=list, blank=True)),
        _add("option", models.CharField(max_length=80, blank=True, default="")),
        _add("condition", models.CharField(max_length=500, blank=True, default="")),
        _add("formula", models.CharField(max_length=500, blank=True, default="")),
        _add("checks", models.JSONField(default=dict, blank=True)),
        _add(
            "file",
            models.ForeignKey(
                "base.storedfile",
                null=True,
                blank=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
            ),
        ),
        migrations.AlterModelOptions(
            name="envelopefield",
            options={
                "ordering": [
                    "document__position",
                    F("tab").asc(nulls_last=True),
                    "page",
                    "y",
                    "x",
                    "position",
                ]
            },
        ),
        _constrain(
            "field_file_where_one_belongs",
            Q(file__isnull=True) | Q(kind__in=["attachment", "stamp"]),
        ),
        _constrain("field_option_of_radio", Q(kind="radio") | Q(option="")),
        _constrain("field_formula_of_formula", Q(kind="formula") | Q(formula="")),
        migrations.AddField(
            model_name="envelopedocument",
            name="notes",
            field=models.JSONField(default=list, blank=True),
        ),
        migrations.AddField(
            model_name="adoptedsignature",
            name="picture",
            field=models.BinaryField(null=True, blank=True),
        ),
        migrations.RemoveConstraint(model_name="adoptedsignature", name="adopted_drawn_or_typed"),
        migrations.AddConstraint(
            model_name="adoptedsignature",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(strokes__isnull=False, text="", picture__isnull=True)
                    | Q(strokes__isnull=True, text="", picture__isnull=False)
                    | Q(~Q(text=""), strokes__isnull=True, picture__isnull=True)
                ),
                name="adopted_drawn_or_typed",
            ),
        ),
    ]
