import django.db.models.deletion
from django.db import migrations, models

from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0007_tag_rules"),
        ("tenants", "0002_member_suspended"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProfileFact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "field",
                    models.CharField(
                        choices=[
                            ("gender", "Gender"),
                            ("birth_year", "Year of birth"),
                            ("education", "Education"),
                            ("occupation", "Occupation"),
                            ("city", "City"),
                            ("interests", "Interests"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("staff", "Staff"),
                            ("form", "Form"),
                            ("import", "Import"),
                            ("api", "Event API"),
                            ("wecom", "WeCom"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=200)),
                ("said_at", models.DateTimeField()),
                ("said_by", models.CharField(blank=True, max_length=128)),
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
                    models.Index(fields=["tenant", "field", "value"], name="contacts_profile_by_value")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "customer", "field", "source"), name="contacts_profile_fact_once"
                    )
                ],
            },
        ),
        protect("contacts_profilefact"),
    ]
