import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("wecom", "0002_quota_by_send"),
    ]

    operations = [
        migrations.AddField(
            model_name="app",
            name="greeting_parts",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name="outboundsend",
            name="kind",
            field=models.CharField(
                choices=[
                    ("app_message", "Message to staff"),
                    ("mass_send", "Mass send"),
                    ("remind_mass_send", "Reminder of a mass send"),
                    ("cancel_mass_send", "Cancellation of a mass send"),
                    ("welcome", "Welcome message"),
                    ("kept_make", "New code or template"),
                    ("kept_change", "Change of a code or template"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddIndex(
            model_name="outboundsend",
            index=models.Index(
                condition=models.Q(("kind", "welcome")),
                fields=["tenant", "-created_at"],
                name="wecom_send_welcome",
            ),
        ),
        migrations.CreateModel(
            name="MediaAsset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("image", "Picture"), ("video", "Video"), ("file", "File")], max_length=8
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("content_type", models.CharField(max_length=64)),
                ("size_bytes", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("body", models.BinaryField()),
                ("created_at", models.DateTimeField(default=tenants.clock.now)),
                ("created_by", models.CharField(blank=True, max_length=128)),
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
        ),
        migrations.CreateModel(
            name="MediaUpload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("corp_id", models.CharField(max_length=64)),
                ("media_id", models.CharField(max_length=256)),
                ("uploaded_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "asset",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="wecom.mediaasset",
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
        ),
        migrations.AddConstraint(
            model_name="mediaasset",
            constraint=models.UniqueConstraint(
                fields=("tenant", "sha256", "kind"), name="wecom_media_asset_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="mediaupload",
            constraint=models.UniqueConstraint(
                fields=("tenant", "asset", "corp_id"), name="wecom_media_upload_once"
            ),
        ),
        migrations.AddIndex(
            model_name="mediaupload",
            index=models.Index(fields=["tenant", "expires_at"], name="wecom_media_upload_ends"),
        ),
        protect("wecom_mediaasset", "wecom_mediaupload"),
    ]
