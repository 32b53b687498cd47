from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0003_exposure_seq"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="customer",
            name="last_active_at",
        ),
        migrations.AddField(
            model_name="importbatch",
            name="done",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="error_count",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="source",
            field=models.CharField(default="import", max_length=40),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="started_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="unknown_count",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
