from django.db import migrations

from tenants.rls import redactable


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0003_needs"),
        ("tenants", "0003_redaction"),
    ]

    operations = [redactable("leads_leadevent", "data")]
