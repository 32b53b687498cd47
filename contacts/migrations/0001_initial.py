import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
from tenants.rls import append_only, protect


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("team", "0001_initial"),
        ("tenants", "0001_initial"),
        ("wecom", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_userid", models.CharField(max_length=64)),
                ("unionid", models.CharField(blank=True, max_length=64)),
                ("name", models.CharField(blank=True, max_length=128)),
                ("avatar", models.CharField(blank=True, max_length=512)),
                ("gender", models.PositiveSmallIntegerField(default=0)),
                ("kind", models.PositiveSmallIntegerField(default=0)),
                ("phone", models.CharField(blank=True, max_length=32)),
                ("first_seen_at", models.DateTimeField(default=tenants.clock.now)),
                ("last_active_at", models.DateTimeField(blank=True, null=True)),
                ("opt_out_at", models.DateTimeField(blank=True, null=True)),
                ("opt_out_reason", models.CharField(blank=True, max_length=200)),
                ("consent", models.JSONField(default=dict)),
                ("archive_consent", models.CharField(blank=True, max_length=16)),
                ("stage", models.PositiveSmallIntegerField(default=1)),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "app",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wecom.app",
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
        migrations.CreateModel(
            name="Behaviour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=40)),
                ("event_id", models.CharField(max_length=128)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("join", "Joined a group"),
                            ("leave", "Left a group"),
                            ("message", "Sent a message"),
                            ("link_click", "Opened a link"),
                            ("purchase_click", "Opened a purchase link"),
                            ("pay_click", "Clicked pay"),
                            ("order", "Ordered"),
                            ("refund", "Got a refund"),
                            ("lesson", "Finished a lesson"),
                            ("assignment", "Handed in an assignment"),
                            ("form", "Answered a form"),
                            ("live", "Entered a live session"),
                            ("mini_program", "Opened a mini-program"),
                            ("checkin", "Checked in"),
                            ("draw", "Drew a prize"),
                            ("red_packet", "Took a red packet"),
                            ("radar", "Viewed tracked content"),
                            ("coupon", "Took or used a coupon"),
                        ],
                        max_length=16,
                    ),
                ),
                ("external_userid", models.CharField(blank=True, max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(default=tenants.clock.now)),
                ("object_kind", models.CharField(blank=True, max_length=32)),
                ("object_id", models.CharField(blank=True, max_length=128)),
                ("object_title", models.CharField(blank=True, max_length=200)),
                ("amount_fen", models.BigIntegerField(blank=True, null=True)),
                ("text", models.TextField(blank=True)),
                ("data", models.JSONField(default=dict)),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="team.staff",
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
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.customer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Exposure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("touch_key", models.CharField(max_length=96)),
                ("weight", models.SmallIntegerField(default=1)),
                ("local_date", models.DateField()),
                ("at", models.DateTimeField()),
                ("channel", models.CharField(max_length=24)),
                ("capped", models.BooleanField(default=True)),
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
        ),
        migrations.CreateModel(
            name="ExposureDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("local_date", models.DateField()),
                ("count", models.PositiveSmallIntegerField(default=0)),
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
        ),
        migrations.CreateModel(
            name="ExposureWeek",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField()),
                ("count", models.PositiveSmallIntegerField(default=0)),
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
        ),
        migrations.CreateModel(
            name="Follow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("half", "Added, not yet accepted"),
                            ("full", "Friends"),
                            ("staff_deleted", "Removed by staff"),
                            ("customer_deleted", "Removed by the customer"),
                        ],
                        max_length=16,
                    ),
                ),
                ("remark", models.CharField(blank=True, max_length=128)),
                ("description", models.CharField(blank=True, max_length=512)),
                ("add_way", models.PositiveSmallIntegerField(default=0)),
                ("state_code", models.CharField(blank=True, max_length=64)),
                ("followed_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("event_at", models.DateTimeField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="follows",
                        to="contacts.customer",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="team.staff",
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
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("uploaded_by", models.CharField(max_length=128)),
                ("created_at", models.DateTimeField(default=tenants.clock.now)),
                ("body", models.TextField()),
                ("errors", models.JSONField(default=list)),
                ("total", models.PositiveIntegerField(default=0)),
                ("written_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.JSONField(default=dict)),
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
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=40)),
                ("order_no", models.CharField(max_length=128)),
                ("sku_id", models.CharField(blank=True, max_length=128)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("amount_fen", models.BigIntegerField(blank=True, null=True)),
                ("refund_fen", models.BigIntegerField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(choices=[("paid", "Paid"), ("refunded", "Refunded")], max_length=8),
                ),
                ("ordered_at", models.DateTimeField(blank=True, null=True)),
                ("refunded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "order_class",
                    models.CharField(
                        choices=[
                            ("active", "Asked first"),
                            ("stimulated", "Prompted"),
                            ("unknown", "Not yet known"),
                        ],
                        default="unknown",
                        max_length=12,
                    ),
                ),
                ("class_confirmed_by", models.CharField(blank=True, max_length=128)),
                (
                    "customer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
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
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tag_id", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=64)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "app",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wecom.app",
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
        migrations.CreateModel(
            name="CustomerTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("wecom", "WeCom"), ("manual", "By hand"), ("rule", "By rule")], max_length=8
                    ),
                ),
                ("added_at", models.DateTimeField(default=tenants.clock.now)),
                ("added_by", models.CharField(blank=True, max_length=128)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tags",
                        to="contacts.customer",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="team.staff",
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
                (
                    "tag",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.tag",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TagGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group_id", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=64)),
                ("sort", models.BigIntegerField(default=0)),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "app",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="wecom.app",
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
        migrations.AddField(
            model_name="tag",
            name="group",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="tags",
                to="contacts.taggroup",
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["tenant", "external_userid"], name="contacts_customer_extid"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["tenant", "-first_seen_at", "-id"], name="contacts_customer_recent"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("unionid", ""), _negated=True),
                fields=["tenant", "unionid"],
                name="contacts_customer_union",
            ),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.UniqueConstraint(
                fields=("tenant", "app", "external_userid"), name="contacts_customer_once"
            ),
        ),
        migrations.AddIndex(
            model_name="behaviour",
            index=models.Index(
                fields=["tenant", "customer", "kind", "occurred_at"], name="contacts_behaviour_person"
            ),
        ),
        migrations.AddIndex(
            model_name="behaviour",
            index=models.Index(
                fields=["tenant", "customer", "occurred_at"], name="contacts_behaviour_timeline"
            ),
        ),
        migrations.AddIndex(
            model_name="behaviour",
            index=models.Index(fields=["tenant", "kind", "occurred_at"], name="contacts_behaviour_kind"),
        ),
        migrations.AddIndex(
            model_name="behaviour",
            index=models.Index(
                condition=models.Q(("customer__isnull", True)),
                fields=["tenant", "external_userid"],
                name="contacts_behaviour_unknown",
            ),
        ),
        migrations.AddConstraint(
            model_name="behaviour",
            constraint=models.UniqueConstraint(
                fields=("tenant", "source", "event_id"), name="contacts_behaviour_once"
            ),
        ),
        migrations.AddIndex(
            model_name="exposure",
            index=models.Index(fields=["tenant", "customer", "local_date"], name="contacts_exposure_person"),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.UniqueConstraint(
                fields=("tenant", "touch_key", "customer", "weight"), name="contacts_exposure_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="exposureday",
            constraint=models.UniqueConstraint(
                fields=("tenant", "customer", "local_date"), name="contacts_exposure_day_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="exposureweek",
            constraint=models.UniqueConstraint(
                fields=("tenant", "customer", "starts_on"), name="contacts_exposure_week_once"
            ),
        ),
        migrations.AddIndex(
            model_name="follow",
            index=models.Index(fields=["tenant", "staff", "state"], name="contacts_follow_of_staff"),
        ),
        migrations.AddConstraint(
            model_name="follow",
            constraint=models.UniqueConstraint(
                fields=("tenant", "customer", "staff"), name="contacts_follow_once"
            ),
        ),
        migrations.AddIndex(
            model_name="importbatch",
            index=models.Index(fields=["tenant", "-created_at"], name="contacts_import_recent"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["tenant", "customer", "ordered_at"], name="contacts_order_person"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["tenant", "ordered_at"], name="contacts_order_recent"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("tenant", "source", "order_no"), name="contacts_order_once"
            ),
        ),
        migrations.AddIndex(
            model_name="customertag",
            index=models.Index(fields=["tenant", "tag", "customer"], name="contacts_customer_tag_by_tag"),
        ),
        migrations.AddConstraint(
            model_name="customertag",
            constraint=models.UniqueConstraint(
                fields=("tenant", "customer", "tag", "source", "staff"),
                name="contacts_customer_tag_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="taggroup",
            constraint=models.UniqueConstraint(
                fields=("tenant", "app", "group_id"), name="contacts_tag_group_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.UniqueConstraint(fields=("tenant", "app", "tag_id"), name="contacts_tag_once"),
        ),
        protect(
            "contacts_customer",
            "contacts_follow",
            "contacts_taggroup",
            "contacts_tag",
            "contacts_customertag",
            "contacts_behaviour",
            "contacts_order",
            "contacts_exposureday",
            "contacts_exposureweek",
            "contacts_exposure",
            "contacts_importbatch",
        ),
        append_only("contacts_exposure"),
    ]
