from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("wecom", "0007_inbound_line"),
    ]

    operations = [
        migrations.AddField(
            model_name="personalsend",
            name="source",
            field=models.CharField(
                choices=[("corp", "Sent by the company"), ("personal", "Sent by the member")],
                default="personal",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="outboundsend",
            index=models.Index(
                condition=models.Q(("vendor_id", ""), _negated=True),
                fields=["tenant", "vendor_id"],
                name="wecom_send_vendor",
            ),
        ),
    ]
