"""What the message archive keeps. `wecom.models` names these tables too; others use selectors and services."""

import re

from django.db import models
from django.utils.translation import gettext as _

from tenants import clock
from tenants.scoping import TenantModel
from tenants.secrets import SecretField
from wecom.archive.enums import (
    ArchiveState,
    ConsentSource,
    ConsentState,
    KeySource,
    MediaState,
    MessageSource,
    MessageState,
    SealedReason,
)

_HASH = re.compile("[0-9a-f]{64}")  # no id of WeCom looks so


class ArchiveCursor(TenantModel):
    """One app's archive: how it is reached and how far it has been read.

    `seq` is the last number whose messages are stored: it moves only in the transaction that stores them.
    `gap_from`..`gap_until`: what WeCom no longer held when we came back; nobody can bring it.
    """

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    secret = SecretField(blank=True)
    secret_version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=16, choices=ArchiveState, default=ArchiveState.OFF)
    seq = models.BigIntegerField(default=0)
    error_code = models.IntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)  # null: not asked for
    leased_until = models.DateTimeField(null=True)  # the database's own time
    fetched_at = models.DateTimeField(null=True)  # the last look that succeeded
    message_at = models.DateTimeField(null=True)  # when the youngest stored message was sent
    has_more = models.BooleanField(default=False)  # the last page was full: a backlog
    gap_from = models.DateTimeField(null=True)
    gap_until = models.DateTimeField(null=True)
    withheld = models.PositiveIntegerField(default=0)  # messages not kept: their writer refused
    permitted = models.JSONField(default=list)  # userids WeCom archives
    permitted_at = models.DateTimeField(null=True)
    checks = models.JSONField(default=dict)  # {"secret": {"ok": bool, "code": int, "at": iso}}
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "app"], name="wecom_archive_once")]


class ArchiveKey(TenantModel):
    """One RSA key pair, by the version WeCom gave its public half. None is ever deleted: old messages need it."""

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    private_key = SecretField()
    public_key = models.TextField()
    source = models.CharField(max_length=8, choices=KeySource)
    created_by = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    used_at = models.DateTimeField(null=True)  # first message opened with it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "version"], name="wecom_archive_key_once")
        ]


class ArchivedMessage(TenantModel):
    """One message, as it was sent. Range-partitioned by the month of `sent_at` (migration 0004).

    Append-only but for `recalled_at`, which a recall sets; what was said stays. `content` is WeCom's object of the
    msgtype; of an unknown msgtype everything beside the envelope, and `raw` holds the clear JSON. A msgid always
    names the same moment, so the unique key with `sent_at` means one row a msgid.
    """

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    seq = models.BigIntegerField(default=0)
    msgid = models.CharField(max_length=128)
    publickey_version = models.PositiveIntegerField(default=0)
    action = models.CharField(max_length=16)  # send, recall, switch
    sender_id = models.CharField(max_length=64, blank=True)
    room_id = models.CharField(max_length=64, blank=True)  # "": between two people
    receiver_ids = models.JSONField(default=list)
    msgtype = models.CharField(max_length=32, blank=True)
    sent_at = models.DateTimeField()
    content = models.JSONField(default=dict)
    raw = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=MessageState, default=MessageState.KEPT)
    source = models.CharField(max_length=8, choices=MessageSource, default=MessageSource.ARCHIVE)
    recalls = models.CharField(max_length=128, blank=True)  # msgid that this one takes back
    recalled_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "app", "msgid", "sent_at"], name="wecom_archived_message_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "room_id", "sent_at"],
                name="wecom_archived_in_room",
                condition=~models.Q(room_id=""),
            ),
            models.Index(fields=["tenant", "sender_id", "sent_at"], name="wecom_archived_by_sender"),
            models.Index(
                fields=["tenant", "app", "recalls"],
                name="wecom_archived_recalls",
                condition=~models.Q(recalls=""),
            ),
        ]


class SealedMessage(TenantModel):
    """A message that could not be opened or read, kept as it came until it can."""

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    seq = models.BigIntegerField()
    msgid = models.CharField(max_length=128)
    publickey_version = models.PositiveIntegerField(default=0)
    random_key = models.TextField()  # base64, RSA-encrypted by WeCom
    sealed = models.TextField()  # encrypt_chat_msg
    raw = models.TextField(blank=True)  # what opening gave, when that could not be read
    reason = models.CharField(max_length=16, choices=SealedReason)
    code = models.IntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=1)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "msgid"], name="wecom_sealed_message_once")
        ]
        indexes = [models.Index(fields=["tenant", "app", "seq"], name="wecom_sealed_in_order")]


class ArchivedMedia(TenantModel):
    """One file of a message. Chunks lie in storage beside it until it is whole, so any worker can go on."""

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    msgid = models.CharField(max_length=128)
    sent_at = models.DateTimeField()
    msgtype = models.CharField(max_length=32)
    file_id = models.TextField()  # sdkfileid
    file_digest = models.CharField(max_length=64)  # SHA-256 of file_id
    md5 = models.CharField(max_length=32, blank=True)  # as WeCom tells it; may be empty
    size = models.BigIntegerField(default=0)  # bytes as told, then as kept
    name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=16, choices=MediaState, default=MediaState.WAITING)
    chunks = models.PositiveIntegerField(default=0)  # how many lie in storage
    fetched = models.BigIntegerField(default=0)  # bytes in them
    index_buf = models.TextField(blank=True)  # where WeCom goes on
    path = models.CharField(max_length=200, blank=True)  # in storage, once whole
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.IntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True)  # the database's own time

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "app", "msgid", "file_digest"], name="wecom_archived_media_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["tenant", "next_at"],
                name="wecom_archived_media_due",
                condition=models.Q(state="waiting"),
            ),
            models.Index(fields=["tenant", "sent_at"], name="wecom_archived_media_age"),
        ]

    def __str__(self) -> str:
        return self.name or self.msgtype


class ArchiveConsent(TenantModel):
    """What one person said last about having messages kept. An older answer never replaces a younger one."""

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    person_id = models.CharField(max_length=64)  # external_userid, or a keyed hash of one that was erased
    state = models.CharField(max_length=16, choices=ConsentState)
    source = models.CharField(max_length=16, choices=ConsentSource)
    at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)  # who recorded it and on what ground, when by hand

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "person_id"], name="wecom_archive_consent_once")
        ]

    @property
    def person_shown(self) -> str:
        """WeCom's id, or that the person was erased: then the row holds a keyed hash (wecom.archive.consent)."""
        return str(_("Erased on request")) if _HASH.fullmatch(self.person_id) else self.person_id


class ArchiveRoom(TenantModel):
    """What is known of one group's talk, kept with every page stored: lists need not look into the messages."""

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    room_id = models.CharField(max_length=64)
    messages = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "room_id"], name="wecom_archive_room_once")
        ]
        indexes = [models.Index(fields=["tenant", "room_id"], name="wecom_archive_room_find")]
