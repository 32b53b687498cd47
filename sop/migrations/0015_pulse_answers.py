"""What people said of openings, peaks and ends; which product fact a message told."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import protect


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0023_exposure_when"),
        ("content", "0005_pulse_links"),
        ("groups", "0013_week_exempt"),
        ("sop", "0014_circles_as_audience"),
        ("team", "0005_blocked_end"),
        ("tenants", "0003_redaction"),
    ]

    operations = [
        migrations.CreateModel(
            name="PulseAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("step_key", models.CharField(max_length=40)),
                ("score", models.PositiveSmallIntegerField()),
                ("said", models.CharField(blank=True, max_length=200)),
                ("answered_at", models.DateTimeField(default=tenants.clock.now)),
                ("changed_at", models.DateTimeField(default=tenants.clock.now)),
            ],
        ),
        migrations.AddField(
            model_name="touch",
            name="fact_id",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(
                condition=models.Q(("fact_id__isnull", False)),
                fields=["tenant", "fact_id"],
                name="sop_touch_by_fact",
            ),
        ),
        migrations.AddField(
            model_name="pulseanswer",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.customer",
            ),
        ),
        migrations.AddField(
            model_name="pulseanswer",
            name="group",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="groups.group",
            ),
        ),
        migrations.AddField(
            model_name="pulseanswer",
            name="run",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sop.run"
            ),
        ),
        migrations.AddField(
            model_name="pulseanswer",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddIndex(
            model_name="pulseanswer",
            index=models.Index(fields=["tenant", "customer"], name="sop_pulse_by_customer"),
        ),
        migrations.AddConstraint(
            model_name="pulseanswer",
            constraint=models.UniqueConstraint(
                fields=("tenant", "run", "step_key", "customer"), name="sop_pulse_answer_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="pulseanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__gte", 1), ("score__lte", 5)), name="sop_pulse_score_range"
            ),
        ),
        protect("sop_pulseanswer"),
    ]
