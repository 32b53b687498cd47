from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("team", "0010_words_as_facts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("lead", "S and A+ leads"),
                    ("incident", "Incidents"),
                    ("breaker", "Calls to WeCom stopped"),
                    ("question", "Questions without an answer"),
                    ("new_members", "New members"),
                    ("alert", "Alerts of groups and tasks"),
                    ("approval", "Approvals"),
                    ("handover", "Work handed over to you"),
                    ("knowledge", "Knowledge cards to know"),
                    ("task", "SOP tasks to do"),
                    ("reminder", "Reminders of what waits too long"),
                    ("trouble", "Notices that did not arrive"),
                    ("test", "Test"),
                ],
                max_length=16,
            ),
        ),
    ]
