from django.db import migrations

from tenants.rls import redactable


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0001_initial"),
        ("tenants", "0003_redaction"),
    ]

    operations = [
        redactable("outbox_eventrow", "payload"),
    ]
