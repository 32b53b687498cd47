from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("team", "0002_group_of_work"),
    ]

    operations = [
        migrations.AddField(
            model_name="workitem",
            name="script_source",
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.AddField(
            model_name="workitem",
            name="starts_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
