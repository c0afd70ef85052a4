"""Payments of signers, and the field that asks for one."""

import dealwright.base.identifiers
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from dealwright.base.records.audit import audit_tables

# What was asked of a person, and what is known of money that came, is never rewritten.
KEEP_PAYMENTS = """
create function signing_keep_payments() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'a payment is kept';
    end if;
    if (new.envelope_id, new.recipient_id, new.amount, new.currency, new.provider, new.created_at)
        is distinct from
       (old.envelope_id, old.recipient_id, old.amount, old.currency, old.provider, old.created_at)
    then
        raise exception 'what a payment asks for does not change';
    end if;
    if (old.paid_at is not null and (new.paid_at, new.reference, new.received,
            new.received_currency, new.is_test) is distinct from (old.paid_at, old.reference,
            old.received, old.received_currency, old.is_test))
        or (old.session <> '' and new.session <> old.session)
        or (old.refunded_at is not null and new.refunded_at is distinct from old.refunded_at)
    then
        raise exception 'what became of a payment does not change';
    end if;
    return new;
end $$;
create trigger signing_keep_payments before update or delete on signing_payment
    for each row execute function signing_keep_payments();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0011_audit_by_statement"),
        ("signing", "0012_more_identity"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Payment",
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
                ("title", models.CharField(blank=True, max_length=200)),
                ("description", models.CharField(blank=True, max_length=200)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("stripe", "A provider with Stripe’s interface"),
                            ("test", "Trying out: no money moves"),
                        ],
                        max_length=10,
                    ),
                ),
                ("is_test", models.BooleanField(default=False)),
                ("session", models.CharField(blank=True, max_length=200)),
                ("address", models.CharField(blank=True, max_length=5000)),
                ("reference", models.CharField(blank=True, max_length=200)),
                ("origin", models.CharField(max_length=300)),
                ("language", models.CharField(default="en", max_length=12)),
                (
                    "received",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=18, null=True),
                ),
                ("received_currency", models.CharField(blank=True, max_length=3)),
                ("counts", models.BooleanField(default=False)),
                ("problem", models.CharField(blank=True, max_length=20)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("ends_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("expired_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("refunded_at", models.DateTimeField(blank=True, null=True)),
                ("refund", models.CharField(blank=True, max_length=200)),
                ("check_at", models.DateTimeField(blank=True, null=True)),
                ("checks", models.PositiveSmallIntegerField(default=0)),
                (
                    "state",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(refunded_at__isnull=False, then=models.Value("refunded")),
                            models.When(paid_at__isnull=False, then=models.Value("paid")),
                            models.When(failed_at__isnull=False, then=models.Value("failed")),
                            models.When(expired_at__isnull=False, then=models.Value("expired")),
                            default=models.Value("created"),
                        ),
                        output_field=models.CharField(max_length=10),
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="PaymentSettings",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("stripe", "A provider with Stripe’s interface"),
                            ("test", "Trying out: no money moves"),
                        ],
                        max_length=10,
                    ),
                ),
                ("url", models.CharField(blank=True, max_length=500)),
                ("key", models.CharField(blank=True, max_length=700)),
                ("webhook_secret", models.CharField(blank=True, max_length=700)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="TestCheckout",
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
                ("reference", models.CharField(max_length=100, unique=True)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("description", models.CharField(blank=True, max_length=200)),
                ("return_url", models.CharField(max_length=500)),
                ("expires_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("refunded_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="envelopefield",
            name="field_formula_of_formula",
        ),
        migrations.AlterField(
            model_name="envelopefield",
            name="kind",
            field=models.CharField(
                choices=[
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
                    ("payment", "Payment"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="envelopefield",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["formula", "payment"]), ("formula", ""), _connector="OR"
                ),
                name="field_formula_of_formula",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="envelope",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="signing.envelope",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="field",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="payments",
                to="signing.envelopefield",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="recipient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="signing.recipient",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="refunded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="paymentsettings",
            name="updated_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["envelope", "created_at"], name="payment_envelope"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("check_at__isnull", False)),
                fields=["check_at"],
                name="payment_check_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("counts", True)), fields=("field",), name="payment_counts_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("session", ""), _negated=True),
                fields=("provider", "session"),
                name="payment_session_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("provider", "reference"),
                name="payment_reference_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("counts", False),
                    models.Q(
                        ("paid_at__isnull", False),
                        ("received", models.F("amount")),
                        ("received_currency", models.F("currency")),
                        ("refunded_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="payment_counts_when_paid",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="payment_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refunded_at__isnull", True), ("paid_at__isnull", False), _connector="OR"
                ),
                name="payment_refunded_after_paid",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="payment_settings_are_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("provider", "stripe"), _negated=True),
                    models.Q(("key", ""), _negated=True),
                    _connector="OR",
                ),
                name="payment_settings_have_a_key",
            ),
        ),
        migrations.RunSQL(
            KEEP_PAYMENTS,
            "drop trigger signing_keep_payments on signing_payment;"
            " drop function signing_keep_payments",
        ),
        audit_tables("signing_payment"),
    ]
