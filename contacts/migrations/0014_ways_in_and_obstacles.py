import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0013_personal"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="Obstacle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=200)),
                ("noted_by", models.CharField(max_length=128)),
                ("noted_at", models.DateTimeField(default=tenants.clock.now)),
                ("solution", models.CharField(blank=True, max_length=200)),
                ("solved_by", models.CharField(blank=True, max_length=128)),
                ("solved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.customer",
                    ),
                ),
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
                "indexes": [
                    models.Index(fields=["tenant", "customer", "-noted_at"], name="contacts_obstacle_person"),
                    models.Index(
                        condition=models.Q(("solved_at__isnull", True)),
                        fields=["tenant", "noted_at"],
                        name="contacts_obstacle_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WayInSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("group", "A: joins a group, then adds a friend"),
                            ("friend", "B: adds a friend, then is invited to a group"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("set_by", models.CharField(max_length=128)),
                ("set_at", models.DateTimeField(default=tenants.clock.now)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.customer",
                    ),
                ),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "customer"), name="contacts_way_in_once")
                ],
            },
        ),
        protect("contacts_obstacle", "contacts_wayinset"),
    ]
