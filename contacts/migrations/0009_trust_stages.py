import django.db.models.deletion
from django.db import migrations, models

from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_profile"),
        ("tenants", "0002_member_suspended"),
        ("wecom", "0008_console_sends"),
    ]

    operations = [
        migrations.CreateModel(
            name="StageMove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_stage", models.PositiveSmallIntegerField()),
                ("to_stage", models.PositiveSmallIntegerField()),
                (
                    "source",
                    models.CharField(choices=[("rule", "By rule"), ("hand", "By hand")], max_length=8),
                ),
                ("at", models.DateTimeField()),
                ("moved_by", models.CharField(blank=True, max_length=128)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("evidence", models.JSONField(default=dict)),
            ],
        ),
        migrations.AddField(
            model_name="customer",
            name="stage_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="customer",
            name="stage_held_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["tenant", "stage"], name="contacts_customer_stage"),
        ),
        migrations.AddField(
            model_name="stagemove",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.customer",
            ),
        ),
        migrations.AddField(
            model_name="stagemove",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="stagemove",
            index=models.Index(fields=["tenant", "customer", "-at"], name="contacts_stage_move_person"),
        ),
        protect("contacts_stagemove"),
    ]
