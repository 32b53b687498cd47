import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0027_stage_settings"), ("groups", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="group",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="groups.group",
            ),
        ),
    ]
