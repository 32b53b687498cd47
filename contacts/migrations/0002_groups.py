import django.db.models.deletion
from django.db import migrations, models

from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0001_initial"),
        ("groups", "0001_initial"),
        ("team", "0002_group_of_work"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="GroupDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("local_date", models.DateField()),
                ("count", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="behaviour",
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
        migrations.AddField(
            model_name="exposure",
            name="group",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="groups.group",
            ),
        ),
        migrations.AddIndex(
            model_name="behaviour",
            index=models.Index(
                condition=models.Q(("group__isnull", False)),
                fields=["tenant", "group", "occurred_at"],
                name="contacts_behaviour_group",
            ),
        ),
        migrations.AddField(
            model_name="groupday",
            name="group",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="groups.group",
            ),
        ),
        migrations.AddField(
            model_name="groupday",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddConstraint(
            model_name="groupday",
            constraint=models.UniqueConstraint(
                fields=("tenant", "group", "local_date"), name="contacts_group_day_once"
            ),
        ),
        protect("contacts_groupday"),
    ]
