"""The message archive. Messages are range-partitioned by month; months are made and dropped by two functions.

The application's role owns no table, so it may neither add nor drop a partition: `qunce_archive_month` and
`qunce_archive_drop` run as the owner and do that one thing each. Every partition has row-level security of its own,
so that naming one directly shows nothing either. `qunce_archive_drop` refuses a month that still holds a row of any
tenant; `row_security = off` makes it fail rather than overlook rows when the owner is subject to the policies.
"""

import django.db.models.deletion
from django.db import migrations, models

import tenants.clock
import tenants.secrets
from tenants.rls import protect

_PARTITIONED = """
create sequence wecom_archivedmessage_id_seq;
create table wecom_archivedmessage (
  id bigint not null default nextval('wecom_archivedmessage_id_seq'),
  tenant_id bigint not null references tenants_tenant (id) deferrable initially deferred,
  app_id bigint not null references wecom_app (id) deferrable initially deferred,
  seq bigint not null,
  msgid varchar(128) not null,
  publickey_version integer not null check (publickey_version >= 0),
  action varchar(16) not null,
  sender_id varchar(64) not null,
  room_id varchar(64) not null,
  receiver_ids jsonb not null,
  msgtype varchar(32) not null,
  sent_at timestamptz not null,
  content jsonb not null,
  raw text not null,
  state varchar(16) not null,
  source varchar(8) not null,
  recalls varchar(128) not null,
  recalled_at timestamptz,
  received_at timestamptz not null,
  primary key (id, sent_at),
  constraint wecom_archived_message_once unique (tenant_id, app_id, msgid, sent_at)
) partition by range (sent_at);
alter sequence wecom_archivedmessage_id_seq owned by wecom_archivedmessage.id;
create index wecom_archived_in_room on wecom_archivedmessage (tenant_id, room_id, sent_at) where room_id <> '';
create index wecom_archived_by_sender on wecom_archivedmessage (tenant_id, sender_id, sent_at);
create index wecom_archived_recalls on wecom_archivedmessage (tenant_id, app_id, recalls) where recalls <> '';
create table wecom_archivedmessage_other partition of wecom_archivedmessage default;
"""

