from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("wecom", "0012_mark_tag"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outboundsend",
            name="kind",
            field=models.CharField(
                choices=[
                    ("app_message", "Message to staff"),
                    ("mass_send", "Mass send"),
                    ("remind_mass_send", "Reminder of a mass send"),
                    ("cancel_mass_send", "Cancellation of a mass send"),
                    ("welcome", "Welcome message"),
                    ("kept_make", "New code or template"),
                    ("kept_change", "Change of a code or template"),
                    ("transfer_groups", "New owner of groups"),
                    ("transfer_customers", "Hand-over of customers"),
                    ("mark_tag", "Tag of a customer"),
                ],
                max_length=24,
            ),
        ),
    ]
