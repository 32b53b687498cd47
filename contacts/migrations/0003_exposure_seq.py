from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0002_groups"),
        ("groups", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="exposure",
            name="contacts_exposure_once",
        ),
        migrations.AddField(
            model_name="exposure",
            name="seq",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.UniqueConstraint(
                fields=("tenant", "touch_key", "customer", "seq"), name="contacts_exposure_once"
            ),
        ),
    ]