_FUNCTIONS = """
create function qunce_archive_month(month date) returns boolean language plpgsql security definer
  set search_path = public, pg_temp set lock_timeout = '3s' as $f$
declare
  first date := date_trunc('month', month)::date;
  part text := 'wecom_archivedmessage_' || to_char(month, 'YYYYMM');
begin
  if first < date '2015-01-01' or first > (current_date + interval '10 years') then
    return false;
  end if;
  if to_regclass(part) is not null then
    return false;
  end if;
  execute format('create table %I (like wecom_archivedmessage including defaults including constraints)', part);
  execute format('alter table %I enable row level security', part);
  execute format('alter table %I force row level security', part);
  execute format($p$create policy tenant_rows on %I
    using (tenant_id = nullif(current_setting('qunce.tenant', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('qunce.tenant', true), '')::bigint)$p$, part);
  execute format('create policy platform_rows on %I to qunce_platform using (true) with check (true)', part);
  execute format('alter table wecom_archivedmessage attach partition %I for values from (%L) to (%L)', part,
    first::timestamp at time zone 'UTC', (first + interval '1 month') at time zone 'UTC');
  return true;
end $f$;

create function qunce_archive_drop(month date) returns boolean language plpgsql security definer
  set search_path = public, pg_temp set lock_timeout = '3s' set row_security = off as $f$
declare
  part text := 'wecom_archivedmessage_' || to_char(month, 'YYYYMM');
  holds boolean;
begin
  if to_regclass(part) is null then
    return false;
  end if;
  execute 'lock table wecom_archivedmessage in access exclusive mode';
  execute format('select exists (select 1 from %I)', part) into holds;
  if holds then
    return false;
  end if;
  execute format('drop table %I', part);
  return true;
end $f$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("wecom", "0003_kept_and_media"),
    ]

    operations = [
        migrations.CreateModel(
            name="ArchiveConsent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person_id", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(choices=[("agree", "Agreed"), ("disagree", "Refused")], max_length=16),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("archive", "WeCom archive"),
                            ("callback", "WeCom event"),
                            ("check", "Asked at WeCom"),
                            ("file", "Declared with a file"),
                            ("hand", "Recorded by hand"),
                        ],
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("note", models.CharField(blank=True, max_length=200)),
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "app", "person_id"), name="wecom_archive_consent_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchiveCursor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("secret", tenants.secrets.SecretField(blank=True)),
                ("secret_version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("off", "Not connected"),
                            ("new", "Not checked yet"),
                            ("running", "Running"),
                            ("stopped", "Stopped"),
                            ("paused", "Paused"),
                        ],
                        default="off",
                        max_length=16,
                    ),
                ),
                ("seq", models.BigIntegerField(default=0)),
                ("error_code", models.IntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("message_at", models.DateTimeField(null=True)),
                ("has_more", models.BooleanField(default=False)),
                ("gap_from", models.DateTimeField(null=True)),
                ("gap_until", models.DateTimeField(null=True)),
                ("withheld", models.PositiveIntegerField(default=0)),
                ("permitted", models.JSONField(default=list)),
                ("permitted_at", models.DateTimeField(null=True)),
                ("checks", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(default=tenants.clock.now)),
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
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "app"), name="wecom_archive_once")],
            },
        ),
        migrations.CreateModel(
            name="ArchivedMedia",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("msgid", models.CharField(max_length=128)),
                ("sent_at", models.DateTimeField()),
                ("msgtype", models.CharField(max_length=32)),
                ("file_id", models.TextField()),
                ("file_digest", models.CharField(max_length=64)),
                ("md5", models.CharField(blank=True, max_length=32)),
                ("size", models.BigIntegerField(default=0)),
                ("name", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "To be fetched"),
                            ("done", "Kept"),
                            ("expired", "Gone at WeCom"),
                            ("too_big", "Larger than you keep"),
                            ("failed", "Could not be fetched"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("chunks", models.PositiveIntegerField(default=0)),
                ("fetched", models.BigIntegerField(default=0)),
                ("index_buf", models.TextField(blank=True)),
                ("path", models.CharField(blank=True, max_length=200)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error_code", models.IntegerField(default=0)),
                ("next_at", models.DateTimeField(default=tenants.clock.now)),
                ("leased_until", models.DateTimeField(null=True)),
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
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["tenant", "next_at"],
                        name="wecom_archived_media_due",
                    ),
                    models.Index(fields=["tenant", "sent_at"], name="wecom_archived_media_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "app", "msgid", "file_digest"), name="wecom_archived_media_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchiveKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("private_key", tenants.secrets.SecretField()),
                ("public_key", models.TextField()),
                (
                    "source",
                    models.CharField(choices=[("made", "Made here"), ("pasted", "Pasted")], max_length=8),
                ),
                ("created_by", models.CharField(blank=True, max_length=128)),
                ("created_at", models.DateTimeField(default=tenants.clock.now)),
                ("used_at", models.DateTimeField(null=True)),
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "app", "version"), name="wecom_archive_key_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ArchiveRoom",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("room_id", models.CharField(max_length=64)),
                ("messages", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
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
            options={
                "indexes": [models.Index(fields=["tenant", "room_id"], name="wecom_archive_room_find")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "app", "room_id"), name="wecom_archive_room_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SealedMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("msgid", models.CharField(max_length=128)),
                ("publickey_version", models.PositiveIntegerField(default=0)),
                ("random_key", models.TextField()),
                ("sealed", models.TextField()),
                ("raw", models.TextField(blank=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("no_key", "No private key of this version"),
                            ("bad_key", "The private key of this version does not fit"),
                            ("undecryptable", "WeCom's library could not open it"),
                            ("unreadable", "Opened, but not readable"),
                        ],
                        max_length=16,
                    ),
                ),
                ("code", models.IntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=1)),
                ("received_at", models.DateTimeField(default=tenants.clock.now)),
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
            options={
                "indexes": [models.Index(fields=["tenant", "app", "seq"], name="wecom_sealed_in_order")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "app", "msgid"), name="wecom_sealed_message_once"
                    )
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="ArchivedMessage",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("seq", models.BigIntegerField(default=0)),
                        ("msgid", models.CharField(max_length=128)),
                        ("publickey_version", models.PositiveIntegerField(default=0)),
                        ("action", models.CharField(max_length=16)),
                        ("sender_id", models.CharField(blank=True, max_length=64)),
                        ("room_id", models.CharField(blank=True, max_length=64)),
                        ("receiver_ids", models.JSONField(default=list)),
                        ("msgtype", models.CharField(blank=True, max_length=32)),
                        ("sent_at", models.DateTimeField()),
                        ("content", models.JSONField(default=dict)),
                        ("raw", models.TextField(blank=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[("kept", "Kept"), ("unknown", "Kind not known, kept as it came")],
                                default="kept",
                                max_length=16,
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                choices=[("archive", "WeCom archive"), ("file", "File")],
                                default="archive",
                                max_length=8,
                            ),
                        ),
                        ("recalls", models.CharField(blank=True, max_length=128)),
                        ("recalled_at", models.DateTimeField(null=True)),
                        ("received_at", models.DateTimeField(default=tenants.clock.now)),
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
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("room_id", ""), _negated=True),
                                fields=["tenant", "room_id", "sent_at"],
                                name="wecom_archived_in_room",
                            ),
                            models.Index(
                                fields=["tenant", "sender_id", "sent_at"], name="wecom_archived_by_sender"
                            ),
                            models.Index(
                                condition=models.Q(("recalls", ""), _negated=True),
                                fields=["tenant", "app", "recalls"],
                                name="wecom_archived_recalls",
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("tenant", "app", "msgid", "sent_at"),
                                name="wecom_archived_message_once",
                            )
                        ],
                    },
                ),
            ],
            database_operations=[
                migrations.RunSQL(sql=_PARTITIONED, reverse_sql="drop table wecom_archivedmessage"),
                migrations.RunSQL(
                    sql=_FUNCTIONS,
                    reverse_sql="drop function qunce_archive_month(date); drop function qunce_archive_drop(date)",
                ),
            ],
        ),
        protect(
            "wecom_archivecursor",
            "wecom_archivekey",
            "wecom_archivedmessage",
            "wecom_archivedmessage_other",
            "wecom_sealedmessage",
            "wecom_archivedmedia",
            "wecom_archiveconsent",
            "wecom_archiveroom",
        ),
    ]
