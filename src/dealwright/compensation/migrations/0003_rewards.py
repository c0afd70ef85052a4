"""Accounts for rewards and for clawbacks that pay could not cover; calendars of weeks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compensation", "0002_rules")]

    operations = [
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
                    ("cash_clearing", "Paid out"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="compensationplan",
            name="calendar",
            field=models.CharField(max_length=20),
        ),
        migrations.AlterField(
            model_name="payperiod",
            name="calendar",
            field=models.CharField(max_length=20),
        ),
    ]
