from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("groups", "0013_week_exempt"),
    ]

    operations = [
        migrations.AddField(
            model_name="promise",
            name="gate_key",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="promise",
            name="gate_text",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="violation",
            name="picture",
            field=models.BinaryField(blank=True, default=bytes),
        ),
        migrations.AddField(
            model_name="violation",
            name="picture_type",
            field=models.CharField(blank=True, max_length=16),
        ),
        # Until now a promise was known by its words: what each was taken over with is what it says.
        migrations.RunSQL(
            "update groups_promise set gate_text = text where from_gate", migrations.RunSQL.noop
        ),
    ]
