import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0010_sheets"),
        ("tenants", "0002_member_suspended"),
        ("wecom", "0008_console_sends"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdentityMove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("merged", "One person"),
                            ("split", "Two people again"),
                            ("apart", "Looked at: two people"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("unionid", "Same union id"),
                            ("phone", "Same phone number"),
                            ("hand", "By hand"),
                        ],
                        max_length=8,
                    ),
                ),
                ("evidence", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("moved_by", models.CharField(blank=True, max_length=128)),
                ("at", models.DateTimeField(default=tenants.clock.now)),
            ],
        ),
        migrations.AddField(
            model_name="customer",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="contacts.customer",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="person",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="contacts.customer",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("phone", ""), _negated=True),
                fields=["tenant", "phone"],
                name="contacts_customer_phone",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("person__isnull", False)),
                fields=["tenant", "person"],
                name="contacts_customer_person",
            ),
        ),
        migrations.AddField(
            model_name="identitymove",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.customer",
            ),
        ),
        migrations.AddField(
            model_name="identitymove",
            name="into",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.customer",
            ),
        ),
        migrations.AddField(
            model_name="identitymove",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="identitymove",
            index=models.Index(fields=["tenant", "customer", "-at"], name="contacts_identity_record"),
        ),
        migrations.AddIndex(
            model_name="identitymove",
            index=models.Index(fields=["tenant", "into", "-at"], name="contacts_identity_into"),
        ),
        protect("contacts_identitymove"),
    ]
