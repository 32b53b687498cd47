import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_member_suspended"),
        ("wecom", "0013_transfer_customers"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnReach",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("group", "Mass send into groups"),
                            ("single", "Mass send to customers"),
                            ("moment", "Post in Moments"),
                        ],
                        max_length=8,
                    ),
                ),
                ("key", models.CharField(max_length=96)),
                ("receiver_id", models.CharField(max_length=64)),
                ("msgid", models.CharField(max_length=128)),
                ("sender", models.CharField(blank=True, max_length=64)),
                ("sent_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField(default=tenants.clock.now)),
                ("counts", models.BooleanField(default=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [
                    models.Index(fields=["tenant", "sent_at"], name="wecom_own_reach_when"),
                    models.Index(fields=["tenant", "msgid"], name="wecom_own_reach_send"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "key", "receiver_id"), name="wecom_own_reach_once"
                    )
                ],
            },
        ),
        protect("wecom_ownreach"),
    ]
