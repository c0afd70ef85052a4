import dealwright.base.identifiers
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0003_rewards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Backtest",
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
                ("text", models.TextField()),
                ("text_hash", models.CharField(max_length=64)),
                ("label", models.CharField(max_length=120)),
                ("base_text", models.TextField(blank=True)),
                ("base_hash", models.CharField(blank=True, max_length=64)),
                ("base_label", models.CharField(max_length=120)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("input_hash", models.CharField(blank=True, max_length=64)),
                ("engine", models.CharField(blank=True, max_length=40)),
                ("currency", models.CharField(max_length=3)),
                ("before", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("after", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("job_id", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="backtests",
                        to="compensation.compensationplan",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="BacktestPay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("period", models.CharField(max_length=12)),
                ("component", models.CharField(max_length=60)),
                ("before", models.DecimalField(decimal_places=2, max_digits=18)),
                ("after", models.DecimalField(decimal_places=2, max_digits=18)),
                (
                    "backtest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pay",
                        to="compensation.backtest",
                    ),
                ),
                (
                    "payee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Forecast",
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
                ("as_of", models.DateField()),
                ("ends_on", models.DateField()),
                ("seed", models.PositiveIntegerField()),
                ("draws", models.PositiveIntegerField()),
                ("deal_count", models.PositiveIntegerField(default=0)),
                ("plans", models.JSONField(default=list)),
                ("left_out", models.JSONField(default=list)),
                ("input_hash", models.CharField(blank=True, max_length=64)),
                ("engine", models.CharField(blank=True, max_length=40)),
                ("job_id", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
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
            name="ForecastFigure",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                ("period", models.CharField(blank=True, max_length=12)),
                ("starts_on", models.DateField(null=True)),
                ("certain", models.DecimalField(decimal_places=2, max_digits=18)),
                ("expected", models.DecimalField(decimal_places=6, max_digits=28)),
                ("p10", models.DecimalField(decimal_places=2, max_digits=18)),
                ("p50", models.DecimalField(decimal_places=2, max_digits=18)),
                ("p90", models.DecimalField(decimal_places=2, max_digits=18)),
                ("everything", models.DecimalField(decimal_places=2, max_digits=18)),
                (
                    "forecast",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="figures",
                        to="compensation.forecast",
                    ),
                ),
                (
                    "payee",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compensation.compensationplan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ForecastShare",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("period", models.CharField(max_length=12)),
                ("starts_on", models.DateField()),
                ("opportunity_id", models.UUIDField(null=True)),
                ("title", models.CharField(blank=True, max_length=250)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("probability", models.DecimalField(decimal_places=6, max_digits=9, null=True)),
                ("closes_on", models.DateField(null=True)),
                ("expected", models.DecimalField(decimal_places=6, max_digits=28)),
                (
                    "forecast",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="compensation.forecast",
                    ),
                ),
                (
                    "payee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compensation.compensationplan",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="backtest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__isnull", True),
                    ("ends_on__gte", models.F("starts_on")),
                    _connector="OR",
                ),
                name="backtest_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtestpay",
            constraint=models.UniqueConstraint(
                fields=("backtest", "payee", "number", "component"), name="backtest_pay_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="forecast",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("as_of"))), name="forecast_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="forecastfigure",
            constraint=models.CheckConstraint(
                condition=models.Q(("p10__lte", models.F("p50")), ("p50__lte", models.F("p90"))),
                name="forecast_figure_spread",
            ),
        ),
        migrations.AddConstraint(
            model_name="forecastfigure",
            constraint=models.UniqueConstraint(
                fields=("forecast", "currency", "plan", "payee", "period"),
                name="forecast_figure_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="forecastshare",
            index=models.Index(
                fields=["forecast", "period", "plan", "payee"], name="forecast_share_of"
            ),
        ),
    ]
