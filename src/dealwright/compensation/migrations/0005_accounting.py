"""Contract costs with their journal, payroll layouts and what payroll paid, plan rates."""

import dealwright.base.identifiers
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from dealwright.base.records.audit import append_only, audit_tables


# Entries come whole in one statement, as in the commission ledger (0002).
GUARD_JOURNAL = """
create function compensation_guard_journal() returns trigger language plpgsql as $$
declare
    refused text;
begin
    select to_char(fresh.month, 'YYYY-MM') into refused
      from fresh
     where fresh.month <= (select max(month) from compensation_monthclose)
     limit 1;
    if refused is not null then
        raise exception 'month % is closed and takes no journal lines any more', refused
            using errcode = 'restrict_violation';
    end if;
    select format('entry %s is off by %s %s', line.entry, sum(line.amount), line.currency)
      into refused
      from compensation_journalline line
     where line.entry in (select entry from fresh)
     group by line.entry, line.currency, line.month
    having sum(line.amount) <> 0
     limit 1;
    if refused is not null then
        raise exception '%', refused using errcode = 'check_violation';
    end if;
    return null;
end $$;

create trigger compensation_guard_journal after insert on compensation_journalline
    referencing new table as fresh
    for each statement execute function compensation_guard_journal();
"""


class Migration(migrations.Migration):
    dependencies = [("compensation", "0004_simulation"), ("base", "0011_audit_by_statement")]

    operations = [
        migrations.CreateModel(
            name="AccountNumber",
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
                    "account",
                    models.CharField(
                        choices=[
                            ("deferred_asset", "Capitalised contract costs"),
                            ("commission_expense", "Commission expense"),
                            ("payroll_tax_expense", "Payroll tax on commissions"),
                            ("amortisation_expense", "Amortisation of contract costs"),
                            ("impairment_expense", "Impairment of contract costs"),
                            ("accrued_commission", "Accrued commissions"),
                            ("payee_receivable", "Owed by payees: draws and clawbacks"),
                            ("reward_liability", "Rewards owed beside pay"),
                            ("payroll_clearing", "Payroll clearing"),
                        ],
                        max_length=20,
                        unique=True,
                    ),
                ),
                ("number", models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="AccountingRun",
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
                ("month", models.DateField()),
                ("cost_count", models.PositiveIntegerField(default=0)),
                ("line_count", models.PositiveIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
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
            name="BatchReconciliation",
            fields=[
                (
                    "batch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="reconciliation",
                        serialize=False,
                        to="compensation.paymentbatch",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
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
        ),
        migrations.CreateModel(
            name="CostDecision",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("ended", "The customer left"),
                            ("impairment", "Impairment test"),
                            ("period", "Another period of benefit"),
                            ("withdrawn", "Taken back"),
                        ],
                        max_length=10,
                    ),
                ),
                ("on", models.DateField()),
                ("months", models.PositiveSmallIntegerField(null=True)),
                ("consideration", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("costs", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("carrying", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("amounts", models.JSONField(default=dict)),
                ("reason", models.CharField(max_length=500)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
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
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cost_decisions",
                        to="compensation.creditevent",
                    ),
                ),
                (
                    "withdraws",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawn_by",
                        to="compensation.costdecision",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CostPolicy",
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
                ("starts_on", models.DateField(unique=True)),
                ("components", models.JSONField(default=list)),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("fixed", "A fixed number of months"),
                            ("term", "The contract's term"),
                            ("benefit", "The term where renewals pay alike, else the fixed months"),
                        ],
                        default="fixed",
                        max_length=7,
                    ),
                ),
                ("months", models.PositiveSmallIntegerField()),
                ("expedient", models.BooleanField(default=True)),
                (
                    "convention",
                    models.CharField(
                        choices=[
                            ("month", "Full months, the first one included"),
                            ("days", "By days"),
                        ],
                        default="month",
                        max_length=5,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("prospective", "Over the months that are left"),
                            ("catch_up", "Made good at once for the months gone by"),
                        ],
                        default="prospective",
                        max_length=11,
                    ),
                ),
                ("tax_rate", models.DecimalField(decimal_places=6, default=0, max_digits=7)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                "ordering": ["-starts_on"],
            },
        ),
        migrations.CreateModel(
            name="ContractCost",
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
                ("component", models.CharField(max_length=40)),
                ("currency", models.CharField(max_length=3)),
                ("starts_on", models.DateField()),
                ("months", models.PositiveSmallIntegerField()),
                ("because", models.CharField(max_length=120)),
                ("is_expensed", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contract_costs",
                        to="compensation.creditevent",
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
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="costs",
                        to="compensation.costpolicy",
                    ),
                ),
            ],
            options={
                "ordering": ["event", "payee", "component"],
            },
        ),
        migrations.CreateModel(
            name="EmployeeNumber",
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
                ("number", models.CharField(max_length=60, unique=True)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="employee_number",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JournalLine",
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
                ("entry", models.UUIDField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("accrual", "Accrual"),
                            ("payment", "Payment"),
                            ("capitalisation", "Capitalisation"),
                            ("amortisation", "Amortisation"),
                            ("impairment", "Impairment"),
                        ],
                        max_length=14,
                    ),
                ),
                ("month", models.DateField()),
                ("cost_centre", models.CharField(blank=True, max_length=40)),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("deferred_asset", "Capitalised contract costs"),
                            ("commission_expense", "Commission expense"),
                            ("payroll_tax_expense", "Payroll tax on commissions"),
                            ("amortisation_expense", "Amortisation of contract costs"),
                            ("impairment_expense", "Impairment of contract costs"),
                            ("accrued_commission", "Accrued commissions"),
                            ("payee_receivable", "Owed by payees: draws and clawbacks"),
                            ("reward_liability", "Rewards owed beside pay"),
                            ("payroll_clearing", "Payroll clearing"),
                        ],
                        max_length=20,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "cost",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="compensation.contractcost",
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compensation.compensationplan",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="compensation.accountingrun",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="MonthClose",
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
                ("month", models.DateField(unique=True)),
                ("merkle_root", models.CharField(max_length=64)),
                ("line_count", models.PositiveIntegerField()),
                (
                    "closed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-month"],
            },
        ),
        migrations.CreateModel(
            name="PaymentDifference",
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
                ("given", models.CharField(blank=True, max_length=254)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18)),
                (
                    "kind",
                    models.CharField(
                        choices=[("carried", "Carried on"), ("explained", "Explained")],
                        max_length=9,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("entry", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="differences",
                        to="compensation.paymentbatch",
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
                (
                    "payee",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="PayrollLayout",
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
                ("definition", models.JSONField(default=dict)),
                ("in_use_since", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "changed_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="PayrollReturn",
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
                ("sha256", models.CharField(max_length=64)),
                ("file_id", models.UUIDField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="compensation.paymentbatch",
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
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="PayrollReturnLine",
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
                ("row", models.PositiveIntegerField()),
                ("given", models.CharField(max_length=254)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("paid_on", models.DateField()),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="compensation.payrollreturn",
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
            ],
            options={
                "ordering": ["file", "row"],
            },
        ),
        migrations.CreateModel(
            name="PlanRate",
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
                ("base", models.CharField(max_length=3)),
                ("quote", models.CharField(max_length=3)),
                ("rate", models.DecimalField(decimal_places=12, max_digits=24)),
                ("starts_on", models.DateField()),
                ("source", models.CharField(max_length=120)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                "ordering": ["base", "quote", "-starts_on"],
            },
        ),
        migrations.CreateModel(
            name="CostCentre",
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
                ("code", models.CharField(max_length=40)),
                (
                    "profile",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("administrator", "Administrator"),
                            ("manager", "Manager"),
                            ("rep", "Sales rep"),
                            ("finance", "Finance"),
                            ("legal", "Legal"),
                            ("read_only", "Read only"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="base.team",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "team", "profile"),
                        name="cost_centre_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="costpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("months__gte", 1), ("months__lte", 600)),
                name="cost_policy_months",
            ),
        ),
        migrations.AddConstraint(
            model_name="costpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("tax_rate__gte", 0), ("tax_rate__lt", 1)),
                name="cost_policy_tax",
            ),
        ),
        migrations.AddConstraint(
            model_name="contractcost",
            constraint=models.UniqueConstraint(
                fields=("event", "plan", "payee", "component"), name="contract_cost_once"
            ),
        ),
        migrations.AddIndex(
            model_name="journalline",
            index=models.Index(fields=["month", "account"], name="journal_month"),
        ),
        migrations.AddIndex(
            model_name="journalline",
            index=models.Index(fields=["cost", "month"], name="journal_cost"),
        ),
        migrations.AddIndex(
            model_name="journalline",
            index=models.Index(fields=["entry"], name="journal_entry"),
        ),
        migrations.AddIndex(
            model_name="journalline",
            index=models.Index(fields=["payee", "month"], name="journal_payee"),
        ),
        migrations.AddConstraint(
            model_name="journalline",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)), name="journal_line_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="payrolllayout",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("in_use_since__isnull", False)),
                name="payroll_layout_one_in_use",
            ),
        ),
        migrations.AddConstraint(
            model_name="payrollreturn",
            constraint=models.UniqueConstraint(fields=("sha256",), name="payroll_return_file_once"),
        ),
        migrations.AddConstraint(
            model_name="planrate",
            constraint=models.UniqueConstraint(
                fields=("base", "quote", "starts_on"), name="plan_rate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="planrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gt", 0)), name="plan_rate_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="planrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("base", models.F("quote")), _negated=True),
                name="plan_rate_of_two_currencies",
            ),
        ),
        migrations.RunSQL(
            GUARD_JOURNAL,
            "drop trigger compensation_guard_journal on compensation_journalline;"
            "drop function compensation_guard_journal();",
        ),
        append_only(
            "compensation_accountingrun",
            "compensation_batchreconciliation",
            "compensation_costdecision",
            "compensation_journalline",
            "compensation_monthclose",
            "compensation_paymentdifference",
            "compensation_payrollreturnline",
        ),
        audit_tables(
            "compensation_accountnumber",
            "compensation_contractcost",
            "compensation_costcentre",
            "compensation_costpolicy",
            "compensation_employeenumber",
            "compensation_payrolllayout",
            "compensation_planrate",
        ),
    ]
