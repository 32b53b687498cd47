from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("groups", "0002_glance")]

    operations = [
        migrations.AddField(
            model_name="group", name="read_digest", field=models.CharField(blank=True, max_length=64)
        ),
    ]
