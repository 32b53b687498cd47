from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("team", "0009_knowledge"),
    ]

    operations = [
        migrations.AddField(
            model_name="workitem",
            name="facts",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="approval",
            name="facts",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
