from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("team", "0003_clocks_and_sources"),
    ]

    operations = [
        migrations.AlterField(
            model_name="workitem",
            name="kind",
            field=models.CharField(
                choices=[
                    ("sop_task", "SOP task"),
                    ("lead", "Lead"),
                    ("question", "Question"),
                    ("new_members", "New members"),
                    ("alert", "Alert"),
                    ("check", "To check"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="workitem",
            name="state",
            field=models.CharField(
                choices=[
                    ("open", "Waiting"),
                    ("done", "Done"),
                    ("snoozed", "Snoozed"),
                    ("cancelled", "Cancelled"),
                    ("missed", "Missed"),
                    ("blocked", "Blocked by a rule"),
                ],
                default="open",
                max_length=10,
            ),
        ),
    ]
