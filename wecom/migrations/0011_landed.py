# Made by makemigrations, then: the key that rows are taken by is their only index, and it leads with the tenant.

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Func, Value

from tenants.rls import protect

_KEY = """
alter table wecom_landed drop constraint wecom_landed_pkey;
alter table wecom_landed add constraint wecom_landed_pkey primary key (tenant_id, id);
"""
_KEY_BACK = """
alter table wecom_landed drop constraint wecom_landed_pkey;
alter table wecom_landed add constraint wecom_landed_pkey primary key (id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_member_suspended"),
        ("wecom", "0010_transfer_groups"),
    ]

    operations = [
        migrations.CreateModel(
            name="Landed",
            fields=[
                (
                    "id",
                    models.BigIntegerField(
                        db_default=Func(Value("wecom_inboundevent_id_seq"), function="nextval"),
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("dedupe_key", models.CharField(max_length=64)),
                ("body", models.TextField()),
                ("received_at", models.DateTimeField()),
                (
                    "app",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wecom.app",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.RunSQL(sql=_KEY, reverse_sql=_KEY_BACK),
        protect("wecom_landed"),
    ]
