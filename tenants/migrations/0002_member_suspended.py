"""A member who left WeCom is kept out until an owner lets them in again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="suspended_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="suspended_for",
            field=models.CharField(blank=True, choices=[("left_wecom", "Left WeCom")], max_length=16),
        ),
    ]
