import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect

KINDS = [("first", "First basic"), ("upsell", "Upsell"), ("repurchase", "Repurchase")]


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0016_tag_batches"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sku",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=128)),
                ("name", models.CharField(max_length=200)),
                ("price_fen", models.BigIntegerField(blank=True, null=True)),
                ("kind", models.CharField(choices=KINDS, default="first", max_length=12)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("changed_at", models.DateTimeField(default=tenants.clock.now)),
                ("changed_by", models.CharField(blank=True, max_length=128)),
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
                "constraints": [models.UniqueConstraint(fields=("tenant", "code"), name="contacts_sku_once")],
            },
        ),
        protect("contacts_sku"),
        migrations.AddField(
            model_name="order",
            name="told_kind",
            field=models.CharField(blank=True, choices=KINDS, default="", max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(model_name="order", name="nth", field=models.PositiveIntegerField(default=1)),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["tenant", "sku_id"], name="contacts_order_sku"),
        ),
        migrations.AlterField(
            model_name="sheet",
            name="kind",
            field=models.CharField(
                choices=[
                    ("customers", "Customers"),
                    ("orders", "Orders and refunds"),
                    ("tags", "Tags"),
                    ("skus", "SKUs"),
                ],
                max_length=12,
            ),
        ),
    ]
