"""A follow-up knows the deadline that ran when it was logged. Before deploy: the column is empty until then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_history_redactable")]
    operations = [
        migrations.AddField("followup", "due_at", models.DateTimeField(blank=True, null=True)),
    ]
