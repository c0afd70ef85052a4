"""Holds, acceptance of plans by signature, and what questions are about."""

import dealwright.base.identifiers
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from dealwright.base.records.audit import audit_tables


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0011_audit_by_statement"),
        ("compensation", "0005_accounting"),
        ("signing", "0003_former_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlanAcceptance",
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
                ("version_hash", models.CharField(max_length=64)),
                ("document_sha256", models.CharField(max_length=64)),
                (
                    "asked_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("viewed_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("sealed_sha256", models.CharField(blank=True, max_length=64)),
                ("declined_at", models.DateTimeField(blank=True, null=True)),
                ("lapsed_at", models.DateTimeField(blank=True, null=True)),
                ("ended_reason", models.TextField(blank=True)),
                ("superseded_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-asked_at"],
            },
        ),
        migrations.AddField(
            model_name="adjustment",
            name="category",
            field=models.CharField(
                choices=[
                    ("split", "Split or credit"),
                    ("territory", "Territory"),
                    ("refund", "Refund or clawback timing"),
                    ("plan", "Plan change"),
                    ("rate", "Exchange rate"),
                    ("other", "Something else"),
                ],
                default="other",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="adjustment",
            name="line",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="compensation.runline",
            ),
        ),
        migrations.AddField(
            model_name="compensationplan",
            name="pay_after_acceptance",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="dispute",
            name="category",
            field=models.CharField(
                choices=[
                    ("split", "Split or credit"),
                    ("territory", "Territory"),
                    ("refund", "Refund or clawback timing"),
                    ("plan", "Plan change"),
                    ("rate", "Exchange rate"),
                    ("other", "Something else"),
                ],
                default="other",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="disputemessage",
            name="file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="base.storedfile",
            ),
        ),
        migrations.AlterField(
            model_name="posting",
            name="account",
            field=models.CharField(
                choices=[
                    ("expense", "Commission expense"),
                    ("payable", "Payable to payees"),
                    ("draw_receivable", "Draws to be recovered"),
                    ("holdback", "Held back until payment"),
                    ("cap_withheld", "Withheld above caps"),
                    ("clawback_receivable", "Clawbacks to be recovered"),
                    ("points_liability", "Rewards owed beside pay"),
                    ("on_hold", "Held until released"),
                    ("cash_clearing", "Paid out"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="posting",
            name="kind",
            field=models.CharField(
                choices=[
                    ("calculation", "Calculation"),
                    ("adjustment", "Adjustment"),
                    ("payment", "Payment"),
                    ("hold", "Hold"),
                    ("release", "Release"),
                ],
                max_length=11,
            ),
        ),
        migrations.CreateModel(
            name="Hold",
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
                    "origin",
                    models.CharField(
                        choices=[("hand", "By hand"), ("acceptance", "Plan not accepted")],
                        default="hand",
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField()),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
                (
                    "held_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                ("release_reason", models.TextField(blank=True)),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="compensation.creditevent",
                    ),
                ),
                (
                    "held_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "payee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compensation.compensationplan",
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compensation.planversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-held_at"],
            },
        ),
        migrations.AddField(
            model_name="posting",
            name="hold",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="postings",
                to="compensation.hold",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("hold__isnull", False)), fields=["hold"], name="posting_hold"
            ),
        ),
        migrations.AddField(
            model_name="planacceptance",
            name="asked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="planacceptance",
            name="envelope",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="signing.envelope"
            ),
        ),
        migrations.AddField(
            model_name="planacceptance",
            name="payee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="planacceptance",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="acceptances",
                to="compensation.planversion",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("released_at__isnull", True)),
                fields=["payee"],
                name="hold_payee",
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("event__isnull", False)), fields=["event"], name="hold_event"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__isnull", True),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="hold_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("payee__isnull", False), ("event__isnull", False), _connector="OR"
                ),
                name="hold_of_a_person_or_a_deal",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at__isnull", True), ("version__isnull", False)),
                fields=("payee", "version"),
                name="hold_once_until_accepted",
            ),
        ),
        migrations.AddIndex(
            model_name="planacceptance",
            index=models.Index(fields=["payee", "-asked_at"], name="plan_acceptance_payee"),
        ),
        migrations.AddConstraint(
            model_name="planacceptance",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("declined_at__isnull", True),
                    ("lapsed_at__isnull", True),
                    ("superseded_at__isnull", True),
                ),
                fields=("version", "payee"),
                name="plan_acceptance_asked_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="planacceptance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted_at__isnull", True),
                    models.Q(("sealed_sha256", ""), _negated=True),
                    _connector="OR",
                ),
                name="plan_acceptance_is_sealed",
            ),
        ),
        audit_tables("compensation_hold", "compensation_planacceptance"),
    ]
