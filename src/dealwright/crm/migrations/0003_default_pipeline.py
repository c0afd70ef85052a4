"""The pipeline that a new house starts with; ``ensure_default_pipeline`` makes the same later."""

from decimal import Decimal

from django.db import migrations

# name, category, probability, forecast category, rot days, required fields, exit criteria, guidance
STAGES = [
    (
        "Prospecting",
        "open",
        "0.10",
        "pipeline",
        30,
        [],
        "",
        "Find out whether there is a need and who decides.",
    ),
    ("Engaging", "open", "0.30", "pipeline", 45, [], "", "Qualify: need, budget, people, date."),
    (
        "Proposal",
        "open",
        "0.55",
        "best_case",
        21,
        ["amount", "close_date"],
        "",
        "Send a quote and agree on the steps to a decision.",
    ),
    (
        "Contract",
        "open",
        "0.80",
        "commit",
        14,
        ["account", "amount", "close_date", "contact"],
        "amount > 0",
        "Agree on the contract and have it signed.",
    ),
    ("Won", "won", "1", "closed", None, [], "", ""),
    ("Lost", "lost", "0", "omitted", None, ["lost_reason"], "", ""),
]


def make_default_pipeline(apps, schema_editor):
    pipeline = apps.get_model("crm", "Pipeline").objects.create(name="Sales", is_default=True)
    stages = apps.get_model("crm", "Stage")
    for position, stage in enumerate(STAGES, 1):
        name, category, probability, forecast, rot_days, required, criteria, guidance = stage
        stages.objects.create(
            pipeline=pipeline,
            position=position,
            name=name,
            category=category,
            probability=Decimal(probability),
            forecast_category=forecast,
            rot_days=rot_days,
            required_fields=required,
            exit_criteria=criteria,
            guidance=guidance,
        )


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_database_rules")]

    operations = [migrations.RunPython(make_default_pipeline, migrations.RunPython.noop)]
