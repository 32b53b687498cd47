import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0029_questions"),
        ("team", "0008_notices"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerTransfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_resigned", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("later", "Twice in 90 days already: asked again by itself"),
                            ("queued", "On its way to WeCom"),
                            ("waiting", "WeCom waits 24 hours for the customer"),
                            ("done", "Taken over"),
                            ("refused", "The customer refused"),
                            ("limit", "The receiver has as many customers as WeCom allows"),
                            ("failed", "WeCom did not take it"),
                            ("rested", "Stays without a colleague"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("attempt", models.PositiveIntegerField(default=1)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("asked_by", models.CharField(blank=True, max_length=128)),
                ("asked_at", models.DateTimeField(default=tenants.clock.now)),
                ("ask_at", models.DateTimeField(blank=True, null=True)),
                (
                    "starts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(), blank=True, default=list, size=None
                    ),
                ),
                ("look_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("error_code", models.IntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                *[
                    (
                        name,
                        models.ForeignKey(
                            db_index=False,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="+",
                            to=to,
                        ),
                    )
                    for name, to in (
                        ("customer", "contacts.customer"),
                        ("giver", "team.staff"),
                        ("taker", "team.staff"),
                        ("tenant", "tenants.tenant"),
                    )
                ],
            ],
            options={
                "indexes": [
                    models.Index(fields=["tenant", "giver", "state", "id"], name="contacts_transfer_giver"),
                    models.Index(
                        condition=models.Q(("look_at__isnull", False)),
                        fields=["tenant", "look_at"],
                        name="contacts_transfer_look",
                    ),
                    models.Index(
                        condition=models.Q(("state", "later")),
                        fields=["tenant", "ask_at"],
                        name="contacts_transfer_ask",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "customer", "giver"), name="contacts_transfer_once"
                    )
                ],
            },
        ),
        protect("contacts_customertransfer"),
    ]
